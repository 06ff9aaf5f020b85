"""Ask a server with texts of variable length for resume data."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ChannelCode
from cti_schema.messages.get_resume_data import GetResumeData
from cti_schema.parts import DwordValue, QwordValue
from cti_schema.versions import VARIABLE_LENGTH


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    channel_code: ChannelCode = f.enum(f.u32, ChannelCode, doc="whether the data are there")
    step_count = f.count(f.u32)
    test_id: int = f.i32(doc="number of the test")
    reserved = f.reserved(16)
    test_name_length = f.length(f.u32, doc="UTF-16 code units")
    schedule_name_length = f.length(f.u32, doc="UTF-16 code units")
    creator_length = f.length(f.u32, doc="UTF-16 code units")
    comment_length = f.length(f.u32, doc="UTF-16 code units")
    start_time_length = f.length(f.u32, doc="UTF-16 code units")
    reserved_2 = f.reserved(32)
    dword_count = f.count(f.u16, doc="number of values of four bytes")
    qword_count = f.count(f.u16, doc="number of values of eight bytes")
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)
    test_name: str = f.utf16_counted(test_name_length, doc="name of the test")
    schedule_name: str = f.utf16_counted(schedule_name_length, doc="schedule file")
    creator: str = f.utf16_counted(creator_length, doc="who made the test")
    comment: str = f.utf16_counted(comment_length, doc="comment on the test")
    start_time: str = f.utf16_counted(start_time_length, doc="when the test started, as a text")
    steps: list[str] = f.array(f.prefixed_text(f.u32, exact=False, limit=512), step_count, doc="step labels")


@feedback(0xCD310013, vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_VLS_FEED_CODE")
class GetResumeDataVlsFeedback(Feedback):
    """Resume data with texts of variable length."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xCD130013,
    effect=QUERY,
    variant_of=GetResumeData,
    when=VARIABLE_LENGTH,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_VLS_CODE",
)
class GetResumeDataVls(Request[GetResumeDataVlsFeedback]):
    """Ask a server with texts of variable length for resume data."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
