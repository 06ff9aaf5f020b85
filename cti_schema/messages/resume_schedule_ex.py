"""Resume tests at a step and with counters of their own."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Part, Record, Request, part, record, request
from cti_schema.messages.resume_schedule import ResumeScheduleFeedback
from cti_schema.parts import ResumeCounters, UserVariables


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    test_name: str = f.utf16(72, doc="name of the test")
    schedule_name: str = f.utf16(200, doc="schedule file")
    step_index: int = f.u32(default=0, doc="step to begin with")


@record
class Channel(ChannelHead, ResumeCounters, UserVariables, Record):
    """One channel."""


@request(
    0xCD130004,
    effect=CONTROL,
    answers=f.per_channel("channels"),
    echo={"channel_index": "channels"},
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_RESUME_EX_CODE",
    notes="Each channel keeps its own test name. The documents do not state the units of the counters.",
)
class ResumeScheduleEx(Request[ResumeScheduleFeedback]):
    """Resume tests at a step and with counters of their own."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)
