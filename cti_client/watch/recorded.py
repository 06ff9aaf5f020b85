"""Readings that were recorded, as the polls that they came from, in the order of time. Only reads.

What recorded them is told by the name of the source: a database or a Parquet folder of `cti log`, a file in
the Battery Data Format, else a capture.
"""

from __future__ import annotations

import csv
import heapq
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import unquote

from cti_client.dump.conversation import Entry
from cti_client.dump.readings_table import with_readings
from cti_client.readings import Reading
from cti_client.record import sql
from cti_client.record.observe import AUX, Poll
from cti_client.record.sinks.bdf import FROM
from cti_client.record.tables import READINGS, Kind
from cti_schema.enums import ChannelStatus
from cti_schema.errors import ConfigurationError

__all__ = ["polls_heard", "polls_written"]

#: A row of the readings, by the names of the columns; what a source has not is left out.
_Row = Mapping[str, Any]

_BDF_ENDINGS: Final = (".bdf.csv", ".bdf.parquet")

#: Rows that are held at a time.
_ROWS: Final = 5000

_STATUS: Final = {status.label: status for status in ChannelStatus}
_GROUPS: Final = {name: group for group, name in AUX.items()}

#: Columns that are attributes of a reading as they are.
_SAME: Final = [
    name
    for name, kind in READINGS.columns.items()
    if kind in (Kind.REAL, Kind.TEXT) and name in Reading.__dataclass_fields__ and name != "status"
]


def polls_written(source: str) -> Iterator[Poll] | None:
    """Return the polls in a database, a folder or a file of readings; ``None`` where it is none of these.

    Args:
        source: FILE.sqlite, a database's URL, a folder of Parquet files, FILE.bdf.csv or FILE.bdf.parquet.

    Raises:
        ConfigurationError: it cannot be read, or there are no readings in it; also while they are read.
    """
    reader = _reader(source)
    return None if reader is None else _polls(source, reader())


def polls_heard(entries: Iterable[Entry], names: Mapping[str, str]) -> Iterator[Poll]:
    """Yield the polls that were heard in a capture.

    Args:
        entries: what was heard.
        names: what the cyclers are called, by their addresses; others are called by their address.

    Raises:
        ConfigurationError: there are no times.
    """
    for heard, readings in with_readings(entries):
        if heard.time is None or heard.link is None:
            raise ConfigurationError(
                "there are no times in it: rules are tested on captures, not on single frames"
            )
        time = round(heard.time * 1000.0)
        answer = heard.answer
        latency_s = None if answer is None else answer.response_time
        address = str(heard.link.server)
        name = names.get(address, address)
        yield Poll(name, "", time, time, 0.0 if latency_s is None else latency_s, readings=readings)


def _reader(source: str) -> Callable[[], Iterator[_Row]] | None:
    if source.startswith("sqlite:///"):
        source = unquote(source.removeprefix("sqlite:///"))
    elif "://" in source:
        return lambda: _from_database(source)
    folder = Path(source.removeprefix("parquet:"))
    if folder.is_dir() or source.startswith("parquet:"):
        return lambda: _from_folder(folder)
    if source.lower().endswith(_BDF_ENDINGS):
        return lambda: _from_bdf(Path(source))
    if source.lower().endswith((".sqlite", ".sqlite3", ".db")):
        return lambda: _from_sqlite(Path(source))
    return None


def _polls(source: str, rows: Iterator[_Row]) -> Iterator[Poll]:
    found = False
    for (time, cycler, serial_number), group in groupby(rows, _same_poll):
        found = True
        together = list(group)
        latency_s = together[0].get("latency_s") or 0.0
        readings = [_reading(row) for row in together]
        yield Poll(cycler, serial_number, time, time, latency_s, readings=readings)
    if not found:
        raise ConfigurationError(f"{source}: there are no readings in it")


def _same_poll(row: _Row) -> tuple[int, str, str]:
    return row["time"], row["cycler"], row.get("serial_number") or ""


def _reading(row: _Row) -> Reading:
    cycle, step = row.get("cycle_index"), row.get("step_index")
    values = {name: value for name in _SAME if (value := row.get(name)) is not None}
    raw: Any = SimpleNamespace(**_aux(row))
    return Reading(
        channel=row["channel"],
        status=_status(row["status"]),
        comm_failure=bool(row.get("comm_failure")),
        step_and_cycle="" if cycle is None or step is None else f"[{cycle}] {step}: ",
        raw=raw,
        **values,
    )


def _status(label: str) -> ChannelStatus:
    known = _STATUS.get(label)
    if known is None:
        number = label.removeprefix("unknown_")
        known = ChannelStatus(int(number)) if number.isdecimal() else ChannelStatus.IDLE
    return known


def _aux(row: _Row) -> dict[str, list[float]]:
    absent = float("nan")
    if row.get("aux_json"):
        return {
            _GROUPS[name]: [absent if value is None else value for value in values]
            for name, values in json.loads(row["aux_json"]).items()
            if name in _GROUPS
        }
    first = row.get("temperature_t1_degc")
    return {} if first is None else {"aux_temperature": [first]}


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000.0)


def _from_sqlite(file: Path) -> Iterator[_Row]:
    if not file.is_file():
        raise ConfigurationError(f"{file}: no such file")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            version = None
            if sql.VERSION_TABLE in tables:
                (version,) = database.execute(f"SELECT schema_version FROM {sql.VERSION_TABLE}").fetchone()  # noqa: S608
            _check(str(file), version, tables)
            names = ", ".join(READINGS.names)
            rows = f"SELECT {names} FROM {READINGS.name} ORDER BY time, cycler, channel"  # noqa: S608
            for values in database.execute(rows):
                row = dict(zip(READINGS.names, values, strict=True))
                row["time"] = _milliseconds(row["time"])
                yield row
    except sqlite3.Error as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _check(where: str, version: int | None, tables: set[str]) -> None:
    if not sql.check_version(where, version, tables):
        raise ConfigurationError(f"{where} was not written by `cti log`")


def _from_database(url: str) -> Iterator[_Row]:
    from cti_client.record.sinks import database  # has a sentence for where SQLAlchemy is missing

    sa: Any = import_module("sqlalchemy")
    engine = database.open_engine(url)
    where = engine.url.difference_update_query(["password"]).render_as_string(hide_password=True)
    table = database.declared(READINGS, sa.MetaData())
    ordered = sa.select(table).order_by(table.c.time, table.c.cycler, table.c.channel)
    try:
        with engine.connect() as connection:
            inspector = sa.inspect(connection)
            tables = {*inspector.get_table_names(), *inspector.get_view_names()}
            version = None
            if sql.VERSION_TABLE in tables:
                version = connection.scalar(sa.text(f"SELECT schema_version FROM {sql.VERSION_TABLE}"))  # noqa: S608
            _check(where, version, tables)
            found = connection.execution_options(stream_results=True, yield_per=_ROWS).execute(ordered)
            for values in found.mappings():
                time = round(database.in_utc(values["time"]).timestamp() * 1000.0)
                yield {**values, "time": time}
    except sa.exc.SQLAlchemyError as error:
        raise ConfigurationError(f"{where}: {database.sentence(error)}") from None
    finally:
        engine.dispose()


def _from_folder(folder: Path) -> Iterator[_Row]:
    """Yield the rows of a dataset: the files of each cycler in their order, all cyclers side by side."""
    cyclers = sorted((folder / READINGS.name).glob("cycler=*"))
    if not cyclers:
        raise ConfigurationError(f"{folder}: there are no readings of `cti log` in it")
    _need_pyarrow()
    return heapq.merge(*map(_of_cycler, cyclers), key=lambda row: (row["time"], row["cycler"]))


def _of_cycler(folder: Path) -> Iterator[_Row]:
    name = unquote(folder.name.removeprefix("cycler="))
    for file in sorted(folder.glob("day=*/*.parquet"), key=lambda file: (file.parent.name, _begin(file))):
        for row in _from_parquet(file):
            time = row["time"]
            yield {**row, "cycler": name, "time": round(time.replace(tzinfo=UTC).timestamp() * 1000.0)}


def _begin(file: Path) -> int:
    """Return the time that a file's name begins with."""
    digits = file.name.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0


def _from_parquet(file: Path) -> Iterator[_Row]:
    _need_pyarrow()
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(_ROWS):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise ConfigurationError('Parquet needs pyarrow: pip install "cti-toolkit[columns]"') from None


def _from_bdf(file: Path) -> Iterator[_Row]:
    """Yield the rows of a file in the Battery Data Format: of one test, on one channel."""
    for row in _from_csv(file) if file.suffix.lower() == ".csv" else _from_parquet(file):
        values = {FROM[name]: value for name, value in row.items() if name in FROM and value is not None}
        if "time" not in values:
            raise ConfigurationError(f"{file}: there is no column 'Unix Time / s' in it")
        values["time"] = round(values["time"] * 1000.0)
        yield {
            "cycler": file.absolute().parent.name, "channel": 1, "status": ChannelStatus.RUNNING.label,
            "test_name": file.name.partition(".bdf.")[0], **values,
        }  # fmt: skip


def _from_csv(file: Path) -> Iterator[_Row]:
    texts = {name for name, column in FROM.items() if READINGS.columns[column] is Kind.TEXT}
    whole = {name for name, column in FROM.items() if READINGS.columns[column] is Kind.INTEGER}
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                yield {
                    name: None if not value else value if name in texts else
                    int(value) if name in whole else float(value)
                    for name, value in row.items() if name in FROM
                }  # fmt: skip
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    except (ValueError, csv.Error) as error:
        raise ConfigurationError(f"{file}: {error}") from None
