"""Continue paused channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class ContinueResult(f.ResultCode):
    """Outcome of a continue."""

    SUCCESS = 0, "success", "CTI_CONTINUE_SUCCESS"
    INDEX = 16, "channel index does not exist", "CTI_CONTINUE_INDEX"
    ERROR = (
        17,
        "someone uses the monitor, control, start or resume window, or the right to control is missing",
        "CTI_CONTINUE_ERROR",
    )
    CHANNEL_RUNNING = 18, "channel is running", "CTI_CONTINUE_CHANNEL_RUNNING"
    CHANNEL_NOT_CONNECT = 19, "channel is not connected to the DAQ", "CTI_CONTINUE_CHANNEL_NOT_CONNECT"
    CHANNEL_CALIBRATING = 20, "channel is calibrating", "CTI_CONTINUE_CHANNEL_CALIBRATING"
    NOT_PAUSE_NORMAL = 21, "channel is not in a normal pause", "CTI_CONTINUE_NOT_PAUSE_NORMAL"
    CHANNEL_UNSAFE = 22, "channel is unsafe", "CTI_CONTINUE_CHANNEL_UNSAFE"


@feedback(
    0xBB230006,
    vendor="THIRD_PARTY_CMD_SCHEDULE_CONTINUE_FEED",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. v1.1 says that the channel is -1 on success; no frame of a real cycler shows "
        "it."
    ),
)
class ContinueScheduleFeedback(Feedback):
    """Outcome of a continue on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: ContinueResult = f.enum(f.u8, ContinueResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB320006,
    effect=CONTROL,
    answers=f.per_channel("channel_indices"),
    echo={"channel_index": "channel_indices"},
    versions="MITS Pro7: TYMitsPro7_20210901+; MITS Pro8: TYMitsPro8_20200901+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SCHEDULE_CONTINUE",
    notes="v1.1 shows no list of channels; the bytes have it.",
)
class ContinueSchedule(Request[ContinueScheduleFeedback]):
    """Continue paused channels."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
