"""The columns of channel readings: what follows from the declarations of the feedbacks alone.

Which messages have readings follows from their declarations, too: feedbacks with a list ``channels`` of
records that have a voltage.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]

from cti_schema import kinds as k
from cti_schema.columns.many import columns
from cti_schema.message import Direction, Message
from cti_schema.registry import messages

__all__ = ["reading_messages", "reading_schema"]

_FIRST: Final = (
    ("time", pa.float64()), ("connection", pa.int32()), ("frame", pa.int64()), ("channel", pa.int64()),
)  # fmt: skip


@lru_cache(maxsize=1)
def reading_messages() -> tuple[type[Message], ...]:
    """Return the feedbacks that have readings of channels."""
    return tuple(one for one in messages() if one.spec.direction is Direction.FEEDBACK and _record(one))


def _record(message: type[Message]) -> Any:
    field: Any = message.spec.field("channels")
    if isinstance(field, k.Array) and isinstance(field.item, k.Nested):
        record: Any = field.item.record
    elif isinstance(field, k.Member) and field.of.item is not None:
        record = field.of.item.record
    else:
        return None
    return record if record is not None and record.spec.field("voltage_v") is not None else None


@lru_cache(maxsize=1)
def reading_schema() -> tuple[pa.Schema, dict[tuple[str, str], str]]:
    """Return the columns of all messages, and by message and field how a column is called."""
    types: dict[str, pa.DataType] = {}
    kinds: dict[str, Any] = {}
    names: dict[tuple[str, str], str] = {}
    for message in reading_messages():
        record = _record(message)
        for field in columns((), message).arrow("channels").schema:
            if field.name == "frame":
                continue
            name = field.name
            common = _common(types.get(name, field.type), field.type)
            if common is None:
                # The same name for something else: it gets a column of its own.
                name = f"{name}_{message.spec.form}"
                common = field.type
            types[name] = common
            kinds.setdefault(name, record.spec.field(field.name))
            names[message.spec.name, field.name] = name
    fields = [pa.field(name, kind, metadata=_about(kinds[name])) for name, kind in types.items()]
    return pa.schema([*(pa.field(name, kind) for name, kind in _FIRST), *fields]), names


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds the numbers of both."""
    if one == other:
        return one
    if pa.types.is_floating(one) and pa.types.is_floating(other):
        return pa.float64()
    whole = (
        pa.types.is_integer(one) or pa.types.is_boolean(one),
        pa.types.is_integer(other) or pa.types.is_boolean(other),
    )
    return pa.int64() if all(whole) else None


def _about(kind: Any) -> dict[str, str]:
    """Return what a declaration says of a field."""
    enum: Any = kind.of.enum if isinstance(kind, k.Member) else getattr(kind, "enum", None)
    values = {} if enum is None else {"values": json.dumps({member.value: member.label for member in enum})}
    return {name: text for name, text in (("unit", kind.unit), ("doc", kind.doc)) if text} | values
