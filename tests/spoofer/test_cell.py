"""The physics of the cell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema.errors import ConfigurationError
from spoofer.battery.cell import (
    Cell,
    CellParameters,
    open_circuit_integral,
    open_circuit_slope,
    open_circuit_voltage,
)


def test_open_circuit_voltage_at_empty_and_full() -> None:
    assert open_circuit_voltage(0.0) == pytest.approx(2.9, abs=1e-6)
    assert open_circuit_voltage(1.0) == pytest.approx(4.2, abs=1e-6)


@given(st.floats(-2, 3), st.floats(1e-6, 0.5))
def test_open_circuit_voltage_rises_everywhere(soc: float, more: float) -> None:
    assert open_circuit_voltage(soc + more) > open_circuit_voltage(soc)


@given(st.floats(-0.5, 1.5))
def test_slope_is_the_derivative(soc: float) -> None:
    step = 1e-6
    slope = (open_circuit_voltage(soc + step) - open_circuit_voltage(soc - step)) / (2 * step)
    assert open_circuit_slope(soc) == pytest.approx(slope, rel=1e-3)


def test_voltage_is_the_sum_of_the_circuit() -> None:
    cell = Cell(CellParameters(series_resistance_ohm=0.05), soc=1.0)
    cell.pair_v = 0.01
    assert cell.voltage(2.0) == pytest.approx(4.2 + 0.01 + 0.1, abs=1e-6)
    assert cell.voltage(-2.0) == pytest.approx(4.2 + 0.01 - 0.1, abs=1e-6)


def test_charge_moves_the_state_of_charge() -> None:
    cell = Cell(CellParameters(capacity_ah=2.0), soc=0.25)
    cell.step(1.0, 3600.0)
    assert cell.soc == pytest.approx(0.75)
    cell.step(-0.5, 3600.0)
    assert cell.soc == pytest.approx(0.5)


def test_the_pair_settles_at_current_times_resistance_and_relaxes() -> None:
    cell = Cell(CellParameters(pair_resistance_ohm=0.02, pair_time_constant_s=10.0))
    cell.step(3.0, 10.0)
    assert cell.pair_v == pytest.approx(0.06 * (1 - math.exp(-1)))
    cell.step(3.0, 1000.0)
    assert cell.pair_v == pytest.approx(0.06)
    cell.step(0.0, 10.0)
    assert cell.pair_v == pytest.approx(0.06 * math.exp(-1))


@given(st.floats(-5, 5), st.lists(st.floats(0.01, 50), min_size=1, max_size=20))
def test_a_step_may_be_cut_anywhere(current: float, parts: list[float]) -> None:
    whole, cut = Cell(soc=0.5), Cell(soc=0.5)
    whole.step(current, sum(parts))
    for part in parts:
        cut.step(current, part)
    assert cut.soc == pytest.approx(whole.soc, abs=1e-12)
    assert cut.pair_v == pytest.approx(whole.pair_v, abs=1e-12)
    assert cut.temperature_degc == pytest.approx(whole.temperature_degc, abs=1e-9)


def test_current_warms_the_cell_to_a_balance() -> None:
    parameters = CellParameters(
        series_resistance_ohm=0.03, pair_resistance_ohm=0.02, cooling_w_per_k=0.1, ambient_degc=20.0
    )
    cell = Cell(parameters, soc=0.0)
    cell.step(2.0, 60.0)
    assert 20.0 < cell.temperature_degc < 22.0
    assert cell.heating_degc_per_s > 0.0
    cell.step(2.0, 1e6)
    assert cell.temperature_degc == pytest.approx(20.0 + 2.0 * 2.0 * 0.05 / 0.1)
    cell.step(0.0, 1e6)
    assert cell.temperature_degc == pytest.approx(20.0)


def simulated(cell: Cell, voltage: float, seconds: float) -> tuple[float, float]:
    """Return charge and final current of a held voltage by many small steps: the plain way, to compare."""
    charge, parts = 0.0, 20_000
    for _ in range(parts):
        current = cell.current_at(voltage)
        cell.step(current, seconds / parts)
        charge += current * seconds / parts / 3600.0
    return charge, cell.current_at(voltage)


@pytest.mark.parametrize("soc", [0.02, 0.5, 0.97])
@pytest.mark.parametrize("pair_v", [-0.04, 0.0, 0.04])
def test_a_held_voltage_is_what_many_small_steps_come_to(soc: float, pair_v: float) -> None:
    held, stepped = Cell(soc=soc), Cell(soc=soc)
    held.pair_v = stepped.pair_v = pair_v
    voltage = held.voltage(0.2)
    charge = held.hold(voltage, 30.0)
    expected_charge, expected_current = simulated(stepped, voltage, 30.0)
    assert charge == pytest.approx(expected_charge, abs=1e-6)
    assert held.current_at(voltage) == pytest.approx(expected_current, abs=1e-4)
    assert held.pair_v == pytest.approx(stepped.pair_v, abs=1e-5)
    assert held.soc == pytest.approx(soc + charge / 2.5, abs=1e-12)
    assert held.temperature_degc == pytest.approx(stepped.temperature_degc, abs=1e-2)


@given(st.floats(0.0, 1.0), st.floats(2.5, 4.3))
def test_the_current_of_a_voltage_makes_that_voltage(soc: float, voltage: float) -> None:
    cell = Cell(soc=soc)
    assert cell.voltage(cell.current_at(voltage)) == pytest.approx(voltage, abs=1e-9)


@given(st.floats(0.0, 1.0), st.floats(-40.0, 400.0))
def test_the_current_of_a_power_makes_that_power(soc: float, power: float) -> None:
    cell = Cell(soc=soc)
    current = cell.current_of(power)
    assert cell.voltage(current) * current == pytest.approx(power, abs=1e-9)
    assert current * power >= 0.0


def test_more_power_than_there_is_gives_the_most_there_is() -> None:
    cell = Cell(soc=0.5)
    most = cell.current_of(-1e9)
    inside = cell.voltage(0.0)
    assert most == pytest.approx(-inside / 2 / 0.045)  # half of the voltage is lost in the cell
    empty = Cell(soc=-1.0)
    assert empty.voltage(0.0) < 0.0
    assert empty.current_of(-1.0) == 0.0


@given(st.floats(-0.2, 1.2), st.floats(-5.0, 5.0), st.floats(0.01, 4000.0))
def test_energy_of_a_step_is_what_is_stored_and_lost(soc: float, current: float, seconds: float) -> None:
    cell = Cell(soc=soc)
    energy, parts = 0.0, 200
    stepped = cell.copy()
    for _ in range(parts):
        before = stepped.voltage(current)
        stepped.step(current, seconds / parts)
        energy += current * (before + stepped.voltage(current)) / 2.0 * seconds / parts / 3600.0
    assert cell.step(current, seconds) == pytest.approx(energy, rel=2e-3, abs=1e-6)


@given(st.floats(-0.3, 1.3))
def test_the_integral_belongs_to_the_voltage(soc: float) -> None:
    step = 1e-5
    derivative = (open_circuit_integral(soc + step) - open_circuit_integral(soc - step)) / (2 * step)
    assert derivative == pytest.approx(open_circuit_voltage(soc), abs=1e-4)


@given(st.floats(0.0, 1.0), st.floats(-5.0, 5.0), st.floats(-0.1, 0.1))
def test_rise_is_the_derivative_of_the_voltage(soc: float, current: float, pair_v: float) -> None:
    cell = Cell(soc=soc)
    cell.pair_v = pair_v
    rise, before = cell.rise(current), cell.voltage(current)
    cell.step(current, 1e-3)
    assert (cell.voltage(current) - before) / 1e-3 == pytest.approx(rise, rel=1e-3, abs=1e-7)


def test_cells_in_parallel_share_the_current() -> None:
    one, three = Cell(CellParameters(), soc=0.4), Cell(CellParameters().in_parallel(3), soc=0.4)
    one.step(1.0, 500.0)
    energy = three.step(3.0, 500.0)
    assert three.voltage(3.0) == pytest.approx(one.voltage(1.0), abs=1e-12)
    assert three.soc == pytest.approx(one.soc)
    assert three.temperature_degc == pytest.approx(one.temperature_degc)
    assert energy == pytest.approx(3 * Cell(soc=0.4).step(1.0, 500.0))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_cell_that_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(ConfigurationError, match=r"^series_resistance_ohm: "):
        CellParameters(series_resistance_ohm=value)
    assert CellParameters(ambient_degc=-20.0).ambient_degc == -20.0


def test_a_copy_does_not_move_with_the_cell() -> None:
    cell = Cell(soc=0.4)
    cell.step(1.0, 30.0)
    twin = cell.copy()
    before = (twin.soc, twin.pair_v, twin.temperature_degc, twin.heating_degc_per_s)
    assert before == (cell.soc, cell.pair_v, cell.temperature_degc, cell.heating_degc_per_s)
    cell.step(1.0, 30.0)
    assert (twin.soc, twin.pair_v, twin.temperature_degc, twin.heating_degc_per_s) == before
