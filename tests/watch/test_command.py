"""`cti watch` as a user runs it: what it tells and does, and mistakes in one sentence before it starts."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spoofer import Device, Journal, User, running
from tests.cli.cycler import no_credentials  # noqa: F401
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401
from tests.watch.test_recorded import recorded, write

RULES = """
[[rule]]
name = "hot"
when = "temperature_t1_degc > 60"
send = ["terminal", "notes", "page"]
severity = "critical"
stop = true

[[rule]]
name = "end"
when = "test ended"
send = ["terminal", "notes"]

[send.notes]
type = "file"
file = "alerts.log"

[send.page]
type = "command"
command = ['{python}', "-c", "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())", '{folder}/paged']
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process there")


def rules(folder: Path, text: str = RULES) -> Path:
    file = folder / "rules.toml"
    file.write_text(text.replace("{python}", sys.executable).replace("{folder}", str(folder)))
    return file


@contextmanager
def watching(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "cti_client.cli",
        "watch",
        "--rules",
        str(folder / "rules.toml"),
    ]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(file: Path, text: str, count: int = 1) -> str:
    """Wait until a text stands so often in a file, and return what is there."""
    deadline = time.monotonic() + 30.0
    while True:
        found = file.read_text() if file.exists() else ""
        if found.count(text) >= count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


@posix
@pytest.mark.parametrize("allowed", [True, False])
def test_until_ctrl_c(tmp_path: Path, allowed: bool) -> None:
    rules(tmp_path)
    device, journal = Device(4, seed=1), Journal()
    for index in range(4):
        device.assign(index, "a.sdx")
    device.start(range(4), "cell-1")
    options = ["--allow-stop"] if allowed else []
    with running(device, journal=journal) as spoofer:
        name = f"127.0.0.1:{spoofer.port}"
        with watching(tmp_path, "--port", str(spoofer.port), "--rate", "20", *options) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            first, second = process.stdout.readline(), process.stdout.readline()
            device.override(1, "temperature_degc", 70.0)
            until(tmp_path / "alerts.log", "STOPPED" if allowed else "FIRED")
            until(tmp_path / "paged", '"state": "stopped"' if allowed else '"state": "fired"')
            device.finish(3)
            until(tmp_path / "alerts.log", "test ended", 2 if allowed else 1)
            process.send_signal(signal.SIGTERM)
            rest, errors = process.stdout.read(), process.stderr.read()
            assert process.wait(30.0) == 0
        stops = journal.entries("request", "stop_schedule")
    assert f"Z watching {name} at 20 Hz, 2 rules" in first
    assert second.endswith(f"Z {name}: 4 channels\n")
    noted = (tmp_path / "alerts.log").read_text().splitlines()
    lines = rest.splitlines()
    assert set(noted) == set(lines[:-1])
    states = [line.split()[1] for line in noted]
    paged = [json.loads(line) for line in (tmp_path / "paged").read_text().splitlines()]
    if allowed:
        assert len(stops) == 1
        assert errors == ""
        assert sorted(states) == ["FIRED", "FIRED", "FIRED", "STOPPED"]
        assert [(one["rule"], one["channel"], one["state"]) for one in paged] == [
            ("hot", 2, "fired"), ("hot", 2, "stopped"),
        ]  # fmt: skip
        assert "ended: 3 alerts fired; " in lines[-1]
    else:
        assert stops == []
        assert errors == (
            f"Warning: {tmp_path}/rules.toml, line 3: the rule 'hot' will stop no channel, "
            "because --allow-stop was not given; it only tells\n"
        )
        assert states == ["FIRED", "FIRED"]
        assert paged[0]["text"].endswith("; the channel is not stopped, because --allow-stop was not given")
        assert "ended: 2 alerts fired; " in lines[-1]
    assert f"page: {len(paged)} told, 0 dropped" in lines[-1]
    assert re.search(r"terminal: \d told, 0 dropped; notes: \d told, 0 dropped", lines[-1])


@posix
def test_a_fleet(tmp_path: Path) -> None:
    rules(tmp_path, '[[rule]]\nname = "away"\nwhen = "no reading for 1 s"\n[[rule]]\nname = "x"\nwhen = '
                    '"voltage_v > 99"\ncycler = "east"\n')  # fmt: skip
    with running(Device(2)) as north, running(Device(3)) as gone:
        south = gone.port
        text = "".join(
            f'[[cycler]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {port}\n'
            for name, port in (("north", north.port), ("south", south))
        )
    with running(Device(2), port=north.port):
        (tmp_path / "lab.toml").write_text(text)
        with watching(tmp_path, "--fleet", "lab.toml", "--rate", "10") as process:
            assert process.stdout is not None
            assert process.stderr is not None
            lines = [process.stdout.readline() for _ in range(4)]
            process.send_signal(signal.SIGINT)
            assert process.wait(30.0) == 0
            errors = process.stderr.read()
    assert "Z watching 2 cyclers at 10 Hz, 2 rules" in lines[0]
    assert {line.partition("Z ")[2].split(":")[0] for line in lines[1:3]} == {"north", "south"}
    assert " FIRED warning away: south: no reading for 1 s, since watching began; " in lines[3]
    assert f"{tmp_path}/rules.toml, line 5: the rule 'x' is about none of the cyclers: north, south" in errors


def test_recorded_readings(run: Run, tmp_path: Path) -> None:
    file = rules(tmp_path, '[[rule]]\nname = "hot"\nwhen = "temperature_t1_degc > 45 for 3 s"\n'
                           '[[rule]]\nname = "high"\nwhen = "voltage_v > 5"\nsend = "notes"\n'
                           '[send.notes]\ntype = "file"\nfile = "alerts.log"\n')  # fmt: skip
    write(str(tmp_path / "a.sqlite"), recorded())
    ran = run("watch", "--rules", file, "--test-rules", tmp_path / "a.sqlite")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        "2026-03-24T08:00:08.250Z FIRED warning hot: north channel 1, test cell-1: "
        "temperature_t1_degc > 45 for 3 s; temperature_t1_degc is 50",
        "2026-03-24T08:00:15.250Z CLEARED warning hot is over: north channel 1, test cell-1; "
        "temperature_t1_degc is 30",
        "",
        "22 polls with readings; nothing was sent",
        "hot: fired 1 time",
        "high: never fired",
    ]
    assert not (tmp_path / "alerts.log").exists()


def test_a_capture_with_the_names_of_a_fleet(run: Run, tmp_path: Path) -> None:
    from cti_client import Cycler

    file, trace = (
        rules(tmp_path, '[[rule]]\nname = "a"\nwhen = "status == idle"\ncycler = "nor*"\n'),
        tmp_path / "a.pcapng",
    )
    with running(Device(2)) as spoofer, Cycler("127.0.0.1", spoofer.port, trace=trace) as cycler:
        cycler.login("lab", "x")
        cycler.channels()
        (tmp_path / "lab.toml").write_text(
            f'[[cycler]]\nname = "north"\nhost = "127.0.0.1"\nport = {spoofer.port}\n'
        )
    ran = run("watch", "--rules", file, "--test-rules", trace)
    assert ran.lines[1:] == ["1 poll with readings; nothing was sent", "a: never fired"]
    ran = run("watch", "--rules", file, "--test-rules", trace, "--fleet", tmp_path / "lab.toml")
    assert [line.partition("Z ")[2] for line in ran.lines[:2]] == [
        "FIRED warning a: north channel 1: status == idle; status is idle",
        "FIRED warning a: north channel 2: status == idle; status is idle",
    ]


RULE = '[[rule]]\nname = "hot"\nwhen = "temperature_t1_degc > 45"\n'


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        (
            RULE.replace("t1_degc", "t1_dgc"),
            [],
            "rules.toml, line 3: 'temperature_t1_dgc > 45': unknown field "
            "'temperature_t1_dgc'; did you mean 'temperature_t1_degc'?",
        ),
        (RULE + "chanel = 1", [], "rules.toml, line 4: unknown key 'chanel'; did you mean 'channel'?"),
        (
            RULE + "[send.x]\ntype = 'mail'",
            [],
            "rules.toml, line 5: unknown type 'mail'; did you mean 'email'?",
        ),
        (
            RULE + "send = 'x'\n[send.x]\ntype = 'file'\nfile = 'no/x'",
            [],
            "rules.toml, line 5: no/x: No such file",
        ),
        (RULE, ["--rate", "1000"], "rate: 1000 Hz is not above 0 and at most 100"),
        (RULE, ["--fleet", "missing.toml"], "missing.toml: No such file or directory"),
        (RULE, ["--test-rules", "missing.sqlite"], "missing.sqlite: no such file"),
        (RULE.replace("t1_degc", "t1_dgc"), ["--test-rules", "missing.sqlite"], "rules.toml, line 3: "),
    ],
)
def test_what_is_wrong_is_one_sentence_before_anything_is_connected(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rules(Path(), text)
    journal = Journal()
    with running(Device(2), journal=journal) as spoofer:
        where = [] if "--test-rules" in arguments or "--fleet" in arguments else ["--port", str(spoofer.port)]
        ran = run("watch", "--rules", "rules.toml", *where, *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err.startswith(f"Error: {sentence}")
    assert ran.err.count("\n") == 1
    assert journal.entries() == []


def test_options_that_do_not_go_together(run: Run, tmp_path: Path) -> None:
    file = rules(tmp_path, RULE)
    for option in (["--host", "x"], ["--rate", "2"], ["--allow-stop"]):
        ran = run("watch", "--rules", file, "--test-rules", "a.sqlite", *option)
        assert ran.code == 2
        assert f"{option[0]} is about a cycler, --test-rules about what was recorded" in ran.err
    ran = run("watch")
    assert ran.code == 2
    assert "Missing option '--rules'" in ran.err


def test_a_file_that_is_no_recording(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing")
    ran = run("watch", "--rules", rules(tmp_path, RULE), "--test-rules", tmp_path / "a.txt")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, b"", 1)
    ran = run("watch", "--rules", rules(tmp_path, RULE), "--test-rules", tmp_path / "missing.pcap")
    assert (ran.code, ran.out, ran.err) == (
        1,
        b"",
        f"Error: {tmp_path}/missing.pcap: No such file or directory\n",
    )


def test_a_refused_login_ends_it(run: Run, tmp_path: Path) -> None:
    with running(Device(2), users={"a": User("b")}) as spoofer:
        ran = run("watch", "--rules", rules(tmp_path, RULE), "--port", str(spoofer.port))
    assert ran.code == 1
    assert ran.err.startswith("Error: ")
    assert "ended: 0 alerts fired" in ran.text
