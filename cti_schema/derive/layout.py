"""The layout of a message as a table: offset, name, type, unit, meaning of each field.

`cti messages NAME` and the reference pages show it. Offsets count from the frame's first byte, in
records from the record's first byte; behind a field of varying length there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from cti_schema import kinds as k
from cti_schema.enumerations import Code
from cti_schema.message import RecordSpec
from cti_schema.wire.report import BODY_OFFSET, unknown_kind


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a layout.

    Attributes:
        depth: 0 for fields of the message, 1 for those of its records, and so on.
        offset: from the frame's (or the record's) first byte, or ``None`` where it varies.
        size: in bytes, or ``None`` where it varies.
        name: name of the field.
        type: what is on the wire, in words.
        unit: unit of a number.
        doc: meaning.
        values: meaning of single values: (number, name, meaning).
        kind: the field's kind.
    """

    depth: int
    offset: int | None
    size: int | None
    name: str
    type: str
    unit: str
    doc: str
    values: tuple[tuple[int, str, str], ...]
    kind: k.Kind


def rows(spec: RecordSpec, *, depth: int = 0, start: int = BODY_OFFSET) -> list[Row]:
    """Return the fields of a layout in wire order, each record's fields behind the list that it is in."""
    found: list[Row] = []
    offset: int | None = start if spec.form == "binary" else None
    for kind in spec.layout:
        size = kind.size()
        path = f"{spec.name}.{kind.name}"
        found.append(
            Row(
                depth,
                offset,
                size,
                kind.name,
                type_text(kind, path),
                kind.unit,
                kind.doc,
                value_rows(kind),
                kind,
            )
        )
        for record in inner_records(kind):
            found.extend(rows(record, depth=depth + 1, start=0))
        offset = None if offset is None or size is None else offset + size
    return found


def inner_records(kind: k.Kind) -> list[RecordSpec]:
    """Return the layouts of the records that a field is made of."""
    if isinstance(kind, k.Nested):
        return [kind.record.spec]
    if isinstance(kind, k.Array):
        return inner_records(kind.item)
    if isinstance(kind, k.Variants):
        return [spec for inner in kind.alternatives() for spec in inner_records(inner)]
    if isinstance(kind, k.Member):
        of: k.JsonType | None = kind.of
        while of is not None:
            if of.record is not None:
                return [of.record.spec]
            of = of.item
    return []


def value_rows(kind: k.Kind) -> tuple[tuple[int, str, str], ...]:
    """Return (number, name, meaning) of the values that a field's declaration explains."""
    enum: Any = None
    if isinstance(kind, k.Scalar):
        if kind.values:
            return tuple((value, "", meaning) for value, meaning in kind.values.items())
        enum = kind.enum
    elif isinstance(kind, k.Member):
        enum = kind.of.enum
    if enum is None:
        return ()
    return tuple(
        (int(one), name.lower(), getattr(one, "meaning", "")) for name, one in enum.__members__.items()
    )


def enumeration(kind: k.Kind) -> type[Code] | None:
    """Return the enumeration that the values of a field are named by."""
    enum = kind.enum if isinstance(kind, k.Scalar) else kind.of.enum if isinstance(kind, k.Member) else None
    return enum if enum is not None and issubclass(enum, Code) else None


@singledispatch
def type_text(kind: k.Kind, path: str) -> str:
    """Return what is on the wire, in words.

    Raises:
        NotImplementedError: the kind is not known here.
    """
    unknown_kind(kind, path)


@type_text.register
def _(kind: k.Scalar, path: str) -> str:
    return kind.type


@type_text.register
def _(kind: k.Count, path: str) -> str:
    counted = kind.counted.name if kind.counted else ""
    word = "length" if isinstance(kind.counted, (k.CountedText, k.ZText, k.Data)) else "count"
    return f"{kind.of.type}, {word} of {counted}"


@type_text.register
def _(kind: k.Text, path: str) -> str:
    return f"{_ENCODINGS[kind.encoding]}[{kind.units}]"


_ENCODINGS = {"utf-16-le": "utf16", "latin-1": "latin1", "ascii": "ascii"}


@type_text.register
def _(kind: k.CountedText, path: str) -> str:
    return f"{_ENCODINGS[kind.encoding]}[{kind.length.name}]"


@type_text.register
def _(kind: k.ZText, path: str) -> str:
    condition = f", if {kind.present_if.name} is not 0" if kind.present_if else ""
    return f"latin1 up to a NUL byte, at most {kind.limit}{condition}"


@type_text.register
def _(kind: k.PrefixedText, path: str) -> str:
    return f"{kind.prefix.type} length, latin1, NUL byte"


@type_text.register
def _(kind: k.Data, path: str) -> str:
    length = kind.length if isinstance(kind.length, int) else kind.length.name
    return f"bytes[{length}]"


@type_text.register
def _(kind: k.Reserved, path: str) -> str:
    return f"reserved[{kind.length}]"


@type_text.register
def _(kind: k.Surplus, path: str) -> str:
    per = f" * {kind.per.name}" if kind.per else ""
    numbers = " or ".join(f"{number}{per}" for number in (kind.usual, *kind.others))
    return f"none, or {numbers} bytes"


@type_text.register
def _(kind: k.Array, path: str) -> str:
    count = kind.count if isinstance(kind.count, int) else kind.count.name
    condition = ""
    if kind.when is not None:
        condition = f", if {kind.when[0].name} is {' or '.join(str(value) for value in kind.when[1])}"
    limit = f", at most {kind.limit}" if kind.limit else ""
    return f"{type_text(kind.item, path)}, {count} times{limit}{condition}"


@type_text.register
def _(kind: k.Table, path: str) -> str:
    return f"{kind.item.type}[{kind.length}], the first {kind.used.name} are used"


@type_text.register
def _(kind: k.Nested, path: str) -> str:
    return f"record {kind.record.spec.name}"


@type_text.register
def _(kind: k.Variants, path: str) -> str:
    cases: dict[str, list[str]] = {}
    for value, inner in kind.cases.items():
        cases.setdefault(type_text(inner, path), []).append(str(value))
    texts = [f"{text} if {kind.by.name} is {' or '.join(values)}" for text, values in cases.items()]
    return f"{', '.join(texts)}, else {type_text(kind.otherwise, path)}"


@type_text.register
def _(kind: k.Rest, path: str) -> str:
    return "bytes up to the end"


@type_text.register
def _(kind: k.Document, path: str) -> str:
    return "BSON document"


@type_text.register
def _(kind: k.Member, path: str) -> str:
    return f"JSON member {kind.wire_name}: {_json_type(kind.of)}"


def _json_type(of: k.JsonType) -> str:
    if of.type == "list" and of.item is not None:
        text = f"list of {_json_type(of.item)}"
    elif of.type == "object" and of.record is not None:
        text = of.record.spec.name
    else:
        text = of.type
    return f"{text} or null" if of.nullable else text
