"""Ask for the state of trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class GetTrayStatusResult(f.ResultCode):
    """Get tray status result."""

    SUCCESS = 0, "success", "CTI_GET_TRAY_STATUS_SUCCESS"
    ERROR = 16, "error", "CTI_GET_TRAY_STATUS_ERROR"
    INDEX_ERROR = 17, "tray index wrong", "CTI_GET_TRAY_INDEX_ERROR"
    ERROR_NETWORK = 18, "network error", "CTI_GET_TRAY_STATUS_ERROR_NETWORK"
    ERROR_UNIT = 19, "unit error", "CTI_GET_TRAY_STATUS_ERROR_UNIT"
    ERROR_SPTTMAPPING_INDEX = 20, "SPTT mapping index wrong", "CTI_GET_TRAY_STATUS_ERROR_SPTTMAPPING_INDEX"


class TrayStatus(f.Code):
    """Tray status."""

    ENGAGED = 0, "engaged", "Engaged"
    DISENGAGED = 1, "disengaged", "Disengaged"
    MALFUNCTION = 2, "malfunction", "Malfunction"


@record
class Tray(Record):
    """One tray."""

    tray_index: int = f.u16()
    error: GetTrayStatusResult = f.enum(f.u8, GetTrayStatusResult)
    changed: int = f.u8(doc="not read by the vendor client")
    tray_status: TrayStatus = f.enum(f.u16, TrayStatus)
    reserved = f.reserved(2)


@feedback(
    0xBBA60002,
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS_FEEDBACK",
    notes="changed is not read by the client, so its position is confirmed only by the fields around it.",
)
class GetTrayStatusFeedback(Feedback):
    """State of trays."""

    tray_count = f.count(f.u32)
    reserved = f.reserved(68)
    trays: list[Tray] = f.array(Tray, tray_count)


@request(
    0xBB6A0002,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS",
    notes="Limit (1452-72-8-2)/8 = 171. Above it the library sets its error output to -1 and cuts count and buffer to 171 entries, yet goes on writing all the entries into the buffer (heap overrun): 172 got through, 200 and 2000 killed the process.",
)
class GetTrayStatus(Request[GetTrayStatusFeedback]):
    """Ask for the state of trays."""

    tray_count = f.count(f.u32, doc="number of entries, library limit 171")
    reserved_1: int = f.u16(default=0, doc="sent as 0")
    reserved_2: int = f.u16(default=0, doc="sent as 0")
    reserved = f.reserved(64)
    tray_indices: list[int] = f.array(f.u16, tray_count, limit=171, doc="tray index")
