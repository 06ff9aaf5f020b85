"""Read the state and the measured values of one channel or of many."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelStatus, GetChannelType, NeedType
from cti_schema.parts import AuxCounts, AuxReadings, BusCounts, BusReadings, MeasuredValues


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(
        doc="zero-based channel index; >= 2048 makes the vendor client drop the whole feedback"
    )
    status: ChannelStatus = f.enum(f.i16, ChannelStatus, doc="channel status")
    comm_failure: int = f.u8(doc="non-zero: no connection to the channel controller")
    schedule_name: str = f.utf16(200, doc="schedule file name")
    test_name: str = f.utf16(72, doc="test name")
    exit_condition: str = f.latin1(100, doc="stop/exit condition text")
    step_and_cycle: str = f.latin1(64, doc="text such as [cycle] step: label, control")
    barcode: str = f.utf16(72, doc="item barcode")
    can_config_name: str = f.utf16(200, doc="CAN/BMS configuration name")
    smb_config_name: str = f.utf16(200, doc="SMB configuration name")
    master_channel: int = f.u16(
        doc="master channel of a parallel group; the channel itself when not paralleled"
    )


@record
class Channel(ChannelHead, MeasuredValues, AuxCounts, BusCounts, AuxReadings, BusReadings, Record):
    """One channel."""


@feedback(
    0xEEBA0003,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_FEED_CODE",
    notes="Wire order of the tail per channel: 12 auxiliary groups in the order of the counts, then BMS, then SMB. The vendor object stores the groups at other indices (vendor_object_path). v1.1 omits the unit texts of BMS/SMB and the SMB value; v4.5 and library have them. Any channel index >= 2048 discards the whole feedback, and counts >= 2048 are capped. v1.1: with all channels requested one feedback per channel; the count field allows several records as well. A null list (CAN, SMB) is left when its count is 0; Auxs always has 12 lists.",
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
    notes="Sent when the server version is one of the fixed-length ones. PostGetAllChannels() is channel_index -1, selection 1, options 0x700. channel_selection is not described in v1.1.",
)
class GetChannelsInfo(Request[GetChannelsInfoFeedback]):
    """Read the state and the measured values of one channel or of many."""

    channel_index: int = f.i16(
        default=-1,
        values={-1: "use channel_selection"},
        doc="zero-based global IV channel index, or -1 for no single channel",
    )
    channel_selection: GetChannelType = f.enum(
        f.i16, GetChannelType, default=GetChannelType.ALLCHANNEL, doc="which channels"
    )
    aux_options: NeedType = f.flags(f.u32, NeedType, default=NeedType(0), doc="bit set of extra data")
    reserved = f.reserved(32)
