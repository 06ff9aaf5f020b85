"""Ask for resume data as a list of meta variables."""

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
    test_name: str = f.utf16(72)
    schedule_name: str = f.utf16(200)
    creator: str = f.utf16(64)
    comment: str = f.utf16(64)
    start_time: str = f.utf16(64)
    reserved_2 = f.reserved(32)
    dword_count = f.count(f.u16, doc="number of 8-byte meta variable items")
    qword_count = f.count(f.u16, doc="number of 12-byte meta variable items")
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)
    steps: list[str] = f.array(f.prefixed_text(f.u32, exact=False, limit=512), step_count, doc="step labels")


@feedback(
    0xCD310005,
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_BY_METAVARIABLES_FEED_CODE",
    notes="After the fixed record: mv_dword_count items of 8 bytes, mv_qword_count items of 12 bytes, then step labels. Codes that the client does not know are skipped.",
)
class GetResumeDataByMetaVariablesFeedback(Feedback):
    """Resume data as a list of meta variables."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xCD130005,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_BY_METAVARIABLES_CODE",
    notes="Same body, sent by PostGetResumeData to servers of version 0x1000001, 0x1000002 and 0x1001001.",
)
class GetResumeDataByMetaVariables(Request[GetResumeDataByMetaVariablesFeedback]):
    """Ask for resume data as a list of meta variables."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
