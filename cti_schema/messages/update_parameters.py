"""Change values of the test objects of channels."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


class UpdateParameterResult(f.ResultCode):
    """Outcome of changing test objects."""

    SUCCESS = 0, "success", "CTI_UPDATE_SUCCESS"
    INDEX = 16, "channel index does not exist", "CTI_UPDATE_INDEX"
    ERROR = (
        17,
        "someone uses the monitor, control, start or resume window, or the right to control is missing",
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
    """Which value of a test object."""

    NORM_CAPACITY = 0, "nominal capacity (Ah)", "NormCapacity"
    I_MAX = 1, "greatest current (A)", "IMax"
    V_MAX = 2, "greatest voltage (V)", "VMax"
    V_MIN = 3, "least voltage (V)", "VMin"
    MASS = 4, "mass (g)", "Mass"
    S_CAPACITY = 5, "specific capacity (Ah/g)", "SCapacity"
    NIR = 6, "nominal internal resistance (ohm)", "NIR"
    N_VOLTAGE = 7, "nominal voltage (V)", "NVoltage"
    N_CAPACITANCE = 8, "nominal capacitance (F)", "NCapacitance"
    IS_AUTO_CALCULATE = 9, "calculate the capacity from mass and specific capacity", "IsAutoCalculate"


@record
class ChannelResult(Record):
    """Outcome on one channel."""

    channel_index: int = f.i32(doc="zero-based channel index")
    result: UpdateParameterResult = f.enum(f.u8, UpdateParameterResult, doc="outcome")


@feedback(
    0xBB870002,
    vendor="THIRD_PARTY_CMD_UPDATE_PARAMETER_FEED",
    notes="The list is read only while for_all_channels is 0.",
)
class UpdateParametersFeedback(Feedback):
    """Outcome of changing test object values."""

    channel_count: int = f.i32(doc="number of channels")
    result: UpdateParameterResult = f.enum(f.u8, UpdateParameterResult, doc="outcome")
    for_all_channels: int = f.u8(doc="not zero: the list does not count")
    reason: str = f.utf16(256, doc="explanation")
    reserved = f.reserved(8)
    channel_results: list[ChannelResult] = f.array(ChannelResult, channel_count, when=(for_all_channels, 0))
    surplus = f.surplus(
        5, per=channel_count, zeros=False, doc="the list, where for_all_channels says that it does not count"
    )


@record
class Parameter(Record):
    """One value of a test object."""

    parameter_type: UpdateParameterDataType = f.enum(f.u16, UpdateParameterDataType, doc="which value")
    value: float = f.f64(doc="new value")


@request(
    0xBB780001,
    effect=CONTROL,
    answers=f.once_or_twice,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_UPDATE_PARAMETERS",
    notes=(
        "The library sends the parameters by ascending type. The feedback's code does not mirror "
        "the request's (0xBB780001 -> 0xBB870002). Old servers answer with a second message too, "
        "the test objects and charts of the channels."
    ),
)
class UpdateParameters(Request[UpdateParametersFeedback]):
    """Change values of the test objects of channels."""

    channel_count = f.count(f.i32, doc="number of channels; 0 for all")
    for_all_channels: int = f.u8(
        default=0, values={0: "only the given channel(s)", 1: "all channels"}, doc="which channels"
    )
    parameter_count = f.count(f.i32, doc="number of parameters")
    reserved = f.reserved(124)
    parameters: list[Parameter] = f.array(Parameter, parameter_count)
    channel_indices: list[int] = f.array(f.i32, channel_count, doc="zero-based channels; 32 bits wide here")
