"""Resume tests with values of their own on a server with texts of variable length."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import MetaVariableCode, ResumeResult


@feedback(
    0xCD310014,
    vendor="THIRD_PARTY_CMD_RESUME_EX_VLS_FEED",
    notes="The vendor client reads only channel index and result; the 101 reserved bytes may even be missing. ",
)
class ResumeScheduleExVlsFeedback(Feedback):
    """Outcome of an extended resume on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: ResumeResult = f.enum(f.u8, ResumeResult)
    reserved = f.reserved(101)


@record
class DwordValue(Record):
    """A meta variable of four bytes."""

    meta_variable_code: MetaVariableCode = f.enum(f.i32, MetaVariableCode)
    value: int | float = f.tagged(
        meta_variable_code, {1: f.u32(), 2: f.u32()}, f.f32(), doc="integer for the step and cycle index"
    )


@record
class QwordValue(Record):
    """A meta variable of eight bytes."""

    meta_variable_code: MetaVariableCode = f.enum(f.i32, MetaVariableCode)
    value: float = f.f64(doc="IEEE-754 double")


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    test_name_length = f.length(f.u32, doc="UTF-16 units")
    schedule_name_length = f.length(f.u32, doc="UTF-16 units")
    test_id: int = f.i32(default=0)
    reserved = f.reserved(64)
    dword_count = f.count(f.u16)
    qword_count = f.count(f.u16)
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)
    test_name: str = f.utf16_counted(test_name_length)
    schedule_name: str = f.utf16_counted(schedule_name_length)


@request(
    0xCD130014,
    effect=CONTROL,
    answers=f.per_channel("channels"),
    echo={"channel_index": "channels"},
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_RESUME_EX_VLS_CODE",
    notes="Replaces resume_schedule_ex for variable-length-string servers; test_id carries the caller's value. The library always sends 26 four-byte entries in this order: code 2 (cycle index, u32), code 1 (step index, u32), MV_UD1..16 (52-55, 105-116, f32), counters 1-8 (73-76, 232-235, f32); and 20 eight-byte entries (f64): 4 test time, 3 step time, 23/24 charge/discharge capacity, 25/26 charge/discharge energy, 79/80 charge/discharge capacity time, 65-72 the eight TC capacity/energy counters, 61-64 the four TC timers.",
)
class ResumeScheduleExVls(Request[ResumeScheduleExVlsFeedback]):
    """Resume tests with values of their own on a server with texts of variable length."""

    channel_count = f.count(f.u32)
    creator_length: int = f.u32(doc="always 0 here")
    comment_length: int = f.u32(doc="always 0 here")
    channels: list[Channel] = f.array(Channel, channel_count)
