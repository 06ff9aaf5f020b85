"""A test out of a database that `cti log` writes. Only reads, and never the whole test at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

import numpy as np

from cti_client.plotting.curves import Curves, Rows
from cti_client.plotting.line import Array
from cti_client.plotting.reading import Test, Wanted, choose
from cti_client.record import sql
from cti_client.record.observe import AT_REST
from cti_schema.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["read_database"]

#: Rows in memory at a time.
_ROWS: Final = 50_000

#: Readings lie on a grid: a longer interval misses at least one.
_LONGER: Final = 1.5

_TESTS: Final = (
    "SELECT cycler, channel, test_name, serial_number FROM tests WHERE first_time IS NOT NULL "
    "ORDER BY cycler, channel, first_time"
)

_AT_REST: Final = ", ".join(f"'{status.label}'" for status in sorted(AT_REST))

_READINGS: Final = f"""
SELECT {{slot}}, test_time_s, voltage_v, current_a, charge_capacity_ah, discharge_capacity_ah, cycle_index
FROM readings
WHERE serial_number = :serial_number AND channel = :channel AND test_name = :name
  AND status NOT IN ({_AT_REST})
ORDER BY slot"""  # noqa: S608 - our own names

#: A time in seconds since 1970, in the words of a database.
_SECONDS: Final = {
    "sqlite": "(julianday({}) - 2440587.5) * 86400.0",
    "postgresql": "CAST(extract(epoch FROM {}) AS double precision)",
}

_GAPS: Final = "SELECT {slot} FROM gaps WHERE cycler = :cycler ORDER BY first_slot"


class _Database(Protocol):
    """A database."""

    @property
    def name(self) -> str:
        """What it is called, for people."""

    @property
    def seconds(self) -> str:
        """A time in seconds since 1970, in its words."""

    def tables(self) -> set[str]:
        """Return the names of its tables and views."""

    def ask(self, query: str, values: dict[str, Any]) -> Iterator[list[Any]]:
        """Yield rows, so many at a time."""


def read_database(source: str, wanted: Wanted) -> tuple[Test, Curves]:
    """Return a test in a database, and its curves.

    Raises:
        ConfigurationError: it cannot be read, has another schema, or no single test fits.
    """
    with _open(source) as database:
        tables = database.tables()
        if sql.VERSION_TABLE not in tables:
            raise ConfigurationError(f"{database.name} was not written by `cti log`")
        ((version,),) = next(database.ask(f"SELECT schema_version FROM {sql.VERSION_TABLE}", {}))  # noqa: S608
        sql.check_version(database.name, version, tables)
        tests = [
            Test(cycler, channel, name, serial_number)
            for rows in database.ask(_TESTS, {})
            for cycler, channel, name, serial_number in rows
        ]
        test = choose(database.name, tests, wanted)
        return test, _curves(database, test)


def _curves(database: _Database, test: Test) -> Curves:
    query = _GAPS.format(slot=database.seconds.format("first_slot"))
    gaps: Array = np.array(
        [moment for rows in database.ask(query, {"cycler": test.cycler}) for (moment,) in rows], dtype=float
    )
    query = _READINGS.format(slot=database.seconds.format("slot"))
    values = {"serial_number": test.serial_number, "channel": test.channel, "name": test.name}
    curves = Curves(_LONGER)
    for rows in database.ask(query, values):
        moments_s, *columns = np.array(rows, dtype=float).T
        # A gap that another logger filled has a reading where it begins: it is behind that one, not before.
        missing = np.searchsorted(gaps, moments_s - 0.5e-3, side="left")
        curves.add(Rows._make((moments_s, *columns, missing.astype(float))))
    return curves


@contextmanager
def _open(source: str) -> Iterator[_Database]:
    if source.startswith("sqlite:///"):
        source = unquote(source.removeprefix("sqlite:///"))
    elif "://" in source:
        with _open_url(source) as opened:
            yield opened
        return
    file = Path(source)
    if not file.is_file():
        raise ConfigurationError(f"{file}: no such file")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            yield _Sqlite(str(file), database)
    except sqlite3.Error as error:
        raise ConfigurationError(f"{file}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Sqlite:
    name: str
    database: sqlite3.Connection
    seconds: str = _SECONDS["sqlite"]

    def tables(self) -> set[str]:
        return {name for (name,) in self.database.execute("SELECT name FROM sqlite_master")}

    def ask(self, query: str, values: dict[str, Any]) -> Iterator[list[Any]]:
        found = self.database.execute(query, values)
        while rows := found.fetchmany(_ROWS):
            yield rows


@contextmanager
def _open_url(url: str) -> Iterator[_Database]:
    from cti_client.record.sinks.database import open_engine, sentence

    engine = open_engine(url)
    from sqlalchemy.exc import SQLAlchemyError

    name = engine.url.difference_update_query(["password"]).render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            yield _ByUrl(name, connection, _SECONDS.get(engine.dialect.name, "{}"))
    except SQLAlchemyError as error:
        raise ConfigurationError(f"{name}: {sentence(error)}") from None
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class _ByUrl:
    name: str
    connection: sa.Connection
    seconds: str

    def tables(self) -> set[str]:
        import sqlalchemy as sa

        inspector = sa.inspect(self.connection)
        return {*inspector.get_table_names(), *inspector.get_view_names()}

    def ask(self, query: str, values: dict[str, Any]) -> Iterator[list[Any]]:
        import sqlalchemy as sa

        options = {"stream_results": True, "yield_per": _ROWS}
        found = self.connection.execute(sa.text(query), values, execution_options=options)
        for rows in found.partitions(_ROWS):
            yield (
                [tuple(map(_number, row)) for row in rows] if self.seconds == "{}" else list(map(tuple, rows))
            )


def _number(value: Any) -> Any:
    """Return a time in seconds since 1970, for a database that has no words for that; others as they are."""
    from cti_client.record.sinks.database import in_utc

    return in_utc(value).timestamp() if isinstance(value, datetime) else value
