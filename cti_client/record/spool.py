"""What waits on disk between the polls and the sinks: batches in order, each kept until every sink has it.

It is a SQLite file that one logger has for itself. Its size is bounded: when it is full, the oldest tenth
goes, and each sink that had not got it is told by a row about the gap. May be used from several threads.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti_client.record.observe import State
from cti_client.record.tables import SCHEMA_VERSION, Batch, rows_in
from cti_schema.errors import ConfigurationError

__all__ = ["Entry", "Spool", "SpoolInUse"]

#: What a batch takes in the file beside its own bytes.
_OVERHEAD: Final = 96

#: Batches that are read at a time.
_AT_A_TIME: Final = 64

#: Batches that a sink gets at a time, at most; so many rows of a channel may come again.
MOST_BATCHES: Final = 20_000

_TABLES: Final = """
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cycler TEXT, serial_number TEXT, slot INTEGER,  -- NULL where a batch has no readings
    readings INTEGER NOT NULL,
    only_for TEXT,                                  -- the one sink that it is for, or NULL
    content BLOB NOT NULL
);
CREATE TABLE sinks (name TEXT PRIMARY KEY, has INTEGER NOT NULL, lost INTEGER NOT NULL);
CREATE TABLE cyclers (name TEXT PRIMARY KEY, state TEXT NOT NULL);
"""


class SpoolInUse(ConfigurationError):
    """Another logger has the spool."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is put into the spool at once.

    Attributes:
        batch: the rows.
        cycler, serial_number, slot: of its readings, if it has any.
        state: what is to be known about the cycler when a logger starts again.
    """

    batch: Batch
    cycler: str | None = None
    serial_number: str | None = None
    slot: int | None = None
    state: State | None = None


class Spool:
    """A spool.

    Args:
        file: where; made if it is not there. What waits in it from before is kept.
        size: bytes of content at most; the file is at most a tenth larger.
        sinks: names of those that get the batches; a new one gets those from now on.

    Raises:
        SpoolInUse: another logger has it.
        ConfigurationError: it cannot be written, or it is something else.
    """

    def __init__(self, file: Path, size: int, sinks: Iterable[str]) -> None:
        self.file = file
        self.size = size
        self._lock = threading.RLock()
        self.news = threading.Condition(self._lock)
        self._sinks = list(dict.fromkeys(sinks))
        try:
            self._database = sqlite3.connect(file, timeout=0.0, check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise ConfigurationError(f"spool {file}: {error}") from None
        try:
            self._open()
        except sqlite3.Error as error:
            self._database.close()
            if "locked" in str(error):
                raise SpoolInUse(f"spool {file}: another logger uses it: give this one another") from None
            raise ConfigurationError(f"spool {file}: {error}") from None
        except ConfigurationError:
            self._database.close()
            raise

    def _open(self) -> None:
        run = self._database.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA journal_size_limit = 4194304")
        run("BEGIN EXCLUSIVE")
        version = run("PRAGMA user_version").fetchone()[0]
        tables = run("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and version != SCHEMA_VERSION:
            raise ConfigurationError(
                f"spool {self.file}: it is not a spool of this version: give another, and keep this one "
                "for the toolkit that wrote it"
            )
        if not tables:
            for statement in _TABLES.split(";"):
                run(statement)
            run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._newest = run("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()[0]
        for name in self._sinks:
            run("INSERT OR IGNORE INTO sinks VALUES (?, ?, 0)", (name, self._newest))
        run("COMMIT")
        self._has: dict[str, int] = dict(run("SELECT name, has FROM sinks"))
        self._lost: dict[str, int] = dict(run("SELECT name, lost FROM sinks"))
        self._waiting = {name: self._count(has, self._newest) for name, has in self._has.items()}
        self._bytes: int = run(
            f"SELECT coalesce(sum(length(content) + {_OVERHEAD}), 0) FROM batches"  # noqa: S608 - a number
        ).fetchone()[0]

    @property
    def absent(self) -> list[str]:
        """Sinks of before that something still waits for, and that are not given now."""
        with self._lock:
            return [name for name in self._has if name not in self._sinks and self.waiting(name)]

    @property
    def used(self) -> int:
        """How many bytes of content wait."""
        return self._bytes

    def state(self, cycler: str) -> State | None:
        """Return what was last said about a cycler."""
        with self._lock:
            found = self._database.execute("SELECT state FROM cyclers WHERE name = ?", (cycler,)).fetchone()
        return None if found is None else json.loads(found[0])

    def put(self, entries: Iterable[Entry]) -> None:
        """Put batches in, all or none.

        Raises:
            OSError: the disk is full, or cannot be written.
        """
        packed = [(entry, _pack(entry.batch)) for entry in entries]
        with self._lock, self._transaction():
            for entry, content in packed:
                if entry.batch:
                    self._put(entry, content)
                if entry.state is not None:
                    self._database.execute(
                        "INSERT OR REPLACE INTO cyclers VALUES (?, ?)",
                        (entry.cycler, json.dumps(entry.state)),
                    )
            while self._bytes > self.size and self._drop():
                pass
        with self.news:
            self.news.notify_all()

    def _put(self, entry: Entry, content: bytes, only_for: str | None = None) -> None:
        slot = entry.slot if rows_in(entry.batch) else None
        found = self._database.execute(
            "INSERT INTO batches (cycler, serial_number, slot, readings, only_for, content) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (entry.cycler, entry.serial_number, slot, rows_in(entry.batch), only_for, content),
        )
        assert found.lastrowid is not None
        self._newest = found.lastrowid
        self._bytes += len(content) + _OVERHEAD
        for name in self._waiting:
            self._waiting[name] += rows_in(entry.batch)

    def _drop(self) -> bool:
        """Throw the oldest tenth away, and tell the sinks that had not got it. False if nothing is there."""
        run = self._database.execute
        last, dropped = 0, 0
        for number, length in run("SELECT id, length(content) FROM batches ORDER BY id"):
            if number == self._newest:
                break
            last, dropped = number, dropped + length + _OVERHEAD
            if dropped >= self.size / 10:
                break
        if not dropped:
            return False
        for name, has in list(self._has.items()):
            if has < last:
                self._tell_loss(name, has, last)
        run("DELETE FROM batches WHERE id <= ?", (last,))
        self._bytes -= dropped
        return True

    def _tell_loss(self, sink: str, has: int, last: int) -> None:
        lost = self._database.execute(
            "SELECT cycler, serial_number, min(slot), max(slot), sum(readings) FROM batches "
            "WHERE id > ? AND id <= ? AND slot IS NOT NULL GROUP BY cycler, serial_number",
            (has, last),
        ).fetchall()
        rows = [
            (
                cycler,
                first,
                "spool full",
                end,
                serial,
                f"{count} readings were thrown away; the last at the end",
            )
            for cycler, serial, first, end, count in lost
        ]
        count = sum(row[4] for row in lost)
        self._has[sink] = last
        self._lost[sink] += count
        self._waiting[sink] -= count
        self._database.execute(
            "UPDATE sinks SET has = ?, lost = ? WHERE name = ?", (last, self._lost[sink], sink)
        )
        if rows:
            batch: Batch = {"gaps": list(rows)}
            self._put(Entry(batch), _pack(batch), only_for=sink)

    def waiting(self, sink: str) -> int:
        """Return how many readings wait for a sink."""
        return self._waiting[sink]

    def lost(self, sink: str) -> int:
        """Return how many readings a sink has lost, ever, because the spool was full."""
        return self._lost[sink]

    def _count(self, after: int, until: int) -> int:
        """Return how many readings some batches have."""
        found = self._database.execute(
            "SELECT coalesce(sum(readings), 0) FROM batches WHERE id > ? AND id <= ?", (after, until)
        )
        return int(found.fetchone()[0])

    def next(self, sink: str) -> int | None:
        """Return the number of the last batch that a sink gets at a time, or ``None`` if it has all."""
        with self._lock:
            has = self._has[sink]
            return min(self._newest, has + MOST_BATCHES) if self._newest > has else None

    def batches(self, sink: str, until: int) -> Iterator[Batch]:
        """Yield what waits for a sink, in order.

        Args:
            sink: its name.
            until: number of the last batch.
        """
        with self._lock:
            after = self._has[sink]
        while True:
            with self._lock:
                found = self._database.execute(
                    "SELECT id, content FROM batches WHERE id > ? AND id <= ? "
                    "AND (only_for IS NULL OR only_for = ?) ORDER BY id LIMIT ?",
                    (after, until, sink, _AT_A_TIME),
                ).fetchall()
            if not found:
                return
            for _, content in found:
                yield _unpack(content)
            after = found[-1][0]

    def done(self, sink: str, until: int) -> None:
        """Note that a sink has everything up to a batch; what all sinks have is removed.

        Raises:
            OSError: the disk cannot be written; the sink will get it again.
        """
        with self._lock, self._transaction():
            self._waiting[sink] -= self._count(self._has[sink], until)
            self._has[sink] = max(until, self._has[sink])
            self._database.execute("UPDATE sinks SET has = ? WHERE name = ?", (self._has[sink], sink))
            all_have = min(self._has.values())
            freed = self._database.execute(
                f"SELECT coalesce(sum(length(content) + {_OVERHEAD}), 0) FROM batches "  # noqa: S608
                "WHERE id <= ?", (all_have,)
            ).fetchone()[0]  # fmt: skip
            if freed:
                self._database.execute("DELETE FROM batches WHERE id <= ?", (all_have,))
                self._bytes -= freed

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _transaction(self) -> _Transaction:
        return _Transaction(self)


class _Transaction:
    """Everything of a block is written, or nothing; what is known in memory goes back too."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def __enter__(self) -> None:
        spool = self._spool
        self._before = (
            spool._newest, spool._bytes, dict(spool._has), dict(spool._lost), dict(spool._waiting)
        )  # fmt: skip
        try:
            spool._database.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise OSError(f"spool {spool.file}: {error}") from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        spool = self._spool
        if error is None:
            try:
                spool._database.execute("COMMIT")
                return
            except sqlite3.Error as failed:
                error = failed
        if spool._database.in_transaction:
            spool._database.execute("ROLLBACK")
        spool._newest, spool._bytes, spool._has, spool._lost, spool._waiting = self._before
        if isinstance(error, sqlite3.Error):
            raise OSError(f"spool {spool.file}: {error}") from error


def _pack(batch: Batch) -> bytes:
    return zlib.compress(
        json.dumps(batch, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"), 1
    )


def _unpack(content: bytes) -> Batch:
    batch: Batch = json.loads(zlib.decompress(content).decode(errors="surrogatepass"))
    return batch
