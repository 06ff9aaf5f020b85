"""Turn a class of fields into a message, and check the declaration while it is imported.

The decorators `request`, `feedback`, `record` and `part` read the fields of a class in the order
in which they stand there (a part's fields come first), make a slotted dataclass of it with
keyword-only arguments, and hang a `MessageSpec` on it that everything else is derived from.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast, get_args, get_origin

from cti_schema.answers import Answers, once
from cti_schema.compile import form
from cti_schema.errors import DeclarationError
from cti_schema.kinds import (
    KINDS,
    MISSING,
    Array,
    Count,
    CountedText,
    Data,
    Kind,
    Member,
    Nested,
    Rest,
    Surplus,
    Table,
    Variants,
    ZText,
)
from cti_schema.message import (
    CONTROL,
    QUERY,
    Direction,
    Effect,
    Feedback,
    Message,
    MessageSpec,
    Part,
    Record,
    RecordSpec,
    Request,
)
from cti_schema.versions import Versions

__all__ = [
    "CONTROL",
    "QUERY",
    "Direction",
    "Effect",
    "Feedback",
    "Message",
    "MessageSpec",
    "Part",
    "Record",
    "RecordSpec",
    "Request",
    "feedback",
    "part",
    "record",
    "request",
]

#: Names that the JSON shape and the messages themselves need; no field may have one.
RESERVED_NAMES: Final = frozenset(
    {"surplus", "truncated", "truncated_at", "extended_code", "spec", "struct", "json"}
)


def snake_case(name: str) -> str:
    """Return the schema's name for a class: ``StartScheduleFeedback`` -> ``start_schedule_feedback``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


T = TypeVar("T", bound=type)


def part(cls: T) -> T:
    """Declare fields that several records or messages begin with. Derive it from `Part`, and them from it.

    The parts' fields come in front of the class's own, in the order of its bases.
    """
    _own_layout(cls)
    body = {k: v for k, v in cls.__dict__.items() if k not in ("__dict__", "__weakref__")}
    return type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": ()})


def record(cls: T) -> T:
    """Declare a record: a group of fields inside messages. Derive it from `Record`."""
    layout = _check(cls, _layout(cls))
    return _finish(cls, layout, RecordSpec(snake_case(cls.__name__), layout, _doc(cls)))


def feedback(code: int, *, versions: str = "", vendor: str = "", notes: str = "") -> Callable[[T], T]:
    """Declare a message from the cycler. Derive the class from `Feedback`.

    Args:
        code: the command code of the header.
        versions: cycler software that sends it, in words.
        vendor: name in the vendor's documents.
        notes: what else is known, with its source.

    Raises:
        DeclarationError: the declaration breaks a rule of the language.
    """

    def declare(cls: T) -> T:
        layout = _check(cls, _layout(cls))
        spec = MessageSpec(
            snake_case(cls.__name__), layout, _doc(cls), code=_code(cls, code), direction=Direction.FEEDBACK,
            versions=versions, vendor=vendor, notes=notes,
        )  # fmt: skip
        return _finish(cls, layout, spec)

    return declare


def request(
    code: int,
    *,
    effect: Effect,
    answers: Answers = once,
    echo: Mapping[str, str] | None = None,
    select: tuple[str, Mapping[int, type[Feedback]]] | None = None,
    port: int | None = None,
    variant_of: type[Request[Any]] | None = None,
    when: Versions | None = None,
    versions: str = "",
    vendor: str = "",
    notes: str = "",
) -> Callable[[T], T]:
    """Declare a message to the cycler. Derive the class from ``Request[TheFeedback]``.

    Args:
        code: the command code of the header.
        effect: `QUERY` or `CONTROL`.
        answers: how many feedbacks come.
        echo: feedback's field -> request's field that it repeats; a list of channels is repeated one by one.
        select: with several feedbacks: a field, and the feedback for single values of it.
        port: documented TCP port.
        variant_of: the request that it stands for on servers of the versions in ``when``.
        when: login versions that it is meant for (a set of `cti_schema.versions`); by default any.
        versions: cycler software that takes it, in words.
        vendor: name in the vendor's documents.
        notes: what else is known, with its source.

    Raises:
        DeclarationError: the declaration breaks a rule of the language.
    """

    def declare(cls: T) -> T:
        layout = _check(cls, _layout(cls))
        feedbacks = _feedbacks(cls)
        names = {kind.name for kind in layout}
        for answer_field, request_field in (echo or {}).items():
            if request_field not in names:
                raise DeclarationError(
                    f"{cls.__name__}: echo {answer_field!r}: the request has no field {request_field!r}"
                )
            if not all(answer.spec.field(answer_field) for answer in feedbacks):
                raise DeclarationError(f"{cls.__name__}: echo: the feedback has no field {answer_field!r}")
        if answers.field and answers.field not in names:
            raise DeclarationError(f"{cls.__name__}: answers: the request has no field {answers.field!r}")
        if select and select[0] not in names:
            raise DeclarationError(f"{cls.__name__}: select: the request has no field {select[0]!r}")
        if variant_of is not None and when is None:
            raise DeclarationError(f"{cls.__name__}: variant_of: say for which versions it stands (when=...)")
        if variant_of is not None and variant_of.spec.variant_of is not None:
            raise DeclarationError(f"{cls.__name__}: variant_of: {variant_of.__name__} is a variant itself")
        spec = MessageSpec(
            snake_case(cls.__name__), layout, _doc(cls), code=_code(cls, code), direction=Direction.REQUEST,
            effect=effect, answers=answers, echo=dict(echo or {}), feedbacks=feedbacks, select=select,
            port=port, variant_of=variant_of, when=when, versions=versions, vendor=vendor, notes=notes,
        )  # fmt: skip
        return _finish(cls, layout, spec)

    return declare


def _doc(cls: type) -> str:
    doc = cls.__dict__.get("__doc__")
    if not doc:
        raise DeclarationError(f"{cls.__name__}: a docstring must say what it is")
    return str(doc).strip()


def _code(cls: type, code: int) -> int:
    if not 0 <= code < 2**32:
        raise DeclarationError(f"{cls.__name__}: the code {code:#x} is no 32-bit number")
    return code


def _feedbacks(cls: type) -> tuple[type[Feedback], ...]:
    """Return the classes that the type argument of `Request` names: one, or a union."""
    for base in getattr(cls, "__orig_bases__", ()):
        if get_origin(base) is Request:
            (argument,) = get_args(base)
            if argument is Feedback:
                return ()  # which feedback answers it is not known
            return get_args(argument) or (argument,)
    raise DeclarationError(f"{cls.__name__}: derive it from Request[TheFeedbackThatAnswersIt]")


def _own_layout(cls: type) -> list[Kind]:
    annotated = inspect.get_annotations(cls)
    layout = []
    for name, value in cls.__dict__.items():
        where = f"{cls.__name__}.{name}"
        if name in annotated and not isinstance(value, Kind):
            raise DeclarationError(f"{where}: {value!r} is no field of a known kind (see cti_schema.fields)")
        if isinstance(value, Kind):
            if type(value) not in KINDS:
                raise DeclarationError(f"{where}: {type(value).__name__} is not one of the kinds of fields")
            form.check(value, where)
            if value.is_value and name not in annotated:
                raise DeclarationError(
                    f"{where}: a field with a value needs an annotation, like `{name}: int`"
                )
            if not value.is_value and name in annotated:
                raise DeclarationError(
                    f"{where}: a count, length, reserved or surplus field has no annotation"
                )
            layout.append(value)
    for name in annotated:
        if name not in cls.__dict__:
            raise DeclarationError(f"{cls.__name__}.{name}: the field has no kind")
    return layout


def _layout(cls: type) -> list[Kind]:
    bases = [base for base in cls.__bases__ if issubclass(base, Part)]
    return [kind for base in [*bases, cls] for kind in _own_layout(base)]


def _check(cls: type, layout: list[Kind]) -> tuple[Kind, ...]:
    """Check the rules between fields, and join each count to what it counts."""
    seen: list[Kind] = []
    members = sum(isinstance(kind, Member) for kind in layout)
    if 0 < members < len(layout):
        raise DeclarationError(f"{cls.__name__}: JSON members and binary fields do not mix")
    for position, kind in enumerate(layout):
        where = f"{cls.__name__}.{kind.name}"
        if kind.name in RESERVED_NAMES and not isinstance(kind, Surplus):
            raise DeclarationError(f"{where}: the name {kind.name!r} has a meaning of its own")
        for other in kind.references():
            if not any(other is one for one in seen):
                raise DeclarationError(
                    f"{where}: {other.name or 'the field it needs'} must stand in front of it"
                )
        if isinstance(kind, (Rest, Surplus)) and position != len(layout) - 1:
            raise DeclarationError(f"{where}: only the last field may take what is left")
        if isinstance(kind, Array) and _least_size(kind.item) == 0:
            raise DeclarationError(f"{where}: an item of a list must have at least one byte")
        for count in kind.references():
            # A surplus that is per item, or an item's own reference, does not count anything.
            if isinstance(count, Count) and isinstance(kind, (Array, Table, CountedText, ZText, Data)):
                count.counted = kind
        seen.append(kind)
    for kind in layout:
        if isinstance(kind, Count) and kind.counted is None:
            raise DeclarationError(f"{cls.__name__}.{kind.name}: no list, text or data is counted by it")
    return tuple(layout)


def _least_size(kind: Kind) -> int:
    """Return the fewest bytes that a value of the kind can have."""
    size = kind.size()
    if size is not None:
        return size
    if isinstance(kind, Nested):
        return sum(_least_size(inner) for inner in kind.record.spec.layout)
    if isinstance(kind, Variants):
        return min(_least_size(inner) for inner in kind.alternatives())
    return 1 if isinstance(kind, Member) or type(kind).__name__ in ("ZText", "PrefixedText") else 0


def _finish(cls: T, layout: tuple[Kind, ...], spec: RecordSpec) -> T:
    """Make the slotted dataclass, and hang the spec on it."""
    annotations: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Part) or base is cls:
            annotations |= inspect.get_annotations(base)
    cls.__annotations__ = {kind.name: annotations[kind.name] for kind in layout if kind.is_value}
    for kind in layout:
        if kind.is_value:
            setattr(cls, kind.name, _dataclass_field(kind.default))
    made: Any = dataclasses.dataclass(kw_only=True, slots=True, eq=False, repr=False)(cls)
    made.spec = spec
    return cast(T, made)


def _dataclass_field(default: Any) -> Any:
    if default is MISSING:
        return dataclasses.field()
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=default.copy)
    return dataclasses.field(default=default)
