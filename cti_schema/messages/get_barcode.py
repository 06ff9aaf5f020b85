"""Read the barcodes of channels, EQs, cells or trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import BarcodeChannelType, GetBarcodeResult


@record
class Item(Record):
    """One entry."""

    global_index: int = f.u16(doc="index of the channel/EQ/cell/tray")
    error: GetBarcodeResult = f.enum(f.u16, GetBarcodeResult)
    reserved = f.reserved(4)
    barcode: str = f.utf16(72)
    info_length = f.length(f.u16, doc="UTF-16 code units of info following the record")
    info: str = f.utf16_counted(info_length)


@feedback(
    0xBB160008,
    vendor="THIRD_PARTY_CMD_GET_BARCODE_FEEDBACK",
    notes="info_length counts UTF-16 units of the text that follows each record. error is 16 bits here.",
)
class GetBarcodeFeedback(Feedback):
    """Barcodes, entry by entry."""

    item_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType)
    reserved = f.reserved(16)
    items: list[Item] = f.array(Item, item_count)


@record
class Entry(Record):
    """One entry."""

    global_index: int = f.u16()
    reserved = f.reserved(4)


@request(
    0xBB610008,
    effect=QUERY,
    versions="MITS Pro7: no; MITS Pro8: 2.0.0+; MITS 10: 5.1.25+",
    vendor="THIRD_PARTY_CMD_GET_BARCODE_INFO",
)
class GetBarcode(Request[GetBarcodeFeedback]):
    """Read the barcodes of channels, EQs, cells or trays."""

    barcode_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType)
    reserved = f.reserved(16)
    entries: list[Entry] = f.array(Entry, barcode_count)
