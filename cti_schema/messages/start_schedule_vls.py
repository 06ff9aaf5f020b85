"""Start a test on a server with texts of variable length."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import StartResult
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.versions import VARIABLE_LENGTH


@feedback(
    0xBB230014,
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_VLS_FEED",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved bytes too."
    ),
)
class StartScheduleVlsFeedback(Feedback):
    """Outcome of a start on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: StartResult = f.enum(f.u8, StartResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB320014,
    effect=CONTROL,
    answers=f.per_channel("channel_indices"),
    echo={"channel_index": "channel_indices"},
    variant_of=StartSchedule,
    when=VARIABLE_LENGTH,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_VLS",
    notes="The library knows no limit for the test name (300 characters were sent).",
)
class StartScheduleVls(Request[StartScheduleVlsFeedback]):
    """Start a test on a server with texts of variable length."""

    test_name_length = f.length(f.u32, doc="UTF-16 units")
    channel_count = f.count(f.u32)
    test_name: str = f.utf16_counted(test_name_length, doc="name of the test")
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
