"""Scenarios: what a file may have, how a wrong one is named, and what a device makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.enums import CtiVersion
from cti_schema.errors import ConfigurationError, ScenarioError
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login
from spoofer.device import Device
from spoofer.faulting.fault import Fault
from spoofer.replay import Exchange
from spoofer.scenario import Event, Override, Scenario
from spoofer.users import User
from tests.spoofer.helpers import Clock

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scenarios.md").read_text(encoding="utf-8")
LAB = (DOCS / "examples" / "lab.toml").read_text(encoding="utf-8")
EXAMPLES = [LAB, *re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]

REQUEST = encode(GetSerialNumber()).hex()


def write(folder: Path, text: str) -> Path:
    path = folder / "lab.toml"
    path.write_bytes(text.encode())
    return path


# --- wrong files --------------------------------------------------------------------------------------

WRONG: list[tuple[str, str]] = [
    ("[device]\nchannels = = 3\n", "line 2: this is no TOML: Invalid value"),
    ('[device]\n"channels\n', "line 2: this is no TOML: Illegal character '\\n'"),
    ("[devise]\n",
     "line 1, devise: unknown table 'devise'; did you mean 'device'? allowed are device, users, "),
    ("\n\n[device]\nchanels = 3\n", "line 4, device.chanels: unknown key 'chanels'; did you mean 'channels'? "
     "allowed are channels, personality, serial_number, speed, seed, folder"),
    ("[device]\nchannels = 0\n", "line 2, device.channels: 0 is not a whole number from 1 to 2048"),
    ("[device]\nchannels = 2.5\n", "line 2, device.channels: 2.5 is not a whole number from 1 to 2048"),
    ("device.channels = true\n", "line 1, device.channels: True is not a whole number from 1 to 2048"),
    ("[device]\nspeed = 0\n", "line 2, device.speed: 0 is not a number from 1e-06 to 1000000"),
    ("[device]\nspeed = inf\n", "line 2, device.speed: inf is not a number from 1e-06 to 1000000"),
    ("device = 3\n", "line 1, device: a table is needed"),
    ('[device]\npersonality = "mitsx-44"\n',
     "line 2, device.personality: unknown personality 'mitsx-44'; did you "
     "mean 'mitsx-4'? allowed are pro7, pro8, "),
    ("[device]\npersonality = -1\n", "line 2, device.personality: personality: -1 is no version: "),
    ('[device]\nfolder = "nowhere"\n', "line 2, device.folder: there is no folder '"),
    ("users = 3\n", "line 1, users: tables like [users.anna] are needed"),
    ("[users.anna]\n", "line 1, users.anna: the key 'password' is missing (what a login has to say): "
     "an ASCII text of at most 32 characters"),
    ('[users.anna]\npassword = "ä-secret"\n',
     "line 2, users.anna.password: this is not an ASCII text of at most 32"),
    ("[users.anna]\npassword = 4711\n", "line 2, users.anna.password: this is not an ASCII text"),
    (f'[users.{"a" * 33}]\npassword = ""\n',
     f"line 1, users.{'a' * 33}: a user name is an ASCII text of at most 32"),
    ("[events]\nat_s = 1\n", "line 1, events: a list of tables is needed: [[events]], not [events]"),
    ('[[events]]\nat_s = 1\nwhat = "unsave"\n', "line 3, events[0].what: unknown what 'unsave'; did you mean "
     "'unsafe'? allowed are unsafe, clear, "),
    ('[[events]]\nwhat = "clear"\n',
     "line 1, events[0]: the key 'at_s' is missing (simulated time at which it "
     "happens): a number not below 0 (s)"),
    ('[[events]]\nat_s = 1\nwhat = "start"\n',
     "line 1, events[0]: the key 'test' is missing (name of the test; "),
    ('[[events]]\nat_s = 1\nwhat = "clear"\ntest = "a"\n', "line 4, events[0].test: unknown key 'test'; "),
    ('[[events]]\nwhat = "clear"\nat_s = 1\n[[events]]\nwhat = "clear"\nat_s = -1\n',
     "line 6, events[1].at_s: -1 is not a number"),
    ('[[events]]\nat_s = 1\nwhat = "clear"\nchannel = 17\n',
     "line 4, events[0].channel: 17 is not from 1 to 16"),
    ('[device]\nchannels = 2\n[[readings]]\nchannel = 3\nvoltage_v = 3\n',
     "line 4, readings[0].channel: 3 is not from 1 to 2"),
    ("[[readings]]\nvoltage = 3\n",
     "line 2, readings[0].voltage: unknown key 'voltage'; did you mean 'voltage_v'? "),
    ("[[readings]]\nchannel = 1\n", "line 1, readings[0]: no value is given; allowed are voltage_v, "),
    ("[[readings]]\nvoltage_v = [\n  [10, 3.0],\n  [5, 3.0],\n]\n", "line 2, readings[0].voltage_v: "
     "[[10, 3.0], [5, 3.0]] is not a number, or a list of [seconds, number] in the order of time"),
    ("[[readings]]\nvoltage_v = []\n", "line 2, readings[0].voltage_v: [] is not a number, or "),
    ("[[readings]]\nvoltage_v = [[1, 2, 3]]\n",
     "line 2, readings[0].voltage_v: [[1, 2, 3]] is not a number, or "),
    ('[[faults]]\nkind = "drop"\n\n# one more\n[[faults]]\nkind = "dealy"\n',
     "line 6, faults[1].kind: unknown kind "
     "'dealy'; did you mean 'delay'? allowed are delay, jitter, "),
    ("[[faults]]\nprobability = 1\n",
     "line 1, faults[0]: the key 'kind' is missing (what goes wrong): one of delay, "),
    ('faults = [{ kind = "drop" }, { kind = "drop", count = -1 }]\n',
     "line 1, faults[1].count: -1 is not a whole "),
    ('[[faults]]\nkind = "drop"\ncommand = "stop_schedul"\n', "line 3, faults[0].command: unknown request "
     "'stop_schedul'; did you mean 'stop_schedule'? allowed are 'any' and the names of requests, which "),
    ('[[replies]]\nrequest = "00"\nfeedbacks = []\n',
     "line 2, replies[0].request: this is no frame of a request: "),
    ('[[replies]]\nrequest = "0"\nfeedbacks = []\n',
     "line 2, replies[0].request: '0' is not bytes as a hex text"),
    (f'[[replies]]\nrequest = "{REQUEST}"\nfeedbacks = [\n "00"]\n',
     "line 3, replies[0].feedbacks[0]: this is no "
     "frame of a feedback: "),
    (f'[[replies]]\nrequest = "{REQUEST}"\n', "line 1, replies[0]: the key 'feedbacks' is missing "),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), WRONG)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_wrong_file_is_named_with_line_and_key(
    tmp_path: Path, text: str, sentence: str, newline: str
) -> None:
    path = write(tmp_path, text.replace("\n", newline))
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path)
    error = caught.value
    assert str(error).startswith(f"{path}, {sentence}")
    assert error.file == str(path)
    assert str(error).startswith(f"{path}, line {error.line}")
    assert "\n" not in str(error)


def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    secret = "x" * 33
    for text in (f'[users.anna]\npassword = "{secret}"\n', f'[users]\nanna = "{secret}"\n'):
        with pytest.raises(ScenarioError) as caught:
            Scenario.load(write(tmp_path, text))
        assert secret not in str(caught.value)


def test_what_is_no_text_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_bytes(b"# one\n# two\n# \xff\n")
    with pytest.raises(ScenarioError, match=r"lab\.toml, line 3: the file is no UTF-8 text"):
        Scenario.load(path)
    with pytest.raises(FileNotFoundError):
        Scenario.load(tmp_path / "nowhere.toml")


def test_a_long_file_is_searched_quickly(tmp_path: Path) -> None:
    """Twenty thousand lines: the line is found by halves, not by reading every beginning of the file."""
    replies = f'[[replies]]\nrequest = "{REQUEST}"\nfeedbacks = []\n' * 300
    path = write(tmp_path, replies + '[[replies]]\nrequest = "ff"\nfeedbacks = []\n' + replies)
    with pytest.raises(ScenarioError, match=r"line 902, replies\[300\]\.request: "):
        Scenario.load(path)


def test_data_that_come_from_no_file_are_named_by_their_key() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_dict({"faults": [{"kind": "drop", "channel": 0}]})
    error = caught.value
    assert str(error) == "faults[0].channel: 0 is not a whole number not below 1"
    assert (error.file, error.line, error.path) == (None, None, ("faults", 0, "channel"))
    assert isinstance(error, ConfigurationError)


# --- what they do ---------------------------------------------------------------------------------------


def test_every_example_of_the_page_is_a_scenario(tmp_path: Path) -> None:
    assert len(EXAMPLES) == 3
    found = [Scenario.load(write(tmp_path, text)) for text in EXAMPLES]
    assert [len(one.faults) for one in found] == [2, 3, 0]
    assert [len(one.replay or ()) for one in found] == [0, 0, 2]
    for one in found:
        one.make_device(clock=Clock())


def test_the_first_example(tmp_path: Path) -> None:
    scenario = Scenario.load(write(tmp_path, EXAMPLES[0]))
    clock = Clock()
    device = scenario.make_device(clock=clock)
    assert (device.channel_count, device.version, device.speed) == (8, CtiVersion.MITS_X_4, 60)
    assert device.users == {"anna": User("a-password"), "guest": User("another-one", False)}

    def shown() -> list[Any]:
        first, second, third = device.readings([0, 1, 2])
        return [first.test_name, second.status.label, round(third.voltage_v, 3)]

    assert shown() == ["before-anybody-came", "idle", 3.7]
    clock.now += 5.0
    assert shown()[1:] == ["idle", 3.1]
    clock.now += 5.0
    assert shown() == ["before-anybody-came", "unsafe", 2.5]
    assert device.readings([1])[0].exit_condition == "Over temperature"
    # The test has run from the beginning, not from when somebody looked.
    assert device.readings([0])[0].test_time_s == pytest.approx(600.0, abs=2.0)
    kinds = [(fault.kind, fault.command) for fault in scenario.faults]
    assert kinds == [("delay", "get_channels_info"), ("drop", "start_schedule")]


def test_the_same_in_python() -> None:
    events = [Event(20.0, "clear", 1), Event(10.0, "unsafe", 1, {"exit_condition": "Smoke"})]
    scenario = Scenario(
        {"channels": 2, "serial_number": 5},
        events=events,
        readings=[Override({"voltage_v": 4.0}), Override({"voltage_v": [(0, 1.0), (10, 2.0)]}, channel=2)],
        faults=[Fault("drop")],
        replies=[Exchange(bytes.fromhex(REQUEST), ())],
    )
    clock = Clock()
    device = scenario.make_device(clock=clock)
    assert (device.serial_number, device.users) == (5, None)
    assert [reading.voltage_v for reading in device.readings()] == [4.0, 1.0]
    clock.now += 15.0
    assert [reading.status.label for reading in device.readings()] == ["unsafe", "idle"]
    assert [reading.voltage_v for reading in device.readings()] == [4.0, 2.0]
    clock.now += 15.0
    assert device.readings([0])[0].status.label == "idle"
    assert (len(scenario.faults), len(scenario.replay or ())) == (1, 1)


def test_options_go_before_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, '[device]\nchannels = 4\nspeed = 2\n[[events]]\nat_s = 1\nchannel = 4\nwhat = "clear"\n'
    )
    scenario = Scenario.load(path)
    device = scenario.make_device(speed=5.0, users={"otto": "x"})
    assert (device.channel_count, device.speed, device.users) == (4, 5.0, {"otto": User("x")})
    with pytest.raises(ScenarioError, match=r"lab\.toml, line 6, events\[0\]\.channel: 4 is not from 1 to 3"):
        scenario.make_device(channels=3)
    with pytest.raises(ScenarioError):
        scenario.apply(Device(channels=3))


def test_the_folder_is_seen_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "cycler").mkdir()
    scenario = Scenario.load(write(tmp_path, '[device]\nfolder = "cycler"\n'))
    assert scenario.device["folder"] == tmp_path / "cycler"
    assert scenario.make_device().folder.root == (tmp_path / "cycler").resolve()


def test_the_seed_is_that_of_the_faults_too() -> None:
    def run(seed: int) -> list[bool]:
        scenario = Scenario.from_dict(
            {"device": {"seed": seed}, "faults": [{"kind": "drop", "probability": 0.5}]}
        )
        there = scenario.faults.for_connection()
        return [there.disturb(GetSerialNumber(), [b""]) is not None for _ in range(50)]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_every_happening_happens() -> None:
    """A channel's whole life as a list of events; each of them leaves its mark."""
    life: list[tuple[str, dict[str, str], Callable[[Any], bool]]] = [
        ("assign", {"schedule": "a.sdx"}, lambda one: one.schedule_name == "a.sdx"),
        ("start", {"test": "t"}, lambda one: one.test_name == "t" and one.status.label == "rest"),
        ("pause", {}, lambda one: one.status.label == "pause"),
        ("continue", {}, lambda one: one.status.label == "rest"),
        ("comm_failure", {}, lambda one: one.comm_failure == 1),
        ("comm_restored", {}, lambda one: one.comm_failure == 0),
        ("test_ends", {}, lambda one: one.status.label == "finished"),
        ("start", {"test": "u"}, lambda one: one.test_name == "u"),
        ("stop", {}, lambda one: one.status.label == "idle"),
        ("unsafe", {"exit_condition": "Smoke"}, lambda one: one.exit_condition == "Smoke"),
        ("clear", {}, lambda one: one.status.label == "idle"),
    ]
    events = [
        {"at_s": float(at), "channel": 1, "what": what, **keys}
        for at, (what, keys, _) in enumerate(life, start=1)
    ]
    clock = Clock()
    device = Scenario.from_dict({"device": {"channels": 1}, "events": events}).make_device(clock=clock)
    for what, _, mark in life:
        clock.now += 1.0
        (reading,) = device.readings()
        assert mark(reading), (what, reading)


def test_secrets_are_not_compared_when_answers_are_replayed() -> None:
    from spoofer.replay import Replay

    recorded = Exchange(encode(Login(username="anna", password="***")), (encode(default_feedback()),))
    there = Replay([recorded]).for_connection()
    asked = Login(username="anna", password="secret")
    found = there.answer(encode(asked), asked)
    assert found is not None
    assert list(found.frames) == list(recorded.feedbacks)
    other = Login(username="otto", password="***")
    assert there.answer(encode(other), other) is None


def default_feedback() -> Any:
    return default(Login.spec.feedbacks[0])
