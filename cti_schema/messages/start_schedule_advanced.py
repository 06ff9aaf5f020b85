"""Assign schedule, test object and barcode, and start, channel by channel."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import StartResult


@record
class FailedResult(Record):
    """One entry."""

    channel_index: int = f.json_int("ChannelIndex", "i32", default=-1)
    start_result: StartResult = f.json_int("StartResult", "i32", enum=StartResult, default=StartResult.INDEX)
    message: str = f.json_text("Message", default="")


@feedback(
    0xBB230114,
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_ADVANCED_FEEDBACK",
    notes="Event ArbinCommandStartChannelAdvancedFeedBackEvent.",
)
class StartScheduleAdvancedFeedback(Feedback):
    """Which channels started, and why others did not."""

    task_id: int = f.json_int(
        "TaskID",
        "i64",
        default=0,
        doc="chosen by the caller, not numbered by the library; the feedback has the same member, so echo it",
    )
    successful_channel_indices: list[int] = f.json_list("SuccessfulChannelIDs", "i32", default=[])
    failed_results: list[FailedResult] = f.json_list(
        "FailedResults",
        FailedResult,
        default=[],
        doc="empty list = success (IsSuccess of the event object); null makes IsSuccess fail",
    )
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@record
class TestObject(Record):
    """Values of the test object."""

    mass: float = f.json_float("Mass", "f32", default=0.0)
    specific_capacity: float = f.json_float("SpecificCapacity", "f64", default=0.0)
    nominal_capacity_ah: float = f.json_float("NorminalCapacity", "f64", default=0.0, unit="Ah")
    nominal_internal_resistance_ohm: float = f.json_float("NorminalIR", "f64", default=0.0, unit="ohm")
    nominal_voltage_v: float = f.json_float("NorminalVoltage", "f64", default=0.0, unit="V")
    nominal_capacitance_f: float = f.json_float("NorminalCapacitor", "f64", default=0.0, unit="F")
    max_current_charge_a: float = f.json_float("MaxCurrentCharge", "f64", default=0.0, unit="A")
    min_voltage_charge_v: float = f.json_float("MinVoltageCharge", "f64", default=0.0, unit="V")
    max_voltage_charge_v: float = f.json_float("MaxVoltageCharge", "f64", default=0.0, unit="V")
    auto_calculate_capacity: bool = f.json_bool("IsAutoCalcNCapacity", default=False)


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.json_int("ChannelIndex", "i32", default=-1, doc="zero-based")
    test_name: str | None = f.json_text(
        "TestName", nullable=True, default="", doc="no length check in the library (300 sent)"
    )
    schedule_name: str | None = f.json_text("ScheduleName", nullable=True, default="")
    barcode: str | None = f.json_text("Barcode", nullable=True, default="")
    test_object: TestObject | None = f.json_object(
        "TestObject", TestObject, nullable=True, default=None, doc="property names are spelled Norminal..."
    )


@request(
    0xBB320114,
    effect=CONTROL,
    echo={"task_id": "task_id"},
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 4.2.2 patch+ (written 10.4.2.2)",
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_ADVANCED",
    notes="Assigns schedule, test object values and barcode, then starts, per channel.",
)
class StartScheduleAdvanced(Request[StartScheduleAdvancedFeedback]):
    """Assign schedule, test object and barcode, and start, channel by channel."""

    task_id: int = f.json_int(
        "TaskID",
        "i64",
        default=0,
        doc="chosen by the caller, not numbered by the library; the feedback has the same member, so echo it",
    )
    channels: list[Channel] = f.json_list("Channels", Channel, default=[])
