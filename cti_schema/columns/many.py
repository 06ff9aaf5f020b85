"""Many frames of one message to columns: what is plainly as declared in bulk, every other frame by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cti_schema.columns.arrays import Array, Lists, Records, concat
from cti_schema.columns.checks import whole
from cti_schema.columns.making import records
from cti_schema.columns.reading import Block, Rows
from cti_schema.columns.steps import LayoutReader
from cti_schema.columns.words import Memory
from cti_schema.errors import DecodeError
from cti_schema.message import Message
from cti_schema.problems import Problem
from cti_schema.registry import registry
from cti_schema.wire.buffer import Frame
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import CHECKSUM, length_rule
from cti_schema.wire.report import BODY_OFFSET, MOST_NOTES

if TYPE_CHECKING:
    import pyarrow  # type: ignore[import-untyped]
#: Frames are read so many bytes at a time: what is copied of them stays in the processor's cache.
BLOCK: Final = 4 << 20
#: Frames that are taken at a time.
_SOME: Final = 4096


@dataclass(eq=False)
class Columns:
    """The values of many frames.

    Attributes:
        message: the class of the message.
        frame: of each row, the number of its frame among those given, from 0.
        values: the columns, by name of the field.
        problems: how many problems of each kind (`cti_schema.problems.KINDS`) all frames have.
        damaged: the problems of the frames that have others than values which no enumeration lists; such a
            frame has a row all the same, with the values that could be read.
        others: the frames that are of another message, or no frames at all; they have no row.
    """

    message: type[Message]
    frame: Array
    values: Records
    problems: Counter[str] = field(default_factory=Counter)
    damaged: dict[int, list[Problem]] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, path: str) -> Any:
        """Return the column of a field, such as ``channels.aux_voltage.value``; that of a list's items has a
        value for each item.

        Raises:
            KeyError: there is no such field.
        """
        column: Any = self.values
        for name in path.split("."):
            while isinstance(column, Lists):
                column = column.items
            if not isinstance(column, Records):
                raise KeyError(path)
            column = column.fields[name]
        return column

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays; the distinct texts are not counted."""
        return int(self.frame.nbytes) + self.values.nbytes

    def arrow(self, items: str = "") -> pyarrow.Table:
        """Return an Arrow table: texts dictionary-encoded, lists as lists.

        Args:
            items: path of a list: each of its items becomes a row. By default each frame is one. The first
                column, ``frame``, tells which frame a row is from.

        Raises:
            KeyError: there is no such list.
        """
        from cti_schema.columns.arrow import table

        frame, found = self.frame, self.values
        for name in items.split(".") if items else ():
            listed = found.fields[name]
            if not isinstance(listed, Lists) or not isinstance(listed.items, Records):
                raise KeyError(f"{items}: no list of records")
            frame, found = frame[listed.rows], listed.items
        return table({"frame": frame}, found)


def columns(frames: Iterable[bytes], message: type[Message]) -> Columns:
    """Return the values of many frames of one message as columns.

    A frame gives the values that ``cti_schema.decode(frame, strict=False)`` gives, whatever is wrong with it.

    Args:
        frames: whole frames; a `cti_schema.Frame` tells its direction and stray bytes too.
        message: the class of the message.
    """
    reader = BulkReader(message)
    parts: list[Columns] = []
    before = 0
    for block, sizes in _blocks(frames):
        odd: list[int] = []
        if set(map(type, block)) != {bytes}:
            odd = [place for place, frame in enumerate(block) if _odd(frame, message)]
        part = reader.read(b"".join(block), np.cumsum(sizes) - sizes, sizes, odd, block)
        parts.append(_moved(part, before))
        before += len(block)
    return joined(parts) if parts else reader.read(b"", np.zeros(0, np.int64), np.zeros(0, np.int64))


def _blocks(frames: Iterable[bytes]) -> Iterator[tuple[list[bytes], Array]]:
    """Yield the frames, so many at a time, with their sizes."""
    waiting = iter(frames)
    while some := list(islice(waiting, _SOME)):
        sizes = np.fromiter(map(len, some), np.int64, len(some))
        ends = np.cumsum(sizes)
        first = done = 0
        while first < len(some):
            last = max(int(np.searchsorted(ends, done + BLOCK, "right")), first + 1)
            yield some[first:last], sizes[first:last]
            first, done = last, int(ends[last - 1])


def _odd(frame: bytes, message: type[Message]) -> bool:
    """Tell whether a frame's stream knows something of it that its bytes do not tell."""
    if type(frame) is bytes or not isinstance(frame, Frame):
        return False
    return bool(frame.stray) or frame.direction not in (None, message.spec.direction)


def _moved(part: Columns, by: int) -> Columns:
    if by:
        part.frame = part.frame + by
        part.damaged = {number + by: problems for number, problems in part.damaged.items()}
        part.others = [number + by for number in part.others]
    return part


def joined(parts: list[Columns]) -> Columns:
    """Return the columns of parts of one message that one reader has read, one behind the other."""
    values = concat([part.values for part in parts])
    found = Columns(parts[0].message, np.concatenate([part.frame for part in parts]), values)
    for part in parts:
        found.problems += part.problems
        found.damaged |= part.damaged
        found.others += part.others
    return found


class BulkReader:
    """Reads frames of one message, block after block. What it reads can be `joined`.

    Args:
        message: the class of the message.
    """

    def __init__(self, message: type[Message]) -> None:
        self.message = message
        self._memory = Memory()
        spec = message.spec
        # One code may stand for a binary and a JSON body: only the ordinary decoder tells them apart.
        plain = spec.form == "binary" and len(registry().candidates(spec.direction, spec.code)) == 1
        self._layout = LayoutReader(spec, self._memory) if plain else None

    @property
    def distinct(self) -> int:
        """Distinct texts that are remembered."""
        return self._memory.distinct

    def read(
        self,
        data: bytes,
        starts: Array,
        sizes: Array,
        odd: Iterable[int] = (),
        frames: Sequence[bytes] | None = None,
        sound: bool = False,
    ) -> Columns:
        """Return the columns of some frames.

        Args:
            data: all bytes.
            starts: where the frames begin, in rising order.
            sizes: their sizes in bytes.
            odd: the numbers of frames that the ordinary decoder is to read.
            frames: the frames themselves, where more is known of them than their bytes.
            sound: they are known to be of this message, and their headers and checksums to be right.
        """
        spec = self.message.spec
        fine = np.zeros(len(starts), bool)
        notes = np.zeros(len(starts), np.int64)
        bulk = np.flatnonzero(fine)
        values: Records | None = None
        if self._layout is not None:
            if sound:
                fine[:] = True
            else:
                fine = whole(data, starts, sizes, spec.code, length_rule(spec.direction))
                fine[list(odd)] = False
            bulk = np.flatnonzero(fine)
            values, block = self._read(self._layout, data, starts[bulk], sizes[bulk])
            fine[bulk[block.doubtful]] = False
            notes[bulk] = block.notes
        found = Columns(self.message, bulk, values) if values is not None else None
        if found is None or not fine.all():
            found = self._with_others(data, starts, sizes, fine, found, frames)
        unlisted = int(np.minimum(notes[fine], MOST_NOTES).sum())
        if unlisted:
            found.problems["enum"] += unlisted
        return found

    def _read(self, layout: LayoutReader, data: bytes, starts: Array, sizes: Array) -> tuple[Records, Block]:
        """Return the values of frames whose headers and checksums are right, and what was found out."""
        block = Block(data, len(starts))
        rows = Rows(starts + BODY_OFFSET, starts + sizes - CHECKSUM.size, np.arange(len(starts)))
        values = layout.read(block, rows)
        surplus = self.message.spec.surplus
        for row in np.flatnonzero(rows.place != rows.end).tolist():
            place, end = int(rows.place[row]), int(rows.end[row])
            items = int(rows.known[id(surplus.per)][row]) if surplus is not None and surplus.per else 0
            if (
                surplus is None
                or place > end
                or not surplus.allows(end - place, items)
                or (surplus.zeros and any(data[place:end]))
            ):
                block.doubtful[row] = True
        return values, block

    def _with_others(
        self,
        data: bytes,
        starts: Array,
        sizes: Array,
        fine: Array,
        bulk: Columns | None,
        frames: Sequence[bytes] | None,
    ) -> Columns:
        """Return the columns with the rows of frames that the ordinary decoder reads, in their order."""
        found = Columns(self.message, np.zeros(0, np.int64), Records({}, 0))
        numbers: list[int] = []
        messages: list[Message] = []
        for number in np.flatnonzero(~fine).tolist():
            if frames is not None:
                frame = frames[number]
            else:
                frame = data[int(starts[number]) : int(starts[number] + sizes[number])]
            problems: list[Problem]
            try:
                decoded = inspect(frame, spans=False)
                message, problems = decoded.message, decoded.problems
            except DecodeError as error:
                message, problems = None, [error.problem]
            if type(message) is self.message:
                numbers.append(number)
                messages.append(message)
                if any(problem.kind != "enum" for problem in problems):
                    found.damaged[number] = problems
            else:
                found.others.append(number)
            found.problems.update(problem.kind for problem in problems)
        parts = [records(self.message.spec, messages, self._memory)]
        frame_numbers = np.array(numbers, np.int64)
        if bulk is not None:
            parts.insert(0, bulk.values)
            frame_numbers = np.concatenate([np.where(fine[bulk.frame], bulk.frame, -1), frame_numbers])
        rows = np.argsort(frame_numbers, kind="stable")
        rows = rows[frame_numbers[rows] >= 0]
        found.frame = frame_numbers[rows]
        found.values = concat(parts).take(rows)
        return found
