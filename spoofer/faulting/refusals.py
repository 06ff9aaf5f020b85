"""A refusal in the form that a request's own answer has, found in the declarations. No message is named.

`BUSY` is the result that says that somebody uses the monitor window: which value that is, and where in the
feedback it stands, is in the enumerations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cti_schema.derive.defaults import default, default_reply
from cti_schema.enumerations import Code
from cti_schema.kinds import Array, Kind, Member, Nested, Scalar
from cti_schema.message import Feedback, Message, Record, RecordSpec, Request
from spoofer.faulting.concerns import concerns

__all__ = ["busy"]

#: What the meaning of the result says.
_BUSY: Final = "uses the monitor"


def busy(request: Message, channel_count: int) -> Sequence[Feedback] | None:
    """Return the refusal of a request because somebody uses the monitor window.

    Returns:
        As many feedbacks as the request is answered with; ``None`` if its answer has no such result.
    """
    if not isinstance(request, Request):
        return None
    feedbacks = default_reply(request, channel_count=channel_count)
    if not feedbacks or not _has_busy(feedbacks[0].spec):
        return None
    return [_as_busy(type(one), dict(_values(one)), concerns(request, channel_count)) for one in feedbacks]


def _values(record: Record) -> list[tuple[str, Any]]:
    return [(kind.name, value) for kind, value in record.present()]


def _as_busy(record: type[Any], values: dict[str, Any], channels: Sequence[int]) -> Any:
    """Return a record with these values, and the result in its place: one, or a list of one per channel."""
    for kind in record.spec.layout:
        result, part = _result(kind), _part(kind)
        if result is not None:
            values[kind.name] = result
        elif part is not None and _has_busy(part.spec) and _is_there(kind, values):
            items = [_as_busy(part, {"channel_index": index}, ()) for index in channels]
            values[kind.name] = items
            if isinstance(kind, Array) and isinstance(kind.count, Scalar):
                values[kind.count.name] = len(items)
    return default(record, **values)


def _is_there(kind: Kind, values: dict[str, Any]) -> bool:
    """Tell whether a list is on the wire at all beside these values."""
    if not isinstance(kind, Array) or kind.when is None:
        return True
    by, among = kind.when
    return values.get(by.name) in among


def _has_busy(spec: RecordSpec) -> bool:
    return any(
        _result(kind) is not None or ((part := _part(kind)) is not None and _has_busy(part.spec))
        for kind in spec.layout
    )


def _result(kind: Kind) -> Code | None:
    """Return the value of a field that says busy, or ``None`` if it has none."""
    enum = kind.enum if isinstance(kind, Scalar) else kind.of.enum if isinstance(kind, Member) else None
    if enum is None or not issubclass(enum, Code):
        return None
    return next((member for member in enum if _BUSY in member.meaning), None)


def _part(kind: Kind) -> type[Record] | None:
    """Return the record that a list is made of."""
    if isinstance(kind, Array) and isinstance(kind.item, Nested):
        return kind.item.record
    if isinstance(kind, Member) and kind.of.item is not None:
        return kind.of.item.record
    return None
