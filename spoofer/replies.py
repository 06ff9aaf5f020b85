"""What a request is answered with: the behaviour registered for it, else what its declaration says.

The rule for a request without behaviour goes by its effect:

- a QUERY gets the derived default reply (`cti_schema.derive.defaults.default_reply`): plain values,
  what the declaration says is echoed, as often as the declaration says;
- a CONTROL request gets the unknown-command feedback: an emulator must not claim that it did
  something that it does not do.

Unknown codes, and requests whose feedback is not known, get the unknown-command feedback too.

Before a login, and for users without the control right, queries are answered and control requests are
refused with the result that says so (``ERROR``, 17, or what comes nearest). The documents do not say what
a real server does before a login; this refusal is the one that they give for missing rights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from cti_schema.derive.defaults import default, default_reply
from cti_schema.errors import DeclarationError
from cti_schema.message import QUERY, Feedback, Message, Record, Request
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from spoofer.device import Device

M = TypeVar("M", bound=Record)
Q = TypeVar("Q", bound=Request[Any])

#: A function that answers requests of one class.
Behaviour = Callable[[Device, "Session", Q], Sequence[Feedback]]


@dataclass(slots=True)
class Session:
    """What a cycler knows about one connection.

    Attributes:
        peer: who is at the other end, in words.
        username: who logged in; ``None`` before.
        may_control: whether control requests are carried out.
    """

    peer: str = ""
    username: str | None = None
    may_control: bool = False


_BEHAVIOURS: Final[dict[type[Request[Any]], Behaviour[Any]]] = {}


def reply_to(request: type[Q]) -> Callable[[Behaviour[Q]], Behaviour[Q]]:
    """Register a function that answers a request.

    It is called with the device, the session and the request, and returns the feedbacks in the order in
    which they are sent. Every field of the request is set when it is called.

    Raises:
        DeclarationError: the request has a behaviour already.
    """

    def register(behaviour: Behaviour[Q]) -> Behaviour[Q]:
        if request in _BEHAVIOURS:
            raise DeclarationError(f"{request.spec.name} is answered by a behaviour already")
        _BEHAVIOURS[request] = behaviour
        return behaviour

    return register


def answer(device: Device, session: Session, request: Message, extended_code: int = 0) -> Sequence[Feedback]:
    """Return the feedbacks that answer a request, in the order in which they are sent.

    Args:
        device: the cycler.
        session: the connection that it came by.
        request: the request; an unknown one as well.
        extended_code: of the request's header.
    """
    behaviour = _BEHAVIOURS.get(cast(Any, type(request)))
    if behaviour is not None:
        return behaviour(device, session, _complete(cast(Request[Any], request)))
    if isinstance(request, Request) and request.spec.effect is QUERY:
        feedbacks = default_reply(_complete(request), channel_count=device.channel_count)
        if feedbacks:
            return feedbacks
    return [unknown_command(request, extended_code)]


def unknown_command(request: Message, extended_code: int = 0) -> UnknownCommandFeedback:
    """Return the protocol's own answer to a command that is not known."""
    code: int = getattr(request, "code", request.spec.code)
    return UnknownCommandFeedback(command=code, extended_command=extended_code)


def _complete(request: Request[Any]) -> Request[Any]:
    """Return the request with plain values in the place of members that are absent from its JSON body."""
    values = {kind.name: value for kind, value in request.present()}
    if len(values) == len(request.spec.values):
        return request
    return default(type(request), **values)


def refined(record: type[M], values: object, **more: Any) -> M:
    """Return a message or record with plain values, and those that an object has under the same names."""
    known = {
        kind.name: getattr(values, kind.name) for kind in record.spec.values if hasattr(values, kind.name)
    }
    return default(record, **(known | more))
