"""Engage or disengage trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


class EngageTrayResult(f.ResultCode):
    """Outcome for a tray."""

    SUCCESS = 0, "success", "CTI_ENGAGE_TRAY_SUCCESS"
    ERROR = 16, "error", "CTI_ENGAGE_TRAY_ERROR"
    ERROR_INDEX = 17, "index wrong", "CTI_ENGAGE_TRAY_ERROR_INDEX"
    ERROR_NETWORK = 18, "network error", "CTI_ENGAGE_TRAY_ERROR_NETWORK"
    ERROR_UNIT = 19, "unit error", "CTI_ENGAGE_TRAY_ERROR_UNIT"
    ERROR_SPTTMAPPING_INDEX = 20, "SPTT mapping index wrong", "CTI_ENGAGE_TRAY_ERROR_SPTTMAPPING_INDEX"
    ENGAGE_TRAY_ERROR_CHANNEL_NULL = (
        21,
        "tray has no channel (read from the name)",
        "CTI_ENGAGE_TRAY_ERROR_CHANNEL_NULL",
    )
    ENGAGE_TRAY_ERROR_CHANNEL_RUNNING = (
        22,
        "a channel is running (read from the name)",
        "CTI_ENGAGE_TRAY_ERROR_CHANNEL_RUNNING",
    )


@record
class TrayOutcome(Record):
    """Outcome for one tray."""

    global_index: int = f.u16(doc="zero-based tray")
    error: EngageTrayResult = f.enum(f.u8, EngageTrayResult, doc="outcome")
    engage: int = f.u8(doc="1: engaged; any other value is taken for no")
    reserved = f.reserved(4)


@feedback(0xBBA60003, vendor="THIRD_PARTY_CMD_ENGAGE_TRAY_FEEDBACK")
class EngageTrayFeedback(Feedback):
    """Outcome of engaging trays."""

    tray_count = f.count(f.u32)
    reserved = f.reserved(68)
    trays: list[TrayOutcome] = f.array(TrayOutcome, tray_count)


@record
class TrayOrder(Record):
    """What to do with one tray."""

    tray_index: int = f.u16(doc="zero-based tray")
    error: int = f.u8(default=0, doc="sent as 0")
    engage: int = f.u8(values={0: "disengage", 1: "engage"}, doc="what to do")
    reserved: int = f.u32(default=0, doc="sent as 0")


@request(
    0xBB6A0003,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_ENGAGE_TRAY",
    notes=(
        "Of more than 171 entries the library sends the first 171, returns true and sets its error to -1."
    ),
)
class EngageTray(Request[EngageTrayFeedback]):
    """Engage or disengage trays."""

    tray_count = f.count(f.u32, doc="number of entries")
    reserved_1: int = f.u16(default=0, doc="sent as 0")
    reserved_2: int = f.u16(default=0, doc="sent as 0")
    reserved = f.reserved(64)
    entries: list[TrayOrder] = f.array(TrayOrder, tray_count, limit=171)
