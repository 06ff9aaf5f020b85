"""Ask for the state of trays, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request


@record
class MetaValue(Record):
    """One entry."""

    value: float = f.json_float("Value", "f32", default=0.0)
    alias_name: str | None = f.json_text("AliasName", nullable=True, default=None)
    error: int = f.json_int("Error", "i32", default=0)


@record
class TrayStatusInfo(Record):
    """One entry."""

    global_index: int = f.json_int("GlobalIndex", "i32", default=0)
    is_engagement_down: bool = f.json_bool("IsEngagementDown", default=False)
    is_engagement_up: bool = f.json_bool("IsEngagementUp", default=False)
    is_tray_inserted: bool = f.json_bool("IsTrayInserted", default=False)
    error: int = f.json_int("Error", "i32", default=0, doc="codes of tray_status_result")
    meta_values: list[MetaValue] = f.json_list("MetaValues", MetaValue, default=[])


@feedback(
    0xBBA60002,
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS_JSON_FEEDBACK",
    notes="Same code as the binary feedback; the engaged/disengaged/malfunction state and the changed flag of the older form are gone, three flags replace them.",
)
class GetTrayStatusJsonFeedback(Feedback):
    """State of trays, in JSON."""

    tray_status_infos: list[TrayStatusInfo] = f.json_list("TrayStatusInfos", TrayStatusInfo, default=[])
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@request(
    0xBB6A0002,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS_JSON",
    notes="SAME CODE as the binary request of the older library; tell them apart by the body (see rules.md). No entry limit any more (400 sent whole, error 0).",
)
class GetTrayStatusJson(Request[GetTrayStatusJsonFeedback]):
    """Ask for the state of trays, in JSON."""

    tray_index_list: list[int] = f.json_list("TrayIndexList", "i32", default=[])
