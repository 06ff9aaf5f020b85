"""PostgreSQL gets what SQLite gets; while it is away nothing is lost, and two loggers share one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cti_client.record import open_sink
from cti_client.record.tables import TABLES
from cti_schema.errors import ConfigurationError
from spoofer import Device, running
from tests.record.support import a_test, batches, fleet, log, poll, reading

sa = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
if sys.platform == "win32":
    pytest.skip("the tests' PostgreSQL server needs a POSIX system", allow_module_level=True)

from tests.record.postgres import Server, serving  # noqa: E402 - there is no pwd on Windows


@pytest.fixture(scope="module", name="server")
def server_fixture() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(name="url")
def url_fixture(server: Server) -> str:
    """A database without our tables."""
    ask(server.url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return server.url


def ask(url: str, *queries: str) -> list[Any]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SET TIME ZONE 'UTC'"))
            for query in queries:
                found = connection.execute(sa.text(query))
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


MADE = [*batches(a_test(10)), *batches([poll(20, reading()), poll(21, error="reset"), poll(29, reading())])]


def content(url: str) -> list[Any]:
    return [ask(url, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in TABLES]


def test_postgresql(url: str) -> None:
    with closing(open_sink(url)) as sink:
        sink.write(MADE)
    assert ask(url, "SELECT count(*), CAST(min(slot) AS text), max(voltage_v) FROM readings") == [
        (13, "2026-03-24 08:00:00+00", 4.625)
    ]
    assert ask(url, "SELECT test_name, CAST(last_time AS text), running FROM tests") == [
        ("cell-1", "2026-03-24 08:00:09.25+00", 0)
    ]
    assert ask(url, "SELECT previous_status, status FROM status_changes ORDER BY slot") == [
        (None, "idle"), ("idle", "charge"), ("charge", "finished"), ("finished", "idle"),
    ]  # fmt: skip


def test_a_repeat_changes_nothing(url: str) -> None:
    with closing(open_sink(url)) as sink:
        sink.write(MADE)
        before = content(url)
        sink.write(MADE)
        sink.write(MADE[3:7])
    with closing(open_sink(url)) as sink:
        sink.write(MADE[:6])
    assert content(url) == before
    assert [len(rows) for rows in before] == [13, 1, 2, 4, 1, 0]


def test_the_way_for_other_databases_does_the_same(tmp_path: Path) -> None:
    from cti_client.record.sinks.database import DatabaseSink

    sink: Any = DatabaseSink(f"sqlite+pysqlite:///{tmp_path / 'one'}")
    other: Any = DatabaseSink(f"sqlite+pysqlite:///{tmp_path / 'two'}")
    other._known = False
    later = batches(replace(one, time=one.time + 70) for one in a_test(10))
    with closing(sink), closing(other):
        for one in (sink, other):
            for made in (MADE, later, MADE[3:7]):
                one.write(made)
            with one._engine.connect() as connection:
                one.found = [
                    connection.execute(sa.text(f"SELECT * FROM {name} ORDER BY 1, 2, 3")).fetchall()
                    for name in TABLES
                ]
    assert sink.found == other.found


def test_two_loggers_at_once(url: str, tmp_path: Path) -> None:
    """Both poll the same cyclers at the same moments, and write at the same time."""
    with ExitStack() as stack:
        names = ("north", "south", "east")
        cyclers = [stack.enter_context(running(Device(4, serial_number=number))) for number in range(3)]
        ports = {name: one.port for name, one in zip(names, cyclers, strict=True)}

        def one(number: int) -> None:
            log(
                fleet(**ports), [open_sink(url)], tmp_path / f"{number}.spool",
                lambda logger: logger.readings >= 12 * 20, rate_hz=10.0,
            )  # fmt: skip

        threads = [Thread(target=one, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ((rows, slots),) = ask(url, "SELECT count(*), count(DISTINCT slot) FROM readings WHERE cycler = 'north'")
    assert rows == 4 * slots
    assert 20 <= slots < 32
    assert ask(url, "SELECT count(*) FROM status_changes") == [(12,)]


def test_a_server_that_goes_away_costs_nothing(server: Server, url: str, tmp_path: Path) -> None:
    said: list[str] = []
    file = tmp_path / "readings.sqlite"
    steps = iter([server.stop, server.start])
    counts = [40, 120]

    def until(logger: Any) -> bool:
        """Stop the server after 40 readings, start it after 120, and end when all is written."""
        if counts and logger.readings >= counts[0]:
            counts.pop(0)
            Thread(target=next(steps)).start()
        return bool(logger.readings >= 200 and len(said) == 3)

    with running(Device(4)) as north:
        logger = log(
            fleet(north=north.port), [open_sink(url), open_sink(str(file))], tmp_path / "a.spool",
            until, rate_hz=20.0, say=said.append,
        )  # fmt: skip
    name = logger.sinks[0].name
    assert name.startswith("postgresql+psycopg://lab@/postgres?host=")
    assert said[0] == "north: 4 channels"
    assert said[1].startswith(f"{name}: ")
    assert said[1].endswith("; readings wait in the spool")
    assert said[2] == f"{name}: works again"
    assert [(sink.waiting, sink.lost, sink.error) for sink in logger.sinks] == [(0, 0, None)] * 2
    found = ask(url, "SELECT channel, CAST(time AS text) FROM readings")
    assert len(found) == len(set(found)) == logger.readings == logger.sinks[1].written


def test_what_is_wrong_is_one_sentence(url: str, tmp_path: Path) -> None:
    with closing(open_sink(url)):
        ask(url, "UPDATE cti_log SET schema_version = 2")
    for target, sentence in [
        (url, "has version 2 of the schema, and this toolkit writes version 1: upgrade the toolkit"),
        (f"postgresql://lab:secret@/x?host={tmp_path}", "No such file or directory"),
        (f"postgresql://lab@/x?host={tmp_path}&password=secret", "No such file or directory"),
        ("nosuch://a/b", "SQLAlchemy knows no database 'nosuch'"),
        ("mysql+mysqldb://a/b", "the database's driver 'MySQLdb' is not installed"),
        ("postgresql://a:b:c:d/e", "this is no database's URL"),
    ]:
        with pytest.raises(ConfigurationError, match=sentence) as caught:
            open_sink(target)
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_tables_of_others(url: str) -> None:
    ask(url, "CREATE TABLE tests (a text)")
    with pytest.raises(ConfigurationError, match="has a table 'tests' that `cti log` did not make"):
        open_sink(url)


def test_a_hypertable_where_timescaledb_is(url: str) -> None:
    if not ask(url, "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"):
        pytest.skip("the extension TimescaleDB is not there")
    ask(url, "CREATE EXTENSION timescaledb")
    with closing(open_sink(url)) as sink:
        sink.write(MADE)
        sink.write(MADE)
    query = "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = 'readings'"
    assert ask(url, query) == [(1,)]
    assert ask(url, "SELECT count(*) FROM readings") == [(13,)]
