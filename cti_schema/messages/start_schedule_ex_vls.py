"""Start tests with values of their own on a server with texts of variable length."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import StartResult
from cti_schema.messages.start_schedule_ex import StartScheduleEx
from cti_schema.parts import DwordValue, QwordValue
from cti_schema.versions import VARIABLE_LENGTH


@feedback(
    0xCD310012,
    vendor="THIRD_PARTY_CMD_START_EX_VLS_FEED",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved bytes too."
    ),
)
class StartScheduleExVlsFeedback(Feedback):
    """Outcome of an extended start on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: StartResult = f.enum(f.u8, StartResult, doc="outcome")
    reserved = f.reserved(101)


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    test_name_length = f.length(f.u32, doc="UTF-16 units")
    schedule_name_length = f.length(f.u32, doc="UTF-16 units")
    test_id: int = f.i32(default=0, doc="number of the test")
    reserved = f.reserved(64)
    dword_count = f.count(f.u16, doc="number of values of four bytes")
    qword_count = f.count(f.u16, doc="number of values of eight bytes")
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)
    test_name: str = f.utf16_counted(test_name_length, doc="name of the test")
    schedule_name: str = f.utf16_counted(schedule_name_length, doc="schedule file")


@request(
    0xCD130012,
    effect=CONTROL,
    answers=f.per_channel("channels"),
    echo={"channel_index": "channels"},
    variant_of=StartScheduleEx,
    when=VARIABLE_LENGTH,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_START_EX_VLS",
    notes=(
        "Each channel keeps its own test name; test_id is sent as 0. The library refuses a "
        "schedule name of more than 200 units, and a creator or comment of more than 64; the test "
        "name has no limit. The library always sends 26 values of four bytes: code 2 (cycle) and "
        "1 (step) as u32, then MV_UD1 to 16 (52-55, 105-116) and the counters 1 to 8 (73-76, "
        "232-235) as f32; and 20 of eight bytes (f64): 4 test time, 3 step time, 23 and 24 "
        "capacities, 25 and 26 energies, 79 and 80 capacity times, 65-72 the eight TC capacities "
        "and energies, 61-64 the TC timers."
    ),
)
class StartScheduleExVls(Request[StartScheduleExVlsFeedback]):
    """Start tests with values of their own on a server with texts of variable length."""

    channel_count = f.count(f.u32)
    creator_length = f.length(f.u32, doc="UTF-16 units")
    comment_length = f.length(f.u32, doc="UTF-16 units")
    creator: str = f.utf16_counted(creator_length, default="", doc="who made the tests")
    comment: str = f.utf16_counted(comment_length, default="", doc="comment on the tests")
    channels: list[Channel] = f.array(Channel, channel_count)
    surplus = f.surplus(84, per=channel_count)
