"""One client's connection: bytes in, bytes out. No sockets, no tasks, no clock.

Frames are answered in the order in which they come, whatever they were split or merged into. What a
real server would not understand is not carried out:

- a frame with a wrong checksum or length is dropped in silence, as the vendor's software does, and counted;
- a body that is cut, or that cannot be read, is answered with the unknown-command feedback;
- surplus bytes behind a body, stray bytes in front of a frame, values that are not listed and texts with
  odd characters are no reason to refuse.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cti_schema import Direction, FrameBuffer, Message, Problem, decode, encode
from cti_schema.errors import EncodeError, FrameError
from cti_schema.message import Feedback
from spoofer import behaviour as behaviour  # imported for what it registers
from spoofer.device import Device
from spoofer.replies import Session, answer, unknown_command

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
        on_message: called with every request and feedback. A password is in the message as it came:
            whoever writes it down leaves it out.
        max_frame: largest frame in bytes.

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
        on_message: OnMessage | None = None,
        max_frame: int = MAX_FRAME,
    ) -> None:
        self.session = Session(peer=peer)
        self.received = 0
        self.dropped = 0
        self._device = device
        self._on_message = on_message
        self._frames = FrameBuffer(Direction.REQUEST, max_frame=max_frame)

    def receive(self, data: bytes) -> bytes:
        """Take bytes, and return the bytes that answer them."""
        return b"".join(self.replies(data))

    def replies(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, and yield what answers each frame, worked out when it is asked for.

        Exhaust it before the next call: what is not asked for is not answered.
        """
        for frame in self._frames.feed(data):
            reply = self._reply(frame)
            if reply:
                yield reply

    def _reply(self, frame: bytes) -> bytes:
        self.received += 1
        peer = self.session.peer
        try:
            decoded = decode(frame, Direction.REQUEST, strict=False)
        except FrameError as error:
            self.dropped += 1
            log.info("%s: dropped: %s", peer, error.problem.kind)
            return b""
        request, problems = decoded.message, decoded.problems
        self._tell(Direction.REQUEST, request, problems)
        kinds = {problem.kind for problem in problems}
        if kinds & _DROPPED:
            self.dropped += 1
            log.info("%s: dropped: %s", peer, ", ".join(sorted(kinds)))
            return b""
        extended = decoded.header.extended_code
        if kinds & _NOT_UNDERSTOOD:
            # Only the kinds: the words of a problem may show what a field holds, and it may be a password.
            log.info("%s: %s is not understood: %s", peer, request.spec.name, ", ".join(sorted(kinds)))
            return self._send([unknown_command(request, extended)])
        try:
            return self._send(answer(self._device, self.session, request, extended))
        except EncodeError as error:
            # A derived reply repeats a value that its own field cannot hold.
            log.info("%s: %s cannot be answered: %s does not fit", peer, request.spec.name, error.path)
            return self._send([unknown_command(request, extended)])

    def _send(self, feedbacks: Sequence[Feedback]) -> bytes:
        """Return the frames of feedbacks; none is told to the journal before all of them are built."""
        frames = b"".join(encode(feedback) for feedback in feedbacks)
        for feedback in feedbacks:
            self._tell(Direction.FEEDBACK, feedback, ())
        return frames

    def _tell(self, direction: Direction, message: Message, problems: Sequence[Problem]) -> None:
        log.debug("%s: %s %s", self.session.peer, direction, message.spec.name)
        if self._on_message is not None:
            self._on_message(direction, message, problems, self.session.peer)
