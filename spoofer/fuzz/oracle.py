"""What was sent and what came back in, what is wrong with the server out. No sockets, no clock.

Answers have no numbers: they are laid beside the requests in their order, at the least cost, as two versions
of a text are compared. What must answer is missing, what is there twice is too much, what must be refused
costs when it is answered with success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cti_schema.errors import CTIError
from cti_schema.message import Direction, Message, UnknownMessage
from cti_schema.wire.buffer import FrameBuffer
from cti_schema.wire.codec import decode
from cti_schema.wire.frame import TOKEN
from spoofer.fuzz.case import Expect, Part
from spoofer.fuzz.failure import Failure, Kind
from spoofer.fuzz.wanted import Fit, Wanted, is_success

#: Where something is wrong, so many answers are laid beside the requests, and so many beside one of them.
_LAID, _RUN = 200, 40

#: What is wrong costs so much; what is allowed costs nothing.
_MISSING, _SURPLUS, _OTHER, _ACCEPTED = 5, 5, 4, 4


@dataclass(slots=True)
class Heard:
    """What came back on one connection.

    Attributes:
        data: every byte.
        ended: how the server ended the connection: ``"closed"``, ``"reset"``, or empty if it did not.
        fence: the last request is a plain one, whose answer tells that all others were answered before.
        late: the deadline passed before that answer.
    """

    data: bytes
    ended: str = ""
    fence: bool = False
    late: bool = False


def judge(parts: Sequence[Part], heard: Heard, channel_count: int) -> Failure | None:
    """Return what is wrong with what came back, or ``None``.

    Args:
        parts: what was sent, in its order; the fence at its end, if there was one.
        heard: what came back.
        channel_count: channels of the cycler.
    """
    bad = next((at for at, part in enumerate(parts) if part.expect is not Expect.ANSWER), None)
    try:
        messages = feedbacks(heard.data, whole=not heard.ended or bad is None)
    except CTIError as error:
        return Failure(Kind.MALFORMED, f"{_about(parts)} is answered with what does not decode: {error}")
    wanted = [Wanted(part.request, channel_count) for part in parts]
    taken, surplus = align(parts, wanted, messages)
    for at, mine in enumerate(taken):
        failure = _of_part(parts, wanted, at, mine, heard, bad)
        if failure is not None:
            return failure
    for message in surplus:
        for part, one in zip(parts, wanted, strict=True):
            if one.fits(message) is Fit.YES and part.request is not None:
                return Failure(Kind.TWICE, f"{_name(part)} is answered again: {message.spec.name} too much")
        what = f"0x{message.code:08X}" if isinstance(message, UnknownMessage) else message.spec.name
        return Failure(Kind.WRONG, f"{what} comes, which answers nothing that was sent ({_about(parts)})")
    return None


@lru_cache(maxsize=512)
def feedback(frame: bytes) -> Message:
    """Return the feedback in a frame, strictly decoded. Many come again and again: do not change it.

    Raises:
        CTIError: it is not sound.
    """
    return decode(frame, Direction.FEEDBACK)


def feedbacks(data: bytes, *, whole: bool = True) -> list[Message]:
    """Return the feedbacks in a stream, strictly decoded.

    Args:
        data: the stream.
        whole: it must end with a whole frame.

    Raises:
        CTIError: it is no sequence of sound frames.
    """
    buffer = FrameBuffer(Direction.FEEDBACK)
    found = []
    for frame in buffer.feed(data):
        if frame.stray:
            raise CTIError(f"{frame.stray} bytes that belong to no frame stand before {frame[:20].hex()}")
        found.append(feedback(bytes(frame)))
    left = buffer.pending + buffer.stray
    if left and whole:
        raise CTIError(f"the stream ends with {left} bytes that are no whole frame")
    return found


def align(
    parts: Sequence[Part], wanted: Sequence[Wanted], messages: Sequence[Message]
) -> tuple[list[list[Message]], list[Message]]:
    """Lay feedbacks beside what was sent, at the least cost.

    Returns:
        For each part the feedbacks that answer it; and those that answer nothing.
    """
    plain = _plainly(parts, wanted, messages)
    if plain is not None:
        return plain, []
    messages = messages[:_LAID]
    # best[i][j]: cost of what is behind part i and message j, and what is done there: so many messages are
    # the part's, or -1 where one message is nobody's.
    count, there = len(parts), len(messages)
    best: list[list[tuple[int, int]]] = [[(0, 0)] * (there + 1) for _ in range(count + 1)]
    for j in range(there - 1, -1, -1):
        best[count][j] = (best[count][j + 1][0] + _SURPLUS, -1)
    for i in range(count - 1, -1, -1):
        for j in range(there, -1, -1):
            choice = (best[i][j + 1][0] + _SURPLUS, -1) if j < there else (1 << 30, -1)
            for size in range(min(wanted[i].most, there - j, _RUN) + 1):
                if size and _fit(parts[i], wanted[i], messages[j + size - 1]) is Fit.NO:
                    break
                cost = _cost(parts[i], wanted[i], messages[j : j + size]) + best[i + 1][j + size][0]
                if cost < choice[0]:
                    choice = cost, size
            best[i][j] = choice
    taken: list[list[Message]] = []
    surplus: list[Message] = []
    i = j = 0
    while i < count or j < there:
        size = best[i][j][1]
        if size < 0:
            surplus.append(messages[j])
            j += 1
        else:
            taken.append(list(messages[j : j + size]))
            i, j = i + 1, j + size
    return taken, surplus


def _plainly(
    parts: Sequence[Part], wanted: Sequence[Wanted], messages: Sequence[Message]
) -> list[list[Message]] | None:
    """Return the feedbacks of each part where nothing is wrong and nothing is to be chosen."""
    at = 0
    taken = []
    for number, (part, one) in enumerate(zip(parts, wanted, strict=True)):
        mine: list[Message] = []
        while len(mine) < one.most and at < len(messages) and _fit(part, one, messages[at]) is Fit.YES:
            following = number + 1 if mine and number + 1 < len(parts) else None
            if (
                following is not None
                and _fit(parts[following], wanted[following], messages[at]) is Fit.YES
                and one.complete(mine)
            ):
                break
            mine.append(messages[at])
            at += 1
        if _cost(part, one, mine):
            return None
        taken.append(mine)
    return taken if at == len(messages) else None


def _fit(part: Part, wanted: Wanted, message: Message) -> Fit:
    if part.request is None and part.expect is Expect.ANYTHING and TOKEN in part.data:
        return Fit.YES  # whatever the server read in it
    return wanted.fits(message)


def _cost(part: Part, wanted: Wanted, mine: Sequence[Message]) -> int:
    cost = sum(_OTHER for message in mine if _fit(part, wanted, message) is Fit.OTHER)
    if part.expect is Expect.ANSWER:
        return cost if wanted.complete(mine) else cost + _MISSING
    if part.expect is Expect.REFUSAL:
        return cost + sum(_ACCEPTED for message in mine if is_success(message))
    return cost


def _of_part(
    parts: Sequence[Part],
    wanted: Sequence[Wanted],
    at: int,
    mine: Sequence[Message],
    heard: Heard,
    bad: int | None,
) -> Failure | None:
    """Return what is wrong with the answer to one part."""
    part = parts[at]
    name = _name(part)
    for message in mine:
        if _fit(part, wanted[at], message) is Fit.OTHER:
            return Failure(Kind.WRONG, f"{name} is answered for another one: {_shown(message)}")
    if part.expect is Expect.REFUSAL:
        for message in mine:
            if is_success(message):
                return Failure(
                    Kind.ACCEPTED, f"{name} must be refused, and is answered with {_shown(message)}"
                )
    if part.expect is not Expect.ANSWER or wanted[at].complete(mine):
        return None
    if heard.ended:
        # A reset throws away what was not yet read, so it may have been answered.
        if bad is not None and (bad < at or heard.ended == "reset"):
            return None
        return Failure(Kind.MISSING, f"{name} is not answered: the connection is {heard.ended} instead")
    if heard.late and not mine:
        return Failure(Kind.HANG, f"{name} is not answered in time, and the connection stays open")
    what = "not answered" if not mine else f"answered in part: {len(mine)} feedbacks"
    return Failure(Kind.MISSING, f"{name} is {what}, while a request behind it is")


def _name(part: Part) -> str:
    return part.request.spec.name if part.request is not None else f"{len(part.data)} bytes"


def _about(parts: Sequence[Part]) -> str:
    return ", ".join(dict.fromkeys(_name(part) for part in parts[:3]))


def _shown(message: Message) -> str:
    text = repr(message)
    return text if len(text) <= 120 else f"{text[:117]}..."
