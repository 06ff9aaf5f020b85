"""Reading channels: one reading, in the several forms that requests ask for. Nothing here changes a thing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeVar

from cti_schema.derive.defaults import default, feedback_of
from cti_schema.enums import AuxGroup, BarcodeChannelType, DataType, MetaVariableCode, NeedType, SmbValueType
from cti_schema.kinds import Scalar
from cti_schema.message import Feedback, Record
from cti_schema.messages import get_channels_info_minimalist as minimalist_record
from cti_schema.messages import get_channels_info_sptt as sptt_record
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
from spoofer.serving.patching import Shown

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


def _shown(
    device: Device, feedback: type[Feedback], readings: list[Reading], need: int
) -> Sequence[Feedback]:
    """Return channel records of any form: every field that a reading has, and what is asked for besides."""
    channels: Any = feedback.spec.field("channels")
    record = channels.item.record
    aux = [_aux(device, reading) if need & _AUX else {} for reading in readings]

    def make() -> Feedback:
        pairs = zip(readings, aux, strict=True)
        return default(
            feedback, channels=[refined(record, one, **_besides(one, lists, need)) for one, lists in pairs]
        )

    names, numbers, others = _names(record)
    if need & (_BMS | _SMB) and any(one.can_config_name or one.smb_config_name for one in readings):
        return [make()]  # the numbers of the buses are of several types

    def paths() -> list[str]:
        found = []
        for place, lists in enumerate(aux):
            found += [f"channels[{place}].{name}" for name in names]
            for name, items in lists.items():
                for number in range(len(items)):
                    found += [f"channels[{place}].{name}[{number}].{part}" for part in ("value", "dt_value")]
        return found

    shape = (need, [others(one) for one in readings], [[*map(len, lists.values())] for lists in aux])
    values: list[float] = []
    for reading, lists in zip(readings, aux, strict=True):
        values += numbers(reading)
        for items in lists.values():
            for item in items:
                values += item
    return Shown(make, shape, values, paths)


@cache
def _names(record: Any) -> tuple[list[str], attrgetter[Any], attrgetter[Any]]:
    """Return the floats of a record that a reading has, and what takes from it these, and what all others."""
    common = [kind for kind in record.spec.values if kind.name in Reading.__annotations__]
    floats = [kind.name for kind in common if isinstance(kind, Scalar) and kind.is_float]
    return floats, attrgetter(*floats), attrgetter(*(one.name for one in common if one.name not in floats))


def _aux(device: Device, reading: Reading) -> dict[str, list[tuple[float, float]]]:
    """Return value and change of the auxiliaries of a channel, by list."""
    channel = device.channel(reading.channel_index)
    assert channel is not None
    return {AUX_LISTS[group]: items for group, items in device.aux_readings(channel, reading).items()}


def _besides(reading: Reading, aux: dict[str, list[tuple[float, float]]], need: int) -> dict[str, Any]:
    """Return auxiliaries and values from the buses; a bus without a configuration has none."""
    found: dict[str, Any] = {
        name: [AuxReading(value=value, dt_value=change) for value, change in items]
        for name, items in aux.items()
    }
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
    return _shown(device, GetChannelsInfoFeedback, readings, request.aux_options)


@reply_to(GetChannelsInfoVls, steady=True)
def get_channels_info_vls(
    device: Device, session: Session, request: GetChannelsInfoVls
) -> Sequence[Feedback]:
    """Tell the same with texts of variable length."""
    readings = selected(device, request.channel_index, request.channel_selection)
    return _shown(device, GetChannelsInfoVlsFeedback, readings, request.aux_options)


@reply_to(GetChannelsInfoSimple, steady=True)
def get_channels_info_simple(
    device: Device, session: Session, request: GetChannelsInfoSimple
) -> Sequence[Feedback]:
    """Tell the few values that change most. This request cannot ask for auxiliary readings: they come."""
    readings = selected(device, request.channel_index, request.channel_selection)
    return _shown(device, GetChannelsInfoSimpleFeedback, readings, _AUX)


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
