"""The intermediate form: what a layout asks of a parser, in few words.

A layout becomes a row of steps. Neighbours of fixed size make one `Run`, which one precompiled
`struct.Struct` reads; everything else is a step of its own. The parser and the builder are written from
these steps alone, and every kind of field has its step here: one that has none is refused when its message
is declared.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cti_schema import kinds as k
from cti_schema.errors import DeclarationError

if TYPE_CHECKING:
    from cti_schema.message import Record


#: Texts of so many bytes are worth remembering: comparing them is faster than decoding them.
_REMEMBERED: Final = 256


@dataclass(frozen=True)
class Texts:
    """Texts of fixed size that follow each other: they seldom change, and are remembered as one."""

    kinds: tuple[k.Text, ...]

    @cached_property
    def size(self) -> int:
        """Bytes of all texts."""
        return sum(kind.size() for kind in self.kinds)


@dataclass(frozen=True)
class Run:
    """Fields of fixed size that follow each other."""

    kinds: tuple[k.Kind, ...]

    @cached_property
    def parts(self) -> tuple[k.Kind | Texts, ...]:
        """The fields, neighbouring texts joined where that pays. A secret is not remembered."""
        parts: list[k.Kind | Texts] = []
        for joined, group in groupby(self.kinds, lambda kind: isinstance(kind, k.Text) and not kind.secret):
            kinds = tuple(group)
            texts = Texts(kinds)  # type: ignore[arg-type]
            parts += [texts] if joined and len(kinds) > 1 and texts.size >= _REMEMBERED else kinds
        return tuple(parts)

    @cached_property
    def format(self) -> str:
        """The format of the whole run for `struct`, without the byte order."""
        return "".join(
            f"{part.size}s" if isinstance(part, Texts) else _CODES[type(part)](part) for part in self.parts
        )

    @cached_property
    def size(self) -> int:
        """Bytes of the whole run."""
        return struct.calcsize(f"<{self.format}")

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each field of the run begins."""
        return tuple(accumulate((kind.size() or 0 for kind in self.kinds[:-1]), initial=0))

    def offset(self, kind: k.Kind) -> int:
        """Return where a field of the run begins."""
        return self.offsets[self.kinds.index(kind)]


@dataclass(frozen=True)
class Items:
    """A list: as many items as a field tells, or a fixed number; maybe only under a condition."""

    kind: k.Array
    item: Step


@dataclass(frozen=True)
class Inside:
    """A record with a layout of its own."""

    kind: k.Nested
    record: type[Record]
    form: tuple[Step, ...]

    @cached_property
    def size(self) -> int | None:
        """Bytes of the record, or ``None`` where they vary."""
        return self.kind.size()


@dataclass(frozen=True)
class Choice:
    """A tagged union: an earlier field tells which step is taken."""

    kind: k.Kind
    by: k.Scalar
    cases: tuple[tuple[int, Step], ...]
    otherwise: Step


@dataclass(frozen=True)
class Words:
    """A text whose length is not fixed."""

    kind: k.CountedText | k.ZText | k.PrefixedText


@dataclass(frozen=True)
class Blob:
    """Bytes of counted length."""

    kind: k.Data
    length: k.Count


@dataclass(frozen=True)
class Remainder:
    """All that is left."""

    kind: k.Rest


@dataclass(frozen=True)
class Foreign:
    """A document of another format, which that format's own reader reads and writes."""

    kind: k.Document


Step: TypeAlias = Run | Items | Inside | Choice | Words | Blob | Remainder | Foreign
Form: TypeAlias = tuple[Step, ...]

#: `struct` code of each kind that has a fixed size and no fields of its own.
_CODES: Final[dict[type[k.Kind], Callable[[Any], str]]] = {
    k.Scalar: lambda kind: k.SCALARS[kind.type],
    k.Count: lambda kind: k.SCALARS[kind.of.type],
    k.Text: lambda kind: f"{kind.size()}s",
    k.Data: lambda kind: f"{kind.length}s",
    k.Reserved: lambda kind: f"{kind.length}s",
    k.Table: lambda kind: f"{kind.size()}s",
}


def _array(kind: k.Array, path: str) -> Step:
    if isinstance(kind.item, k.Variants):
        # The field that chooses stands in front of the list: choose once, not for every item.
        union = kind.item
        cases = tuple((value, Items(kind, step(one, path))) for value, one in union.cases.items())
        return Choice(kind, union.by, cases, Items(kind, step(union.otherwise, path)))
    return Items(kind, step(kind.item, path))


def _variants(kind: k.Variants, path: str) -> Step:
    cases = tuple((value, step(one, path)) for value, one in kind.cases.items())
    return Choice(kind, kind.by, cases, step(kind.otherwise, path))


def _data(kind: k.Data, path: str) -> Step:
    return Run((kind,)) if isinstance(kind.length, int) else Blob(kind, kind.length)


def _run(kind: k.Kind, path: str) -> Step:
    return Run((kind,))


def _none(kind: k.Kind, path: str) -> None:
    """A surplus is behind the last field; the members of a JSON body are read as one text."""


_STEPS: Final[dict[type[k.Kind], Callable[[Any, str], Step | None]]] = {
    k.Scalar: _run,
    k.Count: _run,
    k.Text: _run,
    k.CountedText: lambda kind, path: Words(kind),
    k.ZText: lambda kind, path: Words(kind),
    k.PrefixedText: lambda kind, path: Words(kind),
    k.Data: _data,
    k.Reserved: _run,
    k.Surplus: _none,
    k.Array: _array,
    k.Table: _run,
    k.Nested: lambda kind, path: Inside(kind, kind.record, form(kind.record.spec.layout, path)),
    k.Variants: _variants,
    k.Rest: lambda kind, path: Remainder(kind),
    k.Document: lambda kind, path: Foreign(kind),
    k.Member: _none,
}


def check(kind: k.Kind, path: str) -> None:
    """Check that the kind of a field, and those inside it, can be compiled.

    Raises:
        DeclarationError: one cannot; the path names the field.
    """
    if type(kind) not in _STEPS:
        raise DeclarationError(f"{path}: the kind {type(kind).__name__} cannot be compiled")
    inner: Iterable[k.Kind] = ()
    if isinstance(kind, k.Array):
        inner = (kind.item,)
    elif isinstance(kind, k.Variants):
        inner = kind.alternatives()
    for one in inner:
        check(one, path)


def step(kind: k.Kind, path: str) -> Step:
    """Return the step of one field or of one item.

    Raises:
        DeclarationError: there is none for the kind; the path names the field.
    """
    check(kind, path)
    made = _STEPS[type(kind)](kind, path)
    if made is None:
        raise DeclarationError(f"{path}: a {type(kind).__name__} cannot stand here")
    return made


def form(layout: tuple[k.Kind, ...], path: str) -> Form:
    """Return the steps of a layout, neighbours of fixed size joined. A surplus has none.

    Args:
        layout: the fields.
        path: name of the message or record, for errors.
    """
    return _formed(layout, path)


@lru_cache(maxsize=1024)
def _formed(layout: tuple[k.Kind, ...], path: str) -> Form:
    steps: list[Step] = []
    for kind in layout:
        if isinstance(kind, k.Surplus):
            continue
        made = step(kind, f"{path}.{kind.name}")
        last = steps[-1] if steps else None
        if isinstance(made, Run) and isinstance(last, Run):
            steps[-1] = Run(last.kinds + made.kinds)
        else:
            steps.append(made)
    return tuple(steps)


def remembers(steps: Form) -> bool:
    """Tell whether a record has texts that are remembered."""
    return any(isinstance(part, Texts) for one in steps if isinstance(one, Run) for part in one.parts)


def referred(layout: Iterable[k.Kind]) -> set[int]:
    """Return the identities of the fields that other fields of the layout refer to."""
    return {id(other) for kind in layout for other in kind.references()}
