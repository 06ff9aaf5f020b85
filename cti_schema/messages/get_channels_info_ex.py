"""Read the test object and the chart assigned to channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import GetChannelType


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u16(doc="zero-based channel")
    test_object_name: str = f.utf16(200, doc="file of the test object")
    chart_name: str = f.utf16(200, doc="chart file")
    nominal_capacity_ah: float = f.f32(unit="Ah")
    max_current_charge_a: float = f.f32(unit="A", doc="greatest charge current")
    min_voltage_charge_v: float = f.f32(unit="V", doc="least voltage")
    max_voltage_charge_v: float = f.f32(unit="V", doc="greatest voltage")
    nominal_voltage_v: float = f.f32(unit="V")
    nominal_capacitance_f: float = f.f32(unit="F")
    nominal_internal_resistance_ohm: float = f.f32(unit="ohm")
    specific_capacity: float = f.f32(unit="Ah/g", doc="capacity per mass")
    auto_calculate: int = f.u8(doc="not zero: the capacity is calculated from mass and specific capacity")
    mass: float = f.f32(unit="g", doc="mass")
    reserved = f.reserved(256)


@feedback(0xBB370002, vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_EX_FEED")
class GetChannelsInfoExFeedback(Feedback):
    """Test objects and charts of channels."""

    channel_count = f.count(f.i32, doc="number of channels; the vendor's client takes 2048 at most")
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xBB370001,
    effect=QUERY,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_EX",
    notes=(
        "The library cuts the channel to 16 bits (70000 is sent as 4464), and returns true even "
        "when nothing was sent."
    ),
)
class GetChannelsInfoEx(Request[GetChannelsInfoExFeedback]):
    """Read the test object and the chart assigned to channels."""

    channel_index: int = f.i16(default=-1, doc="zero-based channel; -1: those of channel_selection")
    channel_selection: GetChannelType = f.enum(
        f.i16,
        GetChannelType,
        default=GetChannelType.ALLCHANNEL,
        doc="which channels, where no single one is named",
    )
    reserved = f.reserved(32)
