"""Readings as a table, plain or drawn. Whoever prints it decides which; no value is ever cut."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cti_client.dump.lines import safe

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cti_client.readings import Reading

#: Headings, and whether the column holds numbers.
COLUMNS = (
    ("Channel", True),
    ("Status", False),
    ("Schedule", False),
    ("Test", False),
    ("Step", False),
    ("Test time", True),
    ("Step time", True),
    ("Voltage/V", True),
    ("Current/A", True),
    ("Charge/Ah", True),
    ("Discharge/Ah", True),
)

#: Columns that a terminal can do without, by their place.
_LEFT_OUT_FIRST = (6, 2, 4, 3, 10, 9)

#: Spaces between two columns of a drawn table.
_GAP = 3

#: Colours for what needs a look; everything else has none.
_STYLES = {"charge": "green", "discharge": "cyan", "unsafe": "bold red", "error": "bold red", "idle": "dim"}


def cells(reading: Reading) -> tuple[str, ...]:
    """Return one reading as the cells of a row."""
    return (
        str(reading.channel),
        status(reading),
        _text(reading.schedule_name),
        _text(reading.test_name),
        _text(reading.step_and_cycle),
        duration(reading.test_time_s),
        duration(reading.step_time_s),
        number(reading.voltage_v, 4),
        number(reading.current_a, 4),
        number(reading.charge_capacity_ah, 4),
        number(reading.discharge_capacity_ah, 4),
    )


def status(reading: Reading) -> str:
    """Return what a channel does, and whether its controller cannot be reached."""
    label = reading.status.label.replace("_", " ")
    return f"{label}, not reachable" if reading.comm_failure else label


def duration(seconds: float) -> str:
    """Return a time as hours, minutes and seconds: ``0:01:40``; a dash where there is none."""
    if not math.isfinite(seconds):
        return "-"
    whole = int(abs(seconds))
    return f"{'-' if seconds <= -1 else ''}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def number(value: float, digits: int) -> str:
    """Return a number with so many digits behind the point, never as minus zero; a dash for not-a-number."""
    if math.isnan(value):
        return "-"
    text = f"{value:.{digits}f}"
    return text if float(text) else text.lstrip("-")


def _text(text: str) -> str:
    return safe(text) or "-"


def plain(readings: Iterable[Reading]) -> list[str]:
    """Return readings as lines of aligned text, headings first."""
    return aligned(
        [[heading for heading, _ in COLUMNS], *(cells(reading) for reading in readings)],
        right={at for at, (_, right) in enumerate(COLUMNS) if right},
    )


def aligned(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Return rows of cells as lines, the cells of a column aligned.

    Args:
        rows: of equal length.
        right: columns that are aligned on the right, counted from 0.
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    flushed = frozenset(right)
    lines = []
    for row in rows:
        padded = []
        for at, cell in enumerate(row):
            space = " " * (widths[at] - width(cell))
            padded.append(space + cell if at in flushed else cell + space)
        lines.append("  ".join(padded).rstrip())
    return lines


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def drawn(readings: Iterable[Reading], columns: int) -> RenderableType:
    """Return readings as a table for a terminal.

    Args:
        readings: the rows.
        columns: how wide the terminal is. Where it is too narrow, columns are left out, and named below.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    readings = list(readings)
    rows = [[heading for heading, _ in COLUMNS], *(list(cells(reading)) for reading in readings)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    left = columns - sum(widths) - _GAP * (len(COLUMNS) - 1)
    left_out: list[int] = []
    for at in _LEFT_OUT_FIRST:
        if left < 0:
            left_out.append(at)
            left += widths[at] + _GAP
    for at in reversed(left_out[:]):
        if left >= widths[at] + _GAP:
            left_out.remove(at)
            left -= widths[at] + _GAP
    shown = [at for at in range(len(COLUMNS)) if at not in left_out]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for at in shown:
        heading, right = COLUMNS[at]
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for reading, row in zip(readings, rows[1:], strict=True):
        style = "bold red" if reading.comm_failure else _STYLES.get(reading.status.label, "")
        table.add_row(*(Text(row[at], style if at == 1 else "") for at in shown))
    if not left_out:
        return table
    names = ", ".join(COLUMNS[at][0] for at in sorted(left_out))
    return Group(table, Text(f"too narrow for: {names}", "dim"))
