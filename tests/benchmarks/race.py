"""Functions measured against each other: in turns, so that what else the machine does hits all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

#: A turn of one function lasts about so long.
TURN_S = 0.004


class Race:
    """What several functions took.

    Args:
        functions: by name; each does the same work, or the share of it that `shares` tells.
        shares: how often a function is to be called for the work of one call of the others.
        rounds: turns of each function.
    """

    def __init__(
        self, functions: dict[str, Callable[[], Any]], shares: dict[str, int] | None = None, rounds: int = 31
    ) -> None:
        self.times: dict[str, list[float]] = {name: [] for name in functions}
        shares = shares or {}
        calls = {name: _calls(function) for name, function in functions.items()}
        gc.collect()
        gc.disable()
        try:
            for _ in range(rounds):
                for name, function in functions.items():
                    share = shares.get(name, 1)
                    self.times[name].append(_time(function, calls[name]) * share)
        finally:
            gc.enable()

    def us(self, name: str) -> float:
        """Return the median time in microseconds."""
        return 1e6 * statistics.median(self.times[name])

    def ratio(self, slow: str, fast: str) -> float:
        """Return how many times as long one takes as another: the median over the rounds."""
        pairs = zip(self.times[slow], self.times[fast], strict=True)
        return statistics.median(one / other for one, other in pairs)

    def row(self) -> dict[str, float]:
        """Return the medians in microseconds."""
        return {name: round(self.us(name), 2) for name in self.times}


def _calls(function: Callable[[], Any]) -> int:
    """Return how many calls make one turn."""
    function()
    once = max(_time(function, 1), 1e-8)
    return max(1, int(TURN_S / once))


def _time(function: Callable[[], Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls
