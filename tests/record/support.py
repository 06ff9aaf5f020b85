"""Polls and rows for the tests of recording, and a fleet of spoofers."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cti_client.credentials import Secret
from cti_client.fleet import Fleet, Place
from cti_client.readings import Reading, readings_of
from cti_client.record import Logger, Poll, Sink
from cti_client.record.observe import Observer
from cti_client.record.tables import TABLES, Batch
from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelStatus
from cti_schema.registry import registry

#: 2026-03-24 08:00 UTC, a Tuesday, in milliseconds.
AT = 1_774_339_200_000

#: A reading of an idle channel.
_FEEDBACK: Any = registry().by_name("get_channels_info_feedback")
_RECORD: Any = _FEEDBACK.spec.field("channels").item.record
(IDLE,) = readings_of([default(_FEEDBACK, channels=[default(_RECORD)])]).values()
IDLE = replace(IDLE, status=ChannelStatus.IDLE)


def reading(channel: int = 1, step: str = "", **values: Any) -> Reading:
    """Return a reading; with a step it is one of a test."""
    given: dict[str, Any] = {"channel": channel}
    if step:
        given |= {"status": ChannelStatus.CHARGE, "test_name": "cell-1", "step_and_cycle": step}
    return replace(IDLE, **(given | values))


def poll(second: int, *readings: Reading, cycler: str = "north", **values: Any) -> Poll:
    """Return a poll so many seconds behind `AT`, answered a quarter of a second later."""
    slot = AT + 1000 * second
    given: dict[str, Any] = {"slot": slot, "time": slot + 250, "latency_s": 0.25, "readings": readings}
    return Poll(cycler, "1001", **(given | values))


def batches(polls: Iterable[Poll]) -> list[Batch]:
    """Return what an observer makes of polls."""
    observer = Observer("north", 1000.0)
    return [observer.see(one) for one in polls]


def named(batch: Batch, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table with the names of their columns."""
    return [dict(zip(TABLES[table].names, row, strict=True)) for row in batch.get(table, ())]


def a_test(seconds: int = 10, channel: int = 1, name: str = "cell-1") -> list[Poll]:
    """Return the polls of a test with two steps that begins after a second and ends in the last one."""
    polls = [poll(0, reading(channel))]
    for second in range(1, seconds):
        step = "[1] 1: CC, Current(A)" if second < seconds // 2 else "[1] 2: Rest, Rest"
        begin = 0 if second < seconds // 2 else seconds // 2 - 1
        polls.append(
            poll(second, reading(
                channel, step, test_name=name, schedule_name="a.sdx", barcode="A17",
                voltage_v=3.5 + second / 8, current_a=1.25,
                test_time_s=second - 1.0, step_time_s=second - 1.0 - begin,
                charge_capacity_ah=second / 100, discharge_capacity_ah=0.0,
            ))
        )  # fmt: skip
    end = reading(
        channel, status=ChannelStatus.FINISHED, test_name=name, schedule_name="a.sdx",
        exit_condition="Finished",
    )  # fmt: skip
    return [*polls, poll(seconds, end)]


@contextmanager
def database(file: Path) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Give what asks a SQLite file."""
    with closing(sqlite3.connect(file)) as opened:
        yield lambda query, *values: opened.execute(query, values).fetchall()


def ask(file: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with database(file) as run:
        return run(query, *values)


def fleet(**ports: int) -> Fleet:
    """Return a fleet of local cyclers by their ports."""
    places = [Place(name, "127.0.0.1", port, "lab") for name, port in ports.items()]
    return Fleet(places, {name: Secret("x") for name in ports}, timeout_s=5.0)


def log(
    cyclers: Fleet, sinks: list[Sink], spool: Path, until: Callable[[Logger], bool], **options: Any
) -> Logger:
    """Log until something is the case, and return the logger, closed."""

    async def main(logger: Logger) -> None:
        async with cyclers:
            running = asyncio.create_task(logger.run())
            deadline = time.monotonic() + 30.0
            while not until(logger):
                assert time.monotonic() < deadline, (logger.sinks, logger.polls)
                if running.done():
                    await running
                await asyncio.sleep(0.02)
            running.cancel()

    with Logger(cyclers, sinks, spool, **options) as logger:
        asyncio.run(main(logger))
    return logger


async def came(true: Callable[[], Any]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + 30.0
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
