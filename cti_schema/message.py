"""What a message object is: its base classes, and the specification that a declaration hangs on it.

Everything that is derived looks at `MessageSpec`; nothing here knows how one is made (`cti_schema.declare`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, dataclass_transform

from cti_schema import fields as f
from cti_schema.answers import Answers, once
from cti_schema.kinds import MISSING, Kind, Member, Surplus
from cti_schema.versions import Versions

if TYPE_CHECKING:
    import construct


class Direction(StrEnum):
    """Which way a message goes; the meaning of the length field depends on it."""

    REQUEST = "request"
    FEEDBACK = "feedback"

    @property
    def other(self) -> Direction:
        """The opposite direction."""
        return Direction.FEEDBACK if self is Direction.REQUEST else Direction.REQUEST


class Effect(Enum):
    """What a request does to the cycler."""

    QUERY = "query"  #: may be repeated without harm
    CONTROL = "control"  #: changes something; never sent a second time by itself


QUERY: Final = Effect.QUERY
CONTROL: Final = Effect.CONTROL


@dataclasses.dataclass(frozen=True)
class RecordSpec:
    """What a declaration says.

    Attributes:
        name: name in the schema, snake_case.
        layout: the fields in wire order.
        doc: the docstring.
    """

    name: str
    layout: tuple[Kind, ...]
    doc: str

    @cached_property
    def values(self) -> tuple[Kind, ...]:
        """The fields that are attributes of the message."""
        return tuple(kind for kind in self.layout if kind.is_value)

    @cached_property
    def form(self) -> str:
        """Form of the body: ``json`` for a layout of JSON members, else ``binary``."""
        return "json" if self.layout and all(isinstance(kind, Member) for kind in self.layout) else "binary"

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The fields of a JSON body."""
        return tuple(kind for kind in self.layout if isinstance(kind, Member))

    @cached_property
    def surplus(self) -> Surplus | None:
        """The surplus bytes that a sender is known to add, if any."""
        last = self.layout[-1] if self.layout else None
        return last if isinstance(last, Surplus) else None

    def field(self, name: str) -> Kind | None:
        """Return the field of that name, or ``None``."""
        return next((kind for kind in self.layout if kind.name == name), None)


@dataclasses.dataclass(frozen=True)
class MessageSpec(RecordSpec):
    """What the declaration of a message says.

    Attributes:
        code: the command code of the header.
        direction: request or feedback.
        effect: of a request: query or control.
        answers: of a request: how many feedbacks come.
        echo: of a request: feedback's field -> request's field with the same meaning.
        feedbacks: of a request: the messages that answer it.
        select: of a request with several feedbacks: (field, value -> feedback); else the first.
        port: documented TCP port, or ``None``.
        variant_of: of a request: the one that it stands for on servers of the versions in ``when``.
        when: login versions that it is meant for; ``None`` if any.
        versions: cycler software that supports it, in words; empty where not known.
        vendor: name in the vendor's documents.
        notes: what else is known, with its source.
    """

    code: int
    direction: Direction
    effect: Effect | None = None
    answers: Answers = once
    echo: Mapping[str, str] = dataclasses.field(default_factory=dict)
    feedbacks: tuple[type[Feedback], ...] = ()
    select: tuple[str, Mapping[int, type[Feedback]]] | None = None
    port: int | None = None
    variant_of: type[Request[Any]] | None = None
    when: Versions | None = None
    versions: str = ""
    vendor: str = ""
    notes: str = ""


class _Struct:
    """Class attribute that makes the construct struct of a declaration when first asked for."""

    def __get__(self, instance: object, owner: type[Record]) -> construct.Struct:
        from cti_schema.wire.subcons import struct_of

        return struct_of(owner.spec)


@dataclass_transform(
    kw_only_default=True,
    eq_default=False,
    field_specifiers=(
        f.u8, f.u16, f.u32, f.u64, f.i8, f.i16, f.i32, f.i64, f.f32, f.f64, f.enum, f.flags,
        f.utf16, f.latin1, f.ascii, f.utf16_counted, f.latin1_counted, f.latin1_z, f.prefixed_text,
        f.bytes_fixed, f.bytes_counted, f.array, f.table, f.record, f.variants, f.rest, f.bson,
        f.json_text, f.json_bool, f.json_int, f.json_float, f.json_object, f.json_list, f.json_null,
        f.json_any,
    ),
)  # fmt: skip
class Layout:
    """Base of every class of fields; tells type checkers how its constructor looks."""

    __slots__ = ()


class Part(Layout):
    """Base of groups of fields that several records or messages begin with; see `part`."""

    __slots__ = ()


class _Kept:
    """Carries what an exact re-encode needs. Not a `Layout`: there it would be taken for a field."""

    __slots__ = ("_kept",)

    # Bytes beyond the values: name -> (bytes, value they belong to).
    _kept: dict[str, tuple[bytes, Any]]


class Record(_Kept, Layout):
    """Base of all declared records and messages.

    An attribute that was not in the frame (the body ended before it, or a JSON member is absent) is
    not set, and reading it raises `AttributeError`.

    Attributes:
        spec: what the declaration says.
        struct: the `construct.Struct` of the body: parse, build and embed it as any other.
    """

    __slots__ = ()
    spec: ClassVar[RecordSpec]
    struct: ClassVar[construct.Struct] = _Struct()  # type: ignore[assignment]

    if not TYPE_CHECKING:  # a checker shall find names that are no fields

        def __getattr__(self, name: str) -> Any:
            # Reached only when a slot is not set.
            if name == "_kept":
                self._kept = {}
                return self._kept
            if self.spec.field(name) is None:
                raise AttributeError(f"{self.spec.name} has no field {name!r}")
            raise AttributeError(f"{self.spec.name}.{name} was not in the frame")

    def present(self) -> Iterator[tuple[Kind, Any]]:
        """Yield the fields that are set, in wire order, each with its value."""
        for kind in self.spec.values:
            value = getattr(self, kind.name, MISSING)
            if value is not MISSING:
                yield kind, value

    def __repr__(self) -> str:
        shown = (f"{kind.name}={'***' if kind.secret else repr(value)}" for kind, value in self.present())
        return f"{type(self).__name__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, theirs = list(self.present()), list(other.present())
        return len(mine) == len(theirs) and all(
            a[0] is b[0] and same_value(a[1], b[1]) for a, b in zip(mine, theirs, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]


def same_value(a: Any, b: Any) -> bool:
    """Tell whether two field values are the same; a NaN is the same as a NaN of equal bits."""
    if isinstance(a, float) and isinstance(b, float) and a != a and b != b:
        return getattr(a, "bits", None) == getattr(b, "bits", None)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same_value(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_value(a[key], b[key]) for key in a)
    return bool(a == b)


class Message(Record):
    """Base of requests and feedbacks.

    Attributes:
        spec: what the declaration says.
    """

    __slots__ = ()
    spec: ClassVar[MessageSpec]


class Feedback(Message):
    """Base of messages from the cycler."""

    __slots__ = ()


F = TypeVar("F", bound=Feedback)


class Request(Message, Generic[F]):
    """Base of messages to the cycler; the type argument is the feedback that answers it."""

    __slots__ = ()


class UnknownMessage(Message):
    """A frame whose code no message is declared for.

    Attributes:
        code: the command code of the header.
        direction: request or feedback.
        body: the bytes between header and checksum.
    """

    __slots__ = ("body", "code", "direction")
    spec: ClassVar[MessageSpec]
    code: int
    direction: Direction
    body: bytes

    def __init__(self, *, code: int, direction: Direction, body: bytes) -> None:
        self.code = code
        self.direction = direction
        self.body = body

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnknownMessage) and (self.code, self.direction, self.body) == (
            other.code,
            other.direction,
            other.body,
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"UnknownMessage(code=0x{self.code:08X}, direction={self.direction.value!r}, body={self.body!r})"
        )


_body = f.rest(doc="bytes between header and checksum")
_body.name = "body"
UnknownMessage.spec = MessageSpec(
    "unknown", (_body,), "A frame whose code is not declared.", code=0, direction=Direction.FEEDBACK
)
