"""Views of frames: an attribute is decoded when it is read, and nothing is kept.

For programs that look at little of much: a proxy, statistics, a filter. `view` refuses what
`cti_schema.decode` refuses, with the same error. Only the characters of texts are not looked at before: a
text that does not decode raises that error when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, overload

from cti_schema import kinds as k
from cti_schema.compile.form import Inside, Items, Run, Step, form
from cti_schema.compile.parsing import ParseWriter
from cti_schema.compile.parsing_runs import Place
from cti_schema.compile.runtime import DOUBTS, NAMES, read_surplus
from cti_schema.compile.skipping import SkipWriter
from cti_schema.compile.source import Source
from cti_schema.message import Direction, Record, RecordSpec, UnknownMessage
from cti_schema.registry import LOOKED_UP
from cti_schema.wire.buffer import Frame
from cti_schema.wire.codec import decode, goes
from cti_schema.wire.frame import CHECKSUM, known_frame
from cti_schema.wire.report import BODY_OFFSET


class View:
    """A message, or a record in it, as it stands in a frame; its fields are attributes.

    Attributes:
        spec: what the declaration says.
    """

    __slots__ = ("_data", "_p")
    spec: ClassVar[RecordSpec]

    def __init__(self, data: bytes, p: int) -> None:
        self._data = data
        self._p = p

    def present(self) -> Iterator[tuple[k.Kind, Any]]:
        """Yield the fields in wire order, each with its value."""
        for kind in self.spec.values:
            yield kind, getattr(self, kind.name)

    def __repr__(self) -> str:
        shown = (f"{kind.name}={'***' if kind.secret else repr(value)}" for kind, value in self.present())
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a record is viewed.

    Attributes:
        view: its view class.
        size: its bytes, or ``None`` where they vary.
        skip: returns where a record ends, from the data, its first byte and the end of the body.
    """

    view: type[View]
    size: int | None
    skip: Callable[[bytes, int, int], int]

    def check(self, frame: bytes) -> None:
        """Do nothing if the whole body is plainly as declared, else raise one of `DOUBTS`."""
        end = len(frame) - CHECKSUM.size
        stop = self.skip(frame, BODY_OFFSET, end)
        if stop != end:
            surplus = self.view.spec.surplus
            items = 0
            if surplus is not None and surplus.per is not None:
                items = getattr(self.view(frame, BODY_OFFSET), surplus.per.name)
            read_surplus(IGNORED, frame, stop, end, surplus, items)


class Views(Sequence[Any]):
    """A list of records in a frame. The next one is found at once, another one by going there."""

    __slots__ = ("_at", "_count", "_data", "_index", "_shape", "_start")

    def __init__(self, data: bytes, start: int, count: int, shape: Shape) -> None:
        self._data = data
        self._start = start
        self._count = count
        self._shape = shape
        # The record that was read last, and where it begins.
        self._index = 0
        self._at = start

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(self._count))]
        if index < 0:
            index += self._count
        if not 0 <= index < self._count:
            raise IndexError(f"the list has {self._count} items")
        if index != self._index:
            self._go_to(index)
        return self._shape.view(self._data, self._at)

    def _go_to(self, index: int) -> None:
        size, skip = self._shape.size, self._shape.skip
        if size is not None:
            self._at = self._start + index * size
        else:
            at, known = (self._at, self._index) if index > self._index else (self._start, 0)
            end = len(self._data) - CHECKSUM.size
            for _ in range(index - known):
                at = skip(self._data, at, end)
            self._at = at
        self._index = index

    def __repr__(self) -> str:
        return repr(list(self))


def view(frame: bytes, direction: Direction | str | None = None) -> Any:
    """Return a view of one frame.

    A frame that is not plainly as declared, and one with a JSON body, is decoded at once: then the message
    itself is returned. It has the same attributes.

    Args:
        frame: the whole frame, from the token to the checksum.
        direction: as for `cti_schema.decode`.

    Raises:
        DecodeError: as `cti_schema.decode` raises it, strict.
    """
    if not isinstance(frame, bytes):
        frame = bytes(frame)
    known = known_frame(frame, LOOKED_UP, summed=frame.__class__ is Frame and frame.summed)
    message = None
    if known is not None and goes(known[0], frame, direction):
        declared = known[2]
    else:
        message = decode(frame, direction)
        declared = type(message)
    shape = SHAPES[declared]
    if shape is not None:
        try:
            shape.check(frame)
        except DOUBTS:
            pass
        else:
            return shape.view(frame, BODY_OFFSET)
    return decode(frame, direction) if message is None else message


def refused(data: bytes) -> Any:
    """Raise what decoding the frame raises."""
    decode(data)
    raise AssertionError("a text that a view cannot read was decoded")


class _Ignored:
    """Takes the leftovers that a view does not keep."""

    @property
    def _kept(self) -> dict[str, Any]:
        return {}


IGNORED = _Ignored()


class _Shapes(dict[type[Record], "Shape | None"]):
    def __missing__(self, record: type[Record]) -> Shape | None:
        viewed = record.spec.form == "binary" and record is not UnknownMessage
        self[record] = ViewWriter(Source(f"view of {record.spec.name}")).shape(record) if viewed else None
        return self[record]


#: How each message and record is viewed, if it is; made when it is first looked up.
SHAPES = _Shapes()


class ViewWriter(ParseWriter):
    """Writes the view class of a record."""

    strict = "True"
    nobody = "IGNORED"

    def shape(self, record: type[Record]) -> Shape:
        """Return how a record is viewed."""
        spec = record.spec
        skip = SkipWriter(self.source).record(record)
        name = f"{record.__name__}View"
        with self.source.block(f"class {name}(View):"):
            self.source.line(f'"""The {spec.name} of a frame."""')
            self.source.line("__slots__ = ()")
            for number, step in enumerate(form(spec.layout, spec.name)):
                for kind in step.kinds if isinstance(step, Run) else (step.kind,):
                    if not isinstance(kind, k.Reserved):
                        self.source.line("")
                        self._attribute(record, kind, step, number)
        names = {"IGNORED": IGNORED, "View": View, "Views": Views, "refused": refused}
        space = self.source.run({**NAMES, **names})
        space[name].spec = spec
        return Shape(space[name], k.layout_size(spec.layout), space[skip])

    def _attribute(self, record: type[Record], kind: k.Kind, step: Step, number: int) -> None:
        line = self.source.line
        line("@property")
        with self.source.block(f"def {kind.name}(self):"):
            line("data = self._data")
            steps = form(record.spec.layout, record.spec.name)
            for other in kind.references():
                for at, run in enumerate(steps):
                    if isinstance(run, Run) and other in run.kinds:
                        SkipWriter(self.source).counts(run, {id(other)}, self._start(record, at))
            start = self._start(record, number)
            if isinstance(step, Run):
                start += f" + {step.offset(kind)}"
                step = Run((kind.of if isinstance(kind, k.Count) else kind,))
            line(f"p = {start}")
            if isinstance(kind, (k.Scalar, k.Count)):
                self._value(step)
                return
            line(f"end = len(data) - {CHECKSUM.size}")
            with self.source.block("try:"):
                self._value(step)
            with self.source.block("except UnicodeDecodeError:"):
                line("return refused(data)")

    def _value(self, step: Step) -> None:
        self.step(step, Place(None, "value", 0, self.nobody))
        self.source.line("return value")

    def _start(self, record: type[Record], number: int) -> str:
        """Return the expression for where a step of the record begins."""
        steps = form(record.spec.layout, record.spec.name)[:number]
        kinds = [kind for step in steps for kind in (step.kinds if isinstance(step, Run) else (step.kind,))]
        size = k.layout_size(tuple(kinds))
        if size is not None:
            return f"self._p + {size}"
        return f"{SkipWriter(self.source).before(record, number)}(data, self._p, len(data) - {CHECKSUM.size})"

    def some(self, step: Items, place: Place, count: str) -> None:
        if not isinstance(step.item, Inside):
            super().some(step, place, count)
            return
        self.source.line(f"{place.target} = Views(data, p, {count}, {self._shape(step.item)})")

    def text(self, kind: k.Text, raw: str, place: Place) -> None:
        # What stands behind the NUL is not looked at: it may be no text.
        read = f'read_bytes({raw}, "{kind.encoding}", {place.keeper})'
        if kind.encoding == "utf-16-le":
            read = f"read_utf16({raw}, {place.keeper})"
        self.source.line(f"{place.target} = {read}")

    def inside(self, step: Inside, place: Place) -> None:
        self.source.line(f"{place.target} = {self._shape(step)}.view(data, p)")

    def _shape(self, step: Inside) -> str:
        record = step.record
        return self.source.given(
            SHAPES[record], f"how a {record.__name__} is viewed", f"{record.__name__}_shape"
        )
