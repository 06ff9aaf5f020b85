"""Ask for what a resume of channels needs to know."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelCode
from cti_schema.parts import ResumeCounters, UserVariables


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32()
    channel_code: ChannelCode = f.enum(
        f.u32,
        ChannelCode,
        doc="0 = data valid; 34 test-name query failed, 35 test name empty, 36 resume table not available",
    )
    step_count = f.count(f.u32)
    test_name: str = f.utf16(72)
    schedule_name: str = f.utf16(200)
    creator: str = f.utf16(64)
    comment: str = f.utf16(64)
    start_time: str = f.utf16(64)


@record
class Channel(ChannelHead, ResumeCounters, UserVariables, Record):
    """One channel."""

    steps: list[str] = f.array(
        f.prefixed_text(f.u32, exact=False, limit=512), ChannelHead.step_count, doc="step labels"
    )


@feedback(
    0xCD310003,
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_FEED_CODE",
    notes="Step labels as in get_start_data_feedback. mv_counter1..4 appear as TC_Counter1..4 in the vendor object.",
)
class GetResumeDataFeedback(Feedback):
    """Test, counters and step labels that channels can resume with."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xCD130003,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_CODE",
)
class GetResumeData(Request[GetResumeDataFeedback]):
    """Ask for what a resume of channels needs to know."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
