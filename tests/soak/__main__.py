"""Runs a spoofer with every fault there is, lets rude clients ask it anything, and looks for what grows.

``python -m tests.soak --minutes 10 [--seed N]``. The clients are a process of their own. At the end: memory
at the beginning and at the end, tasks and timers that are left, and whether the journal has everything. Exit
code 1 when one of them is not as it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from cti_schema import Direction, Message, Problem
from spoofer import Device, Faults, Journal, Spoofer
from spoofer.faulting.fault_kinds import KINDS
from tests.benchmarks.servers import resident_kb

#: What kinds of faults need so that they are short: at full speed a second is long.
SHORT: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 0.01},
    "jitter": {"most_s": 0.02},
    "stale": {"seconds": 0.5},
    "split": {"pause_s": 0.001},
    "dribble": {"size": 500, "pause_s": 0.0005},
    "slow_close": {"seconds": 0.1},
}

#: How often each kind happens to a request.
PROBABILITY = 0.002

#: How much more there may be in the last quarter than in the first (behind the first tenth): objects, and
#: memory, of which the allocator keeps some that nobody uses.
MORE_OBJECTS = 0.05
MORE_MEMORY = 0.08


class Watch:
    """What is looked at while it runs."""

    def __init__(self) -> None:
        self.seen = dict.fromkeys(Direction, 0)
        self.memory_kb: list[int] = []
        self.objects: list[int] = []
        self.tasks: list[int] = []

    def on_message(
        self, direction: Direction, message: Message, problems: Sequence[Problem], peer: str
    ) -> None:
        """Count a message, independently of the journal."""
        self.seen[direction] += 1


def faults(seed: int) -> Faults:
    """Return every kind of fault, each seldom."""
    found = Faults(seed=seed)
    for kind in KINDS:
        found.add(kind, probability=PROBABILITY, **SHORT.get(kind, {}))
    return found


def _ends(values: Sequence[int]) -> tuple[float, float]:
    """Return the medians of the first quarter behind the first tenth, and of the last quarter."""
    quarter = max(len(values) // 4, 1)
    return statistics.median(values[len(values) // 10 :][:quarter]), statistics.median(values[-quarter:])


async def soak(seconds: float, seed: int) -> tuple[dict[str, Any], list[str]]:
    """Run, and return what was measured and what is wrong."""
    watch, journal, wrong = Watch(), Journal(most=2000), list[str]()
    spoofer = Spoofer(
        Device(channels=4, speed=100.0, seed=seed), port=0, journal=journal, faults=faults(seed),
        on_message=watch.on_message,
    )  # fmt: skip
    before = len(asyncio.all_tasks())
    async with spoofer:
        words = [str(spoofer.port), str(seconds), str(seed)]
        clients = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.soak.load", *words, stdout=asyncio.subprocess.PIPE
        )
        assert clients.stdout is not None
        last = began = time.monotonic()
        counts: dict[str, int] = {}
        async for line in clients.stdout:
            counts = json.loads(line)
            watch.memory_kb.append(resident_kb())
            watch.objects.append(len(gc.get_objects()))
            watch.tasks.append(len(asyncio.all_tasks()))
            if time.monotonic() - last >= 30.0:
                last = time.monotonic()
                print(f"{last - began:6.0f} s  {watch.memory_kb[-1]:8d} kB  {counts}", flush=True)
        lasted = time.monotonic() - began
        if await clients.wait():
            wrong.append("the clients failed")
        deadline = time.monotonic() + 10.0
        while spoofer.connections and time.monotonic() < deadline:  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.1)
        left = spoofer.connections
    gc.collect()
    await asyncio.sleep(0.1)
    tasks_left = len(asyncio.all_tasks()) - before
    read_and_dropped = journal.count("dropped") - journal.count("dropped", "")
    memory, objects = _ends(watch.memory_kb), _ends(watch.objects)
    report = {
        "seconds": round(lasted, 1),
        "requests_per_s": round(watch.seen[Direction.REQUEST] / lasted),
        "journal": {event: journal.count(event) for event in (
            "connected", "closed", "refused", "request", "feedback", "fault", "dropped", "error"
        )},
        "clients": counts,
        "memory_kb": {"first": memory[0], "last": memory[1], "most": max(watch.memory_kb)},
        "objects": {"first": objects[0], "last": objects[1], "most": max(watch.objects)},
        "most_tasks": max(watch.tasks) - before,
        "tasks_left": tasks_left,
    }  # fmt: skip
    if memory[1] > memory[0] * (1 + MORE_MEMORY):
        wrong.append(f"memory grew from {memory[0]} to {memory[1]} kB")
    if objects[1] > objects[0] * (1 + MORE_OBJECTS):
        wrong.append(f"there were {objects[0]} objects, and then {objects[1]}")
    if tasks_left > 0:
        wrong.append(f"{tasks_left} tasks are left")
    if journal.count("error"):
        wrong.append(f"{journal.count('error')} defects, see the log")
    if journal.count("connected") != journal.count("closed"):
        wrong.append("not every connection of the journal has an end")
    if journal.count("connected") != counts.get("connections"):
        wrong.append("not every connection is in the journal")
    told = journal.count("request") + journal.count("feedback")
    seen = sum(watch.seen.values())
    if seen != told + read_and_dropped:
        wrong.append(f"{seen} messages were seen, {told + read_and_dropped} are in the journal")
    if journal.count() != journal.last:
        wrong.append("the journal's numbers have gaps")
    if left:
        report["hung_up_late"] = left
    return report, wrong


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    report, wrong = asyncio.run(soak(arguments.minutes * 60.0, arguments.seed))
    print(json.dumps(report, indent=2))
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
