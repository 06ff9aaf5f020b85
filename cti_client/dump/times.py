"""How the time of a message is written: the time of day, or seconds since another one."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Final

__all__ = ["FORMATS", "Times", "clock"]

#: Every way to write times.
FORMATS: Final = {
    "local": "time of day, here",
    "utc": "date and time of day, UTC",
    "epoch": "seconds since 1970-01-01, UTC",
    "relative": "seconds since the first message",
    "delta": "seconds since the message before",
}


def clock(time: float, zone: tzinfo | None = UTC) -> str:
    """Return the time of day of a Unix time, with microseconds.

    Args:
        time: Unix time in seconds.
        zone: time zone; ``None`` for the computer's own.
    """
    return datetime.fromtimestamp(time, zone).strftime("%H:%M:%S.%f")


class Times:
    """Writes one time after the other.

    Args:
        how: one of `FORMATS`.
    """

    def __init__(self, how: str = "local") -> None:
        self.how = how
        self._first: float | None = None
        self._before: float | None = None

    def text(self, time: float) -> str:
        """Return a Unix time in seconds as text."""
        first = self._first = time if self._first is None else self._first
        before, self._before = (time if self._before is None else self._before), time
        if self.how == "local":
            return clock(time, None)
        if self.how == "utc":
            return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if self.how == "epoch":
            return f"{time:.6f}"
        return f"{time - (first if self.how == 'relative' else before):12.6f}"
