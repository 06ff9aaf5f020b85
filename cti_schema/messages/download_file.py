"""Fetch a file from the cycler computer."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class DownloadResult(f.ResultCode):
    """Download result."""

    SUCCESS = 1, "success", "CTI_DOWNLOAD_SUCCESS"
    FAILED = 2, "failed", "CTI_DOWNLOAD_FAILED"
    MD5_ERR = 3, "MD5 mismatch", "CTI_DOWNLOAD_MD5_ERR"
    MAX_LENGTH_ERR = 4, "too long", "CTI_DOWNLOAD_MAX_LENGTH_ERR"


@feedback(
    0xCC310002,
    vendor="THIRD_PARTY_CMD_DOWNLOAD_FEED_CODE",
    notes="data_length below 31457280: the client copies the data, computes its MD5, and replaces the result by 3 when it differs from md5 - also for failures with no data, so a failed download needs the MD5 of zero bytes (d41d8cd98f00b204e9800998ecf8427e) to show its own result. From 31457280 on the result becomes 4 and no data is read. v1.1: packages of 512 KiB.",
)
class DownloadFileFeedback(Feedback):
    """One piece of a file."""

    result: DownloadResult = f.enum(f.u32, DownloadResult)
    download_time: float = f.f64(doc="timestamp echoed from the request")
    package_count: int = f.u32()
    package_index: int = f.u32()
    md5: bytes = f.bytes_fixed(16, doc="MD5 of the data bytes of this package")
    data_length = f.length(f.u64, unit="byte", doc="data bytes following")
    data: bytes = f.bytes_counted(data_length)


@request(
    0xCC130002,
    effect=QUERY,
    answers=f.pieces,
    echo={"download_time": "download_time"},
    port=9032,
    versions="MITS Pro7: TYMitsPro7_201909261+; MITS Pro8: TYMitsPro8_201906141+; MITS 10: all",
    vendor="THIRD_PARTY_CMD_DOWNLOAD_CODE",
)
class DownloadFile(Request[DownloadFileFeedback]):
    """Fetch a file from the cycler computer."""

    file_path: str = f.utf16(1024, doc="file to fetch")
    download_time: float = f.f64(doc="caller-chosen unique time stamp, echoed in the feedbacks")
