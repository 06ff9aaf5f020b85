"""A battery cell as an equivalent circuit; pure physics that knows no cycler, no schedule and no clock.

A source whose voltage depends on the state of charge, a series resistance, one RC pair for the slow
part of the voltage, and one lump of heat::

    OCV(soc) --- R0 --- R1 || C1 --- terminals

Charge current is positive. Within a time step the current is constant; the circuit's own equations
are solved exactly over the step, so that a long step is as good as many short ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp
from typing import Final

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
    """

    capacity_ah: float = 2.5
    series_resistance_ohm: float = 0.045
    pair_resistance_ohm: float = 0.035
    pair_time_constant_s: float = 40.0
    heat_capacity_j_per_k: float = 45.0
    cooling_w_per_k: float = 0.1
    ambient_degc: float = 25.0


@lru_cache(maxsize=1024)
def _decay(time_constants: float) -> float:
    """Return what is left after a number of time constants; most steps have one of a few lengths."""
    return exp(-time_constants)


def open_circuit_voltage(soc: float) -> float:
    """Return the open-circuit voltage in volts: 2.9 V when empty, 4.2 V when full, rising all the way."""
    bounded = min(max(soc, _LOWEST), _HIGHEST)
    voltage = 3.4 + 0.75 * bounded - 0.5 * exp(-18.0 * bounded) + 0.05 * exp(20.0 * (bounded - 1.0))
    if soc != bounded:
        voltage += (soc - bounded) * open_circuit_slope(bounded)
    return voltage


def open_circuit_slope(soc: float) -> float:
    """Return the change of the open-circuit voltage per state of charge, in volts; always above zero."""
    bounded = min(max(soc, _LOWEST), _HIGHEST)
    return 0.75 + 9.0 * exp(-18.0 * bounded) + exp(20.0 * (bounded - 1.0))


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
        twin = Cell(self.parameters, soc=self.soc)
        twin.pair_v = self.pair_v
        twin.temperature_degc = self.temperature_degc
        twin.heating_degc_per_s = self.heating_degc_per_s
        return twin

    def voltage(self, current_a: float) -> float:
        """Return the voltage between the terminals, in volts, while the current flows."""
        return (
            open_circuit_voltage(self.soc) + self.pair_v + current_a * self.parameters.series_resistance_ohm
        )

    def voltage_after(self, current_a: float, seconds: float) -> float:
        """Return the voltage at the end of a step, in volts, without making it."""
        parameters = self.parameters
        left = _decay(seconds / parameters.pair_time_constant_s)
        pair_v = self.pair_v * left + current_a * parameters.pair_resistance_ohm * (1.0 - left)
        soc = self.soc + current_a * seconds / 3600.0 / parameters.capacity_ah
        return open_circuit_voltage(soc) + pair_v + current_a * parameters.series_resistance_ohm

    def step(self, current_a: float, seconds: float) -> None:
        """Let a constant current flow for some time."""
        parameters = self.parameters
        # Taken as if the RC pair had settled: constant over the step, so that it may be cut anywhere.
        heat = current_a * current_a * (parameters.series_resistance_ohm + parameters.pair_resistance_ohm)
        self.soc += current_a * seconds / 3600.0 / parameters.capacity_ah
        left = _decay(seconds / parameters.pair_time_constant_s)
        self.pair_v = self.pair_v * left + current_a * parameters.pair_resistance_ohm * (1.0 - left)
        cooling = parameters.cooling_w_per_k
        final = parameters.ambient_degc + heat / cooling
        left = _decay(seconds * cooling / parameters.heat_capacity_j_per_k)
        self.temperature_degc = final + (self.temperature_degc - final) * left
        self.heating_degc_per_s = (final - self.temperature_degc) * cooling / parameters.heat_capacity_j_per_k

    def current_for(self, voltage_v: float, seconds: float) -> float:
        """Return the constant current in amperes that ends a step of that length at a voltage.

        Looking at the end of the step keeps a constant voltage from swinging, however long the step.
        """
        parameters = self.parameters
        left = _decay(seconds / parameters.pair_time_constant_s)
        resistance = parameters.series_resistance_ohm + parameters.pair_resistance_ohm * (1.0 - left)
        per_ampere = seconds / 3600.0 / parameters.capacity_ah
        start = open_circuit_voltage(self.soc)
        missing = voltage_v - start - self.pair_v * left
        current = missing / (resistance + per_ampere * open_circuit_slope(self.soc))
        for _ in range(2):  # the open-circuit voltage is no straight line: use its slope over the step
            rise = open_circuit_voltage(self.soc + current * per_ampere) - start
            if not current or not rise:
                break
            current = missing / (resistance + rise / current)
        return current
