"""The cycler: what it shows as time passes, and what it refuses."""

from __future__ import annotations

import math

import pytest

from cti_schema.enums import ChannelStatus, LoginResult, ResumeResult, StartResult
from cti_schema.errors import ConfigurationError
from cti_schema.messages.assign_schedule import AssignScheduleResult
from cti_schema.messages.continue_schedule import ContinueResult
from cti_schema.messages.jump_channel import JumpResult
from cti_schema.messages.set_meta_variable import SetMvResult
from cti_schema.messages.stop_schedule import StopResult
from spoofer import CellParameters, Control, Device, Phase, Reading, Schedule, Step, User
from spoofer.device import USER_VARIABLES
from tests.spoofer.helpers import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    return Device(channels=4, clock=clock)


def reading(device: Device, index: int) -> Reading:
    (found,) = device.readings([index])
    return found


def start(device: Device, index: int = 1, name: str = "test") -> None:
    assert device.assign(index, "any.sdx") is AssignScheduleResult.SUCCESS
    assert device.start([index], name) == [StartResult.SUCCESS]


def test_an_idle_channel(device: Device) -> None:
    idle = reading(device, 2)
    assert (idle.channel_index, idle.master_channel) == (2, 2)
    assert idle.status is ChannelStatus.IDLE
    assert (idle.schedule_name, idle.test_name, idle.step_and_cycle) == ("", "", "")
    assert idle.exit_condition == "N/A"
    assert (idle.test_time_s, idle.current_a, idle.power_w, idle.step_number) == (0.0, 0.0, 0.0, 0)
    assert 3.3 < idle.voltage_v < 3.8
    assert idle.temperature_degc == 25.0


def test_a_test_from_start_to_finish(device: Device, clock: Clock) -> None:
    start(device)
    clock.now += 4.5
    rest = reading(device, 1)
    assert (rest.status, rest.step_number, rest.step_and_cycle) == (
        ChannelStatus.REST,
        1,
        "[1] 1: Rest_A, Rest",
    )
    assert (rest.test_time_s, rest.step_time_s) == (4.5, 4.5)
    clock.now += 95.75
    charge = reading(device, 1)
    assert (charge.status, charge.step_and_cycle) == (ChannelStatus.CHARGE, "[1] 2: Charge, CCCV")
    assert charge.test_time_s == pytest.approx(100.25)
    assert charge.step_time_s == pytest.approx(90.25)
    assert charge.current_a == 1.25
    assert charge.power_w == pytest.approx(1.25 * charge.voltage_v)
    assert charge.charge_capacity_ah == pytest.approx(1.25 * 90.25 / 3600)
    assert charge.charge_energy_wh == pytest.approx(charge.charge_capacity_ah * charge.voltage_v, rel=0.05)
    assert charge.voltage_v > rest.voltage_v
    assert charge.dv_dt_v_per_s > 0.0
    assert charge.temperature_degc > 25.0
    clock.now += 40_000.0
    end = reading(device, 1)
    assert (end.status, end.exit_condition) == (ChannelStatus.FINISHED, "Finished")
    assert end.step_and_cycle == "[1] 4: Discharge, Current(A)"
    assert (end.current_a, end.power_w, end.dv_dt_v_per_s) == (0.0, 0.0, 0.0)
    assert end.discharge_capacity_ah > end.charge_capacity_ah > 1.0
    # Without current the cell recovers from the 2.8 V that ended the discharge.
    assert 2.8 < end.voltage_v < 3.0
    assert end.temperature_degc == pytest.approx(25.0)
    clock.now += 1_000.0
    assert reading(device, 1).test_time_s == end.test_time_s


def test_the_discharge_is_negative(device: Device, clock: Clock) -> None:
    start(device)
    assert device.jump(1, 3) is JumpResult.SUCCESS
    clock.now += 20.0
    shown = reading(device, 1)
    assert (shown.status, shown.step_number) == (ChannelStatus.DISCHARGE, 4)
    assert shown.current_a == -1.25
    assert shown.power_w == pytest.approx(-1.25 * shown.voltage_v)
    assert shown.discharge_capacity_ah == pytest.approx(1.25 * 20 / 3600)
    assert shown.charge_capacity_ah == 0.0


def test_speed_multiplies_time(clock: Clock) -> None:
    device = Device(channels=2, clock=clock, speed=100.0)
    start(device)
    clock.now += 1.0
    assert reading(device, 1).test_time_s == pytest.approx(100.0)


def test_reading_often_changes_nothing(clock: Clock) -> None:
    seldom = Device(channels=2, clock=clock)
    often = Device(channels=2, clock=clock)
    for device in (seldom, often):
        start(device)
    for _ in range(300):
        clock.now += 0.37
        often.readings()
    a, b = reading(seldom, 1), reading(often, 1)
    assert a.test_time_s == pytest.approx(b.test_time_s)
    assert a.voltage_v == pytest.approx(b.voltage_v, abs=1e-9)
    assert a.charge_energy_wh == pytest.approx(b.charge_energy_wh, rel=1e-9)


def test_the_clock_may_stand_or_go_back(device: Device, clock: Clock) -> None:
    start(device)
    clock.now += 30.0
    before = reading(device, 1)
    assert reading(device, 1) == before
    clock.now -= 20.0
    assert reading(device, 1).test_time_s == before.test_time_s


def test_the_same_seed_makes_the_same_cycler(clock: Clock) -> None:
    a, b, c = (Device(channels=4, clock=clock, seed=seed).readings() for seed in (7, 7, 8))
    assert a == b
    assert [one.voltage_v for one in a] != [one.voltage_v for one in c]
    assert len({one.voltage_v for one in a}) == 4


def test_a_schedule_of_its_own(clock: Clock) -> None:
    schedule = Schedule("pulse.sdx", (Step("Pulse", Control.CURRENT, 2.0, max_time_s=30.0),))
    device = Device(channels=1, clock=clock, schedules=[schedule], cell=CellParameters(capacity_ah=10.0))
    assert device.assign(0, "pulse.sdx") is AssignScheduleResult.SUCCESS
    assert device.start([0], "a") == [StartResult.SUCCESS]
    clock.now += 10.0
    assert reading(device, 0).current_a == 2.0
    clock.now += 25.0
    end = reading(device, 0)
    assert end.status is ChannelStatus.FINISHED
    assert end.test_time_s == pytest.approx(30.0)
    assert end.charge_capacity_ah == pytest.approx(2.0 * 30 / 3600)


def test_readings_leave_out_what_does_not_exist(device: Device) -> None:
    assert [one.channel_index for one in device.readings()] == [0, 1, 2, 3]
    assert [one.channel_index for one in device.readings([3, 4, -1, 0])] == [3, 0]


@pytest.mark.parametrize("channels", [0, -1, 2049])
def test_number_of_channels(channels: int) -> None:
    with pytest.raises(ConfigurationError, match="channels"):
        Device(channels=channels)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan])
def test_speed_that_makes_no_sense(speed: float) -> None:
    with pytest.raises(ConfigurationError, match="speed"):
        Device(speed=speed)


# --- refusals ------------------------------------------------------------------------------------


def test_start_refusals(device: Device) -> None:
    assert device.start([0], "a") == [StartResult.NO_SCHEDULE_ASSIGNED]
    for index in range(4):
        device.assign(index, "any")
    assert device.start([4, -1, 65535], "a") == [StartResult.INDEX] * 3
    assert device.start([0], "") == [StartResult.TEST_NAME_EXISTS]
    assert device.start([0], "n" * 73) == [StartResult.TEST_NAME_TOO_LONG]
    # A character beyond the first plane takes two units.
    assert device.start([0], "\U0001f50b" * 37) == [StartResult.TEST_NAME_TOO_LONG]
    assert device.start([0], "n" * 72) == [StartResult.SUCCESS]
    assert device.start([0], "b") == [StartResult.CHANNEL_RUNNING]
    device.trip(1)
    assert device.start([1], "b") == [StartResult.CHANNEL_RUNNING]
    channel = device.channel(2)
    assert channel is not None
    channel.comm_failure = True
    assert device.start([2], "b") == [StartResult.CHANNEL_NOT_CONNECT]
    assert reading(device, 2).comm_failure == 1


def test_a_refused_start_uses_no_name_and_one_call_shares_it(device: Device) -> None:
    for index in (0, 1, 2):
        device.assign(index, "any")
    assert device.start([9], "a") == [StartResult.INDEX]
    assert device.start([0, 3, 1, 0], "a") == [
        StartResult.SUCCESS,
        StartResult.NO_SCHEDULE_ASSIGNED,
        StartResult.SUCCESS,
        StartResult.CHANNEL_RUNNING,
    ]
    assert reading(device, 0).test_name == reading(device, 1).test_name == "a"
    assert device.start([2], "a") == [StartResult.TEST_NAME_EXISTS]
    device.stop(0)
    assert device.start([0], "a") == [StartResult.TEST_NAME_EXISTS]


def test_assign_refusals(device: Device) -> None:
    assert device.assign(4, "any") is AssignScheduleResult.INDEX
    assert device.assign(-1, "any") is AssignScheduleResult.INDEX
    assert device.assign(0, "") is AssignScheduleResult.SCHEDULE_NAME_EMPTY_ERROR
    assert device.assign(0, "n" * 201) is AssignScheduleResult.SCHEDULE_NOT_FOUND_ERROR
    assert device.assign(0, "a\0b") is AssignScheduleResult.SCHEDULE_NOT_FOUND_ERROR
    start(device, 0)
    assert device.assign(0, "other") is AssignScheduleResult.CHANNEL_RUNNING_ERROR
    device.pause(0)
    assert device.assign(0, "other") is AssignScheduleResult.CHANNEL_RUNNING_ERROR
    assert reading(device, 0).schedule_name == "any.sdx"
    device.stop(0)
    assert device.assign(0, "other") is AssignScheduleResult.SUCCESS
    assert reading(device, 0).schedule_name == "other"


def test_stop(device: Device, clock: Clock) -> None:
    assert device.stop(0) is StopResult.NOT_RUNNING
    assert device.stop(4) is StopResult.INDEX
    start(device, 0)
    clock.now += 12.5
    assert device.stop(0) is StopResult.SUCCESS
    clock.now += 100.0
    shown = reading(device, 0)
    assert (shown.status, shown.exit_condition) == (ChannelStatus.IDLE, "Stopped by user")
    assert (shown.test_time_s, shown.current_a, shown.test_name) == (12.5, 0.0, "test")
    assert shown.charge_capacity_ah == pytest.approx(1.25 * 2.5 / 3600)
    assert device.stop(0) is StopResult.NOT_RUNNING


def test_resume(device: Device, clock: Clock) -> None:
    assert device.resume(4) is ResumeResult.INDEX
    assert device.resume(0) is ResumeResult.NO_SCHEDULE_ASSIGNED
    device.assign(0, "any")
    assert device.resume(0) is ResumeResult.NO_TEST_NAME
    device.start([0], "a")
    assert device.resume(0) is ResumeResult.CHANNEL_RUNNING
    clock.now += 50.0
    device.stop(0)
    clock.now += 1000.0
    assert device.resume(0) is ResumeResult.SUCCESS
    clock.now += 10.0
    shown = reading(device, 0)
    assert (shown.status, shown.exit_condition) == (ChannelStatus.CHARGE, "N/A")
    assert shown.test_time_s == pytest.approx(60.0)
    device.stop(0)
    device.assign(0, "other")
    assert device.resume(0) is ResumeResult.NO_TEST_NAME
    device.assign(0, "any")
    device.trip(0)
    assert device.resume(0) is ResumeResult.CHANNEL_RUNNING
    device.clear(0)
    channel = device.channel(0)
    assert channel is not None
    channel.comm_failure = True
    assert device.resume(0) is ResumeResult.CHANNEL_NOT_CONNECT


def test_a_finished_test_cannot_be_resumed(device: Device, clock: Clock) -> None:
    start(device, 0)
    clock.now += 100_000.0
    assert device.resume(0) is ResumeResult.NO_TEST_NAME


def test_pause_and_continue(device: Device, clock: Clock) -> None:
    assert device.continue_(4) is ContinueResult.INDEX
    assert device.continue_(0) is ContinueResult.NOT_PAUSE_NORMAL
    start(device, 0)
    assert device.continue_(0) is ContinueResult.CHANNEL_RUNNING
    clock.now += 20.0
    device.pause(0)
    clock.now += 500.0
    assert (reading(device, 0).status, reading(device, 0).test_time_s) == (ChannelStatus.PAUSE, 20.0)
    assert reading(device, 0).current_a == 0.0
    assert device.start([0], "b") == [StartResult.CHANNEL_RUNNING]
    assert device.continue_(0) is ContinueResult.SUCCESS
    clock.now += 5.0
    assert (reading(device, 0).status, reading(device, 0).test_time_s) == (ChannelStatus.CHARGE, 25.0)
    device.trip(0, "PV_CHAN_Voltage")
    assert device.continue_(0) is ContinueResult.CHANNEL_UNSAFE
    channel = device.channel(1)
    assert channel is not None
    channel.comm_failure = True
    assert device.continue_(1) is ContinueResult.CHANNEL_NOT_CONNECT


def test_jump(device: Device, clock: Clock) -> None:
    assert device.jump(4, 0) is JumpResult.INDEX
    assert device.jump(0, 0) is JumpResult.CHANNEL_RUNNING
    start(device, 0)
    clock.now += 20.0
    assert device.jump(0, 2) is JumpResult.SUCCESS
    clock.now += 2.0
    shown = reading(device, 0)
    assert (shown.step_and_cycle, shown.step_time_s, shown.test_time_s) == (
        "[1] 3: Rest_B, Rest",
        2.0,
        22.0,
    )
    assert device.jump(0, 4) is JumpResult.SUCCESS
    assert reading(device, 0).status is ChannelStatus.IDLE
    assert device.jump(0, 1) is JumpResult.CHANNEL_RUNNING
    channel = device.channel(0)
    assert channel is not None
    channel.comm_failure = True
    assert device.jump(0, 1) is JumpResult.CHANNEL_NOT_CONNECT


def test_user_variables(device: Device) -> None:
    assert [int(code) for code in USER_VARIABLES] == [52, 53, 54, 55, *range(105, 117)]
    assert device.set_variable(4, 52, 1.0) is SetMvResult.FAILED
    assert device.set_variable(0, 51, 1.0) is SetMvResult.METACODE_NOTEXIST
    assert device.set_variable(0, 52, 1.0) is SetMvResult.CHANNEL_NOT_STARTED
    start(device, 0)
    for number, code in enumerate(USER_VARIABLES):
        assert device.set_variable(0, code, number / 4) is SetMvResult.SUCCESS
    channel = device.channel(0)
    assert channel is not None
    assert channel.variables == {int(code): number / 4 for number, code in enumerate(USER_VARIABLES)}
    device.pause(0)
    assert device.set_variable(0, 52, 1.0) is SetMvResult.CHANNEL_NOT_STARTED


def test_unsafe(device: Device, clock: Clock) -> None:
    start(device, 0)
    clock.now += 15.0
    device.trip(0, "PV_CHAN_Voltage")
    clock.now += 15.0
    shown = reading(device, 0)
    assert (shown.status, shown.exit_condition) == (ChannelStatus.UNSAFE, "PV_CHAN_Voltage")
    assert (shown.test_time_s, shown.current_a) == (15.0, 0.0)
    assert device.stop(0) is StopResult.NOT_RUNNING
    device.clear(0)
    assert reading(device, 0).status is ChannelStatus.IDLE
    device.clear(0)
    device.pause(0)
    channel = device.channel(0)
    assert channel is not None
    assert channel.phase is Phase.IDLE


@pytest.mark.parametrize("action", ["pause", "trip", "clear"])
def test_what_happens_to_a_channel_that_is_not_there(device: Device, action: str) -> None:
    with pytest.raises(IndexError, match="no channel with index 4"):
        getattr(device, action)(4)


def test_users() -> None:
    assert Device().login("anybody", "") == (LoginResult.SUCCESS, True)
    device = Device(users={"ann": "secret", "bob": User("word", may_control=False)})
    assert device.login("ann", "secret") == (LoginResult.SUCCESS, True)
    assert device.login("bob", "word") == (LoginResult.SUCCESS, False)
    for name, password in (("ann", "word"), ("ann", ""), ("eve", "secret"), ("", "")):
        assert device.login(name, password) == (LoginResult.FAILED, False)
    assert "secret" not in repr(device.users)
