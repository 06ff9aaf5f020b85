"""Ask whether a file exists."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class CheckFileResult(f.ResultCode):
    """Whether the file exists."""

    EXISTS = f.ok(0, "file exists", "CTI_FILE_EXISTS")
    NONEXISTS = 1, "file does not exist", "CTI_FILE_NONEXISTS"


@feedback(0xBB350004, vendor="THIRD_PARTY_CMD_CHECK_FILE_FEED")
class CheckFileFeedback(Feedback):
    """Whether a file exists, and where."""

    result: CheckFileResult = f.enum(f.u8, CheckFileResult, doc="outcome")
    reason: str = f.utf16(256, doc="explanation")
    file_path: str = f.utf16(1024, doc="where the file is")
    reserved = f.reserved(24)


@request(0xBB350003, effect=QUERY, vendor="THIRD_PARTY_CMD_CHECK_FILE")
class CheckFile(Request[CheckFileFeedback]):
    """Ask whether a file exists."""

    file_name: str = f.utf16(200, doc="file to look for")
    reserved = f.reserved(24)
