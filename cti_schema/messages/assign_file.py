"""Assign a file (schedule, CAN, SMB, simulation, test object, chart) to channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


class AssignFileResult(f.ResultCode):
    """Outcome of assigning a file."""

    SUCCESS = 0, "success", "CTI_ASSIGN_SUCCESS"
    FAILED = 1, "failed", "CTI_ASSIGN_FAILED"
    INDEX = 16, "channel index does not exist", "CTI_ASSIGN_INDEX"
    ERROR = (
        17,
        "someone uses the monitor, control, start or resume window, or the right to control is missing",
        "CTI_ASSIGN_ERROR",
    )
    FILE_NAME_EMPTY_ERROR = 18, "file name empty", "CTI_ASSIGN_FILE_NAME_EMPTY_ERROR"
    FILE_NOT_FOUND_ERROR = 19, "file not found", "CTI_ASSIGN_FILE_NOT_FIND_ERROR"
    CHANNEL_RUNNING_ERROR = 20, "channel is running", "CTI_ASSIGN_CHANNEL_RUNNING_ERROR"
    CHANNEL_DOWNLOAD_ERROR = (
        21,
        "channel is downloading another schedule",
        "CTI_ASSIGN_CHANNEL_DOWNLOAD_ERROR",
    )
    BATCH_FILE_OPENED = 22, "batch file is open", "CTI_ASSIGN_BACTH_FILE_OPENED"
    FILE_CANNOT_ASSIGN = 23, "assignment failed", "CTI_ASSIGN_FILE_CANNOT_ASSIGN"
    FILE_SAVE_FAILED = 24, "save failed", "CTI_ASSIGN_FILE_SAVE_FAILED"
    FILE_UNSUPPORTED_FILE_TYPE = 25, "file type not supported", "CTI_ASSIGN_FILE_UNSUPPORTED_FILE_TYPE"
    FILE_NOT_ASSIGN_SCHEDULE = 26, "no schedule assigned", "CTI_ASSIGN_FILE_NOT_ASSIGN_SCHEDULE"
    FILE_SCHEDULE_NOT_AUX_REQUIREMENT = (
        27,
        "auxiliary requirements of the schedule not met",
        "CTI_ASSIGN_FILE_SCHEDULE_NOT_AUX_REQUIREMENT",
    )
    FILE_SCHEDULE_IS_RUNNING = 28, "schedule is running", "CTI_ASSIGN_FILE_SCHEDULE_IS_RUNNING"
    SCHEDULE_MUID_NOT_SAME = 29, "schedule is of another machine", "CTI_ASSIGN_SCHEDULE_MUID_NOT_SAME"
    FILE_CLEAR = 30, "assignment cleared", "CTI_ASSIGN_FILE_CLEAR"


class AssignFileKind(f.Code):
    """Kind of a file. The wire has one unsigned byte for it, so that none is 255 there."""

    NONE = -1, "none", "None"
    SCHEDULE = 0, "schedule", "Schedule"
    CANBMS = 1, "CAN BMS configuration", "CANBMS"
    SMB = 2, "SMB configuration", "SMB"
    SIMULATION = 3, "simulation", "Simulation"
    BATTERY_SIMULATION = 4, "battery simulation", "BatterySimulation"
    TEST_OBJECT = 5, "test object", "TestObject"
    CHART = 6, "chart", "Chart"
    BASE_FILE_COUNT = 6, "chart", "BaseFileCount"
    FILE_KIND_COUNT = 7, "number of kinds, not a kind", "FileKindCount"


@record
class ChannelResult(Record):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel index")
    result: AssignFileResult = f.enum(f.u8, AssignFileResult, doc="outcome")


@feedback(
    0xBB320001,
    vendor="THIRD_PARTY_CMD_ASSIGN_FILE_FEED",
    notes="There is no result for the whole, only one for each channel.",
)
class AssignFileFeedback(Feedback):
    """Outcome of a file assignment, channel by channel."""

    channel_count = f.count(f.i32)
    reason: str = f.utf16(256, doc="explanation")
    reserved = f.reserved(8)
    channel_results: list[ChannelResult] = f.array(ChannelResult, channel_count)


@request(
    0xBB230001,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_202207071+; MITS Pro8: TYMitsPro8_202207071+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_ASSIGN_FILE",
    notes=(
        "For all channels the count stays as given, but no list follows. The codes look swapped: "
        "the request's is of the pattern of feedbacks (0xBB23....), the feedback's of that of "
        "requests (0xBB32....)."
    ),
)
class AssignFile(Request[AssignFileFeedback]):
    """Assign a file (schedule, CAN, SMB, simulation, test object, chart) to channels."""

    channel_count: int = f.i32(doc="number of channels in the list")
    file_name: str = f.utf16(200, doc="file to assign, without a path")
    for_all_channels: int = f.u8(
        default=0, values={0: "only the given channel(s)", 1: "all channels"}, doc="which channels"
    )
    file_type: int = f.u8(
        values={
            0: "schedule",
            1: "CAN BMS",
            2: "SMB",
            3: "simulation",
            4: "battery simulation",
            5: "test object",
            6: "chart",
            255: "none (-1)",
        },
        doc="kind of file",
    )
    reserved = f.reserved(6)
    channel_indices: list[int] = f.array(
        f.u16, channel_count, when=(for_all_channels, 0), doc="zero-based channel"
    )
