"""What is to happen at simulated moments, and readings that follow a curve. Others say what time it is.

Nothing runs in the background. What is due happens when somebody next looks at the time, and the time is the
due moment while it happens; so it makes no difference how late that is.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Sequence

__all__ = ["Agenda", "Curve"]


class Agenda:
    """What is to happen, in the order of time; at the same moment in the order in which it was added."""

    __slots__ = ("_added", "_at", "_due")

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._added = 0
        self._at: float | None = None

    def add(self, at_s: float, action: Callable[[], object]) -> None:
        """Let something happen at a moment; one that is over comes next."""
        heapq.heappush(self._due, (at_s, self._added, action))
        self._added += 1

    def until(self, now: float) -> float:
        """Let happen what is due, and return the time: now, or, while something happens, its moment."""
        if self._at is not None:
            return self._at
        latest = 0.0
        while self._due and self._due[0][0] <= now:
            at, _, action = heapq.heappop(self._due)
            latest = max(latest, at)
            self._at = latest
            try:
                action()
            finally:
                self._at = None
        return now

    def __len__(self) -> int:
        return len(self._due)


class Curve:
    """A number over time: straight lines between points, the first one before and the last one behind them.

    Args:
        points: (seconds, number) in the order of time; two of the same time are a jump.
    """

    __slots__ = ("_points", "_times")

    def __init__(self, points: Sequence[Sequence[float]]) -> None:
        self._points = [(float(time), float(value)) for time, value in points]
        self._times = [time for time, _ in self._points]

    def __call__(self, now: float) -> float:
        """Return the number at a moment."""
        behind = bisect_right(self._times, now)
        if behind == 0:
            return self._points[0][1]
        start, value = self._points[behind - 1]
        if behind == len(self._points):
            return value
        end, other = self._points[behind]
        return value + (other - value) * (now - start) / (end - start)
