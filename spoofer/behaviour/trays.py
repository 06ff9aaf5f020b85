"""Trays: pressed down on their cells or released, in both forms."""

from __future__ import annotations

from collections.abc import Sequence

from cti_schema.derive.defaults import default
from cti_schema.enums import BarcodeChannelType
from cti_schema.message import Feedback
from cti_schema.messages import engage_tray_json as engage_json_record
from cti_schema.messages import get_tray_status_json as status_json_record
from cti_schema.messages.engage_tray import EngageTray, EngageTrayFeedback, EngageTrayResult, TrayOutcome
from cti_schema.messages.engage_tray_json import EngageTrayJson, EngageTrayJsonFeedback
from cti_schema.messages.get_tray_status import (
    GetTrayStatus,
    GetTrayStatusFeedback,
    GetTrayStatusResult,
    Tray,
    TrayStatus,
)
from cti_schema.messages.get_tray_status_json import GetTrayStatusJson, GetTrayStatusJsonFeedback, TrayValue
from spoofer.device import Device
from spoofer.machine import equipment
from spoofer.machine.channel import BUSY, Channel
from spoofer.replies import Session, reply_to


def _tray(device: Device, index: int) -> equipment.Tray | None:
    trays = device.equipment.trays
    return trays[index] if 0 <= index < len(trays) else None


def _channels(device: Device, index: int) -> list[Channel]:
    """Return the channels of a tray."""
    indices = device.equipment.channels_of(BarcodeChannelType.TRAY, index)
    return [channel for one in indices if (channel := device.channel(one)) is not None]


def _engage(device: Device, session: Session, index: int, engage: bool) -> EngageTrayResult:
    """Press a tray down or release it; not while a test runs on one of its channels."""
    if not session.may_control:
        return EngageTrayResult.ERROR
    tray = _tray(device, index)
    if tray is None:
        return EngageTrayResult.ERROR_INDEX
    channels = _channels(device, index)
    if any(channel.master.phase in BUSY for channel in channels):
        return EngageTrayResult.ENGAGE_TRAY_ERROR_CHANNEL_RUNNING
    if all(channel.comm_failure for channel in channels):
        return EngageTrayResult.ERROR_NETWORK
    tray.changed |= tray.engaged != engage
    tray.engaged = engage
    return EngageTrayResult.SUCCESS


def _status(device: Device, index: int) -> tuple[GetTrayStatusResult, equipment.Tray]:
    """Return whether a tray's state is there, and the tray; one that is not there is released."""
    tray = _tray(device, index)
    if tray is None:
        return GetTrayStatusResult.INDEX_ERROR, equipment.Tray()
    if all(channel.comm_failure for channel in _channels(device, index)):
        return GetTrayStatusResult.ERROR_NETWORK, tray
    return GetTrayStatusResult.SUCCESS, tray


@reply_to(EngageTray)
def engage_tray(device: Device, session: Session, request: EngageTray) -> Sequence[Feedback]:
    """Press trays down or release them; what comes back is the order."""
    outcomes = [
        TrayOutcome(
            global_index=one.tray_index,
            error=_engage(device, session, one.tray_index, bool(one.engage)),
            engage=one.engage,
        )
        for one in request.entries
    ]
    return [EngageTrayFeedback(trays=outcomes)]


@reply_to(EngageTrayJson)
def engage_tray_json(device: Device, session: Session, request: EngageTrayJson) -> Sequence[Feedback]:
    """Press trays down or release them, in JSON."""
    outcomes = [
        engage_json_record.TrayOutcome(
            global_index=one.global_index,
            error=_engage(device, session, one.global_index, one.engage),
            engage=one.engage,
        )
        for one in request.engage_trays
    ]
    return [default(EngageTrayJsonFeedback, engage_tray_infos=outcomes)]


@reply_to(GetTrayStatus, steady=True)
def get_tray_status(device: Device, session: Session, request: GetTrayStatus) -> Sequence[Feedback]:
    """Tell the state of trays."""
    trays = []
    for index in request.tray_indices:
        error, tray = _status(device, index)
        state = TrayStatus.ENGAGED if tray.engaged else TrayStatus.DISENGAGED
        if error is GetTrayStatusResult.ERROR_NETWORK:
            state = TrayStatus.MALFUNCTION
        trays.append(Tray(tray_index=index, error=error, changed=int(tray.changed), tray_status=state))
    return [GetTrayStatusFeedback(trays=trays)]


@reply_to(GetTrayStatusJson, steady=True)
def get_tray_status_json(device: Device, session: Session, request: GetTrayStatusJson) -> Sequence[Feedback]:
    """Tell the state of trays, in JSON, with the temperature of each channel."""
    infos = []
    for index in request.tray_index_list:
        error, tray = _status(device, index)
        indices = [channel.index for channel in _channels(device, index)] if error.is_success else []
        infos.append(
            status_json_record.Tray(
                global_index=index,
                is_engagement_down=tray.engaged,
                is_engagement_up=not tray.engaged and error.is_success,
                is_tray_inserted=error.is_success,
                error=error,
                meta_values=[
                    TrayValue(
                        value=reading.temperature_degc, alias_name=f"T{reading.channel_index + 1}", error=0
                    )
                    for reading in device.readings(indices)
                ],
            )
        )
    return [default(GetTrayStatusJsonFeedback, tray_status_infos=infos)]
