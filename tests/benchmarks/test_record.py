"""How fast each sink takes readings, and how large they are there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cti_client.record import open_sink
from cti_client.record.observe import Observer
from cti_client.record.spool import Entry, Spool
from cti_client.record.tables import Batch, rows_in
from tests.record.support import AT, poll, reading

pytestmark = pytest.mark.benchmark

POLLS = 1250
CHANNELS = 16

#: Readings per second that each sink must take: some times what fifty cyclers bring.
LEAST = 2000.0


def made() -> Iterator[Batch]:
    """Yield what a cycler with sixteen running channels brings: numbers like measured ones."""
    observer = Observer("north", 1000.0)
    for second in range(POLLS):
        readings = [
            reading(
                channel, f"[1] {second // 300 + 1}: CC_{channel}, Current(A)", schedule_name="cycle.sdx",
                test_name=f"cell-{channel}", test_time_s=second + 0.123, step_time_s=second % 300 + 0.123,
                voltage_v=3.0 + (second * 7919 + channel) % 10_007 / 10_007, current_a=1.25 + channel / 1000,
                charge_capacity_ah=second / 2880, charge_energy_wh=second / 800,
            )
            for channel in range(1, CHANNELS + 1)
        ]  # fmt: skip
        yield observer.see(poll(second, *readings))


BATCHES = list(made())
READINGS = sum(map(rows_in, BATCHES))


def size(place: Path) -> int:
    files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files)


@pytest.mark.parametrize(
    ("target", "most_bytes"),
    [("{}/a.sqlite", 500), ("parquet:{}/a", 60), ("bdf.csv:{}/a", 250), ("bdf.parquet:{}/a", 100)],
)
def test_a_sink(tmp_path: Path, target: str, most_bytes: int, record_property: Any) -> None:
    began = time.perf_counter()
    with closing(open_sink(target.format(tmp_path))) as sink:
        for start in range(0, POLLS, 50):
            sink.write(BATCHES[start : start + 50])
    report(target.partition("{")[0] or "sqlite", time.perf_counter() - began, size(tmp_path), record_property)
    assert size(tmp_path) / READINGS < most_bytes


def test_postgresql(record_property: Any) -> None:
    if sys.platform == "win32":
        pytest.skip("the tests' PostgreSQL server needs a POSIX system")
    from tests.record.postgres import serving

    with serving() as server:
        import sqlalchemy as sa

        began = time.perf_counter()
        with closing(open_sink(server.url)) as sink:
            for start in range(0, POLLS, 50):
                sink.write(BATCHES[start : start + 50])
        spent = time.perf_counter() - began
        engine = sa.create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            taken = connection.scalar(sa.text("SELECT pg_total_relation_size('readings')"))
        engine.dispose()
    report("postgresql", spent, int(taken or 0), record_property)


def test_the_spool(tmp_path: Path, record_property: Any) -> None:
    began = time.perf_counter()
    with closing(Spool(tmp_path / "a.spool", 10**9, ["sink"])) as spool:
        for second, batch in enumerate(BATCHES):
            spool.put([Entry(batch, "north", "1001", AT + 1000 * second)])
        used = spool.used
        until = spool.next("sink")
        assert until is not None
        assert sum(map(rows_in, spool.batches("sink", until))) == READINGS
        spool.done("sink", until)
    report("spool, in and out", time.perf_counter() - began, used, record_property)
    assert used / POLLS < 2000


def report(what: str, seconds: float, taken: int, record_property: Any) -> None:
    rate = READINGS / seconds
    print(f"\n{what}: {rate:.0f} readings/s, {taken / READINGS:.0f} bytes per reading")
    record_property("readings_per_s", rate)
    record_property("bytes_per_reading", taken / READINGS)
    assert rate > LEAST
