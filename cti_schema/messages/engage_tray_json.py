"""Engage or disengage trays, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.messages.engage_tray import EngageTray, EngageTrayResult
from cti_schema.parts import EventMembers
from cti_schema.versions import JSON_BODIES


@record
class TrayOutcome(Record):
    """Outcome for one tray."""

    global_index: int = f.json_int("GlobalIndex", "i32", default=0, doc="zero-based tray")
    error: EngageTrayResult = f.json_int(
        "Error", "i32", enum=EngageTrayResult, default=EngageTrayResult.SUCCESS, doc="outcome"
    )
    engage: bool = f.json_bool("Engage", default=True, doc="engaged")


@part
class EngageTrayJsonMembers(Part):
    """Members of the feedback itself."""

    engage_tray_infos: list[TrayOutcome] = f.json_list(
        "EngageTrayInfos", TrayOutcome, default=[], doc="called EngageTrays in the request"
    )


@feedback(0xBBA60003, vendor="THIRD_PARTY_CMD_ENGAGE_TRAY_FEEDBACK")
class EngageTrayJsonFeedback(EngageTrayJsonMembers, EventMembers, Feedback):
    """Outcome of engaging trays, in JSON."""


@record
class TrayOrder(Record):
    """What to do with one tray."""

    global_index: int = f.json_int("GlobalIndex", "i32", default=0, doc="zero-based tray")
    error: int = f.json_int("Error", "i32", default=0, doc="without a meaning here, but sent")
    engage: bool = f.json_bool("Engage", default=True, doc="engage, else disengage")


@request(
    0xBB6A0003,
    effect=CONTROL,
    variant_of=EngageTray,
    when=JSON_BODIES,
    versions="MITS Pro7: no; MITS Pro8: no; MITS 10: in development",
    vendor="THIRD_PARTY_CMD_ENGAGE_TRAY",
    notes=(
        "Has the code and the vendor's name of the binary request of the older library. No limit "
        "of the entries."
    ),
)
class EngageTrayJson(Request[EngageTrayJsonFeedback]):
    """Engage or disengage trays, in JSON."""

    engage_trays: list[TrayOrder] = f.json_list("EngageTrays", TrayOrder, default=[])
