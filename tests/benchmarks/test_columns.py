"""Columns beside a plain copy of the same bytes, and a capture to columns beside tshark and dpkt.

Ratios are asserted, times only shown. A copy is into memory that is new each time, as the columns are.
"""

from __future__ import annotations

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
from tests.benchmarks.race import Race
from tests.benchmarks.reading_capture import answers, write_capture

pytestmark = pytest.mark.benchmark

#: Ceilings: how many times as long as one copy of all bytes columns may take, by channels in a frame. Small
#: frames are so many that handling each costs more than its bytes.
AGAINST_MEMCPY = {64: 8, 1: 12}
#: Floors: how many times as fast as the other a capture becomes columns.
AGAINST_TSHARK = 30
AGAINST_DPKT = 7

FEEDBACK: Any = registry().by_name("get_channels_info_feedback")


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
    race = Race(
        {
            "columns": lambda: columns(frames, FEEDBACK),
            "memcpy": lambda: bytes(memoryview(joined)),
            "decode": lambda: [decode(frame) for frame in frames[: count // 16]],
        },
        {"decode": 16},
        rounds=11,
    )
    ratio = round(race.ratio("columns", "memcpy"), 1)
    times = round(race.ratio("decode", "columns"), 1)
    speed = round(len(joined) / race.us("columns") / 1000, 2)
    benchmark.extra_info |= {"bytes": len(joined), **race.row(), "memcpys": ratio, "GB_per_s": speed}
    print(f"\n{count} frames of {channels} channels, {len(joined) / 1e6:.0f} MB, us:", race.row())
    print({"memcpys": ratio, "times_decode": times, "GB_per_s": speed})
    benchmark.pedantic(columns, (frames, FEEDBACK), rounds=3)
    assert ratio <= AGAINST_MEMCPY[channels]


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


def medians(functions: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Return the times of functions that are called in turns."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return times


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
    times = medians(
        {
            "columns": lambda: decode_to_arrow(file),
            "dpkt packets": lambda: dpkt_streams(file),
            "dpkt and decode": lambda: dpkt_messages(file),
            "tshark packets": lambda: tshark(file, "frame.time_epoch", "tcp.stream", "tcp.payload"),
            "tshark fields": lambda: tshark(file, "frame.time_epoch", *fields, script=script),
        },
        rounds=3,
    )
    ratios = {
        name: round(statistics.median(a / b for a, b in zip(taken, times["columns"], strict=True)), 1)
        for name, taken in times.items()
    }
    seconds = {name: round(statistics.median(taken), 3) for name, taken in times.items()}
    benchmark.extra_info |= {"bytes": file.stat().st_size, **seconds}
    print(f"\n{file.stat().st_size / 1e6:.0f} MB, {table.num_rows} readings, s:", seconds, "ratios:", ratios)
    benchmark.pedantic(decode_to_arrow, (file,), rounds=3)
    assert ratios["dpkt and decode"] >= AGAINST_DPKT
    assert ratios["tshark fields"] >= AGAINST_TSHARK
