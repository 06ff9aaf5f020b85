"""Read the barcodes of channels, EQs, cells or trays."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import BarcodeChannelType, GetBarcodeResult


@record
class Barcode(Record):
    """The barcode of one channel, EQ, cell or tray."""

    global_index: int = f.u16(doc="zero-based index of the channel, EQ, cell or tray")
    error: GetBarcodeResult = f.enum(f.u16, GetBarcodeResult, doc="outcome")
    reserved = f.reserved(4)
    barcode: str = f.utf16(72, doc="the barcode")
    info_length = f.length(f.u16, doc="UTF-16 code units")
    info: str = f.utf16_counted(info_length, doc="further text")


@feedback(0xBB160008, vendor="THIRD_PARTY_CMD_GET_BARCODE_FEEDBACK")
class GetBarcodeFeedback(Feedback):
    """Barcodes, entry by entry."""

    item_count = f.count(f.u32)
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType, doc="what the indices count")
    reserved = f.reserved(16)
    items: list[Barcode] = f.array(Barcode, item_count)


@record
class BarcodePlace(Record):
    """What a barcode is asked of."""

    global_index: int = f.u16(doc="zero-based index of the channel, EQ, cell or tray")
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
    channel_type: BarcodeChannelType = f.enum(f.u16, BarcodeChannelType, doc="what the indices count")
    reserved = f.reserved(16)
    entries: list[BarcodePlace] = f.array(BarcodePlace, barcode_count)
