"""Make the test objects of channels anonymous or named."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


@record
class ChannelResult(Record):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel index")
    result: int = f.u8()


@feedback(
    0xBB360002,
    vendor="THIRD_PARTY_CMD_CONVERT_TO_ANONYMOUS_OR_NAMED_TESTOBJECT_FEED",
    notes="There is no overall result on the wire; results are per channel.",
)
class ConvertTestObjectFeedback(Feedback):
    """Outcome of the conversion, channel by channel."""

    channel_count = f.count(f.i32)
    reason: str = f.utf16(256)
    reserved = f.reserved(8)
    channel_results: list[ChannelResult] = f.array(ChannelResult, channel_count)


@request(
    0xBB360001,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_CONVERT_TO_ANONYMOUS_OR_NAMED_TESTOBJECT",
    notes="With for_all_channels = 1 the count stays non-zero but NO list follows: read the list only when the flag is 0.",
)
class ConvertTestObject(Request[ConvertTestObjectFeedback]):
    """Make the test objects of channels anonymous or named."""

    channel_count: int = f.i32(doc="number of channels given, also when no list follows")
    to_anonymous: int = f.u8(values={0: "to named", 1: "to anonymous"})
    for_all_channels: int = f.u8(default=0, values={0: "only the given channel(s)", 1: "all channels"})
    reserved = f.reserved(7)
    channel_indices: list[int] = f.array(
        f.u16, channel_count, when=(for_all_channels, 0), doc="zero-based channel"
    )
