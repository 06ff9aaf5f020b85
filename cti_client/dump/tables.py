"""Rows into a file: CSV, SQLite or Parquet, by the ending of its name. A file that is there is whole."""

from __future__ import annotations

import csv
import errno
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from cti_schema.errors import ConfigurationError

__all__ = ["ENDINGS", "write", "write_batches"]

#: A column: its name and the type of its values.
Column = tuple[str, type]

_BATCH: Final = 8192


def write(target: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows, and return how many there were. The file appears, or is replaced, when all are written.

    Args:
        target: its ending tells what is written.
        columns: of the table.
        rows: with ``None`` where there is no value.

    Raises:
        ConfigurationError: the ending is none of `ENDINGS`, or what it needs is not installed.
        OSError: the file cannot be written.
    """
    writer = ENDINGS.get(target.suffix.lower())
    if writer is None:
        raise ConfigurationError(f"{target}: the name must end in {', '.join(ENDINGS)}")
    return _replaced(target, lambda part: writer(part, columns, rows))


def _replaced(target: Path, write: Callable[[Path], int]) -> int:
    """Write a file under another name, and give it its name when it is whole."""
    part = target.with_name(f".{target.name}.part")
    try:
        count = write(part)
        part.replace(target)
    except OSError as error:
        if error.filename in (None, str(part)):  # a full disk has no name
            error.filename = str(target)
        raise
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return count


def _csv(file: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([name for name, _ in columns])
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


_SQL: Final = {float: "REAL", int: "INTEGER", str: "TEXT"}


def _sqlite(file: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    file.unlink(missing_ok=True)
    count = 0
    try:
        with closing(sqlite3.connect(file)) as database, database:
            declared = ", ".join(f'"{name}" {_SQL[kind]}' for name, kind in columns)
            database.execute(f"CREATE TABLE readings ({declared})")
            places = ", ".join("?" for _ in columns)
            statement = f"INSERT INTO readings VALUES ({places})"  # noqa: S608 - question marks alone
            waiting = iter(rows)
            while batch := list(islice(waiting, _BATCH)):
                database.executemany(statement, batch)
                count += len(batch)
    except sqlite3.Error as error:
        raise OSError(errno.EIO, str(error), str(file)) from error
    return count


def _parquet(file: Path, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        raise ConfigurationError('Parquet needs pyarrow: pip install "cti-toolkit[columns]"') from None
    types = {float: pyarrow.float64(), int: pyarrow.int64(), str: pyarrow.string()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns])
    count = 0
    waiting = iter(rows)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(waiting, _BATCH)):
            named = zip(zip(*batch, strict=True), schema, strict=True)
            values = [pyarrow.array(column, field.type) for column, field in named]
            writer.write_batch(pyarrow.record_batch(values, schema=schema))
            count += len(batch)
    return count


def write_batches(target: Path, batches: Iterable[Any], schema: Any) -> int:
    """Write Arrow record batches as Parquet, and return how many rows there were; see `write`."""

    import pyarrow.parquet

    def writer(file: Path) -> int:
        count = 0
        with pyarrow.parquet.ParquetWriter(file, schema) as opened:
            for batch in batches:
                opened.write_batch(batch)
                count += batch.num_rows
        return count

    return _replaced(target, writer)


Writer = Callable[[Path, Sequence[Column], Iterable[Sequence[Any]]], int]

#: What can be written, by the ending of the file's name.
ENDINGS: Final[dict[str, Writer]] = {
    ".csv": _csv, ".sqlite": _sqlite, ".db": _sqlite, ".parquet": _parquet,
}  # fmt: skip
