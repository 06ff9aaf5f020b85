"""Resume tests with a list of meta variables."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ResumeResult
from cti_schema.messages.resume_schedule_ex import ResumeScheduleEx
from cti_schema.parts import DwordValue, QwordValue
from cti_schema.versions import RESUME_BY_VALUES


@feedback(
    0xCD310006,
    vendor="THIRD_PARTY_CMD_RESUME_BY_METAVARIABLES_FEED_CODE",
    notes=(
        "Not confirmed: the library has the code and the structure, but drops the frame as "
        "unknown. An emulator whose result the vendor's client shall see must answer with "
        "0xBB130002 or 0xCD310014; which of them a real server sends is not known."
    ),
)
class ResumeByMetaVariablesFeedback(Feedback):
    """Outcome of a resume by meta variables on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: ResumeResult = f.enum(f.u8, ResumeResult, doc="outcome")
    reserved = f.reserved(101)


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.u32(doc="zero-based channel")
    test_name: str = f.utf16(72, doc="name of the test")
    schedule_name: str = f.utf16(200, doc="schedule file")
    test_id: int = f.i32(default=0, doc="number of the test")
    reserved = f.reserved(64)
    dword_count = f.count(f.u16, doc="number of values of four bytes")
    qword_count = f.count(f.u16, doc="number of values of eight bytes")
    dword_values: list[DwordValue] = f.array(DwordValue, dword_count)
    qword_values: list[QwordValue] = f.array(QwordValue, qword_count)


@request(
    0xCD130006,
    effect=CONTROL,
    answers=f.per_channel("channels"),
    echo={"channel_index": "channels"},
    variant_of=ResumeScheduleEx,
    when=RESUME_BY_VALUES,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_RESUME_BY_METAVARIABLES_CODE",
    notes=(
        "The library always sends 26 values of four bytes: code 2 (cycle) and 1 (step) as u32, then "
        "MV_UD1 to 16 (52-55, 105-116) and the counters 1 to 8 (73-76, 232-235) as f32; and 20 of "
        "eight bytes (f64): 4 test time, 3 step time, 23 and 24 capacities, 25 and 26 energies, 79 "
        "and 80 capacity times, 65-72 the eight TC capacities and energies, 61-64 the TC timers."
    ),
)
class ResumeByMetaVariables(Request[ResumeByMetaVariablesFeedback]):
    """Resume tests with a list of meta variables."""

    channel_count = f.count(f.u32)
    channels: list[Channel] = f.array(Channel, channel_count)
