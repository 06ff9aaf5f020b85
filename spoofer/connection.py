"""One client's connection: bytes in, what is to be done out. No sockets, no tasks, no clock.

Frames are answered in the order in which they come, whatever they were split or merged into. What a
real server would not understand is not carried out:

- a frame with a wrong checksum or length is dropped in silence, as the vendor's software does, and counted;
- a body that is cut, or that cannot be read, is answered with the unknown-command feedback;
- surplus bytes behind a body, stray bytes in front of a frame, values that are not listed and texts with
  odd characters are no reason to refuse.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from cti_schema import Decoded, Direction, FrameBuffer, Message, Problem, UnknownMessage, decode, encode
from cti_schema.errors import EncodeError, FrameError
from cti_schema.message import Feedback
from spoofer import behaviour as behaviour  # imported for what it registers
from spoofer.acts import Act, Later, Send
from spoofer.device import Device
from spoofer.faults import Faults
from spoofer.journal import Journal
from spoofer.replay import Replay
from spoofer.replies import Session, answer, is_steady, unknown_command
from spoofer.serving.steady import LONGEST_REQUEST, Answer, SteadyAnswers

log = logging.getLogger("spoofer")

#: Called with each request and each feedback: direction, message, what was wrong with it, and the peer.
OnMessage = Callable[[Direction, Message, Sequence[Problem], str], None]

#: Largest request accepted, in bytes: the vendor's library uploads files in pieces of 1 MiB.
MAX_FRAME: Final = 4 * 2**20

#: The frame itself is wrong: dropped.
_DROPPED: Final = frozenset({"checksum", "length", "incomplete"})

#: The body is not what it claims to be: not carried out.
_NOT_UNDERSTOOD: Final = frozenset({"truncated", "count", "value", "json", "bson"})


class Connection:
    """A client's connection to the device.

    Args:
        device: the cycler.
        peer: who is at the other end, for the log and the journal.
        number: of the connection, for the journal.
        journal: what happens is written there.
        on_message: called with every request and feedback. A password is in the message as it came:
            whoever writes it down leaves it out. A message may be handed over many times: do not change it.
        max_frame: largest frame in bytes.
        faults: what goes wrong.
        replay: recorded answers; the device answers what was not recorded.
        steady: answers that are kept for a moment; connections to one device share them.

    Attributes:
        session: who is logged in.
        received: frames that came, good or bad.
        dropped: frames among them with a wrong checksum or length.
    """

    def __init__(
        self,
        device: Device,
        *,
        peer: str = "",
        number: int = 0,
        journal: Journal | None = None,
        on_message: OnMessage | None = None,
        max_frame: int = MAX_FRAME,
        faults: Faults | None = None,
        replay: Replay | None = None,
        steady: SteadyAnswers | None = None,
    ) -> None:
        self.session = Session(peer=peer)
        self.received = 0
        self.dropped = 0
        self._peer = peer
        self._number = number
        self._journal = journal
        self._device = device
        self._on_message = on_message
        self._watched = journal is not None or on_message is not None or log.isEnabledFor(logging.DEBUG)
        self._frames = FrameBuffer(Direction.REQUEST, max_frame=max_frame)
        self._faults = (faults if faults is not None else Faults()).for_connection(peer)
        self._replay = replay.for_connection() if replay else None
        self._steady = steady if steady is not None else SteadyAnswers(device)

    def acts(self, data: bytes) -> Iterator[Act]:
        """Take bytes, and yield what is to be done, worked out when it is asked for.

        Exhaust it before the next call: what is not asked for is not answered.
        """
        for frame in self._frames.feed(data):
            yield from self._answer(frame)

    def quick(self, data: bytes) -> bytes | None:
        """Take bytes that are one whole request whose answer is kept, and return the answer.

        Returns:
            ``None`` if they are not, or if something is to be done beside sending: then nothing was taken,
            and `acts` takes them.
        """
        kept = self._steady.get(data)
        if kept is None or self._frames.pending or not self._faults.idle or self._replay is not None:
            return None
        self.received += 1
        if self._watched:
            self._tell_answer(kept, len(data))
        return kept.data

    def replies(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, and yield what is written, whenever that may be; for tests without faults.

        Exhaust it before the next call: what is not asked for is not answered.
        """
        for act in self.acts(data):
            if isinstance(act, (Send, Later)):
                yield act.data

    def receive(self, data: bytes) -> bytes:
        """Take bytes, and return the bytes that answer them; for tests without faults."""
        return b"".join(self.replies(data))

    def close(self) -> None:
        """Let go of what is kept for the connection: it has ended."""
        left = self._frames.stray + self._frames.pending
        if left and self._journal is not None:
            self._journal.write(
                "dropped", connection=self._number, peer=self._peer, reason="no whole frame", size=left
            )
        self.session.close()

    def _answer(self, frame: bytes) -> Iterator[Act]:
        """Yield what answers one frame."""
        self.received += 1
        plain = not getattr(frame, "stray", 0) and self._faults.idle and self._replay is None
        kept = self._steady.get(frame) if plain else None
        if kept is not None:
            if self._watched:
                self._tell_answer(kept, len(frame))
            yield Send(kept.data)
            return
        try:
            once = plain and len(frame) <= LONGEST_REQUEST
            decoded = _decode_once(frame) if once else _decode(frame)
            if once and isinstance(decoded.message, UnknownMessage):
                decoded = _decode(frame)  # it may have been declared since
        except FrameError as error:
            self._drop(None, [error.problem], len(frame))
            return
        request, extended = decoded.message, decoded.header.extended_code
        kinds = {problem.kind for problem in decoded.problems}
        if kinds & _DROPPED:
            self._drop(request, decoded.problems, len(frame))
            return
        self._tell(Direction.REQUEST, request, decoded.problems, len(frame))
        understood = not kinds & _NOT_UNDERSTOOD
        replaced = self._faults.replace(request, self._device, extended)
        recorded = (
            None if self._replay is None or replaced is not None else self._replay.answer(frame, request)
        )
        if replaced is not None:
            yield from self._send(request, replaced, extended)
        elif recorded is not None:
            if understood:  # so that the device is in step, where something was not recorded
                list(answer(self._device, self.session, request, extended))
            yield from self._disturbed(request, recorded.feedbacks, recorded.frames)
        elif not understood:
            # Only the kinds: the words of a problem may show what a field holds, and it may be a password.
            log.info("%s: %s is not understood: %s", self._peer, request.spec.name, ", ".join(sorted(kinds)))
            yield from self._send(request, [unknown_command(request, extended)], extended)
        elif plain and not decoded.problems and is_steady(request):
            yield from self._send_steady(frame, request, extended)
        else:
            feedbacks = answer(self._device, self.session, request, extended)
            yield from self._send(request, feedbacks, extended)

    def _send_steady(self, frame: bytes, request: Message, extended: int) -> Iterator[Act]:
        """Send an answer, and keep it. The moment is taken before: an answer may be older than it says."""
        moment, revision = self._device.moment, self._device.revision
        feedbacks = answer(self._device, self.session, request, extended)
        if not isinstance(feedbacks, Sequence):
            feedbacks = list(feedbacks)
        try:
            patched = self._steady.patched(frame, feedbacks)
            frames = [encode(feedback) for feedback in feedbacks] if patched is None else [patched]
        except EncodeError:
            yield from self._send(request, feedbacks, extended)
            return
        sizes = [len(one) for one in frames]
        kept = Answer(request, feedbacks, sizes, b"".join(frames), moment, revision)
        self._steady.put(bytes(frame), kept)
        if self._watched:
            self._tell_feedbacks(feedbacks, sizes)
        yield Send(kept.data)

    def _send(self, request: Message, feedbacks: Iterable[Feedback], extended: int) -> Iterator[Act]:
        """Send feedbacks: a list in one piece, an iterator as it is worked out."""
        if not self._faults.idle:
            feedbacks = list(feedbacks)
        try:
            if isinstance(feedbacks, Sequence):
                yield from self._disturbed(request, feedbacks, [encode(one) for one in feedbacks])
            else:
                for feedback in feedbacks:
                    yield from self._disturbed(request, [feedback], [encode(feedback)])
        except EncodeError as error:
            # A derived reply repeats a value that its own field cannot hold.
            log.info("%s: %s cannot be answered: %s does not fit", self._peer, request.spec.name, error.path)
            unknown = unknown_command(request, extended)
            yield from self._disturbed(request, [unknown], [encode(unknown)])

    def _disturbed(
        self, request: Message, feedbacks: Sequence[Message], frames: Sequence[bytes]
    ) -> Iterator[Act]:
        """Send frames that are all there, as the faults have it."""
        acts = None
        if not self._faults.idle:
            device = self._device
            acts = self._faults.disturb(
                request, frames, feedbacks=feedbacks, now=device.now, channel_count=device.channel_count
            )
        self._tell_feedbacks(feedbacks, [len(frame) for frame in frames])
        if self._journal is not None and self._faults.applied:
            self._journal.write(
                "fault",
                connection=self._number,
                peer=self._peer,
                message=request,
                faults=self._faults.applied,
            )
        if acts is not None:
            yield from acts
        elif frames:
            yield Send(b"".join(frames))

    # --- telling --------------------------------------------------------------------------------

    def _drop(self, request: Message | None, problems: Sequence[Problem], size: int) -> None:
        """Tell of a frame that is not answered."""
        self.dropped += 1
        log.info("%s: dropped: %s", self._peer, ", ".join(sorted({problem.kind for problem in problems})))
        if self._on_message is not None and request is not None:
            self._on_message(Direction.REQUEST, request, problems, self._peer)
        if self._journal is not None:
            self._journal.write(
                "dropped",
                connection=self._number,
                peer=self._peer,
                message=request,
                problems=problems,
                size=size,
            )

    def _tell_answer(self, kept: Answer, size: int) -> None:
        self._tell(Direction.REQUEST, kept.request, (), size)
        self._tell_feedbacks(kept.feedbacks, kept.sizes)

    def _tell_feedbacks(self, feedbacks: Sequence[Message], sizes: Sequence[int]) -> None:
        for feedback, size in zip(feedbacks, sizes, strict=True):
            self._tell(Direction.FEEDBACK, feedback, (), size)

    def _tell(self, direction: Direction, message: Message, problems: Sequence[Problem], size: int) -> None:
        log.debug("%s: %s %s", self._peer, direction, message.spec.name)
        if self._on_message is not None:
            self._on_message(direction, message, problems, self._peer)
        if self._journal is not None:
            self._journal.write(
                direction.value,
                connection=self._number,
                peer=self._peer,
                message=message,
                problems=problems,
                size=size,
            )


def _decode(frame: bytes) -> Decoded:
    return decode(frame, Direction.REQUEST, strict=False)


#: The same for requests that come again and again. A frame with stray bytes in front is another problem.
_decode_once = lru_cache(maxsize=1024)(_decode)
