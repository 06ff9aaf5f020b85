"""A battery cell as an equivalent circuit; pure physics that knows no cycler, no schedule and no clock.

A source whose voltage depends on the state of charge, a series resistance, one RC pair for the slow
part of the voltage, and one lump of heat::

    OCV(soc) --- R0 --- R1 || C1 --- terminals

Charge current is positive. The equations are solved, not stepped through: a constant current exactly, over
any time; a constant voltage exactly but for the curve of the open-circuit voltage, which is a straight line
within one call. So a long time costs no more than a short one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from math import exp, expm1, sqrt
from typing import Final

from cti_schema.errors import ConfigurationError

#: Outside of these states of charge the open-circuit voltage goes on as a straight line.
_LOWEST: Final = -0.05
_HIGHEST: Final = 1.05


@dataclass(frozen=True, slots=True)
class CellParameters:
    """What a cell is made of; the defaults are about those of a 18650 cell.

    Attributes:
        capacity_ah: charge between state of charge 0 and 1.
        series_resistance_ohm: R0.
        pair_resistance_ohm: R1 of the RC pair.
        pair_time_constant_s: R1 times C1.
        heat_capacity_j_per_k: of the whole cell.
        cooling_w_per_k: heat given to the surroundings per degree above ambient.
        ambient_degc: temperature of the surroundings.

    Raises:
        ConfigurationError: one that must be above zero is not, or one is no finite number.
    """

    capacity_ah: float = 2.5
    series_resistance_ohm: float = 0.045
    pair_resistance_ohm: float = 0.035
    pair_time_constant_s: float = 40.0
    heat_capacity_j_per_k: float = 45.0
    cooling_w_per_k: float = 0.1
    ambient_degc: float = 25.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value):
                raise ConfigurationError(f"{field.name}: {value} is no finite number")
            if value <= 0.0 and field.name != "ambient_degc":
                raise ConfigurationError(f"{field.name}: {value} is not above zero")

    def in_parallel(self, cells: int) -> CellParameters:
        """Return what a number of such cells are made of when they are connected in parallel."""
        return replace(
            self,
            capacity_ah=self.capacity_ah * cells,
            series_resistance_ohm=self.series_resistance_ohm / cells,
            pair_resistance_ohm=self.pair_resistance_ohm / cells,
            heat_capacity_j_per_k=self.heat_capacity_j_per_k * cells,
            cooling_w_per_k=self.cooling_w_per_k * cells,
        )


def open_circuit_voltage(soc: float) -> float:
    """Return the open-circuit voltage in volts: 2.9 V when empty, 4.2 V when full, rising all the way."""
    bounded = soc if _LOWEST <= soc <= _HIGHEST else _LOWEST if soc < _LOWEST else _HIGHEST
    voltage = 3.4 + 0.75 * bounded - 0.5 * exp(-18.0 * bounded) + 0.05 * exp(20.0 * (bounded - 1.0))
    if soc != bounded:
        voltage += (soc - bounded) * open_circuit_slope(bounded)
    return voltage


def open_circuit_slope(soc: float) -> float:
    """Return the change of the open-circuit voltage per state of charge, in volts; always above zero."""
    bounded = soc if _LOWEST <= soc <= _HIGHEST else _LOWEST if soc < _LOWEST else _HIGHEST
    return 0.75 + 9.0 * exp(-18.0 * bounded) + exp(20.0 * (bounded - 1.0))


def open_circuit_integral(soc: float) -> float:
    """Return the integral of the open-circuit voltage over the state of charge, in volts.

    Times the capacity in Ah it is the energy in Wh that the source holds; only differences mean something.
    """
    bounded = soc if _LOWEST <= soc <= _HIGHEST else _LOWEST if soc < _LOWEST else _HIGHEST
    integral = (
        3.4 * bounded
        + 0.375 * bounded * bounded
        + 0.5 / 18.0 * exp(-18.0 * bounded)
        + 0.05 / 20.0 * exp(20.0 * (bounded - 1.0))
    )
    if soc != bounded:
        beyond = soc - bounded
        integral += beyond * (open_circuit_voltage(bounded) + 0.5 * beyond * open_circuit_slope(bounded))
    return integral


class Cell:
    """One cell and the state it is in.

    Attributes:
        parameters: what it is made of.
        soc: state of charge, 0 is empty and 1 is full.
        pair_v: voltage over the RC pair.
        temperature_degc: temperature.
        heating_degc_per_s: change of the temperature at the end of the last step.
    """

    __slots__ = ("heating_degc_per_s", "pair_v", "parameters", "soc", "temperature_degc")

    def __init__(self, parameters: CellParameters | None = None, *, soc: float = 0.5) -> None:
        self.parameters = parameters or CellParameters()
        self.soc = soc
        self.pair_v = 0.0
        self.temperature_degc = self.parameters.ambient_degc
        self.heating_degc_per_s = 0.0

    def copy(self) -> Cell:
        """Return a second cell in the same state."""
        twin = Cell.__new__(Cell)
        twin.parameters = self.parameters
        twin.become(self)
        return twin

    def become(self, other: Cell) -> None:
        """Take over the state of another cell."""
        self.soc = other.soc
        self.pair_v = other.pair_v
        self.temperature_degc = other.temperature_degc
        self.heating_degc_per_s = other.heating_degc_per_s

    # --- at one moment -------------------------------------------------------------------------

    def voltage(self, current_a: float) -> float:
        """Return the voltage between the terminals, in volts, while the current flows."""
        return (
            open_circuit_voltage(self.soc) + self.pair_v + current_a * self.parameters.series_resistance_ohm
        )

    def current_at(self, voltage_v: float) -> float:
        """Return the current in amperes that puts the terminals at a voltage."""
        inside = open_circuit_voltage(self.soc) + self.pair_v
        return (voltage_v - inside) / self.parameters.series_resistance_ohm

    def current_of(self, power_w: float) -> float:
        """Return the current in amperes of a power; of the greatest power there is, where it is too much."""
        resistance = self.parameters.series_resistance_ohm
        inside = open_circuit_voltage(self.soc) + self.pair_v
        if inside <= 0.0:
            return 0.0  # nothing is left that could be a power; a cycler would have stopped long before
        square = inside * inside + 4.0 * resistance * power_w
        return 2.0 * power_w / (inside + sqrt(square)) if square > 0.0 else -inside / (2.0 * resistance)

    def rise(self, current_a: float) -> float:
        """Return the change of the voltage inside, in V/s, while the current flows: without that over R0."""
        parameters = self.parameters
        return (
            open_circuit_slope(self.soc) * current_a / 3600.0 / parameters.capacity_ah
            + (parameters.pair_resistance_ohm * current_a - self.pair_v) / parameters.pair_time_constant_s
        )

    # --- over a time ---------------------------------------------------------------------------

    def step(self, current_a: float, seconds: float) -> float:
        """Let a constant current flow for some time, and return the energy that went in, in Wh."""
        parameters = self.parameters
        time_constant = parameters.pair_time_constant_s
        soc = self.soc + current_a * seconds / 3600.0 / parameters.capacity_ah
        settled = current_a * parameters.pair_resistance_ohm
        gone = -expm1(-seconds / time_constant)
        energy = 0.0
        if current_a:
            pair = settled * seconds + (self.pair_v - settled) * time_constant * gone
            series = current_a * parameters.series_resistance_ohm * seconds
            energy = parameters.capacity_ah * (open_circuit_integral(soc) - open_circuit_integral(self.soc))
            energy += current_a * (pair + series) / 3600.0
        self.soc = soc
        self.pair_v += (settled - self.pair_v) * gone
        self._warm(current_a * current_a, seconds)
        return energy

    def hold(self, voltage_v: float, seconds: float) -> float:
        """Hold the terminals at a voltage for some time, and return the charge that went in, in Ah.

        The open-circuit voltage is a straight line meanwhile: good for a small change of the state of charge.
        """
        parameters = self.parameters
        resistance = parameters.series_resistance_ohm
        per_coulomb = 1.0 / 3600.0 / parameters.capacity_ah
        start = self.current_at(voltage_v)
        slope = open_circuit_slope(self.soc + 0.5 * start * seconds * per_coulomb)
        # Two linear equations: I' = -a I + b u and u' = c I - d u, with u the voltage over the pair.
        d = 1.0 / parameters.pair_time_constant_s
        c = parameters.pair_resistance_ohm * d
        b = d / resistance
        a = (slope * per_coulomb + c) / resistance
        root = sqrt((a - d) * (a - d) + 4.0 * b * c)
        fast = -0.5 * (a + d + root)
        slow = slope * per_coulomb * b / fast  # the product of both is the determinant
        # I(t) is slowly * exp(slow t) + quickly * exp(fast t).
        slowly = (b * self.pair_v - a * start - fast * start) / root
        quickly = start - slowly
        slow_gone, fast_gone = expm1(slow * seconds), expm1(fast * seconds)
        coulombs = slowly * slow_gone / slow + quickly * fast_gone / fast
        end_slowly, end_quickly = slowly * (1.0 + slow_gone), quickly * (1.0 + fast_gone)
        self.pair_v = ((slow + a) * end_slowly + (fast + a) * end_quickly) / b
        self.soc += coulombs * per_coulomb
        end = end_slowly + end_quickly
        self._warm((start * start + start * end + end * end) / 3.0, seconds)
        return coulombs / 3600.0

    def _warm(self, square_a2: float, seconds: float) -> None:
        """Let the losses of a mean square of the current warm the cell.

        Taken as if the RC pair had settled, so that a time may be cut anywhere.
        """
        parameters = self.parameters
        cooling = parameters.cooling_w_per_k
        heat = square_a2 * (parameters.series_resistance_ohm + parameters.pair_resistance_ohm)
        final = parameters.ambient_degc + heat / cooling
        rate = cooling / parameters.heat_capacity_j_per_k
        self.temperature_degc = final + (self.temperature_degc - final) * exp(-seconds * rate)
        self.heating_degc_per_s = (final - self.temperature_degc) * rate
