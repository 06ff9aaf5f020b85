"""A test on a cell: what its steps do, where they end, and its independence of who looks."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema.enums import MetaVariableCode
from spoofer.battery.cell import Cell, CellParameters
from spoofer.battery.run import Run
from spoofer.battery.schedule import Control, Schedule, Step, default_schedule
from spoofer.battery.slices import RESOLUTION_S, find

CELL = CellParameters(capacity_ah=2.0)
UD1, UD2 = MetaVariableCode.MV_UD1, MetaVariableCode.MV_UD2
FOR_EVER = 1e7


def started(*steps: Step, soc: float = 0.5, variables: dict[int, float] | None = None) -> Run:
    """Return a run of the steps."""
    return Run(Schedule("some", steps), Cell(CELL, soc=soc), variables)


# --- the curve of a charge --------------------------------------------------------------------


def charge_curve() -> list[tuple[float, float, float, float, float]]:
    """Return (step time, voltage, current, charge, energy) once per second of the default charge."""
    run = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.2))
    run.jump(1)
    points, left = [], 0.0
    while True:
        ahead = run.peek(left)
        points.append(
            (
                ahead.step_time_s,
                ahead.voltage_v,
                ahead.current_a,
                ahead.charge_capacity_ah,
                ahead.charge_energy_wh,
            )
        )
        left = run.advance(left + 1.0, whole=True)
        if run.step_index != 1:
            return points


CURVE = charge_curve()


def test_constant_current_charge() -> None:
    constant = [point for point in CURVE if point[2] == 1.0]
    assert len(constant) > 3600
    voltages = [voltage for _, voltage, *_ in constant]
    assert all(b > a for a, b in pairwise(voltages))
    assert 3.4 < voltages[0] < voltages[-1] <= 4.2


def test_constant_voltage_charge() -> None:
    held = [point for point in CURVE if point[2] < 1.0]
    assert len(held) > 300
    assert all(voltage == pytest.approx(4.2, abs=1e-9) for _, voltage, *_ in held)
    currents = [current for _, _, current, *_ in held]
    assert all(b < a for a, b in pairwise(currents))
    # C/20 ends it: the last current above it is less than a second away.
    assert 0.1 < currents[-1] < 0.1 + (currents[-2] - currents[-1])


def test_capacity_is_the_integral_of_current() -> None:
    charge = sum((a[2] + b[2]) / 2 / 3600 for a, b in pairwise(CURVE))
    assert CURVE[-1][3] == pytest.approx(charge, rel=1e-5)


def test_energy_is_the_integral_of_voltage_times_current() -> None:
    energy = sum((a[1] * a[2] + b[1] * b[2]) / 2 / 3600 for a, b in pairwise(CURVE))
    assert CURVE[-1][4] == pytest.approx(energy, rel=1e-5)


def test_the_default_schedule_runs_to_its_end() -> None:
    cell = Cell(CELL, soc=0.2)
    run = Run(default_schedule("any", 2.0), cell)
    run.advance(10.0, whole=True)
    assert (run.step_index, run.step_time_s, run.test_time_s) == (1, 0.0, 10.0)
    left = run.advance(100_000.0, whole=True)
    assert run.step is None
    assert run.exit_condition == "Finished"
    assert left == pytest.approx(100_000.0 + 10.0 - run.test_time_s)
    assert run.charge_capacity_ah == pytest.approx(CURVE[-1][3], abs=1e-4)
    # The discharge went below where the charge began, and no further than its voltage.
    assert run.discharge_capacity_ah > run.charge_capacity_ah
    assert run.voltage_v == pytest.approx(2.8, abs=1e-6)
    assert run.voltage_v <= 2.8
    assert cell.soc == pytest.approx(0.2 + (run.charge_capacity_ah - run.discharge_capacity_ah) / 2.0)
    assert run.charge_energy_wh / run.charge_capacity_ah > run.discharge_energy_wh / run.discharge_capacity_ah


# --- looking ----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 900.0), min_size=1, max_size=12), st.floats(0.0, 1.0))
def test_looking_often_changes_nothing(pauses: list[float], soc: float) -> None:
    seldom = Run(default_schedule("any", 2.0), Cell(CELL, soc=soc))
    often = Run(default_schedule("any", 2.0), Cell(CELL, soc=soc))
    left = 0.0
    for pause in pauses:
        left = often.advance(left + pause, whole=True)
        often.peek(left)
    rest = seldom.advance(sum(pauses), whole=True)
    assert rest == pytest.approx(left, abs=1e-6)
    assert often.step_index == seldom.step_index
    assert often.test_time_s == pytest.approx(seldom.test_time_s, abs=1e-6)
    assert often.charge_capacity_ah == pytest.approx(seldom.charge_capacity_ah, abs=1e-9)
    assert often.cell.soc == pytest.approx(seldom.cell.soc, abs=1e-9)
    assert often.peek(left).voltage_v == pytest.approx(seldom.peek(rest).voltage_v, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 900.0), min_size=1, max_size=12), st.floats(0.0, 1.0))
def test_cutting_time_changes_next_to_nothing(pauses: list[float], soc: float) -> None:
    whole = Run(default_schedule("any", 2.0), Cell(CELL, soc=soc))
    in_parts = Run(default_schedule("any", 2.0), Cell(CELL, soc=soc))
    for pause in pauses:
        in_parts.advance(pause, whole=False)
    whole.advance(sum(pauses), whole=False)
    assert in_parts.test_time_s == pytest.approx(whole.test_time_s, abs=1e-2)
    assert in_parts.charge_capacity_ah == pytest.approx(whole.charge_capacity_ah, abs=1e-5)
    assert in_parts.charge_energy_wh == pytest.approx(whole.charge_energy_wh, abs=1e-4)


def test_within_a_slice_a_look_ahead_moves_on_and_leaves_the_run_alone() -> None:
    run = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.5))
    assert run.advance(12.25, whole=True) == pytest.approx(2.25)
    assert run.test_time_s == pytest.approx(10.0)
    ahead = run.peek(2.25)
    assert ahead.test_time_s == pytest.approx(12.25)
    assert ahead.charge_capacity_ah == pytest.approx(2.25 / 3600)
    assert run.charge_capacity_ah == 0.0
    assert run.cell.soc == 0.5


def test_a_cell_that_is_changed_from_outside_is_seen() -> None:
    run = started(Step("a", Control.CURRENT, 1.0, max_time_s=100.0))
    assert run.advance(5.0, whole=True) == 5.0
    run.cell.soc = 0.9
    assert run.peek(5.0).voltage_v > 4.0


@pytest.mark.parametrize(
    "step",
    [
        Step("a", Control.CURRENT, 1.5),
        Step("a", Control.POWER, power_w=-6.0),
        Step("a", Control.VOLTAGE, voltage_v=3.8),
        Step("a", Control.REST),
    ],
)
def test_the_changes_are_the_derivatives(step: Step) -> None:
    run = started(step)
    run.advance(7.0, whole=False)
    later = run.peek(0.01)
    assert run.dv_dt_v_per_s == pytest.approx((later.voltage_v - run.voltage_v) / 0.01, rel=1e-2, abs=1e-7)
    assert run.di_dt_a_per_s == pytest.approx((later.current_a - run.current_a) / 0.01, rel=1e-2, abs=1e-7)


def test_a_jump_over_a_whole_test_takes_few_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []

    def counted(*arguments: Any) -> Any:
        found.append(find(*arguments))
        return found[-1]

    monkeypatch.setattr("spoofer.battery.run.find", counted)
    run = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.2))
    run.advance(FOR_EVER, whole=True)
    assert run.step is None
    assert run.test_time_s > 12_000.0
    assert len(found) < 300
    # A reader between two ends of slices finds nothing again.
    run = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.2))
    run.jump(1)
    found.clear()
    for tenth in range(100):
        run.advance(tenth / 10.0, whole=True)
        run.peek(tenth / 10.0)
    assert len(found) == 1


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "expected_s"),
    [
        (Step("a", Control.REST, max_time_s=2.5), 2.5),
        (Step("a", Control.CURRENT, 1.0, max_time_s=90.5), 90.5),
        (Step("a", Control.CURRENT, 1.0, max_time_s=0.0), 0.0),
        (Step("a", Control.CURRENT, -2.0, end_capacity_ah=0.1), 180.0),
        (Step("a", Control.CURRENT, 2.0, end_capacity_ah=0.1), 180.0),
        (Step("a", Control.CURRENT, 2.0, end_voltage_v=3.0), 0.0),
        (Step("a", Control.CURRENT, -2.0, end_voltage_v=4.0), 0.0),
        (Step("a", Control.CURRENT, 2.0, max_temperature_degc=20.0), 0.0),
        (Step("a", Control.POWER, power_w=-7.2, end_energy_wh=0.2), 100.0),
        (Step("a", Control.VOLTAGE, voltage_v=4.5, max_current_a=1.0, end_capacity_ah=0.1), 360.0),
    ],
)
def test_limits_of_a_step(step: Step, expected_s: float) -> None:
    run = started(step)
    left = run.advance(10_000.0, whole=True)
    assert run.step is None
    assert run.test_time_s == pytest.approx(expected_s, abs=2 * RESOLUTION_S, rel=1e-5)
    assert left == pytest.approx(10_000.0 - run.test_time_s, abs=1e-9)


def test_a_step_ends_when_the_cell_is_warm() -> None:
    run = started(Step("a", Control.CURRENT, 4.0, max_temperature_degc=30.0))
    run.advance(FOR_EVER, whole=True)
    assert run.cell.temperature_degc == pytest.approx(30.0, abs=1e-4)
    assert run.cell.temperature_degc >= 30.0


def test_constant_power() -> None:
    run = started(Step("a", Control.POWER, power_w=-6.0, end_voltage_v=3.0), soc=0.9)
    points, left = [run], 0.0
    while run.step is not None:
        points.append(run.peek(left))
        left = run.advance(left + 20.0, whole=True)
    assert len(points) > 50
    assert all(point.voltage_v * point.current_a == pytest.approx(-6.0, abs=1e-9) for point in points[1:])
    assert all(b.current_a < a.current_a < 0.0 for a, b in pairwise(points[1:]))
    assert run.discharge_energy_wh == pytest.approx(6.0 * run.test_time_s / 3600.0, rel=1e-5)
    assert run.voltage_v == pytest.approx(3.0, abs=1e-5)


def test_held_voltage_on_discharge() -> None:
    run = started(
        Step("a", Control.CCCV, -1.0, voltage_v=3.4, end_current_a=0.05),
        soc=0.3,
    )
    run.advance(FOR_EVER, whole=True)
    assert run.step is None
    assert run.voltage_v == pytest.approx(3.4, abs=1e-9)
    assert run.current_a == pytest.approx(-0.05, abs=1e-6)
    assert run.charge_capacity_ah == 0.0


@pytest.mark.parametrize(("soc", "direction"), [(0.1, 1), (0.9, -1)])
def test_a_voltage_is_held_from_either_side(soc: float, direction: int) -> None:
    run = started(Step("a", Control.VOLTAGE, voltage_v=3.7, max_current_a=1.0, end_current_a=0.05), soc=soc)
    assert run.current_a == direction * 1.0
    assert run.direction == direction
    run.advance(FOR_EVER, whole=True)
    assert run.step is None
    assert run.current_a == pytest.approx(direction * 0.05, abs=1e-6)
    assert run.voltage_v == pytest.approx(3.7, abs=1e-9)


def test_a_cell_beyond_the_held_voltage_is_not_driven_back() -> None:
    run = started(Step("a", Control.CCCV, 1.0, voltage_v=3.4, end_current_a=0.05), soc=0.9)
    assert run.current_a == 0.0
    run.advance(1.0, whole=True)
    assert run.step is None
    assert (run.charge_capacity_ah, run.discharge_capacity_ah) == (0.0, 0.0)


def test_a_charge_begins_again_when_the_cell_has_relaxed() -> None:
    """No limit on the current: the step goes on, at rest while the cell is above the voltage."""
    run = started(Step("a", Control.CCCV, 1.0, voltage_v=3.85), soc=0.55)
    run.cell.pair_v = 0.2
    run.jump(0)
    assert run.current_a == 0.0
    run.advance(600.0, whole=False)
    assert run.current_a > 0.0
    assert run.voltage_v == pytest.approx(3.85, abs=1e-9)


# --- from step to step ------------------------------------------------------------------------


@pytest.mark.parametrize("target", [-1, 4, 2**31 - 1, -(2**31)])
def test_a_jump_to_no_step_ends_the_run(target: int) -> None:
    run = Run(default_schedule("any", 2.0), Cell(CELL))
    run.jump(target)
    assert run.step is None
    assert run.advance(5.0, whole=True) == 5.0
    assert run.test_time_s == 0.0


CYCLE = (
    Step("Charge", Control.CURRENT, 1.0, max_time_s=60.0),
    Step("Discharge", Control.CURRENT, -0.5, max_time_s=30.0),
    Step("Next", Control.SET_VARIABLES, advance_cycle=True, goto="Charge", repeat=2),
    Step("Rest", Control.REST, max_time_s=10.0),
)


def test_cycles() -> None:
    run = started(*CYCLE)
    seen, left = [], 0.0
    while run.step is not None:
        left = run.advance(left + 1.0, whole=True)
        seen.append(run.cycle)
    assert [seen.count(cycle) for cycle in (1, 2, 3, 4)] == [89, 90, 90, 11]
    assert run.test_time_s == pytest.approx(280.0)
    # What is counted, is counted over the whole test.
    assert run.charge_capacity_ah == pytest.approx(3 * 60.0 / 3600.0)
    assert run.discharge_capacity_ah == pytest.approx(3 * 15.0 / 3600.0)
    assert run.last_cycle is not None
    assert (run.last_cycle.cycle, run.last_cycle.step_number) == (3, 3)
    assert run.last_step is not None
    assert (run.last_step.step_number, run.last_step.step_time_s) == (4, pytest.approx(10.0))


def test_loops_within_loops() -> None:
    run = started(
        Step("a", Control.REST, max_time_s=1.0, goto="a", repeat=2),
        Step("b", Control.REST, max_time_s=100.0, goto="a", repeat=1),
    )
    run.advance(FOR_EVER, whole=True)
    assert run.test_time_s == pytest.approx(2 * (3 * 1.0 + 100.0))


def test_totals_are_set_to_zero_by_a_step_that_says_so() -> None:
    run = started(
        CYCLE[0],
        Step("Zero", Control.SET_VARIABLES, reset_totals=True, variables={UD2: 4.5}),
        CYCLE[1],
    )
    run.advance(59.0, whole=False)
    assert run.charge_capacity_ah == pytest.approx(59.0 / 3600.0)
    run.advance(FOR_EVER, whole=True)
    assert (run.charge_capacity_ah, run.charge_energy_wh) == (0.0, 0.0)
    assert run.discharge_capacity_ah == pytest.approx(15.0 / 3600.0)
    assert run.variables == {52 + 1: 4.5}


def test_a_pause_step_stops_time_until_it_is_left() -> None:
    run = started(CYCLE[0], Step("Look", Control.PAUSE), CYCLE[1])
    assert run.advance(100.0, whole=True) == pytest.approx(40.0)
    assert run.waits
    assert (run.step_index, run.current_a, run.direction) == (1, 0.0, 0)
    assert run.advance(100.0, whole=True) == 100.0
    assert run.peek(5.0).test_time_s == run.test_time_s == pytest.approx(60.0)
    run.go_on()
    assert (run.waits, run.step_index, run.current_a) == (False, 2, -0.5)
    run.go_on()
    assert run.step_index == 2


@pytest.mark.parametrize(
    "steps",
    [
        (Step("a", Control.SET_VARIABLES, goto="a"),),
        (Step("a", Control.REST, max_time_s=1e-6, goto="a"),),
        (
            Step("a", Control.CURRENT, 1.0, end_voltage_v=3.0),
            Step("b", Control.CURRENT, -1.0, end_voltage_v=4.0, goto="a"),
        ),
    ],
)
def test_a_schedule_that_goes_in_a_circle_without_time_ends(steps: tuple[Step, ...]) -> None:
    run = started(*steps)
    assert run.advance(10.0, whole=True) == pytest.approx(10.0, abs=0.1)
    assert run.step is None
    assert run.exit_condition == "Endless loop"


# --- values that a client sets ----------------------------------------------------------------


def test_a_current_that_is_a_user_variable() -> None:
    variables: dict[int, float] = {}
    run = started(Step("Loop", Control.CURRENT, UD1, max_time_s=1000.0), variables=variables)
    assert (run.current_a, run.direction) == (0.0, 0)
    run.advance(10.0, whole=False)
    variables[UD1] = 1.5
    assert run.peek(0.5).current_a == 1.5
    run.advance(10.0, whole=False)
    assert (run.current_a, run.direction) == (1.5, 1)
    assert run.charge_capacity_ah == pytest.approx(15.0 / 3600.0)
    variables[UD1] = -0.5
    run.advance(20.0, whole=False)
    assert (run.current_a, run.direction) == (-0.5, -1)
    assert run.discharge_capacity_ah == pytest.approx(10.0 / 3600.0)
    assert run.test_time_s == pytest.approx(40.0)


def test_a_user_variable_limits_a_charge_to_a_voltage() -> None:
    variables: dict[int, float] = {UD1: 1.0, UD2: 4.0}
    run = started(Step("Loop", Control.CCCV, UD1, voltage_v=UD2, end_current_a=0.1), variables=variables)
    run.advance(FOR_EVER, whole=True)
    assert run.step is None
    assert run.voltage_v == pytest.approx(4.0, abs=1e-9)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 1e308])
@pytest.mark.parametrize(
    "step",
    [
        Step("a", Control.CURRENT, UD1, max_time_s=50.0),
        Step("a", Control.CCCV, UD1, voltage_v=4.2, max_time_s=50.0),
        Step("a", Control.CCCV, 1.0, voltage_v=UD1, max_time_s=50.0),
        Step("a", Control.VOLTAGE, voltage_v=UD1, max_time_s=50.0),
        Step("a", Control.POWER, power_w=UD1, max_time_s=50.0),
    ],
)
def test_any_number_may_be_asked_for(step: Step, value: float) -> None:
    run = started(step, variables={UD1: value})
    run.advance(100.0, whole=True)
    assert run.test_time_s == pytest.approx(50.0)
    assert abs(run.current_a) <= 1000.0
    assert math.isfinite(run.voltage_v)
    assert math.isfinite(run.charge_energy_wh + run.discharge_energy_wh + run.cell.temperature_degc)
