"""When to poll, and whether the clock was set: computed from times that are given, never asked for here."""

from __future__ import annotations

import math
from typing import Final

from cti_schema.errors import ConfigurationError

__all__ = ["ClockWatch", "Grid"]

#: Fastest polling; a slot is told in milliseconds.
MOST_HZ: Final = 100.0

#: A clock that is slowly corrected drifts by far less between two looks.
_STEP_S: Final = 0.5


class Grid:
    """The moments of polls: whole multiples of the period since 1970, the same for every logger.

    Args:
        rate_hz: polls per second.

    Attributes:
        period_s: seconds from one to the next.

    Raises:
        ConfigurationError: the rate is not above zero, or too high.
    """

    def __init__(self, rate_hz: float) -> None:
        if not 0.0 < rate_hz <= MOST_HZ:
            raise ConfigurationError(f"rate: {rate_hz:g} Hz is not above 0 and at most {MOST_HZ:g}")
        self._rate_hz = rate_hz
        self.period_s = 1.0 / rate_hz

    def next(self, now_s: float) -> int:
        """Return the first slot after a time, in milliseconds."""
        return self._at(math.floor(now_s * self._rate_hz) + 1, now_s)

    def _at(self, number: int, now_s: float) -> int:
        slot = round(number * 1000.0 / self._rate_hz)
        return slot if slot > now_s * 1000.0 else round((number + 1) * 1000.0 / self._rate_hz)


class ClockWatch:
    """Notices when the clock was set, beside one that only runs.

    Args:
        wall_s: the clock's time.
        steady_s: the time of the one that only runs.
    """

    def __init__(self, wall_s: float, steady_s: float) -> None:
        self._offset_s = wall_s - steady_s

    def look(self, wall_s: float, steady_s: float) -> float:
        """Return by how many seconds the clock jumped since the last look, 0 if it did not."""
        offset_s = wall_s - steady_s
        step_s, self._offset_s = offset_s - self._offset_s, offset_s
        return step_s if abs(step_s) >= _STEP_S else 0.0
