"""`cti fuzz-client` as a process: what it plays, tells and records, and what it does not take."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cti_client import Cycler
from cti_schema.errors import ResponseTimeout
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401


def play(*options: str) -> tuple[subprocess.Popen[str], int]:
    """Run it on a free port, and return the process and the port of its first line."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "cti_client.cli", "fuzz-client", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", process.stdout.readline())
    assert match is not None
    return process, int(match[1])


@pytest.mark.skipif(sys.platform == "win32", reason="another process cannot be interrupted like this")
def test_it_breaks_answers_and_tells_of_each(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "played.pcapng"
    options = ["--rate", "1", "--only", "wrong_checksum", "--only", "get_serial_number", "--channels", "3"]
    process, port = play("--seed", "5", "--record", str(file), *options)
    try:
        with Cycler("127.0.0.1", port, timeout_s=0.3) as cycler:
            assert cycler.login("user", "s3cret", timeout_s=20.0).channel_count == 3
            with pytest.raises(ResponseTimeout, match="1 frame that came cannot be trusted"):
                cycler.read_serial_number()
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    (line,) = out.splitlines()
    assert re.fullmatch(
        r"2: get_serial_number: get_serial_number_feedback: wrong_checksum: checksum 0x[0-9A-F]{4} where .*",
        line,
    )
    assert "seed 5: 2 answers, 1 of them broken\n     1  wrong_checksum\n" in err
    assert "s3cret" not in out + err
    shown = run("dump", "-Y", "get_serial_number_feedback", file)
    assert shown.code == 0
    assert "checksum" in shown.text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--only", "wrong_cheksum"], "--only: unknown message or mutation 'wrong_cheksum'; did you mean"),
        (["--personality", "pro9"], "--personality: unknown personality 'pro9'; did you mean"),
        (["--rate", "1.5"], "1.5 is not in the range 0<=x<=1"),
        (["--case", "0"], "0 is not in the range x>=1"),
        (["--channels", "0"], "0 is not in the range 1<=x<=2048"),
        (["--host", "192.0.2.1"], "192.0.2.1 is no address of this computer"),
        (["--record", "no/where.pcapng"], "no/where.pcapng"),
    ],
)
def test_bad_input(run: Run, options: list[str], says: str) -> None:
    ran = run("fuzz-client", "--port", "0", *options)
    assert ran.code != 0
    assert says in ran.err
    assert ran.text == ""
    assert "Traceback" not in ran.err
