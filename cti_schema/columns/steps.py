"""Reads the fields of many records whose size varies: lists, texts, data, and what another field chooses.

Every step of the compiled form (`cti_schema.compile.form`) has its reader here or in `reading`.
"""

from __future__ import annotations

from functools import lru_cache, singledispatch
from typing import Any

import numpy as np

from cti_schema import kinds as k
from cti_schema.columns.arrays import Array, Column, Lists, Objects, Records, Tagged, Texts
from cti_schema.columns.checks import gather
from cti_schema.columns.reading import Block, Reader, Rows, RunReader
from cti_schema.columns.words import NO_TEXT, Memory, Words
from cti_schema.compile.form import Blob, Choice, Foreign, Inside, Items, Remainder, Run, Step, form, referred
from cti_schema.compile.form import Words as TextStep
from cti_schema.compile.lazy import IGNORED
from cti_schema.compile.runtime import DOUBTS, NAMES, find_nul, read_document
from cti_schema.compile.skipping import SkipWriter
from cti_schema.compile.source import Source
from cti_schema.message import RecordSpec
from cti_schema.wire.report import unknown_kind

#: So many ways in which the items of a list stood are remembered.
_REMEMBERED = 1024


@singledispatch
def reader(step: Step, path: str, words: Memory) -> Reader:
    """Return the reader of a step.

    Args:
        step: the step.
        path: of the record that it is in, for errors.
        words: what is shared.
    """
    unknown_kind(step, path)


@reader.register
def _(step: Run, path: str, words: Memory) -> Reader:
    return RunReader(step, set(), words)


@reader.register
def _(step: Inside, path: str, words: Memory) -> Reader:
    spec = step.record.spec
    if id(spec) not in words.readers:
        words.readers[id(spec)] = LayoutReader(spec, words)
    found: Reader = words.readers[id(spec)]
    return found


@reader.register
def _(step: Items, path: str, words: Memory) -> Reader:
    return ItemsReader(step, path, words)


@reader.register
def _(step: Choice, path: str, words: Memory) -> Reader:
    return ChoiceReader(step, path, words)


@reader.register
def _(step: TextStep, path: str, words: Memory) -> Reader:
    return TextReader(step.kind, words(step.kind))


@reader.register
def _(step: Blob, path: str, words: Memory) -> Reader:
    return BlobReader(step.length)


@reader.register
def _(step: Remainder, path: str, words: Memory) -> Reader:
    return BlobReader(None)


@reader.register
def _(step: Foreign, path: str, words: Memory) -> Reader:
    return DocumentReader()


class LayoutReader(Reader):
    """A record."""

    def __init__(self, spec: RecordSpec, words: Memory) -> None:
        super().__init__()
        others = referred(spec.layout)
        self.steps: list[tuple[str, Reader]] = []
        for step in form(spec.layout, spec.name):
            if isinstance(step, Run):
                self.steps.append(("", RunReader(step, others, words)))
            else:
                self.steps.append((step.kind.name, reader(step, spec.name, words)))

    @property
    def only(self) -> Reader | None:
        """The only step, where there is no other."""
        return self.steps[0][1] if len(self.steps) == 1 else None

    def read(self, block: Block, rows: Rows) -> Records:
        columns: dict[str, Column] = {}
        count = len(rows)
        for name, step in self.steps:
            if isinstance(step, RunReader) and not name:
                columns |= step.fields(block, rows)
            else:
                columns[name] = step.read(block, rows)
        return Records(columns, count)


class ItemsReader(Reader):
    """A list."""

    def __init__(self, step: Items, path: str, words: Memory) -> None:
        super().__init__()
        self.kind = step.kind
        self.item = reader(step.item, path, words)
        self.size = step.item.size if isinstance(step.item, (Run, Inside)) else None
        only = self.item.only if isinstance(self.item, LayoutReader) else self.item
        #: The only run of an item that is nothing but numbers.
        self.plain = only if isinstance(only, RunReader) and only.together is not None else None
        self.skip = _skipper(step.item, path) if self.size is None else None
        #: Where the items of a list stood that had so many bytes and so many items: they may stand so again.
        self.stood: dict[tuple[int, int], Array] = {}

    def read(self, block: Block, rows: Rows) -> Lists:
        counts, wide = self._counts(block, rows)
        if not counts.any():
            return Lists(counts, self.item.empty)
        if self.size is not None:
            place = rows.take(block, wide * self.size)
            return Lists(counts, self._fixed(block, rows, wide, place))
        doubtful, notes = block.doubtful.copy(), block.notes.copy()
        begin = rows.place
        found = self._guessed(block, rows, wide)
        if found is None:
            block.doubtful, block.notes, rows.place = doubtful, notes, begin
            counts, found = self._walked(block, rows, counts, wide)
        return Lists(counts, found)

    def _counts(self, block: Block, rows: Rows) -> tuple[Array, Array]:
        """Return the counts, once to be kept and once to calculate with."""
        kind = self.kind
        if isinstance(kind.count, int):
            counts = np.broadcast_to(np.uint16(kind.count), len(rows))
        else:
            counts = rows.known[id(kind.count)]
            if kind.when is not None:
                by, values = kind.when
                counts = np.where(np.isin(rows.known[id(by)], values), counts, 0)
            if not counts.any():
                return counts, counts
        wide = counts.astype(np.int64)
        wrong = (wide < 0) | (wide * (self.size or 1) > rows.end - rows.place)
        if wrong.any():
            rows.doubt(block, wrong)
            counts = wide = np.where(wrong, 0, wide)
        return counts, wide

    def _fixed(self, block: Block, rows: Rows, wide: Array, place: Array) -> Any:
        """Return the items, each of which has the same size; those of a row begin at its place."""
        assert self.size is not None
        count = int(wide[0])
        plain = self.plain
        if plain is not None and plain.together is not None and count and (wide == count).all():
            kind = np.dtype((np.void, count * self.size))
            taken = gather(block.data, place, kind).view(plain.together)
            found = plain.split(taken, block, rows.items(taken, wide))
            return (
                Records(found, len(taken)) if isinstance(self.item, LayoutReader) else found[plain.order[0]]
            )
        starts = np.cumsum(wide) - wide
        number = np.arange(int(wide.sum())) - np.repeat(starts, wide)
        return self._items(block, rows, wide, np.repeat(place, wide) + number * self.size)[0]

    def _items(self, block: Block, rows: Rows, wide: Array, places: Array) -> tuple[Any, Array]:
        """Return the column of the items, and where each ends."""
        inner = rows.items(places, wide)
        return self.item.read(block, inner), inner.place

    def _guessed(self, block: Block, rows: Rows, wide: Array) -> Any:
        """Return the items if they stand where those of an earlier list stood, else ``None``."""
        if int(wide.max()) == 1:
            # The only one begins where the list does.
            chosen = np.flatnonzero(wide)
            items, ends = self._items(block, rows, wide, rows.place[chosen])
            rows.place = rows.place.copy()
            rows.place[chosen] = ends
            return items
        room = rows.end - rows.place
        places = []
        if (wide == wide[0]).all() and (room == room[0]).all():
            stood = self._stood(block, int(rows.place[0]), int(room[0]), int(wide[0]))
            if stood is None:
                return None
            places = [(rows.place[:, None] + stood).ravel()]
        else:
            for place, size, count in zip(rows.place.tolist(), room.tolist(), wide.tolist(), strict=True):
                if count:
                    stood = self._stood(block, place, size, count)
                    if stood is None:
                        return None
                    places.append(stood + place)
        begin = np.concatenate(places)
        before = block.doubtful.copy()
        items, ends = self._items(block, rows, wide, begin)
        last = np.cumsum(wide)[wide > 0] - 1
        inside = np.ones(len(begin), bool)
        inside[last] = False
        followed = begin[np.flatnonzero(inside) + 1] == ends[inside]
        if not followed.all() or (block.doubtful != before).any():
            return None
        rows.place = rows.place.copy()
        rows.place[wide > 0] = ends[last]
        return items

    def _stood(self, block: Block, place: int, size: int, count: int) -> Array | None:
        """Return where the items of a list stood that had this size, or where those of this list stand."""
        stood = self.stood.get((size, count))
        return self._walk(block, place, size, count) if stood is None else stood

    def _walk(self, block: Block, place: int, size: int, count: int) -> Array | None:
        """Return where the items of a list begin, having gone from one to the next; ``None`` if in doubt."""
        assert self.skip is not None
        skip, data = self.skip, block.data
        places: list[int] = []
        begin, end = place, place + size
        try:
            for _ in range(count):
                places.append(place)
                place = skip(data, place, end)
                if place > end:
                    return None
        except DOUBTS:
            return None
        if len(self.stood) >= _REMEMBERED:
            self.stood.clear()
        stood = self.stood[size, count] = np.array(places, np.int64) - begin
        return stood

    def _walked(self, block: Block, rows: Rows, counts: Array, wide: Array) -> tuple[Array, Any]:
        """Return the items, having gone from one to the next in each list."""
        places: list[Array] = []
        wrong = []
        for row, (place, end, count) in enumerate(
            zip(rows.place.tolist(), rows.end.tolist(), wide.tolist(), strict=True)
        ):
            if count:
                stood = self._walk(block, place, end - place, count)
                if stood is None:
                    wrong.append(row)
                else:
                    places.append(stood + place)
        if wrong:
            wide = wide.copy()
            wide[wrong] = 0
            counts = wide
        begin = np.concatenate([np.zeros(0, np.int64), *places])
        items, ends = self._items(block, rows, wide, begin)
        rows.place = rows.place.copy()
        rows.place[wide > 0] = ends[np.cumsum(wide)[wide > 0] - 1]
        if wrong:
            rows.doubt(block, np.array(wrong))
        return counts, items


@lru_cache(maxsize=1024)
def _skipper(step: Step, path: str) -> Any:
    """Return the function that tells where an item ends."""
    source = Source(f"items of {path}")
    writer = SkipWriter(source)
    with source.block("def skip(data, p, end):"):
        writer.step(step)
        source.line("return p")
    return source.run({**NAMES, "IGNORED": IGNORED})["skip"]


class ChoiceReader(Reader):
    """A tagged union."""

    def __init__(self, step: Choice, path: str, words: Memory) -> None:
        super().__init__()
        self.by = step.by
        self.values = [value for value, _ in step.cases]
        self.cases = [
            reader(case, path, words) for case in (*(case for _, case in step.cases), step.otherwise)
        ]

    def read(self, block: Block, rows: Rows) -> Tagged:
        chooser = rows.known[id(self.by)]
        tags = np.full(len(rows), len(self.values), np.int8)
        for tag, value in enumerate(self.values):
            tags[chooser == value] = tag
        place = rows.place.copy()
        parts: list[Column] = []
        for tag, case in enumerate(self.cases):
            chosen = np.flatnonzero(tags == tag)
            some = rows.some(chosen)
            parts.append(case.read(block, some) if len(chosen) else case.empty)
            if len(chosen):
                place[chosen] = some.place
        rows.place = place
        return Tagged(tags, parts)


class TextReader(Reader):
    """A text whose length is not fixed."""

    def __init__(self, kind: k.CountedText | k.ZText | k.PrefixedText, words: Words) -> None:
        super().__init__()
        self.kind = kind
        self.words = words

    def read(self, block: Block, rows: Rows) -> Texts:
        kind, data, of_raw = self.kind, block.data, self.words.of_raw
        lengths = [1] * len(rows)
        if isinstance(kind, k.CountedText):
            lengths = (rows.known[id(kind.length)].astype(np.int64) * k.unit_size(kind.encoding)).tolist()
        elif isinstance(kind, k.ZText) and kind.present_if is not None:
            lengths = rows.known[id(kind.present_if)].tolist()
        codes: list[int] = []
        ends: list[int] = []
        wrong: list[int] = []
        rest = zip(rows.place.tolist(), rows.end.tolist(), lengths, strict=True)
        for row, (place, end, length) in enumerate(rest):
            try:
                start, stop, after = self._span(data, place, end, length)
                if after > end:
                    raise IndexError
                codes.append(of_raw(data[start:stop], kind))
            except (*DOUBTS, UnicodeDecodeError):
                wrong.append(row)
                codes.append(NO_TEXT)
                after = end
            ends.append(after)
        rows.place = np.array(ends, np.int64)
        if wrong:
            rows.doubt(block, np.array(wrong))
        return self.words.column(np.array(codes, np.int32))

    def _span(self, data: bytes, place: int, end: int, length: int) -> tuple[int, int, int]:
        """Return where a text begins and ends, and where the next field begins."""
        kind = self.kind
        if isinstance(kind, k.CountedText):
            return place, place + length, place + length
        if isinstance(kind, k.ZText):
            if not length:
                return place, place, place
            nul = find_nul(data, place, end, kind.limit)
            return place, nul, nul + 1
        (length,) = kind.prefix.packer.unpack_from(data, place)
        start = place + kind.prefix.size()
        stop = start + length
        if (
            not 0 <= length <= kind.limit
            or find_nul(data, stop if kind.exact else start, end, kind.limit) != stop
        ):
            raise IndexError
        return start, stop, stop + 1


class BlobReader(Reader):
    """Bytes: as many as a field tells, or all that are left."""

    def __init__(self, length: k.Count | None) -> None:
        super().__init__()
        self.length = length

    def read(self, block: Block, rows: Rows) -> Objects:
        sizes = rows.end - rows.place if self.length is None else rows.known[id(self.length)].astype(np.int64)
        places = rows.take(block, sizes)
        spans = zip(places.tolist(), sizes.tolist(), strict=True)
        return Objects([block.data[place : place + size] for place, size in spans])


class DocumentReader(Reader):
    """A document of another format."""

    def read(self, block: Block, rows: Rows) -> Objects:
        values: list[Any] = []
        ends: list[int] = []
        wrong: list[int] = []
        for row, (place, end) in enumerate(zip(rows.place.tolist(), rows.end.tolist(), strict=True)):
            try:
                value, stop = read_document(block.data, place, end, IGNORED, "")
            except DOUBTS:
                wrong.append(row)
                value, stop = None, end
            values.append(value)
            ends.append(stop)
        rows.place = np.array(ends, np.int64)
        if wrong:
            rows.doubt(block, np.array(wrong))
        return Objects(values, True)
