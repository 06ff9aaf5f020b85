"""A test that runs on a cell: which step, how long, how much charge. Moves only when it is told how far.

Time is cut into slices that depend on the state alone (`spoofer.battery.slices`). A slice is planned once,
with its end; a reader in between gets the solution at that moment, on a copy. So reading often or seldom
never changes the course of a test, and a jump over hours costs no more than the curve has bends.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Final

from spoofer.battery.cell import Cell
from spoofer.battery.drive import changes, drive_of, number
from spoofer.battery.schedule import Control, Schedule, Step
from spoofer.battery.slices import Before, Slice, cut, find

#: So many steps shorter than that, one after the other, and the test ends: its schedule goes in a circle.
SHORT_STEP_S: Final = 1e-3
MOST_SHORT_STEPS: Final = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """What the counters were at the end of a step or a cycle. The names are those of `Run`."""

    step_number: int
    cycle: int
    step_time_s: float
    test_time_s: float
    voltage_v: float
    current_a: float
    charge_capacity_ah: float
    discharge_capacity_ah: float
    charge_energy_wh: float
    discharge_energy_wh: float
    dv_dt_v_per_s: float
    di_dt_a_per_s: float


class Run:
    """A schedule on a cell.

    Args:
        schedule: what is run.
        cell: the cell it is run on.
        variables: user variables by the meta variable's code; read while a step runs that refers to one.

    Attributes:
        step_index: zero-based step; the number of steps once the schedule is through.
        cycle: one-based cycle.
        test_time_s: time since the start.
        step_time_s: time since the step began.
        step_capacity_ah, step_energy_wh: what has flowed in the step, in either direction.
        current_a: current that flows, positive when it charges.
        voltage_v: voltage at the terminals.
        charge_capacity_ah, discharge_capacity_ah: charge that went in and out since the start, or since a
            step set them to zero.
        charge_energy_wh, discharge_energy_wh: energy that went in and out since then.
        last_step, last_cycle: what was at the end of the step and the cycle before; ``None`` in the first.
        exit_condition: why the schedule came to its end.
    """

    __slots__ = (
        "_planned",
        "_referred",
        "_repeats",
        "_short_steps",
        "cell",
        "charge_capacity_ah",
        "charge_energy_wh",
        "current_a",
        "cycle",
        "discharge_capacity_ah",
        "discharge_energy_wh",
        "exit_condition",
        "last_cycle",
        "last_step",
        "schedule",
        "step_capacity_ah",
        "step_energy_wh",
        "step_index",
        "step_time_s",
        "test_time_s",
        "variables",
        "voltage_v",
    )

    def __init__(
        self, schedule: Schedule, cell: Cell, variables: MutableMapping[int, float] | None = None
    ) -> None:
        self.schedule = schedule
        self.cell = cell
        self.variables: MutableMapping[int, float] = {} if variables is None else variables
        self.step_index = 0
        self.cycle = 1
        self.test_time_s = 0.0
        self.charge_capacity_ah = 0.0
        self.discharge_capacity_ah = 0.0
        self.charge_energy_wh = 0.0
        self.discharge_energy_wh = 0.0
        self.last_step: Mark | None = None
        self.last_cycle: Mark | None = None
        self.exit_condition = "Finished"
        self._repeats: dict[int, int] = {}
        self._short_steps = 0
        self._planned: tuple[object, Slice, bool] | None = None
        self._referred: tuple[int, ...] = ()
        self._begin()

    # --- looking -------------------------------------------------------------------------------

    @property
    def step(self) -> Step | None:
        """The step that runs, or ``None`` when the schedule is through."""
        steps = self.schedule.steps
        return steps[self.step_index] if 0 <= self.step_index < len(steps) else None

    @property
    def waits(self) -> bool:
        """Whether a pause step has been reached: time stands until `go_on`."""
        step = self.step
        return step is not None and step.control is Control.PAUSE

    @property
    def direction(self) -> int:
        """What the step is for: 1 to charge, -1 to discharge, 0 neither; a held voltage does as it must."""
        step = self.step
        if step is None:
            return 0
        wanted = step.power_w if step.control is Control.POWER else step.current_a
        value = self.current_a if step.control is Control.VOLTAGE else number(wanted, self.variables)
        return (value > 0.0) - (value < 0.0)

    @property
    def dv_dt_v_per_s(self) -> float:
        """Change of the voltage."""
        return self._changes()[0]

    @property
    def di_dt_a_per_s(self) -> float:
        """Change of the current."""
        return self._changes()[1]

    def _changes(self) -> tuple[float, float]:
        step = self.step
        if step is None:
            return 0.0, 0.0
        drive, current_a = drive_of(step, self.variables, self.cell)
        return changes(drive, current_a, self.cell)

    def peek(self, seconds: float) -> Run:
        """Return how it will be a part of a slice later: a second run, on a copy of the cell."""
        twin = Run.__new__(Run)
        for name in Run.__slots__:
            setattr(twin, name, getattr(self, name))
        step = self.step
        if step is None or step.control is Control.PAUSE:
            twin.cell = self.cell.copy()
        else:
            planned, _ = self._plan(step)
            part = cut(step, self.variables, self.cell, planned.drive, min(seconds, planned.seconds))
            twin.cell = part.cell
            twin._pass(part)
        return twin

    # --- moving --------------------------------------------------------------------------------

    def advance(self, seconds: float, *, whole: bool) -> float:
        """Let time pass.

        Args:
            seconds: how much.
            whole: only whole slices; else what is left of the time is a shorter slice.

        Returns:
            What is left of the time: less than a slice, or all that is behind a pause step or the end of the
            schedule.
        """
        while True:  # steps that take no time are passed even when there is none left
            step = self.step
            if step is None or step.control is Control.PAUSE:
                break
            planned, ends = self._plan(step)
            if planned.seconds > seconds:
                if not whole and seconds > 0.0:
                    self._pass(cut(step, self.variables, self.cell, planned.drive, seconds))
                    seconds = 0.0
                break
            self._pass(planned)
            seconds -= planned.seconds
            if ends:
                self._leave(step)
        return seconds

    def jump(self, step_index: int) -> None:
        """Go on with another zero-based step; one that does not exist ends the schedule."""
        steps = len(self.schedule.steps)
        if self.step is not None:
            self.last_step = self._mark()
        self.step_index = step_index if 0 <= step_index < steps else steps
        if self.step is not None:
            self._begin()

    def go_on(self) -> None:
        """Leave a pause step, if it has come to one."""
        step = self.step
        if step is not None and self.waits:
            self._leave(step)

    def _begin(self) -> None:
        self.step_time_s = 0.0
        self.step_capacity_ah = 0.0
        self.step_energy_wh = 0.0
        self._planned = None
        self._referred = ()
        step, self.current_a = self.step, 0.0
        if step is not None:
            self._referred = tuple(int(code) for code in step.refers_to())
            _, self.current_a = drive_of(step, self.variables, self.cell)
        self.voltage_v = self.cell.voltage(self.current_a)

    def _leave(self, step: Step) -> None:
        """Do what is done at the end of a step, and begin the next one."""
        if step.control is Control.SET_VARIABLES:
            self._set(step)
        self._short_steps = self._short_steps + 1 if self.step_time_s < SHORT_STEP_S else 0
        if self._short_steps > MOST_SHORT_STEPS:
            self.exit_condition = "Endless loop"
            self.jump(len(self.schedule.steps))
            return
        following = self.step_index + 1
        if step.goto is not None:
            done = self._repeats.get(self.step_index, 0)
            if step.repeat is None or done < step.repeat:
                self._repeats[self.step_index] = done + 1
                following = self.schedule.index_of(step.goto)
            else:
                self._repeats[self.step_index] = 0
        self.jump(following)

    def _set(self, step: Step) -> None:
        for code, value in step.variables.items():
            self.variables[int(code)] = value
        if step.advance_cycle:
            self.last_cycle = self._mark()
            self.cycle += 1
        if step.reset_totals:
            self.charge_capacity_ah = self.discharge_capacity_ah = 0.0
            self.charge_energy_wh = self.discharge_energy_wh = 0.0

    def _mark(self) -> Mark:
        return Mark(self.step_index + 1, *(getattr(self, name) for name in Mark.__slots__[1:]))

    # --- slices --------------------------------------------------------------------------------

    def _plan(self, step: Step) -> tuple[Slice, bool]:
        """Return the slice that begins here, and whether the step ends with it."""
        cell, variables = self.cell, self.variables
        # Whoever changes the cell or a variable from outside gets a new plan.
        state = (cell.soc, cell.pair_v, cell.temperature_degc)
        values = tuple([variables.get(code) for code in self._referred])
        if self._planned is None or self._planned[0] != (state, values):
            before = Before(self.step_time_s, self.step_capacity_ah, self.step_energy_wh)
            self._planned = ((state, values), *find(step, variables, cell, before))
        return self._planned[1:]

    def _pass(self, part: Slice) -> None:
        """Make a slice the past."""
        self.cell.become(part.cell)
        self._planned = None
        if part.charge_ah > 0.0:
            self.charge_capacity_ah += part.charge_ah
            self.charge_energy_wh += part.energy_wh
        else:
            self.discharge_capacity_ah -= part.charge_ah
            self.discharge_energy_wh -= part.energy_wh
        self.step_capacity_ah += abs(part.charge_ah)
        self.step_energy_wh += abs(part.energy_wh)
        self.current_a = part.current_a
        self.voltage_v = part.voltage_v
        self.test_time_s += part.seconds
        self.step_time_s += part.seconds
