"""Counters and user variables of a test as messages carry them: in fields, or as lists of codes and values.

Both forms are joined here to one: values by the code of the meta variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cti_schema.enums import MetaVariableCode
from cti_schema.message import Record
from cti_schema.parts import DwordValue, QwordValue
from spoofer.battery.schedule import USER_VARIABLES
from spoofer.machine.channel import Channel, Reading

_M = MetaVariableCode


def _named(name: str) -> MetaVariableCode:
    return MetaVariableCode[name]


#: The code that each field of a counter or a user variable stands for.
FIELDS: Final[Mapping[str, int]] = {
    "cycle": _M.PV_CYCLE_INDEX,
    "test_time_s": _M.PV_TEST_TIME,
    "step_time_s": _M.PV_STEP_TIME,
    "charge_capacity_ah": _M.PV_CHARGE_CAPACITY,
    "discharge_capacity_ah": _M.PV_DISCHARGE_CAPACITY,
    "charge_energy_wh": _M.PV_CHARGE_ENERGY,
    "discharge_energy_wh": _M.PV_DISCHARGE_ENERGY,
    "charge_capacity_time_s": _M.PV_CHARGE_CAPACITY_TIME,
    "discharge_capacity_time_s": _M.PV_DISCHARGE_CAPACITY_TIME,
    **{f"tc_time{number}_s": _named(f"TC_TIMER{number}") for number in range(1, 5)},
    **{f"mv_counter{number}": _named(f"TC_COUNTER{number}") for number in range(1, 5)},
    **{
        f"tc_{way}_{what}{number}_{unit}": _named(f"TC_{way}_{what}{number}".upper())
        for way in ("charge", "discharge")
        for what, unit in (("capacity", "ah"), ("energy", "wh"))
        for number in (1, 2)
    },
    **{f"mv_ud{number}": code for number, code in enumerate(USER_VARIABLES, start=1)},
}

#: What the lists of codes hold, as the vendor's library sends them: four bytes each, and eight.
DWORDS: Final = (
    *USER_VARIABLES,
    *(_named(f"TC_COUNTER{number}") for number in range(1, 9)),
)
QWORDS: Final = tuple(code for code in FIELDS.values() if code not in (*DWORDS, _M.PV_CYCLE_INDEX))


def values_of(record: Record) -> dict[int, float]:
    """Return the counters and variables that a record has as fields, by code."""
    return {FIELDS[kind.name]: value for kind, value in record.present() if kind.name in FIELDS}


def values_in(dwords: Sequence[DwordValue], qwords: Sequence[QwordValue]) -> dict[int, float]:
    """Return the counters and variables of two lists, by code."""
    values: dict[int, float] = {int(one.meta_variable_code): one.value for one in dwords}
    return values | {int(one.meta_variable_code): one.value for one in qwords}


def step_of(dwords: Sequence[DwordValue]) -> int | None:
    """Return the zero-based step that a list names, or ``None``.

    The vendor's library writes the step of its other form, which is an index, under this code.
    """
    steps = [one.value for one in dwords if one.meta_variable_code == _M.PV_STEP_INDEX]
    return int(steps[-1]) if steps else None


def values_shown(channel: Channel, reading: Reading) -> dict[int, float]:
    """Return the counters and variables of a channel's test, by code; those that nobody set are 0."""
    stored = {**channel.counters, **channel.variables}
    return {
        code: getattr(reading, name) if hasattr(reading, name) else stored.get(code, 0.0)
        for name, code in FIELDS.items()
    } | {code: stored.get(code, 0.0) for code in DWORDS}


def as_fields(values: Mapping[int, float]) -> dict[str, float]:
    """Return values under the names of their fields."""
    return {name: values[code] for name, code in FIELDS.items()}


def as_lists(values: Mapping[int, float], step_index: int) -> dict[str, list[DwordValue] | list[QwordValue]]:
    """Return values as the two lists, with the cycle and a zero-based step in front."""
    cycle = DwordValue(meta_variable_code=_M.PV_CYCLE_INDEX, value=int(values[_M.PV_CYCLE_INDEX]))
    step = DwordValue(meta_variable_code=_M.PV_STEP_INDEX, value=step_index)
    four = [DwordValue(meta_variable_code=_M(code), value=values[code]) for code in DWORDS]
    eight = [QwordValue(meta_variable_code=_M(code), value=values[code]) for code in QWORDS]
    return {"dword_values": [cycle, step, *four], "qword_values": eight}
