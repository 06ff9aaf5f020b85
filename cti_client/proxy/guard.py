"""What a client that may only look is let send to the cycler, and what it gets instead. No sockets.

Only whole requests that are declared as queries pass. A control request is answered with its own feedback
and the result that means that the right is missing, where it has one, else with the protocol's
unknown-command feedback; so is a command that is not declared, because nobody knows what it does. Frames
with a wrong length or checksum, and bytes that are no frame, are dropped, as a cycler drops them.
"""

from __future__ import annotations

from typing import Any, Final

from cti_schema import kinds as k
from cti_schema.derive.defaults import default, default_reply
from cti_schema.enumerations import ResultCode
from cti_schema.errors import CTIError
from cti_schema.message import CONTROL, Direction, Feedback, Message, Request
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.wire.buffer import FrameBuffer
from cti_schema.wire.codec import decode, encode

__all__ = ["Guard"]

#: What the result is called that a user without the right to control gets; source: rules.md, section 4.
_NO_RIGHT: Final = "ERROR"

#: Most bytes of refusals that wait until the cycler has said a whole frame.
_MOST_HELD: Final = 2**20

#: A frame with one of these problems is not what it claims to be.
_WRONG: Final = frozenset({"checksum", "length", "incomplete"})


class Guard:
    """Both directions of one connection.

    Attributes:
        refused: control requests and unknown commands that were not let through.
        dropped: frames, or runs of bytes, that were no requests.
    """

    def __init__(self) -> None:
        self.refused = 0
        self.dropped = 0
        self._requests = FrameBuffer(Direction.REQUEST)
        self._feedbacks = FrameBuffer(Direction.FEEDBACK)
        self._held = b""

    def requests(self, data: bytes) -> tuple[bytes, bytes]:
        """Take bytes of the client.

        Returns:
            What goes on to the cycler, and what goes back to the client now.

        Raises:
            ConnectionAbortedError: too many refusals wait for the end of a frame of the cycler.
        """
        onwards = []
        for frame in self._requests.feed(data):
            self.dropped += bool(frame.stray)
            decoded = decode(frame, Direction.REQUEST, strict=False)
            if _WRONG & {problem.kind for problem in decoded.header.problems}:
                self.dropped += 1
            elif not _may_control(decoded.message):
                onwards.append(bytes(frame))
            else:
                self.refused += 1
                self._held += b"".join(_refusal(decoded.message))
                if self._feedbacks.pending and len(self._held) > _MOST_HELD:
                    raise ConnectionAbortedError("the cycler is silent in the middle of a frame")
        return b"".join(onwards), self._release()

    def feedbacks(self, data: bytes) -> bytes:
        """Take bytes of the cycler, and return what goes to the client: no answer inside another frame."""
        self._feedbacks.feed(data)
        pending = self._feedbacks.pending
        if pending >= len(data):
            return data
        whole = len(data) - pending
        return data[:whole] + self._release(between=True) + data[whole:]

    def _release(self, *, between: bool = False) -> bytes:
        """Return the refusals that wait, if the cycler is not in the middle of a frame."""
        if self._feedbacks.pending and not between:
            return b""
        held, self._held = self._held, b""
        return held


def _may_control(message: Message) -> bool:
    return not isinstance(message, Request) or message.spec.effect is CONTROL


def _refusal(message: Message) -> list[bytes]:
    """Return the frames that refuse a request."""
    if isinstance(message, Request):
        try:
            refused = [_without_right(feedback) for feedback in default_reply(message, channel_count=1)]
            if refused and None not in refused:
                return [encode(one) for one in refused if one is not None]
        except (CTIError, AttributeError):
            pass  # the body is not whole: what it repeats is not there
    code: int = getattr(message, "code", message.spec.code)
    return [encode(default(UnknownCommandFeedback, command=code))]


def _without_right(feedback: Feedback) -> Feedback | None:
    """Return a feedback with the result that says that the right is missing; ``None`` if it has none."""
    values: dict[str, Any] = {kind.name: value for kind, value in feedback.present()}
    for kind in feedback.spec.layout:
        result = _result(kind)
        if result is not None:
            return default(type(feedback), **(values | {kind.name: result}))
    return None


def _result(kind: k.Kind) -> ResultCode | None:
    enum = kind.enum if isinstance(kind, k.Scalar) else kind.of.enum if isinstance(kind, k.Member) else None
    if enum is None or not issubclass(enum, ResultCode):
        return None
    found: ResultCode | None = enum.__members__.get(_NO_RIGHT)
    return found
