"""Send one piece of a file to the cycler computer."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, feedback, request


class UploadResult(f.ResultCode):
    """Outcome of an upload."""

    SUCCESS = 1, "success", "CTI_UPLOAD_SUCCESS"
    FAILED = 2, "failed", "CTI_UPLOAD_FAILED"
    MD5_ERROR = 3, "MD5 mismatch", "CTI_UPLOAD_MD5_ERROR"
    FAILED_TEST_RUNNING = 4, "file in use by a running test", "CTI_UPLOAD_FAILED_TEST_RUNNING"
    FILE_EXIST_WITH_DIFFERENT_MD5 = (
        5,
        "file exists with another MD5",
        "CTI_UPLOAD_FILE_EXIST_WITH_DIFFERENT_MD5",
    )
    FILE_EXIST_WITH_SAME_MD5 = 6, "file exists with the same MD5", "CTI_UPLOAD_FILE_EXIST_WITH_SAME_MD5"
    FILE_EXIST_NOT_OVERRIDE = (
        7,
        "file exists and overwriting was not allowed",
        "CTI_UPLOAD_FILE_EXIST_NOT_OVERRIDE",
    )
    FAILED_USER_CANCEL = 8, "cancelled by the user", "CTI_UPLOAD_FAILED_USER_CANCEL"
    FAILED_TIMEOUT = 9, "timed out", "CTI_UPLOAD_FAILED_TIMEOUT"
    FAILED_CHECK_FILE_TIMEOUT = 10, "file check timed out", "CTI_UPLOAD_FAILED_CHECK_FILE_TIMEOUT"
    IN_PROGRESS = 11, "in progress", "CTI_UPLOAD_IN_PROGRESS"


@feedback(
    0xCC310003,
    vendor="THIRD_PARTY_CMD_UPLOAD_FEED_CODE",
    notes=(
        "v4.5 has the result first; v1.1 and the library have it last. While the library uploads "
        "a whole file it tells its caller nothing of it."
    ),
)
class UploadFileFeedback(Feedback):
    """Outcome of one piece of an upload."""

    upload_time: float = f.f64(doc="time stamp of the request")
    package_count: int = f.u32(doc="number of pieces")
    package_index: int = f.u32(doc="zero-based piece")
    result: UploadResult = f.enum(f.u32, UploadResult, doc="outcome")


@request(
    0xCC130003,
    effect=CONTROL,
    echo={"upload_time": "upload_time", "package_count": "package_count", "package_index": "package_index"},
    port=9032,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_UPLOAD_CODE",
    notes=(
        "For a whole file the library first asks whether it is there (and waits 1.5 s), then "
        "sends pieces of 1048576 bytes and waits for each (1.5 s, for the last 3 s). They go to "
        "the path that the first answer gave, not to the caller's. v1.1 does not show the data."
    ),
)
class UploadFile(Request[UploadFileFeedback]):
    """Send one piece of a file to the cycler computer."""

    file_path: str = f.utf16(1024, doc="where the file shall be")
    data_length = f.length(f.u64, unit="byte", doc="size of the data in this piece")
    package_count: int = f.u32(doc="number of pieces")
    package_index: int = f.u32(doc="zero-based piece")
    upload_time: float = f.f64(
        doc="time stamp, the same in all pieces; the library takes the UTC OLE automation date"
    )
    md5: bytes = f.bytes_fixed(16, doc="MD5 of this piece")
    data: bytes = f.bytes_counted(data_length, doc="bytes of the file")
