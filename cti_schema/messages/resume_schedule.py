"""Resume the last test of one channel, or of all."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import ResumeResult


@feedback(
    0xBB130002,
    vendor="THIRD_PARTY_CMD_SCHEDULE_RESUME_FEED",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. One feedback per channel when all are resumed. It answers the extended resume "
        "(0xCD130004) too: v4.5 marks the code 0xCD310004 as not in use, and the library does not "
        "know it."
    ),
)
class ResumeScheduleFeedback(Feedback):
    """Outcome of a resume on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: ResumeResult = f.enum(f.u8, ResumeResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB310002,
    effect=CONTROL,
    answers=f.per_channel_if("resume_all"),
    echo={"channel_index": "channel_index"},
    port=9031,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SCHEDULE_RESUME",
)
class ResumeSchedule(Request[ResumeScheduleFeedback]):
    """Resume the last test of one channel, or of all."""

    channel_index: int = f.i32(doc="zero-based channel")
    resume_all: int = f.u8(
        default=0, values={0: "only the given channel(s)", 1: "all channels"}, doc="which channels"
    )
    reserved = f.reserved(101)
