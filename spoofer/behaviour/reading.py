"""Reading channels: one reading, in the several forms that requests ask for. Nothing here changes a thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from cti_schema.derive.defaults import default, feedback_of
from cti_schema.enums import (
    ChannelStatus,
    DataType,
    GetChannelType,
    GetMvResult,
    MetaVariableCode,
    NeedType,
)
from cti_schema.message import Feedback, Record
from cti_schema.messages import get_channels_info as full_record
from cti_schema.messages import get_channels_info_minimalist as minimalist_record
from cti_schema.messages import get_channels_info_simple as simple_record
from cti_schema.messages import get_channels_info_vls as vls_record
from cti_schema.messages import get_meta_variables as meta_record
from cti_schema.messages.get_channels_info import GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.get_channels_info_minimalist import GetChannelsInfoMinimalistFeedback
from cti_schema.messages.get_channels_info_simple import GetChannelsInfoSimple, GetChannelsInfoSimpleFeedback
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls, GetChannelsInfoVlsFeedback
from cti_schema.messages.get_meta_variables import GetMetaVariables, GetMetaVariablesFeedback
from cti_schema.parts import AuxReading
from spoofer.channel import Reading
from spoofer.device import USER_VARIABLES, Device
from spoofer.replies import Session, refined, reply_to

M = TypeVar("M", bound=Record)


def _selected(device: Device, index: int, selection: int) -> list[Reading]:
    """Return the readings that a request asks for.

    An index that does not exist selects nothing. A selection that is none of the three is taken for all
    channels: protocol v1.1 does not know the field.
    """
    if index != -1:
        return device.readings([index])
    readings = device.readings()
    if selection == GetChannelType.RUNNING:
        return [reading for reading in readings if reading.status in _RUNNING]
    if selection == GetChannelType.UNSAFE:
        return [reading for reading in readings if reading.status is ChannelStatus.UNSAFE]
    return readings


_RUNNING: Final = (ChannelStatus.CHARGE, ChannelStatus.DISCHARGE, ChannelStatus.REST)


def _channels(record: type[M], readings: list[Reading], *, aux: bool = False) -> list[M]:
    """Return channel records of any form: every field that a reading has, and a temperature if asked for."""
    return [refined(record, reading, **(_sensors(reading) if aux else {})) for reading in readings]


def _sensors(reading: Reading) -> dict[str, Any]:
    """Return the auxiliary readings of a channel: the temperature of its cell."""
    return {
        "aux_temperature": [
            AuxReading(value=reading.temperature_degc, dt_value=reading.temperature_degc_per_s)
        ]
    }


_AUX: Final = NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_AUX


@reply_to(GetChannelsInfo)
def get_channels_info(device: Device, session: Session, request: GetChannelsInfo) -> Sequence[Feedback]:
    """Tell the state and the values of channels, all in one feedback."""
    readings = _selected(device, request.channel_index, request.channel_selection)
    channels = _channels(full_record.Channel, readings, aux=bool(request.aux_options & _AUX))
    return [GetChannelsInfoFeedback(channels=channels)]


@reply_to(GetChannelsInfoVls)
def get_channels_info_vls(
    device: Device, session: Session, request: GetChannelsInfoVls
) -> Sequence[Feedback]:
    """Tell the same with texts of variable length."""
    readings = _selected(device, request.channel_index, request.channel_selection)
    channels = _channels(vls_record.Channel, readings, aux=bool(request.aux_options & _AUX))
    return [GetChannelsInfoVlsFeedback(channels=channels)]


@reply_to(GetChannelsInfoSimple)
def get_channels_info_simple(
    device: Device, session: Session, request: GetChannelsInfoSimple
) -> Sequence[Feedback]:
    """Tell the few values that change most. This request cannot ask for auxiliary readings: they come."""
    readings = _selected(device, request.channel_index, request.channel_selection)
    return [GetChannelsInfoSimpleFeedback(channels=_channels(simple_record.Channel, readings, aux=True))]


# --- meta variables ----------------------------------------------------------------------------

#: Which attribute of a reading a code names.
_VALUES: Final = {
    MetaVariableCode.PV_STEP_INDEX: "step_number",
    MetaVariableCode.PV_STEP_TIME: "step_time_s",
    MetaVariableCode.PV_TEST_TIME: "test_time_s",
    MetaVariableCode.PV_VOLTAGE: "voltage_v",
    MetaVariableCode.PV_CURRENT: "current_a",
    MetaVariableCode.PV_CHARGE_CAPACITY: "charge_capacity_ah",
    MetaVariableCode.PV_DISCHARGE_CAPACITY: "discharge_capacity_ah",
    MetaVariableCode.PV_CHARGE_ENERGY: "charge_energy_wh",
    MetaVariableCode.PV_DISCHARGE_ENERGY: "discharge_energy_wh",
    MetaVariableCode.PV_DV_DT: "dv_dt_v_per_s",
    MetaVariableCode.PV_INTERNAL_RESISTANCE: "internal_resistance_ohm",
}


@reply_to(GetMetaVariables)
def get_meta_variables(device: Device, session: Session, request: GetMetaVariables) -> Sequence[Feedback]:
    """Tell meta variables, entry by entry; those of a channel alone.

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
    error, value = GetMvResult.SUCCESS, 0.0
    channel = device.channel(index)
    if kind != DataType.MP_DATA_TYPE_META_VALUE:
        error = GetMvResult.DATATYPE_NOTSUPPORT
    elif channel is None:
        error = GetMvResult.CHANNEL_INDEX_ERROR
    elif code in USER_VARIABLES:
        value = channel.variables.get(int(code), 0.0)
    elif code in _VALUES:
        (reading,) = device.readings([index])
        value = float(getattr(reading, _VALUES[code]))
    else:
        error = GetMvResult.METACODE_NOTSUPPORT if code.known else GetMvResult.METACODE_NOTEXIST
    return default(
        record, channel_index=index, error=error, data_type=kind, meta_variable_code=code, value=value
    )
