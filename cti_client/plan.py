"""A plan of tests from a CSV file: which channel of which cycler runs what. Read and checked, nothing else.

::

    cycler,channel,schedule,test name,barcode
    north,1,formation.sdx,cell-17,A0017
    north,2,formation.sdx,cell-18,
    south,1-8,rest.sdx,pack-3,
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti_client.channels import ALL, parse_channels
from cti_client.settings import nearest
from cti_schema.errors import ConfigurationError

__all__ = ["Planned", "read_plan"]

#: The columns, and whether a row must have something there. A file may leave out the last.
_COLUMNS: Final = {"cycler": True, "channel": True, "schedule": True, "test name": True, "barcode": False}

#: No cycler has more channels; what one really has is known after the login.
_MOST_CHANNELS: Final = 65535


@dataclass(frozen=True, slots=True)
class Planned:
    """A test that is to be started on one channel.

    Attributes:
        cycler: name of the cycler in the fleet.
        channel: number of the channel, from 1.
        schedule: file name of the schedule on the cycler.
        test_name: name of the test. Channels of a cycler with one name are started together, as one test.
        barcode: of the cell, or an empty text.
        where: file and line that it stands in.
    """

    cycler: str
    channel: int
    schedule: str
    test_name: str
    barcode: str
    where: str


def read_plan(file: Path | str, cyclers: Iterable[str]) -> list[Planned]:
    """Return what a plan says, in the order of the file.

    Args:
        file: the CSV file: UTF-8, separated by commas (or, as some spreadsheets do, by semicolons).
        cyclers: names of the cyclers in the fleet.

    Raises:
        ConfigurationError: the file cannot be read, or something is wrong in it; the sentence names the
            line, the column, and what is allowed there.
    """
    known = list(cyclers)
    planned: list[Planned] = []
    taken: dict[tuple[str, int], str] = {}
    for where, row in _rows(Path(file)):
        for one in _planned(where, row, known):
            before = taken.setdefault((one.cycler, one.channel), where)
            if before != where:
                raise ConfigurationError(
                    f"{where}, column channel: channel {one.channel} of {one.cycler} "
                    f"is planned already ({before})"
                )
            planned.append(one)
    if not planned:
        raise ConfigurationError(f"{file}: there is no test in it, only the headings")
    return planned


def _rows(file: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield for each row where it stands, and its cells by column."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{file}, line {line}: this is no UTF-8: save the file as CSV UTF-8"
        ) from None
    heading = text.partition("\n")[0]
    separator = ";" if ";" in heading else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] = []
    begin = 1
    try:
        for cells in reader:
            where, begin = f"{file}, line {begin}", reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _headings(where, cells)
                continue
            if len(cells) > len(columns):
                raise ConfigurationError(
                    f"{where}: there are {len(cells)} cells under {len(columns)} headings: "
                    "put a cell with a comma in it into quotes"
                )
            # Rows end where their last cell has something in it, in the files of some programs.
            cells += [""] * (len(columns) - len(cells))
            yield where, dict(zip(columns, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        raise ConfigurationError(f"{file}, line {reader.line_num}: this is no CSV ({error})") from None
    if not columns:
        raise ConfigurationError(f"{file}: it is empty: its first line should be {','.join(_COLUMNS)}")


def _headings(where: str, cells: Iterable[str]) -> list[str]:
    columns = [" ".join(cell.replace("_", " ").split()).lower() for cell in cells]
    for column in columns:
        if column not in _COLUMNS:
            raise ConfigurationError(f"{where}: {nearest('column', column, _COLUMNS)}")
        if columns.count(column) > 1:
            raise ConfigurationError(f"{where}: two columns are called {column}")
    for column, required in _COLUMNS.items():
        if required and column not in columns:
            raise ConfigurationError(
                f"{where}: the column {column!r} is missing: the first line should be {','.join(_COLUMNS)}"
            )
    return columns


def _planned(where: str, row: Mapping[str, str], cyclers: list[str]) -> Iterator[Planned]:
    for column, required in _COLUMNS.items():
        if required and not row[column]:
            raise ConfigurationError(f"{where}, column {column}: there is nothing in it")
    cycler = row["cycler"]
    if cycler not in cyclers:
        raise ConfigurationError(f"{where}, column cycler: {nearest('cycler', cycler, cyclers)}")
    channels = _channels(f"{where}, column channel", row["channel"])
    barcode = row.get("barcode", "")
    if barcode and len(channels) > 1:
        raise ConfigurationError(
            f"{where}, column barcode: one barcode for {len(channels)} channels: give each a row of its own"
        )
    for channel in channels:
        yield Planned(cycler, channel, row["schedule"], row["test name"], barcode, where)


def _channels(where: str, text: str) -> list[int]:
    try:
        if text.lower() == ALL:
            raise ConfigurationError(f"{text!r} names no channels: write numbers and ranges like 1-8,12")
        return parse_channels(text, _MOST_CHANNELS)
    except ConfigurationError as error:
        # A plan names its channels: all of them is no answer here.
        raise ConfigurationError(f"{where}: {str(error).removesuffix(f', or {ALL}')}") from None
