"""`cti log` as a user runs it: what it writes and says, and mistakes in one sentence before it starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cti_client.cli import _log_view
from cti_client.record import Logger, Poll, open_sink
from spoofer import Device, User, running
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401
from tests.record.support import IDLE, ask, fleet, poll


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process there")
def test_until_ctrl_c(cycler: Emulated, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "cti_client.cli", "log", *cycler.at]
    command += ["--rate", "10", "--to", "a.sqlite", "--to", "bdf.csv:tests"]
    with subprocess.Popen(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        second = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest, errors = process.stdout.read(), process.stderr.read()
        assert process.wait(30.0) == 0
    name = f"127.0.0.1:{cycler.port}"
    assert f"Z logging {name} at 10 Hz into a.sqlite, bdf.csv:tests; spool readings.spool, 1000 MB" in first
    assert second.endswith(f"Z {name}: 4 channels\n")
    assert "Z ended: 1 of 1 cyclers, " in rest
    assert errors == ""
    ((count,),) = ask(tmp_path / "a.sqlite", "SELECT count(*) FROM readings")
    assert f" {count} readings, " in rest
    assert f"a.sqlite: {count} written, 0 waiting, 0 lost" in rest
    assert set(cycler.seen) <= {"get_serial_number", "get_channels_info"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--to", "a.xlsx"], "cannot write to 'a.xlsx': give FILE.sqlite"),
        (["--to", "missing/a.sqlite"], "missing/a.sqlite: unable to open database file"),
        (["--spool", "missing/a.spool"], "missing: No such file or directory"),
        (["--rate", "1000"], "rate: 1000 Hz is not above 0 and at most 100"),
        (["--fleet", "lab.toml"], "lab.toml, line 6: another cycler is called 'north' too"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    entry = '[[cycler]]\nname = "north"\nhost = "{}"\n'
    Path("lab.toml").write_text(entry.format("a") + "\n" + entry.format("b"))
    ran = run("log", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert sentence in ran.err


def test_a_disk_that_is_full_is_told_before_anything_starts(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import shutil

    monkeypatch.chdir(tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=123_456)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    ran = run("log")
    assert (ran.code, ran.err) == (2, f"Error: {tmp_path}: disk full, 0.1 MB are free\n")


def test_the_spool_of_another_logger(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with Logger(fleet(north=1), [], Path("readings.spool")):
        ran = run("log", "--spool", "readings.spool")
    assert ran.code == 2
    assert ran.err == "Error: spool readings.spool: another logger uses it: give this one another\n"


def test_a_refused_login_ends_it(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with (
        running(Device(2), users={"a": User("b")}) as north,
        Logger(fleet(north=1), [], Path("readings.spool")),
    ):
        ran = run("log", "--port", str(north.port))
    assert ran.code == 1
    assert "Error: " in ran.err
    assert "spool readings-2.spool" in ran.text  # the other one is taken


def shown(view: _log_view.LiveView, logger: Logger) -> str:
    from rich.console import Console

    console = Console(width=120, force_terminal=False, record=True, file=open_nowhere())
    console.print(view._screen(logger, 120))
    return console.export_text()


def open_nowhere() -> Any:
    import io

    return io.StringIO()


def test_one_screen(tmp_path: Path) -> None:
    cyclers = fleet(north=1, south=2, east=3)
    view = _log_view.LiveView(cyclers)
    with Logger(
        cyclers, [open_sink(str(tmp_path / "a.sqlite"))], tmp_path / "a.spool", say=view.say
    ) as logger:
        logger._see(poll(0, IDLE, IDLE, latency_s=0.012))
        logger._see(Poll("south", "", 0, 0, error="connection refused"))
        lines = [" ".join(line.split()) for line in shown(view, logger).splitlines()]
    assert "north 2 2 idle 12 ms" in lines
    assert "south connection refused" in lines
    assert "east not yet reached" in lines
    assert any(line.endswith("north: 2 channels") for line in lines)
    assert any(line.startswith(f"{tmp_path / 'a.sqlite'}"[:40]) for line in lines)


def test_one_screen_of_a_single_cycler(tmp_path: Path) -> None:
    cyclers = fleet(north=1)
    view = _log_view.LiveView(cyclers)
    with Logger(cyclers, [], tmp_path / "a.spool", say=view.say) as logger:
        logger._see(poll(0, IDLE))
        text = shown(view, logger)
    assert "Voltage/V" in text
    assert "1 of 1 cyclers, 1 readings" in text
