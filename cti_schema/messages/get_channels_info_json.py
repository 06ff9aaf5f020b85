"""Read channels, in JSON."""

from __future__ import annotations

from typing import Any

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Part, Record, Request, feedback, part, record, request
from cti_schema.enums import ChannelStatus, GetChannelType
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.parts import EventMembers
from cti_schema.versions import JSON_BODIES


class SpttEqStatus(f.Code):
    """What an EQ does."""

    IDLE = 0, "idle", "Idle"
    CHARGING = 1, "charging", "Charging"
    DISCHARGING = 2, "discharging", "Discharging"
    CURRENT_UNSAFE = 3, "current out of safe range", "CurrentUnsafe"
    VOLTAGE_UNSAFE = 4, "voltage out of safe range", "VoltageUnsafe"


class SpttCellStatus(f.Code):
    """What a cell does."""

    NONE = 0, "none", "None"
    UN_USE = 1, "not used", "UnUse"
    NO_CELL = 2, "no cell in place", "NoCell"
    IDLE = 3, "idle", "Idle"
    CHARGING = 4, "charging", "Charging"
    DISCHARGING = 5, "discharging", "Discharging"
    CURRENT_UNSAFE = 6, "current out of safe range", "CurrentUnsafe"
    VOLTAGE_UNSAFE = 7, "voltage out of safe range", "VoltageUnsafe"


@record
class CanValue(Record):
    """One value from the CAN BMS."""

    index: int = f.json_int("nIndex", "u32", default=0, doc="index in the configuration")
    value: float = f.json_float("Value", "f64", default=0.0, doc="the value")
    unit: str | None = f.json_text("Unit", nullable=True, default=None, doc="unit of the value")


@record
class BusDetail(Record):
    """One value from a bus, in the new form."""

    is_offline: bool = f.json_bool("IsOffline", default=False, doc="no longer received")
    alias_name: str = f.json_text("AliasName", default="", doc="what the value is called")
    meta_name: str = f.json_text("MetaName", default="", doc="name of the meta variable")
    data_type: int = f.json_int("DataType", "i32", default=0, doc="what the code names")
    value: str = f.json_text("Value", default="", doc="always a text, numbers too")


@record
class SmbValue(Record):
    """One value from the SMB."""

    index: int = f.json_int("nIndex", "u32", default=0, doc="index in the configuration")
    value_type: int = f.json_int("nType", "u32", default=0, doc="0: a number; else a text")
    unit: str | None = f.json_text("Unit", nullable=True, default=None, doc="unit of the value")
    value: Any = f.json_any("Value", default=None, doc="number or text")


@record
class AuxValue(Record):
    """One auxiliary value."""

    value: float = f.json_float("Value", "f32", default=0.0, doc="reading")
    dt_value: float = f.json_float("dtValue", "f32", default=0.0, doc="time derivative of the reading")


@record
class AuxDetail(Record):
    """One auxiliary value, in the new form."""

    aux_type: str = f.json_text(
        "AuxType", default="", doc="kind of the auxiliary, as a text; no source lists the texts"
    )
    alias_name: str = f.json_text("AliasName", default="", doc="what the value is called")
    aux_global_id: int = f.json_int("AuxChGlobalID", "i32", default=-1, doc="number on the machine")
    aux_virtual_id: int = f.json_int("AuxChVirtualID", "i32", default=-1, doc="number on the channel")
    value: float = f.json_float("Value", "f32", default=0.0, doc="reading")
    dx_dt: float = f.json_float("dxdt", "f32", default=0.0, doc="time derivative of the reading")


@record
class Eq(Record):
    """One EQ."""

    parent_tray_index: int = f.json_int(
        "ParentTrayGlobalIndex", "i32", default=0, doc="zero-based tray that it is in"
    )
    global_index: int = f.json_int("GlobalIndex", "i32", default=0, doc="zero-based number on the machine")
    virtual_index: int = f.json_int("VirtualIndexInIV", "i32", default=0, doc="number on the channel")
    voltage_v: float = f.json_float("Voltage", "f32", default=0.0, unit="V")
    current_a: float = f.json_float("Current", "f32", default=0.0, unit="A")
    power_w: float = f.json_float("Power", "f32", default=0.0, unit="W")
    charge_capacity_ah: float = f.json_float("ChargeCapacity", "f32", default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.json_float("DischargeCapacity", "f32", default=0.0, unit="Ah")
    charge_energy_wh: float = f.json_float("ChargeEnergy", "f32", default=0.0, unit="Wh")
    discharge_energy_wh: float = f.json_float(
        "DishargeEnergy", "f32", default=0.0, unit="Wh", doc="spelled without the c on the wire"
    )
    internal_resistance_ohm: float = f.json_float("InternalResistance", "f32", default=0.0, unit="ohm")
    auxiliary_temperature_degc: float = f.json_float("AuxiliaryTemperature", "f32", default=0.0, unit="degC")
    status: SpttEqStatus = f.json_int(
        "Status", "i32", enum=SpttEqStatus, default=SpttEqStatus.IDLE, doc="what it does"
    )
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None, doc="barcode of the item")
    info: str | None = f.json_text("Info", nullable=True, default=None, doc="further text")


@record
class Cell(Record):
    """One cell."""

    parent_tray_index: int = f.json_int(
        "ParentTrayGlobalIndex", "i32", default=0, doc="zero-based tray that it is in"
    )
    parent_eq_index: int = f.json_int(
        "ParentEQGlobalIndex", "i32", default=0, doc="zero-based EQ that it belongs to"
    )
    global_index: int = f.json_int("GlobalIndex", "i32", default=0, doc="zero-based number on the machine")
    virtual_index: int = f.json_int("VirtualIndexInIV", "i32", default=0, doc="number on the channel")
    voltage_v: float = f.json_float("Voltage", "f32", default=0.0, unit="V")
    current_a: float = f.json_float("Current", "f32", default=0.0, unit="A")
    power_w: float = f.json_float("Power", "f32", default=0.0, unit="W")
    charge_capacity_ah: float = f.json_float("ChargeCapacity", "f32", default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.json_float("DischargeCapacity", "f32", default=0.0, unit="Ah")
    charge_energy_wh: float = f.json_float("ChargeEnergy", "f32", default=0.0, unit="Wh")
    discharge_energy_wh: float = f.json_float(
        "DishargeEnergy", "f32", default=0.0, unit="Wh", doc="spelled without the c on the wire"
    )
    internal_resistance_ohm: float = f.json_float("InternalResistance", "f32", default=0.0, unit="ohm")
    auxiliary_temperature_degc: float = f.json_float("AuxiliaryTemperature", "f32", default=0.0, unit="degC")
    status: SpttCellStatus = f.json_int(
        "Status", "i32", enum=SpttCellStatus, default=SpttCellStatus.NONE, doc="what it does"
    )
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None, doc="barcode of the item")
    info: str | None = f.json_text("Info", nullable=True, default=None, doc="further text")
    position_x: int = f.json_int("PositionX", "i32", default=0, doc="column in the tray")
    position_y: int = f.json_int("PositionY", "i32", default=0, doc="row in the tray")


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.json_int(
        "Channel",
        "u32",
        default=4294967295,
        doc="zero-based channel; a negative number makes the vendor's client deaf",
    )
    status: ChannelStatus = f.json_int(
        "Status", "i32", enum=ChannelStatus, default=ChannelStatus.IDLE, doc="what it does"
    )
    comm_failure: bool = f.json_bool(
        "CommFailure",
        default=True,
        doc="the channel cannot be reached; true when it is missing, so always send it",
    )
    schedule_name: str | None = f.json_text("Schedule", nullable=True, default=None, doc="schedule file")
    can_config_name: str | None = f.json_text(
        "CANCfg", nullable=True, default=None, doc="CAN BMS configuration"
    )
    smb_config_name: str | None = f.json_text("SMBCfg", nullable=True, default=None, doc="SMB configuration")
    chart_name: str | None = f.json_text("Chart", nullable=True, default=None, doc="chart file")
    test_name: str | None = f.json_text("Testname", nullable=True, default=None, doc="name of the test")
    exit_condition: str | None = f.json_text(
        "ExitCondition", nullable=True, default=None, doc="why the test or the step ended"
    )
    step_and_cycle: str | None = f.json_text(
        "StepAndCycle", nullable=True, default=None, doc="cycle, step, label and control, as a text"
    )
    step_index: int = f.json_int("StepIndex", "i32", default=0, doc="step number")
    cycle_index: int = f.json_int("CycleIndex", "i32", default=0, doc="cycle number")
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None, doc="barcode of the item")
    master_channel: int = f.json_int(
        "MasterChannel", "u32", default=0, doc="first channel of a parallel group"
    )
    test_time_s: float = f.json_float("TestTime", "f64", default=0.0, unit="s")
    step_time_s: float = f.json_float("StepTime", "f64", default=0.0, unit="s")
    voltage_v: float = f.json_float("Voltage", "f32", default=0.0, unit="V")
    current_a: float = f.json_float("Current", "f32", default=0.0, unit="A")
    power_w: float = f.json_float("Power", "f32", default=0.0, unit="W")
    test_object: str | None = f.json_text(
        "TestObject", nullable=True, default=None, doc="file name of the test object"
    )
    nominal_capacity_ah: float = f.json_float("NominalCapacity", "f32", default=0.0, unit="Ah")
    max_current_a: float = f.json_float("Imax", "f32", default=0.0, unit="A")
    max_voltage_v: float = f.json_float("Vmax", "f32", default=0.0, unit="V")
    min_voltage_v: float = f.json_float("Vmin", "f32", default=0.0, unit="V")
    nominal_voltage_v: float = f.json_float("NominalVoltage", "f32", default=0.0, unit="V")
    nominal_capacitance_f: float = f.json_float("NominalCapacitance", "f32", default=0.0, unit="F")
    nominal_internal_resistance_ohm: float = f.json_float("NominalIR", "f32", default=0.0, unit="ohm")
    specific_capacity: float = f.json_float("SpecificCapacity", "f32", default=0.0, doc="capacity per mass")
    auto_calculate: bool = f.json_bool(
        "IsAutoCalculate", default=False, doc="calculate the capacity from mass and specific capacity"
    )
    mass: float = f.json_float("Mass", "f32", default=0.0, doc="mass")
    charge_capacity_ah: float = f.json_float("ChargeCapacity", "f32", default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.json_float("DischargeCapacity", "f32", default=0.0, unit="Ah")
    charge_energy_wh: float = f.json_float("ChargeEnergy", "f32", default=0.0, unit="Wh")
    discharge_energy_wh: float = f.json_float(
        "DishargeEnergy", "f32", default=0.0, unit="Wh", doc="spelled without the c on the wire"
    )
    internal_resistance_ohm: float = f.json_float("InternalResistance", "f32", default=0.0, unit="ohm")
    dv_dt_v_per_s: float = f.json_float("dvdt", "f32", default=0.0, unit="V/s")
    dv_dq: float = f.json_float("dvdq", "f32", default=0.0, doc="dV/dQ")
    dq_dv: float = f.json_float("dqdv", "f32", default=0.0, doc="dQ/dV")
    acr_ohm: float = f.json_float("ACR", "f32", default=0.0, unit="ohm")
    aci_ohm: float = f.json_float("ACI", "f32", default=0.0, unit="ohm")
    aci_phase_deg: float = f.json_float("ACIPhase", "f32", default=0.0, unit="deg")
    can: list[CanValue] | None = f.json_list(
        "CAN", CanValue, nullable=True, default=None, doc="values of the CAN BMS, older form"
    )
    can_details: list[BusDetail] | None = f.json_list(
        "CANs", BusDetail, nullable=True, default=None, doc="values of the CAN BMS, newer form"
    )
    smb: list[SmbValue] | None = f.json_list(
        "SMB", SmbValue, nullable=True, default=None, doc="values of the SMB, older form"
    )
    smb_details: list[BusDetail] | None = f.json_list(
        "SMBs", BusDetail, nullable=True, default=None, doc="values of the SMB, newer form"
    )
    aux_values: list[list[AuxValue] | None] | None = f.json_list(
        "Auxs",
        f.list_of(AuxValue, nullable=True),
        nullable=True,
        default=[None] * 12,
        doc="auxiliary readings by kind, older form",
    )
    aux_details: list[list[AuxDetail] | None] | None = f.json_list(
        "AuxeDatas",
        f.list_of(AuxDetail, nullable=True),
        nullable=True,
        default=[None] * 12,
        doc="auxiliary readings by kind, newer form; any number of kinds, or null",
    )
    eqs: list[Eq] = f.json_list(
        "EQDatas", Eq, default=[], doc="EQs of the channel; null makes the vendor's client fail"
    )
    cells: list[Cell] = f.json_list(
        "CellDatas", Cell, default=[], doc="cells of the channel; null makes the vendor's client fail"
    )


@part
class GetChannelsInfoJsonMembers(Part):
    """Members of the feedback itself."""

    channels: list[Channel] = f.json_list("m_Channels", Channel, default=[])


@feedback(
    0xEEBA0033,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_JSON_FEED_CODE",
    notes="No source states the units; they are those of the binary feedback.",
)
class GetChannelsInfoJsonFeedback(GetChannelsInfoJsonMembers, EventMembers, Feedback):
    """State and measured values of channels, EQs and cells, in JSON."""


@request(
    0xEEAB0033,
    effect=QUERY,
    variant_of=GetChannelsInfo,
    when=JSON_BODIES,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_JSON",
)
class GetChannelsInfoJson(Request[GetChannelsInfoJsonFeedback]):
    """Read channels, in JSON."""

    aux_options: int = f.json_int(
        "NeedType", "u32", default=0, doc="what to add to the values, a set of flags"
    )
    channel_index: int = f.json_int(
        "ChannelIndex", "i32", default=-1, doc="zero-based channel; -1: those of channel_selection"
    )
    channel_selection: GetChannelType = f.json_int(
        "FilterMonitorChannelType",
        "i32",
        enum=GetChannelType,
        default=GetChannelType.ALLCHANNEL,
        doc="which channels, where no single one is named",
    )
