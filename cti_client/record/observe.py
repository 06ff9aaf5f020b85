"""Polls of one cycler in, rows out: readings, and what began, changed, ended or is missing. No I/O here."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict

from cti_client.readings import Reading
from cti_client.record.tables import TABLES, Batch
from cti_client.step_text import StepText, step_text
from cti_schema.enums import ChannelStatus as Status

__all__ = ["AT_REST", "AUX", "Observer", "Poll", "State", "aux_values", "is_running"]

#: While a test or a step goes on, its row is brought up to date so often.
_REFRESH_MS: Final = 60_000

#: With these, no test runs on the channel.
AT_REST: Final = frozenset({
    Status.IDLE, Status.IDLE_FROM_MCU, Status.EMPTY, Status.FINISHED, Status.UNSAFE, Status.DAQ_MEMORY_UNSAFE,
    Status.ERROR,
})  # fmt: skip

#: Steps begin at round times: the edges of what counts as the same second lie beside them, so that the last
#: bit of a number does not decide.
_EDGE_S: Final = 0.283

#: Auxiliary readings by the name of their group, with the unit where the protocol tells one.
AUX: Final = {
    "aux_voltage": "aux_voltage_v",
    "aux_temperature": "aux_temperature_degc",
    "aux_pressure": "aux_pressure",
    "aux_external": "aux_external",
    "aux_flow": "aux_flow",
    "aux_ao": "aux_ao",
    "aux_di": "aux_di",
    "aux_do": "aux_do",
    "aux_humidity": "aux_humidity_percent",
    "aux_safety": "aux_safety",
    "aux_ph": "aux_ph",
    "aux_density": "aux_density",
}


_SEEN: Final = TABLES["tests"].place("seen_time")
_RUNNING: Final = TABLES["tests"].place("running")


@dataclass(frozen=True, slots=True)
class Poll:
    """What came of asking a cycler for all its channels.

    Attributes:
        cycler: its name.
        serial_number: as it told at login; empty while it has never been reached.
        slot: the moment that the poll was made for, in milliseconds since 1970, UTC.
        time: when the answer came, likewise.
        latency_s: from the request to the answer.
        late_s: from the moment when the cycler's turn was to the answer.
        readings: of all channels.
        error: why there are none, or ``None``.
    """

    cycler: str
    serial_number: str
    slot: int
    time: int
    latency_s: float = 0.0
    late_s: float = 0.0
    readings: Sequence[Reading] = ()
    error: str | None = None


class State(TypedDict):
    """What is known about a cycler when a logger starts again.

    Attributes:
        last_slot: of the last reading.
        gap: first slot and reason of the gap that lasts, or ``None``.
    """

    last_slot: int
    gap: tuple[int, str] | None


@dataclass(slots=True)
class _Channel:
    """What was seen of a channel."""

    status: tuple[Status, bool] | None = None
    test: str = ""
    running: bool = False
    step: tuple[Any, ...] | None = None
    written: int = 0
    #: The rows that are brought up to date.
    rows: dict[str, Sequence[Any]] = field(default_factory=dict)


class Observer:
    """Makes rows of the polls of one cycler.

    Args:
        cycler: its name.
        period_ms: time from one slot to the next.
        state: what is known from the last time that it was logged.
    """

    def __init__(self, cycler: str, period_ms: float, state: State | None = None) -> None:
        self._cycler = cycler
        self._period_ms = period_ms
        self._serial_number = ""
        self._channels: dict[int, _Channel] = {}
        self._last: int | None = None  # slot of the last reading; forgotten when the clock was set
        self._highest = 0  # no key of a reading is used again, also after the clock was set back
        self._gap: tuple[int, str] | None = None
        if state is not None:
            self._highest = state["last_slot"]
            self._gap = state["gap"] or (self._highest + round(period_ms), "logger away")

    @property
    def state(self) -> State:
        """What to give the next observer of this cycler."""
        return {"last_slot": self._highest, "gap": self._gap}

    def clock_stepped(self) -> None:
        """Take the next slot as the one behind the last: the clock was set, nothing is missing."""
        self._last = None

    def see(self, poll: Poll) -> Batch:
        """Return the rows that a poll makes; none of another poll are among them."""
        batch: Batch = {}
        if poll.error is not None:
            self._away(batch, poll)
            return batch
        if poll.serial_number != self._serial_number:
            self._serial_number = poll.serial_number
            self._channels.clear()
        self._back(batch, poll)
        key = poll.slot if poll.slot > self._highest else poll.time
        self._highest = max(self._highest, key)
        self._last = poll.slot
        readings = batch["readings"] = []
        for reading in poll.readings:
            step = step_text(reading.step_and_cycle)
            readings.append(_row(poll, key, reading, step))
            self._changes(batch, poll, key, reading, step)
        return batch

    def last_rows(self) -> Batch:
        """Return the rows of the tests and steps that go on, up to date: for when the logger stops."""
        batch: Batch = {}
        for channel in self._channels.values():
            if channel.running:
                for table, row in channel.rows.items():
                    batch.setdefault(table, []).append(row)
        return batch

    # --- gaps ----------------------------------------------------------------------------------

    def _away(self, batch: Batch, poll: Poll) -> None:
        if self._gap is not None and self._gap[1] == "cycler away":
            return
        first = poll.slot if self._last is None else self._last + round(self._period_ms)
        self._close_gap(batch, first if self._gap is None else poll.slot)
        self._gap = (min(first, poll.slot), "cycler away")
        batch["gaps"] = [*batch.get("gaps", ()), self._gap_row(None, poll.error)]

    def _back(self, batch: Batch, poll: Poll) -> None:
        if self._gap is None and self._last is not None and poll.slot - self._last > 1.5 * self._period_ms:
            self._gap = (self._last + round(self._period_ms), "late answer")
        self._close_gap(batch, poll.slot)

    def _close_gap(self, batch: Batch, end: int) -> None:
        if self._gap is not None and end - self._gap[0] > self._period_ms / 2:
            batch["gaps"] = [self._gap_row(end, None)]
        self._gap = None

    def _gap_row(self, end: int | None, detail: str | None) -> Sequence[Any]:
        assert self._gap is not None
        first, reason = self._gap
        return (self._cycler, first, reason, end, self._serial_number, detail)

    # --- changes -------------------------------------------------------------------------------

    def _changes(self, batch: Batch, poll: Poll, key: int, reading: Reading, step: StepText | None) -> None:
        channel = self._channels.setdefault(reading.channel, _Channel())
        who = (poll.serial_number, reading.channel)
        status = (reading.status, reading.comm_failure)
        if status != channel.status:
            channel.status = status
            batch.setdefault("statuses", []).append((
                *who, key, poll.time, poll.cycler, reading.status.label, int(reading.comm_failure),
                reading.test_name, reading.exit_condition,
            ))  # fmt: skip
        running = is_running(reading)
        begun = _begun(reading, step) if running else None
        same = (channel.test, channel.running, channel.step) == (reading.test_name, running, begun)
        if not same and channel.running:  # what ends now was last seen at the poll before
            if channel.test != reading.test_name:
                channel.rows["tests"] = _ended(channel.rows["tests"], poll.time)
            for table, row in channel.rows.items():
                batch.setdefault(table, []).append(row)
        if not same:
            channel.rows = {}
        if running or (reading.test_name and not same):
            channel.rows["tests"] = _test(who, poll, reading, running)
        if begun is not None:
            times = (poll.time, poll.time)
            assert step is not None
            channel.rows["steps"] = (*who, *begun, poll.cycler, step.label, step.kind, *times)
        if not same or (running and poll.time - channel.written >= _REFRESH_MS):
            for table, row in channel.rows.items():
                batch.setdefault(table, []).append(row)
            channel.written = poll.time
        channel.test, channel.running, channel.step = reading.test_name, running, begun


def is_running(reading: Reading) -> bool:
    """Tell whether a test runs on the channel."""
    return bool(reading.test_name) and reading.status not in AT_REST


def _begun(reading: Reading, step: StepText | None) -> tuple[Any, ...] | None:
    """Return what tells a step from all others on its channel."""
    begin_s = reading.test_time_s - reading.step_time_s
    if step is None or not math.isfinite(begin_s):
        return None
    return (reading.test_name, math.floor(begin_s + _EDGE_S), step.cycle, step.step)


def _test(who: tuple[str, int], poll: Poll, reading: Reading, running: bool) -> Sequence[Any]:
    time = poll.time if running else None
    return (
        *who, reading.test_name, poll.cycler, reading.schedule_name, reading.barcode, time, time, poll.time,
        int(running), reading.status.label, reading.exit_condition,
    )  # fmt: skip


def _ended(row: Sequence[Any], time: int) -> Sequence[Any]:
    """Return the row of a test that another one, or none, has taken the place of."""
    values = list(row)
    values[_SEEN], values[_RUNNING] = time, 0
    return values


def _row(poll: Poll, key: int, reading: Reading, step: StepText | None) -> Sequence[Any]:
    """Return a row of the readings, in the order of the columns."""
    aux = aux_values(reading)
    temperature = aux.get("aux_temperature_degc")
    measured = (
        reading.test_time_s, reading.step_time_s, reading.voltage_v, reading.current_a, reading.power_w,
        reading.charge_capacity_ah, reading.discharge_capacity_ah, reading.charge_energy_wh,
        reading.discharge_energy_wh, reading.internal_resistance_ohm, reading.dv_dt_v_per_s, reading.acr_ohm,
        reading.aci_ohm, reading.aci_phase_deg,
    )  # fmt: skip
    return (
        poll.serial_number, reading.channel, key, poll.time, poll.latency_s, poll.cycler,
        reading.status.label, int(reading.comm_failure), reading.test_name, reading.schedule_name,
        None if step is None else step.cycle, None if step is None else step.step,
        *[None if math.isnan(value) else value for value in measured],
        temperature[0] if temperature else None,
        json.dumps(aux, separators=(",", ":")) if aux else None,
    )  # fmt: skip


def aux_values(reading: Reading) -> dict[str, list[float | None]]:
    """Return the auxiliary values that there are, by group, in the cycler's order."""
    found = {}
    for group, name in AUX.items():
        measured = getattr(reading.raw, group, None)
        if measured:
            values = [float(getattr(one, "value", one)) for one in measured]
            found[name] = [value if math.isfinite(value) else None for value in values]
    return found
