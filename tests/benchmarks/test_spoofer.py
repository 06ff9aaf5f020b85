"""The spoofer's speed beside a minimal asyncio server and pycti-arbin's emulator, in the same run.

Every server and the load are processes of their own; on a machine with two cores each has one. Only ratios
are asserted: how fast the machine is says nothing.
"""

from __future__ import annotations

import importlib.util
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

pytestmark = pytest.mark.benchmark

#: How many times as many requests as the peer's emulator the spoofer answers, at 16 and 64 connections. Where
#: each asks for its own channel, more answers are worked out anew; on a busy machine that counts.
TIMES_THE_PEER = {"same": 10.0, "own": 5.0}

SECONDS = 1.0


class Server:
    """A server that runs.

    Attributes:
        port: where it listens.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self._out, self._in = process.stdout, process.stdin
        self.port = int(self._out.readline())

    def resident_kb(self) -> int:
        """Return the memory that it uses, in kB; 0 where that is not known."""
        self._in.write("?\n")
        self._in.flush()
        return int(self._out.readline())


@contextmanager
def serving(name: str) -> Iterator[Server]:
    """Run one of `tests.benchmarks.servers`."""
    if name == "peer" and importlib.util.find_spec("pyctiarbin") is None:
        pytest.skip("pycti-arbin is not installed")
    command = [sys.executable, "-m", "tests.benchmarks.servers", name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def load(port: int, connections: int, which: str, seconds: float = SECONDS) -> dict[str, Any]:
    """Put a server under load, and return what was measured."""
    words = [str(port), str(connections), str(seconds), which]
    command = [sys.executable, "-m", "tests.benchmarks.load", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("which", ["same", "own"])
@pytest.mark.parametrize("connections", [1, 16, 64])
def test_asking_for_one_channel(connections: int, which: str, benchmark: Any) -> None:
    """Each connection asks for the same channel, or for its own."""
    with ExitStack() as stack:
        names = ("minimal", "peer", "spoofer")
        ports = {name: stack.enter_context(serving(name)).port for name in names}
        rates: dict[str, float] = dict.fromkeys(names, 0.0)

        def measure() -> None:
            # In turns, the best of each: another program's turn is not a server's fault.
            for name in names:
                rates[name] = max(rates[name], load(ports[name], connections, which)["requests_per_s"])

        benchmark.pedantic(measure, rounds=4, iterations=1)
    benchmark.extra_info |= {name: round(rate) for name, rate in rates.items()}
    benchmark.extra_info["times_the_peer"] = round(rates["spoofer"] / rates["peer"], 1)
    benchmark.extra_info["of_minimal"] = round(rates["spoofer"] / rates["minimal"], 2)
    print("\n", connections, which, benchmark.extra_info)
    if connections > 1:
        assert rates["spoofer"] >= TIMES_THE_PEER[which] * rates["peer"]


def test_a_thousand_connections_are_served_alike(benchmark: Any) -> None:
    """All at once: none is starved."""
    with serving("spoofer") as server:
        found = benchmark.pedantic(load, (server.port, 1000, "own", 8.0), rounds=1, iterations=1)
    benchmark.extra_info |= found
    print("\n", found)
    assert found["least_answers"] > 0
    assert found["slowest_median_ms"] <= 3 * found["fastest_median_ms"]


def test_a_thousand_idle_connections_need_little_memory(benchmark: Any) -> None:
    """Under 100 kB each, in the server's process; the system's own buffers are not in it."""
    count = 1000
    with serving("spoofer") as server, ExitStack() as stack:
        load(server.port, 16, "own", 0.5)  # what is made once has been made
        before = server.resident_kb()
        if not before:
            pytest.skip("this system does not tell how much memory a process uses")

        def connect() -> None:
            for _ in range(count):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                sock.settimeout(10.0)
            time.sleep(0.5)

        benchmark.pedantic(connect, rounds=1, iterations=1)
        each = (server.resident_kb() - before) / count
    benchmark.extra_info["kb_per_idle_connection"] = round(each, 1)
    print("\n", round(each, 1), "kB")
    assert each < 100
