"""Plays one case, and looks at the server from all sides: the answers, the others, the next login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cti_schema.message import Direction
from cti_schema.wire.buffer import FrameBuffer
from spoofer.fuzz.case import Case, Expect, Part
from spoofer.fuzz.failure import Failure, Kind
from spoofer.fuzz.link import Chunk, Gone, Link
from spoofer.fuzz.oracle import Heard, judge
from spoofer.fuzz.stale import Traffic, stale
from spoofer.fuzz.target import Target
from spoofer.fuzz.wanted import Wanted

#: How long the end of a connection is waited for, where the server may wait for more bytes, in seconds.
_QUIET_S = 0.1


@dataclass(slots=True)
class Played:
    """A case that was played.

    Attributes:
        failure: what was wrong, or ``None``.
        connections: what went over each connection.
    """

    failure: Failure | None
    connections: list[list[Chunk]] = field(default_factory=list)


class Stage:
    """Plays cases against one server.

    Args:
        target: the server; greeted.

    Attributes:
        linger_s: how long to wait for what comes behind the last answer, in seconds.

    Two connections live from case to case: one that has logged in and is idle, to see whether others are
    disturbed; and one that has logged in for the next case, which was the proof of life after the last one.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._bystander: Link | None = None
        self._next: Link | None = None
        self._traffic = Traffic()
        self._looked = 0
        self.linger_s = 0.0

    def open(self) -> None:
        """Connect.

        Raises:
            OSError: the server cannot be connected to.
            Gone: it does not answer.
        """
        self.close()
        self._bystander = self.target.enter()
        self._next = self.target.enter()

    def close(self) -> None:
        """End every connection."""
        for link in (self._bystander, self._next):
            if link is not None:
                link.close()
        self._bystander = self._next = None

    def play(self, case: Case) -> Played:
        """Play a case. Afterwards the stage is open again, unless the server is gone.

        Raises:
            OSError: the server was gone before.
            Gone: it did not answer before.
        """
        if self._bystander is None or self._next is None:
            self.open()
        assert self._bystander is not None
        assert self._next is not None
        bystander = self._bystander
        if case.login:
            link, self._next = self._next, None
        else:
            link = self.target.connect()
        link.forget()
        seen = [link.traffic, bystander.traffic]
        try:
            parts, heard = self._say(case, link)
        finally:
            link.close()
        others = self._others(bystander)
        # Sent before the answers are judged: the server works meanwhile.
        ahead = self._ahead()
        failure = None if heard is None else self._judge(parts, heard, link)
        failure = self._alive(ahead) or others or failure
        if failure is not None:
            self.close()
        return Played(failure, seen)

    # --- what the case's own connection gets ------------------------------------------------------

    def _say(self, case: Case, link: Link) -> tuple[list[Part], Heard | None]:
        """Send the case, and return what was sent and heard; nothing where nobody takes the answers."""
        target = self.target
        parts: list[Part] = []
        expected = 0
        for step in case.steps:
            taken = link.send(step.segments, read=step.read)
            parts += step.parts
            if not step.read or (not taken and not link.ended):
                return parts, None  # the others and the next login tell
            answered = [part for part in step.parts if part.expect is Expect.ANSWER]
            expected += sum(Wanted(part.request, target.channel_count).least for part in answered)
            if step is not case.steps[-1] and answered:
                link.receive_frames(expected)
                if link.late:
                    return parts, _heard(link, fence=False)
        fence = target.fence_for(parts)
        if not _comes_through(parts, fence.part):
            link.receive_rest(_QUIET_S)
            return parts, _heard(link, fence=False)
        parts.append(fence.part)
        link.send((fence.part.data,))
        link.receive_frames(0, until_last=fence.is_answered_by)
        heard = _heard(link, fence=True)
        if self.linger_s and not link.late:  # what comes behind the last answer
            link.receive_quietly(self.linger_s)
            heard.data = bytes(link.data)
        return parts, heard

    def _judge(self, parts: list[Part], heard: Heard, link: Link) -> Failure | None:
        failure = judge(parts, heard, self.target.channel_count)
        if failure is None:
            failure = stale(link.frames, parts, self._traffic)
        self._traffic.add((part.data for part in parts), answers=False)
        self._traffic.add(link.frames, answers=True)
        return failure

    # --- the others -------------------------------------------------------------------------------

    def _others(self, bystander: Link) -> Failure | None:
        bystander.forget()
        bystander.take()
        if bystander.ended:
            return Failure(Kind.DISCONNECTS_OTHERS, f"an idle connection is {bystander.ended} by it")
        if bystander.data:
            shown = bytes(bystander.data[:24]).hex()
            return Failure(
                Kind.DISCONNECTS_OTHERS, f"an idle connection gets {len(bystander.data)} bytes: {shown}"
            )
        self._looked += 1
        if self._looked % _EVERY == 0:
            fence = self.target.fences[0]
            bystander.send((fence.part.data,))
            bystander.receive_frames(0, until_last=fence.is_answered_by)
            heard = _heard(bystander, fence=True)
            del bystander.traffic[:]
            wrong = judge([fence.part], heard, self.target.channel_count)
            if wrong is not None:
                return Failure(Kind.DISCONNECTS_OTHERS, f"on another connection: {wrong.explanation}")
        return None

    def _ahead(self) -> Link | Failure:
        """Begin the connection of the next case."""
        if self._next is not None:
            self._next.close()
            self._next = None
        try:
            return self.target.begin()
        except TimeoutError:
            return Failure(Kind.HANG, "afterwards no connection is taken in time")
        except OSError as error:
            return Failure(Kind.CRASH, f"afterwards no connection is taken: {error.strerror or error}")

    def _alive(self, ahead: Link | Failure) -> Failure | None:
        """Tell whether the server still logs in and reads."""
        if isinstance(ahead, Failure):
            return ahead
        try:
            self._next = self.target.entered(ahead)
        except Gone as error:
            return Failure(Kind.HANG if error.late else Kind.CRASH, f"afterwards {error}")
        return None


def _heard(link: Link, *, fence: bool) -> Heard:
    return Heard(bytes(link.data), link.ended, fence=fence, late=link.late)


#: The idle connection is asked once in so many cases.
_EVERY = 25


def _comes_through(parts: Sequence[Part], fence: Part) -> bool:
    """Tell whether a receiver that skips what is wrong finds the fence behind the parts."""
    if all(part.expect is Expect.ANSWER for part in parts):
        return True
    buffer = FrameBuffer(Direction.REQUEST)
    frames = buffer.feed(b"".join([*(part.data for part in parts), fence.data]))
    return bool(frames) and frames[-1] == fence.data
