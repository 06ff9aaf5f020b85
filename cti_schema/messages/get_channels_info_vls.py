"""Read channels from a server with texts of variable length."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelStatus, GetChannelType, NeedType
from cti_schema.parts import AuxCounts, AuxReadings, BusCounts, BusReadings, MeasuredValues


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel index; >= 2048 drops the whole feedback")
    status: ChannelStatus = f.enum(f.i16, ChannelStatus, doc="channel status")
    comm_failure: int = f.u8(doc="non-zero: no connection to the channel controller")
    master_channel: int = f.u16(
        doc="master channel of a parallel group; the channel itself when not paralleled"
    )


@part
class TextLengths(Part):
    """Lengths of the texts that follow."""

    schedule_name_length = f.length(f.u16, doc="UTF-16 code units")
    test_name_length = f.length(f.u16, doc="UTF-16 code units")
    exit_condition_length = f.length(
        f.u16, doc="non-zero = string present; the vendor client finds its end by the NUL, not by this number"
    )
    step_and_cycle_length = f.length(
        f.u16, doc="non-zero = string present; the vendor client finds its end by the NUL, not by this number"
    )
    barcode_length = f.length(f.u16, doc="UTF-16 code units")
    can_config_name_length = f.length(f.u16, doc="UTF-16 code units")
    smb_config_name_length = f.length(f.u16, doc="UTF-16 code units")


@part
class Texts(Part):
    """The texts, in the order of their lengths."""

    reserved = f.reserved(40)
    schedule_name: str = f.utf16_counted(TextLengths.schedule_name_length)
    test_name: str = f.utf16_counted(TextLengths.test_name_length)
    exit_condition: str = f.latin1_z(1024, present_if=TextLengths.exit_condition_length)
    step_and_cycle: str = f.latin1_z(1024, present_if=TextLengths.step_and_cycle_length)
    barcode: str = f.utf16_counted(TextLengths.barcode_length)
    can_config_name: str = f.utf16_counted(TextLengths.can_config_name_length)
    smb_config_name: str = f.utf16_counted(TextLengths.smb_config_name_length)


@record
class Channel(
    ChannelHead, MeasuredValues, TextLengths, AuxCounts, BusCounts, Texts, AuxReadings, BusReadings, Record
):
    """One channel."""


@feedback(
    0xEEBA0004,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_VLS_FEED_CODE",
    notes="Same event and object as the fixed-size form. Texts follow the record in the order of the length fields, then auxiliaries, BMS, SMB. UTF-16 texts are counted (no terminator). exit_condition and step_and_cycle are 1-byte texts that MUST be NUL-terminated (NUL also present in the stream, not announced otherwise) and are at most 1024 bytes; their length field only has to be non-zero. Zero length leaves null and consumes nothing. Whether the length includes the NUL on a real server is unknown.",
)
class GetChannelsInfoVlsFeedback(Feedback):
    """State and measured values of channels, with texts of variable length."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xEEAB0004,
    effect=QUERY,
    answers=f.all_channels,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_VLS",
    notes="Same body as get_channels_info, sent instead of it when the server version is a variable-length-string one (see framing.md). Not in any document.",
)
class GetChannelsInfoVls(Request[GetChannelsInfoVlsFeedback]):
    """Read channels from a server with texts of variable length."""

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
