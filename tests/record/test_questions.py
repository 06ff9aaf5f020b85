"""The queries of docs/logging.md: each is run, in SQLite and in PostgreSQL, and finds what was recorded."""

from __future__ import annotations

import re
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cti_client.readings import Reading
from cti_client.record import Poll, open_sink
from cti_client.record.observe import Observer
from cti_schema.enums import ChannelStatus
from tests.cli.running import ROOT
from tests.record.support import a_test, ask, poll, reading

PAGE = (ROOT / "docs" / "logging.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)

HOT = "[7] 3: CC, Current(A)"


def recorded() -> list[Any]:
    """Return what two cyclers did: a test that ended, one that became unsafe, one that runs, and a gap."""

    def warm(one: Reading) -> Reading:
        raw: Any = one.raw
        return replace(one, raw=replace_aux(raw))

    def replace_aux(raw: Any) -> Any:
        from cti_schema.derive.defaults import default

        kind = type(raw).spec.field("aux_temperature").item.record
        return default(type(raw), aux_temperature=[kind(value=42.5, dt_value=0.0)])

    south: list[Poll] = [
        poll(0, reading(1), reading(2), cycler="south"),
        poll(1, reading(1, HOT, test_name="hot"), warm(reading(2, HOT, test_name="pack")), cycler="south"),
        poll(2, error="connection refused", cycler="south"),
        poll(6, reading(
            1, status=ChannelStatus.UNSAFE, test_name="hot", exit_condition="Unsafe voltage"
        ), reading(2, HOT, test_name="pack", voltage_v=4.0), cycler="south"),
    ]  # fmt: skip
    found = []
    for observer, polls in (
        (Observer("north", 1000.0), a_test(10, channel=5)),
        (Observer("south", 1000.0), [replace(one, serial_number="1002") for one in south]),
    ):
        found += [observer.see(one) for one in polls]
    return found


DAY = "2026-03-24T08:00:{:06.3f}Z"

EXPECTED: list[list[tuple[Any, ...]]] = [
    [("cell-1", "a.sdx", DAY.format(1.25), DAY.format(9.25))],
    [("south", 2, "pack", "charge", DAY.format(1.25))],
    [
        ("north", 5, DAY.format(10.25), "finished", 0.0, 0.0),
        ("south", 1, DAY.format(6.25), "unsafe", 0.0, 0.0),
        ("south", 2, DAY.format(6.25), "charge", 4.0, 0.0),
    ],
    [(second - 1.0, 3.5 + second / 8, 1.25, None) for second in range(1, 10)] + [(0.0, 0.0, 0.0, None)],
    [(1, 0.09, 0.0), (None, 0.0, 0.0)],
    [
        (1, 1, "CC", "Current(A)", 0, DAY.format(1.25), DAY.format(4.25)),
        (1, 2, "Rest", "Rest", 4, DAY.format(5.25), DAY.format(9.25)),
    ],
    [(DAY.format(6.25), "south", 1, "hot", "charge", "Unsafe voltage")],
    [("south", 2, "pack", 42.5)],
    [("south", "cycler away", DAY.format(2), DAY.format(6), "connection refused")],
    [("north", 11, 0.25, 0.25), ("south", 3, 0.25, 0.25)],
]


def sorted_rows(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(rows, key=repr)


def test_there_are_ten() -> None:
    assert len(QUERIES) == len(EXPECTED) == 10


@pytest.fixture(scope="module", name="file")
def file_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("questions") / "readings.sqlite"
    with closing(open_sink(str(file))) as sink:
        sink.write(recorded())
    return file


@pytest.mark.parametrize("number", range(10))
def test_a_question_in_sqlite(file: Path, number: int) -> None:
    assert sorted_rows(ask(file, QUERIES[number])) == sorted_rows(EXPECTED[number])


@pytest.mark.parametrize("number", [3, 4])
def test_questions_about_one_channel_do_not_read_all(file: Path, number: int) -> None:
    plan = ask(file, "EXPLAIN QUERY PLAN " + QUERIES[number])
    assert "SEARCH readings USING PRIMARY KEY (serial_number=? AND channel=?)" in plan[0][3]


@pytest.mark.skipif(sys.platform == "win32", reason="the tests' PostgreSQL server needs a POSIX system")
def test_the_questions_in_postgresql() -> None:
    from datetime import datetime

    from tests.record.postgres import serving

    def text(value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"

    with serving() as server:
        import sqlalchemy as sa

        with closing(open_sink(server.url)) as sink:
            sink.write(recorded())
        engine = sa.create_engine(server.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            connection.execute(sa.text("SET TIME ZONE 'UTC'"))
            found = [connection.exec_driver_sql(query).fetchall() for query in QUERIES]
        engine.dispose()
    for number, rows in enumerate(found):
        told = [tuple(map(text, row)) for row in rows]
        assert sorted_rows(told) == sorted_rows(EXPECTED[number]), QUERIES[number]
