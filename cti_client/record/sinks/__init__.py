"""Where readings can be written, by what a user writes for it. What a sink needs is imported on use."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote

from cti_client.record.tables import Batch
from cti_schema.errors import ConfigurationError

__all__ = ["HELP", "Sink", "open_sink"]

HELP: Final = (
    "FILE.sqlite, a database's URL like postgresql://user@host/name, parquet:FOLDER, bdf.csv:FOLDER or "
    "bdf.parquet:FOLDER"
)


class Sink(Protocol):
    """Something that keeps readings.

    Attributes:
        name: for people, without passwords; tells sinks apart, also from one run to the next.
        every_s: seconds that readings are gathered before they are written; 0 writes what is there.
    """

    name: str
    every_s: float

    def write(self, batches: Iterable[Batch], /) -> None:
        """Keep batches. They are kept when this returns; when it raises, they all come again."""

    def close(self) -> None:
        """Let go of what is open."""


def open_sink(target: str) -> Sink:
    """Return a sink that is ready: its schema is there, its folder can be written.

    Args:
        target: where to, see `HELP`.

    Raises:
        ConfigurationError: it cannot be reached or written, has another schema, or a package is missing.
    """
    kind, _, place = target.partition(":")
    if kind == "parquet" and place:
        from cti_client.record.sinks.parquet import ParquetSink

        return ParquetSink(Path(place))
    if kind in ("bdf.csv", "bdf.parquet") and place:
        from cti_client.record.sinks.bdf import BdfSink

        return BdfSink(Path(place), parquet=kind == "bdf.parquet")
    if target.startswith("sqlite:///"):
        target = unquote(target.removeprefix("sqlite:///"))
    elif "://" in target:
        from cti_client.record.sinks.database import DatabaseSink

        return DatabaseSink(target)
    elif not target.lower().endswith((".sqlite", ".sqlite3", ".db")):
        raise ConfigurationError(f"cannot write to {target!r}: give {HELP}")
    from cti_client.record.sinks.sqlite import SqliteSink

    return SqliteSink(Path(target))
