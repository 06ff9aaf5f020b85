"""Read channels from a server with texts of variable length."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelStatus, GetChannelType, NeedType
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.parts import AuxCounts, AuxReadings, BusCounts, BusReadings, MeasuredValues
from cti_schema.versions import VARIABLE_LENGTH


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel, at most 2047")
    status: ChannelStatus = f.enum(f.i16, ChannelStatus, doc="what the channel does")
    comm_failure: int = f.u8(doc="not zero: the channel cannot be reached")
    master_channel: int = f.u16(
        doc="first channel of a parallel group; the channel itself when it is in none"
    )


@part
class TextLengths(Part):
    """Lengths of the texts that follow."""

    schedule_name_length = f.length(f.u16, doc="UTF-16 code units")
    test_name_length = f.length(f.u16, doc="UTF-16 code units")
    exit_condition_length = f.length(f.u16, doc="0: no text; else its NUL tells where it ends")
    step_and_cycle_length = f.length(f.u16, doc="0: no text; else its NUL tells where it ends")
    barcode_length = f.length(f.u16, doc="UTF-16 code units")
    can_config_name_length = f.length(f.u16, doc="UTF-16 code units")
    smb_config_name_length = f.length(f.u16, doc="UTF-16 code units")


@part
class Texts(Part):
    """The texts, in the order of their lengths."""

    reserved = f.reserved(40)
    schedule_name: str = f.utf16_counted(TextLengths.schedule_name_length, doc="schedule file")
    test_name: str = f.utf16_counted(TextLengths.test_name_length, doc="name of the test")
    exit_condition: str = f.latin1_z(
        1024, present_if=TextLengths.exit_condition_length, doc="why the test or the step ended"
    )
    step_and_cycle: str = f.latin1_z(
        1024, present_if=TextLengths.step_and_cycle_length, doc="cycle, step, label and control, as a text"
    )
    barcode: str = f.utf16_counted(TextLengths.barcode_length, doc="barcode of the item")
    can_config_name: str = f.utf16_counted(TextLengths.can_config_name_length, doc="CAN BMS configuration")
    smb_config_name: str = f.utf16_counted(TextLengths.smb_config_name_length, doc="SMB configuration")


@record
class Channel(
    ChannelHead, MeasuredValues, TextLengths, AuxCounts, BusCounts, Texts, AuxReadings, BusReadings, Record
):
    """One channel."""


@feedback(
    0xEEBA0004,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_VLS_FEED_CODE",
    notes=(
        "The UTF-16 texts have no NUL. The single-byte ones end with a NUL, whatever their length "
        "says, and have at most 1024 bytes; a length of zero leaves text and NUL out. Whether a "
        "real server counts the NUL is not known."
    ),
)
class GetChannelsInfoVlsFeedback(Feedback):
    """State and measured values of channels, with texts of variable length."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xEEAB0004,
    effect=QUERY,
    answers=f.all_channels,
    variant_of=GetChannelsInfo,
    when=VARIABLE_LENGTH,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_VLS",
    notes="In no document.",
)
class GetChannelsInfoVls(Request[GetChannelsInfoVlsFeedback]):
    """Read channels from a server with texts of variable length."""

    channel_index: int = f.i16(default=-1, doc="zero-based channel; -1: those of channel_selection")
    channel_selection: GetChannelType = f.enum(
        f.i16,
        GetChannelType,
        default=GetChannelType.ALLCHANNEL,
        doc="which channels, where no single one is named",
    )
    aux_options: NeedType = f.flags(f.u32, NeedType, default=NeedType(0), doc="what to add to the values")
    reserved = f.reserved(32)
