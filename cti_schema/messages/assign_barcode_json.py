"""Assign barcodes, in JSON."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import AssignBarcodeResult, BarcodeChannelType
from cti_schema.messages.assign_barcode import AssignBarcode
from cti_schema.parts import EventMembers
from cti_schema.versions import JSON_BODIES


@record
class BarcodeOutcome(Record):
    """Outcome for one barcode."""

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
    error: AssignBarcodeResult = f.json_int(
        "Error", "i32", enum=AssignBarcodeResult, default=AssignBarcodeResult.BARCODE_SUCCESS, doc="outcome"
    )


@part
class AssignBarcodeJsonMembers(Part):
    """Members of the feedback itself."""

    barcode_infos: list[BarcodeOutcome] = f.json_list("BarcodeInfos", BarcodeOutcome, default=[])
    channel_type: BarcodeChannelType = f.json_int(
        "ChannelType",
        "i32",
        enum=BarcodeChannelType,
        default=BarcodeChannelType.IV,
        doc="left over from the binary form; each entry has its own",
    )


@feedback(0xBB160017, vendor="THIRD_PARTY_CMD_ASSIGN_BARCODE_INFO_JSON_FEEDBACK")
class AssignBarcodeJsonFeedback(AssignBarcodeJsonMembers, EventMembers, Feedback):
    """Outcome of assigning barcodes, in JSON."""


@record
class NewBarcode(Record):
    """One barcode to assign."""

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
    barcode: str | None = f.json_text(
        "Barcode", nullable=True, default=None, doc="no 72-character limit here"
    )
    info: str | None = f.json_text("Info", nullable=True, default=None, doc="further text")
    error: int = f.json_int("Error", "i32", default=0, doc="without a meaning here, but sent")


@request(
    0xBB610017,
    effect=CONTROL,
    variant_of=AssignBarcode,
    when=JSON_BODIES,
    versions="MITS Pro7: no; MITS Pro8: 2.0.0+; MITS 10: 5.1.25+",
    vendor="THIRD_PARTY_CMD_ASSIGN_BARCODE_INFO_JSON",
    notes="The binary message (0xBB610007) stays possible beside it, whatever the version.",
)
class AssignBarcodeJson(Request[AssignBarcodeJsonFeedback]):
    """Assign barcodes, in JSON."""

    barcode_infos: list[NewBarcode] = f.json_list("BarcodeInfos", NewBarcode, default=[])
