"""What a parse finds out besides the values: where each field stands, and what is wrong.

A `Report` is handed to a construct struct as the parameter ``report``; the subcons of
`cti_schema.wire.subcons` write to it. Without one they behave as any construct does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from cti_schema.errors import DecodeError
from cti_schema.kinds import Kind
from cti_schema.problems import NOTES, Problem

#: Most notes of one frame that are told, such as values that no enumeration lists. A frame full of
#: garbage would have one for every few bytes, and they would take far more memory than the frame.
MOST_NOTES: Final = 500

#: Bytes in front of the body; offsets count from the frame's first byte.
BODY_OFFSET: Final = 20


@dataclass(slots=True)
class Span:
    """Where one field stands in a frame.

    Attributes:
        path: the field, like ``channels[0].status``.
        depth: 0 for the fields of the message, 1 for those of its records, and so on.
        kind: the field's kind.
        offset: from the frame's first byte.
        length: in bytes.
        value: the decoded value.
    """

    path: str
    depth: int
    kind: Kind
    offset: int
    length: int
    value: Any


class Report:
    """Collects problems, leftovers and, on demand, spans while a body is parsed.

    Args:
        strict: raise `DecodeError` at the first problem that is not just a note.
        spans: collect where each field stands.
        make: makes the object of a record from its class, its values and the path in front of its fields.
    """

    def __init__(
        self,
        *,
        strict: bool,
        spans: bool = False,
        make: Callable[..., Any] = lambda record, values, path: values,
    ) -> None:
        self.strict = strict
        self.make = make
        self.problems: list[Problem] = []
        self.spans: list[Span] | None = [] if spans else None
        #: Bytes that an exact re-encode needs beyond the values, by path.
        self.leftovers: dict[str, bytes] = {}
        #: The body ended inside a field: nothing more can be parsed.
        self.ended = False
        #: The JSON value of a body that is no object, in a tuple.
        self.root: tuple[Any] | None = None
        self._notes = 0
        self._path: list[str | int] = []
        self._lists: list[tuple[str, int]] = []

    @property
    def path(self) -> str:
        """The field that is being parsed."""
        return join_path(self._path)

    def sibling(self, name: str) -> str:
        """Return the path of another field of the record that is being parsed."""
        return join_path([*self._path[:-1], name])

    def enter(self, step: str | int, kind: Kind, position: int, *, shown: bool = True) -> Span | None:
        """Begin a field or an item of a list at a position in the body."""
        self._path.append(step)
        if self.spans is None or not shown:
            return None
        span = Span(self.path, len(self._path) - 1, kind, BODY_OFFSET + position, 0, None)
        self.spans.append(span)
        return span

    def show(self, path: str, depth: int, kind: Kind) -> Span | None:
        """Begin a member of a JSON body, whose place in the text is not told."""
        if self.spans is None:
            return None
        span = Span(path, depth, kind, BODY_OFFSET, 0, None)
        self.spans.append(span)
        return span

    def leave(self, span: Span | None, position: int, value: Any) -> None:
        """End what `enter` began."""
        self._path.pop()
        if span is not None:
            span.length = BODY_OFFSET + position - span.offset
            span.value = value

    def abandon(self, span: Span | None) -> None:
        """Forget the field that `enter` began: the body ended inside it."""
        self._path.pop()
        if span is not None and self.spans is not None:
            self.spans.remove(span)

    def problem(
        self,
        kind: str,
        message: str,
        position: int,
        *,
        expected: Any = None,
        found: Any = None,
        path: str = "",
    ) -> None:
        """Report a problem with the field that is being parsed."""
        if kind in NOTES:
            self._notes += 1
            if self._notes > MOST_NOTES:
                return
        problem = Problem(kind, message, path or self.path, BODY_OFFSET + position, expected, found)
        if self.strict and kind not in NOTES:
            raise DecodeError(problem)
        self.problems.append(problem)

    @contextmanager
    def list(self, count: int) -> Iterator[None]:
        """Know the list that is being parsed, so that an early end is told as a count that is too large."""
        self._lists.append((self.path, count))
        yield
        self._lists.pop()

    def end(self, rest: bytes, position: int, overrun: bool) -> None:
        """The body ends inside the field that is being parsed: keep the bytes left, and report it once.

        Args:
            rest: the bytes from the field's beginning.
            position: of the field in the body.
            overrun: a count or a length goes beyond the data.
        """
        self.ended = True
        self.leftovers["truncated"] = rest
        self.leftovers["truncated_at"] = position.to_bytes(4, "little")
        inside = self.path
        if self._lists:
            path, count = self._lists[-1]
            message = f"the list has {count} items by its count, but the body ends inside {inside}"
            self.problem("count", message, position, path=path, found=count)
        elif overrun:
            self.problem("count", f"its length goes beyond the {len(rest)} bytes that are left", position)
        else:
            self.problem(
                "truncated", f"the body ends {len(rest)} bytes into the field", position, found=len(rest)
            )


def shown(value: object, size: int = 60) -> str:
    """Return a value for the words of an error, cut to so many characters.

    Python writes no integer of thousands of digits: it raises `ValueError`.
    """
    try:
        return f"{value!r:.{size}}"
    except ValueError:
        return f"{'an' if type(value) is int else 'one with an'} integer of thousands of digits"


def join_path(steps: list[str | int]) -> str:
    """Return a path for people: ``["channels", 0, "status"]`` -> ``channels[0].status``."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path


def unknown_kind(kind: object, path: str) -> NoReturn:
    """Fail because a derivation does not know a kind of field."""
    raise NotImplementedError(f"{path}: the kind {type(kind).__name__} is not handled here")
