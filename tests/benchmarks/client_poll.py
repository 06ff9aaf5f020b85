"""One asyncio program that polls many cyclers, all channels of each in one request, once per second.

    python -m tests.benchmarks.client_poll --cyclers 50 --channels 16 --seconds 600

The spoofers run in a process of their own. Shown are the program's share of one CPU, how late readings are
(from the moment at which they were due to the moment at which they were there), and its memory over time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from cti_client.aio import Cycler
from spoofer import Device, Spoofer


async def serve(cyclers: int, channels: int) -> None:
    """Serve so many spoofers, and say their ports, until standard input ends."""
    async with AsyncExitStack() as stack:
        spoofers = [
            await stack.enter_async_context(Spoofer(Device(channels=channels, seed=number), port=0))
            for number in range(cyclers)
        ]
        print(json.dumps([one.port for one in spoofers]), flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextmanager
def serving(cyclers: int, channels: int) -> Iterator[list[int]]:
    """Run spoofers in a process of their own, and give their ports."""
    command = [sys.executable, "-m", "tests.benchmarks.client_poll", "--serve"]
    command += ["--cyclers", str(cyclers), "--channels", str(channels)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


async def poll(ports: Sequence[int], seconds: int) -> dict[str, Any]:
    """Poll the cyclers once per second, and return what came of it."""
    late = array("d")  # little memory, so that the program's own shows
    readings = [0]
    memory: list[int] = []
    loop = asyncio.get_running_loop()

    async def watch(cycler: Cycler, began: float) -> None:
        for number in range(seconds):
            due = began + number
            await asyncio.sleep(max(due - loop.time(), 0.0))
            found = await cycler.channels()
            readings[0] += len(found)  # not in one line with the await: other tasks count meanwhile
            late.append(loop.time() - due)

    async def remember(began: float) -> None:
        for number in range(0, seconds, max(seconds // 20, 1)):
            await asyncio.sleep(max(began + number - loop.time(), 0.0))
            memory.append(resident_kb())

    async with AsyncExitStack() as stack:
        cyclers = [await stack.enter_async_context(Cycler("127.0.0.1", port)) for port in ports]
        await asyncio.gather(*(cycler.login("somebody", "a password") for cycler in cyclers))
        began, used = loop.time() + 0.2, time.process_time()
        # Each cycler's second begins at its own moment, as programs that were started one by one do.
        shifted = (watch(one, began + number / len(cyclers)) for number, one in enumerate(cyclers))
        await asyncio.gather(*shifted, remember(began))
        share = (time.process_time() - used) / (loop.time() - began)
    lates = sorted(late)
    return {
        "readings": readings[0],
        "cpu_share": round(share, 4),
        "late_ms": {
            name: round(1000 * lates[min(int(len(lates) * part), len(lates) - 1)], 2)
            for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        },
        "memory_kb": memory,
    }


def resident_kb() -> int:
    """Return the memory that this process uses, in kB; 0 where that is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cyclers", type=int, default=50)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.cyclers, options.channels))
        return
    with serving(options.cyclers, options.channels) as ports:
        print(json.dumps(asyncio.run(poll(ports, options.seconds)), indent=1))


if __name__ == "__main__":
    main()
