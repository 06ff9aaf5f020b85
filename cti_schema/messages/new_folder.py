"""Create a folder."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request
from cti_schema.enums import NewOrDeleteResult


@feedback(0xCC310005, vendor="THIRD_PARTY_CMD_NEW_FOLDER_FEED_CODE")
class NewFolderFeedback(Feedback):
    """Outcome of creating a folder."""

    result: NewOrDeleteResult = f.enum(f.u32, NewOrDeleteResult)


@request(
    0xCC130005,
    effect=CONTROL,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_NEW_FOLDER_CODE",
    notes="Library defect: the 2048-byte body is filled through the new_or_delete structure, so the path starts 4 bytes later (frame offset 24) than both documents say (offset 20, utf16[1024]), after four zero bytes; characters 1023 and 1024 are written past the buffer and lost. Frame size is the documented 2070. Which of the two a genuine server expects could not be established; a server should accept both (skip a leading zero u32), a client has to choose.",
)
class NewFolder(Request[NewFolderFeedback]):
    """Create a folder."""

    reserved_1: int = f.u32(default=0, doc="sent as 0 by the vendor library; not in the documents")
    folder_path: str = f.utf16(1022, doc="folder to create")
