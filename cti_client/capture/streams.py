"""From TCP segments to connections and their bytes in order.

One rule: a segment belongs to the connection that its ports and its sequence number point to, and what this
module remembers is bounded. It knows nothing of packets and of what the bytes mean.

Source: RFC 9293, section 3.3.2 (states) and 3.4 (sequence numbers).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, NamedTuple

from cti_client.capture.links import ACK, FIN, PSH, RST, SYN, Endpoint, Segment
from cti_client.capture.reassembly import FAR, Delivery, Direction, Tally

__all__ = ["MAX_CONNECTIONS", "Chunk", "Closed", "Connection", "Event", "Gap", "Place", "TcpStreams"]

MAX_CONNECTIONS = 4096
"""Connections that are followed at the same time; of more, the one that was silent longest is given up."""

_LATE_SYN = 1 << 16
"""Bytes that may have been captured before the SYN that they follow."""


class Connection(NamedTuple):
    """A TCP connection.

    Attributes:
        number: from 1, in the order in which connections appear.
        client: the side that sent the SYN; where it was not captured, the side with the higher port.
    """

    number: int
    client: Endpoint
    server: Endpoint


class Chunk(NamedTuple):
    """The next bytes of one direction.

    Attributes:
        timestamp: Unix time in seconds, UTC, at which they could be read in order: when they were captured,
            or later, when a hole before them was filled. Never goes back within a direction.
    """

    timestamp: float
    connection: Connection
    sender: Endpoint
    data: bytes


class Gap(NamedTuple):
    """The next ``length`` bytes of one direction are not in the capture."""

    timestamp: float
    connection: Connection
    sender: Endpoint
    length: int


class Closed(NamedTuple):
    """The last event of a connection.

    Attributes:
        reason: ``closed`` by both sides, ``reset`` by one, ``replaced`` by a new connection between the same
            ports, ``evicted`` as the longest silent of too many, or the capture came to its ``end``.
    """

    timestamp: float
    connection: Connection
    reason: Reason


class Place(NamedTuple):
    """Where a segment stands in its connection.

    Positions are sequence numbers carried on beyond 2**32; ``None`` while nothing is known of the direction.

    Attributes:
        start: position of its first byte of payload.
        next: position of the next byte that its direction delivers.
        waiting: from where to where bytes wait behind a hole.
    """

    connection: Connection
    start: int | None
    next: int | None
    waiting: tuple[tuple[int, int], ...]


Reason = Literal["closed", "reset", "replaced", "evicted", "end"]
Event = Chunk | Gap | Closed


class _State:
    """A connection and its two directions, by sender."""

    __slots__ = ("closed", "connection", "directions", "time")

    def __init__(self, connection: Connection, tally: Tally) -> None:
        self.connection = connection
        self.directions = {side: Direction(tally) for side in (connection.client, connection.server)}
        self.time = 0.0
        self.closed = False

    def replaced_by(self, segment: Segment) -> bool:
        """Whether a segment belongs to a new connection between the same ports."""
        own = self.directions[segment.source]
        sequence = segment.sequence
        if segment.flags & SYN:
            if self.closed:
                return not segment.flags & ACK or own.isn != sequence
            if own.isn is not None:
                return own.isn != sequence
            # The SYN may have been captured behind its successors: this side's bytes or the other's answer.
            later = own.acknowledged if own.next is None else own.next
            if later is not None:
                return (later - sequence - 1) % 2**32 > _LATE_SYN
            return self.directions[segment.destination].isn is None
        size = _size(segment)
        if not size:
            return False
        distance = own.distance(sequence)
        if self.closed:
            # Bytes that were not seen yet; the others are retransmissions.
            return own.next is None or distance + size > 0 or distance < -FAR
        return abs(distance) > FAR


class TcpStreams:
    """Follows all TCP connections of a capture.

    Attributes:
        server_ports: ports of the servers of all connections.
    """

    def __init__(self) -> None:
        self.server_ports: set[int] = set()
        self._states: OrderedDict[tuple[Endpoint, Endpoint], _State] = OrderedDict()
        self._tally = Tally()
        self._connections = 0
        self._evicted = 0
        self._gaps = 0
        self._lost = 0

    @property
    def notes(self) -> list[str]:
        """What was not as it should be, one sentence each."""
        notes = []
        if self._gaps:
            notes.append(f"TCP: {self._lost} bytes are missing, in {self._gaps} places")
        if self._tally.differing:
            notes.append(
                f"TCP: {self._tally.differing} segments repeat bytes with other values; the first are used"
            )
        if self._evicted:
            notes.append(
                f"TCP: more than {MAX_CONNECTIONS} connections at a time; {self._evicted} were given up"
            )
        return notes

    def feed(self, segment: Segment) -> list[Event]:
        """Takes the next segment; returns what is known by it.

        A segment that belongs to no known connection starts one if it is a SYN or has payload.
        """
        events: list[Event] = []
        source, destination = segment.source, segment.destination
        key = (source, destination) if source <= destination else (destination, source)
        state = self._states.get(key)
        if state is None or state.replaced_by(segment):
            if not segment.flags & SYN and not _size(segment):
                return events
            if state is not None:
                self._close(state, "replaced", segment.timestamp, events)
            state = self._states[key] = _State(self._connection(segment), self._tally)
        self._states.move_to_end(key)
        if len(self._states) > MAX_CONNECTIONS:
            _, oldest = self._states.popitem(last=False)
            self._evicted += not oldest.closed
            self._close(oldest, "evicted", oldest.time, events)
        state.time = segment.timestamp
        if not state.closed:
            self._follow(state, segment, events)
        return events

    def open_connection(self, one: Endpoint, other: Endpoint) -> _State | None:
        """The state of the open connection between two ends, which is used now; ``None`` if there is none.

        For `cti_client.capture.stretches`, which takes many segments of it at once.
        """
        key = (one, other) if one <= other else (other, one)
        state = self._states.get(key)
        if state is None or state.closed:
            return None
        self._states.move_to_end(key)
        return state

    @property
    def differing(self) -> int:
        """Segments so far that repeat bytes with other values."""
        return self._tally.differing

    def place(self, segment: Segment) -> Place | None:
        """Where a segment stands, by what is known now: before it is fed, or behind it.

        Returns:
            ``None`` if there is no connection between its ports. Before it is fed, that may be one which it
            replaces.
        """
        source, destination = segment.source, segment.destination
        state = self._states.get((source, destination) if source <= destination else (destination, source))
        if state is None:
            return None
        own = state.directions[source]
        first = segment.sequence + bool(segment.flags & SYN)
        if own.next is None:
            return Place(state.connection, None, None, ())
        waiting = tuple((piece.start, piece.end) for piece in own.waiting)
        return Place(state.connection, own.next + own.distance(first), own.next, waiting)

    def close(self) -> list[Event]:
        """The capture has ended: returns what was waiting, with gaps, in the order of the connections."""
        events: list[Event] = []
        for state in sorted(self._states.values(), key=lambda state: state.connection):
            self._close(state, "end", state.time, events)
        self._states.clear()
        return events

    def _connection(self, segment: Segment) -> Connection:
        source, destination = segment.source, segment.destination
        if segment.flags & SYN:
            forward = not segment.flags & ACK
        else:
            forward = source.port >= destination.port
        client, server = (source, destination) if forward else (destination, source)
        self.server_ports.add(server.port)
        self._connections += 1
        return Connection(self._connections, client, server)

    def _follow(self, state: _State, segment: Segment, events: list[Event]) -> None:
        """Takes a segment of a known, open connection."""
        timestamp, sender, other, first, flags, payload, acknowledgment, missing = segment
        own = state.directions[sender]
        if abs(own.distance(first)) > FAR:
            return
        if flags & SYN:
            own.isn = first
            first += 1
            if own.next is None:
                own.next = first
        if flags & ACK:
            state.directions[other].acknowledge(acknowledgment)
        if flags & RST:
            self._close(state, "reset", timestamp, events)
            return
        size = _size(segment)
        if size == 1 and own.next is None and not flags & PSH:
            own.next = first + 1  # a keep-alive probe: its byte is no byte of the stream
        elif size:
            self._report(state, sender, own.add(first, payload, missing, timestamp), events)
        if flags & FIN:
            if own.next is None:
                own.next = first
            if own.end is None:
                own.end = own.next + own.distance(first + size)
        for side, direction in state.directions.items():
            if direction.waiting:
                self._report(state, side, direction.wait(), events)
        if own.finished and state.directions[other].finished:
            self._close(state, "closed", timestamp, events)

    def _close(self, state: _State, reason: Reason, timestamp: float, events: list[Event]) -> None:
        """Delivers what waits and ends the connection, unless it has ended before."""
        if not state.closed:
            state.closed = True
            for side, direction in state.directions.items():
                self._report(state, side, direction.finish(), events)
            events.append(Closed(timestamp, state.connection, reason))

    def _report(
        self, state: _State, sender: Endpoint, deliveries: list[Delivery], events: list[Event]
    ) -> None:
        for timestamp, what in deliveries:
            if isinstance(what, bytes):
                events.append(Chunk(timestamp, state.connection, sender, what))
            else:
                events.append(Gap(timestamp, state.connection, sender, what))
                self._gaps += 1
                self._lost += what


def _size(segment: Segment) -> int:
    """Bytes of payload; what a RST carries is a text for people, no part of the stream."""
    return 0 if segment.flags & RST else len(segment.payload) + segment.missing
