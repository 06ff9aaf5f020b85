"""Writes the builder of a layout.

``build(o)`` returns the frame of a message, or raises one of `cti_schema.compile.runtime.DOUBTS`.
A message that keeps leftovers, and a value that is not of the plainest type, are always in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import singledispatchmethod

from cti_schema import kinds as k
from cti_schema.compile.form import (
    Blob,
    Choice,
    Foreign,
    Form,
    Inside,
    Items,
    Remainder,
    Run,
    Step,
    Texts,
    Words,
    form,
    referred,
    remembers,
)
from cti_schema.compile.source import Source, is_number, local
from cti_schema.message import Message, MessageSpec
from cti_schema.wire.frame import frame_builder, frame_header
from cti_schema.wire.report import BODY_OFFSET, unknown_kind


@dataclass(frozen=True)
class Given:
    """Where the value to be built comes from.

    Attributes:
        value: the expression that reads it.
        variable: the local variable that it may be put into.
        depth: of its record among records.
    """

    value: str
    variable: str
    depth: int


class BuildWriter:
    """Writes one builder."""

    def __init__(self, source: Source) -> None:
        self.source = source
        #: Fields that others refer to, by identity.
        self.referred: set[int] = set()
        #: Fields that stand in their variables already, because their length was needed.
        self.ready: set[int] = set()
        #: The variable that tells records in a list apart.
        self.index = "0"

    def message(self, message: type[Message]) -> None:
        """Write the builder of a message."""
        spec = message.spec
        steps = form(spec.layout, spec.name)
        line = self.source.line
        with self.source.block("def build(o):"):
            line(f'"""Return the frame of a {spec.name}."""')
            self.source.doubt_if("o._kept")
            if len(steps) == 1 and isinstance(steps[0], Run):
                self._fixed(steps[0], spec)
                return
            line("parts = []")
            line("add = parts.append")
            self.layout(spec.layout, steps, "o", 0)
            frame = frame_builder(spec.code, spec.direction)
            framed = self.source.given(frame, "puts the frame around a body", "framed")
            line(f'return {framed}(b"".join(parts))')

    def _fixed(self, run: Run, spec: MessageSpec) -> None:
        """Write a message whose size never changes: its header is a constant."""
        header = self.source.constant("HEADER_", repr(frame_header(spec.code, run.size, spec.direction)))
        givens = [_given("o", kind, 0) for kind in run.kinds]
        self._check_floats(run, givens)
        pack = self.source.packer(f"{BODY_OFFSET}s{run.format}")
        self.source.call(f"return seal({pack}", [header, *self._values(run, givens)], ")")

    def layout(self, layout: tuple[k.Kind, ...], steps: Form, record: str, depth: int) -> None:
        """Write the fields of one record."""
        self.referred |= referred(layout)
        for kind in layout:
            if isinstance(kind, k.Count):
                self._count(kind, record, depth)
        for step in steps:
            if isinstance(step, Run):
                self.run(step, [_given(record, kind, depth) for kind in step.kinds])
            else:
                self.step(step, _given(record, step.kind, depth))

    def _count(self, kind: k.Count, record: str, depth: int) -> None:
        """Write what a count needs: the value that it counts, as far as its length is concerned."""
        counted = kind.counted
        assert counted is not None
        given = _given(record, counted, depth)
        self._measured(counted, given)
        self.ready.add(id(counted))
        units = k.unit_size(counted.encoding) if isinstance(counted, k.CountedText) else 1
        per_unit = f" // {units}" if units > 1 else ""
        self.source.line(f"{local(kind.name, depth)} = len({given.variable}){per_unit}")

    def _measured(self, kind: k.Kind, given: Given) -> None:
        """Put a value whose length counts into its variable: a text as bytes, a list as it is."""
        if id(kind) in self.ready:
            return
        line = self.source.line
        if isinstance(kind, k.CountedText):
            write = "write_utf16_counted" if kind.encoding == "utf-16-le" else "write_latin1_counted"
            line(f"{given.variable} = {write}({given.value})")
        elif isinstance(kind, k.ZText):
            line(f"{given.variable} = write_z({given.value}, {kind.limit})")
        elif isinstance(kind, k.Data):
            line(f"{given.variable} = blob({given.value})")
        else:
            line(f"{given.variable} = {given.value}")
            self.source.doubt_if(f"{given.variable}.__class__ is not list")

    @singledispatchmethod
    def step(self, step: Step, given: Given) -> None:
        """Write one step for a value."""
        unknown_kind(step, given.variable)

    @step.register
    def _(self, step: Run, given: Given) -> None:
        self.run(step, [given])

    def run(self, run: Run, givens: list[Given]) -> None:
        """Write fields of fixed size: one call packs them all."""
        self._check_floats(run, givens)
        values = self._values(run, givens)
        self.source.call(f"add({self.source.packer(run.format)}", values, ")")

    def _values(self, run: Run, givens: list[Given]) -> list[str]:
        """Return the expressions of the values of a run as `struct` takes them."""
        by_kind = dict(zip(map(id, run.kinds), givens, strict=True))
        return [
            self._remembered([by_kind[id(kind)] for kind in part.kinds], part)
            if isinstance(part, Texts)
            else self._value(part, by_kind[id(part)])
            for part in run.parts
        ]

    def _remembered(self, givens: list[Given], texts: Texts) -> str:
        """Write texts that are encoded only when they are not those of the last time."""
        layout, memory = self.source.texts(texts)
        self.source.call("texts = ", [given.value for given in givens])
        self.source.line(f"remembered, raw_texts = {memory}.get({self.index}, NOTHING)")
        with self.source.block("if remembered != texts:"):
            self.source.line(f"raw_texts = write_texts(texts, {layout}, {memory}, {self.index})")
        return "raw_texts"

    def _check_floats(self, run: Run, givens: list[Given]) -> None:
        """A sum tells whether all are floats or integers, and none is no number."""
        floats = [
            given
            for kind, given in zip(run.kinds, givens, strict=True)
            if isinstance(kind, k.Scalar) and kind.is_float
        ]
        if not floats:
            return
        for given in floats:
            if given.variable != given.value:
                self.source.line(f"{given.variable} = {given.value}")
        self.source.call("total = ", ["0.0", *(given.variable for given in floats)], join=" + ")
        with self.source.block("if total != total or total.__class__ is not float:"):
            for given in floats:
                self.source.line(f"{given.variable} = number({given.variable})")

    def _value(self, kind: k.Kind, given: Given) -> str:
        """Return the expression of a value as `struct` takes it."""
        line = self.source.line
        if isinstance(kind, k.Scalar):
            if kind.is_float:
                return given.variable
            if id(kind) in self.referred:
                line(f"{given.variable} = {given.value}")
                self.source.doubt_if(f"not isinstance({given.variable}, int)")
                return given.variable
            return given.value
        if isinstance(kind, k.Count):
            return local(kind.name, given.depth)
        if isinstance(kind, k.Text):
            if kind.encoding == "utf-16-le":
                return f"write_utf16({given.value}, {kind.size()})"
            return f'write_bytes({given.value}, "{kind.encoding}", {kind.size()})'
        if isinstance(kind, k.Reserved):
            return self.source.zeros(kind.length)
        if isinstance(kind, k.Data):
            self._measured(kind, given)
            self.source.doubt_if(f"len({given.variable}) != {kind.length}")
            return given.variable
        assert isinstance(kind, k.Table), kind  # the form puts nothing else into a run
        scalar = self.source.given(kind.item, "one item", f"ITEM_{kind.name.upper()}")
        self._measured(kind, given)
        self.source.doubt_if(f"len({given.variable}) > {kind.length}")
        return f"write_numbers({given.variable}, {scalar})"

    @step.register
    def _(self, step: Inside, given: Given) -> None:
        record = f"o{given.depth + 1}"
        self.source.line(f"{record} = {given.value}")
        self._inside(step, record, given.depth + 1)

    def _inside(self, step: Inside, record: str, depth: int) -> None:
        wanted = self.source.record(step.record)
        self.source.doubt_if(f"{record}.__class__ is not {wanted} or {record}._kept")
        self.layout(step.record.spec.layout, step.form, record, depth)

    @step.register
    def _(self, step: Choice, given: Given) -> None:
        chooser = local(step.by.name, given.depth)
        for number, (value, case) in enumerate(step.cases):
            with self.source.block(f"{'elif' if number else 'if'} {chooser} == {value}:"):
                self.step(case, given)
        with self.source.block("else:" if step.cases else "if True:"):
            self.step(step.otherwise, given)

    @step.register
    def _(self, step: Items, given: Given) -> None:
        kind = step.kind
        line = self.source.line
        self._measured(kind, given)
        if kind.when is None:
            self._items(step, given)
            return
        chooser, values = kind.when
        with self.source.block(f"if {local(chooser.name, given.depth)} in {values!r}:"):
            self._items(step, given)
        with self.source.block(f"elif {given.variable}:"):
            line("raise Doubt")

    def _items(self, step: Items, given: Given) -> None:
        kind = step.kind
        line = self.source.line
        name = given.variable
        if not isinstance(kind.count, k.Count):
            count = str(kind.count) if isinstance(kind.count, int) else local(kind.count.name, given.depth)
            self.source.doubt_if(f"len({name}) != {count}")
        if kind.limit is not None:
            self.source.doubt_if(f"len({name}) > {kind.limit}")
        item = step.item
        if isinstance(item, Run) and is_number(item.kinds[0]):
            scalar = self.source.given(item.kinds[0], "one item", f"ITEM_{kind.name.upper()}")
            line(f"add(write_numbers({name}, {scalar}))")
            return
        if isinstance(item, Inside) and item.size is not None:
            with self.source.block(f"if {name}:"):
                line(f"{self._records(item)}({name}, add)")
            return
        if not isinstance(item, Inside):
            with self.source.block(f"for item in {name}:"):
                self.step(item, Given("item", f"{name}_item", given.depth))
            return
        with self._each(item, f"o{given.depth + 1}", name, f"i{given.depth + 1}"):
            self._inside(item, f"o{given.depth + 1}", given.depth + 1)

    @contextmanager
    def _each(self, item: Inside, record: str, items: str, index: str) -> Iterator[None]:
        """Write a loop over records, numbered if texts of them are remembered."""
        loop = f"{index}, {record} in enumerate({items})" if remembers(item.form) else f"{record} in {items}"
        outer, self.index = self.index, index
        with self.source.block(f"for {loop}:"):
            yield
        self.index = outer

    def _records(self, item: Inside) -> str:
        """Return the function that writes records of fixed size; a record may be in several lists."""
        name = f"write_{self.source.record(item.record)}"
        with self.source.function(name, f"def {name}(items, add):") as missing:
            if missing:
                self.source.line(f'"""Add the bytes of records of type {item.record.__name__}."""')
                with self._each(item, "o", "items", "i"):
                    self._inside(item, "o", 0)
        return name

    @step.register
    def _(self, step: Words, given: Given) -> None:
        kind = step.kind
        line = self.source.line
        if isinstance(kind, k.CountedText):
            self._measured(kind, given)
            line(f"add({given.variable})")
        elif isinstance(kind, k.PrefixedText):
            layout = self.source.given(kind, "the layout of the text", f"TEXT_{given.variable.upper()}")
            line(f"add(write_prefixed({given.value}, {layout}))")
        elif kind.present_if is None:
            line(f'add(write_z({given.value}, {kind.limit}) + b"\\0")')
        else:
            self._measured(kind, given)
            with self.source.block(f"if {given.variable}:"):
                line(f'add({given.variable} + b"\\0")')

    @step.register
    def _(self, step: Blob, given: Given) -> None:
        self._measured(step.kind, given)
        self.source.line(f"add({given.variable})")

    @step.register
    def _(self, step: Remainder, given: Given) -> None:
        self.source.line(f"add(blob({given.value}))")

    @step.register
    def _(self, step: Foreign, given: Given) -> None:
        self.source.line(f"add(write_document({given.value}))")


def _given(record: str, kind: k.Kind, depth: int) -> Given:
    return Given(f"{record}.{kind.name}", local(kind.name, depth), depth)
