"""Writes the builder of a layout.

``build(o)`` returns the frame of a message, or raises one of `cti_schema.compile.doubt.DOUBTS`.
A message that keeps leftovers, and a value that is not of the plainest type, are always in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import singledispatchmethod

from cti_schema import kinds as k
from cti_schema.compile.building_runs import Given, RunBuilder
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
    Words,
    form,
    referred,
    remembers,
)
from cti_schema.compile.source import is_number, local
from cti_schema.message import Message, MessageSpec
from cti_schema.wire.frame import frame_builder, frame_header
from cti_schema.wire.report import BODY_OFFSET, unknown_kind


class BuildWriter(RunBuilder):
    """Writes one builder."""

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
        self.check_floats(run, givens)
        pack = self.source.packer(f"{BODY_OFFSET}s{run.format}")
        self.source.call(f"return seal({pack}", [header, *self.values(run, givens)], ")")

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
        self.measured(counted, given)
        self.ready.add(id(counted))
        units = k.unit_size(counted.encoding) if isinstance(counted, k.CountedText) else 1
        per_unit = f" // {units}" if units > 1 else ""
        self.source.line(f"{local(kind.name, depth)} = len({given.variable}){per_unit}")

    @singledispatchmethod
    def step(self, step: Step, given: Given) -> None:
        """Write one step for a value."""
        unknown_kind(step, given.variable)

    @step.register
    def _(self, step: Run, given: Given) -> None:
        self.run(step, [given])

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
        self.measured(kind, given)
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
            self.measured(kind, given)
            line(f"add({given.variable})")
        elif isinstance(kind, k.PrefixedText):
            layout = self.source.given(kind, "the layout of the text", f"TEXT_{given.variable.upper()}")
            line(f"add(write_prefixed({given.value}, {layout}))")
        elif kind.present_if is None:
            line(f'add(write_z({given.value}, {kind.limit}) + b"\\0")')
        else:
            self.measured(kind, given)
            with self.source.block(f"if {given.variable}:"):
                line(f'add({given.variable} + b"\\0")')

    @step.register
    def _(self, step: Blob, given: Given) -> None:
        self.measured(step.kind, given)
        self.source.line(f"add({given.variable})")

    @step.register
    def _(self, step: Remainder, given: Given) -> None:
        self.source.line(f"add(blob({given.value}))")

    @step.register
    def _(self, step: Foreign, given: Given) -> None:
        self.source.line(f"add(write_document({given.value}))")


def _given(record: str, kind: k.Kind, depth: int) -> Given:
    return Given(f"{record}.{kind.name}", local(kind.name, depth), depth)
