"""Make the test objects of channels anonymous or named."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


class ConvertTestObjectResult(f.ResultCode):
    """Outcome of a conversion."""

    SUCCESS = 0, "success", "CTI_CONVERT_SUCCESS"
    FAILED = 1, "failed", "CTI_CONVERT_FAILED"
    CHANNEL_IS_RUNNING = 2, "channel is running", "CTI_CONVERT_CHANNEL_IS_RUNNING"
    NO_TEST_OBJECT_FILE = 3, "there is no test object file", "CTI_CONVERT_NO_TEST_OBJECT_FILE"


@record
class ChannelResult(Record):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel index")
    result: ConvertTestObjectResult = f.enum(f.u8, ConvertTestObjectResult, doc="outcome")


@feedback(
    0xBB360002,
    vendor="THIRD_PARTY_CMD_CONVERT_TO_ANONYMOUS_OR_NAMED_TESTOBJECT_FEED",
    notes="There is no result for the whole, only one for each channel.",
)
class ConvertTestObjectFeedback(Feedback):
    """Outcome of the conversion, channel by channel."""

    channel_count = f.count(f.i32)
    reason: str = f.utf16(256, doc="explanation")
    reserved = f.reserved(8)
    channel_results: list[ChannelResult] = f.array(ChannelResult, channel_count)


@request(
    0xBB360001,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_CONVERT_TO_ANONYMOUS_OR_NAMED_TESTOBJECT",
    notes="For all channels the count stays as given, but no list follows.",
)
class ConvertTestObject(Request[ConvertTestObjectFeedback]):
    """Make the test objects of channels anonymous or named."""

    channel_count: int = f.i32(doc="number of channels given, also when no list follows")
    to_anonymous: int = f.u8(values={0: "to named", 1: "to anonymous"}, doc="what to make of them")
    for_all_channels: int = f.u8(
        default=0, values={0: "only the given channel(s)", 1: "all channels"}, doc="which channels"
    )
    reserved = f.reserved(7)
    channel_indices: list[int] = f.array(
        f.u16, channel_count, when=(for_all_channels, 0), doc="zero-based channel"
    )
