"""The grid of the readings, the revision, channels that work in parallel, and schedules by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti_schema import encode
from cti_schema.enums import ChannelStatus, ResumeResult, StartResult
from cti_schema.errors import ConfigurationError
from cti_schema.messages.assign_schedule import AssignSchedule, AssignScheduleResult
from cti_schema.messages.continue_schedule import ContinueResult
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.jump_channel import JumpResult
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.stop_schedule import StopResult, StopSchedule
from spoofer import Device, Folder, Schedule, Step
from spoofer.battery.schedule import Control
from spoofer.machine.texts import clean, cut, kept, utf16_units
from tests.spoofer.helpers import Clock, ask, logged_in, one


@pytest.fixture
def clock() -> Clock:
    return Clock()


# --- the grid ------------------------------------------------------------------------------------


def test_readings_are_those_of_the_grid(clock: Clock) -> None:
    device = Device(channels=1, clock=clock, refresh_s=0.1)
    device.assign(0, "any")
    device.start([0], "a")
    connection = logged_in(device)
    request = encode(GetChannelsInfo())
    clock.now += 20.0
    first, moment = connection.receive(request), device.moment
    assert moment == pytest.approx(20.0)
    clock.now += 0.0999
    assert (connection.receive(request), device.moment) == (first, moment)
    clock.now += 0.0002
    assert connection.receive(request) != first
    assert device.readings([0])[0].test_time_s == pytest.approx(20.1)


def test_without_a_grid_every_moment_counts(clock: Clock) -> None:
    device = Device(channels=1, clock=clock, refresh_s=0.0, speed=10.0)
    clock.now += 0.00125
    assert device.moment == pytest.approx(0.00125)
    assert device.now == pytest.approx(0.0125)


@pytest.mark.parametrize("refresh_s", [-0.1, 61.0, float("nan")])
def test_a_grid_that_makes_no_sense(refresh_s: float) -> None:
    with pytest.raises(ConfigurationError, match="refresh_s"):
        Device(refresh_s=refresh_s)


def test_every_change_has_a_revision_of_its_own(clock: Clock) -> None:
    device = Device(channels=2, clock=clock)
    seen = [device.revision]

    def changed() -> bool:
        seen.append(device.revision)
        return seen[-1] != seen[-2]

    connection = logged_in(device)
    seen.append(device.revision)
    one(connection, GetChannelsInfo())
    clock.now += 0.5
    device.readings()
    assert not changed()
    for request in (
        AssignSchedule(channel_index=0, schedule_name="any"),
        StartSchedule(test_name="a", channel_indices=[0]),
        StopSchedule(channel_index=0),
    ):
        one(connection, request)
        assert changed()
    device.trip(0)
    assert changed()
    device.clear(0)
    assert changed()
    device.lose(0)
    assert changed()
    device.override(0, "voltage_v", 3.0)
    assert changed()
    device.at(1e9, lambda: None)
    assert changed()
    channel = device.channel(1)
    assert channel is not None
    channel.barcode = "B"
    assert changed()
    channel.comm_failure = True
    assert changed()


def test_a_change_by_hand_is_seen_at_once(clock: Clock) -> None:
    """Answers that are kept for a moment are not kept beyond a change."""
    device = Device(channels=2, clock=clock)
    connection = logged_in(device)
    channel = device.channel(1)
    assert channel is not None
    for lost in (0, 1, 0):
        channel.comm_failure = bool(lost)
        assert [one.comm_failure for one in one(connection, GetChannelsInfo()).channels] == [0, lost]


# --- in parallel ---------------------------------------------------------------------------------


@pytest.fixture
def device(clock: Clock) -> Device:
    return Device(channels=5, clock=clock, parallel=[[1, 2, 3]])


def test_slaves_follow_their_master(device: Device, clock: Clock) -> None:
    assert device.assign(1, "any") is AssignScheduleResult.SUCCESS
    assert device.start([1], "a") == [StartResult.SUCCESS]
    clock.now += 110.0
    alone, master, second, third, _ = device.readings()
    assert [one.master_channel for one in device.readings()] == [0, 1, 1, 1, 4]
    assert alone.status is ChannelStatus.IDLE
    for slave, index in ((second, 2), (third, 3)):
        assert slave.channel_index == index
        for name in ("status", "test_name", "schedule_name", "step_and_cycle", "voltage_v", "test_time_s"):
            assert getattr(slave, name) == getattr(master, name), name
        # The master shows the whole, a slave its share.
        assert slave.current_a == pytest.approx(master.current_a / 3)
        assert slave.charge_capacity_ah == pytest.approx(master.charge_capacity_ah / 3)
    assert master.current_a == 1.25


def test_a_group_is_controlled_through_its_master(device: Device) -> None:
    assert device.assign(2, "any") is AssignScheduleResult.SDU_CANNOT_ASSIGN_SCHEDULE
    device.assign(1, "any")
    assert device.start([2], "a") == [StartResult.INVALID_PARALLEL]
    device.lose(3)
    assert device.start([1], "a") == [StartResult.CHANNEL_NOT_CONNECT]
    device.lose(3, False)
    assert device.start([1], "a") == [StartResult.SUCCESS]
    assert device.jump(2, 0) is JumpResult.INVALID_PARALLEL
    assert device.assign(2, "any") is AssignScheduleResult.CHANNEL_RUNNING_ERROR
    device.pause(3)
    assert [one.status for one in device.readings()[1:4]] == [ChannelStatus.PAUSE] * 3
    assert device.continue_(2) is ContinueResult.NOT_PAUSE_NORMAL
    assert device.continue_(1) is ContinueResult.SUCCESS
    # Whoever stops one of them stops them all.
    assert device.stop(3) is StopResult.SUCCESS
    assert device.stop(1) is StopResult.NOT_RUNNING
    assert device.resume(2) is ResumeResult.NO_TEST_NAME
    assert device.resume(1) is ResumeResult.SUCCESS
    device.trip(2, "PV_CHAN_Voltage")
    assert {one.exit_condition for one in device.readings()[1:4]} == {"PV_CHAN_Voltage"}
    device.clear(3)
    assert device.readings()[1].status is ChannelStatus.IDLE


def test_all_channels_answer_for_a_group_as_one(device: Device) -> None:
    connection = logged_in(device)
    request = AssignSchedule(channel_index=0, assign_all=1, schedule_name="any")
    assert [one.result for one in ask(connection, request)] == [AssignScheduleResult.SUCCESS] * 5
    device.start([1], "a")
    results = [one.result for one in ask(connection, StopSchedule(channel_index=0, stop_all=1))]
    stopped, idle = StopResult.SUCCESS, StopResult.NOT_RUNNING
    assert results == [idle, stopped, stopped, stopped, idle]


@pytest.mark.parametrize("groups", [[[1]], [[1, 1]], [[4, 5]], [[-1, 0]], [[0, 1], [1, 2]]])
def test_groups_that_are_none(groups: list[list[int]]) -> None:
    with pytest.raises(ConfigurationError, match="parallel"):
        Device(channels=5, parallel=groups)


def test_a_channel_that_cannot_be_reached_is_not_stopped(device: Device) -> None:
    device.assign(0, "any")
    device.start([0], "a")
    device.lose(0)
    assert device.stop(0) is StopResult.CHANNEL_NOT_CONNECT
    assert device.readings([0])[0].test_name == "a"
    device.lose(0, False)
    assert device.stop(0) is StopResult.SUCCESS


# --- schedules -----------------------------------------------------------------------------------

PULSE = '[[step]]\nlabel = "Pulse"\ncontrol = "current"\ncurrent_a = 2.0\nmax_time_s = 30.0\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    work = tmp_path / "Work"
    work.mkdir()
    (work / "pulse.toml").write_text(PULSE, encoding="utf-8")
    (tmp_path / "root.sdx.toml").write_text(PULSE, encoding="utf-8")
    (work / "vendor.sdx").write_bytes(b"\xd0\xcf\x11\xe0 what is in here is not known")
    (work / "broken.toml").write_text('[[step]]\nlabel = "x"\ncontrol = "fly"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "label"),
    [("pulse", "Pulse"), ("pulse.sdx", "Pulse"), ("root.sdx", "Pulse"), ("given", "Own"),
     ("vendor.sdx", "Rest_A"), ("default.sdx", "Rest_A")],
)  # fmt: skip
def test_schedules_of_the_folder(folder: Path, clock: Clock, name: str, label: str) -> None:
    given = Schedule("given", (Step("Own", Control.REST, max_time_s=5.0),))
    device = Device(channels=1, clock=clock, folder=Folder(folder), schedules=[given])
    assert device.assign(0, name) is AssignScheduleResult.SUCCESS
    assert device.start([0], "a") == [StartResult.SUCCESS]
    (reading,) = device.readings()
    assert reading.schedule_name == name
    assert reading.step_and_cycle.startswith(f"[1] 1: {label}, ")


def test_what_is_no_schedule_of_the_folder(folder: Path, clock: Clock) -> None:
    device = Device(channels=1, clock=clock, folder=Folder(folder))
    A = AssignScheduleResult
    assert device.assign(0, "missing.sdx") is A.SCHEDULE_NOT_FOUND_ERROR
    assert device.assign(0, "..\\..\\passwd") is A.SCHEDULE_NOT_FOUND_ERROR
    assert device.assign(0, "broken") is A.SDU_CANNOT_ASSIGN_SCHEDULE
    assert device.assign(0, "pack.can") is A.FILE_UNSUPPORTED_FILE_TYPE
    assert device.assign(0, "pulse") is A.SUCCESS
    # Files come and go.
    (folder / "Work" / "pulse.toml").unlink()
    assert device.start([0], "a") == [StartResult.NO_SCHEDULE_ASSIGNED]
    (folder / "Work" / "pulse.toml").write_text("[[step]]", encoding="utf-8")
    assert device.start([0], "a") == [StartResult.SCHEDULE_VALID]


def test_without_a_folder_every_name_is_that_of_a_schedule(clock: Clock) -> None:
    device = Device(channels=1, clock=clock)
    assert device.assign(0, "what ever.sdx") is AssignScheduleResult.SUCCESS
    assert not device.folder.is_made


# --- texts ---------------------------------------------------------------------------------------


def test_texts() -> None:
    assert utf16_units("a\U0001f50b") == 3
    assert [cut("a\U0001f50bb", units) for units in range(5)] == ["", "a", "a", "a\U0001f50b", "a\U0001f50bb"]
    assert clean("a\ud800b\0c") == "a\ufffdb"
    assert kept(None) == ""
    assert len(kept("n" * 5000)) == 1024
