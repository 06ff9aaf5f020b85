"""`--trace FILE`: the conversation as a capture for `cti dump`, without passwords, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401


def dumped(run: Run, file: Path, *more: str) -> list[tuple[str, str]]:
    ran = run("dump", "--json", *more, file)
    assert (ran.code, ran.err) == (0, "")
    shapes = [json.loads(line) for line in ran.lines]
    assert not any("problems" in shape for shape in shapes)
    return [(shape["direction"], shape["message"]) for shape in shapes]


def test_a_conversation(run: Run, cycler: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "open-sesame")
    file = tmp_path / "trace.pcapng"
    assert run("assign", "2", "cycle.sdx", "--trace", file, *cycler.at).code == 0
    conversation = [
        ("request", "login"),
        ("feedback", "login_feedback"),
        ("request", "assign_schedule"),
        ("feedback", "assign_schedule_feedback"),
    ]
    assert dumped(run, file) == conversation
    assert b"open-sesame" not in file.read_bytes()
    assert "open-sesame" not in run("dump", "--json", "--show-secrets", file).text
    # The next one takes its place.
    assert run("call", "get_serial_number", "--trace", file, *cycler.at).code == 0
    assert dumped(run, file)[2:] == [
        ("request", "get_serial_number"),
        ("feedback", "get_serial_number_feedback"),
    ]


def test_what_failed_is_recorded_too(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "trace.pcapng"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = ("--port", str(silent.getsockname()[1]), "--timeout", "0.2")
        assert run("status", *at, "--trace", file).code == 1
    assert dumped(run, file) == [("request", "login")]


def test_a_file_that_cannot_be_written(run: Run, cycler: Emulated, tmp_path: Path) -> None:
    file = tmp_path / "none" / "trace.pcapng"
    ran = run("stop", "1", "--trace", file, *cycler.at)
    error = f"Error: cannot record in {file}: No such file or directory\n"
    assert (ran.code, ran.text, ran.err) == (2, "", error)
    assert cycler.seen == []


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C")
@pytest.mark.parametrize("fleet", [False, True])
def test_it_is_whole_after_an_interruption(run: Run, tmp_path: Path, fleet: bool) -> None:
    file = tmp_path / "trace.pcapng"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        where = ["--port", str(port)]
        if fleet:
            (tmp_path / "lab.toml").write_text(
                f'[[cycler]]\nname = "a"\nhost = "127.0.0.1"\nport = {port}\n', encoding="utf-8"
            )
            where = ["--fleet", str(tmp_path / "lab.toml")]
        command = [sys.executable, "-m", "cti_client.cli", "status", *where, "--trace", str(file)]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as waiting:
            client, _ = silent.accept()
            with client:
                assert client.recv(65536)  # it has logged in, and waits for the answer
                waiting.send_signal(signal.SIGINT)
                out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, out.strip(), err.strip()) == (1, "", "Aborted!")
    assert dumped(run, file) == [("request", "login")]
