"""The fields that a condition may name, and how a reading fills them: the columns that `cti log` writes.

Auxiliary values are fields by group and number, from 1: ``aux_temperature_degc[2]``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cti_client.readings import Reading
from cti_client.record.observe import AUX, Poll
from cti_client.record.tables import READINGS, Kind
from cti_client.step_text import step_text
from cti_schema.enumerations import Code
from cti_schema.enums import ChannelStatus
from cti_schema.errors import ConfigurationError, UnknownNameError

__all__ = ["FIELDS", "Field", "Value", "field_of"]

#: What a field holds: absent is ``None``.
Value = float | str | None

#: Columns that say when a row was made, or hold several values.
_NO_FIELDS: Final = ("slot", "time", "aux_json")

_AUX_NAME: Final = re.compile(r"(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Field:
    """A field.

    Attributes:
        name: as a condition writes it.
        kind: integer, real or text.
        value: returns what a reading has there.
        labels: what the values are called, where they are those of an enumeration.
    """

    name: str
    kind: Kind
    value: Callable[[Poll, Reading], Value]
    labels: tuple[str, ...] = ()


def _number(name: str) -> Callable[[Poll, Reading], Value]:
    def value(poll: Poll, reading: Reading) -> Value:
        return _there(getattr(reading, name))

    return value


def _there(value: float) -> float | None:
    return None if math.isnan(value) else value


def _text(name: str) -> Callable[[Poll, Reading], Value]:
    def value(poll: Poll, reading: Reading) -> Value:
        text: str = getattr(reading, name)
        return text

    return value


def _aux(group: str, place: int) -> Callable[[Poll, Reading], Value]:
    def value(poll: Poll, reading: Reading) -> Value:
        measured: Any = getattr(reading.raw, group, None) or ()
        if place >= len(measured):
            return None
        return _there(float(getattr(measured[place], "value", measured[place])))

    return value


def _step(part: str) -> Callable[[Poll, Reading], Value]:
    def value(poll: Poll, reading: Reading) -> Value:
        found = step_text(reading.step_and_cycle)
        return None if found is None else getattr(found, part)

    return value


#: The columns that are not attributes of a reading under their own name.
_SPECIAL: Final[dict[str, Callable[[Poll, Reading], Value]]] = {
    "serial_number": lambda poll, reading: poll.serial_number,
    "cycler": lambda poll, reading: poll.cycler,
    "channel": lambda poll, reading: reading.channel,
    "latency_s": lambda poll, reading: poll.latency_s,
    "status": lambda poll, reading: reading.status.label,
    "comm_failure": lambda poll, reading: int(reading.comm_failure),
    "cycle_index": _step("cycle"),
    "step_index": _step("step"),
}


def _labels(enumeration: type[Code]) -> tuple[str, ...]:
    return tuple(member.label for member in enumeration)


def _field(name: str, kind: Kind) -> Field:
    plain = _text if kind is Kind.TEXT else _number
    labels = _labels(ChannelStatus) if name == "status" else ()
    return Field(name, kind, _SPECIAL.get(name) or plain(name), labels)


#: The fields by their names, auxiliary values left out.
FIELDS: Final = {
    name: _field(name, kind) for name, kind in READINGS.columns.items() if name not in _NO_FIELDS
}  # fmt: skip

_GROUPS: Final = {name: group for group, name in AUX.items()}


def field_of(name: str) -> Field:
    """Return a field.

    Raises:
        ConfigurationError: there is none of that name; the sentence has the nearest one.
    """
    if name in FIELDS:
        return FIELDS[name]
    if name in _GROUPS:
        raise ConfigurationError(f"{name} are several values: write {name}[1] for the first")
    found = _AUX_NAME.fullmatch(name)
    if found is None or found[1] not in _GROUPS:
        error = UnknownNameError("field", name.partition("[")[0], [*FIELDS, *_GROUPS])
        known = "" if error.nearest else f" (known: {', '.join([*FIELDS, *_GROUPS])})"
        raise ConfigurationError(f"{error}{known}")
    number = int(found[2])
    if number < 1:
        raise ConfigurationError(f"{name}: auxiliary values are counted from 1")
    return Field(name, Kind.REAL, _aux(_GROUPS[found[1]], number - 1))
