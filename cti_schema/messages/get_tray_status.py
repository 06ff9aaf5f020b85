"""Ask for the state of trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


class GetTrayStatusResult(f.ResultCode):
    """Outcome for a tray."""

    SUCCESS = 0, "success", "CTI_GET_TRAY_STATUS_SUCCESS"
    ERROR = 16, "error", "CTI_GET_TRAY_STATUS_ERROR"
    INDEX_ERROR = 17, "tray index wrong", "CTI_GET_TRAY_INDEX_ERROR"
    ERROR_NETWORK = 18, "network error", "CTI_GET_TRAY_STATUS_ERROR_NETWORK"
    ERROR_UNIT = 19, "unit error", "CTI_GET_TRAY_STATUS_ERROR_UNIT"
    ERROR_SPTTMAPPING_INDEX = 20, "SPTT mapping index wrong", "CTI_GET_TRAY_STATUS_ERROR_SPTTMAPPING_INDEX"


class TrayStatus(f.Code):
    """State of a tray."""

    ENGAGED = 0, "engaged", "Engaged"
    DISENGAGED = 1, "disengaged", "Disengaged"
    MALFUNCTION = 2, "malfunction", "Malfunction"


@record
class Tray(Record):
    """State of one tray."""

    tray_index: int = f.u16(doc="zero-based tray")
    error: GetTrayStatusResult = f.enum(f.u8, GetTrayStatusResult, doc="whether the state is there")
    changed: int = f.u8(doc="whether the state changed")
    tray_status: TrayStatus = f.enum(f.u16, TrayStatus, doc="the state")
    reserved = f.reserved(2)


@feedback(
    0xBBA60002,
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS_FEEDBACK",
    notes=(
        "The vendor's client does not read the changed flag, so that only its neighbours confirm its place."
    ),
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
    notes=(
        "Of more than 171 indices the library sends 171 with error -1, but overruns its buffer: "
        "200 killed the process."
    ),
)
class GetTrayStatus(Request[GetTrayStatusFeedback]):
    """Ask for the state of trays."""

    tray_count = f.count(f.u32, doc="number of indices")
    reserved_1: int = f.u16(default=0, doc="sent as 0")
    reserved_2: int = f.u16(default=0, doc="sent as 0")
    reserved = f.reserved(64)
    tray_indices: list[int] = f.array(f.u16, tray_count, limit=171, doc="zero-based trays")
