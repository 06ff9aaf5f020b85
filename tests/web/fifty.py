"""Fifty cyclers with sixteen channels each on the page, with people who look at it: at what cost.

``python -m tests.web.fifty SECONDS TABS`` prints JSON. The cyclers and the tabs are processes of their own.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import subprocess
import sys
import time
from typing import Any

from cti_client.web.serving import Page, listen
from tests.record.fifty import WARM_UP_S, resident_mb
from tests.record.support import fleet


def look(port: int, seconds: float, tabs: int) -> dict[str, Any]:
    """Ask for the overview as so many tabs do, each once per second, and return what it took."""
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=10.0) for _ in range(tabs)]
    took: list[float] = []
    sizes: list[tuple[int, int]] = []
    seen = [0] * tabs
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        for tab, connection in enumerate(connections):
            asked = time.monotonic()
            connection.request("GET", f"/api/overview?since={seen[tab]}", headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            body = answer.read()
            took.append(time.monotonic() - asked)
            whole = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
            seen[tab] = json.loads(whole)["polls"]
            sizes.append((len(whole), len(body)))
        time.sleep(max(0.0, began + 1.0 - time.monotonic()))
    took.sort()
    return {
        "answers": len(took),
        "answer_p50_s": took[len(took) // 2],
        "answer_p99_s": took[int(0.99 * len(took))],
        "largest_bytes": max(whole for whole, _ in sizes),
        "largest_bytes_compressed": max(body for _, body in sizes),
    }


async def measure(ports: dict[str, int], seconds: float, tabs: int) -> dict[str, Any]:
    """Show the cyclers for a while and return what it took."""
    async with fleet(**ports) as cyclers:
        page, listening = Page(cyclers), listen("127.0.0.1", 0)
        port = listening.getsockname()[1]
        showing = asyncio.create_task(page.run(listening, token=None, local=True))
        await asyncio.sleep(WARM_UP_S)
        began, cpu, memory, polls = time.monotonic(), time.process_time(), resident_mb(), page.monitor.polls
        command = [sys.executable, "-m", "tests.web.fifty", "look", str(port), str(seconds), str(tabs)]
        looking = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        told, _ = await looking.communicate()
        spent = time.monotonic() - began
        found = {
            "cpu_share": (time.process_time() - cpu) / spent,
            "polls_per_s": (page.monitor.polls - polls) / spent,
            "memory_before_mb": memory,
            "memory_after_mb": resident_mb(),
            **json.loads(told),
        }
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
        return found


def run(seconds: float, tabs: int) -> dict[str, Any]:
    """Start the cyclers, and return what was measured."""
    command = [sys.executable, "-m", "tests.record.fifty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cyclers:
        try:
            assert cyclers.stdout is not None
            listed = json.loads(cyclers.stdout.readline())
            ports = {f"c{number:02}": port for number, port in enumerate(listed)}
            return asyncio.run(measure(ports, seconds, tabs))
        finally:
            cyclers.kill()


if __name__ == "__main__":
    if sys.argv[1] == "look":
        print(json.dumps(look(int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))))
    else:
        print(json.dumps(run(float(sys.argv[1]), int(sys.argv[2])), indent=1))
