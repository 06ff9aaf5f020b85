"""A test that runs on a cell: which step, how long, how much charge. Moves only when it is told how far.

The state moves on a grid of whole slices that begins with each step. What a reader sees between two
grid points is worked out on a copy, so that reading often or seldom never changes the course of a test.
"""

from __future__ import annotations

from typing import Final

from spoofer.cell import Cell
from spoofer.schedule import Control, Schedule, Step

#: Seconds between two looks at the limits of a step.
SLICE_S: Final = 1.0


class Run:
    """A schedule on a cell.

    Attributes:
        schedule: what is run.
        cell: the cell it is run on.
        step_index: zero-based step; the number of steps once the schedule is through.
        cycle: one-based cycle.
        test_time_s: time since the start.
        step_time_s: time since the step began.
        current_a: current that flows, positive when it charges.
        voltage_v: voltage at the terminals.
        dv_dt_v_per_s: its change.
        charge_capacity_ah, discharge_capacity_ah: charge that went in and out since the start.
        charge_energy_wh, discharge_energy_wh: energy that went in and out since the start.
    """

    __slots__ = (
        "cell",
        "charge_capacity_ah",
        "charge_energy_wh",
        "current_a",
        "cycle",
        "discharge_capacity_ah",
        "discharge_energy_wh",
        "dv_dt_v_per_s",
        "schedule",
        "step_capacity_ah",
        "step_index",
        "step_time_s",
        "test_time_s",
        "voltage_v",
    )

    def __init__(self, schedule: Schedule, cell: Cell) -> None:
        self.schedule = schedule
        self.cell = cell
        self.step_index = 0
        self.cycle = 1
        self.test_time_s = 0.0
        self.step_time_s = 0.0
        self.step_capacity_ah = 0.0
        self.charge_capacity_ah = 0.0
        self.discharge_capacity_ah = 0.0
        self.charge_energy_wh = 0.0
        self.discharge_energy_wh = 0.0
        self.dv_dt_v_per_s = 0.0
        self._begin()

    def peek(self, seconds: float) -> Run:
        """Return how it will be a part of a slice later: a second run, on a copy of the cell."""
        twin = object.__new__(Run)
        for name in Run.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.cell = self.cell.copy()
        if twin.step is not None:
            twin._slice(twin.step, seconds)
        return twin

    @property
    def step(self) -> Step | None:
        """The step that runs, or ``None`` when the schedule is through."""
        steps = self.schedule.steps
        return steps[self.step_index] if 0 <= self.step_index < len(steps) else None

    def jump(self, step_index: int) -> None:
        """Go on with another zero-based step; one that does not exist ends the schedule."""
        steps = len(self.schedule.steps)
        self.step_index = step_index if 0 <= step_index < steps else steps
        if self.step is not None:
            self._begin()

    def advance(self, seconds: float, *, whole: bool) -> float:
        """Let time pass.

        Args:
            seconds: how much.
            whole: only whole slices; else what is left of the time is a shorter slice.

        Returns:
            What is left of the time: less than a slice, or all that is behind the end of the schedule.
        """
        while seconds > 0.0:
            step = self.step
            if step is None:
                break
            # A rest has no limit but time: its whole length is one slice.
            length = SLICE_S if step.control is not Control.REST else float("inf")
            if step.max_time_s is not None:
                length = min(length, max(0.0, step.max_time_s - self.step_time_s))
            if length > seconds:
                if whole and step.control is not Control.REST:
                    break
                length = seconds
            self._slice(step, length)
            seconds -= length
            if self._ended(step):
                self.jump(self.step_index + 1)
        return seconds

    def _begin(self) -> None:
        self.step_time_s = 0.0
        self.step_capacity_ah = 0.0
        step = self.step
        self.current_a = 0.0 if step is None else self._current(step, SLICE_S)
        self.voltage_v = self.cell.voltage(self.current_a)

    def _current(self, step: Step, seconds: float) -> float:
        if step.control is Control.REST:
            return 0.0
        if step.voltage_v is None:
            return step.current_a
        # A cell that is beyond the voltage already is left alone, never driven back.
        voltage = self.cell.voltage_after(step.current_a, seconds)
        if step.current_a >= 0.0:
            if voltage <= step.voltage_v:
                return step.current_a
            return max(0.0, min(step.current_a, self.cell.current_for(step.voltage_v, seconds)))
        if voltage >= step.voltage_v:
            return step.current_a
        return min(0.0, max(step.current_a, self.cell.current_for(step.voltage_v, seconds)))

    def _slice(self, step: Step, seconds: float) -> None:
        """Let a constant current flow, and count what it carries."""
        if seconds <= 0.0:
            return
        current = self._current(step, seconds)
        before = self.cell.voltage(current)
        self.cell.step(current, seconds)
        after = self.cell.voltage(current)
        charge = current * seconds / 3600.0
        energy = charge * (before + after) / 2.0
        if current > 0.0:
            self.charge_capacity_ah += charge
            self.charge_energy_wh += energy
        else:
            self.discharge_capacity_ah -= charge
            self.discharge_energy_wh -= energy
        self.step_capacity_ah += abs(charge)
        self.dv_dt_v_per_s = (after - before) / seconds
        self.current_a = current
        self.voltage_v = after
        self.test_time_s += seconds
        self.step_time_s += seconds

    def _ended(self, step: Step) -> bool:
        if step.max_time_s is not None and self.step_time_s >= step.max_time_s - 1e-9:
            return True
        if step.control is Control.REST:
            return False
        voltage = step.end_voltage_v
        if voltage is not None and (
            self.voltage_v >= voltage if step.current_a >= 0.0 else self.voltage_v <= voltage
        ):
            return True
        if step.end_current_a is not None and abs(self.current_a) <= step.end_current_a:
            return True
        return step.end_capacity_ah is not None and self.step_capacity_ah >= step.end_capacity_ah
