"""Columns beside a plain copy of the same bytes, and a capture to columns beside tshark and dpkt.

Ratios are asserted, times only shown. A copy is into memory that is new each time, as the columns are.
"""

from __future__ import annotations

import gc
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

from cti_client.capture import decode_to_arrow
from cti_schema import decode
from cti_schema.columns import columns
from cti_schema.derive.wireshark import dissector
from cti_schema.registry import messages, registry
from tests.benchmarks.reading_capture import answers, write_capture

pytestmark = pytest.mark.benchmark

#: Ceiling: how many times as long as one copy of all bytes columns may take.
AGAINST_MEMCPY = 8
#: Floors: how many times as fast as the other a capture becomes columns.
AGAINST_TSHARK = 30
AGAINST_DPKT = 7

FEEDBACK: Any = registry().by_name("get_channels_info_feedback")


def in_turns(
    functions: dict[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.process_time
) -> dict[str, list[float]]:
    """Return the times of functions that are called in turns.

    Processor time by default: a turn is so long that other programs would be measured too.
    """
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            gc.collect()
            start = clock()
            function()
            times[name].append(clock() - start)
    return times


def ratio_of(slow: list[float], fast: list[float]) -> float:
    """Return how many times as long one takes as another: the median over the rounds."""
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))


@pytest.mark.parametrize(("channels", "count"), [(64, 256), (1, 8192)])
def test_columns(channels: int, count: int, benchmark: Any) -> None:
    """Checksums, numbers, texts and lists of many frames."""
    different = answers(channels, 32)
    # Bytes of their own for each frame: 32 alone would stay in the processor's cache.
    frames = [bytes(bytearray(different[number % 32])) for number in range(count)]
    joined = b"".join(frames)
    last = decode(frames[-1]).channels[-1]  # type: ignore[attr-defined]
    found = columns(frames, FEEDBACK)
    assert found["channels.voltage_v"].values[-1] == last.voltage_v
    assert found["channels.test_name"].tolist()[-1] == last.test_name
    times = in_turns(
        {
            "columns": lambda: columns(frames, FEEDBACK),
            "memcpy": lambda: bytes(memoryview(joined)),
            "decode": lambda: [decode(frame) for frame in frames[: count // 16]],
        },
        rounds=11,
    )
    ratio = round(ratio_of(times["columns"], times["memcpy"]), 1)
    faster = round(16 * ratio_of(times["decode"], times["columns"]), 1)
    seconds = {name: round(statistics.median(taken), 5) for name, taken in times.items()}
    speed = round(len(joined) / seconds["columns"] / 1e9, 2)
    benchmark.extra_info |= {"bytes": len(joined), **seconds, "memcpys": ratio, "GB_per_s": speed}
    print(f"\n{count} frames of {channels} channels, {len(joined) / 1e6:.0f} MB, s:", seconds)
    print({"memcpys": ratio, "times_decode": faster, "GB_per_s": speed})
    benchmark.pedantic(columns, (frames, FEEDBACK), rounds=3)
    assert ratio <= AGAINST_MEMCPY


def dpkt_streams(file: Path) -> dict[Any, bytes]:
    """Return the bytes of all TCP streams: every packet decoded by dpkt, nothing of CTI."""
    import dpkt

    parts: dict[Any, list[bytes]] = {}
    with file.open("rb") as stream:
        for _, data in dpkt.pcap.Reader(stream):
            ip = dpkt.ethernet.Ethernet(data).data
            parts.setdefault((ip.src, ip.data.sport, ip.dst, ip.data.dport), []).append(ip.data.data)
    return {key: b"".join(found) for key, found in parts.items()}


def dpkt_messages(file: Path) -> int:
    """Return the number of channels in a capture whose frames are decoded, one by one, behind dpkt."""
    from cti_schema import FrameBuffer

    count = 0
    for data in dpkt_streams(file).values():
        for frame in FrameBuffer().feed(data):
            count += len(getattr(decode(frame), "channels", ()))
    return count


def tshark(file: Path, *fields: str, script: Path | None = None) -> None:
    """Write fields of all packets with tshark."""
    lua = [] if script is None else ["-X", f"lua_script:{script}"]
    columns_ = [part for field in fields for part in ("-e", field)]
    command = ["tshark", *lua, "-r", str(file), "-T", "fields", *columns_]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def test_capture(tmp_path: Path, benchmark: Any) -> None:
    """A capture of 25 MB.

    *tshark fields* writes three fields of each channel, with the dissector that is made of the same
    declarations; *tshark packets* only the bytes of each packet; *dpkt packets* joins them to streams;
    *dpkt and decode* makes an object of each message too.
    """
    pytest.importorskip("dpkt")
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    file, script = tmp_path / "polls.pcap", tmp_path / "cti.lua"
    script.write_text(dissector(messages()), encoding="utf-8")
    count = write_capture(file, 25_000_000)
    table = decode_to_arrow(file)
    assert table.num_rows == 64 * count == dpkt_messages(file)
    assert json.loads(table.schema.metadata[b"cti"]) == {"frames": 2 * count, "problems": {}, "notes": []}
    path = f"cti.{FEEDBACK.spec.name}.channels"
    fields = [f"{path}.{name}" for name in ("channel_index", "voltage_v", "current_a")]
    columns_ = {"columns": lambda: decode_to_arrow(file)}
    times = in_turns(
        columns_
        | {"dpkt packets": lambda: dpkt_streams(file), "dpkt and decode": lambda: dpkt_messages(file)},
        rounds=5,
    )
    processes = in_turns(
        columns_
        | {
            "tshark packets": lambda: tshark(file, "frame.time_epoch", "tcp.stream", "tcp.payload"),
            "tshark fields": lambda: tshark(file, "frame.time_epoch", *fields, script=script),
        },
        rounds=2,
        clock=time.perf_counter,  # another process has a processor time of its own
    )
    ratios = {
        name: round(ratio_of(taken, found["columns"]), 1)
        for found in (times, processes)
        for name, taken in found.items()
    }
    seconds = {name: round(statistics.median(taken), 3) for name, taken in (processes | times).items()}
    benchmark.extra_info |= {"bytes": file.stat().st_size, **seconds}
    print(f"\n{file.stat().st_size / 1e6:.0f} MB, {table.num_rows} readings, s:", seconds, "ratios:", ratios)
    benchmark.pedantic(decode_to_arrow, (file,), rounds=3)
    assert ratios["dpkt and decode"] >= AGAINST_DPKT
    assert ratios["tshark fields"] >= AGAINST_TSHARK
