"""Set user variables with a watchdog, for fast closed loops."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import MetaVariableCode
from cti_schema.versions import TIME_SENSITIVE


class ControlStatus(f.Code):
    """What a channel does, as the time-sensitive command tells it."""

    IDLE = 0, "nothing runs", "Idle"
    TRANSITION = 1, "between two steps", "Transition"
    CHARGE = 2, "charging", "Charge"
    DISCHARGE = 3, "discharging", "Discharge"
    REST = 4, "resting", "Rest"
    WAIT = 5, "waiting", "Wait"
    EXTERNAL_CHARGE = 6, "charged by an external device", "External_Charge"
    CALIBRATION = 7, "being calibrated", "Calibration"
    UNSAFE = 8, "stopped because a safe range was left", "Unsafe"
    PULSE = 9, "pulsing", "Pulse"
    INTERNAL_RESISTANCE = 10, "measuring the internal resistance", "Internal_Resistance"
    AC_IMPEDANCE = 11, "measuring the AC impedance", "AC_Impedance"
    ACI_CELL = 12, "measuring the AC impedance of a cell", "ACI_Cell"
    TEST_SETTINGS = 13, "test settings", "Test_Settings"
    ERROR = 14, "an error happened", "Error"
    FINISHED = 15, "the test is finished", "Finished"
    VOLT_METER = 16, "measuring the voltage only", "Volt_Meter"
    WAITING_FOR_ACS = 17, "waiting for ACS", "Waiting_for_ACS"
    PAUSE = 18, "paused", "Pause"
    EMPTY = 19, "empty", "EMPTY"
    IDLE_FROM_MCU = 20, "idle, as the microcontroller says", "Idle_from_MCU"
    START = 21, "starting", "Start"
    RUNNING = 22, "running", "Running"
    STEP_TRANSFER = 23, "step being transferred", "Step_Transfer"
    RESUME = 24, "resuming", "Resume"
    GO_PAUSE = 25, "about to pause", "Go_Pause"
    GO_STOP = 26, "about to stop", "Go_Stop"
    GO_NEXT_STEP = 27, "about to go to the next step", "Go_Next_Step"
    ONLINE_UPDATE = 28, "being updated", "Online_Update"
    DAQ_MEMORY_UNSAFE = 29, "memory of the DAQ unsafe", "Daq_Memory_Unsafe"
    ACR = 30, "measuring the AC resistance", "ACR"
    CS_SUSPENDED = 31, "suspended; in no document", "CS_SUSPENT"


class TimeSensitiveSetMvResult(f.ResultCode):
    """Outcome on a channel."""

    SUCCESS = 0, "success", "SUCCESS"
    SUCCESS_NOTRUNNING = f.ok(1, "set, but the channel is not running", "SUCCESS_NOTRUNNING")
    ERROR = 16, "error", "ERROR"
    DATATYPE_NOTSUPPORT = 17, "data type not supported", "DATATYPE_NOTSUPPORT"
    METACODE_NOTEXIST = 18, "meta variable code does not exist", "METACODE_NOTEXIST"
    CHANNEL_INDEX_ERROR = 19, "channel index wrong", "CHANNEL_INDEX_ERROR"
    AUX_INDEX_ERROR = 20, "auxiliary index wrong", "AUX_INDEX_ERROR"
    AUX_NOTASSIGN = 21, "auxiliary not assigned", "AUX_NOTASSIGN"
    CANBMS_INDEX_ERROR = 22, "CAN/BMS index wrong", "CANBMS_INDEX_ERROR"
    CANBMS_NOTEXIST = 23, "CAN/BMS entry does not exist", "CANBMS_NOTEXIST"
    CANBMS_DISABLED = 24, "CAN/BMS is switched off", "CANBMS_DISABLED"
    NOT_CONNECT_DAQ = 25, "the DAQ is not connected", "NOT_CONNECT_DAQ"
    TIMEOUT = 26, "timed out", "TIMEOUT"
    MCU_ACK_FAILED = 27, "the microcontroller did not acknowledge", "MCU_ACK_FAILED"
    NOT_ALLOW_CONTROL = 28, "this client may not control", "NOT_ALLOW_CONTROL"
    MCU_SOCKET_DISCONNECTED = 29, "the microcontroller is not connected", "MCU_SOCKET_DISCONNECTED"


@record
class ChannelReading(Record):
    """Outcome and reading of one channel."""

    channel_index: int = f.u16(doc="zero-based channel")
    step_index: int = f.i16(doc="current step")
    sub_step_index: int = f.i16(doc="current part of the step")
    control_status: ControlStatus = f.enum(f.u8, ControlStatus, doc="what the channel does")
    result: TimeSensitiveSetMvResult = f.enum(f.u8, TimeSensitiveSetMvResult, doc="outcome")
    current_a: float = f.f32(unit="A")
    voltage_v: float = f.f32(unit="V")
    mv_ud_values: list[float] = f.array(f.f32, 16, doc="user variables 1 to 16")


@feedback(
    0xBBCC0201,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 5.1.26+ or 4.1.8-patch+",
    vendor="THIRD_PARTY_POST_TIME_SENSITIVE_SET_MV_FEEDBACK",
    notes="Request and feedback share one code.",
)
class SetMetaVariablesTimeSensitiveFeedback(Feedback):
    """Outcome and a reading for each channel."""

    channel_count = f.count(f.u16)
    reserved = f.reserved(18)
    channels: list[ChannelReading] = f.array(ChannelReading, channel_count)


@record
class Slot(Record):
    """One of the eight places for a variable."""

    value: float = f.f32(doc="new value")
    meta_variable_code: MetaVariableCode = f.enum(f.u16, MetaVariableCode, doc="which variable")
    enable: int = f.u8(doc="1: this place is used")
    reserved: int = f.u8(default=0, doc="sent as 0")


@record
class ChannelOrder(Record):
    """What to set on one channel."""

    channel_index: int = f.u16(doc="zero-based channel")
    do_log: int = f.u8(default=0, doc="1: log this")
    reserved: int = f.u8(default=0, doc="sent as 0")
    slots: list[Slot] = f.array(Slot, 8, doc="always eight places")


@request(
    0xBBCC0201,
    effect=CONTROL,
    when=TIME_SENSITIVE,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: 5.1.26+ or 4.1.8-patch+",
    vendor="THIRD_PARTY_POST_TIME_SENSITIVE_SET_MV",
    notes=(
        "Request and feedback share one code. Of more than eight variables for a channel the "
        "library sends the first eight and says nothing. It sends nothing at all to servers of "
        "other versions (the older library: than 0x01000004). Null is sent as no channels. A "
        "longer gap than the time-out between two successful calls stops the channel; 0 or less "
        "switches that off."
    ),
)
class SetMetaVariablesTimeSensitive(Request[SetMetaVariablesTimeSensitiveFeedback]):
    """Set user variables with a watchdog, for fast closed loops."""

    channel_count = f.count(f.u16)
    reserved = f.reserved(14)
    timeout_s: float = f.f32(
        default=1.0, doc="longest gap between two calls (manual 1.2.0); 0 or less: none", unit="s"
    )
    channels: list[ChannelOrder] = f.array(ChannelOrder, channel_count)
