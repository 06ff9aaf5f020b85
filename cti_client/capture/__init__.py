"""Capture files to TCP streams to chunks of bytes with times.

One rule: this package knows TCP and nothing of CTI messages; it imports nothing else of the project but its
errors. Bytes go one way: `files` and `records` (file to packets), `links` (packet to segment), `streams` and
`reassembly` (segments to bytes in order); `write` goes back.

Beside it goes the way for large captures, which needs numpy and the extra ``columns``: `tables` (file to
packets by the block), `stretches` (to the bytes of many packets at once), and three modules that do know CTI:
`frames`, `reading_columns` and `arrow`, whose `decode_to_arrow` is offered here and imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cti_client.capture.files import read_packets, sniff
from cti_client.capture.links import Endpoint, Segment, Segments
from cti_client.capture.records import Packet
from cti_client.capture.streams import Chunk, Closed, Connection, Event, Gap, Place, TcpStreams
from cti_client.capture.write import CaptureWriter, WrittenConnection
from cti_schema.errors import ConfigurationError

if TYPE_CHECKING:
    from cti_client.capture.arrow import decode_to_arrow as decode_to_arrow

__all__ = [
    "CaptureReader",
    "CaptureWriter",
    "Chunk",
    "Closed",
    "Connection",
    "Endpoint",
    "Event",
    "Gap",
    "Packet",
    "Place",
    "Segment",
    "Segments",
    "TcpStreams",
    "WrittenConnection",
    "decode_to_arrow",
    "read_packets",
    "sniff",
]


def __getattr__(name: str) -> Any:
    # Import on use: numpy and pyarrow take longer to import than most captures to read.
    if name != "decode_to_arrow":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from cti_client.capture.arrow import decode_to_arrow
    except ModuleNotFoundError as error:
        if error.name not in ("numpy", "pyarrow"):
            raise
        raise ConfigurationError(f'this needs {error.name}: pip install "cti-toolkit[columns]"') from None
    return decode_to_arrow


class CaptureReader:
    """The TCP streams of a capture file, event by event.

    Iterate over it to get `Chunk`, `Gap` and `Closed` in the order of the capture; each connection ends with
    one `Closed`. Memory stays bounded however long the capture is. A source that is a path can be iterated
    again.

    Args:
        source: path of a pcap or pcapng file, gzipped or not, or a binary stream of one (standard input).

    Raises:
        CaptureError: (on iteration) this is no capture file; says what it seems to be.
        OSError: (on iteration) the path cannot be read.
    """

    def __init__(self, source: BinaryIO | Path | str) -> None:
        self.source = source
        self.packets = 0
        self._file_notes: list[str] = []
        self._segments = Segments()
        self._streams = TcpStreams()

    def __iter__(self) -> Iterator[Event]:
        self.packets = 0
        self._file_notes = []
        self._segments = Segments()
        self._streams = TcpStreams()
        for packet in read_packets(self.source, self._file_notes):
            self.packets += 1
            segment = self._segments.segment(packet)
            if segment is not None:
                yield from self._streams.feed(segment)
        yield from self._streams.close()

    @property
    def tcp_ports(self) -> set[int]:
        """Server ports of the TCP connections seen so far."""
        return set(self._streams.server_ports)

    @property
    def notes(self) -> list[str]:
        """What is wrong with the capture as far as it was read, one sentence each.

        Complete after the iteration. Other people's traffic (not IP, not TCP) is not wrong and not noted.
        """
        return [*self._file_notes, *self._segments.notes, *self._streams.notes]
