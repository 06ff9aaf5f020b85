"""Read the few values of channels that change most."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelStatus, GetChannelType
from cti_schema.parts import AuxCounts, AuxReadings


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel, at most 2047")
    master_channel: int = f.u16(
        doc="first channel of a parallel group; the channel itself when it is in none"
    )
    step_number: int = f.u16(doc="current step")
    status: ChannelStatus = f.enum(f.i16, ChannelStatus, doc="what the channel does")
    comm_failure: int = f.u8(doc="not zero: the channel cannot be reached")
    test_time_s: float = f.f64(unit="s", doc="time since the test started")
    step_time_s: float = f.f64(unit="s", doc="time since the step started")
    voltage_v: float = f.f32(unit="V", doc="channel voltage")
    current_a: float = f.f32(unit="A", doc="channel current")


@record
class Channel(ChannelHead, AuxCounts, AuxReadings, Record):
    """One channel."""


@feedback(
    0xEEBC0001,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_SIMPLE_MODE_FEED_CODE",
    notes=(
        "The first fields stand in another order than in the full feedback. The vendor's client "
        "does not show the step number, so that only its neighbours confirm its place."
    ),
)
class GetChannelsInfoSimpleFeedback(Feedback):
    """Few values of channels: status, times, voltage, current, auxiliaries."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xEECB0001,
    effect=QUERY,
    versions="MITS Pro7: TYMitsPro7_202203291+; MITS Pro8: TYMitsPro8_202203301+; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_SIMPLE_MODE",
)
class GetChannelsInfoSimple(Request[GetChannelsInfoSimpleFeedback]):
    """Read the few values of channels that change most."""

    channel_index: int = f.i16(default=-1, doc="zero-based channel; -1: those of channel_selection")
    channel_selection: GetChannelType = f.enum(
        f.i16,
        GetChannelType,
        default=GetChannelType.ALLCHANNEL,
        doc="which channels, where no single one is named",
    )
    reserved = f.reserved(36)
