"""Read the EQ and cell values of SPTT channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ChannelStatus


class SpttItemType(f.Code):
    """What a record is about."""

    EQ = 0, "EQ record", "EQ"
    CELL = 1, "cell record", "CELL"


@record
class EqOrCell(Record):
    """Values of one EQ or of one cell."""

    global_index: int = f.i32(doc="zero-based EQ or cell, at most 2047")
    voltage_v: float = f.f32(unit="V")
    current_a: float = f.f32(unit="A")
    power_w: float = f.f32(unit="W")
    charge_capacity_ah: float = f.f32(unit="Ah")
    discharge_capacity_ah: float = f.f32(unit="Ah")
    charge_energy_wh: float = f.f32(unit="Wh")
    discharge_energy_wh: float = f.f32(unit="Wh")
    internal_resistance_ohm: float = f.f32(unit="ohm")
    auxiliary_temperature_degc: float = f.f32(unit="degC")
    status: ChannelStatus = f.enum(f.u8, ChannelStatus, doc="what it does")
    item_type: SpttItemType = f.enum(f.u8, SpttItemType, doc="0: an EQ; any other value: a cell")
    parent_index: int = f.u16(doc="of an EQ: its channel; of a cell: its EQ")
    reserved = f.reserved(12)


@feedback(
    0xEEBA0013,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_SPTT_FEED_CODE",
    notes=(
        "A cell must stand behind its EQ. The vendor's client drops the whole feedback when an "
        "index is 2048 or more, and sorts EQs and cells by index."
    ),
)
class GetChannelsInfoSpttFeedback(Feedback):
    """Values of EQs and of their cells."""

    item_count = f.count(f.u32, doc="number of records; the vendor's client takes 2048 at most")
    reserved = f.reserved(32)
    items: list[EqOrCell] = f.array(EqOrCell, item_count)


@request(
    0xEEBA0031,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_SPTT",
    notes="The code lies among those of feedbacks (0xEEBA....).",
)
class GetChannelsInfoSptt(Request[GetChannelsInfoSpttFeedback]):
    """Read the EQ and cell values of SPTT channels."""

    channel_index: int = f.i16(default=-1, doc="zero-based channel; -1: all")
    reserved = f.reserved(32)
