"""Which feedback of a conversation answers which request, and what is odd about it. In bounded memory.

The rules are those of the client (`cti_client.matching`), seen from outside: an observer does not know how
long a client waits, and requests of one kind may be on the wire at the same time. They are answered in the
order in which they came.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
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

#: Requests that wait at most, and answered ones that are remembered, on one connection; and their bytes.
_WAITING: Final = 1024
_ANSWERED: Final = 64
_BYTES: Final = 4 << 20

#: A request with one of these problems is dropped by a cycler: no answer is to be expected.
_DROPPED: Final = frozenset({"checksum", "length", "incomplete"})


@dataclass(slots=True)
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
        self._answered: deque[_Waiting] = deque()
        self._bytes = 0
        self._channel_count: int | None = None

    def feed(self, heard: Heard) -> list[Heard | Unanswered]:
        """Return the requests now known to be unanswered, and then the message, with its answer."""
        found: list[Heard | Unanswered] = []
        if self._waiting and heard.time is not None:
            found.extend(self._overdue(heard.time))
        message = heard.decoded.message
        if heard.direction is Direction.REQUEST:
            if not any(problem.kind in _DROPPED for problem in heard.decoded.header.problems):
                found.extend(self._ask(heard, message))
        else:
            heard.answer = self._answer(heard, message)
        found.append(heard)
        return found

    def close(self, time: float | None, end: str = "connection") -> Iterator[Unanswered]:
        """Yield the requests that nobody answered before the end of the connection, or of the capture."""
        for one in self._waiting:
            if not one.answered and not one.told:
                yield Unanswered(one.heard, f"before the {end} ended", time)
        self._waiting.clear()

    def _ask(self, heard: Heard, message: Message) -> Iterator[Unanswered]:
        expected = Expected(message, self._channel_count) if isinstance(message, Request) else None
        code: int = message.code if isinstance(message, UnknownMessage) else message.spec.code
        if self._waiting:
            # A request whose last answers were never counted out has them by now.
            for one in [one for one in self._waiting if one.answered and one.code == code]:
                self._finish(one)
        self._waiting.append(_Waiting(heard, code, expected))
        self._bytes += len(heard.decoded.frame)
        while self._answered and self._bytes > _BYTES:
            self._forget(self._answered)
        while len(self._waiting) > _WAITING or (self._bytes > _BYTES and len(self._waiting) > 1):
            one = self._forget(self._waiting)
            if not one.answered and not one.told:
                yield Unanswered(one.heard, "and too many wait behind it", heard.time)

    def _finish(self, one: _Waiting) -> None:
        self._waiting.remove(one)
        self._answered.append(one)
        if len(self._answered) > _ANSWERED:
            self._forget(self._answered)

    def _forget(self, requests: deque[_Waiting]) -> _Waiting:
        one = requests.popleft()
        self._bytes -= len(one.heard.decoded.frame)
        return one

    def _overdue(self, now: float) -> Iterator[Unanswered]:
        for one in self._waiting:
            asked = one.heard.time
            if asked is None or now - asked <= self._timeout_s:
                break
            if not one.answered and not one.told:
                one.told = True
                yield Unanswered(one.heard, f"within {self._timeout_s:g} s", asked + self._timeout_s)

    def _answer(self, heard: Heard, message: Message) -> Answer:
        if isinstance(message, (LoginFeedback, LoginJsonFeedback)):
            count = getattr(message, "channel_count", None)
            if isinstance(count, int):  # in a JSON body that is wrong, anything may stand there
                self._channel_count = count or self._channel_count
        one = self._asked_for(message)
        if one is None:
            answered = reversed(self._answered)
            before = next((one for one in answered if _fit(one, message) is Fit.EXACT), None)
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
        answer = self._about("answer", one, heard)
        if answer.response_time is not None and answer.response_time > self._timeout_s:
            answer.kind = "late"
        return answer

    def _about(self, kind: str, one: _Waiting, heard: Heard) -> Answer:
        times = heard.time, one.heard.time
        took = None if times[0] is None or times[1] is None else max(0.0, times[0] - times[1])
        return Answer(kind, one.heard, took)

    def _asked_for(self, message: Message) -> _Waiting | None:
        """Return the request that a feedback fits best, of equal ones the oldest."""
        found, best = None, Fit.NO
        for one in self._waiting:
            fit = _fit(one, message)
            if fit is Fit.EXACT:
                return one
            if fit > best:
                found, best = one, fit
        return found


def _fit(one: _Waiting, message: Message) -> Fit:
    """Tell how well a feedback fits a request."""
    if isinstance(message, UnknownCommandFeedback):
        return Fit.EXACT if getattr(message, "command", None) == one.code else Fit.NO
    if one.expected is None:
        return Fit.EXACT if isinstance(message, UnknownMessage) else Fit.NO
    return one.expected.fits(message)
