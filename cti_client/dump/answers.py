"""Which feedback of a conversation answers which request, and what is odd about it. In bounded memory.

The rules are those of the client (`cti_client.matching`), seen from outside: an observer does not know how
long a client waits, and requests of one kind may be on the wire at the same time. They are answered in the
order in which they came.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cti_client.matching import Expected, Fit
from cti_schema.message import Direction, Message, Request, UnknownMessage
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.login_json import LoginJsonFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback

if TYPE_CHECKING:
    from cti_client.dump.conversation import Heard

__all__ = ["TIMEOUT_S", "Answer", "Answers", "Unanswered"]

#: Seconds after which a request counts as unanswered: as the protocol's description (v1.1) tells clients.
TIMEOUT_S: Final = 10.0

#: Requests that wait at most, and answered ones that are remembered, on one connection.
_WAITING: Final = 1024
_ANSWERED: Final = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What a feedback is to the requests before it.

    Attributes:
        kind: ``answer``, ``late`` (after the time-out), ``duplicate`` or ``unsolicited``.
        request: the request; ``None`` if unsolicited.
        response_time: seconds from the request to this feedback; ``None`` if unsolicited, or without times.
    """

    kind: str
    request: Heard | None = None
    response_time: float | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request that got no answer.

    Attributes:
        request: the request.
        reason: why it counts as unanswered, in words.
        time: Unix time in seconds, UTC, at which that was known.
    """

    request: Heard
    reason: str
    time: float | None

    @property
    def direction(self) -> Direction | None:
        """Neither way: nothing was sent."""
        return None

    @property
    def link(self) -> Any:
        """The connection."""
        return self.request.link


@dataclass(slots=True)
class _Waiting:
    """A request on the wire.

    Attributes:
        expected: what it waits for; ``None`` where nothing is declared for its code.
        answered: a feedback came.
        told: it was named as unanswered.
    """

    heard: Heard
    code: int
    expected: Expected | None
    answered: bool = False
    told: bool = False


class Answers:
    """Matches the feedbacks of one connection to its requests.

    Args:
        timeout_s: seconds after which a request counts as unanswered.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._waiting: deque[_Waiting] = deque()
        self._answered: deque[_Waiting] = deque(maxlen=_ANSWERED)
        self._channel_count: int | None = None

    def feed(self, heard: Heard) -> Iterator[Heard | Unanswered]:
        """Yield the requests that are known to be unanswered by now, and then the message with its answer."""
        yield from self._overdue(heard.time)
        message = heard.decoded.message
        if heard.direction is Direction.REQUEST:
            self._ask(heard, message)
            yield heard
        else:
            yield replace(heard, answer=self._answer(heard, message))

    def close(self, time: float | None, end: str = "connection") -> Iterator[Unanswered]:
        """Yield the requests that nobody answered before the end of the connection, or of the capture."""
        for one in self._waiting:
            if not one.answered and not one.told:
                yield Unanswered(one.heard, f"before the {end} ended", time)
        self._waiting.clear()

    def _ask(self, heard: Heard, message: Message) -> None:
        expected = Expected(message, self._channel_count) if isinstance(message, Request) else None
        code: int = getattr(message, "code", message.spec.code)
        # A request whose last answers were never counted out has them by now.
        for one in [one for one in self._waiting if one.answered and one.code == code]:
            self._finish(one)
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft()
        self._waiting.append(_Waiting(heard, code, expected))

    def _finish(self, one: _Waiting) -> None:
        self._waiting.remove(one)
        self._answered.append(one)

    def _overdue(self, now: float | None) -> Iterator[Unanswered]:
        if now is None:
            return
        for one in self._waiting:
            asked = one.heard.time
            if asked is None or now - asked <= self._timeout_s:
                break
            if not one.answered and not one.told:
                one.told = True
                yield Unanswered(one.heard, f"within {self._timeout_s:g} s", asked + self._timeout_s)

    def _answer(self, heard: Heard, message: Message) -> Answer:
        if isinstance(message, (LoginFeedback, LoginJsonFeedback)):
            self._channel_count = getattr(message, "channel_count", None) or self._channel_count
        one = self._asked_for(message)
        if one is None:
            before = next((one for one in reversed(self._answered) if _fits(one, message)), None)
            return Answer("unsolicited") if before is None else self._about("duplicate", before, heard)
        if one.expected is not None and not isinstance(message, UnknownCommandFeedback):
            if one.expected.repeats(message):
                return self._about("duplicate", one, heard)
            last = one.expected.take(message)
        else:
            last = True
        one.answered = True
        if last:
            self._finish(one)
        late = self._about("late", one, heard)
        if late.response_time is not None and late.response_time > self._timeout_s:
            return late
        return replace(late, kind="answer")

    def _about(self, kind: str, one: _Waiting, heard: Heard) -> Answer:
        times = heard.time, one.heard.time
        took = None if times[0] is None or times[1] is None else max(0.0, times[0] - times[1])
        return Answer(kind, one.heard, took)

    def _asked_for(self, message: Message) -> _Waiting | None:
        exact = next((one for one in self._waiting if _fits(one, message)), None)
        if exact is not None:
            return exact
        weak = [
            one
            for one in self._waiting
            if one.expected is not None and one.expected.fits(message) is Fit.WEAK
        ]
        return weak[0] if weak else None


def _fits(one: _Waiting, message: Message) -> bool:
    if isinstance(message, UnknownCommandFeedback):
        return getattr(message, "command", None) == one.code
    if one.expected is None:
        return isinstance(message, UnknownMessage)
    return one.expected.fits(message) is Fit.EXACT
