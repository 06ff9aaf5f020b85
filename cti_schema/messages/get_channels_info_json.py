"""Read channels, in JSON."""

from __future__ import annotations

from typing import Any

from cti_schema import fields as f
from cti_schema.declare import QUERY, Feedback, Record, Request, feedback, record, request
from cti_schema.enums import ChannelStatus, GetChannelType


class SpttEqStatus(f.Code):
    """Sptt eq status."""

    IDLE = 0, "idle", "Idle"
    CHARGING = 1, "charging", "Charging"
    DISCHARGING = 2, "discharging", "Discharging"
    CURRENT_UNSAFE = 3, "current out of safe range", "CurrentUnsafe"
    VOLTAGE_UNSAFE = 4, "voltage out of safe range", "VoltageUnsafe"


class SpttCellStatus(f.Code):
    """Sptt cell status."""

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

    index: int = f.json_int("nIndex", "u32", default=0)
    value: float = f.json_float("Value", "f64", default=0.0)
    unit: str | None = f.json_text("Unit", nullable=True, default=None)


@record
class BusDetail(Record):
    """One value from a bus, in the new form."""

    is_offline: bool = f.json_bool("IsOffline", default=False)
    alias_name: str = f.json_text("AliasName", default="")
    meta_name: str = f.json_text("MetaName", default="")
    data_type: int = f.json_int("DataType", "i32", default=0)
    value: str = f.json_text("Value", default="", doc="always a text, numbers too")


@record
class SmbValue(Record):
    """One value from the SMB."""

    index: int = f.json_int("nIndex", "u32", default=0)
    value_type: int = f.json_int("nType", "u32", default=0)
    unit: str | None = f.json_text("Unit", nullable=True, default=None)
    value: Any = f.json_any("Value", default=None)


@record
class AuxValue(Record):
    """One auxiliary value."""

    value: float = f.json_float("Value", "f32", default=0.0)
    dt_value: float = f.json_float("dtValue", "f32", default=0.0)


@record
class AuxDetail(Record):
    """One auxiliary value, in the new form."""

    aux_type: str = f.json_text(
        "AuxType", default="", doc="free text; the set of names is not in the material"
    )
    alias_name: str = f.json_text("AliasName", default="")
    aux_global_id: int = f.json_int("AuxChGlobalID", "i32", default=-1)
    aux_virtual_id: int = f.json_int("AuxChVirtualID", "i32", default=-1)
    value: float = f.json_float("Value", "f32", default=0.0)
    dx_dt: float = f.json_float("dxdt", "f32", default=0.0)


@record
class Eq(Record):
    """One EQ."""

    parent_tray_index: int = f.json_int("ParentTrayGlobalIndex", "i32", default=0)
    global_index: int = f.json_int("GlobalIndex", "i32", default=0)
    virtual_index: int = f.json_int("VirtualIndexInIV", "i32", default=0)
    voltage_v: float = f.json_float("Voltage", "f32", default=0.0, unit="V")
    current_a: float = f.json_float("Current", "f32", default=0.0, unit="A")
    power_w: float = f.json_float("Power", "f32", default=0.0, unit="W")
    charge_capacity_ah: float = f.json_float("ChargeCapacity", "f32", default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.json_float("DischargeCapacity", "f32", default=0.0, unit="Ah")
    charge_energy_wh: float = f.json_float("ChargeEnergy", "f32", default=0.0, unit="Wh")
    discharge_energy_wh: float = f.json_float(
        "DishargeEnergy", "f32", default=0.0, unit="Wh", doc="Wh; spelled without c"
    )
    internal_resistance_ohm: float = f.json_float("InternalResistance", "f32", default=0.0, unit="ohm")
    auxiliary_temperature_degc: float = f.json_float("AuxiliaryTemperature", "f32", default=0.0, unit="degC")
    status: SpttEqStatus = f.json_int("Status", "i32", enum=SpttEqStatus, default=SpttEqStatus.IDLE)
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None)
    info: str | None = f.json_text("Info", nullable=True, default=None)


@record
class CellValue(Record):
    """One cell."""

    parent_tray_index: int = f.json_int("ParentTrayGlobalIndex", "i32", default=0)
    parent_eq_index: int = f.json_int("ParentEQGlobalIndex", "i32", default=0)
    global_index: int = f.json_int("GlobalIndex", "i32", default=0)
    virtual_index: int = f.json_int("VirtualIndexInIV", "i32", default=0)
    voltage_v: float = f.json_float("Voltage", "f32", default=0.0, unit="V")
    current_a: float = f.json_float("Current", "f32", default=0.0, unit="A")
    power_w: float = f.json_float("Power", "f32", default=0.0, unit="W")
    charge_capacity_ah: float = f.json_float("ChargeCapacity", "f32", default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.json_float("DischargeCapacity", "f32", default=0.0, unit="Ah")
    charge_energy_wh: float = f.json_float("ChargeEnergy", "f32", default=0.0, unit="Wh")
    discharge_energy_wh: float = f.json_float(
        "DishargeEnergy", "f32", default=0.0, unit="Wh", doc="Wh; spelled without c"
    )
    internal_resistance_ohm: float = f.json_float("InternalResistance", "f32", default=0.0, unit="ohm")
    auxiliary_temperature_degc: float = f.json_float("AuxiliaryTemperature", "f32", default=0.0, unit="degC")
    status: SpttCellStatus = f.json_int("Status", "i32", enum=SpttCellStatus, default=SpttCellStatus.NONE)
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None)
    info: str | None = f.json_text("Info", nullable=True, default=None)
    position_x: int = f.json_int("PositionX", "i32", default=0)
    position_y: int = f.json_int("PositionY", "i32", default=0)


@record
class Channel(Record):
    """One channel."""

    channel_index: int = f.json_int(
        "Channel", "u32", default=4294967295, doc="zero-based; a negative number blocks the client"
    )
    status: ChannelStatus = f.json_int("Status", "i32", enum=ChannelStatus, default=ChannelStatus.IDLE)
    comm_failure: bool = f.json_bool("CommFailure", default=True, doc="default true: always send it")
    schedule_name: str | None = f.json_text("Schedule", nullable=True, default=None)
    can_config_name: str | None = f.json_text("CANCfg", nullable=True, default=None)
    smb_config_name: str | None = f.json_text("SMBCfg", nullable=True, default=None)
    chart_name: str | None = f.json_text("Chart", nullable=True, default=None)
    test_name: str | None = f.json_text("Testname", nullable=True, default=None)
    exit_condition: str | None = f.json_text("ExitCondition", nullable=True, default=None)
    step_and_cycle: str | None = f.json_text("StepAndCycle", nullable=True, default=None)
    step_index: int = f.json_int("StepIndex", "i32", default=0)
    cycle_index: int = f.json_int("CycleIndex", "i32", default=0)
    barcode: str | None = f.json_text("Barcode", nullable=True, default=None)
    master_channel: int = f.json_int("MasterChannel", "u32", default=0)
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
    specific_capacity: float = f.json_float("SpecificCapacity", "f32", default=0.0)
    auto_calculate: bool = f.json_bool("IsAutoCalculate", default=False)
    mass: float = f.json_float("Mass", "f32", default=0.0)
    charge_capacity_ah: float = f.json_float("ChargeCapacity", "f32", default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.json_float("DischargeCapacity", "f32", default=0.0, unit="Ah")
    charge_energy_wh: float = f.json_float("ChargeEnergy", "f32", default=0.0, unit="Wh")
    discharge_energy_wh: float = f.json_float("DishargeEnergy", "f32", default=0.0, unit="Wh")
    internal_resistance_ohm: float = f.json_float("InternalResistance", "f32", default=0.0, unit="ohm")
    dv_dt_v_per_s: float = f.json_float("dvdt", "f32", default=0.0, unit="V/s")
    dv_dq: float = f.json_float("dvdq", "f32", default=0.0)
    dq_dv: float = f.json_float("dqdv", "f32", default=0.0)
    acr_ohm: float = f.json_float("ACR", "f32", default=0.0, unit="ohm")
    aci_ohm: float = f.json_float("ACI", "f32", default=0.0, unit="ohm")
    aci_phase_deg: float = f.json_float("ACIPhase", "f32", default=0.0, unit="deg")
    can: list[CanValue] | None = f.json_list("CAN", CanValue, nullable=True, default=None, doc="classic form")
    can_details: list[BusDetail] | None = f.json_list(
        "CANs", BusDetail, nullable=True, default=None, doc="new form"
    )
    smb: list[SmbValue] | None = f.json_list("SMB", SmbValue, nullable=True, default=None, doc="classic form")
    smb_details: list[BusDetail] | None = f.json_list(
        "SMBs", BusDetail, nullable=True, default=None, doc="new form"
    )
    aux_values: list[list[AuxValue] | None] | None = f.json_list(
        "Auxs",
        f.list_of(AuxValue, nullable=True),
        nullable=True,
        default=[None] * 12,
        doc="classic form, outer index = aux_type",
    )
    aux_details: list[list[AuxDetail] | None] | None = f.json_list(
        "AuxeDatas",
        f.list_of(AuxDetail, nullable=True),
        nullable=True,
        default=[None] * 12,
        doc="new form, default array has 12 places as Auxs; other lengths and null accepted",
    )
    eqs: list[Eq] = f.json_list(
        "EQDatas", Eq, default=[], doc="never null: the event object's own helper would fail"
    )
    cells: list[CellValue] = f.json_list("CellDatas", CellValue, default=[], doc="never null")


@feedback(
    0xEEBA0033,
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_JSON_FEED_CODE",
    notes="Event GetChannelFeedEvent, same object type as the classic channel feedback. Units by analogy with the classic messages.",
)
class GetChannelsInfoJsonFeedback(Feedback):
    """State and measured values of channels, EQs and cells, in JSON."""

    channels: list[Channel] = f.json_list("m_Channels", Channel, default=[])
    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0)
    extended_command: int = f.json_int("dwCmd_Extend", "u32", ignored=True, default=0)
    socket: None = f.json_null("socket", default=None, doc="must be null or absent")
    channel_index: int = f.json_int(
        "Channel", "i32", default=-1, doc="taken over when present; not used by the JSON messages"
    )
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over when present"
    )


@request(
    0xEEAB0033,
    effect=QUERY,
    versions="MITS Pro7: all; MITS Pro8: all; MITS 10: all",
    vendor="THIRD_PARTY_CMD_GET_CHANNELS_INFO_JSON",
    notes="Replaces 0xEEAB0003/0004 when the version is 0x01001001.",
)
class GetChannelsInfoJson(Request[GetChannelsInfoJsonFeedback]):
    """Read channels, in JSON."""

    aux_options: int = f.json_int("NeedType", "u32", default=0, doc="bit set need_type")
    channel_index: int = f.json_int(
        "ChannelIndex", "i32", default=-1, doc="-1 all; the library takes a 16-bit argument"
    )
    channel_selection: GetChannelType = f.json_int(
        "FilterMonitorChannelType",
        "i32",
        enum=GetChannelType,
        default=GetChannelType.ALLCHANNEL,
        doc="1 all, 2 running, 3 unsafe",
    )
