"""How long it takes to start, beside an interpreter that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark

#: Ceiling: how many times as long as an interpreter alone ``cti --help`` takes.
HELP_AGAINST_PYTHON = 10

COMMANDS = {
    "python": [sys.executable, "-c", ""],
    "import cti_schema": [sys.executable, "-c", "import cti_schema"],
    "import construct": [sys.executable, "-c", "import construct"],
    "cti --help": [sys.executable, "-m", "cti_client.cli", "--help"],
}


def processor_time(command: list[str]) -> float:
    """Return the seconds of processor time that a program takes."""
    resource = pytest.importorskip("resource")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds: float = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds


def test_start() -> None:
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(11):
        for name, command in COMMANDS.items():
            taken[name].append(processor_time(command))
    milliseconds = {name: round(1e3 * statistics.median(one), 1) for name, one in taken.items()}
    ratios = {
        name: round(statistics.median(a / b for a, b in zip(one, taken["python"], strict=True)), 1)
        for name, one in taken.items()
    }
    print("\nms:", milliseconds, "times a bare interpreter:", ratios)
    assert ratios["cti --help"] < HELP_AGAINST_PYTHON
