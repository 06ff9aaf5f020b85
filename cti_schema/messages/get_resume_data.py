"""Ask for what a resume of channels needs to know."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelCode
from cti_schema.parts import ResumeCounters, UserVariables


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    channel_code: ChannelCode = f.enum(f.u32, ChannelCode, doc="whether the data are there")
    step_count = f.count(f.u32)
    test_name: str = f.utf16(72, doc="name of the test")
    schedule_name: str = f.utf16(200, doc="schedule file")
    creator: str = f.utf16(64, doc="who made the test")
    comment: str = f.utf16(64, doc="comment on the test")
    start_time: str = f.utf16(64, doc="when the test started, as a text")


@record
class Channel(ChannelHead, ResumeCounters, UserVariables, Record):
    """One channel."""

    steps: list[str] = f.array(
        f.prefixed_text(f.u32, exact=False, limit=512), ChannelHead.step_count, doc="step labels"
    )


@feedback(
    0xCD310003,
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_FEED_CODE",
    notes="The vendor's client calls mv_counter1 to 4 TC_Counter1 to 4.",
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
