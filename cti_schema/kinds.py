"""The kinds of fields that a layout is made of, as plain data. The set is closed.

A kind says how bytes become a value and says no more: it cannot parse. Whatever is derived from
a declaration - the construct struct, the dump, the strategies, the documents - looks at these
objects, and fails with the field's path when it meets a kind that it does not know.

Kinds refer to each other by reference: a list to its count, a conditional list to its flag.
Names come from the class body that the kinds stand in (``__set_name__``).
"""

from __future__ import annotations

import struct
from dataclasses import KW_ONLY, dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from cti_schema.message import Record


class _Missing:
    """The value of a field that was given none."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()

#: An enumeration or a set of flags. (`type` is the name of a field below.)
Values: TypeAlias = type[IntEnum] | type[IntFlag]
RecordType: TypeAlias = "type[Record]"


@dataclass(eq=False)
class Kind:
    """What every field has, whatever its layout.

    Attributes:
        name: name of the field; the attribute that it was assigned to.
        doc: meaning, for people.
        unit: unit of a number, for example ``V``.
        vendor: name in the vendor's documents or library.
        secret: hide the value unless secrets are asked for.
        personal: the value is about a person, or written by one about the cycler's owner; it is shown, but
            not passed on.
        default: value of a message that was made without it.
    """

    _: KW_ONLY
    doc: str = ""
    unit: str = ""
    vendor: str = ""
    secret: bool = False
    personal: bool = False
    default: Any = MISSING
    name: str = field(default="", init=False)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    @property
    def is_value(self) -> bool:
        """Whether the field is an attribute of the message and an argument of its constructor."""
        return True

    def size(self) -> int | None:
        """Return the size in bytes, or ``None`` where it depends on other fields."""
        return None

    def references(self) -> list[Kind]:
        """Return the fields that must stand in front of this one."""
        return []


@dataclass(eq=False)
class Scalar(Kind):
    """An integer or a float, little-endian.

    Attributes:
        type: u8 u16 u32 u64 i8 i16 i32 i64 f32 f64.
        enum: the enumeration or the set of flags that the value belongs to.
        values: meaning of single values, where there is no enumeration.
    """

    type: str
    enum: Values | None = None
    values: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.packer = struct.Struct("<" + SCALARS[self.type])

    @property
    def is_float(self) -> bool:
        return self.type[0] == "f"

    def limits(self) -> tuple[int, int]:
        """Return the least and the greatest integer that fit."""
        bits = 8 * self.packer.size
        return (0, 2**bits - 1) if self.type[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def size(self) -> int:
        return self.packer.size


SCALARS: Final = {
    "u8": "B", "u16": "H", "u32": "I", "u64": "Q",
    "i8": "b", "i16": "h", "i32": "i", "i64": "q",
    "f32": "f", "f64": "d",
}  # fmt: skip


@dataclass(eq=False)
class Count(Kind):
    """The number of items of a list, or the length of a text or of data, that follows later.

    It is no argument of the message: on building it comes from the list. Read from a message it
    is the number that the list has.

    Attributes:
        of: the integer that it is on the wire.
        counted: the field that it counts; set by the declaration.
    """

    of: Scalar
    counted: Kind | None = field(default=None, init=False)

    @property
    def is_value(self) -> bool:
        return False

    def size(self) -> int:
        return self.of.size()

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None or self.counted is None:
            return self
        return wire_length(self.counted, getattr(instance, self.counted.name))


@dataclass(eq=False)
class Text(Kind):
    """A text of fixed size: cut at the first NUL character, filled with zeros.

    Attributes:
        units: size in code units (two bytes each in UTF-16, else one).
        encoding: ``utf-16-le``, ``latin-1`` or ``ascii``.
    """

    units: int
    encoding: str

    def size(self) -> int:
        return self.units * unit_size(self.encoding)


@dataclass(eq=False)
class CountedText(Kind):
    """A text whose length an earlier field tells, in code units.

    Attributes:
        length: the field with the length.
        encoding: ``utf-16-le`` or ``latin-1``.
    """

    length: Count
    encoding: str

    def references(self) -> list[Kind]:
        return [self.length]


@dataclass(eq=False)
class ZText(Kind):
    """A single-byte text that ends with a NUL byte.

    Attributes:
        limit: most bytes without the NUL that a client accepts.
        present_if: the text is on the wire only if this length is not zero. The NUL tells where the
            text ends, not the length.
    """

    limit: int
    present_if: Count | None = None
    encoding: str = "latin-1"

    def references(self) -> list[Kind]:
        return [self.present_if] if self.present_if else []


@dataclass(eq=False)
class PrefixedText(Kind):
    """A single-byte text behind its own length, with a NUL byte at its end.

    Attributes:
        prefix: the integer with the length, which does not count the NUL.
        exact: the length tells where the text ends; else the NUL does, and the length may be wrong.
        limit: most bytes without the NUL that a client accepts.
    """

    prefix: Scalar
    exact: bool
    limit: int
    encoding: str = "latin-1"


@dataclass(eq=False)
class Data(Kind):
    """Bytes: a fixed number, or as many as an earlier field tells.

    Attributes:
        length: number of bytes, or the field that tells it.
    """

    length: int | Count

    def size(self) -> int | None:
        return self.length if isinstance(self.length, int) else None

    def references(self) -> list[Kind]:
        return [self.length] if isinstance(self.length, Count) else []


@dataclass(eq=False)
class Reserved(Kind):
    """Bytes that mean nothing and are zero; others are kept for an exact re-encode."""

    length: int

    @property
    def is_value(self) -> bool:
        return False

    def size(self) -> int:
        return self.length


@dataclass(eq=False)
class Surplus(Kind):
    """Zero bytes that a sender is known to put behind the last field.

    They are written only when asked for.

    Attributes:
        usual: number of bytes that the vendor's library sends.
        others: other numbers that it sends at times.
        step: it may also send any multiple of this more.
        per: the number is meant per item that this field counts.
        zeros: the bytes are zero.
    """

    usual: int
    others: tuple[int, ...] = ()
    step: int = 0
    per: Count | Scalar | None = None
    zeros: bool = True

    @property
    def is_value(self) -> bool:
        return False

    def references(self) -> list[Kind]:
        return [self.per] if self.per else []

    def allows(self, length: int, items: int) -> bool:
        """Tell whether so many surplus bytes are known to be sent with so many items."""
        if self.per:
            return length == self.usual * items
        if length in (self.usual, *self.others):
            return True
        return self.step > 0 and length > self.usual and (length - self.usual) % self.step == 0


@dataclass(eq=False)
class Array(Kind):
    """A list of one kind of item.

    Attributes:
        item: layout of one item.
        count: number of items, or the field that tells it: a `Count`, or an ordinary integer
            where the number is sent even if the list is not.
        when: the list is on the wire only if this field has one of these values.
        limit: most items that the protocol allows.
    """

    item: Kind
    count: int | Count | Scalar
    when: tuple[Scalar, tuple[int, ...]] | None = None
    limit: int | None = None

    def size(self) -> int | None:
        item = self.item.size()
        return item * self.count if isinstance(self.count, int) and item is not None else None

    def references(self) -> list[Kind]:
        found: list[Kind] = [] if isinstance(self.count, int) else [self.count]
        return [*found, *([self.when[0]] if self.when else []), *self.item.references()]


@dataclass(eq=False)
class Table(Kind):
    """A table of a fixed number of items, of which an earlier field tells how many are used.

    Attributes:
        item: the integer or float that one item is.
        length: number of items on the wire.
        used: the field with the number of used items.
    """

    item: Scalar
    length: int
    used: Count

    def size(self) -> int:
        return self.item.size() * self.length

    def references(self) -> list[Kind]:
        return [self.used]


@dataclass(eq=False)
class Nested(Kind):
    """A record inside a message."""

    record: type[Record]

    def size(self) -> int | None:
        return layout_size(self.record.spec.layout)


@dataclass(eq=False)
class Variants(Kind):
    """One of several layouts, chosen by an earlier field: records, or plain values.

    Attributes:
        by: the field that chooses.
        cases: layout by value.
        otherwise: layout for every other value.
    """

    by: Scalar
    cases: dict[int, Kind]
    otherwise: Kind

    def choose(self, value: int) -> Kind:
        """Return the layout for a value of the choosing field."""
        # What a caller gives may be no number at all; the choosing field says so itself.
        return self.cases.get(value, self.otherwise) if isinstance(value, int) else self.otherwise

    def alternatives(self) -> list[Kind]:
        return [*self.cases.values(), self.otherwise]

    def size(self) -> int | None:
        sizes = {kind.size() for kind in self.alternatives()}
        return sizes.pop() if len(sizes) == 1 else None

    def references(self) -> list[Kind]:
        return [self.by]


@dataclass(eq=False)
class Rest(Kind):
    """All bytes up to the end of the body."""


@dataclass(eq=False)
class Document(Kind):
    """One BSON document."""


@dataclass(eq=False)
class Member(Kind):
    """A member of a JSON body or of a JSON object in it.

    Attributes:
        wire_name: name in the JSON text.
        of: type of the value.
        ignored: the receiver takes it from the frame's header, whatever stands here.
    """

    wire_name: str
    of: JsonType
    ignored: bool = False


@dataclass(eq=False)
class JsonType:
    """Type of a JSON value.

    Attributes:
        type: ``text``, ``bool``, ``any``, ``null``, ``object``, ``list``, or an integer or float type.
        enum: enumeration of an integer.
        item: type of the items of a list.
        record: layout of an object.
        nullable: ``null`` is a value too.
    """

    type: str
    enum: Values | None = None
    item: JsonType | None = None
    record: RecordType | None = None
    nullable: bool = False


#: Every kind, for tests that each derivation knows each of them.
KINDS: Final[tuple[type[Kind], ...]] = (
    Scalar, Count, Text, CountedText, ZText, PrefixedText, Data, Reserved, Surplus,
    Array, Table, Nested, Variants, Rest, Document, Member,
)  # fmt: skip


def unit_size(encoding: str) -> int:
    """Return the bytes of one code unit."""
    return 2 if encoding == "utf-16-le" else 1


def text_length(text: str, encoding: str) -> int:
    """Return the length of a text in code units: a character beyond the BMP has two in UTF-16."""
    if encoding == "utf-16-le":
        return len(text) + sum(character > "\uffff" for character in text)
    return len(text)


def wire_length(counted: Kind, value: Any) -> int:
    """Return the number that the count or length field of a value has."""
    if isinstance(counted, (CountedText, ZText)):
        return text_length(value, counted.encoding)
    return len(value)


def layout_size(layout: tuple[Kind, ...]) -> int | None:
    """Return the size in bytes of a layout without surplus, or ``None`` if it varies."""
    total = 0
    for kind in layout:
        if isinstance(kind, Surplus):
            continue
        size = kind.size()
        if size is None:
            return None
        total += size
    return total
