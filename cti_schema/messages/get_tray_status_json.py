"""Ask for the state of trays, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.messages.get_tray_status import GetTrayStatus, GetTrayStatusResult
from cti_schema.parts import EventMembers
from cti_schema.versions import JSON_BODIES


@record
class TrayValue(Record):
    """One value measured at a tray."""

    value: float = f.json_float("Value", "f32", default=0.0, doc="the value")
    alias_name: str | None = f.json_text(
        "AliasName", nullable=True, default=None, doc="what the value is called"
    )
    error: int = f.json_int("Error", "i32", default=0, doc="result code of this value")


@record
class Tray(Record):
    """State of one tray."""

    global_index: int = f.json_int("GlobalIndex", "i32", default=0, doc="zero-based tray")
    is_engagement_down: bool = f.json_bool("IsEngagementDown", default=False, doc="pressed down")
    is_engagement_up: bool = f.json_bool("IsEngagementUp", default=False, doc="released")
    is_tray_inserted: bool = f.json_bool("IsTrayInserted", default=False, doc="in its place")
    error: GetTrayStatusResult = f.json_int(
        "Error",
        "i32",
        enum=GetTrayStatusResult,
        default=GetTrayStatusResult.SUCCESS,
        doc="whether the state is there",
    )
    meta_values: list[TrayValue] = f.json_list("MetaValues", TrayValue, default=[])


@part
class GetTrayStatusJsonMembers(Part):
    """Members of the feedback itself."""

    tray_status_infos: list[Tray] = f.json_list("TrayStatusInfos", Tray, default=[])


@feedback(
    0xBBA60002,
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS_JSON_FEEDBACK",
    notes="Has the code of the binary feedback; three flags stand for its state and its changed flag.",
)
class GetTrayStatusJsonFeedback(GetTrayStatusJsonMembers, EventMembers, Feedback):
    """State of trays, in JSON."""


@request(
    0xBB6A0002,
    effect=QUERY,
    variant_of=GetTrayStatus,
    when=JSON_BODIES,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_GET_TRAY_STATUS_JSON",
    notes=(
        "Has the code of the binary request of the older library; the body tells them apart. No "
        "limit of the indices."
    ),
)
class GetTrayStatusJson(Request[GetTrayStatusJsonFeedback]):
    """Ask for the state of trays, in JSON."""

    tray_index_list: list[int] = f.json_list("TrayIndexList", "i32", default=[], doc="zero-based trays")
