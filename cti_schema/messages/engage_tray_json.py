"""Engage or disengage trays, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request


@record
class EngageTrayInfo(Record):
    """One entry."""

    global_index: int = f.json_int("GlobalIndex", "i32", default=0)
    error: int = f.json_int("Error", "i32", default=0, doc="codes of engage_tray_result")
    engage: bool = f.json_bool("Engage", default=True)


@feedback(0xBBA60003, vendor="THIRD_PARTY_CMD_ENGAGE_TRAY_FEEDBACK")
class EngageTrayJsonFeedback(Feedback):
    """Outcome of engaging trays, in JSON."""

    engage_tray_infos: list[EngageTrayInfo] = f.json_list(
        "EngageTrayInfos",
        EngageTrayInfo,
        default=[],
        doc="note: the list is called EngageTrays in the request",
    )
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@record
class EngageTray(Record):
    """One entry."""

    global_index: int = f.json_int("GlobalIndex", "i32", default=0)
    error: int = f.json_int("Error", "i32", default=0, doc="meaningless in the request")
    engage: bool = f.json_bool("Engage", default=True)


@request(
    0xBB6A0003,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_ENGAGE_TRAY",
    notes="SAME CODE and vendor name as the binary request of the older library. No entry limit.",
)
class EngageTrayJson(Request[EngageTrayJsonFeedback]):
    """Engage or disengage trays, in JSON."""

    engage_trays: list[EngageTray] = f.json_list("EngageTrays", EngageTray, default=[])
