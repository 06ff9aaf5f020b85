"""Jump to another step of the running schedule."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class JumpResult(f.ResultCode):
    """Outcome of a jump."""

    SUCCESS = 0, "success", "CTI_JUMP_SUCCESS"
    INDEX = 16, "channel index does not exist", "CTI_JUMP_INDEX"
    ERROR = (
        17,
        "someone uses the monitor, control, start or resume window, or the right to control is missing",
        "CTI_JUMP_ERROR",
    )
    CHANNEL_RUNNING = (18, "channel is not running (so v1.1, against the name)", "CTI_JUMP_CHANNEL_RUNNING")
    CHANNEL_NOT_CONNECT = 19, "channel is not connected to the DAQ", "CTI_JUMP_CHANNEL_NOT_CONNECT"
    SCHEDULE_VALID = 20, "schedule does not fit the system configuration", "CTI_JUMP_SCHEDULE_VALID"
    NO_SCHEDULE_ASSIGNED = 21, "no schedule assigned to the channel", "CTI_JUMP_NO_SCHEDULE_ASSIGNED"
    SCHEDULE_VERSION = 22, "schedule version does not match the MITS version", "CTI_JUMP_SCHEDULE_VERSION"
    POWER_PROTECTED = 23, "documented as not used", "CTI_JUMP_POWER_PROTECTED"
    RESULTS_FILE_SIZE_LIMIT = 24, "documented as not used", "CTI_JUMP_RESULTS_FILE_SIZE_LIMIT"
    STEP_NUMBER = 25, "schedule has more than 200 steps", "CTI_JUMP_STEP_NUMBER"
    NO_CAN_CONFIGURATION_ASSIGNED = 26, "documented as not used", "CTI_JUMP_NO_CAN_CONFIGURATON_ASSIGNED"
    AUX_CHANNEL_MAP = 27, "auxiliary count in the schedule is invalid", "CTI_JUMP_AUX_CHANNEL_MAP"
    BUILD_AUX_COUNT = 28, "built-in auxiliary count is invalid", "CTI_JUMP_BUILD_AUX_COUNT"
    POWER_CLAMP_CHECK = 29, "documented as not used", "CTI_JUMP_POWER_CLAMP_CHECK"
    AI = 30, "auxiliary test settings need checking", "CTI_JUMP_AI"
    NO_GROUP_CHANNEL = 31, "no channel selected", "CTI_JUMP_SAFOR_GROUPCHAN"
    BT6000_RUNNING_GROUP = 32, "BT6000: the group is running", "CTI_JUMP_BT6000RUNNINGGROUP"
    CHANNEL_DOWNLOADING_SCHEDULE = (
        33,
        "DAQ is still downloading a schedule",
        "CTI_JUMP_CHANNEL_DOWNLOADING_SCHEDULE",
    )
    DATABASE_QUERY_TEST_NAME_ERROR = (
        34,
        "the database could not be asked for the test name",
        "CTI_JUMP_DATABASE_QUERY_TEST_NAME_ERROR",
    )
    TEST_NAME_EXISTS = (
        35,
        "test name is empty, or the schedule is not the last used one",
        "CTI_JUMP_TEXTNAME_EXITS",
    )
    GO_STEP = 36, "invalid start step", "CTI_JUMP_GO_STEP"
    INVALID_PARALLEL = 37, "invalid parallel channel setting", "CTI_JUMP_INVALID_PARALLEL"
    SAFETY = 38, "schedule safety pre-check failed", "CTI_JUMP_SAFETY"
    SCHEDULE_NAME_DIFFERENT = (
        39,
        "schedule name differs (documented as not used)",
        "CTI_JUMP_SECHEDULE_NAME_DIFFERENT",
    )
    BATTERY_SIMULATION_NOT_PARALLEL = (
        40,
        "battery simulation does not go with the parallel setting",
        "CTI_JUMP_BATTERYSIMULATION_NOT_PARALLEL",
    )
    CHANNEL_SUSPENDED = 41, "channel is suspended", "CTI_JUMP_CHANNEL_SUSPENT"
    ACIM_TESTING = 42, "an ACIM test is in progress", "CTI_JUMP_ACIM_TESTING"


@feedback(
    0xBB230005,
    vendor="THIRD_PARTY_JUMP_CHANNEL_FEED_CODE",
    notes=(
        "The vendor's client reads channel and result only, and takes a body without the reserved "
        "bytes too. v4.5 prints a wrong code at the layout."
    ),
)
class JumpChannelFeedback(Feedback):
    """Outcome of a jump on one channel."""

    channel_index: int = f.i32(doc="zero-based channel that the result is about")
    result: JumpResult = f.enum(f.u8, JumpResult, doc="outcome")
    reserved = f.reserved(101)


@request(
    0xBB320005,
    effect=CONTROL,
    echo={"channel_index": "channel_index"},
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: all",
    vendor="THIRD_PARTY_JUMP_CHANNEL_CODE",
    notes=(
        "v4.5 prints the code 0xCD130004 at the layout; its table and the bytes have 0xBB320005. "
        "Manual 1.2.0 counts steps from 1, and the library sends the number that it is given; v1.1 counts "
        "them from 0."
    ),
)
class JumpChannel(Request[JumpChannelFeedback]):
    """Jump to another step of the running schedule."""

    step_index: int = f.i32(doc="step, from 1 (manual 1.2.0); one that does not exist stops the test (v1.1)")
    channel_index: int = f.i32(doc="zero-based channel")
    reserved = f.reserved(101)
