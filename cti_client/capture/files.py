"""From a path or a stream to packets, whatever kind of capture file it is.

One rule: the first bytes decide, never the file's name, and nothing is read twice, so that standard input
works like a file. It knows nothing of what is inside a packet.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from cti_client.capture.records import Note, Packet, Read, pcap_packets, pcap_variant, pcapng_packets
from cti_schema.errors import CaptureError

__all__ = ["opened", "read_packets", "sniff"]

T = TypeVar("T")

_PCAPNG = b"\x0a\x0d\x0d\x0a"
_GZIP = b"\x1f\x8b"


def sniff(first_bytes: bytes) -> str:
    """What a file is by its first bytes, of which four are enough.

    Returns:
        ``"pcap"``, ``"pcapng"``, ``"gzip"`` (of anything) or ``"other"``.
    """
    if pcap_variant(first_bytes):
        return "pcap"
    if first_bytes.startswith(_PCAPNG):
        return "pcapng"
    return "gzip" if first_bytes.startswith(_GZIP) else "other"


def read_packets(source: BinaryIO | Path | str, notes: list[str] | None = None) -> Iterator[Packet]:
    """The packets of a capture file: pcap or pcapng of any byte order and resolution, also gzipped.

    Args:
        source: a path, or a binary stream that needs only ``read``; a stream is left open.
        notes: receives one sentence for each thing that is wrong behind the file's header: cut off, damaged,
            without times. A cut-off file is read to its last whole packet.

    Raises:
        CaptureError: this is no capture, or its header is cut off; says what it seems to be.
        OSError: the path cannot be opened or read.

    Both are raised when the first packet is asked for.
    """
    kept = [] if notes is None else notes

    def note(text: str) -> None:
        if text not in kept:
            kept.append(text)

    def packets(first: bytes, read: Read) -> Iterator[Packet]:
        return pcap_packets(first, read, note) if pcap_variant(first) else pcapng_packets(first, read, note)

    yield from opened(source, note, packets)


def opened(
    source: BinaryIO | Path | str, note: Note, packets: Callable[[bytes, Read], Iterator[T]]
) -> Iterator[T]:
    """Yield what a function finds in a capture file, which is given its first four bytes and the rest.

    Raises:
        CaptureError: as `read_packets` does.
        OSError: as `read_packets` does.
    """
    if isinstance(source, str | Path):
        with open(source, "rb") as stream:
            yield from _packets(stream, str(source), note, packets)
    else:
        yield from _packets(source, str(getattr(source, "name", "stream")), note, packets)


def _packets(
    stream: BinaryIO, name: str, note: Note, packets: Callable[[bytes, Read], Iterator[T]]
) -> Iterator[T]:
    data = _Input(stream, note)
    packed = ""
    try:
        first = data.read(4)
        if sniff(first) == "gzip":
            packed = "gzip of "
            data = _Input(gzip.GzipFile(fileobj=_Replay(first, data)), note)
            first = data.read(4)
            if data.failure and len(first) < 4:
                raise CaptureError(data.failure)
        if sniff(first) not in ("pcap", "pcapng"):
            what = _looks_like(first + data.read(_LOOK - len(first)))
            raise CaptureError(f"no capture file (pcap or pcapng), but {packed}{what}")
        yield from packets(first, data.read)
    except CaptureError as error:
        raise CaptureError(f"{name}: {error}") from None


class _Input:
    """A stream whose ``read`` returns fewer bytes than asked for only at the end of the data.

    Attributes:
        failure: why the data ended before their end; empty as long as nothing is wrong.
    """

    def __init__(self, stream: BinaryIO | gzip.GzipFile, note: Note) -> None:
        self._stream = stream
        self._note = note
        self.failure = ""

    def read(self, size: int) -> bytes:
        part = self._some(size)
        if len(part) == size:
            return part
        parts = []
        while part:
            parts.append(part)
            size -= len(part)
            part = self._some(size)
        return b"".join(parts)

    def _some(self, size: int) -> bytes:
        if self.failure or size <= 0:
            return b""
        try:
            return self._stream.read(size) or b""
        except EOFError:
            self.failure = "the gzip file is cut off"
        except (gzip.BadGzipFile, zlib.error) as error:
            self.failure = f"the gzip file is damaged ({error})"
        self._note(f"{self.failure}; it is read as far as it goes")
        return b""


class _Replay:
    """The least that ``gzip`` needs of a stream, here with the bytes that were already taken."""

    def __init__(self, taken: bytes, rest: _Input) -> None:
        self._taken = taken
        self._rest = rest

    def read(self, size: int) -> bytes:
        taken, self._taken = self._taken[:size], self._taken[size:]
        return taken + self._rest.read(size - len(taken))

    def seek(self, position: int) -> None:
        raise OSError(f"cannot go to {position}: the stream is read once")


_LOOK = 64
"""Bytes that the guess below may use."""

_KNOWN: list[tuple[bytes, str]] = [
    (b"\xdd\xdd\xdd\xdd\xdd\xdd\xdd\x11", "a raw CTI byte stream (it starts with the frame token)"),
    (_GZIP, "gzip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard compressed data; decompress it first"),
    (b"\xfd7zXZ\x00", "xz compressed data; decompress it first"),
    (b"\x04\x22\x4d\x18", "LZ4 compressed data; decompress it first"),
    (b"BZh", "bzip2 compressed data; decompress it first"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"snoop\x00\x00\x00", "a snoop capture; save it as pcapng first"),
    (b"GMBU", "a Microsoft Network Monitor capture; save it as pcapng first"),
    (b"RTSS", "a Microsoft Network Monitor capture; save it as pcapng first"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
]


def _looks_like(start: bytes) -> str:
    """What a file that is no capture seems to be, from its first ``_LOOK`` bytes."""
    if not start:
        return "an empty file"
    for magic, what in _KNOWN:
        if start.startswith(magic):
            return what
    if re.fullmatch(rb"[\s0-9A-Fa-f:,x-]*", start) and len(re.findall(rb"[0-9A-Fa-f]{2}", start)) >= 4:
        return "bytes written as hex text"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16 text"
    # The last character may be cut in the middle.
    text = start.decode("utf-8", "replace").rstrip("\N{REPLACEMENT CHARACTER}")
    if text and all(char.isprintable() or char in "\t\r\n" for char in text) and "\ufffd" not in text:
        return f"text, which starts {text[:24]!r}"
    return f"unknown data, which start {start[:16].hex(' ')}"
