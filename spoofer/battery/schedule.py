"""What a test does, step by step: plain data, without time and without a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from cti_schema.enums import MetaVariableCode
from cti_schema.errors import ScenarioError
from spoofer.tables import Key, KeyPath, check, rejected

#: What a step holds: a number, or the user variable that has it while the step runs.
Value = float | MetaVariableCode

#: The meta variables that a client or a schedule may set: user variables 1-4 and 5-16.
USER_VARIABLES: Final = tuple(MetaVariableCode(code) for code in (*range(52, 56), *range(105, 117)))

#: Cycle, step, label and control are one text of 64 bytes in the fixed channel record.
LABEL_LIMIT: Final = 24


class Control(StrEnum):
    """What a step holds; the value is the text that the cycler's screen shows."""

    REST = "Rest"
    CURRENT = "Current(A)"
    CCCV = "CCCV"
    CURRENT_VOLTAGE = "CCCV"  # the same by its long name
    VOLTAGE = "Voltage(V)"
    POWER = "Power(W)"
    PAUSE = "Pause"
    SET_VARIABLES = "Set Variable(s)"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. It ends as soon as one of its limits is met; without one it goes on until somebody ends it.

    The attributes are the keys of a schedule file too; which control takes which is in `KEYS`.

    Attributes:
        label: name of the step.
        control: what is held.
        current_a: the current, positive when it charges.
        voltage_v: the voltage that is held; with ``CCCV``, once it is reached.
        power_w: the power, positive when it charges.
        max_current_a: with ``VOLTAGE``, no more than that flows in either direction.
        max_time_s: ends after that time.
        max_temperature_degc: ends when the cell is that warm.
        end_voltage_v: ends at that voltage: above it when charging, below it when discharging.
        end_current_a: ends when the magnitude of the current falls to it; with ``CCCV``, once the voltage is
            held.
        end_capacity_ah: ends when that much charge has flowed in the step, in either direction.
        end_energy_wh: ends when that much energy has flowed in the step, in either direction.
        variables: with ``SET_VARIABLES``, user variables and what they are set to.
        advance_cycle: with ``SET_VARIABLES``, begins the next cycle.
        reset_totals: with ``SET_VARIABLES``, sets the four capacities and energies of the test to zero.
        goto: label of the step that follows, where it is not the next one.
        repeat: goes there that many times, and then to the next step; ``None`` for always.

    Raises:
        ScenarioError: a value is missing, does not fit, or means nothing for the control.
    """

    label: str
    control: Control
    current_a: Value | None = None
    voltage_v: Value | None = None
    max_time_s: float | None = None
    end_voltage_v: float | None = None
    end_current_a: float | None = None
    end_capacity_ah: float | None = None
    power_w: Value | None = None
    max_current_a: float | None = None
    max_temperature_degc: float | None = None
    end_energy_wh: float | None = None
    variables: Mapping[MetaVariableCode, float] = field(default_factory=dict)
    advance_cycle: bool = False
    reset_totals: bool = False
    goto: str | None = None
    repeat: int | None = None

    def __post_init__(self) -> None:
        check_step(_table(self), self.control)

    def refers_to(self) -> tuple[MetaVariableCode, ...]:
        """Return the user variables that are read while the step runs."""
        values = (self.current_a, self.voltage_v, self.power_w)
        return tuple(value for value in values if isinstance(value, MetaVariableCode))


_COMMON: Final = (
    Key("label", "text", "name of the step", needed=True),
    Key("control", "text", "what is held", needed=True),
    Key("goto", "text", "label of the step that follows"),
    Key("repeat", "integer", "how many times it goes there", least=1),
)
_CURRENT: Final = Key(
    "current_a", "number", "the current, positive when it charges", "A, or MV_UD1 to MV_UD16", needed=True
)
_VOLTAGE: Final = Key(
    "voltage_v", "number", "the voltage that is held", "V, or MV_UD1 to MV_UD16", needed=True
)
_POWER: Final = Key(
    "power_w", "number", "the power, positive when it charges", "W, or MV_UD1 to MV_UD16", needed=True
)
_LIMITS: Final = (
    Key("max_time_s", "number", "ends after that time", "s", least=0.0),
    Key("max_temperature_degc", "number", "ends when the cell is that warm", "degC"),
)
_FLOWED: Final = (
    Key("end_capacity_ah", "number", "ends when that much charge has flowed", "Ah", least=0.0),
    Key("end_energy_wh", "number", "ends when that much energy has flowed", "Wh", least=0.0),
)
_AT_VOLTAGE: Final = Key("end_voltage_v", "number", "ends at that voltage", "V")
_AT_CURRENT: Final = Key("end_current_a", "number", "ends when the current has fallen to it", "A", least=0.0)
_MOST: Final = Key("max_current_a", "number", "no more flows in either direction", "A", least=0.0)

#: Which keys a step of each control takes.
KEYS: Final[Mapping[Control, tuple[Key, ...]]] = {
    Control.REST: (*_COMMON, *_LIMITS),
    Control.CURRENT: (*_COMMON, _CURRENT, *_LIMITS, _AT_VOLTAGE, *_FLOWED),
    Control.CCCV: (*_COMMON, _CURRENT, _VOLTAGE, *_LIMITS, _AT_CURRENT, *_FLOWED),
    Control.VOLTAGE: (*_COMMON, _VOLTAGE, _MOST, *_LIMITS, _AT_CURRENT, *_FLOWED),
    Control.POWER: (*_COMMON, _POWER, *_LIMITS, _AT_VOLTAGE, _AT_CURRENT, *_FLOWED),
    Control.PAUSE: _COMMON,
    Control.SET_VARIABLES: (
        *_COMMON,
        *(Key(code.name, "number", "what it is set to") for code in USER_VARIABLES),
        Key("advance_cycle", "flag", "begins the next cycle"),
        Key("reset_totals", "flag", "sets the capacities and energies of the test to zero"),
    ),
}


def check_step(table: Mapping[str, Any], control: Control, path: KeyPath = ()) -> None:
    """Check the table of a step; a variable stands for any number.

    Raises:
        ScenarioError: a value is missing, does not fit, or means nothing for the control.
    """
    check(table, KEYS[control], path)
    label: str = table["label"]
    if len(label) > LABEL_LIMIT or not label.isprintable() or any(character > "\xff" for character in label):
        raise ScenarioError(
            (*path, "label"),
            f"{label!r:.60} is no label: at most {LABEL_LIMIT} printable characters of Latin-1 are allowed",
        )


def _table(step: Step) -> dict[str, Any]:
    """Return a step as the table of a schedule file: only what is there."""
    table: dict[str, Any] = {code.name: value for code, value in step.variables.items()}
    for one in fields(step):
        value = getattr(step, one.name)
        if value is not one.default and one.name != "variables":
            table[one.name] = value
    return table


@dataclass(frozen=True, slots=True)
class Schedule:
    """A test to be run.

    Attributes:
        name: as a client assigns it.
        steps: in the order in which they run.

    Raises:
        ScenarioError: a step goes to a label that no step has, or several have.
    """

    name: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        labels = [step.label for step in self.steps]
        for index, step in enumerate(self.steps):
            if step.repeat is not None and step.goto is None:
                raise ScenarioError(("step", index, "repeat"), "there is no goto that could be repeated")
            if step.goto is None or labels.count(step.goto) == 1:
                continue
            path = ("step", index, "goto")
            if step.goto in labels:
                raise ScenarioError(path, f"{step.goto!r} is the label of more than one step")
            raise rejected(path, step.goto, labels, "label")

    def index_of(self, label: str) -> int:
        """Return the zero-based index of the step with a label.

        Raises:
            ValueError: there is none.
        """
        return [step.label for step in self.steps].index(label)


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
            Step("Charge", Control.CCCV, half, voltage_v=4.2, end_current_a=capacity_ah / 20),
            Step("Rest_B", Control.REST, max_time_s=600.0),
            Step("Discharge", Control.CURRENT, -half, end_voltage_v=2.8),
        ),
    )
