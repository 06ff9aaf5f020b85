"""A test out of a file in the Battery Data Format, ours or another's. Never the whole file at once.

Columns have the names of the format, either those for people or those for machines. Where a file has several
tests, as those of `cti export` have, the columns ``Server``, ``Channel`` and ``Test Name`` tell them apart.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from cti_client.dump.readings_table import notation
from cti_client.plotting.curves import Curves, Rows
from cti_client.plotting.line import Array
from cti_client.plotting.reading import Test, Wanted, choose
from cti_client.record.observe import AT_REST
from cti_schema.errors import ConfigurationError

__all__ = ["read_bdf"]

#: Rows in memory at a time.
_ROWS: Final = 50_000

#: Answers come a little earlier or later: what is much longer than usual is a gap.
_LONGER: Final = 2.5

#: Numbers, by the labels of the columns that may have them; the first three a file must have.
_NUMBERS: Final = {
    "time_s": ("Test Time / s",),
    "voltage_v": ("Voltage / V",),
    "current_a": ("Current / A",),
    "moment_s": ("Unix Time / s", "Test Time / s"),
    "charge_ah": ("Schedule Charging Capacity / Ah", "Charging Capacity / Ah"),
    "discharge_ah": ("Schedule Discharging Capacity / Ah", "Discharging Capacity / Ah"),
    "cycle": ("Cycle Count / 1",),
}
_NEEDED: Final = 3

_TEXTS: Final = ("Server", "Channel", "Test Name", "Status")

_AT_REST: Final = frozenset(status.label for status in AT_REST)

#: Columns by their names; numbers as numbers, texts as texts.
_Table = dict[str, Any]


def read_bdf(source: str, wanted: Wanted) -> tuple[Test, Curves]:
    """Return a test in a file, and its curves.

    Raises:
        ConfigurationError: the file cannot be read, is not of the format, or no single test fits.
    """
    file = Path(source)
    read = _from_parquet if source.lower().endswith(".parquet") else _from_csv
    found: dict[Test, None] = {}
    curves = Curves(_LONGER)
    first: Test | None = None
    try:
        for table in read(file):
            for test, places in _tests(table, file):
                found[test] = None
                if first is None and wanted.fits(test):
                    first = test
                if test == first:  # of another one that fits too nothing is drawn
                    curves.add(_rows(table, places))
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    return choose(str(file), found, wanted), curves


def _tests(table: _Table, file: Path) -> Iterator[tuple[Test, Any]]:
    """Yield the tests that run in some rows, each with the places of its rows."""
    count = len(table["time_s"])
    servers, channels, names, statuses = (table.get(name, [None] * count) for name in _TEXTS)
    places: dict[tuple[Any, Any, Any], list[int]] = {}
    for place, (server, channel, name, status) in enumerate(
        zip(servers, channels, names, statuses, strict=True)
    ):
        if name != "" and status not in _AT_REST:
            places.setdefault((server, channel, name), []).append(place)
    for (server, channel, name), here in places.items():
        number = None if channel in (None, "") else int(channel)
        title = file.name.partition(".bdf.")[0] if name is None else name
        yield Test(server or "", number, title), np.array(here)


def _rows(table: _Table, places: Any) -> Rows:
    count = len(table["time_s"])
    absent = np.full(count, math.nan)
    numbers: dict[str, Array] = {name: table.get(name, absent)[places] for name in _NUMBERS}
    return Rows(**numbers, missing=np.zeros(len(places)))


def _columns(file: Path, header: Sequence[str]) -> dict[str, str]:
    """Return the columns of a file by what they are for.

    Raises:
        ConfigurationError: one that is needed is missing.
    """
    names: dict[str, str] = {}
    for name, labels in _NUMBERS.items():
        accepted = [one for label in labels for one in (label, notation(label))]
        there = [one for one in accepted if one in header]
        if there:
            names[name] = there[0]
        elif len(names) < _NEEDED:
            raise ConfigurationError(
                f"{file}: this is no file of the Battery Data Format: it has no column {labels[0]!r}"
            )
    return names | {name: name for name in _TEXTS if name in header}


def _from_csv(file: Path) -> Iterator[_Table]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        try:
            header = next(reader, [])
            columns = _columns(file, header)
            places = {name: header.index(column) for name, column in columns.items()}
            while rows := list(islice(reader, _ROWS)):
                try:
                    yield {
                        name: _floats([row[place] for row in rows])
                        if name in _NUMBERS
                        else [row[place] for row in rows]
                        for name, place in places.items()
                    }
                except (IndexError, ValueError):
                    raise _bad_row(file, reader.line_num - len(rows), rows, places) from None
        except (csv.Error, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{file}, line {reader.line_num + 1}: {error}") from None


def _floats(texts: list[str]) -> Array:
    return np.array([float(text) if text else math.nan for text in texts])


def _bad_row(file: Path, before: int, rows: list[list[str]], places: dict[str, int]) -> ConfigurationError:
    """Return what is wrong with the first row that cannot be read."""
    for line, row in enumerate(rows, before + 1):
        for name, place in places.items():
            if place >= len(row):
                return ConfigurationError(f"{file}, line {line}: {len(row)} columns, too few")
            if name in _NUMBERS and row[place] and not _is_number(row[place]):
                return ConfigurationError(f"{file}, line {line}: {row[place]!r} is no number")
    raise AssertionError("all rows can be read")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _from_parquet(file: Path) -> Iterator[_Table]:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError:
        raise ConfigurationError('Parquet needs pyarrow: pip install "cti-toolkit[columns]"') from None
    numbers: Callable[[Any], Array] = lambda column: column.cast(pa.float64()).to_numpy(zero_copy_only=False)  # noqa: E731
    try:
        with pq.ParquetFile(file) as opened:
            columns = _columns(file, opened.schema_arrow.names)
            for batch in opened.iter_batches(_ROWS, columns=[*dict.fromkeys(columns.values())]):
                yield {
                    name: numbers(batch.column(column))
                    if name in _NUMBERS
                    else batch.column(column).to_pylist()
                    for name, column in columns.items()
                }
    except pa.ArrowException as error:
        raise ConfigurationError(f"{file}: {' '.join(str(error).split())}") from None
