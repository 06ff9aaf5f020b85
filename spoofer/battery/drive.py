"""What a step makes flow through a cell: at one moment, and over a time. Knows nothing of a step's end.

A step asks for something; what the cell does with it is a `Drive`: a constant current, a held voltage, a
constant power, or nothing. A CC-CV step is the first and then the second: `drive_of` says which it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from cti_schema.enums import MetaVariableCode
from spoofer.battery.cell import Cell
from spoofer.battery.schedule import Control, Step, Value

#: One of REST, CURRENT, VOLTAGE and POWER, and the number that belongs to it.
Drive = tuple[Control, float]
NOTHING: Final[Drive] = (Control.REST, 0.0)

#: No channel drives more, whatever it is asked for: no number of a client is too large to compute with.
RANGE_A: Final = 1000.0

#: How long one slice may be: exact solutions need no slices, but a limit is looked for in one at a time.
_LONGEST_S: Final = 3600.0
_LONGEST_HELD_S: Final = 120.0
_LONGEST_POWER_S: Final = 10.0

#: How far the state of charge may move in one slice.
_FURTHEST: Final = 0.02
_FURTHEST_HELD: Final = 0.001


def number(value: Value | None, variables: Mapping[int, float]) -> float:
    """Return what a control value is now: a variable that nobody set, and what is no finite number, is 0."""
    if value is None:
        return 0.0
    if isinstance(value, MetaVariableCode):
        value = variables.get(int(value), 0.0)
    return value if isfinite(value) else 0.0


def drive_of(step: Step, variables: Mapping[int, float], cell: Cell) -> tuple[Drive, float]:
    """Return what the step makes of the cell now, and the current in amperes that flows at this moment."""
    control = step.control
    if control is Control.CURRENT:
        value = _bounded(number(step.current_a, variables), RANGE_A)
        return (control, value), value
    if control is Control.CCCV:
        return _current_then_voltage(step, variables, cell)
    if control is Control.VOLTAGE:
        value = number(step.voltage_v, variables)
        most = RANGE_A if step.max_current_a is None else min(step.max_current_a, RANGE_A)
        return _within((control, value), cell.current_at(value), most)
    if control is Control.POWER:
        value = number(step.power_w, variables)
        return _within((control, value), cell.current_of(value), RANGE_A)
    return NOTHING, 0.0


def _current_then_voltage(step: Step, variables: Mapping[int, float], cell: Cell) -> tuple[Drive, float]:
    limit = _bounded(number(step.current_a, variables), RANGE_A)
    voltage = number(step.voltage_v, variables)
    needed = cell.current_at(voltage)
    if (needed > limit) if limit >= 0.0 else (needed < limit):
        return (Control.CURRENT, limit), limit
    # A cell that is beyond the voltage already is left alone, never driven back.
    if (needed < 0.0) if limit >= 0.0 else (needed > 0.0):
        return NOTHING, 0.0
    return (Control.VOLTAGE, voltage), needed


def _within(drive: Drive, needed: float, most: float) -> tuple[Drive, float]:
    if -most <= needed <= most:
        return drive, needed
    limit = _bounded(needed, most)
    return (Control.CURRENT, limit), limit


def _bounded(value: float, most: float) -> float:
    return min(max(value, -most), most)


def changes(drive: Drive, current_a: float, cell: Cell) -> tuple[float, float]:
    """Return how voltage and current change at this moment, in V/s and A/s."""
    control, _ = drive
    inside = cell.rise(current_a)
    resistance = cell.parameters.series_resistance_ohm
    if control is Control.VOLTAGE:
        return 0.0, -inside / resistance
    voltage = cell.voltage(current_a)
    if control is Control.POWER and voltage:
        share = current_a / voltage
        whole = inside / (1.0 + resistance * share) if 1.0 + resistance * share else 0.0
        return whole, -share * whole
    return inside, 0.0


def slice_s(drive: Drive, current_a: float, cell: Cell) -> float:
    """Return the longest time in seconds that `move` may be asked for from here."""
    control, _ = drive
    rate = abs(current_a) / 3600.0 / cell.parameters.capacity_ah
    if control is Control.VOLTAGE:
        return min(_LONGEST_HELD_S, max(0.1, _FURTHEST_HELD / rate)) if rate else _LONGEST_HELD_S
    if control is Control.POWER:
        return min(_LONGEST_POWER_S, max(0.1, _FURTHEST_HELD / rate)) if rate else _LONGEST_POWER_S
    return min(_LONGEST_S, max(1.0, _FURTHEST / rate)) if rate else _LONGEST_S


def move(drive: Drive, cell: Cell, seconds: float) -> tuple[float, float]:
    """Drive the cell for some time, and return the charge and the energy that went in, in Ah and Wh."""
    control, value = drive
    if control is Control.VOLTAGE:
        charge = cell.hold(value, seconds)
        return charge, charge * value
    if control is Control.POWER:
        # The current of the middle of the time stands for all of it.
        middle = cell.copy()
        middle.step(cell.current_of(value), seconds / 2.0)
        value = middle.current_of(value)
    return value * seconds / 3600.0, cell.step(value, seconds)
