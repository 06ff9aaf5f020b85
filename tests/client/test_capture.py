"""From a capture file to chunks of bytes: the whole way, and the recorded captures."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from cti_client.capture import CaptureReader, CaptureWriter, Chunk, Closed, Connection, Event, Gap
from cti_schema.errors import CaptureError

from .test_capture_support import CLIENT, SERVER, enhanced, ethernet, interface, ipv4, pcap, section

CAPTURES = Path(__file__).parents[2].parent / "shared" / "captures"
FIRST = Connection(1, CLIENT, SERVER)


def test_reader_gives_chunks_notes_and_ports() -> None:
    nested = ipv4(b"ten bytes.")
    data = section() + interface(1) + interface(101) + interface(105)
    data += enhanced(ethernet(ipv4(b"data")), 1_000_000)
    data += enhanced(ethernet(b"", kind=0x0806), 1_000_000)
    data += enhanced(b"wireless", number=2)
    data += enhanced(nested[:-6], 2_000_000, 1)[:-5]
    reader = CaptureReader(io.BytesIO(data))
    assert (reader.notes, reader.tcp_ports, reader.packets) == ([], set(), 0)
    assert list(reader) == [Chunk(1.0, FIRST, CLIENT, b"data"), Closed(1.0, FIRST, "end")]
    assert reader.notes == [
        "the file is cut off inside its last block, which is left out",
        "1 packets skipped: link type 105, which is not supported",
    ]
    assert reader.tcp_ports == {9031}
    assert reader.packets == 3


def test_snap_length_leaves_gaps() -> None:
    records = [(1, 0, ethernet(ipv4(b"0123456789"))[:-6])]
    reader = CaptureReader(io.BytesIO(pcap(records)))
    assert list(reader) == [
        Chunk(1.0, FIRST, CLIENT, b"0123"),
        Gap(1.0, FIRST, CLIENT, 6),
        Closed(1.0, FIRST, "end"),
    ]
    assert reader.notes == ["TCP: 6 bytes are missing, in 1 places"]


def test_events_come_while_the_capture_is_being_read() -> None:
    packets = iter(CaptureReader(io.BytesIO(pcap([(1, 0, ethernet(ipv4(b"data")))]) + b"cut")))
    assert next(packets) == Chunk(1.0, FIRST, CLIENT, b"data")


def test_memory_does_not_grow_with_the_capture() -> None:
    stream = io.BytesIO()
    writer = CaptureWriter(stream)
    for number in range(30):
        connection = writer.connection(CLIENT._replace(port=50000 + number), SERVER, 1.0)
        for _ in range(10):
            connection.client_sent(bytes(60_000), 1.0)
    assert stream.tell() > 18_000_000
    stream.seek(0)
    tracemalloc.start()
    size = sum(len(event.data) for event in CaptureReader(stream) if isinstance(event, Chunk))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == 18_000_000
    assert peak < 1_500_000


def test_a_path_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(1, 0, ethernet(ipv4(b"data"))), (2, 0, b"")]))
    reader = CaptureReader(path)
    assert list(reader) == list(reader)
    assert (reader.packets, reader.notes) == (2, ["1 packets skipped: damaged or cut too short"])


def test_no_capture_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("a few notes")
    with pytest.raises(
        CaptureError, match=r"notes\.txt: no capture file .* text, which starts 'a few notes'"
    ):
        list(CaptureReader(path))


def whole(name: str) -> tuple[CaptureReader, list[Event]]:
    path = CAPTURES / f"{name}.pcapng"
    if not path.exists():
        pytest.skip(f"the recorded capture {path.name} is not here")
    reader = CaptureReader(path)
    return reader, list(reader)


@pytest.mark.parametrize(
    ("name", "port", "chunks", "sizes"),
    [  # numbers from tshark -z follow and -Y "tcp.len > 0"
        ("vendor_client_real_feedbacks", 44838, 97, (4094, 52539)),
        ("vendor_client_bad_emulator", 50922, 34, (1923, 23968)),
    ],
)
def test_recorded_capture(name: str, port: int, chunks: int, sizes: tuple[int, int]) -> None:
    reader, events = whole(name)
    assert (reader.notes, reader.tcp_ports) == ([], {9031})
    *data, last = events
    assert isinstance(last, Closed)
    assert last.reason == "closed"
    connection = last.connection
    assert (connection.number, connection.client.port, connection.server.port) == (1, port, 9031)
    streams = {connection.client: b"", connection.server: b""}
    for event in data:
        assert isinstance(event, Chunk)
        assert event.connection == connection
        streams[event.sender] += event.data
    assert len(data) == chunks
    assert tuple(map(len, streams.values())) == sizes
    assert [event.timestamp for event in data] == sorted(event.timestamp for event in data)


def test_recorded_capture_holds_the_recorded_frames() -> None:
    _, events = whole("vendor_client_real_feedbacks")
    feedbacks = b"".join(
        event.data for event in events if isinstance(event, Chunk) and event.sender.port == 9031
    )
    login = (CAPTURES / "server_login_msg.bin").read_bytes()
    channels = (CAPTURES / "server_channel_info_msg.bin").read_bytes()
    assert feedbacks.startswith(login + channels)
    assert feedbacks.count(channels) >= 20
    assert events[0].timestamp == pytest.approx(1795358631.570170573 + 0.302451132, abs=1e-6)
    assert isinstance(events[0], Chunk)
    assert len(events[0].data) == 86


@pytest.mark.parametrize("name", ["vendor_client_real_feedbacks", "vendor_client_bad_emulator"])
def test_recorded_capture_cut_anywhere_gives_a_beginning(name: str) -> None:
    _, events = whole(name)
    data = (CAPTURES / f"{name}.pcapng").read_bytes()
    for size in range(1000, len(data), 997):
        reader = CaptureReader(io.BytesIO(data[:size]))
        got = [event for event in reader if isinstance(event, Chunk)]
        assert got == events[: len(got)]
        assert len(reader.notes) <= 2
