"""Writes functions that only find out where a field, or a whole body, ends.

They look at counts, lengths and NULs and at nothing else, and have the doubts that a parser has about them.
"""

from __future__ import annotations

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
    Words,
    form,
    referred,
)
from cti_schema.compile.source import Source, local
from cti_schema.message import Record
from cti_schema.wire.report import unknown_kind


class SkipWriter:
    """Writes functions ``(data, p, end)`` that return where what begins at ``p`` ends."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def record(self, record: type[Record]) -> str:
        """Return the function that skips a record; it is written once."""
        name = f"skip_{self.source.record(record)}"
        with self.source.function(name, f"def {name}(data, p, end):") as missing:
            if missing:
                spec = record.spec
                self.source.line(f'"""Return where the {spec.name} ends that begins at p."""')
                self.steps(spec.layout, form(spec.layout, spec.name))
                self.source.line("return p")
        return name

    def before(self, record: type[Record], number: int) -> str:
        """Return the function that tells where a step of a record begins; it is written once."""
        spec = record.spec
        name = f"start_{number}"
        with self.source.function(name, f"def {name}(data, p, end):") as missing:
            if missing:
                self.source.line(f'"""Return where the part {number} of the {spec.name} begins."""')
                self.steps(spec.layout, form(spec.layout, spec.name)[:number])
                self.source.line("return p")
        return name

    def steps(self, layout: tuple[k.Kind, ...], steps: Form) -> None:
        """Write the fields of one record, as far as these steps go."""
        others = referred(layout)
        rest = list(steps)
        while rest:
            step = rest.pop(0)
            if isinstance(step, Run):
                self.counts(step, others)
                self._check(step)
                self.source.line(f"p += {step.size}")
                continue
            size = _size_of_items(step)
            counts = [_count(step)]
            while size is not None and rest and _size_of_items(rest[0]) == size:
                counts.append(_count(rest.pop(0)))
            if len(counts) > 1:
                self.source.call("items = ", counts, join=" + ")
                self.source.line(f"p += {size} * items")
            else:
                self.step(step)

    def counts(self, run: Run, others: set[int], at: str = "p") -> None:
        """Write local variables for the fields of a run that other fields refer to."""
        names, format, start = [], "", 0
        for kind in run.kinds:
            if id(kind) in others and isinstance(kind, (k.Count, k.Scalar)):
                scalar = kind.of if isinstance(kind, k.Count) else kind
                gap = run.offset(kind) - start
                format += (f"{gap}x" if gap else "") + k.SCALARS[scalar.type]
                start = run.offset(kind) + scalar.size()
                names.append(local(kind.name, 0))
        if names:
            names[-1] += "," if len(names) == 1 else ""
            self.source.call("", names, f" = {self.source.unpacker(format)}(data, {at})")

    def _check(self, run: Run) -> None:
        """Write the doubts that a parser has about the numbers of a run."""
        for kind in run.kinds:
            if isinstance(kind, k.Count) and kind.of.type[0] == "i":
                self.source.doubt_if(f"{local(kind.name, 0)} < 0")
            elif isinstance(kind, k.Table):
                self.source.doubt_if(f"not 0 <= {local(kind.used.name, 0)} <= {kind.length}")

    @singledispatchmethod
    def step(self, step: Step) -> None:
        """Write one step."""
        unknown_kind(step, "a step")

    @step.register
    def _(self, step: Run) -> None:
        self.source.line(f"p += {step.size}")

    @step.register
    def _(self, step: Inside) -> None:
        size = _fixed_size(step)
        if size is not None:
            self.source.line(f"p += {size}")
        else:
            self.source.line(f"p = {self.record(step.record)}(data, p, end)")

    @step.register
    def _(self, step: Choice) -> None:
        for number, (value, case) in enumerate(step.cases):
            with self.source.block(f"{'elif' if number else 'if'} {local(step.by.name, 0)} == {value}:"):
                self.step(case)
        with self.source.block("else:" if step.cases else "if True:"):
            self.step(step.otherwise)

    @step.register
    def _(self, step: Items) -> None:
        kind = step.kind
        if kind.when is None:
            self._items(step)
            return
        with self.source.block(f"if {local(kind.when[0].name, 0)} in {kind.when[1]!r}:"):
            self._items(step)

    def _items(self, step: Items) -> None:
        kind = step.kind
        count = _count(step)
        if isinstance(kind.count, k.Scalar) and kind.count.type[0] == "i":
            self.source.doubt_if(f"{count} < 0")
        if kind.limit is not None:
            self.source.doubt_if(f"{count} > {kind.limit}")
        size = _fixed_size(step.item)
        if size is not None:
            self.source.line(f"p += {size} * {count}")
        else:
            with self.source.block(f"for _ in range({count}):"):
                self.step(step.item)

    @step.register
    def _(self, step: Words) -> None:
        kind = step.kind
        line = self.source.line
        if isinstance(kind, k.CountedText):
            line(f"p += {k.unit_size(kind.encoding)} * {local(kind.length.name, 0)}")
        elif isinstance(kind, k.PrefixedText):
            line(f"(length,) = {self.source.unpacker(k.SCALARS[kind.prefix.type])}(data, p)")
            line(f"p += {kind.prefix.size()}")
            nul = f"find_nul(data, {'p + length' if kind.exact else 'p'}, end, {kind.limit})"
            self.source.doubt_if(f"not 0 <= length <= {kind.limit} or {nul} != p + length")
            line("p += length + 1")
        elif kind.present_if is None:
            line(f"p = find_nul(data, p, end, {kind.limit}) + 1")
        else:
            with self.source.block(f"if {local(kind.present_if.name, 0)}:"):
                line(f"p = find_nul(data, p, end, {kind.limit}) + 1")

    @step.register
    def _(self, step: Blob) -> None:
        self.source.line(f"p += {local(step.length.name, 0)}")

    @step.register
    def _(self, step: Remainder) -> None:
        self.source.line("p = end")

    @step.register
    def _(self, step: Foreign) -> None:
        self.source.line("_, p = read_document(data, p, end, IGNORED, '')")


def _size_of_items(step: Step) -> int | None:
    """Return the size of the items of a list whose count alone says how long it is."""
    if not isinstance(step, Items):
        return None
    plain = step.kind.when is None and step.kind.limit is None and isinstance(step.kind.count, k.Count)
    return _fixed_size(step.item) if plain else None


def _fixed_size(step: Step) -> int | None:
    """Return the size of a step in which there is nothing to look at: no table whose count may be wrong."""
    if not isinstance(step, (Run, Inside)) or (isinstance(step, Inside) and _has_table(step.record)):
        return None
    return step.size


def _has_table(record: type[Record]) -> bool:
    return any(
        isinstance(kind, k.Table) or (isinstance(kind, k.Nested) and _has_table(kind.record))
        for kind in record.spec.layout
    )


def _count(step: Step) -> str:
    """Return the expression for the number of items of a list."""
    if not isinstance(step, Items):
        return ""
    count = step.kind.count
    return str(count) if isinstance(count, int) else local(count.name, 0)
