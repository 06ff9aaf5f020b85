"""Rows of an observer in, events for people out: what changed, began, ended, went away or came back.

What a channel does when it is seen for the first time is no event: it began before anybody looked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from cti_client.record.tables import TABLES, Batch

__all__ = ["MOST_EVENTS", "Event", "Events"]

#: Events that are kept; the oldest goes first.
MOST_EVENTS: Final = 2000

Event = dict[str, Any]


class Events:
    """The latest events of all cyclers.

    Attributes:
        last: the number of the latest one; 0 before the first.
    """

    def __init__(self) -> None:
        self.last = 0
        self._kept: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._statuses: dict[tuple[str, int], str] = {}
        self._tests: dict[tuple[str, int], str] = {}

    def see(self, batch: Batch, cycler: str, time: int, *, first: bool) -> None:
        """Take what a poll has made.

        Args:
            batch: the rows.
            cycler: whose poll it was.
            time: of the poll, in milliseconds since 1970.
            first: the channels of this cycler are seen for the first time.
        """
        for row in _named(batch, "gaps"):
            self._gap(row, time)
        for row in _named(batch, "tests"):
            self._test(row, cycler, time, first)
        for row in _named(batch, "statuses"):
            self._status(row, cycler, time)

    def clock_stepped(self, step_s: float, time: int) -> None:
        """Take that the clock of this computer was set."""
        way = "forward" if step_s > 0 else "back"
        self._add("clock_step", time, f"the clock of this computer was set {way} by {abs(step_s):.3f} s")

    def select(
        self, since: int = 0, cycler: str | None = None, channel: int | None = None, most: int = 200
    ) -> list[Event]:
        """Return the latest events, the newest first.

        Args:
            since: only those with a higher number.
            cycler: only of this one; what concerns all is always there.
            channel: only of this one, and what concerns its whole cycler.
            most: how many at most.
        """
        found: list[Event] = []
        for event in reversed(self._kept):
            if event["id"] <= since or len(found) == most:
                break
            if cycler is not None and event["cycler"] not in (None, cycler):
                continue
            if channel is not None and event["channel"] not in (None, channel):
                continue
            found.append(event)
        return found

    def _gap(self, row: dict[str, Any], time: int) -> None:
        cycler = row["cycler"]
        if row["end_slot"] is None:
            detail = row["detail"]
            self._add("away", time, f"no answer: {detail}" if detail else "no answer", cycler)
        else:
            seconds = (row["end_slot"] - row["first_slot"]) / 1000.0
            kind = "back" if row["reason"] == "cycler away" else "gap"
            self._add(kind, time, f"{row['reason']}: no readings for {seconds:g} s", cycler)

    def _test(self, row: dict[str, Any], cycler: str, time: int, first: bool) -> None:
        key = (cycler, row["channel"])
        name, before = row["test_name"], self._tests.get(key)
        if row["running"]:
            self._tests[key] = name
            if name != before and not first:
                self._add("test_began", time, f"test began: {name}", *key, test_name=name)
        elif name == before:
            del self._tests[key]
            ended = row["exit_condition"]
            why = f" ({ended})" if ended not in ("", "N/A", None) else ""
            self._add("test_ended", time, f"test ended: {name}{why}", *key, test_name=name)

    def _status(self, row: dict[str, Any], cycler: str, time: int) -> None:
        key = (cycler, row["channel"])
        shown = "comm failure" if row["comm_failure"] else row["status"].replace("_", " ")
        before = self._statuses.get(key)
        self._statuses[key] = shown
        if before is not None and before != shown:
            self._add("status", time, f"{before} → {shown}", *key, test_name=row["test_name"] or None)

    def _add(
        self,
        kind: str,
        time: int,
        text: str,
        cycler: str | None = None,
        channel: int | None = None,
        test_name: str | None = None,
    ) -> None:
        self.last += 1
        self._kept.append({
            "id": self.last, "time": time, "kind": kind, "cycler": cycler, "channel": channel,
            "test_name": test_name, "text": text,
        })  # fmt: skip


def _named(batch: Batch, table: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table with the names of their columns."""
    names = TABLES[table].names
    for row in batch.get(table, ()):
        yield dict(zip(names, row, strict=True))
