"""Set user variables with a watchdog, for fast closed loops."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import MetaVariableCode


class ControlStatus(f.Code):
    """What a channel does, as the time-sensitive command tells it."""

    IDLE = 0, "idle", "Idle"
    TRANSITION = 1, "transition", "Transition"
    CHARGE = 2, "charge", "Charge"
    DISCHARGE = 3, "discharge", "Discharge"
    REST = 4, "rest", "Rest"
    WAIT = 5, "wait", "Wait"
    EXTERNAL_CHARGE = 6, "external charge", "External_Charge"
    CALIBRATION = 7, "calibration", "Calibration"
    UNSAFE = 8, "unsafe", "Unsafe"
    PULSE = 9, "pulse", "Pulse"
    INTERNAL_RESISTANCE = 10, "internal resistance", "Internal_Resistance"
    AC_IMPEDANCE = 11, "ac impedance", "AC_Impedance"
    ACI_CELL = 12, "aci cell", "ACI_Cell"
    TEST_SETTINGS = 13, "test settings", "Test_Settings"
    ERROR = 14, "error", "Error"
    FINISHED = 15, "finished", "Finished"
    VOLT_METER = 16, "volt meter", "Volt_Meter"
    WAITING_FOR_ACS = 17, "waiting for acs", "Waiting_for_ACS"
    PAUSE = 18, "pause", "Pause"
    EMPTY = 19, "empty", "EMPTY"
    IDLE_FROM_MCU = 20, "idle from mcu", "Idle_from_MCU"
    START = 21, "start", "Start"
    RUNNING = 22, "running", "Running"
    STEP_TRANSFER = 23, "step transfer", "Step_Transfer"
    RESUME = 24, "resume", "Resume"
    GO_PAUSE = 25, "go pause", "Go_Pause"
    GO_STOP = 26, "go stop", "Go_Stop"
    GO_NEXT_STEP = 27, "go next step", "Go_Next_Step"
    ONLINE_UPDATE = 28, "online update", "Online_Update"
    DAQ_MEMORY_UNSAFE = 29, "daq memory unsafe", "Daq_Memory_Unsafe"
    ACR = 30, "acr", "ACR"
    CS_SUSPENDED = 31, "cs suspended", "CS_SUSPENT"


class TimeSensitiveSetMvResult(f.ResultCode):
    """Time sensitive set mv result."""

    SUCCESS = 0, "success", "SUCCESS"
    SUCCESS_NOTRUNNING = f.ok(1, "accepted, channel not running", "SUCCESS_NOTRUNNING")
    ERROR = 16, "error", "ERROR"
    DATATYPE_NOTSUPPORT = 17, "data type not supported", "DATATYPE_NOTSUPPORT"
    METACODE_NOTEXIST = 18, "meta variable code does not exist", "METACODE_NOTEXIST"
    CHANNEL_INDEX_ERROR = 19, "channel index wrong", "CHANNEL_INDEX_ERROR"
    AUX_INDEX_ERROR = 20, "auxiliary index wrong", "AUX_INDEX_ERROR"
    AUX_NOTASSIGN = 21, "auxiliary not assigned", "AUX_NOTASSIGN"
    CANBMS_INDEX_ERROR = 22, "CAN/BMS index wrong", "CANBMS_INDEX_ERROR"
    CANBMS_NOTEXIST = 23, "CAN/BMS entry does not exist", "CANBMS_NOTEXIST"
    CANBMS_DISABLED = 24, "canbms disabled", "CANBMS_DISABLED"
    NOT_CONNECT_DAQ = 25, "DAQ not connected", "NOT_CONNECT_DAQ"
    TIMEOUT = 26, "timed out", "TIMEOUT"
    MCU_ACK_FAILED = 27, "controller acknowledged failure", "MCU_ACK_FAILED"
    NOT_ALLOW_CONTROL = 28, "client is not allowed to control", "NOT_ALLOW_CONTROL"
    MCU_SOCKET_DISCONNECTED = 29, "controller socket disconnected", "MCU_SOCKET_DISCONNECTED"


@record
class AnsweredChannel(Record):
    """One channel."""

    channel_index: int = f.u16()
    step_index: int = f.i16()
    sub_step_index: int = f.i16()
    control_status: ControlStatus = f.enum(f.u8, ControlStatus)
    result: TimeSensitiveSetMvResult = f.enum(f.u8, TimeSensitiveSetMvResult)
    current_a: float = f.f32(unit="A")
    voltage_v: float = f.f32(unit="V")
    mv_ud_values: list[float] = f.array(f.f32, 16, doc="MV_UD1..MV_UD16")


@feedback(
    0xBBCC0201,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 5.1.26+ or 4.1.8-patch+",
    vendor="THIRD_PARTY_POST_TIME_SENSITIVE_SET_MV_FEEDBACK",
    notes="Request and feedback share the code. The 16 values are MV_UD1..16.",
)
class SetMetaVariablesTimeSensitiveFeedback(Feedback):
    """Outcome and a reading for each channel."""

    channel_count = f.count(f.u16)
    reserved = f.reserved(18)
    channels: list[AnsweredChannel] = f.array(AnsweredChannel, channel_count)


@record
class Slot(Record):
    """One of the eight places for a variable."""

    value: float = f.f32()
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode)
    enable: int = f.u8(doc="1 in used slots")
    reserved: int = f.u8(default=0)


@record
class AskedChannel(Record):
    """One channel."""

    channel_index: int = f.u16(doc="zero-based channel")
    do_log: int = f.u8(default=0, doc="1 when the caller asks for a log point")
    reserved: int = f.u8(default=0, doc="sent as 0")
    slots: list[Slot] = f.array(Slot, 8)


@request(
    0xBBCC0201,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 5.1.26+ or 4.1.8-patch+",
    vendor="THIRD_PARTY_POST_TIME_SENSITIVE_SET_MV",
    notes="Request and feedback share one code. Every channel entry has exactly 8 slots (68 bytes); of 16 given variables the library sends the first 8 and drops the rest without an error. Refused by the library (NotSupportedException) unless the login feedback said version 0x1000004. A null argument is sent as 0 channels, timeout 1.0.",
)
class SetMetaVariablesTimeSensitive(Request[SetMetaVariablesTimeSensitiveFeedback]):
    """Set user variables with a watchdog, for fast closed loops."""

    channel_count = f.count(f.u16)
    reserved = f.reserved(14)
    timeout_s: float = f.f32(default=1.0, doc="timeout; unit not documented, library default 1.0")
    channels: list[AskedChannel] = f.array(AskedChannel, channel_count)
