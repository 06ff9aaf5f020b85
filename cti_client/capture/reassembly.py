"""The bytes of one direction of one TCP connection, put in order.

One rule: every byte position is delivered once, in order, either as the bytes that came first or as a part of
a counted gap, and what waits is bounded. It knows nothing of connections, handshakes and files.

Positions are sequence numbers carried on beyond 2**32, so that they compare like ordinary integers.
Source: RFC 9293, sections 3.4 (sequence numbers) and 3.10 (overlapping segments).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "FAR",
    "MAX_DIRECTION_BYTES",
    "MAX_SEGMENTS",
    "MAX_TOTAL_BYTES",
    "PATIENCE",
    "Delivery",
    "Direction",
    "Tally",
]

FAR = 64 << 20
"""Bytes. A sequence number further than this from the expected one is not of this connection."""

MAX_SEGMENTS = 1024
"""Segments that wait behind a hole, in one direction."""

MAX_DIRECTION_BYTES = 4 << 20
"""Bytes that wait behind a hole, in one direction."""

MAX_TOTAL_BYTES = 64 << 20
"""Bytes that wait in all connections together."""

PATIENCE = 3
"""Segments of the connection between the acknowledgment of a hole and giving it up.

Captures of several queues swap neighbouring packets, so that an acknowledgment may stand before its data.
"""

_TAIL = 4096  # delivered bytes that are kept to compare retransmissions with

Delivery = tuple[float, bytes | int]
"""Unix time in seconds, and bytes in order or the number of bytes that are lost."""


class Tally:
    """What all directions have in common.

    Attributes:
        held: bytes that wait behind holes.
        differing: segments that repeated a position with other bytes.
    """

    def __init__(self) -> None:
        self.held = 0
        self.differing = 0


class _Piece(NamedTuple):
    start: int
    end: int
    data: bytes | None  # None: the snap length cut them
    timestamp: float


class Direction:
    """One direction of a connection.

    Attributes:
        isn: initial sequence number, once the SYN was seen.
        next: position of the next byte to deliver, once anything is known.
        end: position behind the last byte, once the FIN was seen.
        acknowledged: highest acknowledgment number of the other side, once there was one.
        waiting: what came behind a hole: in order, without overlap.
    """

    __slots__ = (
        "_buffered",
        "_tail",
        "_tally",
        "_time",
        "_waits",
        "acknowledged",
        "end",
        "isn",
        "next",
        "waiting",
    )

    def __init__(self, tally: Tally) -> None:
        self.isn: int | None = None
        self.next: int | None = None
        self.end: int | None = None
        self.acknowledged: int | None = None
        self._tally = tally
        self.waiting: list[_Piece] = []
        self._buffered = 0
        self._tail = b""
        self._time = 0.0
        self._waits = 0

    @property
    def finished(self) -> bool:
        """Everything up to the FIN was delivered."""
        return self.end is not None and self.next is not None and self.next >= self.end

    def distance(self, sequence: int) -> int:
        """Bytes from `next` to a sequence number, negative when it lies before; 0 while nothing is known."""
        return 0 if self.next is None else _signed(sequence - self.next)

    def acknowledge(self, number: int) -> None:
        """The other side has received everything before this sequence number."""
        if abs(self.distance(number)) > FAR:
            return
        if self.acknowledged is None or _signed(number - self.acknowledged) > 0:
            self.acknowledged = number

    def add(self, sequence: int, data: bytes, missing: int, timestamp: float) -> list[Delivery]:
        """Takes a segment's bytes, and the number of those behind them that were not captured.

        Returns:
            What is in order now. A delivery's time is that of the segment that made it readable: its own, or
            that of the later segment that filled the hole before it.
        """
        if self.next is None:
            self.next = sequence
        start = self.next + _signed(sequence - self.next)
        middle = start + len(data)
        if start == self.next and data and not missing and not self.waiting:
            self.next = middle
            self._time = max(self._time, timestamp)
            self._remember(data)
            return [(self._time, data)]
        self._insert(_Piece(start, middle, data, timestamp))
        self._insert(_Piece(middle, middle + missing, None, timestamp))
        out: list[Delivery] = []
        self._deliver(out)
        while self.waiting and (
            len(self.waiting) > MAX_SEGMENTS
            or self._buffered > MAX_DIRECTION_BYTES
            or self._tally.held > MAX_TOTAL_BYTES
        ):
            self._give_up(out)
        return out

    def follows(self, sequence: int) -> bool:
        """Whether a segment with this sequence number is the next one, and nothing is known to be behind."""
        return self.next is not None and not self.waiting and self.end is None and not self.distance(sequence)

    def advance(self, size: int, last: bytes, timestamp: float) -> None:
        """Takes bytes of segments that follow each other, all at once; ``last`` are those of the last one."""
        assert self.next is not None
        self.next += size
        self._time = max(self._time, timestamp)
        self._tail = last[-_TAIL:]

    @property
    def time(self) -> float:
        """When the last bytes could be read; a later delivery is not earlier."""
        return self._time

    def wait(self) -> list[Delivery]:
        """One more segment of the connection was seen: gives up a hole that was acknowledged long ago."""
        out: list[Delivery] = []
        if self.waiting and self.acknowledged is not None:
            if self.distance(self.acknowledged) >= self.distance(self.waiting[0].start):
                self._waits += 1
            if self._waits >= PATIENCE:
                self._give_up(out)
        return out

    def finish(self) -> list[Delivery]:
        """Nothing more will come: delivers what waits, with the gaps before it and the one at the end."""
        out: list[Delivery] = []
        while self.waiting:
            self._give_up(out)
        if self.next is not None:
            end, least = self.end, 1
            if end is None and self.acknowledged is not None:
                # A single byte more than was seen may be a FIN that was not captured.
                end, least = self.next + self.distance(self.acknowledged), 2
            if end is not None and least <= end - self.next <= FAR:
                out.append((self._time, end - self.next))
                self.next = end
        self._tail = b""
        return out

    def _insert(self, piece: _Piece) -> None:
        """Puts those parts of a piece into `waiting` that are neither delivered nor there."""
        assert self.next is not None
        if piece.start < self.next:
            # A keep-alive probe repeats the last byte's position with any byte (RFC 9293, 3.8.4).
            if piece.end - piece.start > 1 or piece.end < self.next:
                tail = _Piece(self.next - len(self._tail), self.next, self._tail, 0.0)
                self._compare(tail, piece)
            piece = _part(piece, self.next, piece.end)
        if piece.start >= piece.end:
            return
        if not self.waiting or piece.start >= self.waiting[-1].end:
            self._keep(self.waiting, piece)
            return
        merged: list[_Piece] = []
        for old in self.waiting:
            if old.end > piece.start:
                self._compare(old, piece)
                if piece.start < old.start:
                    self._keep(merged, _part(piece, piece.start, min(piece.end, old.start)))
                piece = _part(piece, old.end, piece.end)
            merged.append(old)
        self._keep(merged, piece)
        self.waiting = merged

    def _keep(self, pieces: list[_Piece], piece: _Piece) -> None:
        if piece.start < piece.end:
            pieces.append(piece)
            self._count(len(piece.data or b""))

    def _count(self, size: int) -> None:
        self._buffered += size
        self._tally.held += size

    def _compare(self, first: _Piece, again: _Piece) -> None:
        """Counts a piece that says something else than the first one where they overlap."""
        start, end = max(first.start, again.start), min(first.end, again.end)
        if start >= end or first.data is None or again.data is None:
            return
        self._tally.differing += _part(first, start, end).data != _part(again, start, end).data

    def _deliver(self, out: list[Delivery]) -> None:
        """Moves what follows `next` without a hole from `waiting` to ``out``."""
        count = 0
        for piece in self.waiting:
            if piece.start != self.next:
                break
            count += 1
            self.next = piece.end
            self._time = max(self._time, piece.timestamp)
            self._remember(piece.data)
            self._count(-len(piece.data or b""))
            out.append((self._time, piece.end - piece.start if piece.data is None else piece.data))
        if count:
            del self.waiting[:count]
            self._waits = 0

    def _remember(self, data: bytes | None) -> None:
        """Keep delivered bytes to compare others with; behind a gap none from before it."""
        if data is None:
            self._tail = b""
        else:
            self._tail = data[-_TAIL:] if len(data) >= _TAIL else (self._tail + data)[-_TAIL:]

    def _give_up(self, out: list[Delivery]) -> None:
        """The first hole is lost for good."""
        assert self.next is not None
        piece = self.waiting[0]
        self._time = max(self._time, piece.timestamp)
        out.append((self._time, piece.start - self.next))
        self.next = piece.start
        self._tail = b""
        self._deliver(out)


def _signed(difference: int) -> int:
    """A difference of sequence numbers as the nearest one: from -2**31 to 2**31 - 1."""
    return (difference + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000


def _part(piece: _Piece, start: int, end: int) -> _Piece:
    """The part of a piece from one position to another; empty where there is none."""
    start, end = max(start, piece.start), min(end, piece.end)
    data = piece.data
    if data is not None:
        data = data[start - piece.start : max(end - piece.start, 0)]
    return _Piece(start, end, data, piece.timestamp)
