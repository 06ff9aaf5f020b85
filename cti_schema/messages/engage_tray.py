"""Engage or disengage trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


class EngageTrayResult(f.ResultCode):
    """Engage tray result."""

    SUCCESS = 0, "success", "CTI_ENGAGE_TRAY_SUCCESS"
    ERROR = 16, "error", "CTI_ENGAGE_TRAY_ERROR"
    ERROR_INDEX = 17, "index wrong", "CTI_ENGAGE_TRAY_ERROR_INDEX"
    ERROR_NETWORK = 18, "network error", "CTI_ENGAGE_TRAY_ERROR_NETWORK"
    ERROR_UNIT = 19, "unit error", "CTI_ENGAGE_TRAY_ERROR_UNIT"
    ERROR_SPTTMAPPING_INDEX = 20, "SPTT mapping index wrong", "CTI_ENGAGE_TRAY_ERROR_SPTTMAPPING_INDEX"
    ENGAGE_TRAY_ERROR_CHANNEL_NULL = (
        21,
        "tray has no channel (own reading of the name)",
        "CTI_ENGAGE_TRAY_ERROR_CHANNEL_NULL",
    )
    ENGAGE_TRAY_ERROR_CHANNEL_RUNNING = (
        22,
        "a channel is running (own reading of the name)",
        "CTI_ENGAGE_TRAY_ERROR_CHANNEL_RUNNING",
    )


@record
class Tray(Record):
    """One tray."""

    global_index: int = f.u16()
    error: EngageTrayResult = f.enum(f.u8, EngageTrayResult)
    engage: int = f.u8(doc="engaged only when exactly 1")
    reserved = f.reserved(4)


@feedback(0xBBA60003, vendor="THIRD_PARTY_CMD_ENGAGE_TRAY_FEEDBACK")
class EngageTrayFeedback(Feedback):
    """Outcome of engaging trays."""

    tray_count = f.count(f.u32)
    reserved = f.reserved(68)
    trays: list[Tray] = f.array(Tray, tray_count)


@record
class Entry(Record):
    """One entry."""

    tray_index: int = f.u16()
    error: int = f.u8(default=0, doc="sent as 0")
    engage: int = f.u8(values={0: "disengage", 1: "engage"})
    reserved: int = f.u32(default=0, doc="sent as 0")


@request(
    0xBB6A0003,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_ENGAGE_TRAY",
    notes="Limit (1452-72-8-2)/8 = 171; above it (172, 200, 2000 tried) the first 171 go out, the method returns true and the error output is -1.",
)
class EngageTray(Request[EngageTrayFeedback]):
    """Engage or disengage trays."""

    tray_count = f.count(f.u32, doc="number of entries, library limit 171")
    reserved_1: int = f.u16(default=0, doc="sent as 0")
    reserved_2: int = f.u16(default=0, doc="sent as 0")
    reserved = f.reserved(64)
    entries: list[Entry] = f.array(Entry, tray_count, limit=171)
