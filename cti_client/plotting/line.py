"""A line of any number of points in the room of one picture: first, last, least and greatest of each column.

Points come in parts, in the order of x. When the columns do not suffice, two become one. What is drawn then
covers the same pixels as all points would. Nothing is drawn between points of different parts.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["Array", "Line"]

Array = np.ndarray[Any, np.dtype[np.float64]]

#: What is kept of a column: x of its first and last point, y of its first, least, greatest and last.
_X_FIRST, _X_LAST, _FIRST, _LEAST, _GREATEST, _LAST = range(6)

_SMALLEST: Final = 1e-9


class Line:
    """A line that points are added to.

    Args:
        columns: how many there are at most; an even number.
    """

    def __init__(self, columns: int) -> None:
        self._kept = np.full((6, columns), np.nan)
        self._broken = np.zeros(columns, dtype=bool)  # nothing is drawn from the column before
        self._origin = 0.0
        self._width = 0.0
        self._part: int | None = None

    def add(self, x: Array, y: Array, part: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        """Add points.

        Args:
            x: not less than before, and not falling.
            y: their values.
            part: number of the part that each belongs to; a break is where it changes.
        """
        if not len(x):
            return
        if self._part is None:
            self._origin, self._part = float(x[0]), int(part[0])
        last = self._kept.shape[1] - 1
        if not self._width and x[-1] > self._origin:
            self._width = max(float(x[-1] - self._origin) / last, _SMALLEST)
        while x[-1] - self._origin > last * self._width:
            self._halve()
        column = ((x - self._origin) / (self._width or 1.0)).astype(np.int64)
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        ends = np.append(starts[1:], len(x)) - 1
        found = np.stack((
            x[starts], x[ends], y[starts], np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts),
            y[ends],
        ))  # fmt: skip
        broken = np.diff(part, prepend=self._part)[starts] != 0
        self._part = int(part[-1])
        first = column[0]
        if not np.isnan(self._kept[_FIRST, first]):
            found[:, 0] = _joined(self._kept[:, first], found[:, 0])
            broken[0] = self._broken[first]
        self._kept[:, column[starts]] = found
        self._broken[column[starts]] = broken

    def points(self) -> tuple[Array, Array]:
        """Return x and y of what is to be drawn; NaN where the line breaks."""
        filled = ~np.isnan(self._kept[_FIRST])
        kept, broken = self._kept[:, filled], self._broken[filled]
        rising = kept[_FIRST] <= kept[_LAST]
        several = kept[_X_FIRST] < kept[_X_LAST]
        middle = (kept[_X_FIRST] + kept[_X_LAST]) / 2.0
        nan = np.full(len(middle), np.nan)
        x = np.stack((nan, kept[_X_FIRST], middle, middle, kept[_X_LAST]), axis=1)
        y = np.stack((
            nan, kept[_FIRST], np.where(rising, kept[_LEAST], kept[_GREATEST]),
            np.where(rising, kept[_GREATEST], kept[_LEAST]), kept[_LAST],
        ), axis=1)  # fmt: skip
        wanted = np.stack((broken, np.ones_like(broken), several, several, several), axis=1)
        return x[wanted], y[wanted]

    def _halve(self) -> None:
        """Make one column of two."""
        half = self._kept.shape[1] // 2
        left, right = self._kept[:, 0::2], self._kept[:, 1::2]
        empty = np.isnan(left[_FIRST])
        joined = np.where(empty, right, np.where(np.isnan(right[_FIRST]), left, _joined(left, right)))
        broken = np.where(empty, self._broken[1::2], self._broken[0::2])
        self._kept[:, :half], self._kept[:, half:] = joined, np.nan
        self._broken[:half], self._broken[half:] = broken, False
        self._width *= 2.0


def _joined(left: Array, right: Array) -> Array:
    """Return what is kept of two columns, or of many pairs of them."""
    return np.stack((
        left[_X_FIRST], right[_X_LAST], left[_FIRST], np.minimum(left[_LEAST], right[_LEAST]),
        np.maximum(left[_GREATEST], right[_GREATEST]), right[_LAST],
    ))  # fmt: skip
