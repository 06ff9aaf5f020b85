"""What can be read of a channel by a code: meta variables, auxiliaries, values from a bus, EQs and cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cti_schema.enums import AuxGroup, BarcodeChannelType, DataType, GetMvResult, MetaVariableCode
from spoofer.battery.run import Mark
from spoofer.battery.schedule import USER_VARIABLES
from spoofer.machine.channel import Channel, Reading
from spoofer.machine.equipment import AUX_TYPES, OUTPUTS, Equipment, still
from spoofer.machine.rack import Rack

_M = MetaVariableCode

#: Which attribute of a reading a code names.
_READING: Final[Mapping[MetaVariableCode, str]] = {
    _M.PV_STEP_INDEX: "step_number",
    _M.PV_CYCLE_INDEX: "cycle",
    _M.PV_STEP_TIME: "step_time_s",
    _M.PV_TEST_TIME: "test_time_s",
    _M.PV_VOLTAGE: "voltage_v",
    _M.PV_CURRENT: "current_a",
    _M.PV_CHARGE_CAPACITY: "charge_capacity_ah",
    _M.PV_DISCHARGE_CAPACITY: "discharge_capacity_ah",
    _M.PV_CHARGE_ENERGY: "charge_energy_wh",
    _M.PV_DISCHARGE_ENERGY: "discharge_energy_wh",
    _M.PV_DV_DT: "dv_dt_v_per_s",
    _M.PV_DI_DT: "di_dt_a_per_s",
    _M.PV_INTERNAL_RESISTANCE: "internal_resistance_ohm",
    _M.PV_TEMPERATURE: "temperature_degc",
}

#: Which attribute of a test object a code names.
_TEST_OBJECT: Final[Mapping[MetaVariableCode, str]] = {
    _M.MV_SPECIFIC_CAPACITY: "specific_capacity",
    _M.MV_NOMINAL_CAPACITY: "nominal_capacity_ah",
    _M.MV_MASS: "mass",
    _M.MV_NOMINAL_VOLTAGE: "nominal_voltage_v",
    _M.MV_NOMINAL_IR: "nominal_internal_resistance_ohm",
    _M.MV_NOMINAL_CAPACITOR: "nominal_capacitance_f",
}

#: Which attribute of the end of the last step, or of the last cycle, a code names.
_MARKS: Final[Mapping[str, str]] = {
    "STEP_INDEX": "step_number",
    "CYCLE_INDEX": "cycle",
    "STEP_TIME": "step_time_s",
    "TEST_TIME": "test_time_s",
    "VOLTAGE": "voltage_v",
    "CURRENT": "current_a",
    "CHARGE_CAPACITY": "charge_capacity_ah",
    "DISCHARGE_CAPACITY": "discharge_capacity_ah",
    "CHARGE_ENERGY": "charge_energy_wh",
    "DISCHARGE_ENERGY": "discharge_energy_wh",
    "DV_DT": "dv_dt_v_per_s",
    "DI_DT": "di_dt_a_per_s",
}
_LAST: Final[Mapping[MetaVariableCode, tuple[str, str]]] = {
    code: ({"LS": "last_step", "LC": "last_cycle"}[code.name[:2]], _MARKS[code.name[3:]])
    for code in MetaVariableCode
    if code.name[:3] in ("LS_", "LC_") and code.name[3:] in _MARKS
}

#: Counters that a test has and that a resume may bring; zero until then.
COUNTERS: Final = tuple(
    code
    for code in MetaVariableCode
    if code.name.startswith("TC_") or code in (_M.PV_CHARGE_CAPACITY_TIME, _M.PV_DISCHARGE_CAPACITY_TIME)
)

#: Values that a cell on the CAN BMS and on the SMB tells: name, unit, attribute of a reading or a text.
CAN_SIGNALS: Final = (
    ("Pack voltage", "V", "voltage_v"),
    ("Pack current", "A", "current_a"),
    ("Pack temperature", "degC", "temperature_degc"),
)
SMB_SIGNALS: Final = (
    ("Voltage", "V", "voltage_v"),
    ("Temperature", "degC", "temperature_degc"),
    ("ManufacturerName", "", None),
)
SMB_MANUFACTURER: Final = "Emulated"


class Values(Rack):
    """A rack whose values can be read one by one."""

    equipment: Equipment
    log_interval_s: float

    def value(self, index: int, kind: DataType, code: MetaVariableCode) -> tuple[GetMvResult, float]:
        """Return the value of a meta variable; with any other result than success it is 0.

        Args:
            index: zero-based channel, EQ or cell.
            kind: what the code names.
            code: the meta variable; of auxiliaries and of values from a bus their zero-based number.
        """
        channel_index = index
        if kind is DataType.MP_DATA_TYPE_EQ:
            if not 0 <= index < self.equipment.eq_count:
                return GetMvResult.EQ_INDEX_ERROR, 0.0
        elif kind is DataType.MP_DATA_TYPE_CELL:
            if not 0 <= index < (self.equipment.count(BarcodeChannelType.CELL) or 0):
                return GetMvResult.CELL_INDEX_ERROR, 0.0
            channel_index = self.equipment.channels_of(BarcodeChannelType.CELL, index)[0]
        elif not kind.known:
            return GetMvResult.DATATYPE_NOTSUPPORT, 0.0
        channel = self.channel(channel_index)
        if channel is None:
            return GetMvResult.CHANNEL_INDEX_ERROR, 0.0
        if channel.comm_failure:
            return GetMvResult.NOT_CONNECT_DAQ, 0.0
        (reading,) = self.readings([channel_index])
        if kind in AUX_TYPES:
            return self._aux(channel, reading, kind, int(code))
        if kind is DataType.MP_DATA_TYPE_CANBMS:
            return _can(reading, int(code))
        if kind is DataType.MP_DATA_TYPE_SMBBMS:
            return _smb(reading, int(code))
        return self._meta(channel, reading, code)

    def aux_readings(self, channel: Channel, reading: Reading) -> dict[AuxGroup, list[tuple[float, float]]]:
        """Return the auxiliaries of a channel by group: each one's reading, and its change per second."""
        outputs = {group: kind for kind, group in OUTPUTS.items()}
        found: dict[AuxGroup, list[tuple[float, float]]] = {}
        for group, count in self.equipment.aux.items():
            if group is AuxGroup.T:
                one = (reading.temperature_degc, reading.temperature_degc_per_s)
            elif group is AuxGroup.AUX_V:
                one = (reading.voltage_v, reading.dv_dt_v_per_s)
            else:
                one = (still(group), 0.0)
            found[group] = [one] * count
            if group in outputs:
                kind = int(outputs[group])
                found[group] = [(channel.outputs.get((kind, number), 0.0), 0.0) for number in range(count)]
        return found

    def _aux(
        self, channel: Channel, reading: Reading, kind: DataType, number: int
    ) -> tuple[GetMvResult, float]:
        group, is_change = AUX_TYPES[kind]
        items = self.aux_readings(channel, reading).get(group, [])
        if not items:
            return GetMvResult.AUX_NOTASSIGN, 0.0
        if not 0 <= number < len(items):
            return GetMvResult.AUX_INDEX_ERROR, 0.0
        return GetMvResult.SUCCESS, items[number][is_change]

    def _meta(self, channel: Channel, reading: Reading, code: MetaVariableCode) -> tuple[GetMvResult, float]:
        number = self._number(channel, reading, code)
        if number is None:
            known = code.known and code is not MetaVariableCode.MV_COUNT
            return GetMvResult.METACODE_NOTSUPPORT if known else GetMvResult.METACODE_NOTEXIST, 0.0
        return GetMvResult.SUCCESS, float(number)

    def _number(self, channel: Channel, reading: Reading, code: MetaVariableCode) -> float | None:
        if code in _READING:
            value: float = getattr(reading, _READING[code])
            return value
        if code in USER_VARIABLES:
            return channel.master.variables.get(int(code), 0.0)
        if code in _LAST:
            when, name = _LAST[code]
            mark: Mark | None = getattr(channel.master.run, when, None)
            return 0.0 if mark is None else getattr(mark, name)
        if code in COUNTERS:
            return channel.master.counters.get(int(code), 0.0)
        if code in _TEST_OBJECT:
            nominal: float = getattr(channel.test_object, _TEST_OBJECT[code])
            return nominal
        return self._other(channel, reading, code)

    def _other(self, channel: Channel, reading: Reading, code: MetaVariableCode) -> float | None:
        if code is MetaVariableCode.MV_C_RATE:
            capacity = channel.test_object.nominal_capacity_ah
            return reading.current_a / capacity if capacity > 0.0 else 0.0
        if code is MetaVariableCode.PV_DATA_POINTS:
            return float(int(reading.test_time_s / self.log_interval_s))
        if code is MetaVariableCode.T_CHAMBER:
            chamber = self.equipment.chamber_of(channel.index)
            return None if chamber is None else chamber.temperature_degc
        return 0.0 if code.name.startswith("PV_ERROR_") else None


def _can(reading: Reading, number: int) -> tuple[GetMvResult, float]:
    if not reading.can_config_name:
        return GetMvResult.CANBMS_DISABLED, 0.0
    if not 0 <= number < len(CAN_SIGNALS):
        return GetMvResult.CANBMS_NOTEXIST, 0.0
    return GetMvResult.SUCCESS, getattr(reading, CAN_SIGNALS[number][2])


def _smb(reading: Reading, number: int) -> tuple[GetMvResult, float]:
    if not reading.smb_config_name:
        return GetMvResult.SMB_DISABLED, 0.0
    if not 0 <= number < len(SMB_SIGNALS):
        return GetMvResult.SMB_NOTEXIST, 0.0
    name = SMB_SIGNALS[number][2]
    if name is None:
        return GetMvResult.SMB_NOTSUPPORT_STRING, 0.0
    return GetMvResult.SUCCESS, getattr(reading, name)
