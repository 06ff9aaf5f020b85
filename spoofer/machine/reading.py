"""What a channel shows at one moment: plain values, without the channel."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from cti_schema.enums import ChannelStatus


@dataclass(slots=True)
class Reading:
    """What a channel shows at one moment. The names are those of the messages' fields.

    Attributes:
        master_channel: first channel of its group; the channel itself when it is in none.
        status: what the channel does.
        comm_failure: 1 when the channel's controller cannot be reached.
        step_number: one-based step; 0 when there is no test.
        temperature_degc: of the cell.
        temperature_degc_per_s: its change.
    """

    channel_index: int
    master_channel: int
    status: ChannelStatus
    comm_failure: int
    schedule_name: str
    test_name: str
    exit_condition: str
    step_and_cycle: str
    barcode: str
    step_number: int
    voltage_v: float
    current_a: float
    power_w: float
    internal_resistance_ohm: float
    temperature_degc: float
    temperature_degc_per_s: float
    test_time_s: float = 0.0
    step_time_s: float = 0.0
    charge_capacity_ah: float = 0.0
    discharge_capacity_ah: float = 0.0
    charge_energy_wh: float = 0.0
    discharge_energy_wh: float = 0.0
    dv_dt_v_per_s: float = 0.0
    di_dt_a_per_s: float = 0.0
    cycle: int = 0
    can_config_name: str = ""
    smb_config_name: str = ""


#: Fields of a reading that are numbers with a unit.
NUMBERS: Final = tuple(one.name for one in fields(Reading) if one.type == "float")

#: What the channels of a group share: each carries a part of it, and the master shows the whole.
SHARED: Final = (
    "current_a",
    "power_w",
    "charge_capacity_ah",
    "discharge_capacity_ah",
    "charge_energy_wh",
    "discharge_energy_wh",
    "di_dt_a_per_s",
)
