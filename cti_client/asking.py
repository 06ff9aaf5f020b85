"""Sending a request and waiting for what answers it: when it may be sent, and when there is no answer."""

from __future__ import annotations

from typing import Final

from cti_client.peer import Call, F, Peer, Send, Wait, valid_timeout
from cti_schema.errors import ClientError, ConfigurationError, ResponseTimeout
from cti_schema.message import Request

__all__ = ["request", "request_all"]

#: How long a request waits for the late answer to an earlier one that could be taken for its own.
DRAIN_S: Final = 1.0

#: Reads without waiting before a request is sent; so many at most, since a peer may never stop sending.
_READS: Final = 16


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
        CommandUnsupported: the cycler does not know the command.
        DecodeError: the answer cannot be read.
        EncodeError: a value does not fit its field; nothing was sent.
    """
    timeout_s = peer.timeout_s if timeout_s is None else valid_timeout(timeout_s)
    session = peer.session
    deadline = session.clock() + timeout_s
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
        if not session.closed:
            peer._drop(session.retiring)
    exchange, data = session.send(message, timeout_s, deadline)
    yield Send(data, exchange.deadline)
    while not exchange.done:
        yield Wait(exchange.deadline)
    return exchange.result()


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
