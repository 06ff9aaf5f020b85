"""Ask whether a file with this content exists."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


@feedback(
    0xBB530005,
    vendor="THIRD_PARTY_CMD_CHECK_FILE_EX_FEED",
    notes="During the vendor file-upload helper this feedback is consumed internally (1.5 s limit) and no event is raised.",
)
class CheckFileExFeedback(Feedback):
    """Whether a file exists, and whether its content is the same."""

    relative_path_exists: int = f.u8(doc="true only when exactly 1")
    file_name_exists: int = f.u8(doc="true only when exactly 1")
    md5_exists: int = f.u8(doc="true only when exactly 1")
    reason: str = f.utf16(256)
    file_path: str = f.utf16(1024)
    reserved = f.reserved(24)


@request(
    0xBB350005,
    effect=QUERY,
    versions="MITS Pro7: TYMitsPro7_202207071+; MITS Pro8: TYMitsPro8_202207071+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_CHECK_FILE_EX",
    notes="Library throws for an empty name, a name over 200 units and an MD5 that is not 16 bytes.",
)
class CheckFileEx(Request[CheckFileExFeedback]):
    """Ask whether a file with this content exists."""

    relative_path: str = f.utf16(
        200, default="", doc="always empty in the library: the whole relative name goes into file_name"
    )
    file_name: str = f.utf16(200, doc="relative file name, may contain folders")
    md5: bytes = f.bytes_fixed(16, doc="MD5 of the whole local file")
    reserved = f.reserved(8)
