"""Reads the fields of fixed size of many records at the same time, without making an object of any.

Where the next field of each record begins is an array; counts and lengths move it on. A record that is not
plainly as declared makes its frame doubtful: what is read of it is worth nothing, and the ordinary decoder
reads that frame.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cti_schema import kinds as k
from cti_schema.columns.arrays import Array, Column, Lists, Numbers, Objects
from cti_schema.columns.checks import gather
from cti_schema.columns.words import Memory, TextRun
from cti_schema.compile.form import Run
from cti_schema.enumerations import Code

#: Fields with so many other bytes between them are not copied together.
_GAP = 32


class Block:
    """Frames that are read together.

    Attributes:
        data: their bytes.
        doubtful: which of them are not plainly as declared.
        notes: values in each of them that their enumerations do not list.
    """

    def __init__(self, data: bytes, frames: int) -> None:
        self.data = data
        self.doubtful = np.zeros(frames, bool)
        self.notes = np.zeros(frames, np.int64)


class Rows:
    """Records that are read together.

    Attributes:
        place: where the next field of each begins.
        known: the fields that others refer to, by identity.
    """

    def __init__(self, place: Array, end: Array, frame: Array, repeated: Array | None = None) -> None:
        self.place = place
        self.known: dict[int, Array] = {}
        self._end = end
        self._frame = frame
        self._repeated = repeated

    def __len__(self) -> int:
        return len(self.place)

    def items(self, places: Array, counts: Array) -> Rows:
        """Return the rows of items that begin at these places, so many of each row."""
        return Rows(places, self.end, self.frame, counts)

    def _repeat(self) -> None:
        # Most items need no more than their places.
        if self._repeated is not None:
            self._end = np.repeat(self._end, self._repeated)
            self._frame = np.repeat(self._frame, self._repeated)
            self._repeated = None

    @property
    def end(self) -> Array:
        """Where the body ends that each record is in."""
        self._repeat()
        return self._end

    @property
    def frame(self) -> Array:
        """Which frame each record is in."""
        self._repeat()
        return self._frame

    def some(self, rows: Array) -> Rows:
        """Return some of the rows."""
        some = Rows(self.place[rows], self.end[rows], self.frame[rows])
        some.known = {key: values[rows] for key, values in self.known.items()}
        return some

    def doubt(self, block: Block, rows: Array) -> None:
        """Doubt the frames of these rows, which go on from their end."""
        block.doubtful[self.frame[rows]] = True
        self.place = self.place.copy()
        self.place[rows] = self.end[rows]

    def take(self, block: Block, sizes: Any) -> Array:
        """Return where so many bytes begin, and go on behind them; 0 where they are not there."""
        place, after = self.place, self.place + sizes
        self.place = after
        short = after > self.end
        if short.any():
            self.doubt(block, short)
            place = np.where(short, 0, place)
        return place


class Reader:
    """Reads one step; ``read`` returns its column."""

    def __init__(self) -> None:
        self._empty: Any = None

    def read(self, block: Block, rows: Rows) -> Any:
        raise NotImplementedError

    @property
    def empty(self) -> Any:
        """The column of no rows."""
        if self._empty is None:
            nothing = np.zeros(0, np.int64)
            rows = Rows(nothing, nothing, nothing)
            rows.known = _Nothing()
            self._empty = self.read(Block(b"", 0), rows)
        return self._empty


class _Nothing(dict[int, Array]):
    def __missing__(self, key: int) -> Array:
        return np.zeros(0, np.int64)


class _Numbers:
    """Numbers of a run that stand close together, copied as one."""

    def __init__(self, fields: list[tuple[k.Kind, int]], others: set[int]) -> None:
        #: Name in the type below, field, and whether there is nothing to know of it but its value.
        self.names = [
            (str(number), kind, _is_plain(kind) and id(kind) not in others)
            for number, (kind, _) in enumerate(fields)
        ]
        self.start = fields[0][1]
        last, offset = fields[-1]
        self.type = np.dtype(
            {
                "names": [str(number) for number in range(len(fields))],
                "formats": [_format(kind) for kind, _ in fields],
                "offsets": [offset - self.start for _, offset in fields],
                "itemsize": offset + (last.size() or 0) - self.start,
            }
        )


def _format(kind: k.Kind) -> Any:
    if isinstance(kind, k.Data):
        return f"V{kind.length}"
    if isinstance(kind, k.Table):
        return (f"<{_CODES[kind.item.type]}", (kind.length,))
    scalar = kind.of if isinstance(kind, k.Count) else kind
    assert isinstance(scalar, k.Scalar)
    return f"<{_CODES[scalar.type]}"


_CODES = {name: f"{name[0]}{int(name[1:]) // 8}" for name in k.SCALARS}


def number_type(scalar: k.Scalar) -> Any:
    """Return numpy's type of a number."""
    return np.dtype(f"<{_CODES[scalar.type]}")


class RunReader(Reader):
    """Fields of fixed size. ``read`` returns the column of the only field; ``fields`` those of all."""

    def __init__(self, run: Run, others: set[int], words: Memory) -> None:
        super().__init__()
        self.size = run.size
        self.others = others
        self.numbers: list[_Numbers] = []
        self.texts: list[tuple[int, TextRun]] = []
        self.order = [kind.name for kind in run.kinds if kind.is_value]
        self.listed = {id(kind): _Listed(kind) for kind in run.kinds if _is_code(kind)}
        offset = 0
        numbers: list[tuple[k.Kind, int]] = []
        texts: list[k.Text] = []
        for kind in (*run.kinds, None):
            if texts and not isinstance(kind, k.Text):
                first = offset - sum(one.size() for one in texts)
                self.texts.append((first, TextRun(texts, [words(one) for one in texts])))
                texts = []
            if kind is None:
                break
            if isinstance(kind, k.Text):
                texts.append(kind)
            elif not isinstance(kind, k.Reserved):
                if numbers and offset - numbers[-1][1] - (numbers[-1][0].size() or 0) > _GAP:
                    self.numbers.append(_Numbers(numbers, others))
                    numbers = []
                numbers.append((kind, offset))
            offset += kind.size() or 0
        if numbers:
            self.numbers.append(_Numbers(numbers, others))

    def read(self, block: Block, rows: Rows) -> Any:
        return next(iter(self.fields(block, rows).values()))

    def fields(self, block: Block, rows: Rows) -> dict[str, Column]:
        """Return the columns by name."""
        place = rows.take(block, self.size)
        data = block.data
        if len(data) < self.size:
            # Nothing is there to be read, not even for the rows that are in doubt.
            place, data = np.zeros_like(place), bytes(self.size)
        found: dict[str, Column] = {}
        for group in self.numbers:
            self._split(group, gather(data, place + group.start, group.type), block, rows, found)
        for start, texts in self.texts:
            keys = gather(data, np.minimum(place, len(data) - 4), _KEY)["key"] if len(data) > 3 else place
            columns, undecoded = texts.read(data, (place + start).tolist(), keys.tolist())
            found |= {kind.name: column for kind, column in zip(texts.kinds, columns, strict=True)}
            if len(undecoded):
                block.doubtful[rows.frame[undecoded]] = True
        return {name: found[name] for name in self.order}

    @property
    def together(self) -> np.dtype[np.void] | None:
        """The type of the whole run, if it is nothing but numbers that nothing refers to."""
        if self.texts or self.others or len(self.numbers) != 1 or self.numbers[0].type.itemsize != self.size:
            return None
        return self.numbers[0].type

    def split(self, taken: Array, block: Block, rows: Rows) -> dict[str, Column]:
        """Return the columns of a run that is `together` from its bytes."""
        found: dict[str, Column] = {}
        self._split(self.numbers[0], taken, block, rows, found)
        return found

    def _split(
        self, group: _Numbers, taken: Array, block: Block, rows: Rows, found: dict[str, Column]
    ) -> None:
        for name, kind, plain in group.names:
            if plain:
                found[kind.name] = Numbers(taken[name])
            else:
                self._number(kind, taken[name], block, rows, found)

    def _number(
        self, kind: k.Kind, values: Array, block: Block, rows: Rows, found: dict[str, Column]
    ) -> None:
        if isinstance(kind, k.Data):
            found[kind.name] = Objects(values.tolist())
        elif isinstance(kind, k.Table):
            used = rows.known[id(kind.used)].astype(np.int64)
            wrong = (used < 0) | (used > kind.length)
            if wrong.any():
                block.doubtful[rows.frame[wrong]] = True
                used = np.where(wrong, 0, used)
            items = values[np.arange(kind.length) < used[:, None]]
            found[kind.name] = Lists(used, Numbers(items))
        else:
            if id(kind) in self.others:
                if isinstance(kind, k.Count) and kind.of.type[0] == "i" and (values < 0).any():
                    block.doubtful[rows.frame[values < 0]] = True
                    values = np.maximum(values, 0)
                rows.known[id(kind)] = values
            if kind.is_value:
                found[kind.name] = Numbers(values)
                if id(kind) in self.listed:
                    self.listed[id(kind)].note(values, block, rows)


_KEY = np.dtype([("key", "<u4")])


def _is_plain(kind: k.Kind) -> bool:
    return isinstance(kind, k.Scalar) and not _is_code(kind)


def _is_code(kind: k.Kind) -> bool:
    return isinstance(kind, k.Scalar) and kind.enum is not None and issubclass(kind.enum, Code)


class _Listed:
    """The values that an enumeration lists."""

    def __init__(self, kind: Any) -> None:
        self.values = np.array(sorted(member.value for member in kind.enum), np.int64)
        self.table: Array | None = None
        if kind.size() <= 2:
            self.index = f"<u{kind.size()}"
            self.table = np.ones(256 ** kind.size(), bool)
            self.table[self.values] = False

    def note(self, values: Array, block: Block, rows: Rows) -> None:
        """Count the values that are not listed."""
        other = (
            np.isin(values, self.values, invert=True)
            if self.table is None
            else self.table[values.view(self.index)]
        )
        if other.any():
            np.add.at(block.notes, rows.frame[other], 1)
