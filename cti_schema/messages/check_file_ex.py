"""Ask whether a file with this content exists."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


@feedback(
    0xBB530005,
    vendor="THIRD_PARTY_CMD_CHECK_FILE_EX_FEED",
    notes=(
        "While the library uploads a whole file it waits 1.5 s for this, and tells its caller nothing of it."
    ),
)
class CheckFileExFeedback(Feedback):
    """Whether a file exists, and whether its content is the same."""

    relative_path_exists: int = f.u8(doc="1: the folder exists; any other value is taken for no")
    file_name_exists: int = f.u8(doc="1: the file exists; any other value is taken for no")
    md5_exists: int = f.u8(doc="1: its content is the same; any other value is taken for no")
    reason: str = f.utf16(256, doc="explanation")
    file_path: str = f.utf16(1024, doc="where the file is, or where an upload of it must go")
    reserved = f.reserved(24)


@request(
    0xBB350005,
    effect=QUERY,
    versions="MITS Pro7: TYMitsPro7_202207071+; MITS Pro8: TYMitsPro8_202207071+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_CHECK_FILE_EX",
    notes="The library refuses an empty name, and a digest that has not 16 bytes.",
)
class CheckFileEx(Request[CheckFileExFeedback]):
    """Ask whether a file with this content exists."""

    relative_path: str = f.utf16(
        200, default="", doc="the library leaves it empty, and writes the folders into file_name"
    )
    file_name: str = f.utf16(200, doc="file name, relative, may have folders")
    md5: bytes = f.bytes_fixed(16, doc="MD5 of the whole local file")
    reserved = f.reserved(8)
