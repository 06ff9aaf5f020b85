"""Start tests with a schedule, a step and counters of their own for each channel."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Part, Record, Request, part, record, request
from cti_schema.messages.start_schedule import StartScheduleFeedback
from cti_schema.parts import ResumeCounters, UserVariables


@part
class ChannelHead(Part):
    """First fields of a channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    test_name: str = f.utf16(72, doc="name of the test")
    schedule_name: str = f.utf16(200, doc="schedule file")
    creator: str = f.utf16(64, default="", doc="who made the test")
    comment: str = f.utf16(64, default="", doc="comment on the test")
    step_index: int = f.u32(default=0, doc="step to begin with")


@record
class Channel(ChannelHead, ResumeCounters, UserVariables, Record):
    """One channel."""


@request(
    0xCD130002,
    effect=CONTROL,
    answers=f.per_channel("channels"),
    echo={"channel_index": "channels"},
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_START_EX_CODE",
    notes=(
        "The library writes the first entry's test name for every channel. v4.5: only test name, "
        "schedule and step are used. The documents do not state the units of the counters."
    ),
)
class StartScheduleEx(Request[StartScheduleFeedback]):
    """Start tests with a schedule, a step and counters of their own for each channel."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)
