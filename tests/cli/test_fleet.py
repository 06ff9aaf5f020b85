"""`cti status --fleet` and `cti start --fleet --plan`: what is shown, sent, asked and reported."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cti_client.cli import _common
from cti_schema import Direction, decode
from cti_schema.message import Message
from spoofer import Device, Phase, running
from tests.cli.cycler import Emulated, no_credentials  # noqa: F401
from tests.cli.running import Run, process, run_fixture  # noqa: F401

HEAD = "cycler,channel,schedule,test name,barcode\n"
PLAN = HEAD + "north,1,cycle.sdx,cell-1,\nnorth,2,cycle.sdx,cell-2,\nsouth,1-2,rest.sdx,pack,\n"


@contextmanager
def emulated(**users: str) -> Iterator[Emulated]:
    found = Emulated(0, Device(4, seed=1, clock=lambda: 0.0))

    def remember(direction: Direction, message: Message, *_: object) -> None:
        if direction is Direction.REQUEST and "login" not in message.spec.name:
            found.requests.append(message)

    with running(found.device, on_message=remember, users=users or None) as spoofer:
        found.port = spoofer.port
        yield found


class Lab:
    """Two cyclers, and the files about them.

    Attributes:
        north, south: the cyclers.
        fleet: the file of the fleet.
        plan: the file of the plan.
    """

    def __init__(self, folder: Path, north: Emulated, south: Emulated) -> None:
        self.north = north
        self.south = south
        self.fleet = folder / "lab.toml"
        self.plan = folder / "tests.csv"
        self.fleet.write_text(entry("north", north.port) + entry("south", south.port), encoding="utf-8")
        self.plan.write_text(PLAN, encoding="utf-8")

    @property
    def started(self) -> list[tuple[str, int, str, str]]:
        """Cycler, channel, schedule and test of what runs."""
        found = []
        for name, cycler in (("north", self.north), ("south", self.south)):
            for index in range(4):
                channel = cycler.device.channel(index)
                if channel is not None and channel.phase is Phase.RUNNING:
                    found.append((name, index + 1, channel.schedule_name, channel.test_name))
        return found

    @property
    def seen(self) -> list[str]:
        return self.north.seen + self.south.seen

    def start(self, run: Run, *more: str, **options: Any) -> Any:
        return run("start", "--fleet", self.fleet, "--plan", self.plan, *more, **options)


def entry(name: str, port: int, more: str = "") -> str:
    return f'[[cycler]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\n{more}\n'


def closed() -> int:
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with emulated() as north, emulated() as south:
        yield Lab(tmp_path, north, south)


STARTED = [
    ("north", 1, "cycle.sdx", "cell-1"),
    ("north", 2, "cycle.sdx", "cell-2"),
    ("south", 1, "rest.sdx", "pack"),
    ("south", 2, "rest.sdx", "pack"),
]


# Status.


def test_the_status_of_a_fleet(run: Run, lab: Lab) -> None:
    ran = run("status", "--fleet", lab.fleet, "--channel", "1-2")
    assert (ran.code, ran.err) == (0, "")
    blocks = sorted(block.splitlines() for block in ran.text.strip().split("\n\n"))
    assert [block[0] for block in blocks] == [
        f"north (127.0.0.1:{lab.north.port})",
        f"south (127.0.0.1:{lab.south.port})",
    ]
    for block in blocks:
        assert block[1].split()[:2] == ["Channel", "Status"]
        assert [line.split()[:2] for line in block[2:]] == [["1", "idle"], ["2", "idle"]]


def test_the_status_of_a_fleet_as_json_with_dead_cyclers(run: Run, lab: Lab) -> None:
    port = closed()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        more = entry("gone", port) + entry("mute", silent.getsockname()[1])
        lab.fleet.write_text(lab.fleet.read_text() + more)
        ran = run("status", "--fleet", lab.fleet, "--json", "--channel", "3", "--timeout", "0.5")
    assert ran.code == 1
    found = {shape["cycler"]: shape for shape in map(json.loads, ran.lines)}
    assert {name: found[name].get("channel") for name in found} == {
        "north": 3,
        "south": 3,
        "gone": None,
        "mute": None,
    }
    refused = f"no connection to 127.0.0.1:{port}: nothing listens there (connection refused)"
    assert found["gone"] == {"cycler": "gone", "error": refused}
    assert sorted(ran.err.splitlines()) == [
        f"Error: gone: {refused}",
        "Error: mute: login: no answer within 0.5 s",
    ]
    # Those that answer are not kept waiting.
    assert {shape["cycler"] for shape in map(json.loads, ran.lines[:2])} <= {"north", "south", "gone"}


def test_channels_that_one_cycler_has_not(run: Run, lab: Lab) -> None:
    ran = run("status", "--fleet", lab.fleet, "--channel", "5")
    assert ran.code == 1
    error = "there is no channel 5: the cycler has the channels 1 to 4"
    assert sorted(ran.err.splitlines()) == [f"Error: north: {error}", f"Error: south: {error}"]
    assert lab.seen == []


@pytest.mark.parametrize("channels", ["0", "-1", "2-1", "x"])
def test_channels_that_are_none(run: Run, lab: Lab, channels: str) -> None:
    ran = run("status", "--fleet", lab.fleet, "--channel", channels)
    assert (ran.code, ran.text, ran.err.count("\n")) == (2, "", 1)


def test_one_trace_of_a_fleet(run: Run, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "open-sesame")
    trace = tmp_path / "trace.pcapng"
    assert run("status", "--fleet", lab.fleet, "--trace", trace).code == 0
    assert b"open-sesame" not in trace.read_bytes()
    shapes = [json.loads(line) for line in run("dump", "--json", trace).lines]
    assert sorted((shape["server"], shape["message"]) for shape in shapes) == sorted(
        (f"127.0.0.1:{cycler.port}", name)
        for cycler in (lab.north, lab.south)
        for name in ("login", "login_feedback", "get_channels_info", "get_channels_info_feedback")
    )
    assert not any("problems" in shape for shape in shapes)


@pytest.mark.parametrize("command", ["status", "start"])
def test_a_trace_that_cannot_be_written(run: Run, lab: Lab, tmp_path: Path, command: str) -> None:
    more = ["--plan", lab.plan, "--yes"] if command == "start" else []
    ran = run(command, "--fleet", lab.fleet, *more, "--trace", tmp_path / "none" / "trace.pcapng")
    assert ran.code != 0
    assert f"cannot record in {tmp_path / 'none' / 'trace.pcapng'}: No such file or directory" in ran.err
    assert "Traceback" not in ran.err
    assert lab.seen == []


# Who logs in.


def test_passwords_from_a_file(run: Run, tmp_path: Path) -> None:
    with emulated(anna="of-north") as north, emulated(anna="of-south") as south:
        lab = Lab(tmp_path, north, south)
        lab.fleet.write_text(lab.fleet.read_text().replace("\n\n", '\nuser = "anna"\n\n'))
        file = tmp_path / "passwords.toml"
        file.write_text(
            '[[login]]\ncycler = "north"\npassword = "of-north"\n'
            '[[login]]\nuser = "anna"\npassword = "of-south"\n'
        )
        file.chmod(0o600)
        ran = run("status", "--fleet", lab.fleet, "--credentials", file)
        assert (ran.code, ran.err) == (0, "")
        ran = run("status", "--port", south.port, "--user", "anna", "--credentials", file)
        assert (ran.code, ran.err) == (0, "")
        file.chmod(0o644)
        ran = run("status", "--fleet", lab.fleet, "--credentials", file)
        error = f"Error: {file}: others than its owner may open it: run chmod 600 {file}\n"
        assert (ran.code, ran.text, ran.err) == (2, "", error)


def test_a_password_is_asked_for_once_for_each_user(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def hidden(prompt: str) -> str:
        asked.append(prompt)
        return "open-sesame"

    monkeypatch.setattr(_common, "somebody_is_there", lambda: True)
    monkeypatch.setattr("click.termui.hidden_prompt_func", hidden)
    with emulated(anna="open-sesame") as north, emulated(anna="open-sesame") as south:
        lab = Lab(tmp_path, north, south)
        ran = run("status", "--fleet", lab.fleet, "--user", "anna")
    assert (ran.code, ran.err) == (0, "")
    assert asked == ["Password of anna at 2 cyclers: "]


def test_no_password(run: Run, lab: Lab) -> None:
    ran = run("status", "--fleet", lab.fleet, "--user", "anna")
    assert (ran.code, ran.text, ran.err) == (2, "", "Error: no password: set CTI_PASSWORD\n")


def test_a_refused_login(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "open-sesame")
    with emulated(anna="other") as north, emulated() as south:
        lab = Lab(tmp_path, north, south)
        ran = run("status", "--fleet", lab.fleet, "--user", "anna", "--json")
    assert ran.code == 1
    assert ran.err == (
        f"Error: north: 127.0.0.1:{north.port} refused the login of 'anna': no permission, not logged in\n"
    )
    assert "open-sesame" not in ran.text + ran.err


# Mistakes in the files.


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (entry("a", 1) + 'password = "x"\n', ", line 6: a password does not belong into this file, "),
        (entry("a", 1) + entry("a", 2), ", line 7: another cycler is called 'a' too"),
        (entry("a", 1, "prot = 5"), ", line 5: unknown key 'prot'; did you mean 'port'? (known: "),
        (entry("a", 0), ", line 4: 0 is no port: a port is a whole number from 1 to 65535"),
        ("x\n", ", line 1, column 2: this is no TOML ("),
        ("\nx", ", line 2: this is no TOML ("),
    ],
)
@pytest.mark.parametrize("command", ["status", "start"])
def test_mistakes_in_the_fleet(run: Run, lab: Lab, command: str, text: str, error: str) -> None:
    lab.fleet.write_text(text)
    ran = run(command, "--fleet", lab.fleet, *(["--plan", lab.plan, "--yes"] if command == "start" else []))
    assert (ran.code, ran.text, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"Error: {lab.fleet}{error}")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ": it is empty: "),
        (HEAD + "west,1,a,b,\n", ", line 2, column cycler: unknown cycler 'west' (known: north, south)"),
        (HEAD + "north,0,a,b,\n", ", line 2, column channel: there is no channel 0: "),
        (HEAD + "north,1,a,,\n", ", line 2, column test name: there is nothing in it"),
        (
            HEAD + f"north,1,{'s' * 201},b,\n",
            ", line 2, column schedule: the text has 201 units, the field 200",
        ),
        (
            HEAD + "north,1,a,b,\nnorth,1,a,c,\n",
            ", line 3, column channel: channel 1 of north is planned already",
        ),
    ],
)
@pytest.mark.parametrize("how", ["--yes", "--dry-run"])
def test_mistakes_in_the_plan(run: Run, lab: Lab, how: str, text: str, error: str) -> None:
    lab.plan.write_text(text)
    ran = lab.start(run, how)
    assert (ran.code, ran.text, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"Error: {lab.plan}{error}")
    assert lab.seen == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["start", "1-4"], "Missing argument 'TEST_NAME'."),
        (["start"], "Missing argument 'CHANNELS'."),
        (["start", "1", "a", "--dry-run"], "--dry-run is for a --plan."),
        (["start", "1", "a", "--json"], "--json is for a --plan."),
        (["start", "--fleet", "FLEET"], "--fleet needs --plan FILE: which tests are to be started?"),
        (["start", "--plan", "PLAN"], "--plan needs --fleet FILE: where are its cyclers?"),
        (
            ["start", "1-4", "a", "--fleet", "FLEET", "--plan", "PLAN"],
            "The channels stand in the plan: leave out CHANNELS and TEST_NAME.",
        ),
        (
            ["status", "--fleet", "FLEET", "--port", "1"],
            "--port is about one cycler, --fleet about those of its file",
        ),
        (
            ["status", "--host", "a", "--fleet", "FLEET"],
            "--host is about one cycler, --fleet about those of its file",
        ),
    ],
)
def test_options_that_do_not_go_together(run: Run, lab: Lab, arguments: list[str], error: str) -> None:
    files: dict[str, Any] = {"FLEET": lab.fleet, "PLAN": lab.plan}
    ran = run(*(files.get(one, one) for one in arguments))
    assert (ran.code, ran.text) == (2, "")
    assert ran.err.splitlines()[-1] == f"Error: {error}"
    assert lab.seen == []


# A plan.


def test_a_plan_is_carried_out(run: Run, lab: Lab) -> None:
    ran = lab.start(run, "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert lab.started == STARTED
    assert [line.split() for line in ran.lines] == [
        ["Cycler", "Channel", "Schedule", "Test", "Result"],
        ["north", "1", "cycle.sdx", "cell-1", "started"],
        ["north", "2", "cycle.sdx", "cell-2", "started"],
        ["south", "1", "rest.sdx", "pack", "started"],
        ["south", "2", "rest.sdx", "pack", "started"],
    ]
    assert lab.north.seen == ["assign_schedule"] * 2 + ["start_schedule"] * 2
    assert lab.south.seen == ["assign_schedule"] * 2 + ["start_schedule"]


def test_it_is_asked_before_anything_is_connected(
    run: Run, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = "start 3 tests on 4 channels of 2 cyclers"
    ran = lab.start(run)
    assert (ran.code, ran.text) == (2, "")
    assert ran.err.splitlines()[-1] == f"Error: nobody can be asked here: give --yes to {what}"
    monkeypatch.setattr(_common, "somebody_is_there", lambda: True)
    ran = lab.start(run, stdin="n\n")
    assert (ran.code, ran.text, lab.seen) == (1, "", [])
    assert f"Really {what}? [y/N]: " in ran.err
    assert "north         1  cycle.sdx  cell-1" in ran.err  # what is going to be done
    ran = lab.start(run, stdin="y\n")
    assert (ran.code, lab.started) == (0, STARTED)


def test_nobody_is_asked_in_a_process(lab: Lab) -> None:
    ran = process("start", "--fleet", lab.fleet, "--plan", lab.plan)
    assert (ran.code, ran.out, lab.seen) == (2, b"", [])
    assert "Error: nobody can be asked here: give --yes to start 3 tests" in ran.err


def test_the_report_as_json(run: Run, lab: Lab) -> None:
    lab.north.device.assign(0, "before.sdx")
    lab.north.device.start([0], "before")
    lab.fleet.write_text(lab.fleet.read_text() + entry("west", closed()))
    lab.plan.write_text(PLAN + "west,9,a.sdx,w,\n")
    ran = lab.start(run, "--yes", "--json")
    assert ran.code == 1
    shapes = [json.loads(line) for line in ran.lines]
    assert [
        (shape["cycler"], shape["channel"], shape["ok"], shape["result"], shape["step"]) for shape in shapes
    ] == [
        ("north", 1, False, "refused", "assign"),
        ("north", 2, True, "started", "start"),
        ("south", 1, True, "started", "start"),
        ("south", 2, True, "started", "start"),
        ("west", 9, False, "failed", None),
    ]
    assert shapes[0]["error"] == (
        "assign_schedule was refused: channel is running (result 20, channel_running_error)"
    )
    assert shapes[1] == {
        "cycler": "north",
        "channel": 2,
        "schedule": "cycle.sdx",
        "test_name": "cell-2",
        "barcode": "",
        "ok": True,
        "result": "started",
        "step": "start",
        "error": None,
    }
    first, second = ran.err.splitlines()
    assert first == f"Error: north, channel 1: {shapes[0]['error']}"
    assert second.startswith("Error: west, channel 9: no connection to 127.0.0.1:")
    assert lab.started[1:] == STARTED[1:]


def test_a_channel_that_the_cycler_has_not(run: Run, lab: Lab) -> None:
    lab.plan.write_text(PLAN + "south,5,rest.sdx,pack,\n")
    ran = lab.start(run, "--yes")
    assert ran.code == 1
    assert lab.started == STARTED[:2]
    assert lab.south.seen == []
    assert [line.split()[-1] for line in ran.lines[1:]] == ["started"] * 2 + ["failed"] * 3
    assert ran.err.splitlines()[0] == (
        f"Error: south, channel 1: {lab.plan}, line 5: there is no channel 5: "
        "the cycler has the channels 1 to 4"
    )


def test_a_name_that_only_other_cyclers_take(run: Run, lab: Lab) -> None:
    lab.plan.write_text(PLAN + f"south,3,rest.sdx,{'t' * 73},\n")
    ran = lab.start(run, "--dry-run")
    assert ran.code == 0
    assert "start_schedule_vls" in ran.text
    ran = lab.start(run, "--yes")
    assert ran.code == 1
    assert lab.started == STARTED[:2]
    assert lab.south.seen == []
    error = f"{lab.plan}, line 5, column test name: the text has 73 units, the field 72"
    assert ran.err.splitlines() == [f"Error: south, channel {channel}: {error}" for channel in (1, 2, 3)]


def test_a_dry_run_says_everything_and_talks_to_nobody(run: Run, lab: Lab, tmp_path: Path) -> None:
    # No cycler is there, and nobody has a password.
    lab.fleet.write_text(entry("north", 1, 'user = "anna"') + entry("south", 2) + entry("west", 3))
    lab.plan.write_text(PLAN.replace("cell-1,", "cell-1,A-17"))
    ran = lab.start(run, "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    lines = [line.strip() for line in ran.lines]
    assert lines[0] == "north (127.0.0.1:1), if it is MITS Pro 8"
    assert "west" not in ran.text
    messages = [line for line in lines if line.startswith("channel") and "bytes" in line]
    assert [line.rpartition(",")[0] for line in messages] == [
        "channel 1: assign_schedule",
        "channel 1: assign_barcode",
        "channel 2: assign_schedule",
        "channel 1: start_schedule",
        "channel 2: start_schedule",
        "channel 1: assign_schedule",
        "channel 2: assign_schedule",
        "channels 1-2: start_schedule",
    ]
    assert 'schedule_name  "cycle.sdx"' in ran.text
    assert "channel_indices  [0, 1] (channels 1-2)" in ran.text
    assert "Nothing was sent." in ran.text
    assert lab.seen == []


def test_a_dry_run_as_json_has_the_frames(run: Run, lab: Lab) -> None:
    shapes = [json.loads(line) for line in lab.start(run, "--dry-run", "--json").lines]
    assert lab.seen == []
    assert [(shape["cycler"], shape["channels"], shape["message"]) for shape in shapes] == [
        ("north", [1], "assign_schedule"),
        ("north", [2], "assign_schedule"),
        ("north", [1], "start_schedule"),
        ("north", [2], "start_schedule"),
        ("south", [1], "assign_schedule"),
        ("south", [2], "assign_schedule"),
        ("south", [1, 2], "start_schedule"),
    ]
    # They are what is sent then.
    lab.start(run, "--yes")
    sent = [decode(bytes.fromhex(shape["frame"])) for shape in shapes]
    assert sent == lab.north.requests + lab.south.requests


def test_what_was_done_is_reported_after_an_interruption(
    run: Run, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cti_client import starting

    carried_out = starting.carry_out

    async def interrupted(fleet: Any, reports: list[starting.Report]) -> None:
        await carried_out(fleet, reports[:2])
        reports[2].sending(starting.Step.ASSIGN)
        raise KeyboardInterrupt

    monkeypatch.setattr(starting, "carry_out", interrupted)
    ran = lab.start(run, "--yes")
    assert ran.code == 1
    assert [line.split()[4:] for line in ran.lines[1:]] == [
        ["started"],
        ["started"],
        ["sent", "(assign)"],
        ["waiting"],
    ]
    assert ran.err.splitlines() == [
        "Error: south, channel 1: interrupted: the outcome of assign is not known; "
        "read the channel to find out",
        "Error: south, channel 2: interrupted before anything was sent",
        "",
        "Aborted!",
    ]
