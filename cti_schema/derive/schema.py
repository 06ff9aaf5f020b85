"""The whole schema as plain data: an open description of CTI that other programs can read.

Nothing is left out: every message, field, enumeration and version set that is declared. The result is
strict JSON. Enumerations stand once, under their names; records stand in the fields that are made of
them, because records of different messages share names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch
from typing import Any, Final

from cti_schema import enums, versions
from cti_schema import kinds as k
from cti_schema.derive.jsonform import json_value
from cti_schema.derive.layout import type_text
from cti_schema.enumerations import Code, Flags
from cti_schema.errors import DeclarationError
from cti_schema.message import Direction, Message, MessageSpec, RecordSpec
from cti_schema.problems import KINDS as PROBLEMS
from cti_schema.wire.frame import LEAST_FRAME, TOKEN, frame_size
from cti_schema.wire.report import BODY_OFFSET, unknown_kind

__all__ = ["enumerations", "field", "message", "schema"]

#: Changes when what is there changes its meaning; more may be added without a change.
FORMAT: Final = 1


def schema(messages: Iterable[type[Message]]) -> dict[str, Any]:
    """Return everything that is declared about these messages.

    Raises:
        DeclarationError: two enumerations have the same name.
    """
    declared = list(messages)
    return {
        "schema": "cti",
        "format": FORMAT,
        "frame": _frame(),
        "messages": [message(one) for one in declared],
        "enums": {name: _enumeration(one) for name, one in enumerations(declared).items()},
        "versions": [_versions(one) for one in (*versions.TABLE, *versions.PREDICATES)],
        "problems": dict(PROBLEMS),
    }


def _frame() -> dict[str, Any]:
    """Return what stands around every body."""
    rule = "size of the frame minus {}, in bytes"
    return {
        "byte_order": "little",
        "token": TOKEN.hex(),
        "header": [
            {"name": "token", "offset": 0, "size": len(TOKEN)},
            {"name": "length", "offset": 8, "size": 4, "type": "u32"},
            {"name": "code", "offset": 12, "size": 4, "type": "u32"},
            {"name": "extended_code", "offset": 16, "size": 4, "type": "u32"},
        ],
        "length": {way.value: rule.format(frame_size(0, way)) for way in Direction},
        "body_offset": BODY_OFFSET,
        "least_size": LEAST_FRAME,
        "checksum": {
            "type": "u16",
            "place": "last two bytes",
            "of": "sum of all bytes before it, modulo 65536",
        },
    }


def message(declared: type[Message]) -> dict[str, Any]:
    """Return what one declaration says. Members that say nothing are left out."""
    spec = declared.spec
    found: dict[str, Any] = {
        "name": spec.name,
        "code": f"0x{spec.code:08X}",
        "direction": spec.direction.value,
        "form": spec.form,
        "doc": spec.doc,
    }
    if spec.effect is not None:
        found |= _request(spec)
    for name in ("port", "versions", "vendor", "notes"):
        if getattr(spec, name):
            found[name] = getattr(spec, name)
    found["fields"] = _layout(spec, BODY_OFFSET)
    return found


def _request(spec: MessageSpec) -> dict[str, Any]:
    assert spec.effect is not None
    answers = {"how": spec.answers.how, "text": str(spec.answers).replace("`", "")}
    if spec.answers.field:
        answers["field"] = spec.answers.field
    found: dict[str, Any] = {
        "effect": spec.effect.value,
        "answers": answers,
        "feedbacks": [one.spec.name for one in spec.feedbacks],
        "echo": dict(spec.echo),
    }
    if spec.select is not None:
        cases = {str(value): one.spec.name for value, one in spec.select[1].items()}
        found["select"] = {"field": spec.select[0], "cases": cases}
    if spec.variant_of is not None:
        found["variant_of"] = spec.variant_of.spec.name
    if spec.when is not None:
        found["when"] = spec.when.name
    return found


def _layout(spec: RecordSpec, start: int) -> list[dict[str, Any]]:
    """Return the fields in wire order; behind one of varying size they have no offset."""
    offset: int | None = start if spec.form == "binary" else None
    fields = []
    for kind in spec.layout:
        size = kind.size()
        fields.append(field(kind, f"{spec.name}.{kind.name}", offset))
        offset = None if offset is None or size is None else offset + size
    return fields


def field(kind: k.Kind, path: str, offset: int | None = None) -> dict[str, Any]:
    """Return what a field's declaration says.

    Args:
        kind: the field, or the item of a list.
        path: of the field, for errors.
        offset: from the frame's or the record's first byte, where it is always the same.

    Raises:
        NotImplementedError: the kind is not known here.
    """
    found: dict[str, Any] = {"name": kind.name} if kind.name else {}
    found |= {"kind": type(kind).__name__.lower(), "text": type_text(kind, path)}
    if offset is not None:
        found["offset"] = offset
    size = kind.size()
    if size is not None:
        found["size"] = size
    found |= _details(kind, path)
    for name in ("unit", "doc", "vendor", "secret", "personal"):
        if getattr(kind, name):
            found[name] = getattr(kind, name)
    if kind.default is not k.MISSING:
        found["default"] = json_value(kind.default)
    return found


@singledispatch
def _details(kind: k.Kind, path: str) -> dict[str, Any]:
    """Return what only this kind of field says."""
    unknown_kind(kind, path)


@_details.register
def _(kind: k.Scalar, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind.type}
    if kind.enum is not None:
        found["enum"] = kind.enum.__name__
    if kind.values:
        found["values"] = {str(value): meaning for value, meaning in kind.values.items()}
    return found


@_details.register
def _(kind: k.Count, path: str) -> dict[str, Any]:
    return {"type": kind.of.type, "counts": kind.counted.name if kind.counted else ""}


@_details.register
def _(kind: k.Text, path: str) -> dict[str, Any]:
    return {"encoding": kind.encoding, "units": kind.units}


@_details.register
def _(kind: k.CountedText, path: str) -> dict[str, Any]:
    return {"encoding": kind.encoding, "length": kind.length.name}


@_details.register
def _(kind: k.ZText, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {"encoding": kind.encoding, "limit": kind.limit}
    if kind.present_if is not None:
        found["present_if"] = kind.present_if.name
    return found


@_details.register
def _(kind: k.PrefixedText, path: str) -> dict[str, Any]:
    return {"encoding": kind.encoding, "prefix": kind.prefix.type, "exact": kind.exact, "limit": kind.limit}


@_details.register
def _(kind: k.Data, path: str) -> dict[str, Any]:
    return {"length": kind.length if isinstance(kind.length, int) else kind.length.name}


@_details.register
def _(kind: k.Reserved, path: str) -> dict[str, Any]:
    return {"length": kind.length}


@_details.register
def _(kind: k.Surplus, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {"usual": kind.usual, "zeros": kind.zeros}
    if kind.others:
        found["others"] = list(kind.others)
    if kind.step:
        found["step"] = kind.step
    if kind.per is not None:
        found["per"] = kind.per.name
    return found


@_details.register
def _(kind: k.Array, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "item": field(kind.item, path),
        "count": kind.count if isinstance(kind.count, int) else kind.count.name,
    }
    if kind.when is not None:
        found["when"] = {"field": kind.when[0].name, "values": list(kind.when[1])}
    if kind.limit is not None:
        found["limit"] = kind.limit
    return found


@_details.register
def _(kind: k.Table, path: str) -> dict[str, Any]:
    return {"item": field(kind.item, path), "length": kind.length, "used": kind.used.name}


@_details.register
def _(kind: k.Nested, path: str) -> dict[str, Any]:
    return {"record": kind.record.spec.name, "fields": _layout(kind.record.spec, 0)}


@_details.register
def _(kind: k.Variants, path: str) -> dict[str, Any]:
    return {
        "by": kind.by.name,
        "cases": {str(value): field(inner, path) for value, inner in kind.cases.items()},
        "otherwise": field(kind.otherwise, path),
    }


@_details.register
def _(kind: k.Rest, path: str) -> dict[str, Any]:
    return {}


@_details.register
def _(kind: k.Document, path: str) -> dict[str, Any]:
    return {}


@_details.register
def _(kind: k.Member, path: str) -> dict[str, Any]:
    found = {"wire_name": kind.wire_name, **_json_type(kind.of)}
    return {**found, "ignored": True} if kind.ignored else found


def _json_type(of: k.JsonType) -> dict[str, Any]:
    found: dict[str, Any] = {"type": of.type}
    if of.nullable:
        found["nullable"] = True
    if of.enum is not None:
        found["enum"] = of.enum.__name__
    if of.item is not None:
        found["item"] = _json_type(of.item)
    if of.record is not None:
        found["record"] = of.record.spec.name
        found["fields"] = _layout(of.record.spec, 0)
    return found


def enumerations(messages: Iterable[type[Message]]) -> dict[str, k.Values]:
    """Return every enumeration by its name: those of the messages' fields, and those that no field has.

    Raises:
        DeclarationError: two have the same name.
    """
    own = (one for one in vars(enums).values() if isinstance(one, type) and issubclass(one, (Code, Flags)))
    found: dict[str, k.Values] = {}
    for one in [*own, *(enum for declared in messages for enum in _used(declared.spec.layout))]:
        if found.setdefault(one.__name__, one) is not one:
            raise DeclarationError(f"two enumerations are called {one.__name__}")
    return dict(sorted(found.items()))


def _used(layout: Iterable[k.Kind]) -> Iterator[k.Values]:
    """Yield the enumerations of a layout and of the records in it."""
    for kind in layout:
        if isinstance(kind, k.Scalar) and kind.enum is not None:
            yield kind.enum
        elif isinstance(kind, k.Count):
            yield from _used([kind.of])
        elif isinstance(kind, (k.Array, k.Table)):
            yield from _used([kind.item])
        elif isinstance(kind, k.Variants):
            yield from _used(kind.alternatives())
        elif isinstance(kind, k.Nested):
            yield from _used(kind.record.spec.layout)
        elif isinstance(kind, k.Member):
            of: k.JsonType | None = kind.of
            while of is not None:
                if of.enum is not None:
                    yield of.enum
                if of.record is not None:
                    yield from _used(of.record.spec.layout)
                of = of.item


def _enumeration(enum: k.Values) -> dict[str, Any]:
    return {
        "doc": (enum.__doc__ or "").strip(),
        "flags": issubclass(enum, Flags),
        "values": [_value(name, one) for name, one in enum.__members__.items()],
    }


def _value(name: str, member: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"value": int(member), "name": name.lower()}
    if isinstance(member, Code):
        found |= {"meaning": member.meaning} if member.meaning else {}
        found |= {"vendor": member.vendor} if member.vendor else {}
        found |= {"success": True} if member.is_success else {}
    return found


def _versions(one: versions.Versions) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": one.name,
        "doc": one.doc,
        "listed": sorted(one.listed),
        "unlisted": one.unlisted,
    }
    if one.older is not None:
        found["older"] = sorted(one.older)
    return {**found, "vendor": one.vendor} if one.vendor else found
