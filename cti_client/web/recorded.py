"""Older points of a test from the SQLite file that `cti log` writes. Only reads; nothing is kept.

However long the test, as many rows are looked up as a curve needs, each by its key.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cti_client.record import sql
from cti_client.record.sinks.sqlite import time_text
from cti_client.record.tables import READINGS
from cti_client.web.history import MEASURED
from cti_schema.errors import ConfigurationError

__all__ = ["MOST_POINTS", "Recorded"]

#: Points of a curve at most, gaps left out.
MOST_POINTS: Final = 1000

#: How long a page waits for the file.
_PATIENCE_S: Final = 2.0

_COLUMNS: Final = (*MEASURED, "cycle_index", "step_index")

_NEXT: Final = f"""
SELECT slot, time, {", ".join(_COLUMNS)} FROM {READINGS.name}
WHERE serial_number = ? AND channel = ? AND slot >= ? AND slot < ? AND test_name = ? ORDER BY slot LIMIT 1
"""  # noqa: S608 - our own names

_LAST: Final = f"""
SELECT slot, time, {", ".join(_COLUMNS)} FROM {READINGS.name}
WHERE serial_number = ? AND channel = ? AND slot < ? AND test_name = ? ORDER BY slot DESC LIMIT 2
"""  # noqa: S608 - our own names

#: Without a reading for so many periods, the curve is broken.
_PERIODS: Final = 3


class Recorded:
    """A file of readings.

    Args:
        file: the file.

    Raises:
        ConfigurationError: it cannot be read, or has another schema.
    """

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise ConfigurationError(f"{file}: no such file; `cti log` writes one")
        self._file = file
        try:
            with closing(self._open()) as database:
                tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
                if sql.VERSION_TABLE not in tables:
                    raise ConfigurationError(f"{file} was not written by `cti log`")
                (version,) = database.execute(f"SELECT schema_version FROM {sql.VERSION_TABLE}").fetchone()  # noqa: S608
                sql.check_version(str(file), version, tables)
        except sqlite3.Error as error:
            raise ConfigurationError(f"{file}: {error}") from None

    def points(self, serial_number: str, channel: int, test_name: str, before: int) -> dict[str, list[Any]]:
        """Return points of a test that runs, oldest first, like those of a `History`.

        Args:
            serial_number: of the cycler.
            channel: number of the channel.
            test_name: the test.
            before: only points before this time, in milliseconds since 1970.

        Raises:
            OSError: the file cannot be read now.
        """
        try:
            with closing(self._open()) as database:
                return _points(database, (serial_number, channel, test_name), before)
        except (sqlite3.Error, ValueError) as error:
            raise OSError(f"{self._file}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)
        database.execute("PRAGMA query_only = ON")
        return database


def _points(database: sqlite3.Connection, test: tuple[str, int, str], before: int) -> dict[str, list[Any]]:
    serial_number, channel, test_name = test
    found: dict[str, list[Any]] = {name: [] for name in ("time", *_COLUMNS)}
    begun = database.execute(
        "SELECT first_time FROM tests WHERE serial_number = ? AND channel = ? AND test_name = ?", test
    ).fetchone()
    if begun is None or begun[0] is None:
        return found
    # The slot is the moment that a poll was made for: before the answer came.
    first = _time(begun[0]) - 60_000
    gaps = [
        (_time(slot), None)
        for (slot,) in database.execute(
            "SELECT first_slot FROM gaps WHERE serial_number = ? AND first_slot > ? AND first_slot < ? "
            "ORDER BY first_slot DESC LIMIT 100",
            (serial_number, time_text(first), time_text(before)),
        )
    ]
    points: list[tuple[int, Any]] = list(gaps)
    step = max(1, (before - first) // (MOST_POINTS - 2))
    at = first
    while at < before:
        where = (serial_number, channel, time_text(at), time_text(before), test_name)
        row = database.execute(_NEXT, where).fetchone()
        if row is None:
            break
        slot, time, *values = row
        points.append((_time(time), values))
        at = max(_time(slot) + 1, at + step)
    points += _last(database, test, before)
    for time, values in sorted(points, key=lambda point: point[0]):
        if found["time"] and time <= found["time"][-1]:
            continue
        if time >= before or (values is None and not found["time"]):
            continue
        found["time"].append(time)
        for name, value in zip(_COLUMNS, values or [None] * len(_COLUMNS), strict=True):
            found[name].append(value)
    return found


def _last(database: sqlite3.Connection, test: tuple[str, int, str], before: int) -> list[tuple[int, Any]]:
    """Return the last point, and a gap behind it where the log had ended: no row tells of that one."""
    serial_number, channel, test_name = test
    rows = database.execute(_LAST, (serial_number, channel, time_text(before), test_name)).fetchall()
    if len(rows) < 2:
        return []
    (slot, time, *values), (slot_before, *_) = rows
    period = _time(slot) - _time(slot_before)
    gap = [(_time(time) + 1, None)] if before - _time(time) > _PERIODS * period else []
    return [(_time(time), values), *gap]


def _time(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round(moment.astimezone(UTC).timestamp() * 1000.0)
