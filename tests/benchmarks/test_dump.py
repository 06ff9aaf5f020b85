"""`cti dump --json` and `cti stats` beside tshark with the generated dissector: one capture, one run.

What is compared is the time of the processor, so that other programs on the machine count little.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import cti_schema
from cti_schema.derive.wireshark import dissector
from tests.benchmarks.lab_capture import write_capture

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not hasattr(os, "wait4"), reason="what a process took cannot be asked for here"),
]
TSHARK = shutil.which("tshark")

#: Times as fast as tshark that `cti stats` must be, and most memory of both commands in bytes.
STATS_AGAINST_TSHARK = 3.0
MOST_MEMORY = 200e6


@dataclass(frozen=True)
class Took:
    """What a process took."""

    seconds: float
    memory: float


@dataclass(frozen=True)
class Capture:
    """A capture, its size and its number of messages."""

    file: Path
    size: int
    messages: int


def run(*command: str | Path) -> Took:
    """Run a command to its end."""
    process = subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return Took(used.ru_utime + used.ru_stime, used.ru_maxrss * kilobyte)


def cti(*arguments: str | Path) -> Took:
    return run(sys.executable, "-m", "cti_client.cli", *arguments)


def made(folder: Path, size: int) -> Capture:
    file = folder / "lab.pcapng"
    messages = write_capture(file, size)
    return Capture(file, file.stat().st_size, messages)


@pytest.fixture(name="capture", scope="module")
def capture_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Capture]:
    capture = made(tmp_path_factory.mktemp("lab"), 100_000_000)
    yield capture
    capture.file.unlink()


def show(name: str, took: Took, capture: Capture) -> dict[str, float]:
    row = {
        "s": round(took.seconds, 1),
        "MB/s": round(capture.size / took.seconds / 1e6, 1),
        "messages/s": round(capture.messages / took.seconds, -2),
        "MB of memory": round(took.memory / 1e6),
    }
    print(f"\n{name}: {row}")
    return row


def test_against_tshark(capture: Capture, tmp_path: Path, benchmark: object) -> None:
    if TSHARK is None:
        pytest.skip("tshark is not installed")
    script = tmp_path / "cti.lua"
    script.write_text(dissector(cti_schema.messages()), encoding="utf-8")
    commands = {
        "cti stats": lambda: cti("stats", capture.file),
        "cti dump --json": lambda: cti("dump", "--json", capture.file),
        "tshark": lambda: run(
            TSHARK, "-X", f"lua_script:{script}", "-r", capture.file, "-T", "fields",
            "-e", "cti.message", "-e", "cti.response_time",
        ),
    }  # fmt: skip
    print(f"\n{capture.size / 1e6:.0f} MB, {capture.messages} messages, time of the processor:")
    took = {name: command() for name, command in commands.items()}
    benchmark.extra_info |= {name: show(name, one, capture) for name, one in took.items()}  # type: ignore[attr-defined]
    benchmark.pedantic(lambda: None)  # type: ignore[attr-defined]
    assert took["tshark"].seconds / took["cti stats"].seconds >= STATS_AGAINST_TSHARK
    assert max(took["cti stats"].memory, took["cti dump --json"].memory) < MOST_MEMORY


def test_memory_does_not_grow_with_the_file(capture: Capture, tmp_path: Path) -> None:
    """A gigabyte needs as much memory as a tenth of it."""
    large = made(tmp_path, 1_000_000_000)
    for command in (("stats",), ("dump", "--json")):
        little, much = cti(*command, capture.file), cti(*command, large.file)
        show(f"cti {' '.join(command)}", much, large)
        assert much.memory < MOST_MEMORY
        assert much.memory < 1.2 * little.memory + 5e6
    large.file.unlink()
