"""A command that goes on until it is told to end does end, also where Ctrl-C is ignored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import spoofer

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to processes")


@pytest.mark.parametrize(
    ("command", "ready", "ignored"),
    [
        ("spoof --port 0", "listening on", True),
        ("log --port {port} --to {folder}/a.sqlite --spool {folder}/a.spool", "16 channels", True),
        ("exporter --port 0 --cycler-port {port}", "16 channels", True),
        ("exporter --port 0 --cycler-port {port}", "16 channels", False),
        ("watch --port {port} --rules {folder}/rules.toml", "watching", True),
        ("serve --port 0 --cycler-port {port}", "showing", True),
    ],
)
def test_it_ends_in_order(command: str, ready: str, ignored: bool, tmp_path: Path) -> None:
    for needed in ("prometheus_client", "starlette", "uvicorn"):
        pytest.importorskip(needed)
    (tmp_path / "rules.toml").write_text('[[rule]]\nname = "hot"\nwhen = "temperature_t1_degc > 45"\n')
    with spoofer.running() as there:
        words = command.format(port=there.port, folder=tmp_path).split()
        with subprocess.Popen(
            [sys.executable, "-m", "cti_client.cli", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) if ignored else None,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            try:
                assert any(ready in line for line in process.stdout), command
                process.send_signal(signal.SIGTERM if ignored else signal.SIGINT)
                assert process.wait(20.0) == 0
                assert "Traceback" not in process.stdout.read()
            finally:
                process.kill()
