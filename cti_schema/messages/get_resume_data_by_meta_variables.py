"""Ask for resume data as a list of meta variables."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ChannelCode
from cti_schema.messages.get_resume_data import GetResumeData
from cti_schema.parts import DwordValue, QwordValue
from cti_schema.versions import RESUME_BY_VALUES


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    channel_code: ChannelCode = f.enum(f.u32, ChannelCode, doc="whether the data are there")
    step_count = f.count(f.u32)
    test_id: int = f.i32(doc="number of the test")
    reserved = f.reserved(16)
    test_name: str = f.utf16(72, doc="name of the test")
    schedule_name: str = f.utf16(200, doc="schedule file")
    creator: str = f.utf16(64, doc="who made the test")
    comment: str = f.utf16(64, doc="comment on the test")
    start_time: str = f.utf16(64, doc="when the test started, as a text")
    reserved_2 = f.reserved(32)
    dword_count = f.count(f.u16, doc="number of values of four bytes")
    qword_count = f.count(f.u16, doc="number of values of eight bytes")
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)
    steps: list[str] = f.array(f.prefixed_text(f.u32, exact=False, limit=512), step_count, doc="step labels")


@feedback(
    0xCD310005,
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_BY_METAVARIABLES_FEED_CODE",
    notes="The vendor's client skips the codes that it does not know.",
)
class GetResumeDataByMetaVariablesFeedback(Feedback):
    """Resume data as a list of meta variables."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)


@request(
    0xCD130005,
    effect=QUERY,
    variant_of=GetResumeData,
    when=RESUME_BY_VALUES,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_RESUME_DATA_BY_METAVARIABLES_CODE",
)
class GetResumeDataByMetaVariables(Request[GetResumeDataByMetaVariablesFeedback]):
    """Ask for resume data as a list of meta variables."""

    channel_count = f.count(f.u32)
    channel_indices: list[int] = f.array(f.u16, channel_count, doc="zero-based channel")
