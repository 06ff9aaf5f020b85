"""Assign schedule, test object and barcode, and start, channel by channel."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import StartResult
from cti_schema.parts import EventMembers


@record
class Failure(Record):
    """Why one channel did not start."""

    channel_index: int = f.json_int("ChannelIndex", "i32", default=-1, doc="zero-based channel")
    start_result: StartResult = f.json_int(
        "StartResult", "i32", enum=StartResult, default=StartResult.INDEX, doc="why"
    )
    message: str = f.json_text("Message", default="", doc="explanation")


@part
class StartScheduleAdvancedMembers(Part):
    """Members of the feedback itself."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    successful_channel_indices: list[int] = f.json_list(
        "SuccessfulChannelIDs", "i32", default=[], doc="zero-based channels that started"
    )
    failed_results: list[Failure] = f.json_list(
        "FailedResults",
        Failure,
        default=[],
        doc="the others; none means success, and null makes the vendor's client fail",
    )


@feedback(0xBB230114, vendor="THIRD_PARTY_CMD_SCHEDULE_START_ADVANCED_FEEDBACK")
class StartScheduleAdvancedFeedback(StartScheduleAdvancedMembers, EventMembers, Feedback):
    """Which channels started, and why others did not."""


@record
class TestObject(Record):
    """Values of the test object."""

    mass: float = f.json_float("Mass", "f32", default=0.0, doc="mass")
    specific_capacity: float = f.json_float("SpecificCapacity", "f64", default=0.0, doc="capacity per mass")
    nominal_capacity_ah: float = f.json_float("NorminalCapacity", "f64", default=0.0, unit="Ah")
    nominal_internal_resistance_ohm: float = f.json_float("NorminalIR", "f64", default=0.0, unit="ohm")
    nominal_voltage_v: float = f.json_float("NorminalVoltage", "f64", default=0.0, unit="V")
    nominal_capacitance_f: float = f.json_float("NorminalCapacitor", "f64", default=0.0, unit="F")
    max_current_charge_a: float = f.json_float("MaxCurrentCharge", "f64", default=0.0, unit="A")
    min_voltage_charge_v: float = f.json_float("MinVoltageCharge", "f64", default=0.0, unit="V")
    max_voltage_charge_v: float = f.json_float("MaxVoltageCharge", "f64", default=0.0, unit="V")
    auto_calculate_capacity: bool = f.json_bool(
        "IsAutoCalcNCapacity", default=False, doc="calculate the capacity from mass and specific capacity"
    )


@record
class Channel(Record):
    """What to start on one channel."""

    channel_index: int = f.json_int("ChannelIndex", "i32", default=-1, doc="zero-based channel")
    test_name: str | None = f.json_text(
        "TestName", nullable=True, default="", doc="name of the test; the library knows no limit"
    )
    schedule_name: str | None = f.json_text("ScheduleName", nullable=True, default="", doc="schedule file")
    barcode: str | None = f.json_text("Barcode", nullable=True, default="", doc="barcode of the item")
    test_object: TestObject | None = f.json_object(
        "TestObject",
        TestObject,
        nullable=True,
        default=None,
        doc="values of the test object; spelled Norminal on the wire",
    )


@request(
    0xBB320114,
    effect=CONTROL,
    echo={"task_id": "task_id"},
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 4.2.2 patch+ (written 10.4.2.2)",
    vendor="THIRD_PARTY_CMD_SCHEDULE_START_ADVANCED",
)
class StartScheduleAdvanced(Request[StartScheduleAdvancedFeedback]):
    """Assign schedule, test object and barcode, and start, channel by channel."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    channels: list[Channel] = f.json_list("Channels", Channel, default=[])
