"""The client's speed: all channels in one request beside one request for each, and many cyclers at once.

The spoofers run in a process of their own. Only a ratio is asserted: how fast the machine is says nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

from cti_client import Cycler
from tests.benchmarks.client_poll import poll, serving

pytestmark = pytest.mark.benchmark

#: How many times as fast one request for all channels is as one for each.
TIMES_SINGLE_READS = 2.0


def milliseconds(act: Callable[[], Any], rounds: int) -> float:
    """Return the median time that it takes."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - began))
    return median(found)


def test_200_channels_in_one_request_and_in_200(benchmark: Any) -> None:
    with serving(1, 200) as (port,), Cycler("127.0.0.1", port) as cycler:
        cycler.login("somebody", "a password")
        channels = [cycler.channel(number) for number in range(1, 201)]
        assert len(cycler.channels()) == 200
        each_ms = milliseconds(lambda: [channel.read() for channel in channels], 5)
        all_ms = milliseconds(cycler.channels, 20)
        benchmark.extra_info |= {"each_ms": each_ms, "all_ms": all_ms, "ratio": each_ms / all_ms}
        print(f"\n200 channels: {all_ms:.1f} ms in one request, {each_ms:.1f} ms in 200")
        benchmark.pedantic(cycler.channels, rounds=5)
    assert each_ms > TIMES_SINGLE_READS * all_ms


def test_50_cyclers_of_16_channels_once_per_second(benchmark: Any) -> None:
    with serving(50, 16) as ports:
        found = benchmark.pedantic(lambda: asyncio.run(poll(ports, 3)), rounds=1)
    benchmark.extra_info |= found
    print(f"\n50 cyclers, 16 channels each, at 1 Hz: {found}")
    assert found["readings"] == 50 * 16 * 3
