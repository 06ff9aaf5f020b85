"""The rows of `cti_client.dump.readings_table` from many frames at once, as Arrow; needs the extra "columns".

The columns and their values are the same. Here a column is filled for all readings of a batch; a text is
looked at once, however many readings have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from cti_client.capture.arrow import ReadingBatches
from cti_client.dump.readings_table import COLUMNS
from cti_client.step_text import step_text
from cti_schema.enums import ChannelStatus

__all__ = ["batches", "rows"]

#: Fields of a reading that are numbers, by column.
_NUMBERS: Final = {
    "Test Time / s": "test_time_s", "Voltage / V": "voltage_v", "Current / A": "current_a",
    "Unix Time / s": "time", "Step Time / s": "step_time_s", "Power / W": "power_w",
    "Schedule Charging Capacity / Ah": "charge_capacity_ah",
    "Schedule Discharging Capacity / Ah": "discharge_capacity_ah",
    "Schedule Charging Energy / Wh": "charge_energy_wh",
    "Schedule Discharging Energy / Wh": "discharge_energy_wh",
    "DC Internal Resistance / ohm": "internal_resistance_ohm", "AC Internal Resistance / ohm": "acr_ohm",
    "Absolute Impedance / ohm": "aci_ohm", "Phase / deg": "aci_phase_deg",
    "Connection": "connection", "Channel": "channel",
}  # fmt: skip
_TEXTS: Final = {"Test Name": "test_name", "Schedule Name": "schedule_name", "Barcode": "barcode"}
#: Parts of the text that the cycler shows, by column.
_PARTS: Final = {"Cycle Count / 1": "cycle", "Step ID": "step", "Step Label": "label", "Step Type": "kind"}
_TYPES: Final = {float: pa.float64(), int: pa.int64(), str: pa.string()}

SCHEMA: Final = pa.schema([(name, _TYPES[kind]) for name, kind, _ in COLUMNS])


def batches(found: ReadingBatches) -> Iterator[pa.RecordBatch]:
    """Yield the readings of a capture under the names of the Battery Data Format."""
    for batch in found:
        yield _table(_in_order(batch), found)


def rows(found: ReadingBatches) -> Iterator[tuple[Any, ...]]:
    """Yield the readings of a capture as `cti_client.dump.readings_table.rows` does."""
    for batch in batches(found):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _in_order(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the readings of each feedback sorted by channel; of two about one channel the later counts."""
    frame, channel = (batch.column(name).to_numpy() for name in ("frame", "channel"))
    order = np.lexsort((channel, frame))
    last = np.ones(len(order), bool)
    same = (np.diff(frame[order]) == 0) & (np.diff(channel[order]) == 0)
    last[:-1] = ~same
    order = order[last]
    return batch if (order == np.arange(batch.num_rows)).all() else batch.take(pa.array(order))


def _table(batch: pa.RecordBatch, found: ReadingBatches) -> pa.RecordBatch:
    made: dict[str, pa.Array] = {}
    for name, field in _NUMBERS.items():
        values = batch.column(field).cast(SCHEMA.field(name).type)
        if pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_nan(values), None, values)
        made[name] = values
    for name, field in _TEXTS.items():
        made[name] = _texts(batch.column(field), lambda text: text).fill_null("")
    for name, part in _PARTS.items():
        made[name] = _texts(batch.column("step_and_cycle"), _part(part), SCHEMA.field(name).type)
    made["Temperature T1 / degC"] = _first_temperature(batch.column("aux_temperature"))
    servers = {number: str(end) for number, end in found.servers.items()}
    made["Server"] = _mapped(batch.column("connection"), lambda number: servers.get(number))
    status = batch.column("status").fill_null(ChannelStatus.IDLE.value)
    made["Status"] = _mapped(status, lambda value: ChannelStatus(value).label)
    return pa.record_batch([made[name] for name in SCHEMA.names], schema=SCHEMA)


def _part(name: str) -> Callable[[str], Any]:
    def part(text: str) -> Any:
        found = step_text(text)
        return None if found is None else getattr(found, name)

    return part


def _texts(column: pa.Array, make: Callable[[str], Any], kind: pa.DataType | None = None) -> pa.Array:
    """Return what a function makes of each text."""
    words = pa.array([make(word) for word in column.dictionary.to_pylist()], kind or pa.string())
    return words.take(column.indices)


def _mapped(column: pa.Array, make: Callable[[Any], str | None]) -> pa.Array:
    """Return what a function makes of each of few distinct numbers."""
    encoded = column.dictionary_encode()
    words = pa.array([make(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return words.take(encoded.indices)


def _first_temperature(column: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    offsets = column.offsets.to_numpy()[:-1]
    places = pa.array(np.where(lengths > 0, offsets, 0), mask=lengths == 0)
    values = column.values.field("value").take(places).cast(pa.float64())
    return pc.if_else(pc.is_nan(values), None, values)
