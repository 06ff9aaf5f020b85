"""Read the EQ and cell values of SPTT channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ChannelStatus


class SpttItemType(f.Code):
    """Sptt item type."""

    EQ = 0, "EQ record", "EQ"
    CELL = 1, "cell record", "CELL"


@record
class Item(Record):
    """One entry."""

    global_index: int = f.i32(doc="EQ or cell index; >= 2048 drops the feedback")
    voltage_v: float = f.f32(unit="V")
    current_a: float = f.f32(unit="A")
    power_w: float = f.f32(unit="W")
    charge_capacity_ah: float = f.f32(unit="Ah")
    discharge_capacity_ah: float = f.f32(unit="Ah")
    charge_energy_wh: float = f.f32(unit="Wh")
    discharge_energy_wh: float = f.f32(unit="Wh")
    internal_resistance_ohm: float = f.f32(unit="ohm")
    auxiliary_temperature_degc: float = f.f32(unit="degC")
    status: ChannelStatus = f.enum(f.u8, ChannelStatus)
    item_type: SpttItemType = f.enum(f.u8, SpttItemType, doc="0 EQ, otherwise cell")
    parent_index: int = f.u16(doc="for an EQ: its IV channel; for a cell: the global index of its EQ")
    reserved = f.reserved(12)


@feedback(
    0xEEBA0013,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_SPTT_FEED_CODE",
    notes="Confirmed through the decoded command object; the LabView control class has no event for it. A cell must come after its EQ. Index >= 2048 discards the whole feedback. EQs and cells are sorted by index in the vendor object.",
)
class GetChannelsInfoSpttFeedback(Feedback):
    """Values of EQs and of their cells."""

    item_count = f.count(f.u32, doc="records; capped at 2048 by the vendor client")
    reserved = f.reserved(32)
    items: list[Item] = f.array(Item, item_count)


@request(
    0xEEBA0031,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_SPTT",
    notes="The request code lies in the range the other messages use for feedbacks (0xEEBA....).",
)
class GetChannelsInfoSptt(Request[GetChannelsInfoSpttFeedback]):
    """Read the EQ and cell values of SPTT channels."""

    channel_index: int = f.i16(default=-1, doc="-1 for all, or a zero-based index")
    reserved = f.reserved(32)
