"""Columns as data: many values of one field each, in numpy arrays. They know nothing of frames.

Every column has a length, gives its values as the decoder's objects have them (``tolist``), picks rows
(``take``), joins with others of its kind (``concat``) and says what it weighs (``nbytes``). A row of which
the field was not in the frame has no value: ``tolist`` says `MISSING` there, Arrow says null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from cti_schema.kinds import MISSING

Array: TypeAlias = "np.ndarray[Any, Any]"


def _valid(columns: Sequence[Any]) -> Array | None:
    if all(one.valid is None for one in columns):
        return None
    return np.concatenate([np.ones(len(one), bool) if one.valid is None else one.valid for one in columns])


def _masked(values: list[Any], valid: Array | None) -> list[Any]:
    if valid is None:
        return values
    return [value if there else MISSING for value, there in zip(values, valid.tolist(), strict=True)]


@dataclass(eq=False, slots=True)
class Numbers:
    """Integers, floats or truth values. An enumeration stands as its integers.

    Attributes:
        values: one for each row.
        valid: which rows have a value; ``None`` if all have.
    """

    values: Array
    valid: Array | None = None

    def __len__(self) -> int:
        return len(self.values)

    def tolist(self) -> list[Any]:
        return _masked(self.values.tolist(), self.valid)

    def take(self, rows: Array) -> Numbers:
        return Numbers(self.values[rows], None if self.valid is None else self.valid[rows])

    @staticmethod
    def concat(columns: Sequence[Numbers]) -> Numbers:
        return Numbers(np.concatenate([one.values for one in columns]), _valid(columns))

    @property
    def nbytes(self) -> int:
        return int(self.values.nbytes) + (0 if self.valid is None else int(self.valid.nbytes))


@dataclass(eq=False, slots=True)
class Texts:
    """Texts, each distinct one kept once.

    Attributes:
        codes: index of each row's text in ``words``; -1 where there is none.
        words: the distinct texts. Columns that are joined share them.
    """

    codes: Array
    words: list[str]

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[Any]:
        return [MISSING if code < 0 else self.words[code] for code in self.codes.tolist()]

    def take(self, rows: Array) -> Texts:
        return Texts(self.codes[rows], self.words)

    @staticmethod
    def concat(columns: Sequence[Texts]) -> Texts:
        return Texts(np.concatenate([one.codes for one in columns]), columns[0].words)

    @property
    def nbytes(self) -> int:
        return int(self.codes.nbytes)


@dataclass(eq=False, slots=True)
class Objects:
    """Values that are neither numbers nor texts.

    Attributes:
        values: one for each row.
        documents: they are documents of another format; else bytes.
    """

    values: list[Any]
    documents: bool = False

    def __len__(self) -> int:
        return len(self.values)

    def tolist(self) -> list[Any]:
        return self.values

    def take(self, rows: Array) -> Objects:
        return Objects([self.values[row] for row in rows.tolist()], self.documents)

    @staticmethod
    def concat(columns: Sequence[Objects]) -> Objects:
        return Objects([value for one in columns for value in one.values], columns[0].documents)

    @property
    def nbytes(self) -> int:
        return 8 * len(self.values)


@dataclass(eq=False, slots=True)
class Lists:
    """A list in each row.

    Attributes:
        counts: number of items of each row.
        items: the items of all rows, one behind the other.
        valid: which rows have a list; ``None`` if all have.
    """

    counts: Array
    items: Column
    valid: Array | None = None

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def offsets(self) -> Array:
        """Where the items of each row begin in ``items``, and where those of the last one end."""
        offsets = np.zeros(len(self.counts) + 1, np.int64)
        np.cumsum(self.counts, out=offsets[1:])
        return offsets

    @property
    def rows(self) -> Array:
        """The row that each item belongs to."""
        return np.repeat(np.arange(len(self.counts)), self.counts.astype(np.int64))

    def tolist(self) -> list[Any]:
        items, offsets = self.items.tolist(), self.offsets.tolist()
        made = [items[start:stop] for start, stop in pairwise(offsets)]
        return _masked(made, self.valid)

    def take(self, rows: Array) -> Lists:
        counts = self.counts[rows]
        wide = counts.astype(np.int64)
        before = np.cumsum(wide) - wide
        picked = np.repeat(self.offsets[:-1][rows] - before, wide) + np.arange(int(wide.sum()))
        return Lists(counts, self.items.take(picked), None if self.valid is None else self.valid[rows])

    @staticmethod
    def concat(columns: Sequence[Lists]) -> Lists:
        counts = np.concatenate([one.counts for one in columns])
        return Lists(counts, concat([one.items for one in columns]), _valid(columns))

    @property
    def nbytes(self) -> int:
        return int(self.counts.nbytes) + self.items.nbytes + (0 if self.valid is None else self.valid.nbytes)


@dataclass(eq=False, slots=True)
class Records:
    """A record in each row, as a column for each of its fields.

    Attributes:
        fields: the columns, by name, in wire order.
        length: number of rows.
        valid: which rows have a record; ``None`` if all have.
    """

    fields: dict[str, Column]
    length: int
    valid: Array | None = None

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, name: str) -> Column:
        return self.fields[name]

    def tolist(self) -> list[Any]:
        """Return a dictionary for each row; a field that was not in the frame is not in it."""
        columns = [(name, column.tolist()) for name, column in self.fields.items()]
        rows = [
            {name: values[row] for name, values in columns if values[row] is not MISSING}
            for row in range(self.length)
        ]
        return _masked(rows, self.valid)

    def take(self, rows: Array) -> Records:
        taken = {name: column.take(rows) for name, column in self.fields.items()}
        return Records(taken, len(rows), None if self.valid is None else self.valid[rows])

    @staticmethod
    def concat(columns: Sequence[Records]) -> Records:
        names = columns[0].fields
        fields = {name: concat([one.fields[name] for one in columns]) for name in names}
        return Records(fields, sum(map(len, columns)), _valid(columns))

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in self.fields.values()) + (
            0 if self.valid is None else int(self.valid.nbytes)
        )


@dataclass(eq=False, slots=True)
class Tagged:
    """One of several layouts in each row.

    Attributes:
        tags: index of each row's layout in ``parts``; -1 where there is no value.
        parts: the values of each layout, without the rows of the others.
        names: what each layout is called.
    """

    tags: Array
    parts: list[Column]
    names: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.tags)

    def tolist(self) -> list[Any]:
        values = [iter(part.tolist()) for part in self.parts]
        return [MISSING if tag < 0 else next(values[tag]) for tag in self.tags.tolist()]

    def take(self, rows: Array) -> Tagged:
        tags = self.tags[rows]
        parts = []
        for tag, part in enumerate(self.parts):
            rank = np.cumsum(self.tags == tag) - 1
            parts.append(part.take(rank[rows[tags == tag]]))
        return Tagged(tags, parts, self.names)

    @staticmethod
    def concat(columns: Sequence[Tagged]) -> Tagged:
        parts = [concat(list(parts)) for parts in zip(*(one.parts for one in columns), strict=True)]
        return Tagged(np.concatenate([one.tags for one in columns]), parts, columns[0].names)

    @property
    def nbytes(self) -> int:
        return int(self.tags.nbytes) + sum(one.nbytes for one in self.parts)


Column: TypeAlias = Numbers | Texts | Objects | Lists | Records | Tagged


def concat(columns: Sequence[Any]) -> Any:
    """Return columns of one field, joined in their order."""
    if len(columns) == 1:
        return columns[0]
    join: Callable[[Sequence[Any]], Any] = type(columns[0]).concat
    return join(columns)
