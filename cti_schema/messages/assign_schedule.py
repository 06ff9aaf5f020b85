"""Assign a schedule to one channel, or to all."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Part, Request, feedback, part, request
from cti_schema.parts import UserVariables


class AssignScheduleResult(f.ResultCode):
    """Outcome of an assignment."""

    SUCCESS = 0, "success", "CTI_ASSIGN_SUCCESS"
    INDEX = 16, "channel index does not exist", "CTI_ASSIGN_INDEX"
    ERROR = 17, "someone uses the monitor window, or the right to control is missing", "CTI_ASSIGN_ERROR"
    SCHEDULE_NAME_EMPTY_ERROR = 18, "schedule name empty", "CTI_ASSIGN_SCHEDULE_NAME_EMPTY_ERROR"
    SCHEDULE_NOT_FOUND_ERROR = 19, "schedule not found", "CTI_ASSIGN_SCHEDULE_NOT_FIND_ERROR"
    CHANNEL_RUNNING_ERROR = 20, "channel is running", "CTI_ASSIGN_CHANNEL_RUNNING_ERROR"
    CHANNEL_DOWNLOAD_ERROR = (
        21,
        "channel is downloading another schedule",
        "CTI_ASSIGN_CHANNEL_DOWNLOAD_ERROR",
    )
    BATCH_FILE_OPENED = 22, "batch file is open", "CTI_ASSIGN_BACTH_FILE_OPENED"
    SDU_CANNOT_ASSIGN_SCHEDULE = 23, "assignment failed", "CTI_ASSIGN_SDU_CANNOT_ASSIGN_SCHEDULE"
    SDU_SAVE_FAILED = 24, "save failed (documented as not used)", "CTI_ASSIGN_SDU_SAVE_FAILED"
    FILE_UNSUPPORTED_FILE_TYPE = 25, "file type not supported", "CTI_ASSIGN_FILE_UNSUPPORTED_FILE_TYPE"
    FILE_NOT_ASSIGN_SCHEDULE = 26, "no schedule assigned", "CTI_ASSIGN_FILE_NOT_ASSIGN_SCHEDULE"
    FILE_SCHEDULE_NOT_AUX_REQUIREMENT = (
        27,
        "auxiliary requirements of the schedule not met",
        "CTI_ASSIGN_FILE_SCHEDULE_NOT_AUX_REQUIREMENT",
    )
    FILE_SCHEDULE_IS_RUNNING = 28, "schedule is running", "CTI_ASSIGN_FILE_SCHEDULE_IS_RUNNING"
    SCHEDULE_MUID_NOT_SAME = 29, "schedule is of another machine", "CTI_ASSIGN_SCHEDULE_MUID_NOT_SAME"
    SCHEDULE_CLEAR = 30, "assignment cleared", "CTI_ASSIGN_SCHEDULE_CLEAR"


@feedback(
    0xBB120001,
    vendor="THIRD_PARTY_CMD_ASSIGN_SDU_FEED",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. One feedback per channel when all are assigned (v1.1)."
    ),
)
class AssignScheduleFeedback(Feedback):
    """Outcome of an assignment on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: AssignScheduleResult = f.enum(f.u8, AssignScheduleResult, doc="outcome")
    reserved = f.reserved(101)


@part
class AssignScheduleHead(Part):
    """First fields of an assignment."""

    channel_index: int = f.i32(doc="zero-based channel")
    assign_all: int = f.u8(
        default=0, values={0: "only the given channel(s)", 1: "all channels"}, doc="which channels"
    )
    schedule_name: str = f.utf16(
        200,
        doc=(
            "schedule file; whether an empty name clears the assignment (result 30) or is refused "
            "(18) is not known"
        ),
    )
    capacity_ah: float = f.f32(
        default=0.0, unit="Ah", doc="nominal capacity; v1.1: used by MITS 7 only, like the fields behind it"
    )
    barcode: str = f.utf16(72, default="", doc="barcode of the item")


@request(
    0xBB210001,
    effect=CONTROL,
    answers=f.per_channel_if("assign_all"),
    echo={"channel_index": "channel_index"},
    port=9031,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_ASSIGN_SDU",
    notes=(
        "The library sets the user variables 1 to 4 only, and sends 0 for the others. Barcode, "
        "capacity and the first four user variables take effect on Pro 7 only. The file must lie "
        "in the Work folder. The documents do not state the unit of the capacity."
    ),
)
class AssignSchedule(AssignScheduleHead, UserVariables, Request[AssignScheduleFeedback]):
    """Assign a schedule to one channel, or to all."""

    reserved = f.reserved(32)
