"""Change what a schedule requires of auxiliaries."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.parts import EventMembers


class ModifyScheduleResult(f.ResultCode):
    """Outcome of changing a schedule."""

    MODIFY_SUCCESS = f.ok(0, "changed", "CTI_MODIFY_SUCCESS")
    MODIFY_ERROR = 16, "failed", "CTI_MODIFY_ERROR"
    MODIFY_SCHEDUL_NAME_EMPTY_ERROR = 17, "schedule name empty", "CTI_MODIFY_SCHEDUL_NAME_EMPTY_ERROR"
    MODIFY_SCHEDUL_NOT_EXIST_ERROR = 18, "schedule not found", "CTI_MODIFY_SCHEDUL_NOT_EXIST_ERROR"
    MODIFY_SCHEDUL_RUNNING_ERROR = 19, "schedule is running", "CTI_MODIFY_SCHEDUL_RUNNING_ERROR"
    MODIFY_AUX_COUNT_EXCEED_MAPPING_ERROR = (
        20,
        "more auxiliaries than mapped",
        "CTI_MODIFY_AUX_COUNT_EXCEED_MAPPING_ERROR",
    )
    MODIFY_AUX_COUNT_EXCEED_SYSCONFIG_ERROR = (
        21,
        "more auxiliaries than in the system configuration",
        "CTI_MODIFY_AUX_COUNT_EXCEED_SYSCONFIG_ERROR",
    )
    MODIFY_AUX_SAFETY_SCOPE_ERROR = 22, "safety range of an auxiliary", "CTI_MODIFY_AUX_SAFETY_SCOPE_ERROR"
    MODIFY_NO_SN_CYCLER_ERROR = 23, "no cycler with this serial number", "CTI_MODIFY_NO_SN_CYCLER_ERROR"
    MODIFY_NO_LOGIN_ERROR = 24, "not logged in", "CTI_MODIFY_NO_LOGIN_ERROR"
    MODIFY_NO_PERMISSION_ERROR = 25, "no permission", "CTI_MODIFY_NO_PERMISSION_ERROR"


@record
class ScheduleOutcome(Record):
    """Outcome for one schedule."""

    schedule_name: str = f.json_text("ScheduleName", default="", doc="schedule file")
    result: ModifyScheduleResult = f.json_int(
        "Result", "i32", enum=ModifyScheduleResult, default=ModifyScheduleResult.MODIFY_SUCCESS, doc="outcome"
    )
    message: str = f.json_text("Message", default="", doc="explanation")


@part
class ModifyScheduleMembers(Part):
    """Members of the feedback itself."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    schedule_modify_infos: list[ScheduleOutcome] = f.json_list(
        "ScheduleModifyInfos", ScheduleOutcome, default=[]
    )


@feedback(0xBB260114, vendor="THIRD_PARTY_CMD_MODIFY_SCHEDULE_FEEDBACK")
class ModifyScheduleFeedback(ModifyScheduleMembers, EventMembers, Feedback):
    """Outcome of changing schedules, one by one."""


@record
class Requirement(Record):
    """How many auxiliaries of a kind the schedule needs."""

    enable: bool = f.json_bool("Enable", default=False, doc="whether this is required")
    aux_count: int = f.json_int("AuxCount", "u32", default=0, doc="number of auxiliaries required")


@record
class SafetyScope(Record):
    """A safe range."""

    low: float = f.json_float("Low", "f64", default=0.0, doc="least safe value")
    high: float = f.json_float("High", "f64", default=0.0, doc="greatest safe value")


@record
class ScopedRequirement(Record):
    """How many auxiliaries the schedule needs, and their safe range."""

    safety_scope: SafetyScope | None = f.json_object(
        "SafetyScope", SafetyScope, nullable=True, default=None, doc="safe range"
    )
    enable: bool = f.json_bool("Enable", default=False, doc="whether this is required")
    aux_count: int = f.json_int("AuxCount", "u32", default=0, doc="number of auxiliaries required")


@record
class SafetyRequirement(Record):
    """Safe ranges of the safety auxiliaries."""

    temperature_safety_scope: SafetyScope | None = f.json_object(
        "TemperatureSafetyScope", SafetyScope, nullable=True, default=None, doc="safe range of temperatures"
    )
    current_safety_scope: SafetyScope | None = f.json_object(
        "CurrentSafetyScope", SafetyScope, nullable=True, default=None, doc="safe range of currents"
    )
    voltage_safety_scope: SafetyScope | None = f.json_object(
        "VoltageSafetyScope", SafetyScope, nullable=True, default=None, doc="safe range of voltages"
    )
    enable: bool = f.json_bool("Enable", default=False, doc="whether this is required")
    aux_count: int = f.json_int("AuxCount", "u32", default=0, doc="number of auxiliaries required")


@record
class ScheduleChange(Record):
    """What one schedule shall require."""

    schedule_name: str = f.json_text("ScheduleName", default="", doc="schedule file")
    aux_do_requirement: Requirement | None = f.json_object(
        "AuxDORequirement", Requirement, nullable=True, default=None
    )
    aux_ao_requirement: Requirement | None = f.json_object(
        "AuxAORequirement", Requirement, nullable=True, default=None
    )
    can_bms_requirement: Requirement | None = f.json_object(
        "CANBMSRequirement", Requirement, nullable=True, default=None
    )
    smb_requirement: Requirement | None = f.json_object(
        "SMBRequirement", Requirement, nullable=True, default=None
    )
    aux_voltage_requirement: ScopedRequirement | None = f.json_object(
        "AuxVoltageRequirement", ScopedRequirement, nullable=True, default=None
    )
    aux_temperature_requirement: ScopedRequirement | None = f.json_object(
        "AuxTemperatureRequirement", ScopedRequirement, nullable=True, default=None
    )
    aux_pressure_requirement: ScopedRequirement | None = f.json_object(
        "AuxPressureRequirement", ScopedRequirement, nullable=True, default=None
    )
    aux_di_requirement: ScopedRequirement | None = f.json_object(
        "AuxDIRequirement", ScopedRequirement, nullable=True, default=None
    )
    aux_external_charge_requirement: ScopedRequirement | None = f.json_object(
        "AuxExternalChargeRequirement", ScopedRequirement, nullable=True, default=None
    )
    aux_humidity_requirement: ScopedRequirement | None = f.json_object(
        "AuxHumidityRequirement", ScopedRequirement, nullable=True, default=None
    )
    aux_safety_requirement: SafetyRequirement | None = f.json_object(
        "AuxSafelyRequirement",
        SafetyRequirement,
        nullable=True,
        default=None,
        doc="spelled AuxSafely on the wire",
    )


@request(
    0xBB620114,
    effect=CONTROL,
    echo={"task_id": "task_id"},
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 4.2.19-patch+",
    vendor="THIRD_PARTY_CMD_MODIFY_SCHEDULE",
    notes=(
        "The library always sends all eleven requirements, those not enabled with zeros. The "
        "schedule must lie in the Work folder."
    ),
)
class ModifySchedule(Request[ModifyScheduleFeedback]):
    """Change what a schedule requires of auxiliaries."""

    task_id: int = f.json_int(
        "TaskID", "i64", default=0, doc="number chosen by the caller; the feedback repeats it"
    )
    schedule_modify_infos: list[ScheduleChange] = f.json_list(
        "ScheduleModifyInfos", ScheduleChange, default=[]
    )
