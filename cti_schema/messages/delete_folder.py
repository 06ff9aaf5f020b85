"""Delete a file or a folder."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import NewOrDeleteResult


@feedback(0xCC310006, vendor="THIRD_PARTY_CMD_DELETE_FOLDER_FEED_CODE")
class DeleteFolderFeedback(Feedback):
    """Outcome of deleting."""

    result: NewOrDeleteResult = f.enum(f.u32, NewOrDeleteResult, doc="outcome")


@request(
    0xCC130006,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_DELETE_FOLDER_CODE",
    notes="The method is PostDeleteFolder in v4.5, PostDeleteFile in the library.",
)
class DeleteFolder(Request[DeleteFolderFeedback]):
    """Delete a file or a folder."""

    path: str = f.utf16(1024, doc="file or folder to delete")
