"""Fifty cyclers with sixteen channels each are logged for a while: what is missing, how late, at what cost.

``python -m tests.record.fifty SECONDS TARGET`` prints JSON. The cyclers are a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cti_client.record import Logger, open_sink
from spoofer import Device, Spoofer
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


def run(seconds: float, target: str) -> dict[str, Any]:
    """Return what was measured; ``missing`` are readings that a poll brought, and the target has not."""
    command = [sys.executable, "-m", "tests.record.fifty"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cyclers,
    ):
        try:
            assert cyclers.stdout is not None
            ports = {
                f"c{number:02}": port for number, port in enumerate(json.loads(cyclers.stdout.readline()))
            }
            polls: list[tuple[str, int, bool]] = []
            lab = fleet(**ports)

            async def main() -> dict[str, Any]:
                async with lab:
                    return await measure(logger, seconds)

            with Logger(
                lab,
                [open_sink(target)],
                Path(folder, "a.spool"),
                on_poll=lambda poll: polls.append((poll.cycler, poll.slot, poll.error is None)),
            ) as logger:
                found = asyncio.run(main())
            (sink,) = logger.sinks
        finally:
            cyclers.kill()
    slots: dict[str, list[int]] = {name: [] for name in ports}
    for name, slot, fine in polls:
        if fine:
            slots[name].append(slot)
    due = sum((max(known) - min(known)) // 1000 + 1 for known in slots.values())
    found |= {
        "readings": sink.written,
        "missing": logger.readings - sink.written,
        "skipped_polls": due - sum(map(len, slots.values())),
    }
    return found


if __name__ == "__main__":
    if len(sys.argv) == 1:
        asyncio.run(serve())
    else:
        print(json.dumps(run(float(sys.argv[1]), sys.argv[2]), indent=1))
