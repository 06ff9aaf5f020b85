"""Fifty cyclers with sixteen channels each are logged for a while: what is missing, how late, at what cost.

::

    python -m tests.record.fifty 600 readings.sqlite
    python -m tests.record.fifty 600 readings.sqlite postgresql --away 60

prints JSON. The cyclers are a process of their own. ``postgresql`` is a server that is started for this; with
``--away`` it crashes after a third of the time, and is back so many seconds later.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Timer
from typing import Any

from cti_client.record import Logger, open_sink
from spoofer import Device, Spoofer
from tests.record.postgres import serving
from tests.record.support import fleet

CYCLERS = 50
CHANNELS = 16

#: Until every cycler has been logged in to.
WARM_UP_S = 3.0


async def serve() -> None:
    """Be the cyclers: print their ports, and go on until killed."""
    spoofers = [
        Spoofer(Device(CHANNELS, serial_number=number, seed=number), port=0) for number in range(CYCLERS)
    ]
    for spoofer in spoofers:
        await spoofer.start()
    print(json.dumps([spoofer.port for spoofer in spoofers]), flush=True)
    await asyncio.Event().wait()


async def measure(logger: Logger, seconds: float) -> dict[str, Any]:
    """Log for a while and return what it took."""
    task = asyncio.create_task(logger.run())
    await asyncio.sleep(WARM_UP_S)
    logger.forget_lateness()
    began, cpu, memory = time.monotonic(), time.process_time(), resident_mb()
    await asyncio.sleep(seconds)
    spent = time.monotonic() - began
    found = {
        "cpu_share": (time.process_time() - cpu) / spent,
        "late_p50_s": logger.lateness_s(0.5),
        "late_p99_s": logger.lateness_s(0.99),
        "memory_before_mb": memory,
        "memory_after_mb": resident_mb(),
    }
    task.cancel()
    return found


def resident_mb() -> float:
    """Return the memory that this process uses now; 0 where that is not known."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1000.0


def count(target: str) -> int:
    """Return how many readings a database has; its key keeps any from being there twice."""
    if "://" not in target:
        with closing(sqlite3.connect(target)) as database:
            return int(database.execute("SELECT count(*) FROM readings").fetchone()[0])
    import sqlalchemy

    engine = sqlalchemy.create_engine(target.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.scalar(sqlalchemy.text("SELECT count(*) FROM readings"))
    engine.dispose()
    return int(found)


def run(seconds: float, targets: Sequence[str], away: float = 0.0) -> dict[str, Any]:
    """Return what was measured; ``missing`` are readings that a poll brought, and a target has not.

    Args:
        seconds: how long.
        targets: as `cti log` takes them, or ``postgresql`` for a server of our own.
        away: seconds that this server is away for.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        urls = []
        for target in targets:
            if target == "postgresql":
                server = stack.enter_context(serving())
                target = server.url
                if away:
                    for when, action in ((seconds / 3, server.stop), (seconds / 3 + away, server.start)):
                        timer = Timer(when, action)
                        timer.start()
                        stack.callback(timer.join)
            urls.append(target)
        cyclers = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "tests.record.fifty"], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(cyclers.kill)
        assert cyclers.stdout is not None
        ports = {f"c{number:02}": port for number, port in enumerate(json.loads(cyclers.stdout.readline()))}
        polls: list[tuple[str, int, bool]] = []
        lab = fleet(**ports)

        async def main() -> dict[str, Any]:
            async with lab:
                return await measure(logger, seconds)

        with Logger(
            lab,
            [open_sink(url) for url in urls],
            Path(folder, "a.spool"),
            say=lambda sentence: None if "channels" in sentence else print(sentence, file=sys.stderr),
            on_poll=lambda poll: polls.append((poll.cycler, poll.slot, poll.error is None)),
        ) as logger:
            found = asyncio.run(main())
        slots: dict[str, list[int]] = {name: [] for name in ports}
        for name, slot, fine in polls:
            if fine:
                slots[name].append(slot)
        due = sum((max(known) - min(known)) // 1000 + 1 for known in slots.values())
        counts = [count(url) for url in urls]
    return found | {
        "readings": logger.readings,
        "missing": {target: logger.readings - count for target, count in zip(targets, counts, strict=True)},
        "skipped_polls": due - sum(map(len, slots.values())),
    }


if __name__ == "__main__":
    if len(sys.argv) == 1:
        asyncio.run(serve())
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("seconds", type=float)
        parser.add_argument("targets", nargs="+")
        parser.add_argument("--away", type=float, default=0.0)
        given = parser.parse_args()
        print(json.dumps(run(given.seconds, given.targets, given.away), indent=1))
