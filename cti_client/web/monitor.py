"""What the page shows: the latest of every cycler, curves, events, alerts. No sockets, no web, no clock.

Polls go in, plain data for JSON come out. Everything that is kept is bounded: by the number of channels, and
by a count where time would let it grow.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cti_client.readings import Reading
from cti_client.record.observe import Observer, Poll, is_running
from cti_client.record.tables import READINGS
from cti_client.web.events import Event, Events
from cti_client.web.history import History
from cti_schema.enums import ChannelStatus as Status

if TYPE_CHECKING:
    from cti_client.watch import Alert, Engine

__all__ = ["GROUPS", "MOST_ALERTS", "Monitor", "group_of"]

#: Alerts that are kept after they were told; the oldest goes first.
MOST_ALERTS: Final = 500

#: What is shown alike. A status that stands nowhere here is one of a test that goes on: ``running``.
GROUPS: Final[dict[str, tuple[Status, ...]]] = {
    "fault": (Status.UNSAFE, Status.ERROR, Status.DAQ_MEMORY_UNSAFE),
    "charge": (Status.CHARGE, Status.EXTERNAL_CHARGE),
    "discharge": (Status.DISCHARGE,),
    "rest": (Status.REST, Status.WAIT, Status.WAITING_FOR_ACS),
    "paused": (Status.PAUSE, Status.CS_SUSPENDED),
    "finished": (Status.FINISHED,),
    "idle": (Status.IDLE, Status.IDLE_FROM_MCU, Status.EMPTY),
}
_GROUP_OF: Final = {status: group for group, statuses in GROUPS.items() for status in statuses}

#: Of a reading, what the overview has; all else is in the series of a channel.
_BRIEF: Final = (
    "channel", "status", "comm_failure", "test_name", "cycle_index", "step_index", "test_time_s",
    "voltage_v", "current_a", "temperature_t1_degc",
)  # fmt: skip

#: Columns of the readings that belong to the poll, not to the channel.
_OF_POLL: Final = frozenset({"serial_number", "slot", "time", "latency_s", "cycler", "aux_json"})


def group_of(reading: Reading) -> str:
    """Return what the status of a channel is shown as."""
    return "fault" if reading.comm_failure else _GROUP_OF.get(reading.status, "running")


@dataclass(slots=True)
class _Cycler:
    """What is known about a cycler."""

    observer: Observer
    number: int = 0  # of the poll that changed it, counted over all cyclers
    poll: Poll | None = None  # the latest with readings
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    readings: dict[int, Reading] = field(default_factory=dict)
    histories: dict[int, History] = field(default_factory=dict)
    test_began: dict[int, tuple[str, int]] = field(default_factory=dict)
    away: tuple[int, str] | None = None


class Monitor:
    """Everything that the page shows.

    Args:
        cyclers: their names, in the order in which they are shown.
        period_s: time from one poll to the next.
        started: when the page was started, in milliseconds since 1970.
        engine: the alert rules at work, if there are any.

    Attributes:
        events: what happened.
        polls: how many there were.
    """

    def __init__(
        self, cyclers: Sequence[str], period_s: float, started: int, engine: Engine | None = None
    ) -> None:
        self.events = Events()
        self.polls = 0
        self._started = started
        self._period_s = period_s
        self._engine = engine
        self._cyclers = {name: _Cycler(Observer(name, 1000.0 * period_s)) for name in cyclers}
        self._alerts: deque[dict[str, Any]] = deque(maxlen=MOST_ALERTS)
        self._last_alert = 0

    # --- what comes in -------------------------------------------------------------------------

    def see(self, poll: Poll) -> None:
        """Take a poll."""
        self.polls += 1
        cycler = self._cyclers[poll.cycler]
        cycler.number = self.polls
        batch = cycler.observer.see(poll)
        self.events.see(batch, poll.cycler, poll.time, first=cycler.poll is None)
        if poll.error is not None:
            since = poll.time if cycler.away is None else cycler.away[0]
            cycler.away = (since, poll.error)
            for history in cycler.histories.values():
                history.gap(poll.time)
        else:
            if cycler.poll is not None and cycler.poll.serial_number != poll.serial_number:
                cycler.histories.clear()
                cycler.test_began.clear()
            cycler.poll, cycler.away = poll, None
            rows = [dict(zip(READINGS.names, row, strict=True)) for row in batch["readings"]]
            cycler.rows = {row["channel"]: row for row in rows}
            cycler.readings = {reading.channel: reading for reading in poll.readings}
            for channel, row in cycler.rows.items():
                if channel not in cycler.histories:
                    cycler.histories[channel] = History()
                cycler.histories[channel].add(poll.time, row)
                test = cycler.readings[channel].test_name
                if channel not in cycler.test_began or cycler.test_began[channel][0] != test:
                    cycler.test_began[channel] = (test, poll.time)
            for channel in cycler.histories.keys() - cycler.rows.keys():
                cycler.histories[channel].gap(poll.time)
        if self._engine is not None:
            self._tell(self._engine.see(poll))

    def stepped(self, step_s: float, now: int) -> None:
        """Take that the clock of this computer was set by so many seconds; it is ``now`` since then."""
        self.events.clock_stepped(step_s, now)
        for cycler in self._cyclers.values():
            cycler.observer.clock_stepped()
        if self._engine is not None:
            self._engine.clock_stepped(step_s)

    def tick(self, now: int) -> None:
        """Take that time has passed: alerts about what did not come."""
        if self._engine is not None:
            self._tell(self._engine.tick(now))

    def _tell(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self._last_alert += 1
            self._alerts.append({"id": self._last_alert, **_alert(alert)})

    # --- what is asked -------------------------------------------------------------------------

    def overview(self, since: int = 0) -> dict[str, Any]:
        """Return the cyclers with their channels, those that a later poll than ``since`` has changed."""
        counts: dict[str, int] = {}
        for cycler in self._cyclers.values():
            for reading in cycler.readings.values():
                group = "away" if cycler.away else group_of(reading)
                counts[group] = counts.get(group, 0) + 1
        return {
            **self._head(),
            "counts": counts,
            "cyclers": [
                self._brief(name, cycler)
                for name, cycler in self._cyclers.items()
                if cycler.number > since or since == 0 or since > self.polls
            ],
        }

    def series(self, name: str, channel: int, since: int = 0) -> dict[str, Any] | None:
        """Return all about a channel, and its points later than a time; ``None`` where there is none such."""
        cycler = self._cyclers.get(name)
        if cycler is None or channel not in cycler.rows or cycler.poll is None:
            return None
        reading, row = cycler.readings[channel], cycler.rows[channel]
        values = {key: _number(value) for key, value in row.items() if key not in _OF_POLL}
        values |= {
            "comm_failure": reading.comm_failure,
            "group": group_of(reading),
            "running": is_running(reading),
            "master_channel": reading.master_channel,
            "step_and_cycle": reading.step_and_cycle,
            "exit_condition": reading.exit_condition,
            "barcode": reading.barcode,
        }
        test_name, began = cycler.test_began[channel]
        return {
            **self._head(),
            "cycler": name,
            "serial_number": cycler.poll.serial_number,
            "away": _away(cycler),
            "time": cycler.poll.time,
            "latency_s": cycler.poll.latency_s,
            "channels": sorted(cycler.rows),
            "reading": values,
            "aux": json.loads(row["aux_json"] or "{}"),
            "test": {"test_name": test_name, "seen_since": began},
            "points": cycler.histories[channel].points(since),
        }

    def alerts(self, since: int = 0) -> dict[str, Any]:
        """Return the alerts that hold now, and what was told, the newest first, with a higher number."""
        return {
            **self._head(),
            "rules": self._engine is not None,
            "active": [_alert(alert) for alert in self._active],
            "alerts": [alert for alert in reversed(self._alerts) if alert["id"] > since],
        }

    def events_of(self, since: int, cycler: str | None, channel: int | None) -> dict[str, Any]:
        """Return the latest events, the newest first; see `Events.select`."""
        found: list[Event] = self.events.select(since, cycler, channel)
        return {**self._head(), "events": found}

    def health(self) -> dict[str, Any]:
        """Return whether all cyclers answer."""
        answering = sum(cycler.poll is not None and cycler.away is None for cycler in self._cyclers.values())
        channels = sum(len(cycler.rows) for cycler in self._cyclers.values())
        return {
            **self._head(),
            "status": "ok" if answering == len(self._cyclers) else "degraded",
            "cyclers": len(self._cyclers),
            "answering": answering,
            "channels": channels,
        }

    def _head(self) -> dict[str, Any]:
        """Return what every answer begins with: by it a page knows what else to ask."""
        return {
            "started": self._started,
            "period_s": self._period_s,
            "polls": self.polls,
            "last_event": self.events.last,
            "last_alert": self._last_alert,
            "alerts_active": len(self._active),
            "cyclers_away": sum(cycler.away is not None for cycler in self._cyclers.values()),
        }

    @property
    def _active(self) -> list[Alert]:
        return [] if self._engine is None else self._engine.active

    def _brief(self, name: str, cycler: _Cycler) -> dict[str, Any]:
        poll = cycler.poll
        return {
            "cycler": name,
            "serial_number": "" if poll is None else poll.serial_number,
            "time": None if poll is None else poll.time,
            "latency_s": None if poll is None else poll.latency_s,
            "away": _away(cycler),
            "channels": [
                {key: _number(row[key]) for key in _BRIEF}
                | {
                    "comm_failure": cycler.readings[channel].comm_failure,
                    "group": group_of(cycler.readings[channel]),
                }
                for channel, row in cycler.rows.items()
            ],
        }


def _away(cycler: _Cycler) -> dict[str, Any] | None:
    return None if cycler.away is None else {"since": cycler.away[0], "why": cycler.away[1]}


def _alert(alert: Alert) -> dict[str, Any]:
    """Return an alert as plain data."""
    values = {name: _number(value) for name, value in alert.values.items()}
    return {**{name: getattr(alert, name) for name in alert.__slots__}, "values": values}


def _number(value: Any) -> Any:
    """Return a value that JSON has: ``None`` in the place of numbers that are none."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
