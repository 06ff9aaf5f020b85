"""Stop the test on one channel, or on all."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class StopResult(f.ResultCode):
    """Outcome of a stop."""

    SUCCESS = 0, "success", "SUCCESS"
    INDEX = 16, "channel index does not exist", "STOP_INDEX"
    ERROR = 17, "someone uses the monitor window, or the right to control is missing", "STOP_ERROR"
    NOT_RUNNING = 18, "channel not running (documented as not used)", "STOP_NOT_RUNNING"
    CHANNEL_NOT_CONNECT = 19, "channel not connected (documented as not used)", "STOP_CHANNEL_NOT_CONNECT"


@feedback(
    0xBB130001,
    vendor="THIRD_PARTY_STOP_FEED_CODE",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. One feedback per channel when all are stopped (v1.1)."
    ),
)
class StopScheduleFeedback(Feedback):
    """Outcome of a stop on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: StopResult = f.enum(f.u8, StopResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB310001,
    effect=CONTROL,
    answers=f.per_channel_if("stop_all"),
    echo={"channel_index": "channel_index"},
    port=9031,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_STOP_CODE",
    notes="The library sends a negative channel as a large unsigned number.",
)
class StopSchedule(Request[StopScheduleFeedback]):
    """Stop the test on one channel, or on all."""

    channel_index: int = f.u32(doc="zero-based channel")
    stop_all: int = f.u8(
        default=0, values={0: "only the given channel(s)", 1: "all channels"}, doc="which channels"
    )
    reserved = f.reserved(101)
