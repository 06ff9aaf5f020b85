"""Assign barcodes to channels, EQs, cells or trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import AssignBarcodeResult, BarcodeChannelType


@record
class BarcodeOutcome(Record):
    """Outcome for one barcode."""

    global_index: int = f.u16(doc="zero-based index of the channel, EQ, cell or tray")
    error: AssignBarcodeResult = f.enum(f.u16, AssignBarcodeResult, doc="outcome")
    reserved = f.reserved(4)
    barcode: str = f.utf16(72, doc="the barcode")
    info_length = f.length(f.u16, doc="UTF-16 code units")
    info: str = f.utf16_counted(info_length, doc="further text")


@feedback(
    0xBB160007,
    vendor="THIRD_PARTY_CMD_ASSIGN_BARCODE_FEEDBACK",
    notes=(
        "Same layout as the answer to reading barcodes; there the vendor's client shows a missing "
        "info as an empty text, here as null."
    ),
)
class AssignBarcodeFeedback(Feedback):
    """Outcome of assigning barcodes, entry by entry."""

    item_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType, doc="what the indices count")
    reserved = f.reserved(16)
    items: list[BarcodeOutcome] = f.array(BarcodeOutcome, item_count)


@record
class NewBarcode(Record):
    """One barcode to assign."""

    global_index: int = f.u16(doc="zero-based index of the channel, EQ, cell or tray")
    error: int = f.u16(default=0, doc="sent as 0")
    reserved = f.reserved(4)
    barcode: str = f.utf16(72, doc="the barcode")
    info_length = f.length(f.u16, doc="UTF-16 code units")
    info: str = f.utf16_counted(info_length, doc="further text")


@request(
    0xBB610007,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: 2.0.0+; MITS 10: 5.1.25+",
    vendor="THIRD_PARTY_CMD_ASSIGN_BARCODE_INFO",
    notes=(
        "The library refuses a barcode of more than 72 units, and knows no limit for the info "
        "(300 were tried)."
    ),
)
class AssignBarcode(Request[AssignBarcodeFeedback]):
    """Assign barcodes to channels, EQs, cells or trays."""

    barcode_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType, doc="what the indices count")
    reserved = f.reserved(16)
    entries: list[NewBarcode] = f.array(NewBarcode, barcode_count)
