"""The curve of a channel in memory that never grows: the latest points as they came, older ones thinned out.

The older a point is, the fewer neighbours it keeps: behind the latest points stand levels, each with half as
many points per hour as the one before. Where points are thinned out, those with the least and the greatest
voltage stay, and so does a gap.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from typing import Any, Final

__all__ = ["BYTES", "MEASURED", "MOST_POINTS", "History"]

#: What a point has besides its time, cycle and step.
MEASURED: Final = (
    "voltage_v", "current_a", "temperature_t1_degc", "charge_capacity_ah", "discharge_capacity_ah",
)  # fmt: skip

_COLUMNS: Final = ("time", *MEASURED, "cycle_index", "step_index")

#: Points that are kept as they came, and points of each level behind them.
_RECENT: Final = 600
_LEVEL: Final = 160
_LEVELS: Final = 10

#: So many are thinned out at a time; a level has up to so many more.
_BLOCK: Final = 40

#: Points of a channel at most, and the bytes that they take: times are 8, everything else is 4.
MOST_POINTS: Final = _RECENT + _LEVELS * _LEVEL + (1 + _LEVELS) * _BLOCK
BYTES: Final = MOST_POINTS * (8 + 4 * (len(_COLUMNS) - 1))

#: Stands for no number where numbers are whole.
_NONE: Final = -1

_Point = tuple[Any, ...]


class _Level:
    """Points, oldest first, a column each."""

    __slots__ = ("columns",)

    def __init__(self) -> None:
        self.columns: list[array[Any]] = [array("d"), *(array("f") for _ in MEASURED), array("i"), array("i")]

    def __len__(self) -> int:
        return len(self.columns[0])

    def append(self, point: _Point) -> None:
        for column, value in zip(self.columns, point, strict=True):
            column.append(value)

    def take(self, count: int) -> list[_Point]:
        """Remove the oldest points and return them."""
        taken = list(zip(*(column[:count] for column in self.columns), strict=True))
        for column in self.columns:
            del column[:count]
        return taken

    def cut(self, time: float) -> None:
        """Remove the points at a time and behind it."""
        end = bisect_right(self.columns[0], time - 0.5)
        for column in self.columns:
            del column[end:]


class History:
    """The curve of one channel."""

    __slots__ = ("_broken", "_last", "_levels")

    def __init__(self) -> None:
        self._levels = [_Level() for _ in range(1 + _LEVELS)]
        self._last = -math.inf
        self._broken = True  # nothing before the first point

    def __len__(self) -> int:
        return sum(map(len, self._levels))

    def add(self, time: int, values: dict[str, Any]) -> None:
        """Add a point.

        Args:
            time: milliseconds since 1970. Points from then on, which were seen before the clock was set back,
                go.
            values: by the names of the columns; what there is none of is ``None`` or missing.
        """
        if time <= self._last:
            for level in self._levels:
                level.cut(time)
        measured = (_number(values.get(name)) for name in MEASURED)
        whole = (_whole(values.get(name)) for name in ("cycle_index", "step_index"))
        self._put(0, (time, *measured, *whole))
        self._last, self._broken = time, False

    def gap(self, time: int) -> None:
        """Let the curve end here until the next point; a second call does nothing."""
        if not self._broken and time > self._last:
            self._put(0, (time, *(math.nan for _ in MEASURED), _NONE, _NONE))
            self._last, self._broken = time, True

    def points(self, since: int = 0) -> dict[str, list[Any]]:
        """Return the points later than a time, a list for each column; in a gap all values are ``None``."""
        found: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        for level in reversed(self._levels):
            begin = bisect_right(level.columns[0], since)
            times, *measured, cycles, steps = (column[begin:] for column in level.columns)
            found["time"] += map(int, times)
            for name, column in zip(MEASURED, measured, strict=True):
                # More digits than these a single-precision number does not have.
                found[name] += [None if math.isnan(value) else float(f"{value:.7g}") for value in column]
            for name, column in (("cycle_index", cycles), ("step_index", steps)):
                found[name] += [None if value == _NONE else value for value in column]
        return found

    def _put(self, number: int, point: _Point) -> None:
        level = self._levels[number]
        level.append(point)
        if len(level) >= (_LEVEL if number else _RECENT) + _BLOCK:
            block = level.take(_BLOCK)
            if number < _LEVELS:
                for start in range(0, _BLOCK, 4):
                    for kept in _thinned(block[start : start + 4]):
                        self._put(number + 1, kept)


def _thinned(four: list[_Point]) -> list[_Point]:
    """Return two of four points, in their order."""
    gaps = [point for point in four if _is_gap(point)]
    others = sorted((point for point in four if not _is_gap(point)), key=_by_voltage)
    return sorted({*gaps[:1], *others[-1:]} if gaps else {others[0], others[-1]})


def _is_gap(point: _Point) -> bool:
    return all(math.isnan(value) for value in point[1 : 1 + len(MEASURED)])


def _by_voltage(point: _Point) -> float:
    return -math.inf if math.isnan(point[1]) else float(point[1])


def _number(value: Any) -> float:
    """Return a number that single precision holds, or NaN."""
    return float(value) if value is not None and abs(value) < 3.4e38 else math.nan


def _whole(value: Any) -> int:
    return value if value is not None and 0 <= value < 2**31 else _NONE
