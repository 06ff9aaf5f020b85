"""The records of pcap and pcapng files, from bytes to packets.

One rule: whatever the bytes are, memory stays bounded and nothing but `CaptureError` comes out. What is
wrong before the first record is a `CaptureError`; what is wrong later ends the reading with a note. It knows
nothing of paths, of compression and of what is inside a packet.

dpkt's readers are not used: they give every packet the link type and the clock of a pcapng file's first
interface, and they allocate whatever a damaged length field says.

Sources: the pcap and pcapng drafts of the IETF opsawg working group (draft-ietf-opsawg-pcap,
draft-ietf-opsawg-pcapng).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cti_schema.errors import CaptureError

__all__ = ["MAX_RECORD", "Note", "Packet", "Read", "pcap_packets", "pcap_variant", "pcapng_packets"]

Read = Callable[[int], bytes]
"""Takes a number of bytes; returns that many, fewer only where the data end."""

Note = Callable[[str], None]
"""Takes one sentence for the user. The same sentence may come many times; the receiver keeps one."""

MAX_RECORD = 16 << 20
"""Bytes. A longer record is a damaged length field: no network has such packets."""

MAX_INTERFACES = 4096
"""Per section. More than any machine has, few enough to keep."""


class Packet(NamedTuple):
    """One captured packet.

    Attributes:
        timestamp: Unix time in seconds, UTC. Where there is none, that of the packet before, at first 0.0.
        linktype: LINKTYPE number of its interface, which says how ``data`` begins.
        data: what was captured of the packet; the snap length may have cut it.
    """

    timestamp: float
    linktype: int
    data: bytes


# Magic number as it stands in the file -> byte order, ticks per second, bytes of a record header. The last
# two are the "modified" pcap of old Linux systems, whose record header is eight bytes longer.
_PCAP: dict[bytes, tuple[str, int, int]] = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000, 16),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000, 16),
    b"\x34\xcd\xb2\xa1": ("<", 1_000_000, 24),
    b"\xa1\xb2\xcd\x34": (">", 1_000_000, 24),
}


def pcap_variant(first_bytes: bytes) -> bool:
    """Whether the first four bytes are one of pcap's magic numbers."""
    return first_bytes[:4] in _PCAP


def pcap_packets(magic: bytes, read: Read, note: Note) -> Iterator[Packet]:
    """The packets of a pcap file whose four magic bytes were already read.

    Raises:
        CaptureError: the file ends inside its header.
    """
    order, ticks, header_size = _PCAP[magic]
    header = read(20)
    if len(header) < 20:
        raise CaptureError(f"a pcap file cut off inside its header: {4 + len(header)} of 24 bytes")
    # The upper half of the link type's 32 bits may describe a frame check sequence.
    (linktype,) = struct.unpack_from(order + "I", header, 16)
    linktype &= 0xFFFF
    fields = struct.Struct(order + "III")
    while header := read(header_size):
        if len(header) < header_size:
            return note("the file is cut off inside its last packet, which is left out")
        seconds, fraction, size = fields.unpack_from(header)
        if size > MAX_RECORD:
            return note(f"damaged: a packet of {size} bytes; reading stopped there")
        data = read(size)
        if len(data) < size:
            return note("the file is cut off inside its last packet, which is left out")
        yield Packet(seconds + fraction / ticks, linktype, data)


class _Interface(NamedTuple):
    linktype: int
    snaplen: int
    ticks: int  # per second
    offset: int  # seconds


_SECTION_HEADER, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_IF_TSRESOL, _IF_TSOFFSET = 9, 14


class _Damaged(Exception):
    """This block cannot be used; the next one can."""


class _Section:
    """What a pcapng section has declared so far: its byte order and its interfaces."""

    def __init__(self, order: str, note: Note, last_time: float) -> None:
        self.order = order
        self.note = note
        self.interfaces: list[_Interface] = []
        self.last_time = last_time
        self._packet = struct.Struct(order + "IIIII")
        self._old_packet = struct.Struct(order + "HHIIII")

    def take(self, kind: int, body: bytes) -> Packet | None:
        """The packet in a block's body, or ``None`` where it is a block of another kind."""
        try:
            if kind == _PACKET:
                number, high, low, size, _ = self._packet.unpack_from(body)
                return self._timed(number, high << 32 | low, size, body)
            if kind == _INTERFACE:
                self._declare(body)
            elif kind == _SIMPLE_PACKET:
                return self._simple(body)
            elif kind == _OLD_PACKET:
                number, _, high, low, size, _ = self._old_packet.unpack_from(body)
                return self._timed(number, high << 32 | low, size, body)
        except (struct.error, _Damaged):
            self.note("damaged: a block whose content does not fit its length; left out")
        return None

    def _timed(self, number: int, ticks: int, size: int, body: bytes) -> Packet:
        interface = self._interface(number)
        if size > len(body) - 20:
            raise _Damaged
        self.last_time = ticks / interface.ticks + interface.offset
        return Packet(self.last_time, interface.linktype, body[20 : 20 + size])

    def _simple(self, body: bytes) -> Packet:
        (original,) = struct.unpack_from(self.order + "I", body)
        interface = self._interface(0)
        size = min(original, interface.snaplen or original)
        if size > len(body) - 4:
            raise _Damaged
        self.note("simple packet blocks carry no time; that of the packet before is used")
        return Packet(self.last_time, interface.linktype, body[4 : 4 + size])

    def _interface(self, number: int) -> _Interface:
        if number >= len(self.interfaces):
            raise _Damaged
        return self.interfaces[number]

    def _declare(self, body: bytes) -> None:
        linktype, _, snaplen = struct.unpack_from(self.order + "HHI", body)
        ticks, offset, at = 1_000_000, 0, 8
        while at + 4 <= len(body):
            code, size = struct.unpack_from(self.order + "HH", body, at)
            value = body[at + 4 : at + 4 + size]
            if code == 0 or len(value) < size:
                break
            if code == _IF_TSRESOL and size >= 1:
                ticks = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
            elif code == _IF_TSOFFSET and size >= 8:
                (offset,) = struct.unpack_from(self.order + "q", value)
            at += 4 + size + -size % 4
        if len(self.interfaces) == MAX_INTERFACES:
            raise _Damaged
        self.interfaces.append(_Interface(linktype, snaplen, ticks, offset))


def pcapng_packets(first_type: bytes, read: Read, note: Note) -> Iterator[Packet]:
    """The packets of a pcapng file whose first four bytes, the first block's type, were already read.

    Each packet has the link type and the clock of its own interface, in its own section.

    Raises:
        CaptureError: the first section header is cut off or damaged.
    """
    section: _Section | None = None
    start = first_type + read(4)
    while start:
        try:
            order = section.order if section else "<"
            if start[:4] == b"\x0a\x0d\x0d\x0a":
                order, start = _section_start(start, read)
            kind, body = _block(order, start, read)
        except CaptureError as error:
            if section is None:
                raise CaptureError(f"its first section header is damaged or cut off ({error})") from None
            return note(str(error))
        if kind == _SECTION_HEADER or section is None:
            section = _Section(order, note, section.last_time if section else 0.0)
        packet = section.take(kind, body)
        if packet is not None:
            yield packet
        start = read(8)


def _section_start(start: bytes, read: Read) -> tuple[str, bytes]:
    """The byte order of the section that begins, and its first 12 bytes."""
    start += read(4)
    if len(start) < 12:
        raise CaptureError(_CUT)
    order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(start[8:12])
    if order is None:
        raise CaptureError(f"damaged: a pcapng section with the byte order mark {start[8:12].hex()}")
    return order, start


def _block(order: str, start: bytes, read: Read) -> tuple[int, bytes]:
    """The type and the body of the block that begins with ``start`` (8 bytes, 12 of a section header)."""
    if len(start) < 8:
        raise CaptureError(_CUT)
    kind, size = struct.unpack_from(order + "II", start)
    if not (28 if kind == _SECTION_HEADER else 12) <= size <= MAX_RECORD:
        raise CaptureError(f"damaged: a pcapng block of {size} bytes; reading stopped there")
    rest = read(size - len(start))
    if len(rest) < size - len(start):
        raise CaptureError(_CUT)
    if struct.unpack_from(order + "I", rest, len(rest) - 4)[0] != size:
        raise CaptureError("damaged: the two lengths of a pcapng block differ; reading stopped there")
    return kind, start[8:] + rest[:-4]


_CUT = "the file is cut off inside its last block, which is left out"
