"""Create a folder, or delete a file or a folder."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import NewOrDeleteResult


@feedback(0xCC310004, vendor="THIRD_PARTY_CMD_NEW_OR_DELETE_FEED_CODE")
class NewOrDeleteFeedback(Feedback):
    """Outcome of creating or deleting."""

    result: NewOrDeleteResult = f.enum(f.u32, NewOrDeleteResult, doc="outcome")


@request(
    0xCC130004,
    effect=CONTROL,
    port=9032,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_NEW_OR_DELETE_CODE",
)
class NewOrDelete(Request[NewOrDeleteFeedback]):
    """Create a folder, or delete a file or a folder."""

    operation: int = f.u32(values={0: "delete", 1: "create"}, doc="what to do")
    file_path: str = f.utf16(1024, doc="folder to create, or file or folder to delete")
