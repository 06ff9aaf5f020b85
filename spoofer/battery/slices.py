"""How far a step goes on as it is: one slice of time with one drive, and where it ends. Changes nothing.

A slice is as long as the cell's equations can be solved in one go. It ends early at the moment at which the
step meets a limit, or makes something else of the cell: a CC-CV step when it comes to its voltage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from spoofer.battery.cell import Cell
from spoofer.battery.drive import NOTHING, Drive, drive_of, move, slice_s
from spoofer.battery.schedule import Control, Step

#: How late, in seconds, the end of a step is found at most.
RESOLUTION_S: Final = 1e-5


class Before(NamedTuple):
    """What the step has behind it when a slice begins: time, and what flowed in either direction."""

    seconds: float
    capacity_ah: float
    energy_wh: float


@dataclass(slots=True)
class Slice:
    """A time in which one drive goes on, and what it comes to.

    Attributes:
        seconds: how long.
        drive: what goes on.
        cell: the cell at the end.
        charge_ah, energy_wh: what went in.
        drive_then: what the step makes of the cell at the end.
        current_a, voltage_v: at the end.
    """

    seconds: float
    drive: Drive
    cell: Cell
    charge_ah: float
    energy_wh: float
    drive_then: Drive
    current_a: float
    voltage_v: float


def cut(step: Step, variables: Mapping[int, float], cell: Cell, drive: Drive, seconds: float) -> Slice:
    """Return a slice of a length, no longer than that which `find` returns; the cell stays as it is."""
    cell = cell.copy()
    charge, energy = move(drive, cell, seconds) if seconds > 0.0 else (0.0, 0.0)
    then, current_a = drive_of(step, variables, cell)
    return Slice(seconds, drive, cell, charge, energy, then, current_a, cell.voltage(current_a))


def find(step: Step, variables: Mapping[int, float], cell: Cell, before: Before) -> tuple[Slice, bool]:
    """Return the slice that begins now, and whether the step ends with it."""
    start = cut(step, variables, cell, NOTHING, 0.0)
    if _timed_out(step, start, before) or _met(step, start, before):
        return start, True
    drive = start.drive_then
    length = slice_s(drive, start.current_a, cell)
    if step.max_time_s is not None:
        length = min(length, step.max_time_s - before.seconds)
    found = cut(step, variables, cell, drive, length)
    if found.drive_then != drive or _met(step, found, before):
        early = 0.0
        while found.seconds - early > RESOLUTION_S:
            middle = cut(step, variables, cell, drive, (early + found.seconds) / 2.0)
            if middle.drive_then != drive or _met(step, middle, before):
                found = middle
            else:
                early = middle.seconds
    return found, _timed_out(step, found, before) or _met(step, found, before)


def _timed_out(step: Step, part: Slice, before: Before) -> bool:
    return step.max_time_s is not None and before.seconds + part.seconds >= step.max_time_s - 1e-9


def _met(step: Step, part: Slice, before: Before) -> bool:
    """Return whether a limit of the step other than its time is met at the end of a slice."""
    if step.control is Control.SET_VARIABLES:
        return True
    control, value = part.drive_then
    most = step.max_temperature_degc
    if most is not None and part.cell.temperature_degc >= most:
        return True
    end = step.end_voltage_v
    if end is not None and (
        (value > 0.0 and part.voltage_v >= end) or (value < 0.0 and part.voltage_v <= end)
    ):
        return True
    end = step.end_current_a
    if end is not None and control is not Control.CURRENT and abs(part.current_a) <= end:
        return True
    end = step.end_capacity_ah
    if end is not None and before.capacity_ah + abs(part.charge_ah) >= end:
        return True
    end = step.end_energy_wh
    return end is not None and before.energy_wh + abs(part.energy_wh) >= end
