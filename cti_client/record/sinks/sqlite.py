"""Readings into a SQLite file: what one computer needs. Others may read it while it is written (WAL)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cti_client.record import sql
from cti_client.record.tables import SCHEMA_VERSION, TABLES, Batch, Kind, Table
from cti_schema.errors import ConfigurationError

__all__ = ["SqliteSink"]

_TYPES: Final = {Kind.TIME: "TEXT", Kind.TEXT: "TEXT", Kind.INTEGER: "INTEGER", Kind.REAL: "REAL"}

#: How long another writer may take.
_PATIENCE_S: Final = 30.0


class SqliteSink:
    """A SQLite file, made if it is not there.

    Times are texts like ``2026-03-24T08:15:00.250Z``, always in UTC and of this length, so that they sort.

    Args:
        file: the file.

    Raises:
        ConfigurationError: it cannot be written, or has another schema.
    """

    every_s = 0.0

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self._database = sqlite3.connect(":memory:")
        try:
            self._database = sqlite3.connect(
                file, timeout=_PATIENCE_S, check_same_thread=False, isolation_level=None
            )
            self._prepare()
        except sqlite3.Error as error:
            self._database.close()
            raise ConfigurationError(f"{file}: {_sentence(error)}") from None
        except ConfigurationError:
            self._database.close()
            raise
        self._statements = {table.name: sql.upsert(table, named=False) for table in TABLES.values()}

    def _prepare(self) -> None:
        run = self._database.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("BEGIN IMMEDIATE")
        try:
            tables = {
                name for (name,) in run("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
            }
            version = None
            if sql.VERSION_TABLE in tables:
                version = run(f"SELECT schema_version FROM {sql.VERSION_TABLE}").fetchone()[0]  # noqa: S608
            if not sql.check_version(self.name, version, tables):
                for table in TABLES.values():
                    run(_create(table))
                for name, select in sql.VIEWS.items():
                    run(f"CREATE VIEW {name} AS {select}")
                run(f"CREATE TABLE {sql.VERSION_TABLE} (schema_version INTEGER NOT NULL)")
                run(f"INSERT INTO {sql.VERSION_TABLE} VALUES (?)", (SCHEMA_VERSION,))  # noqa: S608
        except BaseException:
            run("ROLLBACK")
            raise
        run("COMMIT")

    def write(self, batches: Iterable[Batch]) -> None:
        """Write batches in one transaction.

        Raises:
            OSError: the disk is full, the file is locked for too long or cannot be written.
        """
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            for batch in batches:
                for name, rows in batch.items():
                    database.executemany(self._statements[name], map(_RENDER[name], rows))
            database.execute("COMMIT")
        except BaseException as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise OSError(_sentence(error)) from error
            raise

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _sentence(error: sqlite3.Error) -> str:
    """Return what is wrong, in the words of people who look for it."""
    text = str(error)
    return "disk full" if "disk is full" in text else text


def _create(table: Table) -> str:
    columns = ", ".join(
        f"{name} {_TYPES[kind]}{' NOT NULL' if name in table.keys else ''}"
        for name, kind in table.columns.items()
    )
    # The rows of a channel lie together: a test is read without looking at those of all other channels.
    return f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({', '.join(table.keys)})) WITHOUT ROWID"


@lru_cache(maxsize=1024)
def time_text(time: int) -> str:
    """Return a time in milliseconds since 1970 as text."""
    moment = datetime.fromtimestamp(time // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time % 1000:03}Z"


def _renderer(table: Table) -> Callable[[Sequence[Any]], Sequence[Any]]:
    places = [table.place(name) for name, kind in table.columns.items() if kind is Kind.TIME]

    def render(row: Sequence[Any]) -> Sequence[Any]:
        values = list(row)
        for place in places:
            if values[place] is not None:
                values[place] = time_text(values[place])
        return values

    return render


_RENDER: Final = {table.name: _renderer(table) for table in TABLES.values()}
