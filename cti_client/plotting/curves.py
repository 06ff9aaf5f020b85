"""The curves of one test, from rows of any number: against time, and against the capacity of each cycle."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cti_client.plotting.line import Array, Line

__all__ = ["Curves", "Cycle", "Rows"]

#: Columns of a line against time, and of one against capacity: more than a picture has pixels.
_COLUMNS: Final = 2048
_OF_A_CYCLE: Final = 512

#: Cycles whose curves are kept at most.
MOST_CYCLES: Final = 24

#: With less than this share of the greatest current, a channel rests.
_REST: Final = 1e-3

#: Intervals that say what is usual.
_USUAL: Final = 9


class Rows(NamedTuple):
    """Rows of a test in their order; NaN where there is no value.

    Attributes:
        moment_s: when each was read, on any clock that only runs forward.
        time_s: the test's own time.
        missing: how many gaps are known to lie before each row, counted from anywhere.
    """

    moment_s: Array
    time_s: Array
    voltage_v: Array
    current_a: Array
    charge_ah: Array
    discharge_ah: Array
    cycle: Array
    missing: Array


@dataclass(slots=True)
class Half:
    """Voltage against capacity, while a channel charges or while it discharges.

    Attributes:
        capacity_ah: how much it was, in all.
    """

    line: Line = field(default_factory=lambda: Line(_OF_A_CYCLE))
    capacity_ah: float = 0.0


@dataclass(slots=True)
class Cycle:
    """One cycle.

    Attributes:
        number: as the cycler counts; NaN where it does not tell.
    """

    number: float
    charge: Half = field(default_factory=Half)
    discharge: Half = field(default_factory=Half)


class Curves:
    """The curves of a test that rows are added to.

    Args:
        longer: an interval that is so many times as long as is usual is a gap.

    Attributes:
        voltage: against the test's time in seconds.
        current: likewise.
        count: rows with values.
        gaps: times without rows.
        every: of so many cycles, one is kept, and the last.
    """

    def __init__(self, longer: float) -> None:
        self.voltage, self.current = Line(_COLUMNS), Line(_COLUMNS)
        self.count, self.gaps, self.every = 0, 0, 1
        self._longer = longer
        self._cycles: dict[int, Cycle] = {}
        self._place = -1
        self._last: Rows | None = None
        self._usual: Array = np.empty(0)
        self._behind_s = 0.0
        self._most_a = 0.0

    @property
    def cycles(self) -> list[Cycle]:
        """The cycles that are kept, in their order."""
        return list(self._cycles.values())

    @property
    def seen_cycles(self) -> int:
        """How many cycles there are."""
        return self._place + 1

    def add(self, rows: Rows) -> None:
        """Add rows that follow those before."""
        whole = np.isfinite(rows.time_s) & np.isfinite(rows.voltage_v) & np.isfinite(rows.current_a)
        whole &= np.isfinite(rows.moment_s)
        rows = Rows(*(values[whole] for values in rows))
        if not len(rows.time_s):
            return
        before = Rows(*(values[:1] for values in rows)) if self._last is None else self._last
        forward = np.diff(rows.time_s, prepend=before.time_s)
        # A test that began anew under its name goes on behind its end.
        behind_s = self._behind_s + np.cumsum(np.where(forward < 0, -forward, 0.0))
        broken = (
            (forward < 0)
            | (np.diff(rows.missing, prepend=before.missing) != 0)
            | self._too_long(np.diff(rows.moment_s, prepend=before.moment_s))
        )
        part = self.gaps + np.cumsum(broken)
        time_s = rows.time_s + behind_s
        self.voltage.add(time_s, rows.voltage_v, part)
        self.current.add(time_s, rows.current_a, part)
        self._add_cycles(rows, before, part)
        self.count += len(time_s)
        self.gaps = int(part[-1])
        self._behind_s = float(behind_s[-1])
        self._last = Rows(*(values[-1:] for values in rows))

    def _too_long(self, intervals: Array) -> Any:
        """Tell which intervals are longer than is usual, by the median of those before."""
        if not len(self._usual):
            known = intervals[int(self._last is None) :][:_USUAL]
            if not len(known):
                return np.zeros(len(intervals), dtype=bool)
            self._usual = np.full(_USUAL, np.median(known))
        together = np.concatenate((self._usual, intervals))
        usual = np.partition(sliding_window_view(together, _USUAL), _USUAL // 2)[:-1, _USUAL // 2]
        self._usual = together[-_USUAL:]
        return intervals > self._longer * usual

    def _add_cycles(self, rows: Rows, before: Rows, part: Any) -> None:
        self._most_a = max(self._most_a, float(np.max(np.abs(rows.current_a))))
        resting_a = _REST * self._most_a
        # What goes into the cell and out of it between two rows; a capacity that was reset begins at zero.
        charged = np.diff(rows.charge_ah, prepend=before.charge_ah)
        discharged = np.diff(rows.discharge_ah, prepend=before.discharge_ah)
        begins = np.diff(np.nan_to_num(np.concatenate((before.cycle, rows.cycle)), nan=-1.0)) != 0
        begins[0] |= self._place < 0
        edges = np.flatnonzero(begins[1:]) + 1
        for start, end in pairwise((0, *edges.tolist(), len(begins))):
            self._place += int(begins[start])
            if self._place % self.every and end < len(begins):
                continue
            cycle = self._cycle(float(rows.cycle[start]))
            within = slice(start, end)
            current_a, voltage_v = rows.current_a[within], rows.voltage_v[within]
            for half, grown, moving in (
                (cycle.charge, charged[within], current_a > resting_a),
                (cycle.discharge, discharged[within], current_a < -resting_a),
            ):
                capacity_ah = half.capacity_ah + np.cumsum(np.where(grown > 0, grown, 0.0))
                half.capacity_ah = float(capacity_ah[-1])
                moving &= np.isfinite(grown)
                half.line.add(capacity_ah[moving], voltage_v[moving], part[within][moving])

    def _cycle(self, number: float) -> Cycle:
        """Return the present cycle; where there are too many, every second one goes."""
        if self._place not in self._cycles:
            self._cycles[self._place] = Cycle(number)
            while len(self._cycles) > MOST_CYCLES:
                self.every *= 2
                self._forget()
            self._forget()
        return self._cycles[self._place]

    def _forget(self) -> None:
        for place in list(self._cycles):
            if place % self.every and place != self._place:
                del self._cycles[place]
