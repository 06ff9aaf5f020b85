"""Read the state and the measured values of one channel or of many."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelStatus, GetChannelType, NeedType
from cti_schema.parts import AuxCounts, AuxReadings, BusCounts, BusReadings, MeasuredValues


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel, at most 2047")
    status: ChannelStatus = f.enum(f.i16, ChannelStatus, doc="what the channel does")
    comm_failure: int = f.u8(doc="not zero: the channel cannot be reached")
    schedule_name: str = f.utf16(200, doc="schedule file name")
    test_name: str = f.utf16(72, doc="name of the test")
    exit_condition: str = f.latin1(100, doc="why the test or the step ended")
    step_and_cycle: str = f.latin1(64, doc="cycle, step, label and control, as a text")
    barcode: str = f.utf16(72, doc="barcode of the item")
    can_config_name: str = f.utf16(200, doc="CAN BMS configuration")
    smb_config_name: str = f.utf16(200, doc="SMB configuration")
    master_channel: int = f.u16(
        doc="first channel of a parallel group; the channel itself when it is in none"
    )


@record
class Channel(ChannelHead, MeasuredValues, AuxCounts, BusCounts, AuxReadings, BusReadings, Record):
    """One channel."""


@feedback(
    0xEEBA0003,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_FEED_CODE",
    notes=(
        "The vendor's client drops the whole feedback when one channel index is 2048 or more, and "
        "takes 2048 for any count beyond. v1.1 has one feedback per channel when all are asked "
        "for, and leaves out the unit texts of BMS and SMB and the SMB's value; v4.5 and the "
        "library have them."
    ),
)
class GetChannelsInfoFeedback(Feedback):
    """State and measured values of channels."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xEEAB0003,
    effect=QUERY,
    answers=f.all_channels,
    port=9031,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO",
    notes=(
        "PostGetAllChannels() of the library is channel -1, selection 1, options 0x700. v1.1 does "
        "not describe the selection; v4.5 does."
    ),
)
class GetChannelsInfo(Request[GetChannelsInfoFeedback]):
    """Read the state and the measured values of one channel or of many."""

    channel_index: int = f.i16(default=-1, doc="zero-based channel; -1: those of channel_selection")
    channel_selection: GetChannelType = f.enum(
        f.i16,
        GetChannelType,
        default=GetChannelType.ALLCHANNEL,
        doc="which channels, where no single one is named",
    )
    aux_options: NeedType = f.flags(f.u32, NeedType, default=NeedType(0), doc="what to add to the values")
    reserved = f.reserved(32)
