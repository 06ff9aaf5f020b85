"""Reading captures: any bytes are read as far as they go, or are a `CaptureError`; the rest can be shown."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterator

from tests.fuzz.harnesses.running import instrumented, run, told
from tests.fuzz.harnesses.vectors import frames

with instrumented(__name__, "cti_client.capture"):
    from cti_client.capture import CaptureReader, CaptureWriter, Chunk, Closed, Endpoint, Gap, read_packets
    from cti_client.dump.conversation import Conversations
    from cti_schema.errors import CaptureError


def one_input(data: bytes) -> None:
    """The input is the file."""
    conversations = Conversations()
    reader = CaptureReader(io.BytesIO(data))
    sizes = 0
    try:
        for event in reader:
            assert isinstance(event, Chunk | Gap | Closed)
            sizes += len(event.data) if isinstance(event, Chunk) else 0
            for _ in conversations.feed(event):
                pass
    except CaptureError as error:
        told(error)
    if data[:2] != b"\x1f\x8b":
        assert sizes <= len(data)
    assert all(isinstance(note, str) for note in reader.notes)


def seeds() -> Iterator[bytes]:
    """A conversation in every kind of file, and its packets out of order, twice and cut."""
    whole = _pcapng()
    packets = [packet.data for packet in read_packets(io.BytesIO(whole), [])]
    yield whole
    yield gzip.compress(whole, mtime=0)
    yield whole[:-7]
    for order in ("<", ">"):
        yield _pcap(packets, order)
        yield _pcap([*packets[::-1], *packets[:4]], order)
        yield _pcap([packet[:50] for packet in packets], order)


def _pcapng() -> bytes:
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    written = writer.connection(Endpoint("10.0.0.1", 50000), Endpoint("10.0.0.2", 9031), 1.0)
    for number, frame in enumerate(frames(600)[:12]):
        side = written.client_sent if number % 2 else written.server_sent
        side(frame, 1.0 + number / 100)
    written.close(2.0)
    return stream.getvalue()


def _pcap(packets: list[bytes], order: str) -> bytes:
    head = struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    blocks = (
        struct.pack(f"{order}IIII", 1000, 10 * number, len(data), len(data)) + data
        for number, data in enumerate(packets)
    )
    return head + b"".join(blocks)


if __name__ == "__main__":
    run(one_input, seeds)
