"""Start the schedule assigned to each channel as one test."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import StartResult


@feedback(
    0xBB230004,
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_FEED",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. v1.1 says that the channel is -1 on success; a real cycler sent the channel "
        "(13), so take both. It answers the extended start (0xCD130002) too: v4.5 marks the code "
        "0xCD310002 as not in use, and the library does not know it. The brief introduction "
        "prints the code 0xBB130004; library, v1.1, v4.5 and a real cycler have 0xBB230004."
    ),
)
class StartScheduleFeedback(Feedback):
    """Outcome of a start on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: StartResult = f.enum(f.u8, StartResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB320004,
    effect=CONTROL,
    answers=f.per_channel("channel_indices"),
    echo={"channel_index": "channel_indices"},
    port=9031,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SCHEDULE_START",
    notes=(
        "v1.1 shows no list of channels behind the count. The brief introduction has another "
        "message (0xBB310004: channel u32, start-all u8, name of 50 bytes, 51 reserved; feedback "
        "0xBB130004): that is not what is sent."
    ),
)
class StartSchedule(Request[StartScheduleFeedback]):
    """Start the schedule assigned to each channel as one test."""

    test_name: str = f.utf16(72, doc="name of the test")
    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
