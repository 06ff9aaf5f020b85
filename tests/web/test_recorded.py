"""Older points of a test, from the file that `cti log` writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cti_client.record import open_sink
from cti_client.record.observe import Observer, Poll
from cti_client.web.app import application
from cti_client.web.monitor import Monitor
from cti_client.web.recorded import MOST_POINTS, Recorded
from cti_schema.errors import ConfigurationError
from tests.record.support import AT, a_test, poll, reading
from tests.web.support import ask, away


def running(second: int) -> Poll:
    """Return a poll of a test that has run since the beginning."""
    volts = 3.0 + second / 10_000
    times = {"test_time_s": float(second), "step_time_s": 1.0}
    return poll(second, reading(1, "[1] 1: CC, Current(A)", voltage_v=volts, current_a=1.25, **times))


def written(file: Path, polls: Iterable[Poll]) -> Path:
    observer = Observer("north", 1000.0)
    sink = open_sink(str(file))
    sink.write([*map(observer.see, polls), observer.last_rows()])
    sink.close()
    return file


def test_a_short_test_is_there_whole(tmp_path: Path) -> None:
    recorded = Recorded(written(tmp_path / "a.sqlite", [poll(0, reading(1)), *map(running, range(1, 31))]))
    points = recorded.points("1001", 1, "cell-1", AT + 20_000)
    assert points["time"] == [AT + 250 + 1000 * second for second in range(1, 20)]
    assert points["voltage_v"] == [3.0 + second / 10_000 for second in range(1, 20)]
    assert points["cycle_index"] == [1] * 19


def test_a_long_test_is_thinned_out(tmp_path: Path) -> None:
    recorded = Recorded(written(tmp_path / "a.sqlite", map(running, range(2500))))
    points = recorded.points("1001", 1, "cell-1", AT + 2_000_000)
    assert MOST_POINTS * 0.6 < len(points["time"]) <= MOST_POINTS
    assert points["time"][0] == AT + 250
    assert AT + 1_990_000 < points["time"][-1] < AT + 2_000_000
    assert points["time"] == sorted(set(points["time"]))


def test_a_gap_stays_one(tmp_path: Path) -> None:
    polls = [*map(running, range(10)), *map(away, range(10, 15)), *map(running, range(15, 20))]
    points = Recorded(written(tmp_path / "a.sqlite", polls)).points("1001", 1, "cell-1", AT + 20_000)
    assert points["voltage_v"].count(None) == 1
    assert points["time"][points["voltage_v"].index(None)] == AT + 10_000
    assert len(points["time"]) == 16


def test_the_time_behind_the_end_of_the_log_is_a_gap(tmp_path: Path) -> None:
    recorded = Recorded(written(tmp_path / "a.sqlite", map(running, range(10))))
    points = recorded.points("1001", 1, "cell-1", AT + 12_000)
    assert points["time"][-1] == AT + 9250
    points = recorded.points("1001", 1, "cell-1", AT + 60_000)
    assert points["time"][-2:] == [AT + 9250, AT + 9251]
    assert points["voltage_v"][-2:] == [3.0009, None]


@pytest.mark.parametrize(
    "test", [("1001", 2, "cell-1"), ("9", 1, "cell-1"), ("1001", 1, "cell-9"), ("1001", 1, "' OR 1=1 --")]
)
def test_another_test_has_none(tmp_path: Path, test: tuple[str, int, str]) -> None:
    recorded = Recorded(written(tmp_path / "a.sqlite", a_test()))
    assert recorded.points(*test, AT + 10**9)["time"] == []


def test_the_page_has_older_points_of_a_running_test(tmp_path: Path) -> None:
    file = written(tmp_path / "a.sqlite", map(running, range(60)))
    monitor = Monitor(["lab"], 1.0, AT)
    for second in range(50, 60):
        monitor.see(replace(running(second), cycler="lab"))
    app = application(monitor, recorded=Recorded(file))
    found = ask(app, "/api/series?cycler=lab&channel=1").json
    assert found["points"]["time"] == [AT + 250 + 1000 * second for second in range(60)]
    assert {len(column) for column in found["points"].values()} == {60}
    assert found["test"]["seen_since"] == AT + 250
    since = found["points"]["time"][-2]
    assert len(ask(app, f"/api/series?cycler=lab&channel=1&since={since}").json["points"]["time"]) == 1


def test_a_file_that_fails_later_costs_only_the_older_points(tmp_path: Path) -> None:
    file = written(tmp_path / "a.sqlite", map(running, range(5)))
    monitor = Monitor(["north"], 1.0, AT)
    monitor.see(running(5))
    app = application(monitor, recorded=Recorded(file))
    for part in tmp_path.iterdir():
        part.unlink()
    found = ask(app, "/api/series?cycler=north&channel=1")
    assert found.status == 200
    assert found.json["points"]["time"] == [AT + 5250]
    assert "a.sqlite: unable to open database file" in found.json["problem"]
    assert not file.exists()  # nothing is made anew


def test_it_is_read_while_it_is_written_and_never_changed(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    observer = Observer("north", 1000.0)
    sink = open_sink(str(file))
    sink.write([observer.see(running(second)) for second in range(5)])
    recorded = Recorded(file)
    assert len(recorded.points("1001", 1, "cell-1", AT + 6_000)["time"]) == 5
    with pytest.raises(sqlite3.OperationalError, match="readonly"), closing(recorded._open()) as database:
        database.execute("DELETE FROM readings")
    sink.write([observer.see(running(5))])
    assert len(recorded.points("1001", 1, "cell-1", AT + 6_000)["time"]) == 6
    sink.close()


def test_what_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.sqlite: no such file; `cti log` writes one"):
        Recorded(tmp_path / "missing.sqlite")
    text = tmp_path / "text.sqlite"
    text.write_text("not a database, but long enough to be taken for one" * 50)
    with pytest.raises(ConfigurationError, match=r"text\.sqlite: file is not a database"):
        Recorded(text)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE readings (a)")
    with pytest.raises(ConfigurationError, match=r"other\.sqlite was not written by `cti log`"):
        Recorded(other)
    newer = written(tmp_path / "newer.sqlite", [])
    with closing(sqlite3.connect(newer)) as database, database:
        database.execute("UPDATE cti_log SET schema_version = 99")
    with pytest.raises(ConfigurationError, match="has version 99 of the schema"):
        Recorded(newer)
