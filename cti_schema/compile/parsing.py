"""Writes the parser of a layout.

``parse(data, p, end, strict)`` returns the message whose body stands from ``p`` to ``end``, or raises one of
`cti_schema.compile.doubt.DOUBTS`. Reading may go a few bytes beyond ``end``, never back: that the last
field ends in its place shows that no field went too far.
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
    remembers,
)
from cti_schema.compile.parsing_runs import Place, RunParser, variable
from cti_schema.compile.source import is_number, local
from cti_schema.message import Message
from cti_schema.wire.report import unknown_kind


class ParseWriter(RunParser):
    """Writes one parser."""

    def message(self, message: type[Message]) -> None:
        """Write the parser of a message."""
        spec = message.spec
        line = self.source.line
        with self.source.block("def parse(data, p, end, strict):"):
            line(f'"""Return the {spec.name} whose body stands from p to end."""')
            line(f"o = new({self.source.record(message)})")
            self.layout(spec.layout, form(spec.layout, spec.name), "o", 0)
            surplus, items = "None", "0"
            if spec.surplus is not None:
                surplus = self.source.given(spec.surplus, "what may stand behind the last field", "SURPLUS")
                if spec.surplus.per is not None:
                    items = local(spec.surplus.per.name, 0)
            with self.source.block("if p != end:"):
                line(f"read_surplus(o, data, p, end, {surplus}, {items})")
            line("return o")

    def layout(
        self, layout: tuple[k.Kind, ...], steps: Form, record: str, depth: int, *, advance: bool = True
    ) -> None:
        """Write the fields of one record; ``p`` need not go on behind the last of them."""
        self.referred |= referred(layout)
        for number, step in enumerate(steps):
            if isinstance(step, Run):
                places = [Place(record, kind.name, depth) for kind in step.kinds]
                self.run(step, places, advance=advance or number < len(steps) - 1)
            else:
                self.step(step, Place(record, step.kind.name, depth))

    @singledispatchmethod
    def step(self, step: Step, place: Place) -> None:
        """Write one step whose value goes to a place."""
        unknown_kind(step, place.name)

    @step.register
    def _(self, step: Run, place: Place) -> None:
        self.run(step, [place])

    @step.register
    def _(self, step: Inside, place: Place) -> None:
        self.inside(step, place)

    def inside(self, step: Inside, place: Place) -> None:
        """Write a record that is no item of a list."""
        record = f"o{place.depth + 1}"
        self.source.line(f"{place.target} = {record} = new({self.source.record(step.record)})")
        self.layout(step.record.spec.layout, step.form, record, place.depth + 1)

    @step.register
    def _(self, step: Choice, place: Place) -> None:
        chooser = local(step.by.name, place.depth)
        for number, (value, case) in enumerate(step.cases):
            with self.source.block(f"{'elif' if number else 'if'} {chooser} == {value}:"):
                self.step(case, place)
        with self.source.block("else:" if step.cases else "if True:"):
            self.step(step.otherwise, place)

    @step.register
    def _(self, step: Items, place: Place) -> None:
        kind = step.kind
        if kind.when is not None:
            chooser, values = kind.when
            with self.source.block(f"if {local(chooser.name, place.depth)} not in {values!r}:"):
                self.source.line(f"{place.target} = []")
            with self.source.block("else:"):
                self._items(step, place)
        else:
            self._items(step, place)

    def _items(self, step: Items, place: Place) -> None:
        kind = step.kind
        line = self.source.line
        if isinstance(kind.count, int):
            self.some(step, place, str(kind.count))
            return
        count = local(kind.count.name, place.depth)
        with self.source.block(f"if {count} == 0:"):
            line(f"{place.target} = []")
        if isinstance(kind.count, k.Scalar) and kind.count.type[0] == "i":
            with self.source.block(f"elif {count} < 0:"):
                line("raise Doubt")
        if kind.limit is not None:
            with self.source.block(f"elif {count} > {kind.limit}:"):
                line("raise Doubt")
        with self.source.block("else:"):
            self.some(step, place, count)

    def some(self, step: Items, place: Place, count: str) -> None:
        """Write a list that has items."""
        line = self.source.line
        item = step.item
        size = item.size if isinstance(item, (Run, Inside)) else None
        if size is None:
            items = variable(place)
            line(f"{place.target} = {items} = []")
            outer, self.index = self.index, f"i{place.depth + 1}"
            with self.source.block(f"for {self.index} in range({count}):"):
                value = self._item(item, f"{items}_item", place.depth, advance=True)
                line(f"{items}.append({value})")
            self.index = outer
            return
        line(f"stop = p + {size} * {count}")
        self.source.doubt_if("stop > end")
        if isinstance(item, Run) and is_number(item.kinds[0]):
            scalar = self.source.given(item.kinds[0], "one item", f"ITEM_{step.kind.name.upper()}")
            line(f"{place.target} = read_numbers(data, p, {count}, {scalar})")
        elif isinstance(item, Inside):
            line(f"{place.target} = {self._records(item, size)}(data, p, stop, {self.strict})")
        else:
            items = variable(place)
            line(f"{place.target} = {items} = []")
            with self.source.block(f"for p in range(p, stop, {size}):"):
                value = self._item(item, f"{items}_item", place.depth, advance=False)
                line(f"{items}.append({value})")
        line("p = stop")

    def _item(self, item: Step, name: str, depth: int, *, advance: bool) -> str:
        """Write one item of a list, and return its variable."""
        if isinstance(item, Inside):
            record = f"o{depth + 1}"
            self.source.line(f"{record} = new({self.source.record(item.record)})")
            self.layout(item.record.spec.layout, item.form, record, depth + 1, advance=advance)
            return record
        if isinstance(item, Run):
            self.run(item, [Place(None, name, depth, self.nobody)], advance=advance)
        else:
            self.step(item, Place(None, name, depth, self.nobody))
        return name

    def _records(self, item: Inside, size: int) -> str:
        """Return the function that reads records of fixed size; a record may be in several lists."""
        name = f"read_{self.source.record(item.record)}"
        with self.source.function(name, f"def {name}(data, p, end, strict):") as missing:
            if missing:
                line = self.source.line
                line(f'"""Return the records of type {item.record.__name__} that stand from p to end."""')
                line("items = []")
                outer, self.index = self.index, "i"
                loop = f"p in range(p, end, {size})"
                if remembers(item.form):
                    loop = f"i, p in enumerate(range(p, end, {size}))"
                with self.source.block(f"for {loop}:"):
                    line(f"items.append({self._item(item, '', -1, advance=False)})")
                line("return items")
                self.index = outer
        return name

    @step.register
    def _(self, step: Words, place: Place) -> None:
        kind = step.kind
        if isinstance(kind, k.CountedText):
            self._counted(kind, place)
        elif isinstance(kind, k.ZText):
            self._until_nul(kind, place)
        else:
            self._prefixed(kind, place)

    def _counted(self, kind: k.CountedText, place: Place) -> None:
        length = local(kind.length.name, place.depth)
        if kind.encoding == "utf-16-le":
            read, length = "read_utf16_counted", f"2 * {length}"
        else:
            read = "read_latin1_counted"
        self.source.line(f"stop = p + {length}")
        self.source.line(f"{place.target} = {read}(data, p, stop, end)")
        self.source.line("p = stop")

    def _until_nul(self, kind: k.ZText, place: Place) -> None:
        line = self.source.line

        def read() -> None:
            line(f"stop = find_nul(data, p, end, {kind.limit})")
            line(f'{place.target} = data[p:stop].decode("latin-1")')

        length = kind.present_if
        if length is None:
            read()
            line("p = stop + 1")
            return
        name = local(length.name, place.depth)
        with self.source.block(f"if {name}:"):
            read()
            with self.source.block(f"if {name} != stop - p:"):
                pack = self.source.packer(f"{k.SCALARS[length.of.type]}")
                line(f'keep({place.record or place.nobody}, "{length.name}", {pack}({name}), stop - p)')
            line("p = stop + 1")
        with self.source.block("else:"):
            line(f'{place.target} = ""')

    def _prefixed(self, kind: k.PrefixedText, place: Place) -> None:
        line = self.source.line
        unpack = self.source.unpacker(f"{k.SCALARS[kind.prefix.type]}")
        line(f"(length,) = {unpack}(data, p)")
        line(f"p += {kind.prefix.size()}")
        line("stop = p + length")
        # Whether the length or the NUL ends the text: here both say the same.
        nul = f"find_nul(data, {'stop' if kind.exact else 'p'}, end, {kind.limit})"
        self.source.doubt_if(f"not 0 <= length <= {kind.limit} or {nul} != stop")
        line(f'{place.target} = data[p:stop].decode("latin-1")')
        line("p = stop + 1")

    @step.register
    def _(self, step: Blob, place: Place) -> None:
        line = self.source.line
        line(f"stop = p + {local(step.length.name, place.depth)}")
        self.source.doubt_if("stop > end")
        line(f"{place.target} = data[p:stop]")
        line("p = stop")

    @step.register
    def _(self, step: Remainder, place: Place) -> None:
        self.source.line(f"{place.target} = data[p:end]")
        self.source.line("p = end")

    @step.register
    def _(self, step: Foreign, place: Place) -> None:
        self.source.line(f"{place.target}, p = read_document(data, p, end, {place.keeper})")
