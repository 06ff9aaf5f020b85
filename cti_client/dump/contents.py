"""A capture packet by packet, and what is in its streams: frames and the bytes between them, by position.

A capture can be read again and again, and each time the same connections have the same numbers and the same
bytes the same positions. So what is found by one reading can be written by another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cti_client.capture import Chunk, Closed, Endpoint, Event, Packet, Place, Segment, Segments, TcpStreams
from cti_client.capture.files import read_packets
from cti_schema.wire.buffer import Frame, FrameBuffer

__all__ = ["Found", "Step", "Way", "contents", "steps"]

#: One direction of a connection: the connection's number and the sender.
Way = tuple[int, Endpoint]


class Step(NamedTuple):
    """What one packet brings; at the end of the capture there is a step without one.

    Attributes:
        packet, segment: the packet; ``None`` where it has no segment.
        before, place: where the segment stands, before it was fed and behind that.
        differs: it repeats bytes with other values.
        events: what is known by it.
    """

    packet: Packet | None
    segment: Segment | None
    before: Place | None
    place: Place | None
    differs: bool
    events: list[Event]


def steps(source: Path, notes: list[str] | None = None, ports: set[int] | None = None) -> Iterator[Step]:
    """Yield a step for every packet of a capture.

    Args:
        source: the capture.
        notes: gets what is wrong with it, at its end.
        ports: gets the server ports of all TCP connections, at its end.

    Raises:
        CaptureError: it is none.
        OSError: it cannot be read.
    """
    segments, streams = Segments(), TcpStreams()
    for packet in read_packets(source, notes):
        segment = segments.segment(packet)
        if segment is None:
            yield Step(packet, None, None, None, False, [])
            continue
        before, differing = streams.place(segment), streams.differing
        events = streams.feed(segment)
        place = streams.place(segment)
        if before is not None and (place is None or before.connection != place.connection):
            before = None
        yield Step(packet, segment, before, place, streams.differing > differing, events)
    yield Step(None, None, None, None, False, streams.close())
    if notes is not None:
        notes.extend(streams.notes)
    if ports is not None:
        ports.update(streams.server_ports)


class Found(NamedTuple):
    """A frame, or bytes between frames, at a position of a stream."""

    way: Way
    start: int
    end: int
    frame: Frame | None


@dataclass(slots=True)
class _Side:
    """One direction of a connection while it is followed.

    Attributes:
        buffer: cuts the bytes into frames.
        base: position of the first byte that was fed to the buffer.
        fed: position behind the last one.
        told: position up to which everything was told as a frame or as none.
    """

    buffer: FrameBuffer
    base: int
    fed: int
    told: int


def contents(steps: Iterable[Step]) -> Iterator[Found]:
    """Yield what is in the streams of a capture."""
    sides: dict[Way, _Side] = {}
    for step in steps:
        segment, place = step.segment, step.place
        if segment is not None and place is not None and place.next is not None:
            way = (place.connection.number, segment.source)
            if way not in sides:
                # What came of this direction came by this step, up to where its next byte stands.
                begin = place.next - sum(
                    _length(event)
                    for event in step.events
                    if not isinstance(event, Closed) and (event.connection.number, event.sender) == way
                )
                sides[way] = _Side(FrameBuffer(), begin, begin, begin)
        for event in step.events:
            if isinstance(event, Closed):
                for end in (event.connection.client, event.connection.server):
                    side = sides.pop((event.connection.number, end), None)
                    if side is not None:
                        yield from _cut((event.connection.number, end), side)
                continue
            way = (event.connection.number, event.sender)
            side = sides[way]
            if isinstance(event, Chunk):
                side.fed += len(event.data)
                yield from _frames(way, side, side.buffer.feed(event.data))
            else:
                yield from _cut(way, side)
                side.base = side.fed = side.told = side.fed + event.length
                side.buffer = FrameBuffer()


def _length(event: Event) -> int:
    return len(event.data) if isinstance(event, Chunk) else 0 if isinstance(event, Closed) else event.length


def _frames(way: Way, side: _Side, frames: Iterable[Frame]) -> Iterator[Found]:
    for frame in frames:
        start = side.base + frame.offset
        if start > side.told:
            yield Found(way, side.told, start, None)
        side.told = start + len(frame)
        yield Found(way, start, side.told, frame)


def _cut(way: Way, side: _Side) -> Iterator[Found]:
    """Yield what is left where a stream ends, or has a hole."""
    yield from _frames(way, side, side.buffer.close())
    if side.fed > side.told:
        yield Found(way, side.told, side.fed, None)
