"""Start a test on a server with texts of variable length."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import StartResult


@feedback(
    0xBB230014,
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_VLS_FEED",
    notes="The vendor client reads only channel index and result; the 101 reserved bytes may even be missing. ",
)
class StartScheduleVlsFeedback(Feedback):
    """Outcome of a start on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: StartResult = f.enum(f.u8, StartResult)
    reserved = f.reserved(101)


@request(
    0xBB320014,
    effect=CONTROL,
    answers=f.per_channel("channel_indices"),
    echo={"channel_index": "channel_indices"},
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_VLS",
    notes="Replaces start_schedule for variable-length-string servers; no length limit in the library (300 characters sent).",
)
class StartScheduleVls(Request[StartScheduleVlsFeedback]):
    """Start a test on a server with texts of variable length."""

    test_name_length = f.length(f.u32, doc="UTF-16 units")
    channel_count = f.count(f.u32)
    test_name: str = f.utf16_counted(test_name_length)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
