"""Fetch a file from the cycler computer."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Request, feedback, request


class DownloadResult(f.ResultCode):
    """Outcome of a download."""

    SUCCESS = 1, "success", "CTI_DOWNLOAD_SUCCESS"
    FAILED = 2, "failed", "CTI_DOWNLOAD_FAILED"
    MD5_ERR = 3, "MD5 mismatch", "CTI_DOWNLOAD_MD5_ERR"
    MAX_LENGTH_ERR = 4, "too long", "CTI_DOWNLOAD_MAX_LENGTH_ERR"


@feedback(
    0xCC310002,
    vendor="THIRD_PARTY_CMD_DOWNLOAD_FEED_CODE",
    notes=(
        "Below 31457280 bytes the vendor's client checks the MD5 and makes the result 3 where it "
        "differs, also of a failure without data: a failed download must carry the MD5 of nothing "
        "(d41d8cd98f00b204e9800998ecf8427e) to show its own result. From 31457280 bytes on the "
        "result becomes 4 and the data are not read. v1.1: pieces of 512 KiB."
    ),
)
class DownloadFileFeedback(Feedback):
    """One piece of a file."""

    result: DownloadResult = f.enum(f.u32, DownloadResult, doc="outcome")
    download_time: float = f.f64(doc="time stamp of the request")
    package_count: int = f.u32(doc="number of pieces")
    package_index: int = f.u32(doc="zero-based piece")
    md5: bytes = f.bytes_fixed(16, doc="MD5 of the data in this piece")
    data_length = f.length(f.u64, unit="byte", doc="size of the data in this piece")
    data: bytes = f.bytes_counted(data_length, doc="bytes of the file")


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
    download_time: float = f.f64(doc="any time stamp that no other download has; the feedbacks repeat it")
