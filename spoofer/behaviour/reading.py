"""Reading channels: one reading, in the several forms that requests ask for. Nothing here changes a thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from cti_schema.derive.defaults import default, feedback_of
from cti_schema.enums import AuxGroup, BarcodeChannelType, DataType, MetaVariableCode, NeedType, SmbValueType
from cti_schema.message import Feedback, Record
from cti_schema.messages import get_channels_info as full_record
from cti_schema.messages import get_channels_info_minimalist as minimalist_record
from cti_schema.messages import get_channels_info_simple as simple_record
from cti_schema.messages import get_channels_info_sptt as sptt_record
from cti_schema.messages import get_channels_info_vls as vls_record
from cti_schema.messages import get_meta_variables as meta_record
from cti_schema.messages.get_channels_info import GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.get_channels_info_minimalist import GetChannelsInfoMinimalistFeedback
from cti_schema.messages.get_channels_info_simple import GetChannelsInfoSimple, GetChannelsInfoSimpleFeedback
from cti_schema.messages.get_channels_info_sptt import (
    EqOrCell,
    GetChannelsInfoSptt,
    GetChannelsInfoSpttFeedback,
)
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls, GetChannelsInfoVlsFeedback
from cti_schema.messages.get_meta_variables import GetMetaVariables, GetMetaVariablesFeedback
from cti_schema.parts import AuxReading, BmsValue, SmbValue
from spoofer.behaviour.selection import selected
from spoofer.device import Device
from spoofer.machine.reading import Reading
from spoofer.machine.values import CAN_SIGNALS, SMB_MANUFACTURER, SMB_SIGNALS
from spoofer.replies import Session, refined, reply_to

M = TypeVar("M", bound=Record)

#: The list of a channel record that the auxiliaries of a group are in.
AUX_LISTS: Final = {
    AuxGroup.AUX_V: "aux_voltage",
    AuxGroup.T: "aux_temperature",
    AuxGroup.P: "aux_pressure",
    AuxGroup.PH: "aux_ph",
    AuxGroup.FR: "aux_flow",
    AuxGroup.CONC: "aux_density",
    AuxGroup.DI: "aux_di",
    AuxGroup.DO: "aux_do",
    AuxGroup.EC: "aux_external",
    AuxGroup.SAFETY: "aux_safety",
    AuxGroup.HUMIDITY: "aux_humidity",
    AuxGroup.AO: "aux_ao",
}

_BMS: Final = NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_BMS
_SMB: Final = NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_SMB
_AUX: Final = NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_AUX


def _channels(device: Device, record: type[M], readings: list[Reading], need: int) -> list[M]:
    """Return channel records of any form: every field that a reading has, and what is asked for besides."""
    return [refined(record, reading, **_besides(device, reading, need)) for reading in readings]


def _besides(device: Device, reading: Reading, need: int) -> dict[str, Any]:
    """Return auxiliaries and values from the buses; a bus without a configuration has none."""
    found: dict[str, Any] = {}
    if need & _AUX:
        channel = device.channel(reading.channel_index)
        assert channel is not None
        for group, items in device.aux_readings(channel, reading).items():
            found[AUX_LISTS[group]] = [AuxReading(value=value, dt_value=change) for value, change in items]
    if need & _BMS and reading.can_config_name:
        found["bms"] = [
            BmsValue(index=index, value=getattr(reading, name), unit=unit)
            for index, (_, unit, name) in enumerate(CAN_SIGNALS)
        ]
    if need & _SMB and reading.smb_config_name:
        found["smb"] = [
            SmbValue(
                index=index,
                value_type=SmbValueType.DOUBLE if name else SmbValueType.STRING,
                value=getattr(reading, name) if name else SMB_MANUFACTURER,
                unit=unit,
            )
            for index, (_, unit, name) in enumerate(SMB_SIGNALS)
        ]
    return found


@reply_to(GetChannelsInfo, steady=True)
def get_channels_info(device: Device, session: Session, request: GetChannelsInfo) -> Sequence[Feedback]:
    """Tell the state and the values of channels, all in one feedback."""
    readings = selected(device, request.channel_index, request.channel_selection)
    channels = _channels(device, full_record.Channel, readings, request.aux_options)
    return [GetChannelsInfoFeedback(channels=channels)]


@reply_to(GetChannelsInfoVls, steady=True)
def get_channels_info_vls(
    device: Device, session: Session, request: GetChannelsInfoVls
) -> Sequence[Feedback]:
    """Tell the same with texts of variable length."""
    readings = selected(device, request.channel_index, request.channel_selection)
    channels = _channels(device, vls_record.Channel, readings, request.aux_options)
    return [GetChannelsInfoVlsFeedback(channels=channels)]


@reply_to(GetChannelsInfoSimple, steady=True)
def get_channels_info_simple(
    device: Device, session: Session, request: GetChannelsInfoSimple
) -> Sequence[Feedback]:
    """Tell the few values that change most. This request cannot ask for auxiliary readings: they come."""
    readings = selected(device, request.channel_index, request.channel_selection)
    channels = _channels(device, simple_record.Channel, readings, _AUX)
    return [GetChannelsInfoSimpleFeedback(channels=channels)]


@reply_to(GetChannelsInfoSptt, steady=True)
def get_channels_info_sptt(
    device: Device, session: Session, request: GetChannelsInfoSptt
) -> Sequence[Feedback]:
    """Tell the values of EQs and cells: each EQ, and its cells behind it; none without SPTT."""
    readings = selected(device, request.channel_index, 0) if device.equipment.sptt else []
    items = []
    for reading in readings:
        index = reading.channel_index
        items.append(_sptt(device, reading, BarcodeChannelType.EQ, index, index))
        items.extend(
            _sptt(device, reading, BarcodeChannelType.CELL, cell, index)
            for cell in device.equipment.cells(index)
        )
    return [GetChannelsInfoSpttFeedback(items=items)]


def _sptt(
    device: Device, reading: Reading, kind: BarcodeChannelType, index: int, parent_index: int
) -> EqOrCell:
    is_cell = kind is BarcodeChannelType.CELL
    return refined(
        EqOrCell,
        reading,
        global_index=index,
        auxiliary_temperature_degc=reading.temperature_degc,
        item_type=sptt_record.SpttItemType.CELL if is_cell else sptt_record.SpttItemType.EQ,
        parent_index=parent_index,
    )


# --- meta variables ----------------------------------------------------------------------------


@reply_to(GetMetaVariables, steady=True)
def get_meta_variables(device: Device, session: Session, request: GetMetaVariables) -> Sequence[Feedback]:
    """Tell meta variables, entry by entry.

    The minimalist form asks for voltage and current; without entries it asks for those of all channels.
    """
    entries = [(entry.channel_index, entry.data_type, entry.meta_variable_code) for entry in request.entries]
    minimalist = feedback_of(request) is GetChannelsInfoMinimalistFeedback
    if minimalist and not entries:
        codes = (MetaVariableCode.PV_CURRENT, MetaVariableCode.PV_VOLTAGE)
        kind = DataType.MP_DATA_TYPE_META_VALUE
        entries = [(index, kind, code) for index in range(device.channel_count) for code in codes]
    feedback, item = (
        (GetChannelsInfoMinimalistFeedback, minimalist_record.Reading)
        if minimalist
        else (GetMetaVariablesFeedback, meta_record.Reading)
    )
    return [default(feedback, items=[_item(device, item, *entry) for entry in entries])]


def _item(device: Device, record: type[M], index: int, kind: DataType, code: MetaVariableCode) -> M:
    error, value = device.value(index, kind, code)
    return default(
        record, channel_index=index, error=error, data_type=kind, meta_variable_code=code, value=value
    )
