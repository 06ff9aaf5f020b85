"""The words of the declaration language: one function for each kind of field.

Import the module under a short name and use its functions qualified, since fields may well be
called ``result`` or ``reserved``::

    from cti_schema import fields as f

    channel_index: int = f.i32(doc="zero-based channel")
    reserved = f.reserved(101)

Annotated fields are the arguments of the message; the others (`count`, `length`, `reserved`,
`surplus`) are not. Every function takes ``doc``, ``unit``, ``vendor``, ``secret``,
``personal`` and ``default``. Every field becomes a construct subcon when the message's ``struct`` is first
asked for; until then nothing here imports construct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum, IntFlag
from typing import Any, TypedDict, Unpack, cast

from cti_schema.answers import (
    Answers,
    all_channels,
    once,
    once_or_twice,
    per_channel,
    per_channel_if,
    pieces,
    unknown,
)
from cti_schema.enumerations import Code, Flags, ResultCode, ok
from cti_schema.kinds import (
    Array,
    Count,
    CountedText,
    Data,
    Document,
    JsonType,
    Kind,
    Member,
    Nested,
    PrefixedText,
    Reserved,
    Rest,
    Scalar,
    Surplus,
    Table,
    Text,
    Variants,
    ZText,
)

__all__ = [
    "Answers",
    "Code",
    "Flags",
    "ResultCode",
    "all_channels",
    "array",
    "ascii",
    "bson",
    "bytes_counted",
    "bytes_fixed",
    "count",
    "enum",
    "f32",
    "f64",
    "flags",
    "i8",
    "i16",
    "i32",
    "i64",
    "json_any",
    "json_bool",
    "json_float",
    "json_int",
    "json_list",
    "json_null",
    "json_object",
    "json_text",
    "latin1",
    "latin1_counted",
    "latin1_z",
    "length",
    "list_of",
    "ok",
    "once",
    "once_or_twice",
    "per_channel",
    "per_channel_if",
    "pieces",
    "prefixed_text",
    "record",
    "reserved",
    "rest",
    "surplus",
    "table",
    "tagged",
    "u8",
    "u16",
    "u32",
    "u64",
    "unknown",
    "utf16",
    "utf16_counted",
    "variants",
]  # fmt: skip


class Meta(TypedDict, total=False):
    """What every field can be told."""

    doc: str
    unit: str
    vendor: str
    secret: bool
    personal: bool
    default: Any


class ScalarMeta(Meta, total=False):
    """What a number can be told besides: the meaning of single values."""

    values: dict[int, str]


# A field is declared as `name: int = f.u8()`: its function must look to a type checker as if it
# returned the value that the annotation names. Hence `Any`, as dataclasses.field does it.


def u8(**meta: Unpack[ScalarMeta]) -> Any:
    """Unsigned integer of one byte."""
    return Scalar("u8", **meta)


def u16(**meta: Unpack[ScalarMeta]) -> Any:
    """Unsigned integer of two bytes."""
    return Scalar("u16", **meta)


def u32(**meta: Unpack[ScalarMeta]) -> Any:
    """Unsigned integer of four bytes."""
    return Scalar("u32", **meta)


def u64(**meta: Unpack[ScalarMeta]) -> Any:
    """Unsigned integer of eight bytes."""
    return Scalar("u64", **meta)


def i8(**meta: Unpack[ScalarMeta]) -> Any:
    """Signed integer of one byte."""
    return Scalar("i8", **meta)


def i16(**meta: Unpack[ScalarMeta]) -> Any:
    """Signed integer of two bytes."""
    return Scalar("i16", **meta)


def i32(**meta: Unpack[ScalarMeta]) -> Any:
    """Signed integer of four bytes."""
    return Scalar("i32", **meta)


def i64(**meta: Unpack[ScalarMeta]) -> Any:
    """Signed integer of eight bytes."""
    return Scalar("i64", **meta)


def f32(**meta: Unpack[ScalarMeta]) -> Any:
    """IEEE 754 float of four bytes."""
    return Scalar("f32", **meta)


def f64(**meta: Unpack[ScalarMeta]) -> Any:
    """IEEE 754 float of eight bytes."""
    return Scalar("f64", **meta)


#: What a list takes as its item: a field, a field function without arguments, or a record.
Item = Kind | type | Callable[[], Any]


def _kind(item: Any) -> Kind:
    if isinstance(item, Kind):
        return item
    if isinstance(item, type):
        return Nested(item)
    return cast(Kind, item())


def enum(of: Callable[..., Any], values: type[IntEnum], **meta: Unpack[Meta]) -> Any:
    """Integer whose values an enumeration names; other values stay what they are.

    Args:
        of: the integer on the wire, for example ``f.u8``.
        values: the enumeration.
    """
    return Scalar(_kind(of).type, values, **meta)  # type: ignore[attr-defined]


def flags(of: Callable[..., Any], values: type[IntFlag], **meta: Unpack[Meta]) -> Any:
    """Integer whose bits a set of flags names; other bits are kept."""
    return Scalar(_kind(of).type, values, **meta)  # type: ignore[attr-defined]


def utf16(units: int, **meta: Unpack[Meta]) -> Any:
    """UTF-16LE text in a field of ``units`` code units (two bytes each)."""
    return Text(units, "utf-16-le", **meta)


def latin1(units: int, **meta: Unpack[Meta]) -> Any:
    """Single-byte text in a field of ``units`` bytes: the byte is the code point."""
    return Text(units, "latin-1", **meta)


def ascii(units: int, **meta: Unpack[Meta]) -> Any:
    """ASCII text in a field of ``units`` bytes."""
    return Text(units, "ascii", **meta)


def count(of: Callable[..., Any], **meta: Unpack[Meta]) -> Any:
    """Number of items of a list that follows; no argument of the message."""
    return Count(cast(Scalar, _kind(of)), **meta)


def length(of: Callable[..., Any], **meta: Unpack[Meta]) -> Any:
    """Length of a text (in code units) or of data (in bytes) that follows; no argument of the message."""
    return Count(cast(Scalar, _kind(of)), **meta)


def utf16_counted(length: int, **meta: Unpack[Meta]) -> Any:
    """UTF-16LE text of as many code units as the field ``length`` tells."""
    return CountedText(cast(Count, length), "utf-16-le", **meta)


def latin1_counted(length: int, **meta: Unpack[Meta]) -> Any:
    """Single-byte text of as many bytes as the field ``length`` tells."""
    return CountedText(cast(Count, length), "latin-1", **meta)


def latin1_z(limit: int, *, present_if: int | None = None, **meta: Unpack[Meta]) -> Any:
    """Single-byte text up to a NUL byte, of ``limit`` bytes at most.

    Args:
        limit: most bytes, the NUL not counted.
        present_if: a length field; while it is zero, the text and its NUL are not on the wire.
    """
    return ZText(limit, cast(Count | None, present_if), **meta)


def prefixed_text(
    prefix: Callable[..., Any], *, exact: bool, limit: int = 2**16, **meta: Unpack[Meta]
) -> Any:
    """Single-byte text behind its own length, with a NUL byte at its end.

    Args:
        prefix: the integer with the length, for example ``f.u32``.
        exact: the length tells where the text ends; if not, the NUL does.
        limit: most bytes, the NUL not counted.
    """
    return PrefixedText(cast(Scalar, _kind(prefix)), exact, limit, **meta)


def bytes_fixed(length: int, **meta: Unpack[Meta]) -> Any:
    """Exactly ``length`` bytes."""
    return Data(length, **meta)


def bytes_counted(length: int, **meta: Unpack[Meta]) -> Any:
    """As many bytes as the field ``length`` tells."""
    return Data(cast(Count, length), **meta)


def reserved(length: int, **meta: Unpack[Meta]) -> Any:
    """Bytes without a meaning, zero when written; no argument of the message."""
    return Reserved(length, **meta)


def surplus(
    usual: int,
    *,
    others: Sequence[int] = (),
    step: int = 0,
    per: int | None = None,
    zeros: bool = True,
    **meta: Unpack[Meta],
) -> Any:
    """Zero bytes that the vendor's library puts behind the last field; written only when asked for.

    Args:
        usual: number of bytes.
        others: other numbers that it sends at times.
        step: it may send any multiple of this more.
        per: the number is meant per item that this field counts.
        zeros: the bytes are zero.
    """
    return Surplus(usual, tuple(others), step, cast(Count | None, per), zeros, **meta)


def array(
    item: Any,
    count: int,
    *,
    when: tuple[int, int | Sequence[int]] | None = None,
    limit: int | None = None,
    **meta: Unpack[Meta],
) -> Any:
    """List of items.

    Args:
        item: a field (``f.u16``), or a record class.
        count: the field with the number of items, which must stand in front; or a fixed number.
        when: a field and a value, or several: the list is on the wire only if the field has it.
        limit: most items that the protocol allows.
    """
    condition = None
    if when is not None:
        wanted = when[1]
        condition = (cast(Scalar, when[0]), (wanted,) if isinstance(wanted, int) else tuple(wanted))
        meta.setdefault("default", [])
    return Array(_kind(item), cast(Any, count), condition, limit, **meta)


def table(item: Callable[..., Any], length: int, used: int, **meta: Unpack[Meta]) -> Any:
    """Table of always ``length`` numbers, of which the field ``used`` tells how many count."""
    return Table(cast(Scalar, _kind(item)), length, cast(Count, used), **meta)


def record(layout: type, **meta: Unpack[Meta]) -> Any:
    """One record inside the message."""
    return Nested(layout, **meta)


def variants(by: int, cases: Mapping[int, Any], otherwise: Any, **meta: Unpack[Meta]) -> Any:
    """One of several layouts, chosen by the value of an earlier field.

    Args:
        by: the field that chooses.
        cases: field or record by value of ``by``.
        otherwise: field or record for every other value.
    """
    chosen = {int(value): _kind(item) for value, item in cases.items()}
    return Variants(cast(Scalar, by), chosen, _kind(otherwise), **meta)


#: A value whose type another field tells is a choice between plain fields.
tagged = variants


def rest(**meta: Unpack[Meta]) -> Any:
    """All bytes up to the end of the body."""
    return Rest(**meta)


def bson(**meta: Unpack[Meta]) -> Any:
    """One BSON document, as a dictionary."""
    return Document(**meta)


# Members of a JSON body. `wire_name` is the name in the JSON text; the attribute has the toolkit's name.


def json_text(wire_name: str, *, nullable: bool = False, **meta: Unpack[Meta]) -> Any:
    """Text in a JSON body."""
    return Member(wire_name, JsonType("text", nullable=nullable), **meta)


def json_bool(wire_name: str, **meta: Unpack[Meta]) -> Any:
    """``true`` or ``false`` in a JSON body."""
    return Member(wire_name, JsonType("bool"), **meta)


def json_int(
    wire_name: str, type: str, *, enum: Any | None = None, ignored: bool = False, **meta: Unpack[Meta]
) -> Any:
    """Integer in a JSON body.

    Args:
        wire_name: name in the JSON text.
        type: its range: ``i32``, ``u16`` ...
        enum: enumeration of its values.
        ignored: the receiver takes it from the frame's header, whatever stands here.
    """
    return Member(wire_name, JsonType(type, enum=enum), ignored, **meta)


def json_float(wire_name: str, type: str, **meta: Unpack[Meta]) -> Any:
    """Float in a JSON body, of the precision of ``type`` (``f32`` or ``f64``)."""
    return Member(wire_name, JsonType(type), **meta)


def json_object(wire_name: str, layout: type, *, nullable: bool = False, **meta: Unpack[Meta]) -> Any:
    """Object in a JSON body: a record of JSON members."""
    return Member(wire_name, JsonType("object", record=layout, nullable=nullable), **meta)


def json_list(wire_name: str, item: Any, *, nullable: bool = False, **meta: Unpack[Meta]) -> Any:
    """List in a JSON body.

    Args:
        wire_name: name in the JSON text.
        item: a record class, the name of a number type, or a list (`list_of`).
        nullable: ``null`` is a value too.
    """
    return Member(wire_name, list_of(item, nullable=nullable), **meta)


def list_of(item: Any, *, nullable: bool = False) -> JsonType:
    """Return the type of a JSON list; for lists of lists."""
    if isinstance(item, type):
        item = JsonType("object", record=item)
    elif isinstance(item, str):
        item = JsonType(item)
    return JsonType("list", item=item, nullable=nullable)


def json_null(wire_name: str, **meta: Unpack[Meta]) -> Any:
    """Member that is always ``null``."""
    return Member(wire_name, JsonType("null"), **meta)


def json_any(wire_name: str, **meta: Unpack[Meta]) -> Any:
    """Any JSON value."""
    return Member(wire_name, JsonType("any"), **meta)
