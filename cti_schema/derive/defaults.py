"""A plain message of any kind, and the plain answer to any request.

Numbers are zero, texts and lists empty, results success. An answer repeats what its declaration
says that it echoes, and comes as often as the declaration says.
"""

from __future__ import annotations

from functools import cache, singledispatch
from typing import Any, Final, TypeVar

from cti_schema import kinds as k
from cti_schema.enumerations import Code
from cti_schema.message import Feedback, Message, Record, Request
from cti_schema.wire.report import unknown_kind

R = TypeVar("R", bound=Record)


def default(record: type[R], **values: Any) -> R:
    """Return a message or a record with plain values.

    Args:
        record: the class.
        values: fields that shall have another value.
    """
    fixed, lists, others = _plan(record)  # type: ignore[arg-type]  # mypy takes a class for unhashable, too
    values = fixed | values
    for name, items in lists:
        if name not in values:
            values[name] = items.copy()
    for kind in others:
        if kind.name not in values:
            values[kind.name] = _default(kind, f"{record.spec.name}.{kind.name}", values)
    return record(**values)


@cache
def _plan(record: type[Record]) -> tuple[dict[str, Any], list[tuple[str, list[Any]]], list[k.Kind]]:
    """Return the plain values that all may share, the lists to copy, and the fields made each time."""
    fixed: dict[str, Any] = {}
    lists = []
    others = []
    for kind in record.spec.values:
        value = None
        if not isinstance(kind, k.Variants):
            value = _default(kind, f"{record.spec.name}.{kind.name}", {})
        if isinstance(value, _SHARED):
            fixed[kind.name] = value
        elif isinstance(value, list) and all(isinstance(item, _SHARED) for item in value):
            lists.append((kind.name, value))
        else:
            others.append(kind)
    return fixed, lists, others


#: What cannot change, so that messages may share it.
_SHARED: Final = (int, float, str, bytes)


def _default(kind: k.Kind, path: str, siblings: dict[str, Any]) -> Any:
    if isinstance(kind, k.Variants):
        return _plain(kind.choose(siblings[kind.by.name]), path)
    if kind.default is not k.MISSING:
        return kind.default.copy() if isinstance(kind.default, (list, dict)) else kind.default
    return _plain(kind, path)


@singledispatch
def _plain(kind: k.Kind, path: str) -> Any:
    unknown_kind(kind, path)


@_plain.register
def _(kind: k.Scalar, path: str) -> Any:
    if kind.is_float:
        return 0.0
    if kind.enum is None:
        return 0
    return plain_value(kind.enum)


def plain_value(values: Any) -> Any:
    """Return the value of an enumeration that is most plain: success, or zero, or the first."""
    if issubclass(values, Code):
        for member in values:
            if member.is_success:
                return member
        return values(0) if 0 in list(values) else next(iter(values))
    return values(0)


@_plain.register(k.Text)
@_plain.register(k.CountedText)
@_plain.register(k.ZText)
@_plain.register(k.PrefixedText)
def _(kind: k.Kind, path: str) -> Any:
    return ""


@_plain.register
def _(kind: k.Data, path: str) -> Any:
    return bytes(kind.length) if isinstance(kind.length, int) else b""


@_plain.register
def _(kind: k.Array, path: str) -> Any:
    count = kind.count if isinstance(kind.count, int) else 0
    return [_plain(kind.item, path) for _ in range(count)]


@_plain.register
def _(kind: k.Table, path: str) -> Any:
    return []


@_plain.register
def _(kind: k.Nested, path: str) -> Any:
    return default(kind.record)


@_plain.register
def _(kind: k.Rest, path: str) -> Any:
    return b""


@_plain.register
def _(kind: k.Document, path: str) -> Any:
    return {}


@_plain.register
def _(kind: k.Member, path: str) -> Any:
    return _json(kind.of, path)


def _json(of: k.JsonType, path: str) -> Any:
    if of.nullable or of.type in ("null", "any"):
        return None
    if of.enum is not None:
        return plain_value(of.enum)
    if of.record is not None:
        return default(of.record)
    return {"text": "", "bool": False, "list": [], "f32": 0.0, "f64": 0.0}.get(of.type, 0)


def feedback_of(request: Message) -> type[Feedback] | None:
    """Return the feedback that a request is answered with, or ``None`` where that is not known."""
    spec = request.spec
    if spec.select is not None:
        field, cases = spec.select
        chosen = cases.get(getattr(request, field, None))  # type: ignore[arg-type]
        if chosen is not None:
            return chosen
    return spec.feedbacks[0] if spec.feedbacks else None


def default_reply(request: Request[Any], *, channel_count: int = 0, **values: Any) -> list[Feedback]:
    """Return the plain answer to a request: one feedback, or one per channel.

    Args:
        request: the request.
        channel_count: channels of the cycler, for requests that are meant for all of them.
        values: fields that shall have another value in every feedback.

    Returns:
        The feedbacks in the order in which they are sent; none where no answer is known.
    """
    feedback = feedback_of(request)
    if feedback is None:
        return []
    spec = request.spec
    echoes = [_echo(request, spec.echo, values)]
    if spec.answers.how == "per_channel":
        items = getattr(request, spec.answers.field)
        echoes = [_echo(request, spec.echo, values, item) for item in items] or echoes
    elif spec.answers.how == "per_channel_if" and getattr(request, spec.answers.field):
        echoes = [{**echoes[0], "channel_index": index} for index in range(channel_count)] or echoes
    return [default(feedback, **echo) for echo in echoes]


def _echo(request: Message, echo: Any, values: dict[str, Any], item: Any = None) -> dict[str, Any]:
    """Return what a feedback repeats: for a list of the request, one item or its field of the same name."""
    found = dict(values)
    for answer_field, request_field in echo.items():
        value = getattr(request, request_field)
        if isinstance(value, list):
            if item is None:
                continue
            value = getattr(item, answer_field) if isinstance(item, Record) else item
        found[answer_field] = value
    return found
