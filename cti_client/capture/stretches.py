"""Stretches of TCP streams: what many packets bring that follow each other plainly, at once.

One rule: what `streams` would make of the packets one by one is what comes out. Packets of the usual kind
(IPv4, no options that matter, in order, nothing missing) are looked at by the block; every other one, and
those next to it, go through `links` and `streams`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import lru_cache
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from cti_client.capture.links import ACK, FIN, RST, SYN, Endpoint, Segments
from cti_client.capture.streams import Connection, Event, TcpStreams
from cti_client.capture.tables import Array, PacketTable, packet_tables

#: Fewer packets are not worth the effort.
_LEAST: Final = 8

#: After so many packets that had to be looked at one by one, all others of their group are, too.
_TRIES: Final = 4


class Stretch(NamedTuple):
    """The next bytes of one direction, from several packets.

    Attributes:
        connection: the connection.
        sender: the side that sent them.
        parts: the bytes, packet by packet.
        ends: where the bytes of each packet end.
        times: Unix time at which the bytes of each packet could be read.
        packets: number of each packet in its block.
    """

    connection: Connection
    sender: Endpoint
    parts: list[memoryview]
    ends: Array
    times: Array
    packets: Array


class Happened(NamedTuple):
    """An event of a single packet.

    Attributes:
        packet: number of the packet in its block.
    """

    packet: int
    event: Event


_PLAIN = np.dtype(
    [
        ("version", "u1"), ("service", "u1"), ("length", ">u2"), ("number", ">u2"), ("fragment", ">u2"),
        ("ttl", "u1"), ("protocol", "u1"), ("checksum", ">u2"), ("source", ">u4"), ("destination", ">u4"),
        ("source_port", ">u2"), ("destination_port", ">u2"), ("sequence", ">u4"), ("acknowledgment", ">u4"),
        ("offset", "u1"), ("flags", "u1"),
    ]
)  # fmt: skip

#: Where the IPv4 header stands, and where the type that says so, by link type.
_LINKS: Final = {1: (14, 12), 113: (16, 14), 101: (0, -1), 12: (0, -1), 14: (0, -1), 228: (0, -1)}


class StretchReader:
    """The TCP streams of a capture file, block by block.

    Args:
        source: path of a pcap or pcapng file, gzipped or not, or a binary stream of one.
    """

    def __init__(self, source: BinaryIO | Path | str) -> None:
        self.source = source
        self._file_notes: list[str] = []
        self._segments = Segments()
        self._streams = TcpStreams()

    @property
    def notes(self) -> list[str]:
        """What is wrong with the capture as far as it was read; see `CaptureReader.notes`."""
        return [*self._file_notes, *self._segments.notes, *self._streams.notes]

    @property
    def tcp_ports(self) -> set[int]:
        """Server ports of the TCP connections seen so far."""
        return set(self._streams.server_ports)

    def _note(self, text: str) -> None:
        if text not in self._file_notes:
            self._file_notes.append(text)

    def __iter__(self) -> Iterator[list[Stretch | Happened]]:
        """Yield what each block of packets brings, in the order in which it begins.

        Raises:
            CaptureError: this is no capture file.
            OSError: it cannot be read.
        """
        for table in packet_tables(self.source, self._note):
            yield self._block(table)
        yield [Happened(0, event) for event in self._streams.close()]

    def _block(self, table: PacketTable) -> list[Stretch | Happened]:
        found: list[Stretch | Happened] = []
        plain = _Plain(table)
        # Packets that wait for their turn, by the first of them: how often they were tried in vain, and them.
        waiting = [(int(run[0]), 0, run) for run in plain.runs()]
        heapify(waiting)
        while waiting:
            number, tries, run = heappop(waiting)
            stretches = self._stretches(plain, run) if len(run) >= _LEAST else None
            if stretches is not None:
                found += stretches
                continue
            segment = self._segments.segment(table.packet(number))
            if segment is not None:
                found += [Happened(number, event) for event in self._streams.feed(segment)]
            # The connection may just have begun: then the next ones go on with it.
            rest = [run[1:]] if tries < _TRIES else np.split(run[1:], range(1, len(run) - 1))
            for part in rest:
                if len(part):
                    heappush(waiting, (int(part[0]), tries + 1, part))
        return found

    def _stretches(self, plain: _Plain, run: Array) -> list[Stretch] | None:
        """Take packets of one connection that follow each other; ``None`` if they do not go on with it."""
        head = plain.head
        first = head[run[0]]
        one = _endpoint(int(first["source"]), int(first["source_port"]))
        other = _endpoint(int(first["destination"]), int(first["destination_port"]))
        state = self._streams.open_connection(one, other)
        if state is None:
            return None
        by_one = plain.sender[run] == plain.sender[run[0]]
        sides = [(one, other, run[by_one]), (other, one, run[~by_one])]
        loads = [(side, receiver, own[plain.sizes[own] > 0], own) for side, receiver, own in sides]
        for side, _, filled, _ in loads:
            direction = state.directions[side]
            if direction.waiting or (len(filled) and not direction.follows(int(head["sequence"][filled[0]]))):
                return None
        found = []
        for side, receiver, filled, own in loads:
            direction = state.directions[side]
            numbers = head["acknowledgment"][own[(head["flags"][own] & ACK) != 0]].astype(np.int64)
            if len(numbers):
                ahead = (numbers - numbers[0] + 2**31) % 2**32
                state.directions[receiver].acknowledge(int(numbers[ahead.argmax()]))
            if len(filled):
                times = np.maximum.accumulate(np.maximum(plain.table.times[filled], direction.time))
                parts = plain.payloads(filled)
                ends = np.cumsum(plain.sizes[filled])
                direction.advance(int(ends[-1]), bytes(parts[-1]), float(times[-1]))
                found.append(Stretch(state.connection, side, parts, ends, times, filled))
        state.time = float(plain.table.times[run[-1]])
        return sorted(found, key=lambda stretch: int(stretch.packets[0]))


@lru_cache(maxsize=4096)
def _endpoint(address: int, port: int) -> Endpoint:
    return Endpoint(socket.inet_ntop(socket.AF_INET, address.to_bytes(4, "big")), port)


class _Plain:
    """The headers of a block of packets, as far as they are of the usual kind.

    Attributes:
        head: IP and TCP headers.
        starts: where the payload of each packet begins in the data.
        ends: where it ends.
        sizes: bytes of payload.
        usual: whether the packet is of the usual kind.
        quiet: whether it is, and neither opens nor closes a connection.
        sender: who sent it, as one number.
    """

    def __init__(self, table: PacketTable) -> None:
        self.table = table
        data = table.data
        shift = np.zeros(len(table.starts), np.int64)
        usual = np.zeros(len(table.starts), bool)
        bytes_ = np.frombuffer(data, np.uint8)
        for linktype, (at, kind_at) in _LINKS.items():
            those = table.linktypes == linktype
            if not those.any():
                continue
            shift[those] = at
            roomy = those & (table.ends - table.starts >= at + 40)
            if kind_at >= 0:
                kinds = np.where(roomy, table.starts + kind_at, 0)
                roomy &= (bytes_[kinds] == 8) & (bytes_[kinds + 1] == 0)
            usual |= roomy
        ip = np.where(usual, table.starts + shift, 0)
        if len(data) < 40:
            usual[:] = False
            data, ip = bytes(40), np.zeros_like(ip)
        windows: Array = np.ndarray((len(data) - _PLAIN.itemsize + 1,), f"V{_PLAIN.itemsize}", data, 0, (1,))
        self.head = head = windows[ip].view(_PLAIN)
        tcp = (head["offset"] >> 4).astype(np.int64) * 4
        self.starts = ip + 20 + tcp
        self.ends = ip + head["length"]
        self.sizes = self.ends - self.starts
        usual &= (head["version"] == 0x45) & (head["protocol"] == socket.IPPROTO_TCP)
        usual &= (head["fragment"] & 0x3FFF) == 0
        usual &= (tcp >= 20) & (self.sizes >= 0) & (self.ends <= table.ends)
        self.usual = usual
        self.quiet = usual & ((head["flags"] & (FIN | SYN | RST)) == 0)
        self.sender = _end(head, "source")

    def payloads(self, packets: Array) -> list[memoryview]:
        """Return the payload of each of these packets, not copied."""
        data = memoryview(self.table.data)
        spans = zip(self.starts[packets].tolist(), self.ends[packets].tolist(), strict=True)
        return [data[start:end] for start, end in spans]

    def runs(self) -> Iterator[Array]:
        """Yield the packets in groups, in the order in which the groups begin.

        A group has a single packet, or packets of the usual kind of one connection in which the bytes of both
        sides follow each other.
        """
        count = len(self.usual)
        receiver = _end(self.head, "destination")
        low, high = np.minimum(self.sender, receiver), np.maximum(self.sender, receiver)
        # Connections that are mixed up by this number do not follow each other, and go one by one.
        mixed = low * np.uint64(0x9E3779B97F4A7C15) ^ high
        mixed[~self.usual] = np.arange(count, dtype=np.uint64)[~self.usual]
        order = np.argsort(mixed, kind="stable")
        same = np.zeros(count, bool)
        same[1:] = (low[order[1:]] == low[order[:-1]]) & (high[order[1:]] == high[order[:-1]])
        same[1:] &= self.usual[order[1:]] & self.usual[order[:-1]]
        follows = self._follows(order, np.cumsum(~same) * 2 + (self.sender > receiver)[order])
        same[1:] &= self.quiet[order[1:]] & self.quiet[order[:-1]]
        edges = np.flatnonzero(~(same & follows))
        groups = np.split(order, edges[1:]) if count else []
        yield from sorted(groups, key=lambda group: int(group[0]))

    def _follows(self, order: Array, sides: Array) -> Array:
        """Tell which packets have the bytes behind those that their side of the connection sent before."""
        follows = np.ones(len(order), bool)
        sizes = self.sizes[order]
        sequence = self.head["sequence"][order].astype(np.int64)
        filled = np.flatnonzero(sizes > 0)
        filled = filled[np.argsort(sides[filled], kind="stable")]
        before, after = filled[:-1], filled[1:]
        gap = (sequence[after] - sequence[before] - sizes[before]) & 0xFFFFFFFF
        follows[after] = (sides[before] != sides[after]) | (gap == 0)
        return follows


def _end(head: Any, name: str) -> Array:
    """Return address and port as one number."""
    number: Array = head[name].astype(np.uint64) << np.uint64(16) | head[f"{name}_port"]
    return number
