"""From a capture file to packets by the block: where they stand in the bytes that were read, in numpy arrays.

One rule: what is not plainly a packet of the usual kind is left to `records`, from its first byte on, so that
there is one judge of damaged files. Memory: a few blocks. It knows nothing of what is inside a packet.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

import numpy as np

from cti_client.capture.files import opened
from cti_client.capture.records import (
    MAX_RECORD,
    Note,
    Packet,
    Read,
    pcap_packets,
    pcap_variant,
    pcapng_packets,
)

Array: TypeAlias = "np.ndarray[Any, Any]"

#: Bytes that are read at a time.
BLOCK: Final = 4 << 20

#: Packets that `records` has read are put together by so many.
_MANY: Final = 4096


class PacketTable(NamedTuple):
    """Packets that were captured one behind the other.

    Attributes:
        data: bytes that they stand in.
        starts: where each begins.
        ends: where each ends.
        times: Unix time of each, in seconds, UTC.
        linktypes: LINKTYPE number of each.
    """

    data: bytes
    starts: Array
    ends: Array
    times: Array
    linktypes: Array

    def packet(self, number: int) -> Packet:
        """Return one of the packets."""
        data = self.data[int(self.starts[number]) : int(self.ends[number])]
        return Packet(float(self.times[number]), int(self.linktypes[number]), data)


def packet_tables(source: BinaryIO | Path | str, note: Note) -> Iterator[PacketTable]:
    """Yield the packets of a capture file, as `cti_client.capture.read_packets` reads them.

    Args:
        source: as for `read_packets`.
        note: takes a sentence for each thing that is wrong.

    Raises:
        CaptureError: as `read_packets` does.
        OSError: as `read_packets` does.
    """

    def packets(first: bytes, read: Read) -> Iterator[PacketTable]:
        return _pcap(first, read, note) if pcap_variant(first) else _pcapng(first, read, note)

    yield from opened(source, note, packets)


def _replayed(taken: bytes, read: Read) -> Read:
    """Return a function that reads what was taken already, and then the rest."""
    rest = memoryview(taken)

    def replay(size: int) -> bytes:
        nonlocal rest
        part, rest = bytes(rest[:size]), rest[size:]
        return part if len(part) == size else part + read(size - len(part))

    return replay


def _together(packets: Iterator[Packet]) -> Iterator[PacketTable]:
    """Put packets of which each has bytes of its own together."""
    waiting: list[Packet] = []
    size = 0
    for packet in packets:
        waiting.append(packet)
        size += len(packet.data)
        if len(waiting) == _MANY or size >= BLOCK:
            yield _table(waiting)
            waiting, size = [], 0
    if waiting:
        yield _table(waiting)


def _table(packets: list[Packet]) -> PacketTable:
    ends = np.cumsum([len(packet.data) for packet in packets])
    return PacketTable(
        b"".join(packet.data for packet in packets),
        np.concatenate([[0], ends[:-1]]),
        ends,
        np.array([packet.timestamp for packet in packets]),
        np.array([packet.linktype for packet in packets], np.int64),
    )


def _blocks(read: Read, walk: Callable[[bytes], int]) -> Iterator[tuple[bytes, bytes]]:
    """Yield what was read, and what of it ``walk`` could not use, until it can use nothing more."""
    rest = b""
    while True:
        more = read(BLOCK)
        data = rest + more
        used = walk(data)
        rest = data[used:]
        yield data, rest
        if not more or (used == 0 and len(data) > MAX_RECORD) or (rest and used == 0 and len(more) < BLOCK):
            return


def _pcap(magic: bytes, read: Read, note: Note) -> Iterator[PacketTable]:
    header = read(20)
    if magic not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") or len(header) < 20:
        yield from _together(pcap_packets(magic, _replayed(header, read), note))
        return
    ticks = 1_000_000 if magic[0] == 0xD4 else 1_000_000_000
    linktype = struct.unpack_from("<I", header, 16)[0] & 0xFFFF
    size_of = struct.Struct("<I").unpack_from
    places: list[int] = []

    def walk(data: bytes) -> int:
        places.clear()
        at, add, last = 0, places.append, len(data) - 16
        while at <= last:
            add(at)
            at += 16 + size_of(data, at + 8)[0]
        if not places:
            return 0
        found = np.array([*places, at])
        # Only now it is looked at how long they are: the loop has a turn for every packet.
        wrong = (np.diff(found) > MAX_RECORD + 16) | (found[1:] > len(data))
        if wrong.any():
            at = places[int(wrong.argmax())]
            del places[int(wrong.argmax()) :]
        return at

    rest = b""
    for data, left in _blocks(read, walk):
        rest = left
        if not places:
            continue
        at = np.array(places)
        head = _gather(data, at, [("seconds", "<u4"), ("fraction", "<u4"), ("size", "<u4")])
        times = head["seconds"] + head["fraction"] / ticks
        starts = at + 16
        yield PacketTable(data, starts, starts + head["size"], times, np.full(len(at), linktype))
    yield from _together(pcap_packets(magic, _replayed(header + rest, read), note))


def _gather(data: bytes, places: Array, fields: list[tuple[str, str]]) -> Array:
    """Return what stands at these places of the data."""
    kind = np.dtype(fields)
    windows: Array = np.ndarray((len(data) - kind.itemsize + 1,), f"V{kind.itemsize}", data, 0, (1,))
    return windows[places].view(kind)


_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
#: Blocks that hold no packet and change nothing: name resolution, statistics, decryption secrets, custom.
_PASSED: Final = {4, 5, 10, 0xBAD, 0x40000BAD}


def _pcapng(first: bytes, read: Read, note: Note) -> Iterator[PacketTable]:
    section = _Section()
    rest = b""
    for data, left in _blocks(_replayed(first, read), section.walk):
        rest = left
        yield from section.tables(data)
    # What is left is the end of the file, or the first block that is not of the usual kind.
    behind = _replayed(section.declared + section.last + rest, read)
    packets = pcapng_packets(behind(4), behind, note)
    if section.last:
        next(packets)  # it was there before, and only tells the time
    yield from _together(packets)


class _Section:
    """A little-endian section.

    Attributes:
        declared: the bytes of its header and of its interfaces.
        last: the bytes of the packet that was read last.
    """

    def __init__(self) -> None:
        self.declared = b""
        self.last = b""
        self.interfaces: list[tuple[int, int, int]] = []  # link type, ticks per second, offset in seconds
        self._before: list[tuple[int, int, int]] = []
        self._runs: list[tuple[list[int], list[tuple[int, int, int]]]] = []

    def walk(self, data: bytes) -> int:
        """Find the packets, and return where something else than a packet of the usual kind begins."""
        self._runs = []
        places: list[int] = []
        at, add, end = 0, places.append, len(data)
        head, tail = struct.Struct("<II").unpack_from, struct.Struct("<I").unpack_from
        captured = struct.Struct("<4xI8xI").unpack_from  # interface and captured length, from byte 4 on
        while at + 12 <= end:
            kind, size = head(data, at)
            if not 12 <= size <= MAX_RECORD or at + size > end or tail(data, at + size - 4)[0] != size:
                break
            if kind == _PACKET:
                if size < 32:
                    break
                interface, length = captured(data, at + 4)
                if interface >= len(self.interfaces) or length > size - 32:
                    break
                add(at)
            elif not self._other(kind, data[at : at + size]):
                break
            elif kind == _SECTION and places:
                self._runs.append((places, self._before))
                places = []
                add = places.append
            at += size
        if places:
            self._runs.append((places, self.interfaces))
        return at

    def _other(self, kind: int, block: bytes) -> bool:
        """Take a block that is no packet; tell whether it is of the usual kind."""
        if kind == _SECTION:
            if len(block) < 28 or block[8:12] != b"\x4d\x3c\x2b\x1a":
                return False
            self._before, self.interfaces = self.interfaces, []
            self.declared = block
            return True
        if kind == _INTERFACE and self.declared:
            found = _interface(block)
            if found is None or len(self.interfaces) > 255:
                return False
            self.interfaces = [*self.interfaces, found]
            self.declared += block
            return True
        return bool(self.declared) and kind in _PASSED

    def tables(self, data: bytes) -> Iterator[PacketTable]:
        """Yield the packets that `walk` has found."""
        for places, interfaces in self._runs:
            at = np.array(places)
            fields = [("interface", "<u4"), ("high", "<u4"), ("low", "<u4"), ("size", "<u4")]
            head = _gather(data, at + 8, fields)
            known = np.array(interfaces, object)[head["interface"].astype(np.int64)]
            ticks = head["high"].astype(np.uint64) << np.uint64(32) | head["low"]
            if int(ticks.max()) < 2**53:
                times = ticks / known[:, 1].astype(np.float64) + known[:, 2].astype(np.float64)
            else:  # a float does not hold them: divide the integers
                pairs = zip(ticks.tolist(), known.tolist(), strict=True)
                times = np.array([count / per + offset for count, (_, per, offset) in pairs])
            starts = at + 28
            linktypes = known[:, 0].astype(np.int64)
            yield PacketTable(data, starts, starts + head["size"], times, linktypes)
        if self._runs:
            place = self._runs[-1][0][-1]
            (size,) = struct.unpack_from("<I", data, place + 4)
            self.last = data[place : place + size]


def _interface(block: bytes) -> tuple[int, int, int] | None:
    """Return link type, ticks per second and offset of an interface; ``None`` if it is of no usual kind."""
    if len(block) < 20:
        return None
    (linktype,) = struct.unpack_from("<H", block, 8)
    ticks, offset, at = 1_000_000, 0, 16
    end = len(block) - 4
    while at + 4 <= end:
        code, size = struct.unpack_from("<HH", block, at)
        value = block[at + 4 : min(at + 4 + size, end)]
        if code == 0 or len(value) < size:
            break
        if code == 9 and size >= 1:
            ticks = (2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F)
        elif code == 14 and size >= 8:
            (offset,) = struct.unpack_from("<q", value)
        at += 4 + size + -size % 4
    return (linktype, ticks, offset) if ticks < 2**53 else None
