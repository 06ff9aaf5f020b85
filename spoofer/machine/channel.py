"""One channel of the cycler: a cell, what is assigned to it, and the test that runs. It refuses nothing.

All times are simulated seconds. A channel stands at a moment and is moved on when it is used; there is
no task in the background.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cti_schema.enums import ChannelStatus
from cti_schema.messages.assign_file import AssignFileKind
from spoofer.battery.cell import Cell
from spoofer.battery.run import Run
from spoofer.battery.schedule import Schedule
from spoofer.machine.reading import NUMBERS as NUMBERS
from spoofer.machine.reading import SHARED
from spoofer.machine.reading import Reading as Reading
from spoofer.machine.test_object import TestObject


class Phase(Enum):
    """What goes on in a channel."""

    IDLE = "idle"  #: nothing was started, or the last test was stopped
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"  #: the last test came to its end by itself
    UNSAFE = "unsafe"  #: a safety limit tripped; nothing runs until it is cleared


#: There is a test that may go on; nothing that it depends on can be changed.
BUSY: Final = (Phase.RUNNING, Phase.PAUSED)


class Changes:
    """How often something changed.

    Attributes:
        count: the number.
    """

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


@dataclass(slots=True)
class Channel:
    """One channel.

    Attributes:
        index: zero-based.
        cell: the cell that is connected.
        at: the moment at which the state holds, in simulated seconds.
        phase: what goes on.
        comm_failure: the channel's controller cannot be reached.
        schedule_name: the assigned schedule; empty when there is none.
        test_name: the last test.
        test_id: its number.
        creator, comment: what was said when it was started.
        started_s: when it was started.
        barcode, barcode_info: of the item.
        exit_condition: why the last test ended.
        variables: user variables that were set, by the meta variable's code.
        counters: test counters and timers that a resume brought, by the meta variable's code.
        run: the last test.
        files: files that were assigned, other than schedules.
        test_object: what is known of the item.
        outputs: values that auxiliaries were set to, by data type and index.
        overrides: numbers that are shown in the place of a reading's own, by field: a number, or a function
            of the simulated seconds.
        stop_at: a running test is stopped then, unless somebody puts it off.
        calibrating_until: the channel is being calibrated until then.
        group: the channels that work in parallel, the master first; empty for a channel that works alone.
        changes: counts every change that is not the mere passing of time.
    """

    index: int
    cell: Cell
    at: float = 0.0
    phase: Phase = Phase.IDLE
    comm_failure: bool = False
    schedule_name: str = ""
    test_name: str = ""
    barcode: str = ""
    exit_condition: str = "N/A"
    variables: dict[int, float] = field(default_factory=dict)
    run: Run | None = None
    files: dict[AssignFileKind, str] = field(default_factory=dict)
    overrides: dict[str, float | Callable[[float], float]] = field(default_factory=dict)
    barcode_info: str = ""
    test_id: int = 0
    creator: str = ""
    comment: str = ""
    started_s: float = 0.0
    counters: dict[int, float] = field(default_factory=dict)
    test_object: TestObject = field(default_factory=TestObject)
    outputs: dict[tuple[int, int], float] = field(default_factory=dict)
    stop_at: float | None = None
    calibrating_until: float = 0.0
    group: tuple[Channel, ...] = field(default=(), repr=False)
    changes: Changes = field(default_factory=Changes, repr=False)

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        # Set last while it is made: until then there is nothing that could have changed.
        changes = getattr(self, "changes", None)
        if changes is not None and name != "at":
            changes.count += 1

    @property
    def master(self) -> Channel:
        """The channel that runs the test: the first of a group, or the channel itself."""
        return self.group[0] if self.group else self

    @property
    def is_slave(self) -> bool:
        """Whether the channel follows another one."""
        return self.master is not self

    def advance(self, now: float, *, whole: bool = True) -> None:
        """Move on to a moment.

        Args:
            now: the moment.
            whole: stop at the last grid point of the running test before it; see `Run.advance`.
        """
        if self.stop_at is not None and now > self.stop_at:
            self._move(self.stop_at, whole=False)
            if self.phase is Phase.RUNNING:
                self.end(Phase.IDLE, "Watchdog time-out")
            self.stop_at = None
        self._move(now, whole=whole)

    def _move(self, now: float, *, whole: bool) -> None:
        seconds = now - self.at
        if seconds <= 0.0:
            return
        left = seconds
        if self.phase is Phase.RUNNING and self.run is not None:
            left = self.run.advance(seconds, whole=whole)
            if self.run.waits:
                self.end(Phase.PAUSED, "Paused by schedule")
            elif self.run.step is not None:
                self.at = now - left
                return
            else:
                self.end(Phase.FINISHED, self.run.exit_condition)
        self.cell.step(0.0, left)
        self.at = now

    def begin(self, schedule: Schedule, test_name: str) -> None:
        """Start a test."""
        self.run = Run(schedule, self.cell, self.variables)
        self.test_name = test_name
        self.started_s = self.at
        self.counters = {}
        self.stop_at = None
        self.phase = Phase.RUNNING
        self.exit_condition = "N/A"

    def go_on(self) -> None:
        """Let the last test run; a pause step of its schedule is left."""
        if self.run is not None:
            self.run.go_on()
        self.phase = Phase.RUNNING
        self.exit_condition = "N/A"

    def end(self, phase: Phase, exit_condition: str) -> None:
        """Let no test run any more, or not for now."""
        self.phase = phase
        self.exit_condition = exit_condition
        self.stop_at = None

    def reading(self, now: float) -> Reading:
        """Return what the channel shows at a moment."""
        if self.is_slave:
            return self._shown_by(self.master.reading(now), now)
        self.advance(now)
        run, cell = self.run, self.cell
        running = self.phase is Phase.RUNNING and run is not None
        if run is not None and running and now > self.at:
            run = run.peek(now - self.at)
            cell = run.cell
        current = run.current_a if run is not None and running else 0.0
        voltage = cell.voltage(current)
        reading = Reading(
            channel_index=self.index,
            master_channel=self.index,
            status=self._status(now),
            comm_failure=int(self.comm_failure),
            schedule_name=self.schedule_name,
            test_name=self.test_name,
            exit_condition=self.exit_condition,
            step_and_cycle=_step_text(run),
            barcode=self.barcode,
            step_number=_step_number(run),
            voltage_v=voltage,
            current_a=current,
            power_w=voltage * current,
            internal_resistance_ohm=cell.parameters.series_resistance_ohm,
            temperature_degc=cell.temperature_degc,
            temperature_degc_per_s=cell.heating_degc_per_s,
            can_config_name=self.files.get(AssignFileKind.CANBMS, ""),
            smb_config_name=self.files.get(AssignFileKind.SMB, ""),
        )
        if run is not None:
            reading.test_time_s = run.test_time_s
            reading.step_time_s = run.step_time_s
            reading.charge_capacity_ah = run.charge_capacity_ah
            reading.discharge_capacity_ah = run.discharge_capacity_ah
            reading.charge_energy_wh = run.charge_energy_wh
            reading.discharge_energy_wh = run.discharge_energy_wh
            reading.cycle = run.cycle
            if running:
                reading.dv_dt_v_per_s = run.dv_dt_v_per_s
                reading.di_dt_a_per_s = run.di_dt_a_per_s
        for name, value in self.overrides.items():
            setattr(reading, name, value(now) if callable(value) else value)
        return reading

    def _shown_by(self, reading: Reading, now: float) -> Reading:
        """Make the master's reading that of this channel: the same test, and its share of the current."""
        reading.channel_index = self.index
        reading.comm_failure = int(self.comm_failure)
        reading.barcode = self.barcode
        for name in SHARED:
            setattr(reading, name, getattr(reading, name) / len(self.group))
        for name, value in self.overrides.items():
            setattr(reading, name, value(now) if callable(value) else value)
        return reading

    def _status(self, now: float) -> ChannelStatus:
        if now < self.calibrating_until and self.phase in (Phase.IDLE, Phase.FINISHED):
            return ChannelStatus.CALIBRATION
        if self.phase is not Phase.RUNNING:
            return _STATUS[self.phase]
        direction = 0 if self.run is None else self.run.direction
        if not direction:
            return ChannelStatus.REST
        return ChannelStatus.CHARGE if direction > 0 else ChannelStatus.DISCHARGE


_STATUS = {
    Phase.IDLE: ChannelStatus.IDLE,
    Phase.PAUSED: ChannelStatus.PAUSE,
    Phase.FINISHED: ChannelStatus.FINISHED,
    Phase.UNSAFE: ChannelStatus.UNSAFE,
}


def _step_number(run: Run | None) -> int:
    """Return the one-based step: the last one when the schedule is through, 0 without a test."""
    return 0 if run is None else min(run.step_index + 1, len(run.schedule.steps))


def _step_text(run: Run | None) -> str:
    """Return the text of a recorded frame: ``[1] 1: Step_A, Rest``; empty without a test."""
    number = _step_number(run)
    if run is None or not number:
        return ""
    step = run.schedule.steps[number - 1]
    return f"[{run.cycle}] {number}: {step.label}, {step.control}"
