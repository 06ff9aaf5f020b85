"""Chunks of TCP streams to decoded messages, in one pass and in bounded memory.

CTI is recognised by its token, on any port. Who is the client is told by the messages: the side that
sends requests. Bytes that are no message - missing in the capture, or of no frame - become entries too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cti_client.capture import Chunk, Connection, Endpoint, Event, Gap
from cti_client.dump.answers import TIMEOUT_S, Answer, Answers, Unanswered
from cti_client.dump.findings import findings
from cti_schema.message import Direction
from cti_schema.problems import Problem
from cti_schema.wire.buffer import Frame, FrameBuffer
from cti_schema.wire.codec import Decoded, inspect

__all__ = ["Answer", "Conversations", "Entry", "Heard", "Link", "Missed", "Unanswered", "heard_frames"]


@dataclass(frozen=True, slots=True)
class Link:
    """A connection on which CTI was heard.

    Attributes:
        number: from 1, counted over all TCP connections of the capture.
        client: the side that sends requests.
        server: the side that sends feedbacks.
    """

    number: int
    client: Endpoint
    server: Endpoint


@dataclass(slots=True)
class Heard:
    """A message.

    Attributes:
        number: of the frame, from 1.
        decoded: the message and what is wrong with its frame.
        time: Unix time in seconds, UTC, at which the frame was complete; ``None`` outside of captures.
        link: the connection; ``None`` outside of captures.
        answer: of a feedback in a capture: which request it answers.
    """

    number: int
    decoded: Decoded
    time: float | None = None
    link: Link | None = None
    answer: Answer | None = None

    @property
    def direction(self) -> Direction:
        """Request or feedback."""
        return self.decoded.direction

    @property
    def problems(self) -> list[Problem]:
        """What is wrong: with the frame, and with what it says."""
        return [*self.decoded.problems, *findings(self.decoded)]


@dataclass(frozen=True, slots=True)
class Missed:
    """Bytes that are no message.

    Attributes:
        what: ``gap`` (not in the capture) or ``stray`` (behind the last frame, and of none).
        length: in bytes.
        direction: of the messages around them.
        time: Unix time in seconds, UTC; ``None`` outside of captures.
        link: the connection; ``None`` outside of captures.
    """

    what: str
    length: int
    direction: Direction | None = None
    time: float | None = None
    link: Link | None = None


Entry = Heard | Missed | Unanswered


@dataclass(slots=True)
class _Side:
    """One direction of a connection.

    Attributes:
        gap: bytes missing before the connection was known to be CTI.
    """

    buffer: FrameBuffer = field(default_factory=FrameBuffer)
    direction: Direction | None = None
    gap: int = 0


@dataclass(slots=True)
class _Talk:
    """A connection and its two sides, by sender.

    Attributes:
        link: who is who; ``None`` as long as nothing says that this is CTI.
        heard: a message was heard, so that the link is sure.
    """

    connection: Connection
    sides: dict[Endpoint, _Side]
    answers: Answers
    link: Link | None = None
    heard: bool = False


class Conversations:
    """Follows the CTI conversations among the events of a capture.

    Args:
        spans: collect where each field stands, for trees.
        port: look only at connections with this port on one side, and take them for CTI even if no
            token is seen; by default every connection with a token is followed.
        timeout_s: seconds after which a request counts as unanswered.
    """

    def __init__(self, *, spans: bool = False, port: int | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.messages = 0
        self._timeout_s = timeout_s
        self._spans = spans
        self._port = port
        self._talks: dict[int, _Talk] = {}

    def feed(self, event: Event) -> Iterator[Entry]:
        """Yield what is known by the next event of a capture."""
        connection = event.connection
        if self._port is not None and self._port not in (connection.client.port, connection.server.port):
            return
        talk = self._talks.get(connection.number)
        if talk is None:
            sides = {end: _Side() for end in (connection.client, connection.server)}
            talk = self._talks[connection.number] = _Talk(connection, sides, Answers(self._timeout_s))
            if self._port is not None:
                self._join(talk, connection.client)
        if isinstance(event, Chunk):
            frames = talk.sides[event.sender].buffer.feed(event.data)
            if frames:
                yield from self._frames(talk, event.sender, frames, event.timestamp)
        elif isinstance(event, Gap):
            # A frame that the gap has cut is told now: its end will never come.
            yield from self._frames(
                talk, event.sender, talk.sides[event.sender].buffer.close(), event.timestamp
            )
            yield from self._gap(talk, event.sender, event.length, event.timestamp)
        else:
            del self._talks[connection.number]
            for sender in talk.sides:
                yield from self._end(talk, sender, event.timestamp)
            end = "capture" if event.reason == "end" else "connection"
            yield from talk.answers.close(event.timestamp, end)

    def _join(self, talk: _Talk, client: Endpoint) -> None:
        """Know the connection as CTI."""
        one, other = talk.sides
        talk.link = Link(talk.connection.number, client, other if client == one else one)
        for sender, side in talk.sides.items():
            side.direction = Direction.REQUEST if sender == client else Direction.FEEDBACK

    def _frames(
        self, talk: _Talk, sender: Endpoint, frames: Iterable[Frame], timestamp: float
    ) -> Iterator[Entry]:
        for frame in frames:
            side = talk.sides[sender]
            # A port that was given is taken for CTI's, but who is the client there is only guessed.
            direction = frame.direction or (side.direction if talk.heard else None)
            decoded = inspect(frame, direction, spans=self._spans)
            if not talk.heard:
                talk.heard = True
                other = next(end for end in talk.sides if end != sender)
                self._join(talk, sender if decoded.direction is Direction.REQUEST else other)
                for known in talk.sides.values():
                    if known.gap:
                        yield Missed("gap", known.gap, known.direction, timestamp, talk.link)
                        known.gap = 0
            self.messages += 1
            yield from talk.answers.feed(Heard(self.messages, decoded, timestamp, talk.link))

    def _gap(self, talk: _Talk, sender: Endpoint, length: int, timestamp: float) -> Iterator[Entry]:
        side = talk.sides[sender]
        if talk.link is None:
            side.gap += length
        else:
            yield Missed("gap", length, side.direction, timestamp, talk.link)

    def _end(self, talk: _Talk, sender: Endpoint, timestamp: float) -> Iterator[Entry]:
        side = talk.sides[sender]
        yield from self._frames(talk, sender, side.buffer.close(), timestamp)
        if talk.link is not None and side.buffer.stray:
            yield Missed("stray", side.buffer.stray, side.direction, timestamp, talk.link)


def heard_frames(frames: Iterable[Frame], *, spans: bool = False) -> Iterator[Heard]:
    """Yield the messages of frames that are in no capture: they have neither time nor connection."""
    for number, frame in enumerate(frames, start=1):
        yield Heard(number, inspect(frame, spans=spans))
