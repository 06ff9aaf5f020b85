"""Cases per second of a campaign against the spoofer, with boofuzz's rate on the same requests beside it.

Each case of ours is checked: every answer is read and compared, and a new login and read follow it. boofuzz
logs in, sends its mutated request and reads nothing of what comes back. The server is a process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spoofer.fuzz.boofuzz_export import export
from tests.benchmarks.test_spoofer import serving

pytestmark = pytest.mark.benchmark

#: Requests of several shapes that only ask: without fields, with numbers, with a list, with a text.
ONLY = ("get_serial_number", "get_channels_info", "get_meta_variables", "browse_directory")
SECONDS = 12.0
CASES = 400
#: How many times as many cases as boofuzz, at least, although each is followed by a new login and read, and
#: the first seconds go into drawing messages.
TIMES_BOOFUZZ = 0.5

BOOFUZZ = """
import json, sys, time
import cti_requests as cti
port, each, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
count, seconds = 0, 0.0
for name in names:
    session = cti.session("127.0.0.1", port, web_port=None, keep_web_open=False, fuzz_loggers=[],
        index_start=1, index_end=each, db_filename=f"{name}.db")
    began = time.perf_counter()
    session.fuzz(name=f"login->{name}")
    seconds += time.perf_counter() - began
    count += session.num_cases_actually_fuzzed
print(json.dumps([count, seconds]))
"""


def boofuzz_rate(port: int, folder: Path) -> float:
    """Return how many cases boofuzz sends in a second."""
    (folder / "cti_requests.py").write_text(export(), encoding="utf-8")
    command = [sys.executable, "-c", BOOFUZZ, str(port), str(CASES // len(ONLY)), *ONLY]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True, timeout=300)
    count, seconds = json.loads(done.stdout.splitlines()[-1])
    assert count >= CASES // 2
    return float(count / seconds)


def our_rate(port: int, folder: Path) -> float:
    """Return how many cases `cti fuzz` plays in a second."""
    command = [sys.executable, "-m", "cti_client.cli", "fuzz", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--time", f"{SECONDS}", "--seed", "1", "--out", str(folder / "campaign")]
    command += [word for name in ONLY for word in ("--only", name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((folder / "campaign" / "report.json").read_text(encoding="utf-8"))
    assert report["findings"] == []
    return float(report["cases"] / report["seconds"])


@pytest.mark.skipif(importlib.util.find_spec("boofuzz") is None, reason="boofuzz is not installed")
def test_cases_a_second(benchmark: Any, tmp_path: Path) -> None:
    with serving("spoofer") as server:
        theirs = boofuzz_rate(server.port, tmp_path)
        ours = benchmark.pedantic(our_rate, args=(server.port, tmp_path), rounds=1, iterations=1)
    benchmark.extra_info.update(
        cases_a_second=round(ours), boofuzz=round(theirs), times=round(ours / theirs, 1)
    )
    assert ours > TIMES_BOOFUZZ * theirs
