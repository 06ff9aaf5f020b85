"""Change values of the test objects of channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


class UpdateParameterResult(f.ResultCode):
    """Update parameter result."""

    SUCCESS = 0, "success", "CTI_UPDATE_SUCCESS"
    INDEX = 16, "channel index does not exist", "CTI_UPDATE_INDEX"
    ERROR = (
        17,
        "console busy: someone is using the monitor/control or start/resume window",
        "CTI_UPDATE_ERROR",
    )
    TEST_OBJECT_NAME_EMPTY_ERROR = 18, "test object name empty", "CTI_UPDATE_TESTOBJECT_NAME_EMPTY_ERROR"
    TEST_OBJECT_NOT_FOUND_ERROR = 19, "test object not found", "CTI_UPDATE_TESTOBJECT_NOT_FIND_ERROR"
    CHANNEL_RUNNING_ERROR = 20, "channel is running", "CTI_UPDATE_CHANNEL_RUNNING_ERROR"
    CHANNEL_DOWNLOAD_ERROR = (
        21,
        "channel is downloading another schedule",
        "CTI_UPDATE_CHANNEL_DOWNLOAD_ERROR",
    )
    BATCH_FILE_OPENED = 22, "batch file is open", "CTI_UPDATE_BACTH_FILE_OPENED"
    TO_CANNOT_ASSIGN_TEST_OBJECT = (
        23,
        "test object cannot be assigned",
        "CTI_UPDATE_TO_CANNOT_ASSIGN_TESTOBJECT",
    )
    TEST_OBJECT_SAVE_FAILED = 24, "saving the test object failed", "CTI_UPDATE_TESTOBJECT_SAVE_FAILED"


class UpdateParameterDataType(f.Code):
    """Update parameter data type."""

    NORM_CAPACITY = 0, "norm capacity", "NormCapacity"
    I_MAX = 1, "i max", "IMax"
    V_MAX = 2, "v max", "VMax"
    V_MIN = 3, "v min", "VMin"
    MASS = 4, "mass", "Mass"
    S_CAPACITY = 5, "s capacity", "SCapacity"
    NIR = 6, "nir", "NIR"
    N_VOLTAGE = 7, "n voltage", "NVoltage"
    N_CAPACITANCE = 8, "n capacitance", "NCapacitance"
    IS_AUTO_CALCULATE = 9, "is auto calculate", "IsAutoCalculate"


@record
class ChannelResult(Record):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel index")
    result: int = f.u8()


@feedback(
    0xBB870002,
    vendor="THIRD_PARTY_CMD_UPDATE_PARAMETER_FEED",
    notes="The per-channel list is read only when for_all_channels is 0.",
)
class UpdateParametersFeedback(Feedback):
    """Outcome of changing test object values."""

    channel_count: int = f.i32()
    result: UpdateParameterResult = f.enum(f.u8, UpdateParameterResult)
    for_all_channels: int = f.u8(doc="non-zero: the client does not read the per-channel list")
    reason: str = f.utf16(256)
    reserved = f.reserved(8)
    channel_results: list[ChannelResult] = f.array(ChannelResult, channel_count, when=(for_all_channels, 0))
    surplus = f.surplus(
        5, per=channel_count, zeros=False, doc="the list, where for_all_channels says that it does not count"
    )


@record
class Parameter(Record):
    """One parameter."""

    parameter_type: UpdateParameterDataType = f.enum(f.u16, UpdateParameterDataType)
    value: float = f.f64()


@request(
    0xBB780001,
    effect=CONTROL,
    answers=f.once_or_twice,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_UPDATE_PARAMETERS",
    notes="Parameters are sent in ascending parameter_type order, before the channel list. The feedback code does not follow the usual pattern (0xBB780001 -> 0xBB870002).",
)
class UpdateParameters(Request[UpdateParametersFeedback]):
    """Change values of the test objects of channels."""

    channel_count = f.count(f.i32, doc="channels in the list; 0 when for_all_channels is 1")
    for_all_channels: int = f.u8(default=0, values={0: "only the given channel(s)", 1: "all channels"})
    parameter_count = f.count(f.i32, doc="number of parameters")
    reserved = f.reserved(124)
    parameters: list[Parameter] = f.array(Parameter, parameter_count)
    channel_indices: list[int] = f.array(
        f.i32, channel_count, doc="zero-based global IV channel index; 32 bit here, 16 bit everywhere else"
    )
