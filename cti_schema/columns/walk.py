"""Goes through many records of one layout at once, field by field.

Of every record it is known where it begins and where the body ends that it stands in; what a field tells about
the place of those behind it is an array like everything else. A record that is not as declared makes its frame
a bad one.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cti_schema import kinds as k
from cti_schema.columns.table import Binary, Column, Lists, Table, Texts
from cti_schema.columns.texts import FixedTexts, distinct
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
)
from cti_schema.compile.lazy import SHAPES
from cti_schema.compile.runtime import DOUBTS, find_nul, read_surplus
from cti_schema.message import Record
from cti_schema.wire import bson
from cti_schema.wire.report import unknown_kind

Places = NDArray[np.int64]

#: Fields with so many bytes of others between them are not copied together.
_GAP = 32


class BadFrames(Exception):
    """Frames that are not plainly as declared.

    Attributes:
        frames: their numbers.
    """

    def __init__(self, frames: NDArray[Any]) -> None:
        self.frames = np.unique(frames)
        super().__init__()


class Rows:
    """Records of one layout while they are gone through.

    Attributes:
        pos: where the next field of each begins.
        stop: where the body of each ends.
        frames: the frame of each.
        numbers: the counts and choosing fields that were met, by name.
        columns: what was found.
    """

    def __init__(self, pos: Places, stop: Places, frames: Places) -> None:
        self.pos = pos
        self.stop = stop
        self.frames = frames
        self.numbers: dict[str, NDArray[Any]] = {}
        self.columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self.pos)

    def some(self, chosen: NDArray[Any]) -> Rows:
        """Return a part of the rows."""
        part = Rows(self.pos[chosen], self.stop[chosen], self.frames[chosen])
        part.numbers = {name: values[chosen] for name, values in self.numbers.items()}
        return part

    def refuse(self, wrong: NDArray[np.bool_]) -> None:
        """Refuse the frames of these rows, if there are any."""
        if wrong.any():
            raise BadFrames(self.frames[wrong])

    def go(self, count: Any) -> None:
        """Go on by so many bytes, which must be there."""
        self.pos = self.pos + count
        self.refuse(self.pos > self.stop)


class Walk:
    """Goes through the records in some bytes.

    Args:
        data: the bytes of all frames.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        #: Columns without rows, by what the rows would be.
        self._nothing: dict[Any, Column | Table] = {}

    def record(
        self, layout: tuple[k.Kind, ...], steps: Form, pos: Places, stop: Places, frames: Places
    ) -> tuple[dict[str, Column], Places]:
        """Return the columns of records, and where each ends.

        Raises:
            BadFrames: some are not plainly as declared.
        """
        rows = Rows(pos, stop, frames)
        others = {id(other) for kind in layout for other in kind.references()}
        for step in steps:
            if isinstance(step, Run):
                self.run(step, rows, others)
            else:
                self.step(step, rows, step.kind.name)
        return rows.columns, rows.pos

    def surplus(
        self, kind: k.Surplus | None, columns: dict[str, Column], ends: Places, stop: Places, frames: Places
    ) -> None:
        """Check what stands behind the last field of each frame."""
        wrong = []
        for row in np.flatnonzero(ends != stop).tolist():
            items = 0
            if kind is not None and kind.per is not None:
                counted = kind.per.counted if isinstance(kind.per, k.Count) else None
                column = columns[counted.name if counted is not None else kind.per.name]
                items = int(np.diff(column.offsets)[row]) if isinstance(column, Lists) else int(column[row])  # type: ignore[index,call-overload,arg-type]
            try:
                read_surplus(_NOBODY, self.data, int(ends[row]), int(stop[row]), kind, items)
            except DOUBTS:
                wrong.append(row)
        if wrong:
            raise BadFrames(frames[wrong])

    def gather(self, pos: Places, size: int) -> NDArray[Any]:
        """Return so many bytes from each place, as an array of type ``V``."""
        if not len(pos):
            return np.empty(0, f"V{size}")
        # Every place of the data begins an item of this view; nothing is copied but what is taken.
        return np.ndarray((len(self.data) - size + 1,), f"V{size}", self.data, 0, (1,))[pos]

    @singledispatchmethod
    def step(self, step: Step, rows: Rows, name: str) -> None:
        """Go through one step."""
        unknown_kind(step, name)

    @step.register
    def _(self, step: Run, rows: Rows, name: str) -> None:
        (kind,) = step.kinds
        self._fields([(kind, name, 0)], rows, set())
        rows.go(step.size)

    def run(self, run: Run, rows: Rows, others: set[int]) -> None:
        """Go through fields of fixed size."""
        rows.refuse(rows.pos + run.size > rows.stop)
        self._fields([(kind, kind.name, run.offset(kind)) for kind in run.kinds], rows, others)
        rows.go(run.size)

    def _fields(self, fields: list[tuple[k.Kind, str, int]], rows: Rows, others: set[int]) -> None:
        rows.refuse(rows.pos + sum(kind.size() or 0 for kind, _, _ in fields) > rows.stop)
        taken: dict[str, NDArray[Any]] = {}
        group: list[tuple[k.Kind, str, int]] = []
        texts: list[tuple[k.Text, str, int]] = []
        for kind, name, start in fields:
            if isinstance(kind, k.Text):
                texts.append((kind, name, start))
            elif not isinstance(kind, k.Reserved):
                if group and start - _end(group[-1]) > _GAP:
                    taken |= self._take(group, rows)
                    group = []
                group.append((kind, name, start))
        if group:
            taken |= self._take(group, rows)
        found = FixedTexts(self.data, texts).read(rows.pos)
        if found.wrong:
            raise BadFrames(rows.frames[found.wrong])
        for kind, name, _ in fields:
            if isinstance(kind, k.Text):
                rows.columns[name] = found.columns[name]
            elif isinstance(kind, k.Count):
                rows.numbers[name] = taken[name].astype(np.int64)
                rows.refuse(rows.numbers[name] < 0)
            elif isinstance(kind, k.Table):
                rows.columns[name] = _used(kind, taken[name], rows)
            elif not isinstance(kind, k.Reserved):
                rows.columns[name] = taken[name]
                if id(kind) in others:
                    rows.numbers[name] = taken[name]

    def _take(self, group: list[tuple[k.Kind, str, int]], rows: Rows) -> dict[str, NDArray[Any]]:
        """Return fields that stand close together: views of one copy."""
        first, size = group[0][2], _end(group[-1]) - group[0][2]
        layout = np.dtype(
            {
                "names": [name for _, name, _ in group],
                "formats": [_dtype(kind) for kind, _, _ in group],
                "offsets": [start - first for _, _, start in group],
                "itemsize": size,
            }
        )
        copied = self.gather(rows.pos + first, size).view(layout)
        return {name: copied[name] for _, name, _ in group}

    @step.register
    def _(self, step: Inside, rows: Rows, name: str) -> None:
        layout = step.record.spec.layout
        columns, rows.pos = self.record(layout, step.form, rows.pos, rows.stop, rows.frames)
        rows.columns |= {f"{name}.{inner}": column for inner, column in columns.items()}

    @step.register
    def _(self, step: Items, rows: Rows, name: str) -> None:
        kind = step.kind
        if isinstance(kind.count, int):
            counts = np.full(len(rows), kind.count, np.int64)
        else:
            counts = rows.numbers[kind.count.name].astype(np.int64)
        if kind.when is not None:
            counts = np.where(np.isin(rows.numbers[kind.when[0].name], kind.when[1]), counts, 0)
        # An item has a byte at least: more items than bytes are not there, and need not be looked for.
        rows.refuse((counts < 0) | (counts > rows.stop - rows.pos))
        if not counts.any():
            rows.columns[name] = self._empty(step, rows)
            return
        size = step.item.size if isinstance(step.item, (Run, Inside)) else None
        if size is None:
            rows.columns[name] = self._one_by_one(step.item, counts, rows)
            return
        offsets = _offsets(counts)
        begin = rows.pos
        rows.go(counts * size)
        total = int(offsets[-1])
        pos = np.repeat(begin - size * offsets[:-1], counts) + size * np.arange(total)
        rows.columns[name] = Lists(offsets, self._items(step.item, pos, counts, rows)[0])

    def _empty(self, step: Items, rows: Rows) -> Lists:
        """Return lists without items."""
        key = step.item.record if isinstance(step.item, Inside) else step
        if key not in self._nothing:
            none = rows.some(np.empty(0, np.int64))
            self._nothing[key] = self._items(step.item, none.pos, np.empty(0, np.int64), none)[0]
        return Lists(np.zeros(len(rows) + 1, np.int32), self._nothing[key])

    def _items(
        self, item: Step, pos: Places, counts: NDArray[np.int64], rows: Rows
    ) -> tuple[Column | Table, Places]:
        """Return the column of items that begin at these places, so many of each row, and where they end."""
        stop, frames = np.repeat(rows.stop, counts), np.repeat(rows.frames, counts)
        if isinstance(item, Inside):
            columns, ends = self.record(item.record.spec.layout, item.form, pos, stop, frames)
            return Table(len(pos), columns), ends
        inner = Rows(pos, stop, frames)
        inner.numbers = {name: np.repeat(values, counts) for name, values in rows.numbers.items()}
        self.step(item, inner, "item")
        return inner.columns["item"], inner.pos

    def _one_by_one(self, item: Step, counts: NDArray[np.int64], rows: Rows) -> Lists:
        """Return lists of items whose size only they themselves tell: the first of each row, the second ..."""
        offsets = _offsets(counts)
        if int(counts.max(initial=0)) <= 1:
            there = np.flatnonzero(counts)
            items, ends = self._items(item, rows.pos[there], counts, rows)
            rows.pos = rows.pos.copy()
            rows.pos[there] = ends
        elif isinstance(item, Inside):
            pos, rows.pos = self._skip(item.record, counts, rows)
            items, _ = self._items(item, pos, counts, rows)
        else:
            pos = np.empty(int(offsets[-1]), np.int64)
            rows.pos = rows.pos.copy()
            for number in range(int(counts.max())):
                there = np.flatnonzero(counts > number)
                pos[offsets[there] + number] = rows.pos[there]
                part = rows.some(there)
                rows.pos[there] = self._items(item, part.pos, np.ones(len(there), np.int64), part)[1]
            items, _ = self._items(item, pos, counts, rows)
        return Lists(offsets, items)

    def _skip(self, record: type[Record], counts: NDArray[np.int64], rows: Rows) -> tuple[Places, Places]:
        """Return where records begin that stand one behind the other, and where the last of each row ends."""
        skip = SHAPES[record].skip
        data = self.data
        places: list[int] = []
        add = places.append
        ends = rows.pos.tolist()
        wrong = []
        for row, (count, stop) in enumerate(zip(counts.tolist(), rows.stop.tolist(), strict=True)):
            p = ends[row]
            try:
                for _ in range(count):
                    add(p)
                    p = skip(data, p, stop)
            except DOUBTS:
                wrong.append(row)
            if p > stop:
                wrong.append(row)
            ends[row] = p
        if wrong:
            raise BadFrames(rows.frames[wrong])
        return np.array(places, np.int64), np.array(ends, np.int64)

    @step.register
    def _(self, step: Choice, rows: Rows, name: str) -> None:
        chooser = rows.numbers[step.by.name]
        left = np.ones(len(rows), bool)
        parts: list[tuple[NDArray[Any], Column]] = []
        pos = rows.pos.copy()
        cases = [(chooser == value, case) for value, case in step.cases]
        for wanted, case in [*cases, (None, step.otherwise)]:
            chosen = np.flatnonzero(left if wanted is None else wanted & left)
            left[chosen] = False
            part = rows.some(chosen)
            self.step(case, part, name)
            pos[chosen] = part.pos
            parts.append((chosen, part.columns[name]))
        rows.pos = pos
        rows.columns |= _together(name, parts, len(rows))

    @step.register
    def _(self, step: Words, rows: Rows, name: str) -> None:
        kind = step.kind
        ends: list[int] = []
        raws: list[bytes] = []
        wrong: list[int] = []
        lengths = None
        if isinstance(kind, k.CountedText):
            lengths = (rows.numbers[kind.length.name] * k.unit_size(kind.encoding)).tolist()
        elif isinstance(kind, k.ZText) and kind.present_if is not None:
            lengths = rows.numbers[kind.present_if.name].tolist()
        data = self.data
        for row, (p, stop) in enumerate(zip(rows.pos.tolist(), rows.stop.tolist(), strict=True)):
            begin = end = p
            try:
                if isinstance(kind, k.CountedText):
                    assert lengths is not None
                    begin, end = p, p + lengths[row]
                    after = end
                elif isinstance(kind, k.PrefixedText):
                    begin = p + kind.prefix.size()
                    end = begin + kind.prefix.packer.unpack_from(data, p)[0]
                    nul = find_nul(data, end if kind.exact else begin, stop, kind.limit)
                    after = end + 1 if nul == end and 0 <= end - begin <= kind.limit else stop + 1
                elif lengths is None or lengths[row]:
                    end = find_nul(data, p, stop, kind.limit)
                    after = end + 1
                else:
                    after = p
            except DOUBTS:
                after = stop + 1
            if after > stop:
                wrong.append(row)
                begin = end = after = p
            raws.append(data[begin:end])
            ends.append(after)
        texts, undecoded = distinct(raws, kind.encoding)
        if wrong or undecoded:
            raise BadFrames(rows.frames[[*wrong, *undecoded]])
        rows.pos = np.array(ends, np.int64)
        rows.columns[name] = texts

    @step.register
    def _(self, step: Blob, rows: Rows, name: str) -> None:
        begin = rows.pos
        rows.go(rows.numbers[step.length.name])
        rows.columns[name] = self._bytes(begin, rows.pos)

    @step.register
    def _(self, step: Remainder, rows: Rows, name: str) -> None:
        begin, rows.pos = rows.pos, rows.stop
        rows.columns[name] = self._bytes(begin, rows.pos)

    @step.register
    def _(self, step: Foreign, rows: Rows, name: str) -> None:
        begin = rows.pos
        sizes = [bson.document_size(self.data[p : p + 4]) for p in begin.tolist()]
        rows.go(np.array(sizes, np.int64))
        column = self._bytes(begin, rows.pos)
        wrong = []
        for row, raw in enumerate(column.values):
            try:
                bson.decode(raw or b"")
            except bson.BsonError:
                wrong.append(row)
        if wrong:
            raise BadFrames(rows.frames[wrong])
        rows.columns[name] = column

    def _bytes(self, begin: Places, end: Places) -> Binary:
        return Binary([self.data[p:q] for p, q in zip(begin.tolist(), end.tolist(), strict=True)])


class _Nobody:
    """Takes the leftovers that columns do not keep."""

    @property
    def _kept(self) -> dict[str, Any]:
        return {}


_NOBODY = _Nobody()


def _end(field: tuple[k.Kind, str, int]) -> int:
    return field[2] + (field[0].size() or 0)


def _dtype(kind: k.Kind) -> Any:
    if isinstance(kind, k.Scalar):
        return f"<{kind.type[0]}{kind.packer.size}"
    if isinstance(kind, k.Count):
        return f"<{kind.of.type[0]}{kind.of.packer.size}"
    if isinstance(kind, k.Table):
        return (_dtype(kind.item), (kind.length,))
    return f"V{kind.size()}"


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int32]:
    offsets = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def _used(kind: k.Table, table: NDArray[Any], rows: Rows) -> Lists:
    """Return the used items of tables."""
    used = rows.numbers[kind.used.name]
    rows.refuse((used < 0) | (used > kind.length))
    return Lists(_offsets(used), table[np.arange(kind.length) < used[:, None]])


def _together(name: str, parts: list[tuple[NDArray[Any], Column]], rows: int) -> dict[str, Column]:
    """Return the columns of a union: numbers under its name, texts and lists under names of their own."""
    columns: dict[str, Column] = {}
    numbers = [(chosen, column) for chosen, column in parts if isinstance(column, np.ndarray)]
    if numbers:
        values = np.zeros(rows, np.result_type(*(column.dtype for _, column in numbers)))
        there = np.zeros(rows, bool)
        for chosen, column in numbers:
            values[chosen] = column
            there[chosen] = True
        columns[name] = values if there.all() else np.ma.array(values, mask=~there)
    for chosen, column in parts:
        if isinstance(column, Texts):
            codes = np.full(rows, -1, np.int32)
            codes[chosen] = column.codes
            columns[f"{name}_text"] = Texts(codes, column.values)
        elif isinstance(column, Lists):
            counts = np.zeros(rows, np.int64)
            counts[chosen] = np.diff(column.offsets)
            number = sum(isinstance(one, Lists) for one in columns.values())
            columns[f"{name}_{number}"] = Lists(_offsets(counts), column.items)
    return columns
