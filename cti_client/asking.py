"""Sending requests and waiting for what answers them: when one may be sent, again or at all.

The one place that decides on sending: a request that changes something is handed out once, and one that
asks for something is handed out again only on a new connection, before its deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from cti_client.exchange import Exchange
from cti_client.peer import Call, ChannelPeer, F, Peer, Send, Wait, valid_timeout
from cti_client.readings import refused
from cti_client.reconnect import restored
from cti_schema.errors import (
    ClientError,
    ConfigurationError,
    ConnectionLost,
    CTIError,
    LoginRefused,
    OutcomeUnknown,
    ResponseTimeout,
)
from cti_schema.message import Request
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.registry import registry

__all__ = [
    "accepted",
    "begin",
    "command",
    "failed",
    "ready",
    "request",
    "request_all",
    "request_many",
    "variant",
]

#: How long a request waits for the late answer to an earlier one that could be taken for its own.
DRAIN_S: Final = 1.0

#: Reads without waiting before a request is sent; so many at most, since a peer may never stop sending.
_READS: Final = 16


def ready(peer: Peer, deadline: float) -> Call[bool]:
    """Bring a lost connection back, where that is wanted, and tell whether it was brought back."""
    return (yield from restored(peer, deadline, _log_in))


def begin(peer: Peer, message: Request[F], timeout_s: float, deadline: float) -> Call[Exchange]:
    """Send a request as soon as no earlier one is in its way, and return the exchange.

    Raises:
        ConnectionLost: the connection is gone, and nothing was sent.
        ResponseTimeout: an earlier request was in the way until the deadline, and nothing was sent.
        EncodeError: a value does not fit its field, and nothing was sent.
    """
    session = peer.session
    for _ in range(_READS):
        now = session.clock()
        if now >= deadline or not (yield Wait(now)):
            break
    drained = min(deadline, session.clock() + DRAIN_S)
    while not session.retiring and (earlier := session.conflict(message)) is not None:
        other = earlier.request.spec.name
        until = drained if earlier.done else deadline
        if session.clock() >= until:
            if not earlier.done:
                raise ResponseTimeout(f"{message.spec.name} was not sent: an earlier {other} is not done")
            session.retiring = (
                f"the connection was dropped, because the answer to an earlier {other} may still come and "
                "could not be told apart; connect and log in again"
            )
        else:
            yield Wait(min(until, session.next_deadline or until))
    if session.retiring:
        # Others may still wait for their answers, and nothing new is sent meanwhile.
        while session.waiting and session.clock() < deadline:
            yield Wait(min(deadline, session.next_deadline or deadline))
        if not session.closed and session is peer.session:
            peer._drop(session.retiring)
    exchange, data = session.send(message, timeout_s, deadline)
    yield Send(data, exchange.deadline)
    return exchange


def failed(peer: Peer, error: CTIError) -> CTIError:
    """Return an error as a caller gets it: one that can be resolved knows whom to ask."""
    if isinstance(error, OutcomeUnknown):
        error._ask = peer._resolve
    return error


def request_all(peer: Peer, message: Request[F], timeout_s: float | None = None) -> Call[list[F]]:
    """Send any declared request, and return all feedbacks that answer it, in the order in which they came.

    It returns them whatever their result codes say.

    Args:
        message: the request.
        timeout_s: seconds that the answers may take; by default those of the cycler.

    Raises:
        OutcomeUnknown: it changes something, was sent, and was not answered in time or at all.
        ResponseTimeout: it was not answered in time. Asking again does no harm.
        ConnectionLost: the connection ended before the answer, or was gone already.
        ConnectError: the connection was lost and did not come back in time.
        CommandUnsupported: the cycler does not know the command.
        DecodeError: the answer cannot be read.
        EncodeError: a value does not fit its field; nothing was sent.
    """
    timeout_s = peer.timeout_s if timeout_s is None else valid_timeout(timeout_s)
    deadline = peer.clock() + timeout_s
    while True:
        yield from ready(peer, deadline)
        session = peer._session
        try:
            exchange = yield from begin(peer, message, timeout_s, deadline)
            while not exchange.done:
                yield Wait(exchange.deadline)
            feedbacks = exchange.result()
        except ConnectionLost:
            # A request that was sent and changes something does not end so: this one may go out again.
            standing = peer._standing
            if standing is None or not standing.comes_back or peer.clock() >= deadline:
                raise
            standing.lost(session, peer.clock())
            continue
        except CTIError as error:
            raise failed(peer, error)  # noqa: B904 - the same one
        if peer._standing is not None:
            peer._standing.worked()
        return feedbacks


def request_many(
    peer: Peer, messages: Sequence[Request[Any]], timeout_s: float | None = None
) -> Call[list[list[Any] | CTIError]]:
    """Send requests one behind the other without waiting in between, and return what came of each.

    One that fails keeps no other from being sent.

    Args:
        messages: the requests; no two may be answered by the same feedback.
        timeout_s: seconds that all answers may take.
    """
    timeout_s = peer.timeout_s if timeout_s is None else valid_timeout(timeout_s)
    deadline = peer.clock() + timeout_s
    begun: list[Exchange | CTIError] = []
    for message in messages:
        while True:
            session = None
            try:
                yield from ready(peer, deadline)
                session = peer._session
                begun.append((yield from begin(peer, message, timeout_s, deadline)))
            except ConnectionLost as error:
                standing = peer._standing
                if standing is not None and standing.comes_back and peer.clock() < deadline:
                    standing.lost(session, peer.clock())
                    continue
                begun.append(error)
            except ClientError as error:
                begun.append(error)
            break
    for one in begun:
        while isinstance(one, Exchange) and not one.done:
            yield Wait(one.deadline)
    found: list[list[Any] | CTIError] = []
    for one in begun:
        if isinstance(one, Exchange):
            try:
                found.append(one.result())
            except CTIError as error:
                found.append(failed(peer, error))
        else:
            found.append(one)
    return found


def request(peer: Peer, message: Request[F], timeout_s: float | None = None) -> Call[F]:
    """Send any declared request, and return the feedback that answers it, typed to that request.

    It returns it whatever its result code says.

    Args:
        message: the request.
        timeout_s: seconds that the answer may take; by default those of the cycler.

    Raises:
        ConfigurationError: more than one feedback will come; use ``request_all``.
        ClientError: as for ``request_all``.
    """
    answers = message.spec.answers
    many = answers.how == "pieces"
    if answers.how == "per_channel":
        many = len(getattr(message, answers.field)) > 1
    elif answers.how == "per_channel_if":
        many = bool(getattr(message, answers.field))
    if many:
        raise ConfigurationError(f"{message.spec.name} is answered by {answers}: use request_all()")
    feedbacks = yield from request_all(peer, message, timeout_s)
    if len(feedbacks) > 1:
        raise ClientError(f"{len(feedbacks)} feedbacks answer {message.spec.name}: use request_all()")
    return feedbacks[0]


def variant(peer: Peer, message: type[Request[F]]) -> Callable[..., Request[F]]:
    """Return the variant of a request that the cycler's version asks for."""
    return cast(Callable[..., Request[F]], registry().variant(message, peer.version))


def accepted(feedback: F, message: Request[Any], channel: int | None = None) -> F:
    """Return a feedback whose result is success.

    Raises:
        ResultError: it is not.
    """
    result = cast(Any, feedback).result
    if not result.is_success:
        raise refused(message, feedback, result, channel)
    return feedback


def command(channel: ChannelPeer, message: Request[F], timeout_s: float | None) -> Call[F]:
    """Send a command to one channel, and return its feedback.

    Raises:
        ResultError: the cycler refused.
    """
    feedback = yield from request(channel.cycler, message, timeout_s)
    return accepted(feedback, message, channel.number)


def refused_login(peer: Peer, user: str, feedback: LoginFeedback) -> LoginRefused:
    """Return the error for a login that the cycler did not accept."""
    return LoginRefused(
        f"{peer.address} refused the login of {user!r}: {feedback.result.meaning}", int(feedback.result)
    )


def _log_in(peer: Peer, user: str, password: str, deadline: float) -> Call[LoginFeedback]:
    """Log in on the connection as it is."""
    timeout_s = max(deadline - peer.clock(), 0.001)
    exchange = yield from begin(peer, Login(username=user, password=password), timeout_s, deadline)
    while not exchange.done:
        yield Wait(exchange.deadline)
    (feedback,) = exchange.result()
    if not feedback.result.is_success:
        raise refused_login(peer, user, feedback)
    return feedback  # type: ignore[no-any-return]
