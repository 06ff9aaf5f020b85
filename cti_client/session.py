"""The client's side of one connection, without a socket: requests in, bytes out; bytes in, answers out.

The session knows no clock but the one that it is given, waits for nothing and writes nothing: a
deadline is a number that the caller asks for (`Session.next_deadline`) and reports when it has passed
(`Session.expire`).

What keeps a feedback from the wrong request, in a protocol without transaction numbers:

- A feedback must fit: its class, what it repeats, the channels in its lists (`cti_client.matching`).
- Two requests that one feedback could fit are never on their way at the same time:
  `Session.conflict` names the earlier one, and the later one waits for it, unsent.
- A cycler that answers about all channels where one was asked for gets one such question at a time.
- A request whose deadline has passed stays behind and takes its late feedbacks. While it is there,
  it counts as on its way. Who cannot wait for it drops the connection: a new session knows nothing
  of the old one's feedbacks, and no late feedback reaches it.
- A feedback that fits no request is an event, and is given to nobody.

One thing cannot be told: a feedback that a cycler sends twice, where the second one arrives only after
a request of the same kind for the same channel has been sent.

A CONTROL request is handed out as bytes exactly once.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from cti_client.channels import credible
from cti_client.exchange import Event, EventKind, Exchange, unreadable
from cti_client.matching import Expected, Fit
from cti_schema.errors import (
    ClientError,
    CommandUnsupported,
    ConnectionLost,
    CTIError,
    DecodeError,
    NotLoggedIn,
    OutcomeUnknown,
    ResponseTimeout,
)
from cti_schema.message import CONTROL, Direction, Message, Request
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.login_json import LoginJsonFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.problems import Problem
from cti_schema.wire.buffer import Frame, FrameBuffer
from cti_schema.wire.codec import decode, encode

__all__ = ["Event", "EventKind", "Exchange", "Session"]

log: Final = logging.getLogger("cti_client.session")

#: How long after its first answer a request that may be answered twice waits for the second.
GRACE_S: Final = 1.0


class Session:
    """The client's side of one connection.

    Args:
        clock: returns seconds that never run backwards.
        tap: is called with the direction and the bytes of everything sent and received, in order.

    Attributes:
        login: the last login feedback, classic or JSON, whatever its result.
        closed: the connection is gone; why, as text, or an empty text.
        ignored: frames that came and could not be trusted.
        retiring: why the connection will be dropped as soon as nothing waits any more; or an empty text.
    """

    def __init__(
        self, clock: Callable[[], float], *, tap: Callable[[Direction, bytes], None] | None = None
    ) -> None:
        self.clock = clock
        self.login: LoginFeedback | LoginJsonFeedback | None = None
        self.closed = ""
        self.ignored = 0
        self.retiring = ""
        self._tap = tap
        self._buffer = FrameBuffer(Direction.FEEDBACK)
        self._open: list[Exchange] = []  # in the order of sending
        self._recent: deque[Expected] = deque(maxlen=32)
        self._hinted = False
        self._wide = False  # a read of one channel was answered with all of them

    @property
    def logged_in(self) -> bool:
        """Whether the cycler has accepted a login on this connection."""
        result = getattr(self.login, "result", None)
        return result is not None and result.is_success

    @property
    def version(self) -> int:
        """Version of the cycler's software by its login feedback; 0 before there is one."""
        return int(getattr(self.login, "version", 0))

    @property
    def channel_count(self) -> int | None:
        """Number of channels by the login feedback, or ``None`` before there is one."""
        count = getattr(self.login, "channel_count", None) if self.logged_in else None
        return None if count is None else credible(count)

    @property
    def waiting(self) -> list[Exchange]:
        """Requests that still wait for an answer, in the order of sending."""
        return [exchange for exchange in self._open if not exchange.done]

    @property
    def next_deadline(self) -> float | None:
        """When `expire` must be called next, or ``None`` while nothing waits."""
        times = [exchange.deadline for exchange in self.waiting]
        times += [exchange.leaves for exchange in self._open if exchange.leaves is not None]
        return min(times, default=None)

    def conflict(self, request: Request[Any]) -> Exchange | None:
        """Return an earlier request on its way whose feedback could be taken for this one's, if any."""
        expected = Expected(request, self.channel_count)
        return next((one for one in self._open if one.expected.overlaps(expected, wide=self._wide)), None)

    def send(
        self, request: Request[Any], timeout_s: float, deadline: float | None = None
    ) -> tuple[Exchange, bytes]:
        """Begin an exchange.

        Args:
            request: the request.
            timeout_s: seconds that its answers may take.
            deadline: when they must be there, on the session's clock; by default that long from now.

        Returns:
            The exchange, and the bytes that must now be written to the connection.

        Raises:
            EncodeError: a value does not fit its field.
            ConnectionLost: the connection is gone; nothing was sent.
            NotLoggedIn: the end of the answers can be told only after a login.
            ClientError: an earlier request is in the way; see `conflict`.
        """
        name = request.spec.name
        if self.closed:
            raise ConnectionLost(f"{name} was not sent: {self.closed}")
        data = encode(request)
        expected = Expected(request, self.channel_count)
        if expected.needs_count:
            raise NotLoggedIn(f"{name} for all channels needs a login first: their number is not known")
        if self.conflict(request) is not None:
            raise ClientError(f"{name} was not sent: an earlier request still waits for the same feedback")
        if deadline is None:
            deadline = self.clock() + timeout_s
        exchange = Exchange(request, timeout_s, deadline, expected, self.ignored)
        self._open.append(exchange)
        if self._tap is not None:
            self._tap(Direction.REQUEST, data)
        log.debug("sent %r, %d bytes", request, len(data))
        return exchange, data

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the connection.

        Exchanges that they complete are ``done`` afterwards.

        Returns:
            What came besides answers.
        """
        if self._tap is not None:
            self._tap(Direction.FEEDBACK, data)
        events = [event for frame in self._buffer.feed(data) if (event := self._frame(frame)) is not None]
        for event in events:
            log.info("%s", event.text)
        return events

    def expire(self, now: float | None = None) -> list[Exchange]:
        """Give up the exchanges whose deadline has passed, and return them.

        They keep taking their late feedbacks, so that no later request gets them.
        """
        now = self.clock() if now is None else now
        self._open = [one for one in self._open if one.leaves is None or one.leaves > now]
        expired = [exchange for exchange in self.waiting if exchange.deadline <= now]
        for exchange in expired:
            reason = f"no answer within {exchange.timeout_s:g} s"
            if exchange.feedbacks:
                reason = f"only {len(exchange.feedbacks)} of its answers came, the next not within "
                reason += f"{exchange.timeout_s:g} s"
            ignored = self.ignored - exchange.ignored_before
            if ignored:
                frames = "1 frame" if ignored == 1 else f"{ignored} frames"
                reason += f", and {frames} that came cannot be trusted"
            self._give_up(exchange, reason, ResponseTimeout)
        return expired

    def connection_lost(self, reason: str = "the connection was closed") -> list[Exchange]:
        """Give up everything, because no bytes will come any more. Returns the exchanges that waited.

        Args:
            reason: what happened, as the beginning or the whole of a sentence.
        """
        if self.closed:
            return []
        if self._buffer.pending:
            reason += f", {self._buffer.pending} bytes into a frame"
        self.closed = reason
        lost = self.waiting
        self._open.clear()
        for exchange in lost:
            self._give_up(exchange, reason, ConnectionLost)
        return lost

    def _give_up(
        self,
        exchange: Exchange,
        reason: str,
        error: type[ResponseTimeout | ConnectionLost],
        cause: CTIError | None = None,
    ) -> None:
        """End an exchange without an answer; a control request may have taken effect all the same."""
        request = exchange.request
        if request.spec.effect is CONTROL:
            exchange.error = OutcomeUnknown(request, reason, exchange.feedbacks)
            exchange.error.__cause__ = cause
        else:
            exchange.error = cause or error(f"{request.spec.name}: {reason}")
        exchange.done = True
        log.info("%s", exchange.error)

    def _frame(self, frame: Frame) -> Event | None:
        try:
            decoded = decode(frame, Direction.FEEDBACK, strict=False)
        except DecodeError as error:
            return self._distrust(error.problem)
        if decoded.header.problems:
            return self._distrust(decoded.header.problems[0])
        log.debug("received %r", decoded.message)
        return self._message(decoded.message, decoded.problems)

    def _distrust(self, problem: Problem) -> Event:
        self.ignored += 1
        if problem.kind == "checksum" and isinstance(problem.expected, int) and not self._hinted:
            # Only a late checksum has a place, a number, as what is expected.
            self._hinted = True
            log.warning(
                "the peer puts its checksums behind the place where the length puts them, as a known "
                "emulator does; no cycler does so, and such frames are ignored"
            )
        return Event(EventKind.BAD_FRAME, f"a frame was ignored: {problem}", problem=problem)

    def _message(self, message: Message, problems: list[Problem]) -> Event | None:
        if isinstance(message, (LoginFeedback, LoginJsonFeedback)) and unreadable(message, problems) is None:
            self.login = message
        if isinstance(message, UnknownCommandFeedback):
            return self._unsupported(message)
        exchange = self._addressee(message)
        if exchange is None:
            name = message.spec.name
            if any(expected.fits(message) is Fit.EXACT for expected in self._recent):
                return Event(EventKind.DUPLICATE, f"{name} came once more", message)
            return Event(EventKind.UNSOLICITED, f"{name} came, which no request waits for", message)
        return self._answer(exchange, message, problems)

    def _addressee(self, message: Message) -> Exchange | None:
        """Return the exchange that a feedback belongs to, or ``None``."""
        fits = [(exchange.expected.fits(message), exchange) for exchange in self._open]
        exact = [exchange for fit, exchange in fits if fit is Fit.EXACT]
        if exact:
            return exact[0]  # there is but one: `send` lets no second in
        wide = [exchange for fit, exchange in fits if fit is Fit.WIDE]
        if wide:
            # Several may be on their way only before this was known. Answers come in the order of asking.
            self._wide = True
            return wide[0]
        same_class = [exchange for exchange in self._open if exchange.expected.feedback is type(message)]
        weak = [exchange for fit, exchange in fits if fit is Fit.WEAK]
        return weak[0] if weak and len(same_class) == 1 else None

    def _answer(self, exchange: Exchange, message: Message, problems: list[Problem]) -> Event | None:
        name = message.spec.name
        if exchange.expected.repeats(message):
            return Event(EventKind.DUPLICATE, f"{name} came once more", message)
        problem = unreadable(message, problems)
        late = exchange.done
        if problem is not None and exchange.expected.several:
            # Which channel or piece it was about may not be in it: more may come, so the exchange stays.
            last = False
        else:
            last = exchange.expected.take(message)
        index = exchange.expected.impossible
        if problem is None and index is not None:
            text = f"no cycler has a channel of the index {index}"
            problem = Problem("value", text, "channels", found=index)
        if last:
            self._recent.append(exchange.expected)
            if exchange.expected.grace and exchange.leaves is None:
                exchange.leaves = self.clock() + GRACE_S
            else:
                self._open.remove(exchange)
        if late:
            if exchange.error is None:
                return Event(EventKind.DUPLICATE, f"{name} came a second time, as from old servers", message)
            if isinstance(exchange.error, OutcomeUnknown) and problem is None:
                exchange.error.feedbacks.append(message)  # it may be asked what became of the request
            return Event(EventKind.LATE, f"{name} came after the deadline of its request", message)
        if problem is not None:
            reason = f"its answer cannot be read: {problem}"
            self._give_up(exchange, reason, ResponseTimeout, DecodeError(problem))
            return None
        exchange.feedbacks.append(message)
        exchange.done = last
        if exchange.request.spec.answers.how == "pieces":
            exchange.deadline = self.clock() + exchange.timeout_s
        return None

    def _unsupported(self, message: UnknownCommandFeedback) -> Event | None:
        code = getattr(message, "command", None)
        asked = [exchange for exchange in self._open if exchange.request.spec.code == code]
        asked = [exchange for exchange in asked if exchange.leaves is None]
        if not asked:
            text = "the cycler says that it does not know a command"
            text += "" if code is None else f" (0x{code:08X}) that nothing waits for"
            return Event(EventKind.UNSOLICITED, text, message)
        exchange = min(asked, key=lambda exchange: not exchange.done)
        self._open.remove(exchange)
        if exchange.done:
            return Event(EventKind.LATE, f"{exchange.request.spec.name} is not known to the cycler", message)
        name = exchange.request.spec.name
        exchange.error = CommandUnsupported(f"the cycler does not know the command {name} (0x{code:08X})")
        exchange.done = True
        return None
