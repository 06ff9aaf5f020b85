"""Assign barcodes to channels, EQs, cells or trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import AssignBarcodeResult, BarcodeChannelType


@record
class Item(Record):
    """One entry."""

    global_index: int = f.u16(doc="index of the channel/EQ/cell/tray")
    error: AssignBarcodeResult = f.enum(f.u16, AssignBarcodeResult)
    reserved = f.reserved(4)
    barcode: str = f.utf16(72)
    info_length = f.length(f.u16, doc="UTF-16 code units of info following the record")
    info: str = f.utf16_counted(info_length)


@feedback(
    0xBB160007,
    vendor="THIRD_PARTY_CMD_ASSIGN_BARCODE_FEEDBACK",
    notes="Same wire form as get_barcode_feedback. An item with info_length 0 leaves Info null here, empty there.",
)
class AssignBarcodeFeedback(Feedback):
    """Outcome of assigning barcodes, entry by entry."""

    item_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType)
    reserved = f.reserved(16)
    items: list[Item] = f.array(Item, item_count)


@record
class Entry(Record):
    """One entry."""

    global_index: int = f.u16()
    error: int = f.u16(default=0, doc="sent as 0")
    reserved = f.reserved(4)
    barcode: str = f.utf16(72)
    info_length = f.length(f.u16, doc="UTF-16 units")
    info: str = f.utf16_counted(info_length)


@request(
    0xBB610007,
    effect=CONTROL,
    versions="MITS Pro7: no; MITS Pro8: 2.0.0+; MITS 10: 5.1.25+",
    vendor="THIRD_PARTY_CMD_ASSIGN_BARCODE_INFO",
    notes="Library throws for a barcode over 72 units; info has no limit up to the 300 tried.",
)
class AssignBarcode(Request[AssignBarcodeFeedback]):
    """Assign barcodes to channels, EQs, cells or trays."""

    barcode_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType)
    reserved = f.reserved(16)
    entries: list[Entry] = f.array(Entry, barcode_count)
