"""Reading and setting values one by one: every code that there is, every limit, and the watchdog."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cti_schema.derive.defaults import default
from cti_schema.enums import AuxGroup, ChannelStatus, DataType, GetMvResult, SpecialSetMvResult
from cti_schema.enums import MetaVariableCode as Code
from cti_schema.messages.assign_file import AssignFileKind
from cti_schema.messages.get_meta_variables import GetMetaVariables, WantedReading
from cti_schema.messages.set_meta_variables_time_sensitive import (
    ChannelOrder,
    SetMetaVariablesTimeSensitive,
    Slot,
    TimeSensitiveSetMvResult,
)
from cti_schema.messages.special_set_mv import SettingSource, SpecialSetMv, SpecialValue
from cti_schema.messages.update_meta_variables import NewValue, UpdateMetaVariables, UpdateMvAdvancedResult
from cti_schema.messages.update_meta_variables_ex import NewValue as AnyValue
from cti_schema.messages.update_meta_variables_ex import UpdateMetaVariablesEx, UpdateMvAdvancedExResult
from spoofer import Connection, Device, Phase
from tests.spoofer.helpers import Clock, logged_in, one

R = GetMvResult


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    aux = {AuxGroup.T: 2, AuxGroup.AUX_V: 1, AuxGroup.DO: 2, AuxGroup.P: 1}
    made = Device(channels=4, clock=clock, aux=aux)
    made.assign(1, "any")
    made.start([1], "a")
    return made


@pytest.fixture
def connection(device: Device) -> Connection:
    return logged_in(device)


def get(connection: Connection, *wanted: tuple[int, int, int]) -> list[tuple[GetMvResult, float]]:
    entries = [
        default(WantedReading, channel_index=index, data_type=DataType(kind), meta_variable_code=Code(code))
        for index, kind, code in wanted
    ]
    items = one(connection, GetMetaVariables(entries=entries)).items
    assert [(item.channel_index, item.data_type, item.meta_variable_code) for item in items] == list(wanted)
    return [(item.error, item.value) for item in items]


# --- reading -------------------------------------------------------------------------------------


def test_every_code_of_a_reading(connection: Connection, device: Device, clock: Clock) -> None:
    clock.now += 110.0
    device.set_variable(1, 116, 0.25)
    (reading,) = device.readings([1])
    expected = {
        Code.PV_STEP_INDEX: 2.0,
        Code.PV_CYCLE_INDEX: 1.0,
        Code.PV_STEP_TIME: 100.0,
        Code.PV_TEST_TIME: 110.0,
        Code.PV_VOLTAGE: reading.voltage_v,
        Code.PV_CURRENT: 1.25,
        Code.PV_CHARGE_CAPACITY: 1.25 * 100 / 3600,
        Code.PV_DISCHARGE_CAPACITY: 0.0,
        Code.PV_CHARGE_ENERGY: reading.charge_energy_wh,
        Code.PV_DISCHARGE_ENERGY: 0.0,
        Code.PV_DV_DT: reading.dv_dt_v_per_s,
        Code.PV_DI_DT: 0.0,
        Code.PV_INTERNAL_RESISTANCE: reading.internal_resistance_ohm,
        Code.PV_TEMPERATURE: reading.temperature_degc,
        Code.MV_UD16: 0.25,
        Code.MV_UD1: 0.0,
        Code.MV_NOMINAL_CAPACITY: 2.5,
        Code.MV_C_RATE: 0.5,
        Code.TC_TIMER1: 0.0,
        Code.TC_COUNTER8: 0.0,
        Code.PV_CHARGE_CAPACITY_TIME: 0.0,
        Code.PV_DATA_POINTS: 110.0,
        Code.T_CHAMBER: 25.0,
        Code.PV_ERROR_IV: 0.0,
    }
    found = get(connection, *((1, 1, code) for code in expected))
    assert [error for error, _ in found] == [R.SUCCESS] * len(expected)
    assert [value for _, value in found] == pytest.approx(list(expected.values()), rel=1e-6)


def test_what_the_last_step_was(connection: Connection, clock: Clock) -> None:
    codes = [Code.LS_STEP_INDEX, Code.LS_STEP_TIME, Code.LS_TEST_TIME, Code.LS_CURRENT, Code.LC_VOLTAGE]
    assert get(connection, *((1, 1, code) for code in codes)) == [(R.SUCCESS, 0.0)] * 5
    clock.now += 110.0
    values = [value for _, value in get(connection, *((1, 1, code) for code in codes))]
    assert values == pytest.approx([1.0, 10.0, 10.0, 0.0, 0.0])


def test_values_that_are_not_there(connection: Connection, device: Device) -> None:
    device.lose(3)
    assert get(
        connection,
        (4, 1, 21), (3, 1, 21), (1, 1, 9999), (1, 1, 255), (1, 1, 5), (1, 29, 0), (1, 24, 0), (1, 28, 0),
        (1, 10, 2), (1, 16, 0), (4, 31, 21), (16, 32, 21),
    ) == [
        (error, 0.0)
        for error in (
            R.CHANNEL_INDEX_ERROR, R.NOT_CONNECT_DAQ, R.METACODE_NOTEXIST, R.METACODE_NOTEXIST,
            R.METACODE_NOTSUPPORT, R.DATATYPE_NOTSUPPORT, R.CANBMS_DISABLED, R.SMB_DISABLED,
            R.AUX_INDEX_ERROR, R.AUX_NOTASSIGN, R.EQ_INDEX_ERROR, R.CELL_INDEX_ERROR,
        )
    ]  # fmt: skip


def test_auxiliaries_buses_eqs_and_cells(connection: Connection, device: Device, clock: Clock) -> None:
    device.assign_file(0, AssignFileKind.CANBMS, "a.can")
    device.assign_file(0, AssignFileKind.SMB, "a.smb")
    clock.now += 100.0
    shown, busy = device.readings([0, 1])
    found = get(
        connection,
        (0, 24, 0), (0, 24, 3), (0, 28, 1), (0, 28, 2), (0, 28, 9),
        (1, 10, 1), (1, 11, 0), (1, 12, 0), (1, 14, 0), (1, 31, 22), (7, 32, 22),
    )  # fmt: skip
    assert [error for error, _ in found] == [
        R.SUCCESS, R.CANBMS_NOTEXIST, R.SUCCESS, R.SMB_NOTSUPPORT_STRING, R.SMB_NOTEXIST, *[R.SUCCESS] * 6,
    ]  # fmt: skip
    values = [value for _, value in found]
    assert values == pytest.approx(
        [shown.voltage_v, 0, shown.temperature_degc, 0, 0, busy.temperature_degc,
         busy.temperature_degc_per_s, busy.voltage_v, 101.3, 1.25, 1.25], rel=1e-6,
    )  # fmt: skip


# --- setting -------------------------------------------------------------------------------------


def update(connection: Connection, *entries: tuple[int, int, float]) -> tuple[int, UpdateMvAdvancedResult]:
    wanted = [
        NewValue(channel_index=index, meta_variable_code=Code(code), value=value)
        for index, code, value in entries
    ]
    feedback = one(connection, UpdateMetaVariables(entries=wanted))
    return feedback.channel_index, feedback.result


def variables(device: Device, index: int = 1) -> dict[int, float]:
    channel = device.channel(index)
    assert channel is not None
    return channel.variables


def test_update_is_all_or_nothing(connection: Connection, device: Device) -> None:
    U = UpdateMvAdvancedResult
    assert update(connection, (1, 52, 1.0), (1, 53, 2.0)) == (1, U.SUCCESS)
    assert variables(device) == {52: 1.0, 53: 2.0}
    assert update(connection, (1, 54, 1.0), (0, 54, 2.0)) == (0, U.CHANNEL_NOT_STARTED)
    assert update(connection, (1, 54, 1.0), (1, 21, 2.0)) == (1, U.METACODE_NOTEXIST)
    assert update(connection, (1, 54, 1.0), (9, 54, 2.0)) == (9, U.FAILED)
    assert variables(device) == {52: 1.0, 53: 2.0}
    assert update(connection) == (-1, U.SUCCESS)


def test_160_entries_may_be_updated(connection: Connection, device: Device) -> None:
    entries = [(1, 52, float(number)) for number in range(160)]
    assert update(connection, *entries) == (1, UpdateMvAdvancedResult.SUCCESS)
    assert variables(device) == {52: 159.0}


def test_the_same_variable_again_within_200_ms(connection: Connection, device: Device, clock: Clock) -> None:
    too_soon = (1, UpdateMvAdvancedResult.METACODE_UPDATE_TOO_FREQUENTLY_200_MS)
    success = (1, UpdateMvAdvancedResult.SUCCESS)
    assert update(connection, (1, 52, 1.0)) == success
    assert update(connection, (1, 52, 2.0)) == too_soon
    # Another variable may be updated; together with the first one it may not.
    assert update(connection, (1, 53, 3.0)) == success
    clock.now += 0.1999
    assert update(logged_in(device), (1, 54, 1.0), (1, 52, 2.0)) == too_soon
    assert variables(device) == {52: 1.0, 53: 3.0}
    clock.now += 0.0001
    assert update(connection, (1, 52, 2.0)) == success
    assert variables(device) == {52: 2.0, 53: 3.0}


def test_values_of_any_kind(connection: Connection, device: Device, clock: Clock) -> None:
    E = UpdateMvAdvancedExResult
    device.lose(3)
    wanted = [
        (1, 52, 1), (0, 52, 1), (1, 256, 1), (1, 1, 23), (1, 2, 23), (1, 0, 10), (1, 0, 24), (4, 52, 1),
        (3, 52, 1),
    ]  # fmt: skip
    entries = [
        default(
            AnyValue,
            channel_index=index,
            meta_variable_code=Code(code),
            data_type=DataType(kind),
            value=40.0,
        )
        for index, code, kind in wanted
    ]
    items = one(connection, UpdateMetaVariablesEx(entries=entries)).items
    assert [
        (item.channel_index, int(item.meta_variable_code), int(item.data_type)) for item in items
    ] == wanted
    assert [item.error for item in items] == [
        E.SUCCESS,
        E.CHANNEL_NOT_STARTED,
        E.SUCCESS,
        E.SUCCESS,
        E.SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY,
        E.SET_MV_METACODE_NOT_CONTROLLED_AUXILIARY,
        E.SET_MV_METACODE_DATATYPE_NOTSUPPORT,
        E.FAILED,
        E.FAILED,
    ]
    assert variables(device) == {52: 40.0}
    assert get(connection, (0, 1, 256), (1, 23, 1), (1, 23, 0)) == [
        (R.SUCCESS, 40.0),
        (R.SUCCESS, 40.0),
        (R.SUCCESS, 0.0),
    ]
    items = one(connection, UpdateMetaVariablesEx(entries=entries[:1])).items
    assert items[0].error is E.METACODE_UPDATE_TOO_FREQUENTLY_200_MS


def test_special_values(connection: Connection, device: Device) -> None:
    infos = [
        default(SpecialValue, channel_index=1, set_value=2.0),
        default(SpecialValue, channel_index=1, set_value=3.0, enable=False),
        default(SpecialValue, channel_index=0, set_value=3.0),
    ]
    request = SpecialSetMv(task_id=77, setting_source=SettingSource.CHILLER, meta_variable_infos=infos)
    feedback = one(connection, request)
    assert (feedback.task_id, feedback.setting_source) == (77, SettingSource.CHILLER)
    S = SpecialSetMvResult
    assert [info.error for info in feedback.meta_variable_infos] == [
        S.SET_MV_SUCCESS,
        S.SET_MV_SUCCESS,
        S.SET_MV_CHANNEL_NOT_STARTED,
    ]
    assert variables(device) == {52: 2.0}


# --- with a watchdog -----------------------------------------------------------------------------

T = TimeSensitiveSetMvResult


def set_fast(connection: Connection, *orders: tuple[int, dict[int, float]], timeout_s: float = 1.0) -> Any:
    channels = []
    for index, wanted in orders:
        slots = [Slot(value=value, meta_variable_code=Code(code), enable=1) for code, value in wanted.items()]
        slots += [Slot(value=9.0, meta_variable_code=Code(0), enable=0)] * (8 - len(slots))
        channels.append(ChannelOrder(channel_index=index, slots=slots))
    return one(connection, SetMetaVariablesTimeSensitive(timeout_s=timeout_s, channels=channels)).channels


def status(device: Device) -> ChannelStatus:
    return device.readings([1])[0].status


def test_fast_set_answers_with_a_reading(connection: Connection, device: Device, clock: Clock) -> None:
    clock.now += 20.0
    device.lose(3)
    running, idle, lost, missing, wrong = set_fast(
        connection, (1, {52: 1.5, 116: -2.5}), (0, {53: 2.0}), (3, {52: 1.0}), (9, {52: 1.0}), (1, {21: 1.0})
    )
    assert [one.channel_index for one in (running, idle, lost, missing, wrong)] == [1, 0, 3, 9, 1]
    assert (running.result, running.step_index, running.current_a) == (T.SUCCESS, 2, 1.25)
    assert running.mv_ud_values == [1.5, *[0.0] * 14, -2.5]
    assert int(running.control_status) == ChannelStatus.CHARGE
    assert running.voltage_v == pytest.approx(device.readings([1])[0].voltage_v, rel=1e-6)
    # It is set, although nothing runs.
    assert (idle.result, idle.mv_ud_values[1], variables(device, 0)) == (T.SUCCESS_NOTRUNNING, 2.0, {53: 2.0})
    assert (lost.result, missing.result, wrong.result) == (
        T.MCU_SOCKET_DISCONNECTED,
        T.CHANNEL_INDEX_ERROR,
        T.METACODE_NOTEXIST,
    )
    assert (missing.voltage_v, missing.mv_ud_values) == (0.0, [0.0] * 16)


def test_fast_set_without_the_right(device: Device) -> None:
    (outcome,) = set_fast(Connection(device), (1, {52: 1.0}))
    assert (outcome.result, outcome.mv_ud_values[0]) == (T.NOT_ALLOW_CONTROL, 0.0)


def test_a_gap_that_is_too_long_stops_the_channel(
    connection: Connection, device: Device, clock: Clock
) -> None:
    clock.now += 20.0
    for _ in range(5):
        assert set_fast(connection, (1, {52: 1.0}), timeout_s=0.5)[0].result is T.SUCCESS
        clock.now += 0.5
    assert status(device) is ChannelStatus.CHARGE
    set_fast(connection, (1, {52: 1.0}), timeout_s=0.5)
    clock.now += 0.75
    (reading,) = device.readings([1])
    assert (reading.status, reading.exit_condition) == (ChannelStatus.IDLE, "Watchdog time-out")
    # It stopped when the time was over, not when somebody looked.
    assert reading.test_time_s == pytest.approx(20.0 + 2.5 + 0.5)
    assert set_fast(connection, (1, {52: 1.0}))[0].result is T.SUCCESS_NOTRUNNING


def test_the_gap_is_one_of_the_clock_and_shorter_than_the_grid() -> None:
    clock = Clock()
    device = Device(channels=2, clock=clock, speed=1000.0, refresh_s=0.01)
    device.assign(1, "any")
    device.start([1], "a")
    connection = logged_in(device)
    set_fast(connection, (1, {52: 1.0}), timeout_s=0.005)
    clock.now += 0.004
    assert set_fast(connection, (1, {52: 1.0}), timeout_s=0.005)[0].result is T.SUCCESS
    clock.now += 0.0059
    assert set_fast(connection, (1, {52: 1.0}), timeout_s=0.005)[0].result is T.SUCCESS_NOTRUNNING
    assert device.readings([1])[0].test_time_s == pytest.approx(9.0)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, math.nan])
def test_the_watchdog_can_be_switched_off(
    connection: Connection, device: Device, clock: Clock, timeout_s: float
) -> None:
    clock.now += 20.0
    set_fast(connection, (1, {52: 1.0}), timeout_s=0.5)
    set_fast(connection, (1, {52: 1.0}), timeout_s=timeout_s)
    clock.now += 100.0
    assert status(device) is ChannelStatus.CHARGE


def test_a_call_that_fails_does_not_wind_it_up(connection: Connection, device: Device, clock: Clock) -> None:
    set_fast(connection, (1, {52: 1.0}), timeout_s=0.5)
    clock.now += 0.4
    assert set_fast(connection, (1, {21: 1.0}), timeout_s=0.5)[0].result is T.METACODE_NOTEXIST
    clock.now += 0.2
    assert status(device) is ChannelStatus.IDLE


def test_a_test_that_is_resumed_has_no_watchdog(connection: Connection, device: Device, clock: Clock) -> None:
    set_fast(connection, (1, {52: 1.0}), timeout_s=0.5)
    device.stop(1)
    device.resume(1)
    clock.now += 5.0
    channel = device.channel(1)
    assert channel is not None
    assert channel.phase is Phase.RUNNING
