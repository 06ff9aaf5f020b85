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
        time: Unix time in seconds; one beyond the calendar is written as it is.
        zone: time zone; ``None`` for the computer's own.
    """
    moment = _moment(time, zone)
    return f"{time:.6f}" if moment is None else moment.strftime("%H:%M:%S.%f")


def _moment(time: float, zone: tzinfo | None = UTC) -> datetime | None:
    """Return the moment of a Unix time; ``None`` where a damaged capture says a time beyond the calendar."""
    try:
        return datetime.fromtimestamp(time, UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):
        return None


class Times:
    """Writes one time after the other.

    Args:
        how: one of `FORMATS`.
    """

    def __init__(self, how: str = "local") -> None:
        self.how = how
        self.restart()

    def restart(self) -> None:
        """Forget the times so far: those of another file come."""
        self._first: float | None = None
        self._before: float | None = None
        self._heading = ""

    def begin(self, time: float | None) -> None:
        """Take note of a message, shown or not: the first one is where relative times begin."""
        if self._first is None:
            self._first = time

    def heading(self, time: float) -> str:
        """Return what is to be said before a time is written; empty if that was said already."""
        text = ""
        if self.how == "local":
            moment = _moment(time, None)
            text = "" if moment is None else f"{moment:%Y-%m-%d}, times in {moment.tzinfo}"
        elif self.how == "relative":
            since = _moment(time if self._first is None else self._first)
            text = "" if since is None else f"times in seconds since {since:%Y-%m-%d %H:%M:%S.%f} UTC"
        elif self.how == "delta":
            text = "times in seconds since the message before"
        if text == self._heading:
            return ""
        self._heading = text
        return text

    def text(self, time: float) -> str:
        """Return a Unix time in seconds as text."""
        first = self._first = time if self._first is None else self._first
        before, self._before = (time if self._before is None else self._before), time
        if self.how in ("local", "utc"):
            moment = _moment(time, None if self.how == "local" else UTC)
            if moment is not None:
                return moment.strftime("%H:%M:%S.%f" if self.how == "local" else "%Y-%m-%dT%H:%M:%S.%fZ")
        if self.how in ("relative", "delta"):
            return f"{time - (first if self.how == 'relative' else before):12.6f}"
        return f"{time:.6f}"
