"""What waits is on disk, in order, for each sink; the size is bounded, and what is lost is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cti_client.record.observe import Observer
from cti_client.record.spool import Entry, Spool, SpoolInUse
from cti_client.record.tables import Batch, rows_in
from cti_schema.errors import ConfigurationError
from tests.record.support import AT, named, poll, reading

LARGE = 10_000_000


def entries(first: int, last: int) -> Iterator[Entry]:
    """Yield what a logger puts in for some seconds: two readings each."""
    observer = Observer("north", 1000.0)
    for second in range(first, last):
        batch = observer.see(poll(second, reading(1), reading(2)))
        yield Entry(batch, "north", "1001", AT + 1000 * second, observer.state)


def taken(spool: Spool, sink: str) -> list[Batch]:
    """Return what a sink gets, and note that it has it."""
    until = spool.next(sink)
    if until is None:
        return []
    found = list(spool.batches(sink, until))
    spool.done(sink, until)
    return found


def seconds(found: list[Batch]) -> list[int]:
    return [(row["slot"] - AT) // 1000 for batch in found for row in named(batch, "readings")][::2]


@pytest.fixture(name="file")
def file_fixture(tmp_path: Path) -> Path:
    return tmp_path / "a.spool"


def test_each_sink_gets_all_in_order_and_once(file: Path) -> None:
    with closing(Spool(file, LARGE, ["a", "b"])) as spool:
        spool.put(entries(0, 200))
        assert seconds(taken(spool, "a")) == list(range(200))
        assert (spool.waiting("a"), spool.waiting("b")) == (0, 400)
        spool.put(entries(200, 203))
        assert seconds(taken(spool, "a")) == [200, 201, 202]
        assert seconds(taken(spool, "b")) == list(range(203))
        assert (spool.next("a"), spool.next("b"), spool.used) == (None, None, 0)


def test_what_was_not_taken_comes_again(file: Path) -> None:
    with closing(Spool(file, LARGE, ["a"])) as spool:
        spool.put(entries(0, 3))
        until = spool.next("a")
        assert until is not None
        assert seconds(list(spool.batches("a", until))) == [0, 1, 2]
        assert seconds(taken(spool, "a")) == [0, 1, 2]


def test_what_waits_is_there_after_a_new_start(file: Path) -> None:
    with closing(Spool(file, LARGE, ["a", "b"])) as spool:
        spool.put(entries(0, 5))
        taken(spool, "b")
    with closing(Spool(file, LARGE, ["a", "new"])) as spool:
        assert spool.waiting("a") == 10
        assert spool.waiting("new") == 0
        assert spool.absent == []
        assert spool.state("north") == {"last_slot": AT + 4000, "gap": None}
        assert spool.state("south") is None
        spool.put(entries(5, 6))
        assert seconds(taken(spool, "a")) == list(range(6))
        assert seconds(taken(spool, "new")) == [5]
    with closing(Spool(file, LARGE, ["c"])) as spool:
        assert spool.absent == ["b"]  # it has not the sixth


@pytest.mark.parametrize("one_by_one", [True, False])
def test_a_full_spool_loses_the_oldest_and_says_so(file: Path, one_by_one: bool) -> None:
    size = 8_000
    with closing(Spool(file, size, ["slow", "fast"])) as spool:
        got: list[int] = []
        told: list[Any] = []
        for entry in entries(0, 150):
            spool.put([entry])
            if one_by_one:
                batches = taken(spool, "fast")
                got += seconds(batches)
                told += [row for batch in batches for row in named(batch, "gaps")]
            assert spool.used <= size
        if one_by_one:
            assert got == list(range(150))
            assert told == []  # it has lost nothing
        found = taken(spool, "slow")
        kept = seconds(found)
        gaps = [row for batch in found for row in named(batch, "gaps")]
        assert kept == list(range(kept[0], 150))
        assert spool.lost("slow") == 2 * kept[0] > 0
        assert gaps[-1]["reason"] == "spool full"
        assert (gaps[-1]["end_slot"] - AT) // 1000 == kept[0] - 1
        assert file.stat().st_size < 100_000


def test_a_file_stays_as_large_as_what_waits_at_most(file: Path) -> None:
    with closing(Spool(file, LARGE, ["a"])) as spool:
        for start in range(0, 5000, 500):
            spool.put(entries(start, start + 500))
            taken(spool, "a")
        assert file.stat().st_size < 1_000_000


def test_a_second_logger_is_refused(file: Path) -> None:
    with (
        closing(Spool(file, LARGE, ["a"])),
        pytest.raises(SpoolInUse, match=r"a\.spool: another logger uses it: give this one another"),
    ):
        Spool(file, LARGE, ["a"])


def test_a_file_that_is_something_else(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE a (b)")
    with pytest.raises(ConfigurationError, match="it is not a spool of this version"):
        Spool(file, LARGE, ["a"])
    file.write_text("no database" * 1000)
    with pytest.raises(ConfigurationError, match="file is not a database"):
        Spool(file, LARGE, ["a"])
    with pytest.raises(ConfigurationError, match="unable to open"):
        Spool(tmp_path / "missing" / "a.spool", LARGE, ["a"])


def test_a_full_disk_changes_nothing(file: Path) -> None:
    with closing(Spool(file, LARGE, ["a"])) as spool:
        spool.put(entries(0, 10))
        pages = spool._database.execute("PRAGMA page_count").fetchone()[0]
        spool._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OSError, match="disk is full"):
            spool.put(entries(10, 2000))
        assert spool.waiting("a") == 20
        spool._database.execute("PRAGMA max_page_count = 1000000")
        spool.put(entries(10, 20))
        found = taken(spool, "a")
        assert seconds(found) == list(range(20))
        assert sum(map(rows_in, found)) == 40
