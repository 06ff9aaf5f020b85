"""Read barcodes, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import BarcodeChannelType, GetBarcodeResult
from cti_schema.messages.get_barcode import GetBarcode
from cti_schema.parts import EventMembers
from cti_schema.versions import JSON_BODIES


@record
class Barcode(Record):
    """The barcode of one channel, EQ, cell or tray."""

    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="what the index counts",
    )
    global_index: int = f.json_int(
        "GlobalIndex", "i32", default=0, doc="zero-based index of the channel, EQ, cell or tray"
    )
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None, doc="the barcode")
    info: str | None = f.json_text("Info", nullable=True, default=None, doc="further text")
    error: GetBarcodeResult = f.json_int(
        "Error", "i32", enum=GetBarcodeResult, default=GetBarcodeResult.SUCCESS, doc="outcome"
    )


@part
class GetBarcodeJsonMembers(Part):
    """Members of the feedback itself."""

    barcode_infos: list[Barcode] = f.json_list("BarcodeInfos", Barcode, default=[])
    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="left over from the binary form; each entry has its own",
    )


@feedback(0xBB160018, vendor="THIRD_PARTY_CMD_GET_BARCODE_INFO_JSON_FEEDBACK")
class GetBarcodeJsonFeedback(GetBarcodeJsonMembers, EventMembers, Feedback):
    """Barcodes, in JSON."""


@record
class BarcodePlace(Record):
    """What a barcode is asked of."""

    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="what the index counts",
    )
    global_index: int = f.json_int(
        "GlobalIndex", "i32", default=0, doc="zero-based index of the channel, EQ, cell or tray"
    )


@request(
    0xBB610018,
    effect=QUERY,
    variant_of=GetBarcode,
    when=JSON_BODIES,
    versions="MITS Pro7: no; MITS Pro8: 2.0.0+; MITS 10: 5.1.25+",
    vendor="THIRD_PARTY_CMD_GET_BARCODE_INFO_JSON",
)
class GetBarcodeJson(Request[GetBarcodeJsonFeedback]):
    """Read barcodes, in JSON."""

    barcode_infos: list[BarcodePlace] = f.json_list("BarcodeInfos", BarcodePlace, default=[])
