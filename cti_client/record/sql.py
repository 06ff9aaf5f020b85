"""SQL that every database with ``ON CONFLICT`` understands, made of the tables' declarations."""

from __future__ import annotations

from typing import Final

from cti_client.record.tables import SCHEMA_VERSION, TABLES, Table
from cti_schema.errors import ConfigurationError

__all__ = ["VERSION_TABLE", "VIEWS", "check_version", "upsert"]

#: Holds the version of the schema in one row.
VERSION_TABLE: Final = "cti_log"

#: Status changes proper: two loggers, or one that began again, may have seen the same status twice.
VIEWS: Final = {
    "status_changes": """
SELECT * FROM (
    SELECT statuses.*, lag(status) OVER channel_rows AS previous_status,
           lag(comm_failure) OVER channel_rows AS previous_comm_failure
    FROM statuses WINDOW channel_rows AS (PARTITION BY serial_number, channel ORDER BY slot)
) AS seen
WHERE previous_status IS NULL OR previous_status <> status OR previous_comm_failure <> comm_failure"""
}


def upsert(table: Table, *, named: bool) -> str:
    """Return the statement that inserts a row, or does with one that is there what the table says.

    Args:
        table: the table.
        named: parameters are ``:column``; else question marks.
    """
    values = ", ".join(f":{name}" if named else "?" for name in table.names)
    changes = ", ".join(f"{name} = {_change(table, name)}" for name in changing(table))
    then = f"UPDATE SET {changes}" if changes else "NOTHING"
    return (
        f"INSERT INTO {table.name} ({', '.join(table.names)}) VALUES ({values}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(table.keys)}) DO {then}"
    )


def changing(table: Table) -> list[str]:
    """Return the columns that a row which comes again may change."""
    rest = table.names[table.key :] if table.latest_by is not None else ()
    return [name for name in table.names if name in (*table.least, *table.greatest, *rest)]


def _change(table: Table, name: str) -> str:
    old, new = f"{table.name}.{name}", f"excluded.{name}"
    if name in table.least:
        better = f"{old} IS NULL OR {new} < {old}"
    elif name in table.greatest:
        better = f"{old} IS NULL OR {new} > {old}"
    else:
        better = f"excluded.{table.latest_by} >= {table.name}.{table.latest_by}"
    return f"CASE WHEN {better} THEN {new} ELSE {old} END"


def check_version(where: str, found: int | None, others: set[str]) -> bool:
    """Tell whether the tables are there already.

    Args:
        where: the database, for people.
        found: the version that it says it has; ``None`` where it says none.
        others: the names of all its tables.

    Raises:
        ConfigurationError: it has another version, or other tables of our names.
    """
    if found == SCHEMA_VERSION:
        return True
    if found is not None:
        raise ConfigurationError(
            f"{where} has version {found} of the schema, and this toolkit writes version {SCHEMA_VERSION}: "
            + ("upgrade the toolkit (pip install --upgrade cti-toolkit), " if found > SCHEMA_VERSION else
               "migrate it with the toolkit that wrote it, ")
            + "or give another database; a copy of the old one stays readable as it is"
        )  # fmt: skip
    taken = sorted(others & {*TABLES, *VIEWS})
    if taken:
        raise ConfigurationError(
            f"{where} has a table {taken[0]!r} that `cti log` did not make: give another database"
        )
    return False
