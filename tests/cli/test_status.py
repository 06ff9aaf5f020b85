"""`cti status`: the table and the JSON of what channels do; who logs in; what cannot be reached."""

from __future__ import annotations

import json
import re
import socket

import pytest

from cti_client.cli import _common
from spoofer import Device, running
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import Run, process, run_fixture  # noqa: F401

#: Terminal codes for colours.
CODES = re.compile(r"\x1b\[[0-9;]*m")

HEADINGS = (
    "Channel  Status  Schedule   Test    Step                 Test time  Step time  "
    "Voltage/V  Current/A  Charge/Ah  Discharge/Ah"
)


@pytest.fixture
def device() -> Device:
    """Three channels, the first of them an hour into a test."""
    seconds = [0.0]
    device = Device(3, seed=1, clock=lambda: seconds[0])
    device.assign(0, "cycle.sdx")
    device.start([0], "cell-1")
    device.trip(2)
    seconds[0] = 3600.0
    return device


def test_the_table(run: Run, device: Device) -> None:
    with running(device) as spoofer:
        ran = run("status", "--port", str(spoofer.port))
    rows = [line.split() for line in ran.lines]
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0] == HEADINGS
    # The voltage is the cell model's business, everything else is exact.
    assert rows[1][:8] == ["1", "charge", "cycle.sdx", "cell-1", "[1]", "2:", "Charge,", "CCCV"]
    assert rows[1][8:10] == ["1:00:00", "0:59:50"]
    assert 3.5 < float(rows[1][10]) < 4.2
    assert rows[1][11:] == ["1.2500", "1.2465", "0.0000"]
    assert rows[2][:2] == ["2", "idle"]
    assert rows[3][:2] == ["3", "unsafe"]
    assert len({line.rindex(line.split()[-1]) + len(line.split()[-1]) for line in ran.lines}) == 1


def test_json_lines(run: Run, device: Device) -> None:
    with running(device) as spoofer:
        ran = run("status", "--port", str(spoofer.port), "--json", "--channel", "3,1")
    assert ran.code == 0
    first, third = (json.loads(line) for line in ran.lines)
    assert (first["channel"], first["status"], first["schedule_name"]) == (1, "charge", "cycle.sdx")
    assert (first["test_name"], first["test_time_s"], first["current_a"]) == ("cell-1", 3600.0, 1.25)
    assert first["charge_capacity_ah"] == pytest.approx(1.25 * 3590 / 3600, rel=1e-5)
    assert (third["channel"], third["status"]) == (3, "unsafe")
    assert list(first) == list(third)
    assert "raw" not in first


def test_one_channel_is_read_alone(run: Run, cycler: Emulated) -> None:
    ran = run("status", *cycler.at, "--channel", "2")
    assert [line.split()[0] for line in ran.lines] == ["Channel", "2"]
    (request,) = cycler.requests
    assert request.channel_index == 1  # type: ignore[attr-defined]


def test_what_a_cycler_says_cannot_act_on_a_terminal(run: Run, cycler: Emulated) -> None:
    cycler.device.assign(0, "a\x1b[2Jb")
    ran = run("status", *cycler.at, "--channel", "1")
    assert "a\\x1b[2Jb" in ran.text
    assert "\x1b" not in ran.text


def test_on_a_terminal_it_is_a_table_that_fits(
    run: Run, cycler: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    ran = run("status", *cycler.at, "--channel", "1", terminal=True)
    lines = CODES.sub("", ran.text).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == [
        "Channel",
        "Status",
        "Test",
        "time",
        "Voltage/V",
        "Current/A",
        "Charge/Ah",
        "Discharge/Ah",
    ]
    assert lines[-1] == "too narrow for: Schedule, Test, Step, Step time"
    monkeypatch.setenv("COLUMNS", "200")
    wide = run("status", *cycler.at, "--channel", "1", terminal=True)
    assert "too narrow" not in wide.text
    assert "Discharge/Ah" in wide.text


@pytest.mark.parametrize(
    ("channels", "error"),
    [
        ("5", "there is no channel 5: the cycler has the channels 1 to 4"),
        ("0", "there is no channel 0: channels are counted from 1"),
        ("-1", "'-1' names no channels: write numbers and ranges like 1-8,12, or all"),
        ("3-1", "the range 3-1 runs backwards: write 1-3"),
        ("one", "'one' names no channels: write numbers and ranges like 1-8,12, or all"),
    ],
)
def test_channels_that_are_none(run: Run, cycler: Emulated, channels: str, error: str) -> None:
    ran = run("status", *cycler.at, "--channel", channels)
    assert (ran.code, ran.text, ran.err) == (2, "", f"Error: {error}\n")
    assert cycler.seen == []


def test_nothing_listens(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ran = run("status", "--port", str(port))
    error = f"no connection to 127.0.0.1:{port}: nothing listens there (connection refused)"
    assert (ran.code, ran.text, ran.err) == (1, "", f"Error: {error}\n")


def test_the_host_is_not_known(run: Run) -> None:
    ran = run("status", "--host", "no-such-host.invalid", "--user", "a")
    assert (ran.code, ran.err) == (2, "Error: no password: set CTI_PASSWORD\n")


def test_the_host_is_not_known_with_a_password(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "b")
    ran = run("status", "--host", "no-such-host.invalid", "--user", "a")
    assert ran.code == 1
    assert ran.err.startswith("Error: no connection to no-such-host.invalid:9031: ")


def test_a_silent_peer(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ran = run("status", "--port", str(silent.getsockname()[1]), "--timeout", "0.1")
    assert (ran.code, ran.err) == (1, "Error: login: no answer within 0.1 s\n")


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "inf", "soon"])
def test_timeouts_that_are_none(run: Run, timeout: str) -> None:
    ran = run("status", "--timeout", timeout)
    assert ran.code == 2
    assert "Error: Invalid value for '--timeout': " in ran.err


def test_a_refused_login(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "secret-word")
    with running(users={"anna": "other"}) as spoofer:
        ran = run("status", "--port", str(spoofer.port), "--user", "anna")
    error = f"127.0.0.1:{spoofer.port} refused the login of 'anna': no permission, not logged in"
    assert (ran.code, ran.text, ran.err) == (1, "", f"Error: {error}\n")


def test_user_and_password_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_USER", "anna")
    monkeypatch.setenv("CTI_PASSWORD", "secret-word")
    with running(users={"anna": "secret-word"}) as spoofer:
        ran = run("status", "--port", str(spoofer.port), "--channel", "1")
    assert (ran.code, ran.err) == (0, "")


def test_user_and_password_are_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def hidden(prompt: str) -> str:
        asked.append(prompt)
        return "secret-word"

    monkeypatch.setattr(_common, "somebody_is_there", lambda: True)
    monkeypatch.setattr(_common, "is_loopback", lambda host: False)
    monkeypatch.setattr("click.termui.hidden_prompt_func", hidden)
    with running(users={"anna": "secret-word"}) as spoofer:
        ran = run("status", "--port", str(spoofer.port), "--channel", "1", stdin="anna\n")
    assert (ran.code, ran.lines[-1].split()[:2]) == (0, ["1", "idle"])
    assert ran.err == "User: "
    assert asked == [f"Password of anna at 127.0.0.1:{spoofer.port}: "]
    assert "secret-word" not in ran.text + ran.err


def test_nobody_is_there_to_be_asked(run: Run) -> None:
    ran = run("status", "--host", "192.0.2.1")
    assert (ran.code, ran.err) == (2, "Error: no user name: give --user NAME or set CTI_USER\n")


def test_a_password_is_never_an_option(run: Run) -> None:
    ran = run("status", "--password", "x")
    assert ran.code == 2
    assert "No such option" in ran.err


def test_as_a_process(cycler: Emulated) -> None:
    ran = process("status", *cycler.at)
    assert (ran.code, ran.err, len(ran.lines)) == (0, "", 5)
