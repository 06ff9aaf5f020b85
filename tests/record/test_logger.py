"""From a cycler to the sinks: nothing is lost when something is away, slow, or killed at any moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Event, Thread

import pytest

from cti_client.record import Logger, open_sink
from cti_client.record.tables import Batch, rows_in
from cti_schema.errors import ConfigurationError, LoginRefused
from cti_schema.message import Direction, Message
from spoofer import Device, Spoofer, User, running
from tests.cli.running import ROOT
from tests.record.support import ask, came, fleet, log


class Failing:
    """A sink that fails until it is told not to."""

    name = "failing"
    every_s = 0.0

    def __init__(self) -> None:
        self.works = False
        self.rows = 0
        self.closed = False

    def write(self, batches: Iterable[Batch]) -> None:
        if not self.works:
            raise RuntimeError("away\nand more")
        self.rows += sum(map(rows_in, batches))

    def close(self) -> None:
        self.closed = True


def test_readings_of_a_fleet(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    with running(Device(4, serial_number=1)) as north, running(Device(2, serial_number=2)) as south:
        logger = log(
            fleet(north=north.port, south=south.port), [open_sink(str(file))], tmp_path / "a.spool",
            lambda logger: logger.readings >= 6 * 10, rate_hz=20.0,
        )  # fmt: skip
    counts = dict(ask(file, "SELECT cycler, count(*) FROM readings GROUP BY 1"))
    assert sum(counts.values()) == logger.readings == logger.sinks[0].written
    assert set(counts) == {"north", "south"}
    assert ask(file, "SELECT DISTINCT serial_number, cycler FROM readings ORDER BY 1") == [
        ("1", "north"), ("2", "south"),
    ]  # fmt: skip
    assert ask(file, "SELECT count(*) FROM gaps WHERE reason <> 'late answer'") == [(0,)]
    assert ask(file, "SELECT DISTINCT temperature_t1_degc FROM readings") == [(25.0,)]


def test_a_sink_that_fails_costs_the_others_nothing(tmp_path: Path) -> None:
    file, failing, said = tmp_path / "readings.sqlite", Failing(), list[str]()

    def until(logger: Logger) -> bool:
        if logger.sinks[1].written >= 40:
            assert logger.sinks[0].waiting >= 40 or failing.works
            failing.works = True
        return failing.rows >= 60

    with running(Device(4)) as north:
        sinks = [failing, open_sink(str(file))]
        logger = log(
            fleet(north=north.port), sinks, tmp_path / "a.spool", until, rate_hz=50.0, say=said.append
        )
    assert said == [
        "north: 4 channels", "failing: away; readings wait in the spool", "failing: works again"
    ]  # fmt: skip
    assert failing.rows == logger.readings == logger.sinks[1].written
    assert failing.closed


def test_a_sink_that_hangs_stops_neither_the_others_nor_the_end(tmp_path: Path) -> None:
    file, hanging, free = tmp_path / "readings.sqlite", Failing(), Event()
    hanging.write = lambda batches: free.wait() and None  # type: ignore[method-assign,assignment]
    with running(Device(4)) as north:
        logger = Logger(
            fleet(north=north.port), [hanging, open_sink(str(file))], tmp_path / "a.spool", rate_hz=50.0
        )

        async def main() -> None:
            task = asyncio.create_task(logger.run())
            await came(lambda: logger.sinks[1].written >= 40)
            task.cancel()

        asyncio.run(main())
        logger.close(timeout_s=0.2)
        assert logger.sinks[1].written == logger.readings == logger.sinks[0].waiting
        free.set()
        logger.close()


def test_what_waits_is_written_by_the_next_logger(tmp_path: Path) -> None:
    failing, spool = Failing(), tmp_path / "a.spool"
    with running(Device(4)) as north:
        first = log(
            fleet(north=north.port), [failing], spool, lambda logger: logger.readings >= 20, rate_hz=20.0
        )
        assert failing.rows == 0
        works = Failing()
        works.works = True
        second = log(
            fleet(north=north.port), [works], spool, lambda logger: logger.readings >= 20, rate_hz=20.0
        )
    assert works.rows == first.readings + second.readings


def test_a_cycler_that_goes_and_comes_back_leaves_a_gap(tmp_path: Path) -> None:
    file, said = tmp_path / "readings.sqlite", list[str]()
    with running(Device(2)) as first:
        port = first.port
        cyclers = fleet(north=port)
        back = Event()

        def come_back() -> None:
            with running(Device(2), port=port):
                back.wait(30.0)

        async def main(logger: Logger) -> None:
            task = asyncio.create_task(logger.run())
            await came(lambda: logger.readings >= 10)
            await asyncio.to_thread(first.call, lambda: loop_of(first).create_task(first.close()))
            await came(lambda: logger.polls["north"].error is not None)
            thread = Thread(target=come_back)
            thread.start()
            await came(lambda: logger.polls["north"].error is None)
            task.cancel()
            await cyclers.close()
            back.set()
            thread.join()

        with Logger(
            cyclers, [open_sink(str(file))], tmp_path / "a.spool", rate_hz=20.0, say=said.append
        ) as logger:
            asyncio.run(main(logger))
    assert [one.partition(":")[2].strip() for one in (said[0], said[2])] == ["2 channels", "2 channels"]
    ((first_slot, end, reason, detail),) = ask(file, "SELECT first_slot, end_slot, reason, detail FROM gaps")
    assert reason == "cycler away"
    assert said[1] == f"north: {detail}"
    inside = ask(file, "SELECT count(*) FROM readings WHERE slot >= ? AND slot < ?", first_slot, end)
    assert inside == [(0,)]
    assert ask(file, "SELECT count(*) FROM readings WHERE slot = ?", end) == [(2,)]


def test_a_clock_that_is_set_is_recorded_and_nothing_is_lost(tmp_path: Path) -> None:
    file, shift, said = tmp_path / "readings.sqlite", [0.0], list[str]()

    def until(logger: Logger) -> bool:
        if logger.readings >= 20:
            shift[0] = -60.0
        return logger.readings >= 40

    with running(Device(2)) as north:
        logger = log(
            fleet(north=north.port), [open_sink(str(file))], tmp_path / "a.spool", until, rate_hz=20.0,
            say=said.append, wall=lambda: time.time() + shift[0],
        )  # fmt: skip
    assert said[1] == "the clock was set back by 60.000 s"
    assert ask(file, "SELECT round(step_s, 1) FROM clock_steps") == [(-60.0,)]
    assert ask(file, "SELECT count(*) FROM readings") == [(logger.readings,)]
    long = "SELECT count(*) FROM gaps WHERE abs(julianday(end_slot) - julianday(first_slot)) * 86400 > 30"
    assert ask(file, long) == [(0,)]


def test_two_loggers_of_one_cycler_share_a_file(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    with running(Device(4)) as north:

        def one(number: int) -> None:
            log(
                fleet(north=north.port), [open_sink(str(file))], tmp_path / f"{number}.spool",
                lambda logger: logger.readings >= 4 * 20, rate_hz=10.0,
            )  # fmt: skip

        threads = [Thread(target=one, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ((rows, slots),) = ask(file, "SELECT count(*), count(DISTINCT slot) FROM readings")
    assert rows == 4 * slots
    assert 20 <= slots < 32  # not 40: they poll for the same slots
    assert ask(file, "SELECT count(*) FROM status_changes") == [(4,)]


def test_who_is_refused_everywhere_is_told(tmp_path: Path) -> None:
    with running(Device(2), users={"other": User("x")}) as north, pytest.raises(LoginRefused):
        log(fleet(north=north.port), [Failing()], tmp_path / "a.spool", lambda logger: False)


def test_a_sink_that_is_given_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="failing is given twice"):
        Logger(fleet(north=1), [Failing(), Failing()], tmp_path / "a.spool")


def test_a_full_disk_of_the_spool_is_survived(tmp_path: Path) -> None:
    sink, said = Failing(), list[str]()

    def until(logger: Logger) -> bool:
        full = any("disk is full; readings wait in memory" in one for one in said)
        if logger.readings >= 20 and not sink.works:
            with logger.spool.news:
                logger.spool._database.execute(f"PRAGMA max_page_count = {10_000_000 if full else 1}")
            sink.works = full
        return sum(one.endswith("works again") for one in said) == 2

    with running(Device(4)) as north:
        logger = log(
            fleet(north=north.port), [sink], tmp_path / "a.spool", until, rate_hz=50.0, say=said.append
        )
    assert sink.rows == logger.readings


def loop_of(spoofer: Spoofer) -> asyncio.AbstractEventLoop:
    assert spoofer._loop is not None
    return spoofer._loop


KILLED = 3


def test_a_logger_that_is_killed_at_any_moment_loses_the_last_poll_at_most(tmp_path: Path) -> None:
    """What a poll brought stands in the database when the next logger has started, but for the last."""
    lab, file = tmp_path / "lab.toml", tmp_path / "readings.sqlite"
    chance = random.Random(8)
    answered: list[Message] = []

    def count(direction: Direction, message: Message, *_: object) -> None:
        if message.spec.name == "get_channels_info_feedback":
            answered.append(message)

    with running(Device(8), on_message=count) as north:
        lab.write_text(f'[[cycler]]\nname = "north"\nhost = "127.0.0.1"\nport = {north.port}\nuser = "lab"\n')
        for _ in range(KILLED):
            with started(lab, tmp_path) as process:
                last = wait_for_slots(file, 3)
                time.sleep(chance.random() * 0.2)
                process.kill()
            assert ask(file, "PRAGMA integrity_check") == [("ok",)]
            assert ask(file, "SELECT count(*) FROM readings GROUP BY slot HAVING count(*) <> 8") == []
            assert ask(file, "SELECT max(slot) FROM readings") >= [(last,)]
        with started(lab, tmp_path) as process:
            wait_for_slots(file, 3)
            process.send_signal(signal.SIGINT if os.name == "posix" else signal.CTRL_C_EVENT)  # type: ignore[attr-defined]
            assert process.wait(30.0) == 0
    ((polls,),) = ask(file, "SELECT count(DISTINCT slot) FROM readings")
    assert len(answered) - KILLED - 1 <= polls <= len(answered)  # Ctrl-C may lose one that is under way, too
    # Where a poll is missing, a gap says so.
    gaps = ask(file, "SELECT first_slot, end_slot FROM gaps WHERE reason = 'logger away'")
    assert len(gaps) == KILLED
    holes = ask(
        file,
        "SELECT previous, slot FROM (SELECT slot, lag(slot) OVER (ORDER BY slot) AS previous "
        "FROM (SELECT DISTINCT slot FROM readings)) "
        "WHERE (julianday(slot) - julianday(previous)) * 86400 > 0.15 "
        "AND slot NOT IN (SELECT end_slot FROM gaps)",
    )
    assert holes == []


class started:
    """`cti log` in a process of its own."""

    def __init__(self, lab: Path, folder: Path) -> None:
        command = [sys.executable, "-m", "cti_client.cli", "log", "--fleet", lab, "--rate", "10"]
        environment = {**os.environ, "CTI_PASSWORD": "x", "PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self._process

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def wait_for_slots(file: Path, count: int) -> str:
    """Wait until so many more polls are in the database, and return the last."""

    def slots() -> list[str]:
        try:
            return [slot for (slot,) in ask(file, "SELECT DISTINCT slot FROM readings ORDER BY 1")]
        except Exception:
            return []

    before = len(slots())
    deadline = time.monotonic() + 30.0
    while len(found := slots()) < before + count:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found[-1]
