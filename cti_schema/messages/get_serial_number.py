"""Ask for the serial number of the cycler."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class GetSerialResult(f.ResultCode):
    """Get serial result."""

    SUCCESS = 0, "success", "CTI_GET_SERIAL_SUCCESS"
    ERROR = 16, "error", "CTI_ASSIGN_ERROR"


@feedback(
    0xBB430001,
    vendor="THIRD_PARTY_GET_SERIAL_FEED_CODE",
    notes="v1.1 types the number as unsigned, the library as signed; the vendor object shows a double and never fills its Result.",
)
class GetSerialNumberFeedback(Feedback):
    """Serial number of the cycler."""

    serial_number: int = f.i32(doc="serial number, exposed as a double")
    result: GetSerialResult = f.enum(f.u8, GetSerialResult, doc="not read by the vendor client")
    reserved = f.reserved(101)


@request(
    0xBB340001,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: no",
    vendor="THIRD_PARTY_GET_SERIAL_CODE",
    notes="v4.5 layout comment gives code 0xCD130004; table and bytes 0xBB340001.",
)
class GetSerialNumber(Request[GetSerialNumberFeedback]):
    """Ask for the serial number of the cycler."""

    serial_number: int = f.u32(default=0, doc="unused in the request (v4.5), sent as 0")
    result: int = f.u8(default=0, doc="unused in the request (v4.5), sent as 0")
    reserved = f.reserved(101)
