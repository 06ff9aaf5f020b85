"""The physics of the cell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoofer.cell import Cell, CellParameters, open_circuit_slope, open_circuit_voltage


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


@given(st.floats(0.0, 0.99), st.floats(2.9, 4.3), st.floats(0.1, 30.0))
def test_current_for_reaches_the_voltage_at_the_end_of_the_step(
    soc: float, voltage: float, seconds: float
) -> None:
    cell = Cell(soc=soc)
    current = cell.current_for(voltage, seconds)
    if abs(current) > 5.0:
        return  # no cycler would drive that; the linearisation is meant for small steps
    cell.step(current, seconds)
    assert cell.voltage(current) == pytest.approx(voltage, abs=2e-3)


@given(st.floats(0.0, 1.0), st.floats(-5.0, 5.0), st.floats(0.01, 1000.0))
def test_voltage_after_is_the_voltage_of_the_step_that_is_not_made(
    soc: float, current: float, seconds: float
) -> None:
    cell = Cell(soc=soc)
    foretold = cell.voltage_after(current, seconds)
    assert (cell.soc, cell.pair_v) == (soc, 0.0)
    cell.step(current, seconds)
    assert cell.voltage(current) == pytest.approx(foretold, abs=1e-9)


def test_a_copy_does_not_move_with_the_cell() -> None:
    cell = Cell(soc=0.4)
    cell.step(1.0, 30.0)
    twin = cell.copy()
    before = (twin.soc, twin.pair_v, twin.temperature_degc, twin.heating_degc_per_s)
    assert before == (cell.soc, cell.pair_v, cell.temperature_degc, cell.heating_degc_per_s)
    cell.step(1.0, 30.0)
    assert (twin.soc, twin.pair_v, twin.temperature_degc, twin.heating_degc_per_s) == before
