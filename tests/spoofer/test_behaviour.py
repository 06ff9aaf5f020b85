"""What each request does, asked through a connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti_schema import Message, decode, encode
from cti_schema.derive.defaults import default
from cti_schema.enums import (
    ChannelStatus,
    CtiVersion,
    GetChannelType,
    GetMvResult,
    LoginResult,
    NeedType,
    ResumeResult,
    StartResult,
)
from cti_schema.messages.assign_schedule import AssignSchedule, AssignScheduleFeedback, AssignScheduleResult
from cti_schema.messages.continue_schedule import ContinueResult, ContinueSchedule, ContinueScheduleFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_channels_info_minimalist import GetChannelsInfoMinimalistFeedback
from cti_schema.messages.get_channels_info_simple import GetChannelsInfoSimple
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls
from cti_schema.messages.get_meta_variables import GetMetaVariables, WantedReading
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.jump_channel import JumpChannel, JumpChannelFeedback, JumpResult
from cti_schema.messages.login import Login
from cti_schema.messages.login_json import LoginJson
from cti_schema.messages.resume_schedule import ResumeSchedule, ResumeScheduleFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback, SetMvResult
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.start_schedule_vls import StartScheduleVls, StartScheduleVlsFeedback
from cti_schema.messages.stop_schedule import StopResult, StopSchedule, StopScheduleFeedback
from spoofer import Connection, Device, User
from tests.spoofer.helpers import Clock, ask, logged_in, one

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def device(clock: Clock) -> Device:
    return Device(channels=4, clock=clock)


@pytest.fixture
def connection(device: Device) -> Connection:
    return logged_in(device)


def assign(index: int, name: str = "any.sdx", *, to_all: int = 0) -> AssignSchedule:
    return AssignSchedule(channel_index=index, assign_all=to_all, schedule_name=name)


def set_mv(index: int, code: int = 52, value: float = 0.5) -> SetMetaVariable:
    return default(SetMetaVariable, channel_index=index, meta_variable_code=code, value=value)


# --- a recorded conversation ---------------------------------------------------------------------

#: Head of the feedback a real cycler gave to each request, up to the result (captures): the rest is zero.
RECORDED = [
    ("assign_schedule", "dddddddddddddd1180000000010012bb00000000 0d000000 00", 0x0777),
    ("start_schedule", "dddddddddddddd1180000000040023bb00000000 0d000000 00", 0x078B),
    ("set_meta_variable", "dddddddddddddd1180000000010051bb00000000 0d000000 00", 0x07B6),
    ("stop_schedule", "dddddddddddddd1180000000010013bb00000000 0d000000 00", 0x0778),
]


def test_feedbacks_are_those_of_a_real_cycler() -> None:
    """The requests of the recorded conversation get the bytes that the real cycler answered with."""
    connection = logged_in(Device(clock=Clock()))
    requests: list[Message] = [
        assign(13, "Rest+207855.sdx"),
        StartSchedule(test_name="sample_test_name", channel_indices=[13]),
        set_mv(13, 52, 0.2),
        StopSchedule(channel_index=13),
    ]
    for request, (name, head, checksum) in zip(requests, RECORDED, strict=True):
        expected = bytes.fromhex(head) + bytes(101) + checksum.to_bytes(2, "little")
        assert connection.receive(encode(request)) == expected, name


def test_recorded_frames_of_a_real_conversation() -> None:
    if not CAPTURES.is_dir():
        pytest.skip("the recorded frames are not there")
    connection = Connection(Device(clock=Clock()))
    login = connection.receive((CAPTURES / "client_login_msg.bin").read_bytes())
    real_login = (CAPTURES / "server_login_msg.bin").read_bytes()
    assert len(login) == len(real_login) == 8678
    assert login[:20] == real_login[:20]
    assert decode(login).version == decode(real_login).version == CtiVersion.CTI_PRO8
    for name, *_ in RECORDED:
        reply = connection.receive((CAPTURES / f"client_{name}_msg.bin").read_bytes())
        assert reply == (CAPTURES / f"server_{name}_msg.bin").read_bytes(), name
    info = connection.receive((CAPTURES / "client_channel_info_msg.bin").read_bytes())
    real_info = (CAPTURES / "server_channel_info_msg.bin").read_bytes()
    assert len(info) == len(real_info) == 1779
    assert info[:24] == real_info[:24]


# --- login ---------------------------------------------------------------------------------------


def test_login(device: Device) -> None:
    connection = Connection(device)
    feedback = one(connection, Login(username="ann", password="secret"))
    assert feedback.result is LoginResult.SUCCESS
    assert feedback.serial_number == "100001"
    assert feedback.version is CtiVersion.CTI_PRO8
    assert (feedback.allow_control, feedback.channel_count, feedback.picture) == (1, 4, b"")
    assert feedback.note.startswith("Emulated cycler, no hardware\r\n\r\n4 Channels")
    assert feedback.nickname == "CTI spoofer"
    assert connection.session.username == "ann"
    again = one(connection, Login(username="ann", password="secret"))
    assert again.result is LoginResult.BEFORE_SUCCESS
    assert (again.allow_control, again.channel_count) == (1, 4)


def test_login_in_json(device: Device) -> None:
    connection = Connection(device)
    feedback = one(connection, LoginJson(username="ann", password="secret"))
    assert feedback.result is LoginResult.SUCCESS
    assert (feedback.serial_number, feedback.channel_count, feedback.allow_control) == ("100001", 4, 1)
    assert feedback.version is CtiVersion.CTI_PRO8
    assert feedback.picture is None
    assert one(connection, Login(username="ann", password="x")).result is LoginResult.BEFORE_SUCCESS


@pytest.mark.parametrize("login", [Login, LoginJson])
def test_a_wrong_password(clock: Clock, login: type[Login] | type[LoginJson]) -> None:
    connection = Connection(Device(clock=clock, users={"ann": "secret"}, version=CtiVersion.PRO8_2))
    refused = one(connection, login(username="ann", password="Secret"))
    assert (refused.result, refused.allow_control, refused.channel_count) == (LoginResult.FAILED, 0, 0)
    # A client takes the version over from a refusal, too.
    assert refused.version is CtiVersion.PRO8_2
    assert connection.session.username is None
    assert one(connection, assign(0)).result is AssignScheduleResult.ERROR
    assert one(connection, login(username="ann", password="secret")).result is LoginResult.SUCCESS
    # A later wrong password takes nothing away.
    assert one(connection, login(username="ann", password="")).result is LoginResult.FAILED
    assert one(connection, assign(0)).result is AssignScheduleResult.SUCCESS


def test_serial_number(clock: Clock) -> None:
    connection = Connection(Device(serial_number=207855, clock=clock))
    assert one(connection, GetSerialNumber()).serial_number == 207855


# --- rights --------------------------------------------------------------------------------------

CONTROL = [
    (assign(0), AssignScheduleFeedback(channel_index=0, result=AssignScheduleResult.ERROR)),
    (
        StartSchedule(test_name="a", channel_indices=[0]),
        StartScheduleFeedback(channel_index=0, result=StartResult.ERROR),
    ),
    (
        StartScheduleVls(test_name="a", channel_indices=[0]),
        StartScheduleVlsFeedback(channel_index=0, result=StartResult.ERROR),
    ),
    (StopSchedule(channel_index=0), StopScheduleFeedback(channel_index=0, result=StopResult.ERROR)),
    (ResumeSchedule(channel_index=0), ResumeScheduleFeedback(channel_index=0, result=ResumeResult.ERROR)),
    (
        ContinueSchedule(channel_indices=[0]),
        ContinueScheduleFeedback(channel_index=0, result=ContinueResult.ERROR),
    ),
    (
        JumpChannel(step_index=1, channel_index=0),
        JumpChannelFeedback(channel_index=0, result=JumpResult.ERROR),
    ),
    (set_mv(0), SetMetaVariableFeedback(channel_index=0, result=SetMvResult.FAILED)),
]


@pytest.mark.parametrize(("request_", "refusal"), CONTROL, ids=lambda one: one.spec.name)
@pytest.mark.parametrize("looks_only", [False, True])
def test_without_the_control_right(
    clock: Clock, request_: Message, refusal: Message, looks_only: bool
) -> None:
    device = Device(clock=clock, users={"bob": User("word", may_control=False)})
    device.assign(0, "any")
    connection = Connection(device)
    if looks_only:
        assert one(connection, Login(username="bob", password="word")).allow_control == 0
    before = device.readings([0])
    assert ask(connection, request_) == [refusal]
    assert device.readings([0]) == before
    # Looking is allowed.
    assert len(one(connection, GetChannelsInfo()).channels) == 16


# --- reading channels ----------------------------------------------------------------------------


def test_which_channels(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    device.assign(2, "any")
    device.start([1, 2], "a")
    device.pause(2)
    device.trip(3)

    def indices(**values: int) -> list[int]:
        channels = one(connection, default(GetChannelsInfo, **values)).channels
        return [channel.channel_index for channel in channels]

    assert indices() == [0, 1, 2, 3]
    assert indices(channel_index=2) == [2]
    assert indices(channel_index=4) == []
    assert indices(channel_index=-2) == []
    assert indices(channel_selection=GetChannelType.RUNNING) == [1]
    assert indices(channel_selection=GetChannelType.UNSAFE) == [3]
    assert indices(channel_selection=0) == [0, 1, 2, 3]


def test_a_channel_without_channels_is_a_full_feedback(connection: Connection) -> None:
    reply = connection.receive(encode(GetChannelsInfo(channel_index=99)))
    head = bytes.fromhex("dddddddddddddd11 1a000000 0300baee 00000000 00000000")
    assert reply == head + (sum(head) % 65536).to_bytes(2, "little")


@pytest.mark.parametrize("request_class", [GetChannelsInfo, GetChannelsInfoVls])
def test_values_of_a_channel(
    connection: Connection,
    device: Device,
    clock: Clock,
    request_class: type[GetChannelsInfo] | type[GetChannelsInfoVls],
) -> None:
    device.assign(1, "schädule.sdx")
    device.start([1], "tëst")
    clock.now += 110.0
    (channel,) = one(connection, default(request_class, channel_index=1)).channels
    (reading,) = device.readings([1])
    assert channel.status is ChannelStatus.CHARGE
    assert (channel.schedule_name, channel.test_name) == ("schädule.sdx", "tëst")
    assert (channel.exit_condition, channel.step_and_cycle) == ("N/A", "[1] 2: Charge, CCCV")
    assert (channel.master_channel, channel.comm_failure) == (1, 0)
    assert channel.test_time_s == reading.test_time_s == 110.0
    assert channel.step_time_s == 100.0
    assert channel.current_a == 1.25
    for name in (
        "voltage_v",
        "power_w",
        "charge_capacity_ah",
        "charge_energy_wh",
        "internal_resistance_ohm",
        "dv_dt_v_per_s",
    ):
        assert getattr(channel, name) == pytest.approx(getattr(reading, name), rel=1e-6)
        assert getattr(channel, name) > 0.0
    assert (channel.aux_temperature, channel.bms, channel.smb) == ([], [], [])


@pytest.mark.parametrize("request_class", [GetChannelsInfo, GetChannelsInfoVls])
def test_a_temperature_when_auxiliaries_are_asked_for(
    connection: Connection,
    device: Device,
    clock: Clock,
    request_class: type[GetChannelsInfo] | type[GetChannelsInfoVls],
) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    clock.now += 300.0
    cold, warm = one(connection, default(request_class, aux_options=NeedType(0x700))).channels[:2]
    assert [one.value for one in cold.aux_temperature] == [25.0]
    (sensor,) = warm.aux_temperature
    assert 25.1 < sensor.value < 27.0
    assert sensor.dt_value > 0.0
    assert warm.aux_voltage == []


def test_the_simple_form(connection: Connection, device: Device, clock: Clock) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    clock.now += 11.5
    (channel,) = one(connection, default(GetChannelsInfoSimple, channel_index=1)).channels
    assert (channel.step_number, channel.status) == (2, ChannelStatus.CHARGE)
    assert (channel.test_time_s, channel.step_time_s, channel.current_a) == (11.5, 1.5, 1.25)
    assert len(channel.aux_temperature) == 1


def get_mv(index: int, code: int, kind: int = 1) -> WantedReading:
    return default(WantedReading, channel_index=index, data_type=kind, meta_variable_code=code)


def test_meta_variables(connection: Connection, device: Device, clock: Clock) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    assert one(connection, set_mv(1, 52, 0.25)).result is SetMvResult.SUCCESS
    clock.now += 110.0
    entries = [
        *(get_mv(1, code) for code in (1, 3, 4, 21, 22, 23, 52, 53)),
        get_mv(4, 21),
        get_mv(1, 60000),
        get_mv(1, 5),
        get_mv(1, 21, kind=10),
    ]
    items = one(connection, GetMetaVariables(entries=entries)).items
    (reading,) = device.readings([1])
    assert [(one.channel_index, one.meta_variable_code) for one in items] == [
        (one.channel_index, one.meta_variable_code) for one in entries
    ]
    assert [one.error for one in items] == [
        *[GetMvResult.SUCCESS] * 8,
        GetMvResult.CHANNEL_INDEX_ERROR,
        GetMvResult.METACODE_NOTEXIST,
        GetMvResult.METACODE_NOTSUPPORT,
        GetMvResult.AUX_INDEX_ERROR,
    ]
    expected = [2.0, 100.0, 110.0, reading.voltage_v, 1.25, 1.25 * 100 / 3600, 0.25, 0.0, 0, 0, 0, 0]
    assert [one.value for one in items] == pytest.approx(expected, rel=1e-6)


def test_the_minimalist_form(connection: Connection, device: Device) -> None:
    feedback = one(connection, GetMetaVariables(version=0x0201, entries=[]))
    assert isinstance(feedback, GetChannelsInfoMinimalistFeedback)
    assert [(one.channel_index, one.meta_variable_code) for one in feedback.items] == [
        (index, code) for index in range(4) for code in (22, 21)
    ]
    voltages = [one.value for one in feedback.items[1::2]]
    assert voltages == pytest.approx([one.voltage_v for one in device.readings()], rel=1e-6)
    feedback = one(connection, GetMetaVariables(version=0x0201, entries=[get_mv(2, 22), get_mv(2, 21)]))
    assert isinstance(feedback, GetChannelsInfoMinimalistFeedback)
    assert [one.channel_index for one in feedback.items] == [2, 2]


# --- controlling ---------------------------------------------------------------------------------


def test_assign_to_all(connection: Connection, device: Device) -> None:
    device.assign(2, "first")
    device.start([2], "a")
    feedbacks = ask(connection, assign(0, "any.sdx", to_all=1))
    success, running = AssignScheduleResult.SUCCESS, AssignScheduleResult.CHANNEL_RUNNING_ERROR
    assert [(one.channel_index, one.result) for one in feedbacks] == [
        (0, success),
        (1, success),
        (2, running),
        (3, success),
    ]
    assert [one.schedule_name for one in device.readings()] == ["any.sdx", "any.sdx", "first", "any.sdx"]


@pytest.mark.parametrize(
    ("version", "barcode", "variables"),
    [(CtiVersion.CTI_PRO8, "", {}), (CtiVersion.CTI_PRO7, "B1", {52: 1.0, 53: 2.0, 54: 3.0, 55: 4.0})],
)
def test_only_pro7_takes_barcode_and_variables_from_an_assignment(
    clock: Clock, version: CtiVersion, barcode: str, variables: dict[int, float]
) -> None:
    device = Device(clock=clock, version=version)
    request = AssignSchedule(
        channel_index=0,
        schedule_name="a",
        barcode="B1",
        mv_ud1=1.0,
        mv_ud2=2.0,
        mv_ud3=3.0,
        mv_ud4=4.0,
        mv_ud5=5.0,
    )
    assert one(logged_in(device), request).result is AssignScheduleResult.SUCCESS
    channel = device.channel(0)
    assert channel is not None
    assert (channel.barcode, channel.variables) == (barcode, variables)


@pytest.mark.parametrize("request_class", [StartSchedule, StartScheduleVls])
def test_start_answers_once_per_channel(
    connection: Connection, device: Device, request_class: type[StartSchedule] | type[StartScheduleVls]
) -> None:
    device.assign(3, "any")
    feedbacks = ask(connection, request_class(test_name="a", channel_indices=[3, 0, 9]))
    assert [(one.channel_index, one.result) for one in feedbacks] == [
        (3, StartResult.SUCCESS),
        (0, StartResult.NO_SCHEDULE_ASSIGNED),
        (9, StartResult.INDEX),
    ]
    (feedback,) = ask(connection, request_class(test_name="b", channel_indices=[]))
    assert (feedback.channel_index, feedback.result) == (-1, StartResult.NO_GROUP_CHANNEL)


def test_stop_all(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    feedbacks = ask(connection, StopSchedule(channel_index=0, stop_all=1))
    assert [(one.channel_index, one.result) for one in feedbacks] == [
        (0, StopResult.NOT_RUNNING),
        (1, StopResult.SUCCESS),
        (2, StopResult.NOT_RUNNING),
        (3, StopResult.NOT_RUNNING),
    ]


def test_an_index_beyond_the_sign_comes_back_negative(connection: Connection) -> None:
    feedback = one(connection, StopSchedule(channel_index=2**32 - 1))
    assert (feedback.channel_index, feedback.result) == (-1, StopResult.INDEX)
    feedback = one(connection, set_mv(2**32 - 2))
    assert (feedback.channel_index, feedback.result) == (-2, SetMvResult.FAILED)


def test_resume_one_and_all(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    device.stop(1)
    assert one(connection, ResumeSchedule(channel_index=1)).result is ResumeResult.SUCCESS
    device.stop(1)
    feedbacks = ask(connection, ResumeSchedule(channel_index=0, resume_all=1))
    assert [one.result for one in feedbacks] == [
        ResumeResult.NO_SCHEDULE_ASSIGNED,
        ResumeResult.SUCCESS,
        ResumeResult.NO_SCHEDULE_ASSIGNED,
        ResumeResult.NO_SCHEDULE_ASSIGNED,
    ]


def test_continue(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    device.pause(1)
    feedbacks = ask(connection, ContinueSchedule(channel_indices=[1, 0]))
    assert [(one.channel_index, one.result) for one in feedbacks] == [
        (1, ContinueResult.SUCCESS),
        (0, ContinueResult.NOT_PAUSE_NORMAL),
    ]
    (feedback,) = ask(connection, ContinueSchedule(channel_indices=[]))
    assert (feedback.channel_index, feedback.result) == (-1, ContinueResult.INDEX)


def test_jump(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    device.start([1], "a")
    # The number on the wire counts from 1 (manual 1.2.0; the library sends what it is given).
    feedback = one(connection, JumpChannel(step_index=4, channel_index=1))
    assert (feedback.channel_index, feedback.result) == (1, JumpResult.SUCCESS)
    assert device.readings([1])[0].status is ChannelStatus.DISCHARGE
    assert one(connection, JumpChannel(step_index=-1, channel_index=-1)).result is JumpResult.INDEX


def test_set_meta_variable(connection: Connection, device: Device) -> None:
    device.assign(1, "any")
    assert one(connection, set_mv(1)).result is SetMvResult.CHANNEL_NOT_STARTED
    device.start([1], "a")
    feedback = one(connection, set_mv(1, 116, 0.25))
    assert (feedback.channel_index, feedback.result) == (1, SetMvResult.SUCCESS)
    channel = device.channel(1)
    assert channel is not None
    assert channel.variables == {116: 0.25}
    assert one(connection, set_mv(1, 21)).result is SetMvResult.METACODE_NOTEXIST
    assert one(connection, set_mv(1, 9999)).result is SetMvResult.METACODE_NOTEXIST


def test_two_connections_share_the_device(device: Device) -> None:
    first, second = logged_in(device), logged_in(device)
    assert one(first, assign(2)).result is AssignScheduleResult.SUCCESS
    assert ask(second, StartSchedule(test_name="a", channel_indices=[2]))[0].result.is_success
    assert one(first, assign(2)).result is AssignScheduleResult.CHANNEL_RUNNING_ERROR
    assert one(second, Login(username="x", password="y")).result is LoginResult.BEFORE_SUCCESS
