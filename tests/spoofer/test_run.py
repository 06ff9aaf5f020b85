"""A test on a cell: its curve by its physics, and its independence of who looks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoofer.cell import Cell, CellParameters
from spoofer.run import SLICE_S, Run
from spoofer.schedule import Control, Schedule, Step, default_schedule

CELL = CellParameters(capacity_ah=2.0)


def charge_curve() -> list[tuple[float, float, float, float, float]]:
    """Return (step time, voltage, current, charge, energy) once per second of the default charge."""
    run = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.2))
    run.jump(1)
    points = [(0.0, run.voltage_v, run.current_a, 0.0, 0.0)]
    while run.step_index == 1:
        assert run.advance(1.0, whole=True) == 0.0
        # When the step ends, the next one begins: what was counted stays.
        if run.step_index == 1:
            points.append(
                (
                    run.step_time_s,
                    run.voltage_v,
                    run.current_a,
                    run.charge_capacity_ah,
                    run.charge_energy_wh,
                )
            )
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
    assert all(voltage == pytest.approx(4.2, abs=1e-4) for _, voltage, *_ in held)
    currents = [current for _, _, current, *_ in held]
    assert all(b < a for a, b in pairwise(currents))
    # C/20 ends it: the last current above it is less than one slice away.
    assert 0.1 < currents[-1] < 0.1 + 2 * (currents[-2] - currents[-1])


def test_no_point_of_the_charge_is_above_its_voltage() -> None:
    assert max(voltage for _, voltage, *_ in CURVE) == pytest.approx(4.2, abs=1e-4)


def test_capacity_is_the_integral_of_current() -> None:
    charge = sum(current * SLICE_S / 3600 for _, _, current, *_ in CURVE[1:])
    assert CURVE[-1][3] == pytest.approx(charge, rel=1e-9)


def test_energy_is_the_integral_of_voltage_times_current() -> None:
    energy = sum((a[1] + b[1]) / 2 * b[2] * SLICE_S / 3600 for a, b in pairwise(CURVE))
    assert CURVE[-1][4] == pytest.approx(energy, rel=1e-4)


def test_the_default_schedule_runs_to_its_end() -> None:
    cell = Cell(CELL, soc=0.2)
    run = Run(default_schedule("any", 2.0), cell)
    assert run.advance(10.0, whole=True) == 0.0
    assert (run.step_index, run.step_time_s, run.test_time_s) == (1, 0.0, 10.0)
    left = run.advance(100_000.0, whole=True)
    assert run.step is None
    assert left == pytest.approx(100_000.0 + 10.0 - run.test_time_s)
    assert run.charge_capacity_ah == pytest.approx(2.0 * (run_soc_full() - 0.2), abs=0.01)
    # The discharge went below where the charge began, and no further than its voltage.
    assert run.discharge_capacity_ah > run.charge_capacity_ah
    assert run.voltage_v == pytest.approx(2.8, abs=5e-3)
    assert run.voltage_v <= 2.8
    assert cell.soc == pytest.approx(0.2 + (run.charge_capacity_ah - run.discharge_capacity_ah) / 2.0)
    assert run.charge_energy_wh / run.charge_capacity_ah > run.discharge_energy_wh / run.discharge_capacity_ah


def run_soc_full() -> float:
    """Return the state of charge at the end of the default charge."""
    return 0.2 + CURVE[-1][3] / 2.0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.01, 400.0), min_size=1, max_size=12))
def test_looking_often_changes_nothing(pauses: list[float]) -> None:
    seldom = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.9))
    often = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.9))
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


def test_between_grid_points_a_look_ahead_moves_on_and_leaves_the_run_alone() -> None:
    run = Run(default_schedule("any", 2.0), Cell(CELL, soc=0.5))
    assert run.advance(12.25, whole=True) == pytest.approx(0.25)
    assert run.test_time_s == pytest.approx(12.0)
    ahead = run.peek(0.25)
    assert ahead.test_time_s == pytest.approx(12.25)
    assert ahead.charge_capacity_ah == pytest.approx(2.25 / 3600)
    assert run.charge_capacity_ah == pytest.approx(2.0 / 3600)


@pytest.mark.parametrize(
    ("step", "expected_s"),
    [
        (Step("a", Control.REST, max_time_s=2.5), 2.5),
        (Step("a", Control.CURRENT, 1.0, max_time_s=90.5), 90.5),
        (Step("a", Control.CURRENT, -2.0, end_capacity_ah=0.1), 180.0),
        (Step("a", Control.CURRENT, 2.0, end_capacity_ah=0.1), 180.0),
        (Step("a", Control.CURRENT, 2.0, end_voltage_v=3.0), 1.0),
        (Step("a", Control.CURRENT, -2.0, end_voltage_v=4.0), 1.0),
    ],
)
def test_limits_of_a_step(step: Step, expected_s: float) -> None:
    run = Run(Schedule("one", (step,)), Cell(CELL, soc=0.5))
    left = run.advance(10_000.0, whole=True)
    assert run.step is None
    assert run.test_time_s == pytest.approx(expected_s)
    assert left == pytest.approx(10_000.0 - expected_s)


def test_held_voltage_on_discharge() -> None:
    step = Step("a", Control.CURRENT_VOLTAGE, -1.0, voltage_v=3.4, end_current_a=0.05)
    run = Run(Schedule("one", (step,)), Cell(CELL, soc=0.3))
    run.advance(100_000.0, whole=True)
    assert run.step is None
    assert run.voltage_v == pytest.approx(3.4, abs=1e-4)
    assert run.charge_capacity_ah == 0.0


def test_a_cell_beyond_the_held_voltage_is_not_driven_back() -> None:
    step = Step("a", Control.CURRENT_VOLTAGE, 1.0, voltage_v=3.4, end_current_a=0.05)
    run = Run(Schedule("one", (step,)), Cell(CELL, soc=0.9))
    assert run.current_a == 0.0
    run.advance(1.0, whole=True)
    assert run.step is None
    assert (run.charge_capacity_ah, run.discharge_capacity_ah) == (0.0, 0.0)


@pytest.mark.parametrize("target", [-1, 4, 2**31 - 1, -(2**31)])
def test_a_jump_to_no_step_ends_the_run(target: int) -> None:
    run = Run(default_schedule("any", 2.0), Cell(CELL))
    run.jump(target)
    assert run.step is None
    assert run.advance(5.0, whole=True) == 5.0
    assert run.test_time_s == 0.0
