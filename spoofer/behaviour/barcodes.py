"""Barcodes of channels, EQs, cells and trays, in both forms."""

from __future__ import annotations

from collections.abc import Sequence

from cti_schema.derive.defaults import default
from cti_schema.enums import AssignBarcodeResult, BarcodeChannelType, GetBarcodeResult
from cti_schema.message import Feedback
from cti_schema.messages import assign_barcode as assign_record
from cti_schema.messages import assign_barcode_json as assign_json_record
from cti_schema.messages import get_barcode as get_record
from cti_schema.messages import get_barcode_json as get_json_record
from cti_schema.messages.assign_barcode import AssignBarcode, AssignBarcodeFeedback
from cti_schema.messages.assign_barcode_json import AssignBarcodeJson, AssignBarcodeJsonFeedback
from cti_schema.messages.get_barcode import GetBarcode, GetBarcodeFeedback
from cti_schema.messages.get_barcode_json import GetBarcodeJson, GetBarcodeJsonFeedback
from spoofer.device import Device
from spoofer.machine.channel import BUSY
from spoofer.machine.texts import kept
from spoofer.replies import Session, refined, reply_to

_IV = BarcodeChannelType.IV


def _missing(device: Device, kind: BarcodeChannelType, index: int) -> AssignBarcodeResult | None:
    """Return why there is nothing of that kind and index; ``None`` if there is."""
    count = device.equipment.count(kind)
    if count is None:
        return AssignBarcodeResult.BARCODE_CHANNEL_TYPE_NOT_SUPPORT
    if kind is not _IV and not device.equipment.sptt:
        return AssignBarcodeResult.BARCODE_SPTTMAPPING
    if 0 <= index < count:
        return None
    return {
        _IV: AssignBarcodeResult.BARCODE_CHANNEL_INDEX,
        BarcodeChannelType.EQ: AssignBarcodeResult.BARCODE_EQ_INDEX,
        BarcodeChannelType.CELL: AssignBarcodeResult.BARCODE_CELL_INDEX,
        BarcodeChannelType.TRAY: AssignBarcodeResult.BARCODE_TRAY_INDEX,
    }[kind]


def _assign(
    device: Device,
    session: Session,
    kind: BarcodeChannelType,
    index: int,
    barcode: str | None,
    info: str | None,
) -> AssignBarcodeResult:
    """Assign a barcode; not while a test runs on a channel that it is about."""
    if not session.may_control:
        return AssignBarcodeResult.BARCODE_ERROR
    missing = _missing(device, kind, index)
    if missing is not None:
        return missing
    channels = [device.channel(one) for one in device.equipment.channels_of(kind, index)]
    if any(channel is not None and channel.master.phase in BUSY for channel in channels):
        return AssignBarcodeResult.BARCODE_CHANNEL_RUNNING
    if kind is not _IV:
        device.equipment.barcodes[kind, index] = (kept(barcode), kept(info))
    elif channels[0] is not None:
        channels[0].barcode, channels[0].barcode_info = kept(barcode), kept(info)
    return AssignBarcodeResult.BARCODE_SUCCESS


#: What a missing thing is called when its barcode is read: the same, one lower.
_READ_OFFSET = AssignBarcodeResult.BARCODE_CHANNEL_INDEX - GetBarcodeResult.CHANNEL_INDEX


def _get(device: Device, kind: BarcodeChannelType, index: int) -> tuple[GetBarcodeResult, str, str]:
    """Return a barcode and its further text; both are empty where nobody assigned one."""
    missing = _missing(device, kind, index)
    if missing is not None:
        return GetBarcodeResult(int(missing) - _READ_OFFSET), "", ""
    channel = device.channel(index) if kind is _IV else None
    if channel is not None:
        return GetBarcodeResult.SUCCESS, channel.barcode, channel.barcode_info
    return (GetBarcodeResult.SUCCESS, *device.equipment.barcodes.get((kind, index), ("", "")))


@reply_to(AssignBarcode)
def assign_barcode(device: Device, session: Session, request: AssignBarcode) -> Sequence[Feedback]:
    """Assign barcodes, entry by entry; what comes back is what was sent."""
    items = [
        refined(
            assign_record.BarcodeOutcome,
            one,
            error=_assign(device, session, request.channel_type, one.global_index, one.barcode, one.info),
        )
        for one in request.entries
    ]
    return [AssignBarcodeFeedback(channel_type=request.channel_type, items=items)]


@reply_to(AssignBarcodeJson)
def assign_barcode_json(device: Device, session: Session, request: AssignBarcodeJson) -> Sequence[Feedback]:
    """Assign barcodes, each entry with a kind of its own."""
    infos = [
        refined(
            assign_json_record.BarcodeOutcome,
            one,
            error=_assign(device, session, one.channel_type, one.global_index, one.barcode, one.info),
        )
        for one in request.barcode_infos
    ]
    return [default(AssignBarcodeJsonFeedback, barcode_infos=infos)]


@reply_to(GetBarcode, steady=True)
def get_barcode(device: Device, session: Session, request: GetBarcode) -> Sequence[Feedback]:
    """Tell barcodes; a longer one than the field is cut."""
    items = []
    for one in request.entries:
        error, barcode, info = _get(device, request.channel_type, one.global_index)
        items.append(refined(get_record.Barcode, one, error=error, barcode=barcode, info=info))
    return [GetBarcodeFeedback(channel_type=request.channel_type, items=items)]


@reply_to(GetBarcodeJson, steady=True)
def get_barcode_json(device: Device, session: Session, request: GetBarcodeJson) -> Sequence[Feedback]:
    """Tell barcodes, each entry with a kind of its own."""
    infos = []
    for one in request.barcode_infos:
        error, barcode, info = _get(device, one.channel_type, one.global_index)
        infos.append(refined(get_json_record.Barcode, one, error=error, barcode=barcode, info=info))
    return [default(GetBarcodeJsonFeedback, barcode_infos=infos)]
