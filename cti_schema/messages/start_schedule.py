"""Start the schedule assigned to each channel as one test."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import StartResult


@feedback(
    0xBB230004,
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_FEED",
    notes="The vendor client reads only channel index and result; the 101 reserved bytes may even be missing. v1.1 says the index is -1 on success, while the MITS8 capture carries the real channel (13) with result 0; accept both. Also answers START_EX (0xCD130002): v4.5 marks the separate code 0xCD310002 as not in use, and the library does not parse it. The Brief introduction prints the older code 0xBB130004 and an eight-0xDD token for the same layout; library, v1.1, v4.5 and the capture use 0xBB230004.",
)
class StartScheduleFeedback(Feedback):
    """Outcome of a start on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: StartResult = f.enum(f.u8, StartResult)
    reserved = f.reserved(101)


@request(
    0xBB320004,
    effect=CONTROL,
    answers=f.per_channel("channel_indices"),
    echo={"channel_index": "channel_indices"},
    port=9031,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_SCHEDULE_START",
    notes="Library throws for more than 72 UTF-16 units. v1.1 shows no channel list after the count. The brief introduction describes another layout and code (0xBB310004: channel u32, start-all u8, 50-byte name, 51 reserved; feedback 0xBB130004): not what is sent.",
)
class StartSchedule(Request[StartScheduleFeedback]):
    """Start the schedule assigned to each channel as one test."""

    test_name: str = f.utf16(72, doc="name of the test")
    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
