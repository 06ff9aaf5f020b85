"""What a test does, step by step: plain data, without time and without a cell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Control(StrEnum):
    """What a step holds; the value is the text that the cycler's screen shows."""

    REST = "Rest"
    CURRENT = "Current(A)"
    CURRENT_VOLTAGE = "CCCV"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. It ends as soon as one of its limits is met.

    Attributes:
        label: name of the step.
        control: what is held.
        current_a: the current, positive when it charges.
        voltage_v: with ``CCCV``, the voltage that is held once it is reached.
        max_time_s: ends after that time.
        end_voltage_v: ends at that voltage: above it when charging, below it when discharging.
        end_current_a: ends when the magnitude of the current falls to it.
        end_capacity_ah: ends when that much charge has flowed in the step, in either direction.
    """

    label: str
    control: Control
    current_a: float = 0.0
    voltage_v: float | None = None
    max_time_s: float | None = None
    end_voltage_v: float | None = None
    end_current_a: float | None = None
    end_capacity_ah: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A test to be run.

    Attributes:
        name: as a client assigns it.
        steps: in the order in which they run.
    """

    name: str
    steps: tuple[Step, ...]


def default_schedule(name: str, capacity_ah: float) -> Schedule:
    """Return what runs under a name that no file defines: one full charge and one discharge.

    A short rest, CC-CV charge with C/2 to 4.2 V until C/20, a rest, CC discharge with C/2 to 2.8 V.

    Args:
        name: name of the schedule.
        capacity_ah: nominal capacity of the cell.
    """
    half = capacity_ah / 2
    return Schedule(
        name,
        (
            Step("Rest_A", Control.REST, max_time_s=10.0),
            Step("Charge", Control.CURRENT_VOLTAGE, half, voltage_v=4.2, end_current_a=capacity_ah / 20),
            Step("Rest_B", Control.REST, max_time_s=600.0),
            Step("Discharge", Control.CURRENT, -half, end_voltage_v=2.8),
        ),
    )
