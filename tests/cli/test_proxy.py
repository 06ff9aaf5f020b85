"""`cti proxy` as a process: what it shows, records and refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import spoofer
from cti_client import Cycler
from cti_schema.errors import ResultError
from tests.cli.running import Run, run_fixture  # noqa: F401


@pytest.mark.skipif(sys.platform == "win32", reason="another process cannot be interrupted like this")
def test_it_shows_and_records(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "seen.pcapng"
    with spoofer.running() as there:
        command = [sys.executable, "-m", "cti_client.cli", "proxy", "--port", "0", "--read-only"]
        command += ["--record", str(file), f"{there.host}:{there.port}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            assert first.startswith("listening on 127.0.0.1:")
            with Cycler("127.0.0.1", int(first.rpartition(":")[2])) as cycler:
                cycler.login("user", "s3cret")
                with pytest.raises(ResultError):
                    cycler.channel(1).stop()
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "1 requests were not let through." in err
    names = ["login ", "login_feedback ", "stop_schedule ", "stop_schedule_feedback "]
    lines = [line for line in out.splitlines() if any(f" {name}" in line for name in names)]
    assert len(lines) == 4
    assert "result=error" in lines[3]
    assert "s3cret" not in out
    shown = run("dump", file)
    assert shown.code == 0
    assert sum(" stop_schedule" in line for line in shown.lines) == 2


@pytest.mark.parametrize("address", ["", "host:", "host:70000", "[::1]:x", "host:0"])
def test_wrong_addresses(run: Run, address: str) -> None:
    ran = run("proxy", "--port", "0", address)
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "HOST" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="another process cannot be interrupted like this")
def test_it_goes_on_when_nobody_reads_what_it_shows() -> None:
    with spoofer.running() as there:
        command = [sys.executable, "-m", "cti_client.cli", "proxy", "--port", "0"]
        command.append(f"{there.host}:{there.port}")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            assert process.stdout is not None
            first = process.stderr.readline()
            process.stdout.close()
            process.stdout = None
            with Cycler("127.0.0.1", int(first.rpartition(":")[2])) as cycler:
                cycler.login("user", "s3cret")
                assert cycler.channel(1).read().channel == 1
        finally:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == "Warning: nothing is shown any more: Broken pipe\n"
