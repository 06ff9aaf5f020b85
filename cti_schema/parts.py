"""Groups of fields that several messages share."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import Part, Record, part, record
from cti_schema.enums import MetaVariableCode, SmbValueType


@record
class AuxReading(Record):
    """One auxiliary reading."""

    value: float = f.f32(doc="reading; its unit is that of its group")
    dt_value: float = f.f32(doc="time derivative of the reading")


@record
class BmsValue(Record):
    """One value from the CAN BMS."""

    index: int = f.u32(doc="index in the CAN configuration")
    value: float = f.f64(doc="value of the signal")
    unit: str = f.latin1_z(512, doc="unit of the value")


@record
class SmbValue(Record):
    """One value from the SMB."""

    index: int = f.u32(doc="index in the SMB configuration")
    value_type: SmbValueType = f.enum(f.u32, SmbValueType, doc="zero: a number; any other value: a text")
    value: float | str = f.tagged(value_type, {0: f.f64()}, f.latin1_z(1024), doc="number or text")
    unit: str = f.latin1_z(512, doc="unit of the value")


@record
class DwordValue(Record):
    """A meta variable of four bytes."""

    meta_variable_code: MetaVariableCode = f.enum(f.i32, MetaVariableCode, doc="which variable")
    value: int | float = f.tagged(
        meta_variable_code,
        {MetaVariableCode.PV_STEP_INDEX: f.u32(), MetaVariableCode.PV_CYCLE_INDEX: f.u32()},
        f.f32(),
        doc="step and cycle number are integers, all others floats",
    )


@record
class QwordValue(Record):
    """A meta variable of eight bytes."""

    meta_variable_code: MetaVariableCode = f.enum(f.i32, MetaVariableCode, doc="which variable")
    value: float = f.f64(doc="the value")


@part
class MeasuredValues(Part):
    """What a channel measures."""

    test_time_s: float = f.f64(unit="s", doc="time since the test started")
    step_time_s: float = f.f64(unit="s", doc="time since the step started")
    voltage_v: float = f.f32(unit="V", doc="channel voltage")
    current_a: float = f.f32(unit="A", doc="channel current")
    power_w: float = f.f32(unit="W", doc="channel power")
    charge_capacity_ah: float = f.f32(unit="Ah", doc="cumulative charge capacity")
    discharge_capacity_ah: float = f.f32(unit="Ah", doc="cumulative discharge capacity")
    charge_energy_wh: float = f.f32(unit="Wh", doc="cumulative charge energy")
    discharge_energy_wh: float = f.f32(unit="Wh", doc="cumulative discharge energy")
    internal_resistance_ohm: float = f.f32(unit="ohm", doc="internal resistance")
    dv_dt_v_per_s: float = f.f32(unit="V/s", doc="first time derivative of voltage")
    acr_ohm: float = f.f32(unit="ohm", doc="measured AC resistance")
    aci_ohm: float = f.f32(unit="ohm", doc="AC impedance at 1 kHz")
    aci_phase_deg: float = f.f32(unit="deg", doc="phase angle of the AC impedance")


@part
class AuxCounts(Part):
    """Numbers of auxiliary readings, in wire order."""

    aux_voltage_count = f.count(f.u16)
    aux_temperature_count = f.count(f.u16)
    aux_pressure_count = f.count(f.u16)
    aux_external_count = f.count(f.u16)
    aux_flow_count = f.count(f.u16)
    aux_ao_count = f.count(f.u16)
    aux_di_count = f.count(f.u16)
    aux_do_count = f.count(f.u16)
    aux_humidity_count = f.count(f.u16)
    aux_safety_count = f.count(f.u16)
    aux_ph_count = f.count(f.u16)
    aux_density_count = f.count(f.u16)


@part
class BusCounts(Part):
    """Numbers of values from the CAN BMS and the SMB."""

    bms_count = f.count(f.u16)
    smb_count = f.count(f.u16)


@part
class AuxReadings(Part):
    """Auxiliary readings, in the order of their counts."""

    aux_voltage: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_voltage_count, unit="V")
    aux_temperature: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_temperature_count, unit="degC")
    aux_pressure: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_pressure_count)
    aux_external: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_external_count)
    aux_flow: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_flow_count)
    aux_ao: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_ao_count)
    aux_di: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_di_count)
    aux_do: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_do_count)
    aux_humidity: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_humidity_count, unit="%")
    aux_safety: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_safety_count)
    aux_ph: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_ph_count)
    aux_density: list[AuxReading] = f.array(AuxReading, AuxCounts.aux_density_count)


@part
class BusReadings(Part):
    """Values from the CAN BMS and the SMB."""

    bms: list[BmsValue] = f.array(BmsValue, BusCounts.bms_count)
    smb: list[SmbValue] = f.array(SmbValue, BusCounts.smb_count)


@part
class UserVariables(Part):
    """The sixteen user variables."""

    mv_ud1: float = f.f32(default=0.0, doc="user variable 1")
    mv_ud2: float = f.f32(default=0.0, doc="user variable 2")
    mv_ud3: float = f.f32(default=0.0, doc="user variable 3")
    mv_ud4: float = f.f32(default=0.0, doc="user variable 4")
    mv_ud5: float = f.f32(default=0.0, doc="user variable 5")
    mv_ud6: float = f.f32(default=0.0, doc="user variable 6")
    mv_ud7: float = f.f32(default=0.0, doc="user variable 7")
    mv_ud8: float = f.f32(default=0.0, doc="user variable 8")
    mv_ud9: float = f.f32(default=0.0, doc="user variable 9")
    mv_ud10: float = f.f32(default=0.0, doc="user variable 10")
    mv_ud11: float = f.f32(default=0.0, doc="user variable 11")
    mv_ud12: float = f.f32(default=0.0, doc="user variable 12")
    mv_ud13: float = f.f32(default=0.0, doc="user variable 13")
    mv_ud14: float = f.f32(default=0.0, doc="user variable 14")
    mv_ud15: float = f.f32(default=0.0, doc="user variable 15")
    mv_ud16: float = f.f32(default=0.0, doc="user variable 16")


@part
class ResumeCounters(Part):
    """Times, capacities, energies and counters that a test goes on with."""

    cycle: int = f.u32(default=0, doc="cycle number")
    test_time_s: float = f.f64(default=0.0, unit="s", doc="elapsed test time")
    step_time_s: float = f.f64(default=0.0, unit="s", doc="elapsed step time")
    charge_capacity_ah: float = f.f64(default=0.0, unit="Ah")
    discharge_capacity_ah: float = f.f64(default=0.0, unit="Ah")
    charge_energy_wh: float = f.f64(default=0.0, unit="Wh")
    discharge_energy_wh: float = f.f64(default=0.0, unit="Wh")
    tc_time1_s: float = f.f64(default=0.0, unit="s", doc="test timer")
    tc_time2_s: float = f.f64(default=0.0, unit="s", doc="test timer")
    tc_time3_s: float = f.f64(default=0.0, unit="s", doc="test timer")
    tc_time4_s: float = f.f64(default=0.0, unit="s", doc="test timer")
    tc_charge_capacity1_ah: float = f.f64(default=0.0, unit="Ah")
    tc_charge_capacity2_ah: float = f.f64(default=0.0, unit="Ah")
    tc_discharge_capacity1_ah: float = f.f64(default=0.0, unit="Ah")
    tc_discharge_capacity2_ah: float = f.f64(default=0.0, unit="Ah")
    tc_charge_energy1_wh: float = f.f64(default=0.0, unit="Wh")
    tc_charge_energy2_wh: float = f.f64(default=0.0, unit="Wh")
    tc_discharge_energy1_wh: float = f.f64(default=0.0, unit="Wh")
    tc_discharge_energy2_wh: float = f.f64(default=0.0, unit="Wh")
    mv_counter1: float = f.f32(default=0.0, doc="general counter")
    mv_counter2: float = f.f32(default=0.0, doc="general counter")
    mv_counter3: float = f.f32(default=0.0, doc="general counter")
    mv_counter4: float = f.f32(default=0.0, doc="general counter")
    charge_capacity_time_s: float = f.f64(default=0.0, unit="s")
    discharge_capacity_time_s: float = f.f64(default=0.0, unit="s")


@part
class EventMembers(Part):
    """Members that every feedback in JSON ends with, for the vendor's client's own use."""

    command: int = f.json_int("dwCmd", "u32", ignored=True, default=0, doc="the header tells it")
    extended_command: int = f.json_int(
        "dwCmd_Extend", "u32", ignored=True, default=0, doc="the header tells it"
    )
    socket: None = f.json_null("socket", default=None, doc="null, or absent")
    channel_index: int = f.json_int("Channel", "i32", default=-1, doc="taken over, but without a meaning")
    channel_indices: list[int] | None = f.json_list(
        "ChannelIndexList", "u16", nullable=True, default=None, doc="taken over, but without a meaning"
    )
