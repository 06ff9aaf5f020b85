"""Readings into Parquet files: one dataset, partitioned by cycler and day, and a folder for each other table.

A file is written at once and then has its name: what is there is whole. What is gathered until then waits in
the spool. A repeat writes the same files again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cti_client.record.sinks.claim import Claim
from cti_client.record.tables import READINGS, TABLES, Batch, Kind, Table
from cti_schema.errors import ConfigurationError

try:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]
except ImportError:
    raise ConfigurationError('Parquet needs pyarrow: pip install "cti-toolkit[columns]"') from None

__all__ = ["ParquetSink"]

#: Rows of a file at most. In memory they take some hundred bytes each.
_MOST_ROWS: Final = 200_000

#: Rows of a file that are turned into columns at a time.
_AT_A_TIME: Final = 500

_SLOT: Final = READINGS.place("slot")
_CYCLER: Final = READINGS.place("cycler")

_TYPES: Final = {
    Kind.TIME: pa.timestamp("ms", tz="UTC"),
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.REAL: pa.float64(),
}


class ParquetSink:
    """A folder of Parquet files: ``readings/cycler=NAME/day=2026-03-24/*.parquet``, ``tests/*.parquet``, ...

    Args:
        folder: made if it is not there. One logger at a time may write into it.

    Raises:
        ConfigurationError: it cannot be written, or another logger writes into it.
    """

    every_s = 600.0

    def __init__(self, folder: Path) -> None:
        self.name = f"parquet:{folder}"
        self._folder = folder
        self._claim = Claim(folder)
        for left in folder.rglob("*.part"):
            left.unlink()

    def write(self, batches: Iterable[Batch]) -> None:
        """Write batches into new files.

        Raises:
            OSError: a file cannot be written.
        """
        files: dict[str, _File] = {}
        rows_taken = 0
        for batch in batches:
            for name, rows in batch.items():
                table = TABLES[name]
                for row in rows:
                    where = _where(table, row)
                    file = files.get(where)
                    if file is None:
                        file = files[where] = _File(self._folder / where, table, row)
                    file.add(row)
                rows_taken += len(rows)
            if rows_taken >= _MOST_ROWS:
                _keep(files)
                files, rows_taken = {}, 0
        _keep(files)

    def close(self) -> None:
        """Let another logger have the folder."""
        self._claim.close()


def _keep(files: dict[str, _File]) -> None:
    for file in files.values():
        file.write()


class _File:
    """A file that is being gathered. Its name comes from its first row, so that a repeat replaces it."""

    def __init__(self, folder: Path, table: Table, first: Sequence[Any]) -> None:
        times = [value for value, kind in zip(first, table.columns.values(), strict=True)
                 if kind is Kind.TIME and value is not None]  # fmt: skip
        mark = blake2b(json.dumps(list(first)).encode(), digest_size=4).hexdigest()
        self._target = folder / f"{times[0]}-{mark}.parquet"
        left_out = {"cycler"} if table is READINGS else set()  # it stands in the folder's name
        self._places = [at for at, name in enumerate(table.columns) if name not in left_out]
        self._schema = pa.schema(
            [(name, _TYPES[kind]) for name, kind in table.columns.items() if name not in left_out]
        )
        self._rows: list[Sequence[Any]] = []
        self._gathered: list[Any] = []

    def add(self, row: Sequence[Any]) -> None:
        """Take a row."""
        self._rows.append(row)
        if len(self._rows) >= _AT_A_TIME:
            self._gather()

    def _gather(self) -> None:
        columns = [
            pa.array([row[place] for row in self._rows], field.type)
            for place, field in zip(self._places, self._schema, strict=True)
        ]
        self._gathered.append(pa.record_batch(columns, schema=self._schema))
        self._rows = []

    def write(self) -> None:
        """Write all that was taken."""
        if self._rows:
            self._gather()
        self._target.parent.mkdir(parents=True, exist_ok=True)
        part = self._target.with_suffix(".part")
        pq.write_table(pa.Table.from_batches(self._gathered, self._schema), part, compression="zstd")
        part.replace(self._target)


def _where(table: Table, row: Sequence[Any]) -> str:
    """Return the folder that a row belongs into."""
    if table is not READINGS:
        return table.name
    day = datetime.fromtimestamp(row[_SLOT] / 1000.0, UTC)
    return f"{table.name}/cycler={quote(row[_CYCLER], safe='')}/day={day:%Y-%m-%d}"
