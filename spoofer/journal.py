"""What happened in a run: entries in the order in which they came, to ask for in a test or to keep in a file.

An entry keeps the message itself; its JSON is made when somebody asks for it, with secrets hidden. Memory is
bounded: of too many entries the oldest are forgotten, in memory, never in the file.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TextIO

from cti_schema.derive.jsonform import to_json
from cti_schema.message import Message
from cti_schema.problems import Problem

__all__ = ["EVENTS", "Entry", "Journal"]

log = logging.getLogger("spoofer")

#: What an entry can be about. The list is closed.
EVENTS: Final = {
    "connected": "a client has connected",
    "refused": "a client was not taken, or sent away; the reason says why",
    "request": "a request came",
    "feedback": "a feedback was made; faults may still keep it from the client",
    "fault": "faults acted on the answer to the request",
    "dropped": "bytes came that are no request; they are not answered",
    "closed": "a connection has ended",
    "error": "a defect of the spoofer; the connection was ended",
}


class Entry(NamedTuple):
    """One thing that happened.

    Attributes:
        number: from 1, in the order of the journal.
        time: Unix time in seconds, UTC.
        monotonic_s: seconds of a clock that is never set; only differences mean something.
        event: one of `EVENTS`.
        connection: number of the connection, from 1; 0 for none.
        peer: who is at the other end.
        message: the message, as it was on the wire.
        problems: what was wrong with its frame.
        faults: kinds of the faults, in the order in which they acted.
        reason: why, in words.
        size: bytes that it is about.
    """

    number: int
    time: float
    monotonic_s: float
    event: str
    connection: int = 0
    peer: str = ""
    message: Message | None = None
    problems: Sequence[Problem] = ()
    faults: Sequence[str] = ()
    reason: str = ""
    size: int = 0

    @property
    def name(self) -> str:
        """Name of the message; empty where there is none."""
        return self.message.spec.name if self.message is not None else ""

    def as_json(self) -> dict[str, Any]:
        """Return the entry as strict JSON has it: the JSON shape of its message, and the rest beside it.

        What is not known is left out; secrets are hidden.
        """
        shape: dict[str, Any] = {
            "number": self.number,
            "time": self.time,
            "monotonic_s": self.monotonic_s,
            "event": self.event,
        }
        for name in ("connection", "peer", "reason", "size"):
            if value := getattr(self, name):
                shape[name] = value
        if self.faults:
            shape["faults"] = list(self.faults)
        if self.message is not None:
            shape |= to_json(self.message, self.problems, secrets=False)
        elif self.problems:
            shape["problems"] = [problem.as_json() for problem in self.problems]
        return shape


class Journal:
    """A journal. Any thread may write and ask.

    Use it as a context manager or call `close`, where it has a file.

    Args:
        path: a file that every entry is written to, one line of JSON each, flushed; it is overwritten.
        most: entries that are remembered; 0 only counts.
        most_bytes: bytes on the wire of the messages that are remembered.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self, path: Path | str | None = None, *, most: int = 10_000, most_bytes: int = 16 * 2**20
    ) -> None:
        self._entries: deque[Entry] = deque()
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._number = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        self._file: TextIO | None = None
        if path is not None:
            self._file = open(path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed by `close`

    def write(
        self,
        event: str,
        *,
        connection: int = 0,
        peer: str = "",
        message: Message | None = None,
        problems: Sequence[Problem] = (),
        faults: Sequence[str] = (),
        reason: str = "",
        size: int = 0,
    ) -> None:
        """Write an entry; the arguments are those of `Entry`. The message must not change afterwards.

        That the file cannot be written any more is logged once; nothing else stops for it.
        """
        name = message.spec.name if message is not None else ""
        with self._lock:
            self._number += 1
            counts, key = self._counts, (event, name)
            counts[key] = counts.get(key, 0) + 1
            if self._waiting:
                self._changed.notify_all()
            if not self._most and self._file is None:
                return
            entry = Entry(
                self._number, time.time(), time.monotonic(), event,
                connection, peer, message, problems, faults, reason, size,
            )  # fmt: skip
            self._entries.append(entry)
            self._bytes += size
            while len(self._entries) > self._most or (self._bytes > self._most_bytes and self._entries):
                self._bytes -= self._entries.popleft().size
            if self._file is not None:
                self._keep(entry)

    def _keep(self, entry: Entry) -> None:
        assert self._file is not None
        try:
            self._file.write(json.dumps(entry.as_json(), allow_nan=False) + "\n")
            self._file.flush()
        except OSError as error:
            log.error("the journal is not written any more: %s", error.strerror or error)
            self._drop_file()

    def _drop_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                log.error("the journal's last lines are lost: %s", error.strerror or error)

    def count(self, event: str | None = None, message: str | None = None) -> int:
        """Return how many entries were written, forgotten ones too.

        Args:
            event: only those of this event.
            message: only those of this message.
        """
        with self._lock:
            return self._count(event, message)

    def _count(self, event: str | None, message: str | None) -> int:
        return sum(
            number
            for (one, name), number in self._counts.items()
            if event in (None, one) and message in (None, name)
        )

    def entries(
        self,
        event: str | None = None,
        message: str | None = None,
        *,
        connection: int | None = None,
        fault: str | None = None,
        since: int = 0,
    ) -> list[Entry]:
        """Return the entries that are remembered, the oldest first.

        Args:
            event: only those of this event.
            message: only those with a message of this name.
            connection: only those of this connection.
            fault: only those with this kind of fault.
            since: only those behind the entry of this number.
        """
        with self._lock:
            return [
                entry
                for entry in self._entries
                if event in (None, entry.event)
                and message in (None, entry.name)
                and connection in (None, entry.connection)
                and (fault is None or fault in entry.faults)
                and entry.number > since
            ]

    def wait_for(
        self,
        event: str | None = None,
        message: str | None = None,
        *,
        connection: int | None = None,
        fault: str | None = None,
        since: int = 0,
        count: int = 1,
        timeout_s: float = 10.0,
    ) -> Entry:
        """Wait until there are enough such entries, those already written among them.

        Args:
            event: as for `entries`, like the arguments that follow.
            message: the same.
            connection: the same.
            fault: the same.
            since: the same; 0 takes every entry that is remembered.
            count: how many there are to be.
            timeout_s: how long to wait, in seconds.

        Returns:
            The entry that makes the number full.

        Raises:
            TimeoutError: they did not come in time.
        """
        deadline = time.monotonic() + timeout_s
        with self._lock:
            self._waiting += 1
            try:
                while True:
                    found = self.entries(event, message, connection=connection, fault=fault, since=since)
                    if len(found) >= count:
                        return found[count - 1]
                    left = deadline - time.monotonic()
                    if left <= 0:
                        wanted = " ".join(one for one in (event, message, fault) if one) or "entries"
                        raise TimeoutError(f"{len(found)} of {count} {wanted} within {timeout_s:g} s")
                    self._changed.wait(left)
            finally:
                self._waiting -= 1

    @property
    def last(self) -> int:
        """Number of the last entry, to give as ``since``; 0 before the first."""
        return self._number

    def close(self) -> None:
        """Close the file. What is remembered stays; a second call does nothing."""
        with self._lock:
            self._drop_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
