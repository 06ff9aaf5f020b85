"""Reading channels in JSON: the same reading, with the EQs and cells of each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from cti_schema.derive.defaults import default
from cti_schema.enums import AuxGroup, BarcodeChannelType, ChannelStatus, DataType, NeedType
from cti_schema.message import Feedback
from cti_schema.messages.assign_file import AssignFileKind
from cti_schema.messages.get_channels_info_json import (
    AuxDetail,
    AuxValue,
    BusDetail,
    CanValue,
    Cell,
    Channel,
    Eq,
    GetChannelsInfoJson,
    GetChannelsInfoJsonFeedback,
    SmbValue,
    SpttCellStatus,
    SpttEqStatus,
)
from spoofer.behaviour.selection import selected
from spoofer.device import Device
from spoofer.machine import channel as channels
from spoofer.machine.equipment import CHANNELS_PER_TRAY
from spoofer.machine.reading import Reading
from spoofer.machine.values import CAN_SIGNALS, SMB_MANUFACTURER, SMB_SIGNALS
from spoofer.replies import Session, refined, reply_to

#: What EQs and cells call the status of their channel; every other status is idle.
_EQ_STATUS: Final = {
    ChannelStatus.CHARGE: SpttEqStatus.CHARGING,
    ChannelStatus.DISCHARGE: SpttEqStatus.DISCHARGING,
    ChannelStatus.UNSAFE: SpttEqStatus.VOLTAGE_UNSAFE,
}
_CELL_STATUS: Final = {
    ChannelStatus.CHARGE: SpttCellStatus.CHARGING,
    ChannelStatus.DISCHARGE: SpttCellStatus.DISCHARGING,
    ChannelStatus.UNSAFE: SpttCellStatus.VOLTAGE_UNSAFE,
}

#: Cells of a row of a tray.
_ROW: Final = 8


@reply_to(GetChannelsInfoJson, steady=True)
def get_channels_info_json(
    device: Device, session: Session, request: GetChannelsInfoJson
) -> Sequence[Feedback]:
    """Tell the state and the values of channels, all in one feedback."""
    readings = selected(device, request.channel_index, request.channel_selection)
    found = [_channel(device, reading, request.aux_options) for reading in readings]
    return [default(GetChannelsInfoJsonFeedback, channels=found)]


def _channel(device: Device, reading: Reading, need: int) -> Channel:
    channel = device.channel(reading.channel_index)
    assert channel is not None
    item = channel.test_object
    return refined(
        Channel,
        reading,
        comm_failure=bool(reading.comm_failure),
        step_index=reading.step_number,
        cycle_index=reading.cycle,
        chart_name=channel.files.get(AssignFileKind.CHART, ""),
        test_object=item.name,
        nominal_capacity_ah=item.nominal_capacity_ah,
        max_current_a=item.max_current_charge_a,
        max_voltage_v=item.max_voltage_charge_v,
        min_voltage_v=item.min_voltage_charge_v,
        nominal_voltage_v=item.nominal_voltage_v,
        nominal_capacitance_f=item.nominal_capacitance_f,
        nominal_internal_resistance_ohm=item.nominal_internal_resistance_ohm,
        specific_capacity=item.specific_capacity,
        auto_calculate=item.auto_calculate,
        mass=item.mass,
        **_aux(device, channel, reading, need),
        **_buses(reading, need),
        **_sptt(device, reading, need),
    )


def _aux(device: Device, channel: channels.Channel, reading: Reading, need: int) -> dict[str, Any]:
    """Return the auxiliaries by kind, in both forms; a kind that the channel has none of is null."""
    if not need & NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_AUX:
        return {}
    values: list[Any] = [None] * AuxGroup.MAX_NUM
    details: list[Any] = [None] * AuxGroup.MAX_NUM
    for group, items in device.aux_readings(channel, reading).items():
        values[group] = [AuxValue(value=value, dt_value=change) for value, change in items]
        details[group] = [
            AuxDetail(
                aux_type=group.vendor,
                alias_name=f"{group.vendor}{number + 1}",
                aux_global_id=reading.channel_index * len(items) + number,
                aux_virtual_id=number,
                value=value,
                dx_dt=change,
            )
            for number, (value, change) in enumerate(items)
        ]
    return {"aux_values": values, "aux_details": details}


def _buses(reading: Reading, need: int) -> dict[str, Any]:
    """Return values from the CAN BMS and the SMB, in both forms; a bus without a configuration has none."""
    found: dict[str, Any] = {}
    if need & NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_BMS and reading.can_config_name:
        numbers = [(name, unit, getattr(reading, attribute)) for name, unit, attribute in CAN_SIGNALS]
        found["can"] = [
            CanValue(index=index, value=value, unit=unit) for index, (_, unit, value) in enumerate(numbers)
        ]
        kind = DataType.MP_DATA_TYPE_CANBMS
        found["can_details"] = [_detail(name, kind, value) for name, _, value in numbers]
    if need & NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_SMB and reading.smb_config_name:
        signals = [
            (name, unit, getattr(reading, attribute) if attribute else SMB_MANUFACTURER)
            for name, unit, attribute in SMB_SIGNALS
        ]
        found["smb"] = [
            SmbValue(index=index, value_type=int(isinstance(value, str)), unit=unit, value=value)
            for index, (_, unit, value) in enumerate(signals)
        ]
        kind = DataType.MP_DATA_TYPE_SMBBMS
        found["smb_details"] = [_detail(name, kind, value) for name, _, value in signals]
    return found


def _detail(name: str, kind: DataType, value: float | str) -> BusDetail:
    return BusDetail(alias_name=name, meta_name=name, data_type=int(kind), value=str(value))


def _sptt(device: Device, reading: Reading, need: int) -> dict[str, Any]:
    """Return the EQ of a channel and its cells."""
    equipment, index = device.equipment, reading.channel_index
    found: dict[str, Any] = {}
    if not equipment.sptt:
        return found
    common = {
        "parent_tray_index": equipment.tray_of(index),
        "auxiliary_temperature_degc": reading.temperature_degc,
    }
    if need & NeedType.GET_CHANNELS_INFO_NEED_TYPE_EQ:
        barcode, info = equipment.barcodes.get((BarcodeChannelType.EQ, index), ("", ""))
        status = _EQ_STATUS.get(reading.status, SpttEqStatus.IDLE)
        found["eqs"] = [
            refined(Eq, reading, global_index=index, status=status, barcode=barcode, info=info, **common)
        ]
    if need & NeedType.GET_CHANNELS_INFO_NEED_TYPE_CELL:
        found["cells"] = [
            _cell(device, reading, number, cell, common) for number, cell in enumerate(equipment.cells(index))
        ]
    return found


def _cell(device: Device, reading: Reading, number: int, cell: int, common: dict[str, Any]) -> Cell:
    barcode, info = device.equipment.barcodes.get((BarcodeChannelType.CELL, cell), ("", ""))
    place = cell % (CHANNELS_PER_TRAY * device.equipment.cells_per_eq)
    return refined(
        Cell,
        reading,
        parent_eq_index=reading.channel_index,
        global_index=cell,
        virtual_index=number,
        status=_CELL_STATUS.get(reading.status, SpttCellStatus.IDLE),
        barcode=barcode,
        info=info,
        position_x=place % _ROW,
        position_y=place // _ROW,
        **common,
    )
