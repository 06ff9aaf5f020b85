"""One channel of the cycler: a cell, what is assigned to it, and the test that runs. It refuses nothing.

All times are simulated seconds. A channel stands at a moment and is moved on when it is used; there is
no task in the background.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cti_schema.enums import ChannelStatus
from spoofer.cell import Cell
from spoofer.run import Run
from spoofer.schedule import Schedule


class Phase(Enum):
    """What goes on in a channel."""

    IDLE = "idle"  #: nothing was started, or the last test was stopped
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"  #: the last test came to its end by itself
    UNSAFE = "unsafe"  #: a safety limit tripped; nothing runs until it is cleared


@dataclass(slots=True)
class Reading:
    """What a channel shows at one moment. The names are those of the messages' fields.

    Attributes:
        status: what the channel does.
        comm_failure: 1 when the channel's controller cannot be reached.
        step_number: one-based step; 0 when there is no test.
        temperature_degc: of the cell.
        temperature_degc_per_s: its change.
    """

    channel_index: int
    master_channel: int
    status: ChannelStatus
    comm_failure: int
    schedule_name: str
    test_name: str
    exit_condition: str
    step_and_cycle: str
    barcode: str
    step_number: int
    voltage_v: float
    current_a: float
    power_w: float
    internal_resistance_ohm: float
    temperature_degc: float
    temperature_degc_per_s: float
    test_time_s: float = 0.0
    step_time_s: float = 0.0
    charge_capacity_ah: float = 0.0
    discharge_capacity_ah: float = 0.0
    charge_energy_wh: float = 0.0
    discharge_energy_wh: float = 0.0
    dv_dt_v_per_s: float = 0.0


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
        barcode: the item's barcode.
        exit_condition: why the last test ended.
        variables: user variables that were set, by the meta variable's code.
        run: the last test.
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

    def advance(self, now: float, *, whole: bool = True) -> None:
        """Move on to a moment.

        Args:
            now: the moment.
            whole: stop at the last grid point of the running test before it; see `Run.advance`.
        """
        seconds = now - self.at
        if seconds <= 0.0:
            return
        left = seconds
        if self.phase is Phase.RUNNING and self.run is not None:
            left = self.run.advance(seconds, whole=whole)
            if self.run.step is not None:
                self.at = now - left
                return
            self.phase = Phase.FINISHED
            self.exit_condition = "Finished"
        self.cell.step(0.0, left)
        self.at = now

    def begin(self, schedule: Schedule, test_name: str) -> None:
        """Start a test."""
        self.run = Run(schedule, self.cell)
        self.test_name = test_name
        self.go_on()

    def go_on(self) -> None:
        """Let the last test run."""
        self.phase = Phase.RUNNING
        self.exit_condition = "N/A"

    def end(self, phase: Phase, exit_condition: str) -> None:
        """Let no test run any more, or not for now."""
        self.phase = phase
        self.exit_condition = exit_condition

    def reading(self, now: float) -> Reading:
        """Return what the channel shows at a moment."""
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
            status=self._status(),
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
        )
        if run is not None:
            reading.test_time_s = run.test_time_s
            reading.step_time_s = run.step_time_s
            reading.charge_capacity_ah = run.charge_capacity_ah
            reading.discharge_capacity_ah = run.discharge_capacity_ah
            reading.charge_energy_wh = run.charge_energy_wh
            reading.discharge_energy_wh = run.discharge_energy_wh
            reading.dv_dt_v_per_s = run.dv_dt_v_per_s if running else 0.0
        return reading

    def _status(self) -> ChannelStatus:
        if self.phase is not Phase.RUNNING:
            return _STATUS[self.phase]
        step = None if self.run is None else self.run.step
        if step is None or step.current_a == 0.0:
            return ChannelStatus.REST
        return ChannelStatus.CHARGE if step.current_a > 0.0 else ChannelStatus.DISCHARGE


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
