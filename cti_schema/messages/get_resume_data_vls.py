"""Ask a server with texts of variable length for resume data."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ChannelCode, MetaVariableCode


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
    value: float = f.f64(doc="f64 for every code the vendor client knows")


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u32()
    channel_code: ChannelCode = f.enum(
        f.u32,
        ChannelCode,
        doc="0 = data valid; 34 test-name query failed, 35 test name empty, 36 resume table not available",
    )
    step_count = f.count(f.u32)
    test_id: int = f.i32()
    reserved = f.reserved(16)
    test_name_length = f.length(f.u32, doc="UTF-16 code units")
    schedule_name_length = f.length(f.u32, doc="UTF-16 code units")
    creator_length = f.length(f.u32, doc="UTF-16 code units")
    comment_length = f.length(f.u32, doc="UTF-16 code units")
    start_time_length = f.length(f.u32, doc="UTF-16 code units")
    reserved_2 = f.reserved(32)
    dword_count = f.count(f.u16, doc="number of 8-byte meta variable items")
    qword_count = f.count(f.u16, doc="number of 12-byte meta variable items")
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)
    test_name: str = f.utf16_counted(test_name_length)
    schedule_name: str = f.utf16_counted(schedule_name_length)
    creator: str = f.utf16_counted(creator_length)
    comment: str = f.utf16_counted(comment_length)
    start_time: str = f.utf16_counted(start_time_length)
    steps: list[str] = f.array(f.prefixed_text(f.u32, exact=False, limit=512), step_count, doc="step labels")


@feedback(
    0xCD310013,
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_VLS_FEED_CODE",
    notes="After the fixed record: dword items, qword items, then the five counted UTF-16 texts, then step labels.",
)
class GetResumeDataVlsFeedback(Feedback):
    """Resume data with texts of variable length."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xCD130013,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_VLS_CODE",
    notes="Same body, other code, for variable-length-string servers.",
)
class GetResumeDataVls(Request[GetResumeDataVlsFeedback]):
    """Ask a server with texts of variable length for resume data."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
