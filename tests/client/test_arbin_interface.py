"""The class that users of pycti know: its configuration, what it sends, and that nothing fails in silence."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cti_client import ArbinInterface
from cti_schema.errors import (
    ConfigurationError,
    ConnectError,
    CTIError,
    LoginRefused,
    OutcomeUnknown,
    ResultError,
)
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.start_schedule import StartSchedule
from spoofer import Device, Phase, running
from tests.client.peers import hang_up, scripted

PAGE = Path(__file__).parents[2] / "docs" / "coming_from_pycti.md"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CTI_PASSWORD", raising=False)


@pytest.fixture
def device() -> Device:
    return Device(4, seed=1, clock=lambda: 0.0)


@pytest.fixture
def config(device: Device) -> Iterator[dict[str, Any]]:
    """A configuration for channel 3 of a spoofer, as pycti's README has it."""
    with running(device, users={"anna": "sesame"}) as spoofer:
        yield {
            "username": "anna",
            "password": "sesame",
            "channel": 3,
            "test_name": "cell-1",
            "schedule": "cycle.sdx",
            "test_schedule": "cycle.sdx",
            "ip_address": "127.0.0.1",
            "port": spoofer.port,
            "timeout_s": 3,
            "msg_buffer_size": 4096,
        }


def test_a_test_from_begin_to_end(config: dict[str, Any], device: Device) -> None:
    with ArbinInterface(config) as arbin:
        assert arbin.start_test() is True
        third = device.channel(2)
        assert third is not None
        assert (third.phase, third.schedule_name, third.test_name) == (Phase.RUNNING, "cycle.sdx", "cell-1")
        assert arbin.set_meta_variable(2, 0.5) is True
        assert third.variables == {53: 0.5}
        assert arbin.stop_test() is True
        assert third.phase is Phase.IDLE
    others = [device.channel(index) for index in (0, 1, 3)]
    assert all(other is not None and not other.schedule_name for other in others)


def test_readings_are_a_dictionary(config: dict[str, Any]) -> None:
    arbin = ArbinInterface(config)
    arbin.start_test()
    status = arbin.read_channel_status()
    assert status == arbin.read_status()
    assert (status["channel"], status["master_channel"]) == (3, 3)
    assert (status["schedule_name"], status["test_name"]) == ("cycle.sdx", "cell-1")
    assert (status["schedule"], status["testname"]) == ("cycle.sdx", "cell-1")
    assert isinstance(status["status"], str)
    assert 2.0 < status["voltage_v"] < 5.0
    assert {"current_a", "charge_capacity_ah", "test_time_s", "step_and_cycle_format", "dvdt_vbys"} <= set(
        status
    )
    assert arbin.get_num_channels() == 4
    assert arbin.get_login_feedback().channel_count == 4
    arbin.close()


def test_it_connects_when_it_is_first_used(config: dict[str, Any]) -> None:
    arbin = ArbinInterface(config)
    assert not arbin.cycler.connected
    assert arbin.start() is True
    assert arbin.cycler.logged_in
    arbin.close()
    assert not arbin.cycler.connected
    assert arbin.start() is True
    arbin.close()


def test_what_is_refused_raises_with_code_meaning_and_channel(config: dict[str, Any]) -> None:
    with ArbinInterface(config) as arbin:
        arbin.start_test()
        with pytest.raises(ResultError) as caught:
            arbin.start_test()
        assert str(caught.value) == (
            "channel 3: assign_schedule was refused: channel is running (result 20, channel_running_error)"
        )
        arbin.stop_test()
        with pytest.raises(ResultError) as caught:
            arbin.start_test()
        assert (caught.value.channel, caught.value.result.label) == (3, "test_name_exists")  # type: ignore[attr-defined]
        with pytest.raises(ResultError, match=r"channel 3: stop_schedule was refused: .*\(result \d+"):
            arbin.stop_test()
        with pytest.raises(ResultError, match="channel 3: set_meta_variable was refused"):
            arbin.set_meta_variable(1, 0.5)
        with pytest.raises(ConfigurationError):
            arbin.set_meta_variable(17, 0.5)


def test_a_refused_schedule_starts_nothing(config: dict[str, Any], device: Device) -> None:
    device.assign(2, "other.sdx")
    device.start([2], "before")
    with ArbinInterface(config) as arbin, pytest.raises(ResultError):
        arbin.start_test()
    third = device.channel(2)
    assert third is not None
    assert (third.schedule_name, third.test_name) == ("other.sdx", "before")


def test_an_outcome_that_is_not_known_is_not_sent_again() -> None:
    with scripted(hang_up) as peer:
        config = {
            "username": "a",
            "password": "b",
            "channel": 16,
            "test_name": "t",
            "schedule": "s",
            "ip_address": "localhost",
            "port": peer.port,
        }
        arbin = ArbinInterface(config)
        with pytest.raises(OutcomeUnknown):
            arbin.start_test()
        assert peer.names() == ["assign_schedule"]
        # It comes back when it is used again.
        assert arbin.start_test() is True
        assert peer.names() == ["assign_schedule"] * 2 + ["start_schedule"]
        assert [one for one in peer.received if isinstance(one, AssignSchedule | StartSchedule)][1:] == [
            AssignSchedule(channel_index=15, schedule_name="s"),
            StartSchedule(test_name="t", channel_indices=[15]),
        ]
        arbin.close()


def test_a_channel_that_the_cycler_has_not(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="no channel 5: the cycler has the channels 1 to 4"):
        ArbinInterface(config | {"channel": 5}).start()


def test_a_refused_login(config: dict[str, Any]) -> None:
    with pytest.raises(LoginRefused):
        ArbinInterface(config | {"password": "wrong"}).start_test()


def test_nobody_is_there(config: dict[str, Any]) -> None:
    with running(Device(1)) as spoofer:
        port = spoofer.port
    with pytest.raises(ConnectError, match="nothing listens there"):
        ArbinInterface(config | {"port": port}).read_channel_status()


def test_the_password_may_come_from_the_environment(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "sesame")
    del config["password"]
    with ArbinInterface(config) as arbin:
        assert arbin.get_num_channels() == 4


def test_what_is_not_needed_may_be_left_out(config: dict[str, Any]) -> None:
    few = {key: config[key] for key in ("username", "password", "channel", "ip_address", "port")}
    with ArbinInterface(few) as arbin:
        assert arbin.read_channel_status()["channel"] == 3
        with pytest.raises(ConfigurationError, match="the key 'test_name' is missing"):
            arbin.start_test()
        with pytest.raises(ConfigurationError, match="the key 'schedule' is missing"):
            arbin.assign_schedule()
    with ArbinInterface(few | {"test_schedule": "other.sdx", "schedule": None}) as arbin:
        assert arbin.assign_schedule() is True
        assert arbin.read_channel_status()["schedule"] == "other.sdx"


REQUIRED = ["username", "channel", "ip_address", "port"]


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key(config: dict[str, Any], key: str) -> None:
    del config[key]
    with pytest.raises(ConfigurationError) as caught:
        ArbinInterface(config)
    assert str(caught.value) == f"configuration: the key {key!r} is missing"


def test_a_missing_password(config: dict[str, Any]) -> None:
    del config["password"]
    with pytest.raises(ConfigurationError) as caught:
        ArbinInterface(config)
    assert str(caught.value) == "configuration: the key 'password' is missing, and CTI_PASSWORD is not set"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"chanel": 3}, "configuration: unknown key 'chanel'; did you mean 'channel'? (known: "),
        ({"schedule_name": "a"}, "configuration: the key 'schedule_name' is called 'schedule' here"),
        ({"arbin_ip": "a"}, "configuration: the key 'arbin_ip' is called 'ip_address' here"),
        ({"channel": "3"}, "configuration: 'channel' must be a whole number, not a text"),
        ({"channel": True}, "configuration: 'channel' must be a whole number, not true or false"),
        ({"channel": 3.0}, "configuration: 'channel' must be a whole number, not a number"),
        ({"channel": 0}, "there is no channel 0: channels are counted from 1"),
        ({"channel": -1}, "there is no channel -1: channels are counted from 1"),
        ({"port": "9031"}, "configuration: 'port' must be a whole number, not a text"),
        ({"port": 0}, "configuration, 'port': 0 is no port: a port is a whole number from 1 to 65535"),
        ({"port": 65536}, "configuration, 'port': 65536 is no port: a port is a whole number from 1 to"),
        ({"username": 123}, "configuration: 'username' must be a text, not a whole number"),
        ({"username": ""}, "configuration: 'username' is empty"),
        ({"password": 12345}, "configuration: 'password' must be a text, not a whole number"),
        ({"timeout_s": "3"}, "configuration: 'timeout_s' must be a number, not a text"),
        ({"timeout_s": 0}, "configuration: 'timeout_s' must be more than 0"),
        (
            {"timeout_s": float("nan")},
            "configuration: 'timeout_s' must be a number, not something that is not finite",
        ),
        ({"msg_buffer_size": 0}, "configuration: 'msg_buffer_size' must be more than 0"),
        ({"ip_address": ["127.0.0.1"]}, "configuration: 'ip_address' must be a text, not a list"),
        (
            {"ip_address": "no-such-host.invalid"},
            "configuration, 'ip_address': the host name 'no-such-host.invalid' is not known",
        ),
        (
            {"test_schedule": "other.sdx"},
            "configuration: 'schedule' is 'cycle.sdx', but 'test_schedule' is 'other.sdx': give one of them",
        ),
    ],
)  # fmt: skip
def test_each_mistake_has_its_sentence(config: dict[str, Any], more: dict[str, Any], error: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ArbinInterface(config | more)
    assert str(caught.value).startswith(error)
    assert "12345" not in str(caught.value)


@pytest.mark.parametrize("config", [None, "channel", [1]])
def test_a_configuration_that_is_none(config: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be a dictionary"):
        ArbinInterface(config)


def test_the_password_is_shown_nowhere(config: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    arbin = ArbinInterface(config)
    with arbin:
        arbin.start_test()
        with pytest.raises(CTIError) as caught:
            arbin.start_test()
    assert repr(arbin) == f"<channel 3 of 127.0.0.1:{config['port']} as 'anna'>"
    assert "sesame" not in repr(arbin) + str(vars(arbin)) + str(vars(arbin.cycler)) + caplog.text + repr(
        caught.value
    )
    assert "login" in caplog.text


def test_every_call_of_pycti_arbin_is_on_the_page() -> None:
    pyctiarbin = pytest.importorskip("pyctiarbin")
    text = PAGE.read_text(encoding="utf-8")
    for one in (pyctiarbin.CyclerInterface, pyctiarbin.ChannelInterface):
        section = text.partition(f"## `{one.__name__}`")[2].partition("\n## ")[0]
        names = {name for base in one.__mro__[:-1] for name in vars(base) if not name.startswith("_")}
        assert len(names) >= 3
        missing = [name for name in names if f"`{name}(" not in section]
        assert missing == [], one.__name__


def test_every_key_and_every_name_is_on_the_page(config: dict[str, Any]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    keys = [*config, "schedule_name", "arbin_ip", "arbin_port", "ARBIN_CTI_USERNAME", "ARBIN_CTI_PASSWORD"]
    assert [key for key in keys if f"`{key}`" not in text] == []
    # What the page says that ours has, it has.
    own = set(re.findall(r"`ArbinInterface\.(\w+)", text))
    assert own
    assert [name for name in own if not hasattr(ArbinInterface, name)] == []
