"""Channel readings of a conversation as rows with the column names of the Battery Data Format.

A row is one channel in one feedback. Numbers are kept as the cycler reports them: charge current is positive.
Step and cycle are taken from the text that the cycler shows, ``[cycle] step: label, type``. What the format
has no name for stands in columns of our own behind its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from cti_client.dump.conversation import Entry, Heard
from cti_client.readings import Reading, readings_of
from cti_client.step_text import step_text
from cti_schema.message import Direction, Record

__all__ = ["COLUMNS", "notation", "rows", "with_readings"]

#: Units of the labels as they stand in the names for machines; source: the format's ontology, version 1.3.0.
_UNITS: Final = {
    "s": "second", "V": "volt", "A": "ampere", "W": "watt", "degC": "celsius", "deg": "degree", "1": "",
}  # fmt: skip


def notation(label: str) -> str:
    """Return a label of the format as its name for machines: ``Voltage / V`` is ``voltage_volt``."""
    name, _, unit = label.partition(" / ")
    return "_".join(filter(None, (*name.lower().split(), _UNITS.get(unit, unit.lower()))))


def _number(name: str) -> Callable[[Heard, Reading], Any]:
    def value(heard: Heard, reading: Reading) -> float | None:
        number: float = getattr(reading, name)
        return None if math.isnan(number) else number

    return value


def _part(name: str) -> Callable[[Heard, Reading], Any]:
    def value(heard: Heard, reading: Reading) -> Any:
        found = step_text(reading.step_and_cycle)
        return None if found is None else getattr(found, name)

    return value


#: Every column: its name, its type, and how a reading fills it. The first ones are those of the format.
COLUMNS: Final[tuple[tuple[str, type, Callable[[Heard, Reading], Any]], ...]] = (
    ("Test Time / s", float, _number("test_time_s")),
    ("Voltage / V", float, _number("voltage_v")),
    ("Current / A", float, _number("current_a")),
    ("Unix Time / s", float, lambda heard, reading: heard.time),
    ("Cycle Count / 1", int, _part("cycle")),
    ("Step ID", int, _part("step")),
    ("Step Type", str, _part("kind")),
    ("Step Time / s", float, _number("step_time_s")),
    ("Power / W", float, _number("power_w")),
    ("Schedule Charging Capacity / Ah", float, _number("charge_capacity_ah")),
    ("Schedule Discharging Capacity / Ah", float, _number("discharge_capacity_ah")),
    ("Schedule Charging Energy / Wh", float, _number("charge_energy_wh")),
    ("Schedule Discharging Energy / Wh", float, _number("discharge_energy_wh")),
    ("DC Internal Resistance / ohm", float, _number("internal_resistance_ohm")),
    ("AC Internal Resistance / ohm", float, _number("acr_ohm")),
    ("Absolute Impedance / ohm", float, _number("aci_ohm")),
    ("Phase / deg", float, _number("aci_phase_deg")),
    ("Temperature T1 / degC", float, _number("temperature_t1_degc")),
    ("Connection", int, lambda heard, reading: heard.link and heard.link.number),
    ("Server", str, lambda heard, reading: heard.link and str(heard.link.server)),
    ("Channel", int, lambda heard, reading: reading.channel),
    ("Status", str, lambda heard, reading: reading.status.label),
    ("Test Name", str, lambda heard, reading: reading.test_name),
    ("Schedule Name", str, lambda heard, reading: reading.schedule_name),
    ("Step Label", str, _part("label")),
    ("Barcode", str, lambda heard, reading: reading.barcode),
)


def rows(entries: Iterable[Entry]) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each channel in each feedback that has readings; ``None`` where there is no value."""
    for entry, readings in with_readings(entries):
        for reading in readings:
            yield tuple(make(entry, reading) for _, _, make in COLUMNS)


def with_readings(entries: Iterable[Entry]) -> Iterator[tuple[Heard, list[Reading]]]:
    """Yield the feedbacks that have readings, each with those that it has."""
    for entry in entries:
        if not isinstance(entry, Heard) or entry.direction is not Direction.FEEDBACK:
            continue
        channels = getattr(entry.decoded.message, "channels", None)
        if not isinstance(channels, list) or not channels or not isinstance(channels[0], Record):
            continue
        if channels[0].spec.field("voltage_v") is None:
            continue
        whole = [one for one in channels if getattr(one, "channel_index", -1) >= 0]
        yield entry, list(readings_of([_Listed(whole)]).values())


@dataclass(frozen=True)
class _Listed:
    """The records of a feedback that say which channel they are about; one that was cut short may not."""

    channels: list[Any]
