"""What a request is answered with: the behaviour registered for it, else what its declaration says.

A request without behaviour is data alone: it gets the derived default reply
(`cti_schema.derive.defaults.default_reply`), plain values, with what the declaration says that it echoes, as
often as it says. Unknown codes, and requests whose feedback is not known, get the unknown-command feedback.

Before a login, and for users who may not control now, queries are answered and control requests are refused
with the result that says so (``ERROR``, 17, or what comes nearest). The documents do not say what a real
server does before a login; this refusal is the one that they give for missing rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from cti_schema.derive.defaults import default, default_reply
from cti_schema.errors import DeclarationError
from cti_schema.kinds import CountedText, Text, ZText
from cti_schema.message import CONTROL, Feedback, Message, Record, Request
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from spoofer.device import Device
from spoofer.machine.texts import cut

if TYPE_CHECKING:
    from spoofer.serving.udp import StreamTo

M = TypeVar("M", bound=Record)
Q = TypeVar("Q", bound=Request[Any])


class Kept(Protocol):
    """What a behaviour keeps for one connection."""

    def close(self) -> None:
        """Let go of everything: the connection has ended."""


K = TypeVar("K", bound=Kept)

#: A function that answers requests of one class; an iterator is sent piece by piece, as it is worked out.
Behaviour = Callable[[Device, "Session", Q], Iterable[Feedback]]


@dataclass(slots=True, eq=False)
class Session:
    """What a cycler knows about one connection.

    Attributes:
        peer: who is at the other end, in words.
        username: who logged in; ``None`` before.
        may_control: whether control requests are carried out; set by the device's `ControlSeat`.
        has_right: whether the user may control, when nobody else does.
        may_be_kicked_out: whether another user may take the place from this one.
        stream_to: set by a shell that has sockets: sends values by UDP; see `spoofer.serving.udp`.
    """

    peer: str = ""
    username: str | None = None
    may_control: bool = False
    has_right: bool = False
    may_be_kicked_out: bool = False
    stream_to: StreamTo | None = None
    _kept: dict[type[Any], Any] = field(default_factory=dict, repr=False)

    def keep(self, kind: type[K]) -> K:
        """Return what a behaviour keeps for this connection: made when first asked for, closed at its end."""
        if kind not in self._kept:
            self._kept[kind] = kind()
        found: K = self._kept[kind]
        return found

    def close(self) -> None:
        """End what is kept for this connection; called when it is closed."""
        while self._kept:
            self._kept.popitem()[1].close()


_BEHAVIOURS: Final[dict[type[Request[Any]], Behaviour[Any]]] = {}
_STEADY: Final[set[type[Request[Any]]]] = set()


def reply_to(request: type[Q], *, steady: bool = False) -> Callable[[Behaviour[Q]], Behaviour[Q]]:
    """Register a function that answers a request.

    It is called with the device, the session and the request, and returns the feedbacks in the order in
    which they are sent. Every field of the request is set when it is called.

    Args:
        request: the class of the requests.
        steady: the answer depends on the request and the device alone, not on who asks, and changes
            nothing: it is the same until the device changes, and may be kept so long.

    Raises:
        DeclarationError: the request has a behaviour already.
    """

    def register(behaviour: Behaviour[Q]) -> Behaviour[Q]:
        if request in _BEHAVIOURS:
            raise DeclarationError(f"{request.spec.name} is answered by a behaviour already")
        _BEHAVIOURS[request] = behaviour
        if steady:
            _STEADY.add(request)
        return behaviour

    return register


def answer(device: Device, session: Session, request: Message, extended_code: int = 0) -> Iterable[Feedback]:
    """Return the feedbacks that answer a request, in the order in which they are sent.

    Args:
        device: the cycler.
        session: the connection that it came by.
        request: the request; an unknown one as well.
        extended_code: of the request's header.
    """
    if request.spec.effect is CONTROL:
        device.seat.take(session)
        device.changed()
    behaviour = _BEHAVIOURS.get(cast(Any, type(request)))
    if behaviour is not None:
        return behaviour(device, session, _complete(cast(Request[Any], request)))
    if isinstance(request, Request):
        feedbacks = default_reply(_complete(request), channel_count=device.channel_count)
        if feedbacks:
            return feedbacks
    return [unknown_command(request, extended_code)]


def is_steady(request: Message) -> bool:
    """Tell whether the answer to a request may be kept until the device changes; see `reply_to`."""
    return type(request) in _STEADY


def unknown_command(request: Message, extended_code: int = 0) -> UnknownCommandFeedback:
    """Return the protocol's own answer to a command that is not known."""
    code: int = getattr(request, "code", request.spec.code)
    return UnknownCommandFeedback(command=code, extended_command=extended_code)


def _complete(record: M) -> M:
    """Return the record with plain values in the place of members that are absent from JSON objects."""
    values = {kind.name: value for kind, value in record.present()}
    if record.spec.form == "json":
        values = {name: _completed(value) for name, value in values.items()}
    elif len(values) == len(record.spec.values):
        return record
    return default(type(record), **values)


def _completed(value: Any) -> Any:
    if isinstance(value, list):
        return [_completed(item) for item in value]
    return _complete(value) if isinstance(value, Record) else value


def refined(record: type[M], values: object, **more: Any) -> M:
    """Return a message or record with plain values, and those that an object has under the same names.

    The names are those of its class: attributes of a dataclass, for example.

    Texts are cut to their fields; characters that a single byte cannot hold become question marks.
    """
    names = _common(cast(Any, record), cast(Any, type(values)))
    if isinstance(values, Record):  # members of a JSON body may be absent
        names = tuple(name for name in names if hasattr(values, name))
    known = {name: getattr(values, name) for name in names if name not in more}
    known.update(more)
    for kind in _texts(cast(Any, record)):
        if known.get(kind.name):
            known[kind.name] = fitted(known[kind.name], kind)
    return default(record, **known)


@cache
def _common(record: Any, of: Any) -> tuple[str, ...]:
    """Return the names that a record has in common with a class."""
    annotated = {name for one in of.__mro__ for name in getattr(one, "__annotations__", ())}
    return tuple(kind.name for kind in record.spec.values if kind.name in annotated or hasattr(of, kind.name))


@cache
def _texts(record: Any) -> tuple[Text | CountedText | ZText, ...]:
    return tuple(kind for kind in record.spec.values if isinstance(kind, Text | CountedText | ZText))


def fitted(text: str, kind: Text | CountedText | ZText) -> str:
    """Return what has a place in a field of a text."""
    if isinstance(kind, ZText):
        return single_bytes(text)[: kind.limit]
    if kind.encoding != "utf-16-le":
        text = single_bytes(text)
    return cut(text, kind.units) if isinstance(kind, Text) else text


def single_bytes(text: str) -> str:
    """Return a text whose every character is a single byte; others become question marks."""
    return text.encode("latin-1", "replace").decode("latin-1")
