"""Both clients against the spoofer, and in memory: what a call returns, and what it sends."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cti_client import calls
from cti_client.peer import Call, ChannelPeer, Peer, Send
from cti_client.readings import Outcome, Reading, readings_of
from cti_client.session import Session
from cti_schema import decode, encode
from cti_schema.derive.defaults import default, default_reply
from cti_schema.enums import ChannelStatus, CtiVersion, NeedType, StartResult
from cti_schema.errors import ConfigurationError, LoginRefused, ResultError
from cti_schema.message import Direction
from cti_schema.messages import get_channels_info as classic_channels
from cti_schema.messages import get_channels_info_json as json_channels
from cti_schema.messages import get_channels_info_vls as vls_channels
from cti_schema.messages.get_channels_info import GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.jump_channel import JumpChannel
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.start_schedule_vls import StartScheduleVls
from cti_schema.messages.stop_schedule import StopSchedule
from spoofer import Connection, Device, Spoofer, running
from tests.client.peers import SHELLS, Clock

Make = Callable[..., Any]


@pytest.fixture
def cycler_on_loopback() -> Iterator[Spoofer]:
    with running(Device(channels=8), users={"user": "secret"}) as spoofer:
        yield spoofer


@pytest.fixture(params=SHELLS, ids=["blocking", "asyncio"])
def cycler(request: pytest.FixtureRequest, cycler_on_loopback: Spoofer) -> Iterator[Any]:
    with request.param(cycler_on_loopback.host, cycler_on_loopback.port, timeout_s=30.0) as cycler:
        cycler.login("user", "secret")
        yield cycler


# Against the spoofer, on a socket.


def test_a_login_tells_who_the_cycler_is(cycler: Any) -> None:
    assert cycler.logged_in
    assert (cycler.channel_count, cycler.version, cycler.serial_number) == (8, CtiVersion.CTI_PRO8, "100001")
    assert cycler.address.startswith("127.0.0.1:")
    assert cycler.login("user", "secret").result.is_success


def test_a_wrong_password_is_refused(cycler: Any) -> None:
    with pytest.raises(LoginRefused, match="no permission") as error:
        cycler.login("user", "wrong")
    assert error.value.result == 2


def test_all_channels_are_read_in_one_request(cycler: Any) -> None:
    readings = cycler.channels()
    assert [reading.channel for reading in readings] == list(range(1, 9))
    assert {reading.status for reading in readings} == {ChannelStatus.IDLE}
    assert readings[4] == cycler.channel(5).read()


def test_a_test_from_assignment_to_stop(cycler: Any) -> None:
    channel = cycler.channel(5)
    assert channel.number == 5
    assert channel.assign("formation.sdx").channel_index == 4
    outcome = channel.start("cell_12")
    assert (outcome.channel, outcome.ok, outcome.meaning) == (5, True, "success")
    reading = channel.read()
    assert (reading.channel, reading.schedule_name, reading.test_name) == (5, "formation.sdx", "cell_12")
    assert reading.master_channel == 5
    assert channel.set_mv(3, 1.5).result.is_success
    assert channel.set_mv("mv_ud16", 2).result.is_success
    assert channel.jump(1).result.is_success
    assert channel.stop().result.is_success
    assert channel.resume().result.is_success
    outcomes = cycler.stop_all()
    assert [one.channel for one in outcomes] == list(range(1, 9))
    assert [one.channel for one in outcomes if one.ok] == [5]


def test_a_refusal_names_channel_code_and_meaning(cycler: Any) -> None:
    with pytest.raises(ResultError) as error:
        cycler.channel(3).start("a")
    assert str(error.value) == (
        "channel 3: start_schedule was refused: no schedule assigned to the channel "
        "(result 21, no_schedule_assigned)"
    )
    assert error.value.channel == 3
    assert error.value.result == StartResult.NO_SCHEDULE_ASSIGNED
    assert error.value.request == StartSchedule(test_name="a", channel_indices=[2])
    with pytest.raises(ResultError, match="channel 2: set_meta_variable was refused: channel is not running"):
        cycler.channel(2).set_mv(1, 1.0)
    with pytest.raises(ResultError, match="channel 4: continue_schedule was refused"):
        cycler.channel(4).continue_()


def test_many_channels_start_in_one_request_with_an_outcome_each(cycler: Any) -> None:
    cycler.channel(2).assign("a.sdx")
    outcomes = cycler.start([7, 2, 7], "many")
    assert [(one.channel, one.ok) for one in outcomes] == [(7, False), (2, True)]
    outcomes[1].check()
    with pytest.raises(ResultError, match="channel 7"):
        outcomes[0].check()


def test_any_request_is_answered_as_declared(cycler: Any) -> None:
    feedback = cycler.request(StopSchedule(channel_index=4))
    assert feedback.result.label == "not_running"
    assert len(cycler.request_all(StopSchedule(channel_index=0, stop_all=1))) == 8
    assert len(cycler.request(GetChannelsInfo(channel_index=-1)).channels) == 8


# In memory: a call driven against any peer.


class Driver(Peer):
    """A cycler whose other end is a function from request bytes to answer bytes."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        super().__init__("memory", 9031, 1.0)
        self._session = Session(Clock())
        self._answer = answer
        self.sent: list[Any] = []

    def run(self, call: Call[Any]) -> Any:
        came = False
        try:
            step = next(call)
            while True:
                came = isinstance(step, Send)
                if isinstance(step, Send):
                    self.sent.append(decode(step.data, Direction.REQUEST))
                    self.session.receive(self._answer(step.data))
                step = call.send(came)
        except StopIteration as end:
            return end.value

    def _drop(self, reason: str) -> None:
        self.session.connection_lost(reason)


def with_version(version: int) -> Driver:
    """Return a cycler of a version that answers everything plainly."""

    def answer(data: bytes) -> bytes:
        request: Any = decode(data, Direction.REQUEST)
        if isinstance(request, Login):
            return encode(default(LoginFeedback, version=version, channel_count=2))
        values: dict[str, Any] = {}
        for module in (classic_channels, vls_channels, json_channels):
            if type(request).__module__ == module.__name__:
                record: Any = module.Channel
                values["channels"] = [
                    default(record, channel_index=index, voltage_v=3.5, status=2, test_name="t")
                    for index in range(2)
                ]
        return b"".join(encode(one) for one in default_reply(request, channel_count=2, **values))

    driver = Driver(answer)
    driver.run(calls.login(driver, "u", "p"))
    return driver


@pytest.mark.parametrize(
    ("version", "read", "start"),
    [
        (0x00000001, "get_channels_info", "start_schedule"),
        (0x01000003, "get_channels_info_vls", "start_schedule_vls"),
        (0x01001001, "get_channels_info_json", "start_schedule"),
        (0xFFFFFFFF, "get_channels_info_vls", "start_schedule_vls"),
    ],
)
def test_the_version_chooses_the_variant(version: int, read: str, start: str) -> None:
    driver = with_version(version)
    readings = driver.run(calls.channels(driver))
    assert [(one.channel, one.voltage_v, one.status.label, one.test_name) for one in readings] == [
        (1, 3.5, "charge", "t"),
        (2, 3.5, "charge", "t"),
    ]
    outcomes = driver.run(calls.start(driver, [1, 2], "t"))
    assert [(one.channel, one.ok) for one in outcomes] == [(1, True), (2, True)]
    assert [one.spec.name for one in driver.sent] == ["login", read, start]


def test_the_client_and_the_spoofer_joined_in_memory() -> None:
    connection = Connection(Device(channels=4, clock=Clock()))
    driver = Driver(connection.receive)
    driver.run(calls.login(driver, "any", "one"))
    channel = ChannelPeer(driver, 4)
    driver.run(calls.assign(channel, "a.sdx", capacity_ah=2.5, barcode="B1"))
    driver.run(calls.start_channel(channel, "t"))
    assert driver.run(calls.read(channel)).test_name == "t"
    driver.run(calls.jump(channel, 2))
    driver.run(calls.set_mv(channel, 5, 1.25))
    assert driver.sent[-2:] == [
        JumpChannel(channel_index=3, step_index=2),
        SetMetaVariable(channel_index=3, meta_variable_code=105, value=1.25),
    ]


def test_a_recorded_conversation_with_a_real_cycler() -> None:
    """The calls send the bytes that were recorded, and read the answers that a cycler gave to them."""
    folder = Path(__file__).parents[1] / "vectors"
    recorded = {
        vector["message"]: bytes.fromhex(vector["hex"])
        for name in ("requests.json", "feedbacks.json")
        for vector in json.loads((folder / name).read_text(encoding="utf-8"))
        if vector["id"].startswith("capture")
    }
    sent: list[str] = []

    def answer(data: bytes) -> bytes:
        name = decode(data, Direction.REQUEST).spec.name
        assert data == recorded[name]
        sent.append(name)
        return recorded[f"{name}_feedback"]

    driver = Driver(answer)
    feedback = driver.run(calls.login(driver, "fake username", "fake passowrd"))
    assert (feedback.serial_number, driver.channel_count, driver.version) == ("207855", 16, 1)
    channel = ChannelPeer(driver, 14)
    reading = driver.run(calls.read(channel))
    assert reading.channel == 14
    assert reading == readings_of([decode(recorded["get_channels_info_feedback"])])[14]
    assign = decode(recorded["assign_schedule"], Direction.REQUEST)
    assert driver.run(calls.request(driver, assign)).result.is_success
    assert driver.run(calls.start_channel(channel, "sample_test_name")).ok
    assert driver.run(calls.set_mv(channel, 1, 0.2)).channel_index == 13
    assert driver.run(calls.stop(channel)).result.is_success
    assert len(sent) == 6


def test_extra_values_are_asked_for() -> None:
    driver = with_version(1)
    every = NeedType(0x700)
    driver.run(calls.channels(driver, extra=every))
    assert driver.sent[-1] == GetChannelsInfo(channel_index=-1, aux_options=every)


def test_one_answer_for_all_channels_is_each_ones_outcome() -> None:
    request = StartScheduleVls(test_name="t", channel_indices=[2, 0])
    (answer,) = default_reply(StartScheduleVls(test_name="t", channel_indices=[-1]), channel_count=2)
    outcomes = calls.outcomes_of(request, [answer], [3, 1])
    assert [(one.channel, one.result.is_success) for one in outcomes] == [(3, True), (1, True)]


# Readings.


def test_a_reading_has_the_standard_names_of_the_record() -> None:
    names = {one.name for one in dataclasses.fields(Reading)} - {"channel", "raw"}
    for record in (vls_channels.Channel, json_channels.Channel):
        assert names <= {kind.name for kind in record.spec.values}


def test_a_member_that_is_left_out_is_nan_or_empty() -> None:
    from cti_schema.wire.frame import build_frame

    text = '{"m_Channels":[{"Channel":3,"Status":2,"Voltage":3.5}]}'
    body = len(text).to_bytes(4, "little") + text.encode("utf-16-le")
    message = decode(build_frame(0xEEBA0033, body, Direction.FEEDBACK))
    (reading,) = readings_of([message]).values()
    assert (reading.channel, reading.voltage_v, reading.status) == (4, 3.5, ChannelStatus.CHARGE)
    assert math.isnan(reading.current_a)
    assert (reading.test_name, reading.master_channel) == ("", 4)


def test_readings_are_sorted_and_frozen() -> None:
    from cti_schema.messages.get_channels_info import Channel

    records = [default(Channel, channel_index=index, comm_failure=1, master_channel=0) for index in (2, 0)]
    readings = readings_of([GetChannelsInfoFeedback(channels=records)])
    assert list(readings) == [1, 3]
    assert (readings[3].comm_failure, readings[3].master_channel) == (True, 1)
    assert readings[3].raw is records[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        readings[3].channel = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "code"), [(1, 52), (4, 55), (5, 105), (16, 116), ("mv_ud5", 105), ("MV_UD1", 52)]
)
def test_user_variables(variable: int | str, code: int) -> None:
    assert calls.user_variable(variable) == code


def test_a_variable_that_is_nearly_right_is_helped() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'mv_ud1'"):
        calls.user_variable("mv_ud_1")


def test_an_outcome_says_what_it_is() -> None:
    feedback = default(LoginFeedback)
    outcome = Outcome(3, StartResult.SUCCESS, StopSchedule(channel_index=2), feedback)
    assert repr(outcome) == "Outcome(channel=3, result=<StartResult.SUCCESS: 0>, error=None)"
