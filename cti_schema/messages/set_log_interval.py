"""Set the interval at which data are logged."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class SetIntervalTimeLogDataResult(f.ResultCode):
    """Set interval time log data result."""

    DAQ_DISCONNECTED = -2, "daq disconnected", "SET_INTERVALTIME_LOGDATA_DAQ_DISCONNECTED"
    DCOM_FAILED = -1, "DCOM call failed", "SET_INTERVALTIME_LOGDATA_DCOM_FAILED"
    SUCCESS = 0, "success", "SET_INTERVALTIME_LOGDATA_SUCCESS"
    PARTIAL_SUCCESS = 1, "only partly done", "SET_INTERVALTIME_LOGDATA_PARTIAL_SUCCESS"
    FAILED = 2, "failed", "SET_INTERVALTIME_LOGDATA_FAILED"
    EXCEED_LIMIT = 3, "value exceeds the limit", "SET_INTERVALTIME_LOGDATA_EXCEED_LIMIT"


@feedback(
    0xFFAC0001,
    vendor="THIRD_PARTY_CMD_SET_INTERVALTIME_LOGDATA_FEEDBACK",
    notes="result is an unsigned byte, so the negative enumeration values cannot be seen.",
)
class SetLogIntervalFeedback(Feedback):
    """Outcome of setting the log interval."""

    result: SetIntervalTimeLogDataResult = f.enum(f.u8, SetIntervalTimeLogDataResult)
    reserved = f.reserved(15)
    message: str = f.utf16(220)


@request(
    0xFFCA0001,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_2022005071+; MITS Pro8: TYMitsPro8_2022005071+; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_SET_INTERVALTIME_LOGDATA",
    notes="No range check in the library (-1 and NaN are sent).",
)
class SetLogInterval(Request[SetLogIntervalFeedback]):
    """Set the interval at which data are logged."""

    reserved = f.reserved(20)
    interval_s: float = f.f32(doc="logging interval; unit not documented")
    surplus = f.surplus(148)
