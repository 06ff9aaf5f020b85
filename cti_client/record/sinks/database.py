"""Readings into any database that SQLAlchemy knows; PostgreSQL is the one that is tested.

With the extension TimescaleDB, new readings go into a hypertable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cti_client.record import sql
from cti_client.record.tables import READINGS, SCHEMA_VERSION, TABLES, Batch, Kind, Table
from cti_schema.errors import ConfigurationError

try:
    import sqlalchemy as sa
except ImportError:
    raise ConfigurationError('a database needs SQLAlchemy: pip install "cti-toolkit[db]"') from None

__all__ = ["DatabaseSink", "declared", "in_utc", "open_engine", "sentence"]

#: How long a connection may take.
_CONNECT_S: Final = 5

#: Rows in one transaction. They are sorted by their keys, so that two loggers never wait for each other.
_ROWS: Final = 5000

#: Databases whose ``ON CONFLICT`` is ours; with the others a look goes before each row.
_KNOWN: Final = frozenset({"postgresql", "sqlite"})

#: Taken while the tables are made, so that two loggers may start at the same time.
_LOCK: Final = 0x435449

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class DatabaseSink:
    """A database.

    Args:
        url: as SQLAlchemy writes them; ``postgresql://`` means the driver psycopg.

    Raises:
        ConfigurationError: it cannot be reached, it has another schema, or a package is missing.
    """

    every_s = 0.0

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        shown = self._engine.url.difference_update_query(["password"])
        self.name = shown.render_as_string(hide_password=True)
        self._known = self._engine.dialect.name in _KNOWN
        self._metadata = sa.MetaData()
        self._tables = {table.name: declared(table, self._metadata) for table in TABLES.values()}
        self._statements = {
            table.name: sa.text(sql.upsert(table, named=True)).bindparams(
                *(sa.bindparam(column.name, type_=column.type) for column in self._tables[table.name].c)
            )
            for table in TABLES.values()
        }
        try:
            with self._engine.begin() as connection:
                self._prepare(connection)
        except sa.exc.SQLAlchemyError as error:
            self._engine.dispose()
            raise ConfigurationError(f"{self.name}: {sentence(error)}") from None
        except ConfigurationError:
            self._engine.dispose()
            raise

    def _prepare(self, connection: sa.Connection) -> None:
        postgresql = self._engine.dialect.name == "postgresql"
        if postgresql:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        inspector = sa.inspect(connection)
        found = {*inspector.get_table_names(), *inspector.get_view_names()}
        version = None
        if sql.VERSION_TABLE in found:
            version = connection.scalar(sa.text(f"SELECT schema_version FROM {sql.VERSION_TABLE}"))  # noqa: S608
        if sql.check_version(self.name, version, found):
            return
        self._metadata.create_all(connection)
        for name, select in sql.VIEWS.items():
            connection.execute(sa.text(f"CREATE VIEW {name} AS {select}"))
        connection.execute(sa.text(f"CREATE TABLE {sql.VERSION_TABLE} (schema_version INTEGER NOT NULL)"))
        connection.execute(sa.text(f"INSERT INTO {sql.VERSION_TABLE} VALUES ({SCHEMA_VERSION})"))  # noqa: S608
        if postgresql and connection.scalar(
            sa.text("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")
        ):
            connection.execute(sa.text(f"SELECT create_hypertable('{READINGS.name}', 'slot')"))

    def write(self, batches: Iterable[Batch]) -> None:
        """Write batches, some thousand rows in a transaction.

        Raises:
            OSError: the database is away, or does not take them.
        """
        waiting: dict[str, list[Sequence[Any]]] = {}
        count = 0
        for batch in batches:
            for name, rows in batch.items():
                waiting.setdefault(name, []).extend(rows)
                count += len(rows)
            if count >= _ROWS:
                self._write(waiting)
                waiting, count = {}, 0
        if count:
            self._write(waiting)

    def _write(self, batch: Batch) -> None:
        try:
            self._write_now(batch)
        except sa.exc.SQLAlchemyError as error:
            raise OSError(sentence(error)) from error

    def _write_now(self, batch: Batch) -> None:
        with self._engine.begin() as connection:
            for name, table in TABLES.items():
                if name in batch:
                    # Rows of one key stay in their order: sorting is stable.
                    rows = sorted(batch[name], key=lambda row, end=table.key: tuple(row[:end]))  # type: ignore[misc]
                    if self._known:
                        connection.execute(self._statements[name], [_values(table, row) for row in rows])
                    else:
                        self._one_by_one(connection, table, rows)

    def _one_by_one(self, connection: sa.Connection, table: Table, rows: list[Sequence[Any]]) -> None:
        """Do the same as the statement with ``ON CONFLICT``, in a way that every database understands."""
        target = self._tables[table.name]
        for row in rows:
            values = _values(table, row)
            same = sa.and_(*(target.c[name] == values[name] for name in table.keys))
            there = connection.execute(sa.select(target).where(same)).mappings().first()
            if there is None:
                connection.execute(target.insert(), values)
                continue
            old = {name: in_utc(value) for name, value in there.items()}
            changes = {
                name: values[name] for name in sql.changing(table) if _better(table, name, old, values)
            }
            if changes:
                connection.execute(target.update().where(same), changes)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def open_engine(url: str) -> sa.Engine:
    """Return what connects to a database; nothing is connected yet.

    Raises:
        ConfigurationError: it is no database's URL, or a package is missing.
    """
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        arguments = {"connect_timeout": _CONNECT_S} if parsed.drivername == "postgresql+psycopg" else {}
        return sa.create_engine(parsed, connect_args=arguments, pool_size=1, max_overflow=1)
    except sa.exc.NoSuchModuleError:
        name = url.partition(":")[0]
        raise ConfigurationError(
            f"SQLAlchemy knows no database {name!r}; is its package installed?"
        ) from None
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(
            "this is no database's URL: write it like postgresql://user@host/name"
        ) from None
    except ImportError as error:
        hint = 'pip install "cti-toolkit[db]"' if error.name == "psycopg" else f"pip install {error.name}"
        raise ConfigurationError(f"the database's driver {error.name!r} is not installed: {hint}") from None


def declared(table: Table, metadata: sa.MetaData) -> sa.Table:
    """Return a table as SQLAlchemy knows it."""
    types: dict[Kind, Any] = {
        Kind.TIME: sa.DateTime(timezone=True),
        Kind.TEXT: sa.Text(),
        Kind.INTEGER: sa.BigInteger(),
        Kind.REAL: sa.Double(),
    }
    key = sa.String(255)  # not every database can have a text of any length in a key
    return sa.Table(
        table.name,
        metadata,
        *(
            sa.Column(
                name,
                key if kind is Kind.TEXT and name in table.keys else types[kind],
                primary_key=name in table.keys,
                autoincrement=False,
            )
            for name, kind in table.columns.items()
        ),
    )


def _values(table: Table, row: Sequence[Any]) -> dict[str, Any]:
    return {
        name: _EPOCH + timedelta(milliseconds=value) if kind is Kind.TIME and value is not None else value
        for (name, kind), value in zip(table.columns.items(), row, strict=True)
    }


def in_utc(value: Any) -> Any:
    """Return a time with its zone, which some databases forget; other values as they are."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _better(table: Table, name: str, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether a value takes the place of another; see `Table`."""
    if name in table.least or name in table.greatest:
        if old[name] is None or new[name] is None:
            return old[name] is None
        return bool(new[name] < old[name] if name in table.least else new[name] > old[name])
    assert table.latest_by is not None
    return bool(new[table.latest_by] >= old[table.latest_by])


def sentence(error: sa.exc.SQLAlchemyError) -> str:
    """Return the database's own words, in one line."""
    original = getattr(error, "orig", None) or error
    return " ".join(str(original).split())
