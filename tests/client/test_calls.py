"""The calls beyond the first ones: many channels, variables, barcodes, details; what is sent, what comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cti_client.details import Barcode
from cti_client.session import Session
from cti_schema import Direction, decode, encode
from cti_schema.derive.defaults import default
from cti_schema.enums import CtiVersion
from cti_schema.errors import (
    ClientError,
    CommandUnsupported,
    ConfigurationError,
    EncodeError,
    NotLoggedIn,
    OutcomeUnknown,
    ResultError,
)
from cti_schema.messages.get_barcode import Barcode as BarcodeRecord
from cti_schema.messages.get_barcode import GetBarcodeFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_meta_variables import GetMetaVariablesFeedback
from cti_schema.messages.get_meta_variables import Reading as MvReading
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.set_meta_variables_time_sensitive import SetMetaVariablesTimeSensitive
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.messages.update_meta_variables import UpdateMetaVariablesFeedback
from spoofer import Device, Spoofer, running
from spoofer.faults import Faults
from tests.client.peers import CHANNELS, SHELLS, Clock, reading, right, says, scripted, silence

Make = Callable[..., Any]

pytestmark = pytest.mark.parametrize("make", SHELLS, ids=["blocking", "asyncio"])


@pytest.fixture(params=[CtiVersion.CTI_PRO8, CtiVersion.MITS_X_4, CtiVersion.MITS_X_SPTT])
def version(request: pytest.FixtureRequest) -> CtiVersion:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def spoofer(version: CtiVersion, faults: Faults) -> Iterator[Spoofer]:
    with running(Device(channels=8, version=version), faults=faults) as spoofer:
        yield spoofer


@pytest.fixture
def cycler(make: Make, spoofer: Spoofer) -> Iterator[Any]:
    with make(spoofer.host, spoofer.port, timeout_s=30.0) as cycler:
        cycler.login("user", "secret")
        yield cycler


def test_every_version_reads_all_channels_and_one(cycler: Any, version: CtiVersion) -> None:
    assert cycler.version is version
    assert [one.channel for one in cycler.channels()] == list(range(1, 9))
    assert cycler.channel(8).read().channel == 8


def test_many_channels_at_once(cycler: Any) -> None:
    outcomes = cycler.assign([3, 1], "a.sdx")
    assert [(one.channel, one.ok) for one in outcomes] == [(3, True), (1, True)]
    assert [one.ok for one in cycler.start([1, 2, 3], "t")] == [True, False, True]
    assert [(one.channel, one.ok) for one in cycler.stop([3, 2])] == [(3, True), (2, False)]
    assert [(one.channel, one.ok) for one in cycler.resume([3, 1])] == [(3, True), (1, False)]
    outcomes = cycler.continue_([1, 2])
    assert [(one.channel, one.ok) for one in outcomes] == [(1, False), (2, False)]
    with pytest.raises(ResultError, match="channel 1: continue_schedule was refused: channel is running"):
        outcomes[0].check()
    for call in (cycler.stop, cycler.resume, cycler.continue_):
        with pytest.raises(ConfigurationError, match="no channel"):
            call([])
        with pytest.raises(ConfigurationError, match="no channel 9"):
            call([1, 9])
    with pytest.raises(EncodeError):
        cycler.assign([1, 2], "s" * 201)


def test_one_that_fails_keeps_no_other_from_being_sent(cycler: Any, faults: Faults) -> None:
    cycler.assign(range(1, 9), "a.sdx")
    cycler.start(range(1, 9), "t")
    faults.add("drop", command="stop_schedule", channel=2)
    outcomes = cycler.stop(range(1, 9), timeout_s=0.5)
    assert [one.ok for one in outcomes] == [True, False, *[True] * 6]
    assert outcomes[1].result is None
    assert "the outcome of stop_schedule is not known" in outcomes[1].meaning
    with pytest.raises(OutcomeUnknown) as error:
        outcomes[1].check()
    assert error.value.request == StopSchedule(channel_index=1)
    faults.clear()
    assert cycler.resolve(error.value).took_effect


def test_variables(cycler: Any) -> None:
    channel = cycler.channel(2)
    channel.assign("a.sdx")
    channel.start("t")
    assert channel.update_mvs({1: 1.5, "mv_ud16": -2}).result.is_success
    assert channel.get_mvs([1, "MV_UD16", 2]) == {"mv_ud1": 1.5, "mv_ud16": -2.0, "mv_ud2": 0.0}
    assert 3.0 < channel.get_mvs(["pv_voltage"])["pv_voltage"] < 4.3
    for values in ({}, {1: float("nan")}, {17: 1.0}, {1: 1.0, "mv_ud1": 2.0}, {1: "1"}):
        with pytest.raises(ConfigurationError):
            channel.update_mvs(values)


def test_an_update_is_not_cut_to_fit(make: Make) -> None:
    with scripted() as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        with pytest.raises(ConfigurationError, match="one update takes 1 to 160 values, not 256"):
            cycler.update_mvs({number: dict.fromkeys(range(1, 17), 1.0) for number in range(1, CHANNELS + 1)})
        assert peer.names() == []


def test_an_update_answered_about_another_channel_is_no_success(make: Make) -> None:
    other = encode(default(UpdateMetaVariablesFeedback, channel_index=6))
    with scripted(says(other)) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        with pytest.raises(OutcomeUnknown, match="its answer is about channel 7"):
            cycler.channel(5).update_mvs({1: 1.0})


def test_values_of_another_question_are_no_answer(make: Make) -> None:
    item = default(MvReading, channel_index=4, meta_variable_code=53, value=9.0)
    stale = encode(GetMetaVariablesFeedback(items=[item]))
    with scripted(says(stale)) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        with pytest.raises(ClientError, match="channel 5: the cycler's answer has no mv_ud1"):
            cycler.channel(5).get_mvs([1])


def test_the_command_for_fast_loops(cycler: Any, version: CtiVersion) -> None:
    channel = cycler.channel(2)
    if version is not CtiVersion.MITS_X_4:
        with pytest.raises(CommandUnsupported, match="does not have set_meta_variables_time_sensitive"):
            channel.set_mvs_time_sensitive({1: 1.0})
        return
    channel.assign("a.sdx")
    channel.start("t")
    found = channel.set_mvs_time_sensitive({1: 1.5, "mv_ud5": 2.5}, watchdog_s=0.0)
    assert (found.channel_index, found.result.is_success) == (1, True)
    assert found.mv_ud_values[:6] == [1.5, 0.0, 0.0, 0.0, 2.5, 0.0]
    outcomes = cycler.set_mvs_time_sensitive({2: {1: 1.0}, 3: {1: 1.0}}, watchdog_s=-1.0)
    assert [(one.channel, one.result.label) for one in outcomes] == [
        (2, "success"),
        (3, "success_notrunning"),
    ]
    for values in ({}, dict.fromkeys(range(1, 10), 1.0), {1: float("inf")}):
        with pytest.raises(ConfigurationError):
            channel.set_mvs_time_sensitive(values)


def test_the_frame_of_the_command_for_fast_loops(make: Make) -> None:
    with scripted(silence) as peer, make("127.0.0.1", peer.port, timeout_s=0.1) as cycler:
        peer.login_answer = encode(default(LoginFeedback, version=0x01000004, channel_count=CHANNELS))
        cycler.login("u", "p", timeout_s=30.0)
        with pytest.raises(OutcomeUnknown):
            cycler.channel(3).set_mvs_time_sensitive({2: 1.5}, watchdog_s=0.5, log=True)
        peer.heard(1)
        (sent,) = (one for one in peer.received if isinstance(one, SetMetaVariablesTimeSensitive))
    assert (sent.timeout_s, sent.channels[0].channel_index, sent.channels[0].do_log) == (0.5, 2, 1)
    assert [(one.meta_variable_code, one.value, one.enable) for one in sent.channels[0].slots] == [
        (53, 1.5, 1),
        *[(0, 0.0, 0)] * 7,
    ]


def test_barcodes_in_both_forms(cycler: Any) -> None:
    channel = cycler.channel(4)
    assert channel.barcode() == Barcode("", "")
    channel.assign_barcode("A0017", "second shelf")
    assert channel.barcode() == Barcode("A0017", "second shelf")
    assert cycler.channel(5).barcode().barcode == ""


def test_a_barcode_of_another_channel_is_no_answer(make: Make) -> None:
    stale = encode(default(GetBarcodeFeedback, items=[default(BarcodeRecord, global_index=6, barcode="X")]))
    with scripted(says(stale)) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        with pytest.raises(ClientError, match="channel 5: the cycler's answer has no such channel"):
            cycler.channel(5).barcode()


def test_what_else_a_cycler_tells(cycler: Any, version: CtiVersion) -> None:
    assert cycler.read_serial_number() == 100001
    assert cycler.software_version()
    assert cycler.allow_takeover().connect_result.is_success
    assert cycler.allow_takeover(False).set_kick_out == 0
    cycler.channel(1).assign("a.sdx")
    data = cycler.start_data([2, 1])
    assert list(data) == [2, 1]
    assert data[1].schedule_name == "a.sdx"
    assert list(cycler.resume_data([2])) == [2]
    assert cycler.set_log_interval(0.005).result.is_success
    for interval_s in (0.0049, 3.1, float("nan"), True, "1"):
        with pytest.raises(ConfigurationError, match="is no interval"):
            cycler.set_log_interval(interval_s)
    with pytest.raises(ConfigurationError, match="did you mean 'mass'"):
        cycler.update_parameters([1], {"maas": 1.0})
    assert [one.channel for one in cycler.update_parameters([2, 1], {"mass": 1.0, "v_max": 4.2})] == [2, 1]


# One channel was asked for, and all came.


def test_a_cycler_that_answers_about_all_channels(make: Make) -> None:
    everything = says(reading(*range(CHANNELS)))
    with (
        scripted(everything, everything, right) as peer,
        make("127.0.0.1", peer.port, timeout_s=30.0) as cycler,
    ):
        cycler.login("u", "p")
        assert (cycler.channel(5).read().channel, cycler.channel(5).number) == (5, 5)
        assert cycler.channel(6).read().current_a == 5.0
        assert len(cycler.channels()) == CHANNELS


def test_one_feedback_for_each_channel_or_one_for_all(make: Make) -> None:
    each = says(b"".join(reading(index) for index in reversed(range(CHANNELS))))
    halves = says(reading(*range(10)) + reading(*range(8, CHANNELS)))
    with scripted(each, halves, right) as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        cycler.login("u", "p")
        for _ in range(3):
            assert [one.channel for one in cycler.channels()] == list(range(1, CHANNELS + 1))
        assert peer.names() == ["get_channels_info"] * 3


def test_some_channels_are_not_all_channels(make: Make) -> None:
    some = says(reading(4, 5))
    with scripted(some) as peer, make("127.0.0.1", peer.port, timeout_s=0.2) as cycler:
        cycler.login("u", "p", timeout_s=30.0)
        with pytest.raises(ClientError):
            cycler.channel(5).read()


def test_such_a_cycler_gets_one_question_at_a_time(make: Make) -> None:
    session = Session(Clock())
    session.receive(encode(default(LoginFeedback, channel_count=3)))
    first, _ = session.send(GetChannelsInfo(channel_index=0), 1.0)
    second, _ = session.send(GetChannelsInfo(channel_index=1), 1.0)
    # It is not known yet; what comes first answers what was asked first.
    session.receive(reading(0, 1, 2, voltage_v=1.0))
    session.receive(reading(0, 1, 2, voltage_v=2.0))
    assert [one.feedbacks[0].channels[0].voltage_v for one in (first, second)] == [1.0, 2.0]
    third, _ = session.send(GetChannelsInfo(channel_index=0), 1.0)
    assert session.conflict(GetChannelsInfo(channel_index=1)) is third
    assert session.conflict(StopSchedule(channel_index=1)) is None


def test_a_call_before_the_login(make: Make) -> None:
    with scripted() as peer, make("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
        for act in (
            lambda: cycler.stop([1]),
            lambda: cycler.channel(1).barcode(),
            lambda: cycler.start_data([1]),
            lambda: cycler.channel(1).update_mvs({1: 1.0}),
        ):
            with pytest.raises(NotLoggedIn):
                act()
        assert peer.received == []


def test_the_takeover_flag_is_what_the_library_makes_of_the_same_word(make: Make) -> None:
    sent: list[Any] = []

    def seen(direction: Direction, data: bytes) -> None:
        if direction is Direction.REQUEST:
            sent.append(decode(data, direction))

    with scripted() as peer, make("127.0.0.1", peer.port, timeout_s=30.0, tap=seen) as cycler:
        cycler.allow_takeover()
        cycler.allow_takeover(False)
    assert [one.set_kick_out for one in sent] == [1, 0]


def test_a_jump_goes_to_the_step_that_the_screen_shows(cycler: Any) -> None:
    channel = cycler.channel(2)
    channel.assign("a.sdx")
    channel.start("t")
    for step in (3, 1, 2):
        channel.jump(step)
        assert channel.read().step_and_cycle.startswith(f"[1] {step}: ")
