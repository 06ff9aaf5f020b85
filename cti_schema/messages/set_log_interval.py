"""Set the interval at which data are logged."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class SetIntervalTimeLogDataResult(f.ResultCode):
    """Outcome of setting the log interval."""

    DAQ_DISCONNECTED = -2, "the DAQ is not connected", "SET_INTERVALTIME_LOGDATA_DAQ_DISCONNECTED"
    DCOM_FAILED = -1, "DCOM call failed", "SET_INTERVALTIME_LOGDATA_DCOM_FAILED"
    SUCCESS = 0, "success", "SET_INTERVALTIME_LOGDATA_SUCCESS"
    PARTIAL_SUCCESS = 1, "only partly done", "SET_INTERVALTIME_LOGDATA_PARTIAL_SUCCESS"
    FAILED = 2, "failed", "SET_INTERVALTIME_LOGDATA_FAILED"
    EXCEED_LIMIT = 3, "value exceeds the limit", "SET_INTERVALTIME_LOGDATA_EXCEED_LIMIT"


@feedback(
    0xFFAC0001,
    vendor="THIRD_PARTY_CMD_SET_INTERVALTIME_LOGDATA_FEEDBACK",
    notes="The result is one unsigned byte, so that the negative values of the enumeration cannot come.",
)
class SetLogIntervalFeedback(Feedback):
    """Outcome of setting the log interval."""

    result: SetIntervalTimeLogDataResult = f.enum(f.u8, SetIntervalTimeLogDataResult, doc="outcome")
    reserved = f.reserved(15)
    message: str = f.utf16(220, doc="explanation")


@request(
    0xFFCA0001,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_2022005071+; MITS Pro8: TYMitsPro8_2022005071+; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_SET_INTERVALTIME_LOGDATA",
    notes="Manual 1.2.0 allows 0.005 to 3 s. The library checks nothing: -1 and NaN are sent.",
)
class SetLogInterval(Request[SetLogIntervalFeedback]):
    """Set the interval at which data are logged."""

    reserved = f.reserved(20)
    interval_s: float = f.f32(doc="time between two logged points", unit="s")
    surplus = f.surplus(148)
