"""Read barcodes, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import BarcodeChannelType, GetBarcodeResult


@record
class AnsweredBarcodeInfo(Record):
    """One entry."""

    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="what GlobalIndex counts",
    )
    global_index: int = f.json_int("GlobalIndex", "i32", default=0)
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None)
    info: str | None = f.json_text("Info", nullable=True, default=None)
    error: GetBarcodeResult = f.json_int(
        "Error", "i32", enum=GetBarcodeResult, default=GetBarcodeResult.SUCCESS
    )


@feedback(
    0xBB160018,
    vendor="THIRD_PARTY_CMD_GET_BARCODE_INFO_JSON_FEEDBACK",
    notes="Event ArbinCommandGetBarcodeInfoFeedBackEvent.",
)
class GetBarcodeJsonFeedback(Feedback):
    """Barcodes, in JSON."""

    barcode_infos: list[AnsweredBarcodeInfo] = f.json_list("BarcodeInfos", AnsweredBarcodeInfo, default=[])
    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="whole-message type, left over from the classic form; each item has its own",
    )
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@record
class AskedBarcodeInfo(Record):
    """One entry."""

    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="what GlobalIndex counts",
    )
    global_index: int = f.json_int("GlobalIndex", "i32", default=0)


@request(
    0xBB610018,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: 2.0.0+; MITS 10: 5.1.25+",
    vendor="THIRD_PARTY_CMD_GET_BARCODE_INFO_JSON",
)
class GetBarcodeJson(Request[GetBarcodeJsonFeedback]):
    """Read barcodes, in JSON."""

    barcode_infos: list[AskedBarcodeInfo] = f.json_list("BarcodeInfos", AskedBarcodeInfo, default=[])
