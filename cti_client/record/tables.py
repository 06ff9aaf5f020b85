"""What is recorded: every table with its columns, its key, and what becomes of a row that is there already.

All sinks derive their tables, files and statements from this. Times are whole milliseconds since 1970 in UTC
until a sink writes them in its own way. A unit stands in the column's name. A value that the cycler does not
tell is ``None``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

__all__ = ["READINGS", "SCHEMA_VERSION", "TABLES", "Batch", "Kind", "Table", "rows_in"]

#: Is raised with every change of the tables.
SCHEMA_VERSION: Final = 1

#: Rows by the name of their table, the values in the order of its columns.
Batch = dict[str, list[Sequence[Any]]]


class Kind(Enum):
    """What a column holds."""

    TIME = "time"
    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        name: its name.
        columns: names and kinds; those of the key first.
        key: how many columns are the key: no two rows agree in them.
        latest_by: a row that comes again changes what is there if it is not older by this column; without
            one it changes nothing.
        least: of these columns the least value is kept, whichever row is newer.
        greatest: of these the greatest.
    """

    name: str
    columns: dict[str, Kind]
    key: int
    latest_by: str | None = None
    least: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.columns)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the columns of the key."""
        return self.names[: self.key]

    def place(self, column: str) -> int:
        """Return where a column stands in a row."""
        return self.names.index(column)


_MEASURED: Final = (
    "test_time_s", "step_time_s", "voltage_v", "current_a", "power_w", "charge_capacity_ah",
    "discharge_capacity_ah", "charge_energy_wh", "discharge_energy_wh", "internal_resistance_ohm",
    "dv_dt_v_per_s", "acr_ohm", "aci_ohm", "aci_phase_deg",
)  # fmt: skip

#: One channel in one poll. The slot is the moment that the poll was made for, on the clock's grid: loggers of
#: the same cycler share it, so that theirs is one row.
READINGS: Final = Table(
    "readings",
    {
        "serial_number": Kind.TEXT,
        "channel": Kind.INTEGER,
        "slot": Kind.TIME,
        "time": Kind.TIME,
        "latency_s": Kind.REAL,
        "cycler": Kind.TEXT,
        "status": Kind.TEXT,
        "comm_failure": Kind.INTEGER,
        "test_name": Kind.TEXT,
        "schedule_name": Kind.TEXT,
        "cycle_index": Kind.INTEGER,
        "step_index": Kind.INTEGER,
        **dict.fromkeys(_MEASURED, Kind.REAL),
        "temperature_t1_degc": Kind.REAL,
        "aux_json": Kind.TEXT,
    },
    key=3,
)

#: One test on one channel, from when it was first to when it was last seen running.
_TESTS: Final = Table(
    "tests",
    {
        "serial_number": Kind.TEXT,
        "channel": Kind.INTEGER,
        "test_name": Kind.TEXT,
        "cycler": Kind.TEXT,
        "schedule_name": Kind.TEXT,
        "barcode": Kind.TEXT,
        "first_time": Kind.TIME,
        "last_time": Kind.TIME,
        "seen_time": Kind.TIME,
        "running": Kind.INTEGER,
        "status": Kind.TEXT,
        "exit_condition": Kind.TEXT,
    },
    key=3,
    latest_by="seen_time",
    least=("first_time",),
    greatest=("last_time",),
)

#: One step of a test. When it began is told by the test's own time, so that whoever saw it wrote the same.
_STEPS: Final = Table(
    "steps",
    {
        "serial_number": Kind.TEXT,
        "channel": Kind.INTEGER,
        "test_name": Kind.TEXT,
        "begin_test_time_s": Kind.INTEGER,
        "cycle_index": Kind.INTEGER,
        "step_index": Kind.INTEGER,
        "cycler": Kind.TEXT,
        "step_label": Kind.TEXT,
        "step_type": Kind.TEXT,
        "first_time": Kind.TIME,
        "last_time": Kind.TIME,
    },
    key=6,
    least=("first_time",),
    greatest=("last_time",),
)

#: The status of a channel when a logger first saw it, and whenever it had become another one.
_STATUSES: Final = Table(
    "statuses",
    {
        "serial_number": Kind.TEXT,
        "channel": Kind.INTEGER,
        "slot": Kind.TIME,
        "time": Kind.TIME,
        "cycler": Kind.TEXT,
        "status": Kind.TEXT,
        "comm_failure": Kind.INTEGER,
        "test_name": Kind.TEXT,
        "exit_condition": Kind.TEXT,
    },
    key=3,
)

#: A time without readings of a cycler: from the first slot that is missing to the next one that is there;
#: ``None`` while it lasts.
_GAPS: Final = Table(
    "gaps",
    {
        "cycler": Kind.TEXT,
        "first_slot": Kind.TIME,
        "reason": Kind.TEXT,
        "end_slot": Kind.TIME,
        "serial_number": Kind.TEXT,
        "detail": Kind.TEXT,
    },
    key=3,
    greatest=("end_slot",),
)

#: The clock of the logger's computer was set: its time after that, and by how much it jumped.
_CLOCK_STEPS: Final = Table(
    "clock_steps",
    {"host": Kind.TEXT, "time": Kind.TIME, "step_s": Kind.REAL},
    key=2,
)

TABLES: Final = {
    table.name: table for table in (READINGS, _TESTS, _STEPS, _STATUSES, _GAPS, _CLOCK_STEPS)
}  # fmt: skip


def rows_in(batch: Batch) -> int:
    """Return how many readings a batch has."""
    return len(batch.get(READINGS.name, ()))
