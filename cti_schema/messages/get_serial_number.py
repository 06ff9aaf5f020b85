"""Ask for the serial number of the cycler."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class GetSerialResult(f.ResultCode):
    """Outcome of asking for the serial number."""

    SUCCESS = 0, "success", "CTI_GET_SERIAL_SUCCESS"
    ERROR = 16, "error", "CTI_ASSIGN_ERROR"


@feedback(
    0xBB430001,
    vendor="THIRD_PARTY_GET_SERIAL_FEED_CODE",
    notes=(
        "v1.1 has the number unsigned, the library signed. The vendor's client shows it as a "
        "double and does not read the result."
    ),
)
class GetSerialNumberFeedback(Feedback):
    """Serial number of the cycler."""

    serial_number: int = f.i32(doc="serial number")
    result: GetSerialResult = f.enum(
        f.u8, GetSerialResult, doc="outcome; the vendor's client does not read it"
    )
    reserved = f.reserved(101)


@request(
    0xBB340001,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: TYMitsPro8_201909191+; MITS 10: no",
    vendor="THIRD_PARTY_GET_SERIAL_CODE",
    notes="v4.5 prints the code 0xCD130004 at the layout; its table and the bytes have 0xBB340001.",
)
class GetSerialNumber(Request[GetSerialNumberFeedback]):
    """Ask for the serial number of the cycler."""

    serial_number: int = f.u32(default=0, doc="not used, sent as 0")
    result: int = f.u8(default=0, doc="not used, sent as 0")
    reserved = f.reserved(101)
