"""Every sink keeps what it is given, and a repeat changes nothing; what is wrong is one sentence."""

from __future__ import annotations

import csv
import sqlite3
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cti_client.record import open_sink
from cti_client.record.sinks import bdf
from cti_client.record.sinks.sqlite import SqliteSink
from cti_client.record.tables import TABLES
from cti_schema.errors import ConfigurationError
from tests.record.support import AT, a_test, ask, batches, poll, reading


def keep(target: str, *writes: Any) -> None:
    with closing(open_sink(target)) as sink:
        for one in writes:
            sink.write(one)


# --- SQLite --------------------------------------------------------------------------------------


def test_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    keep(str(file), batches(a_test(10)))
    assert ask(file, "SELECT count(*), min(slot), max(time) FROM readings") == [
        (11, "2026-03-24T08:00:00.000Z", "2026-03-24T08:00:10.250Z")
    ]
    assert ask(
        file, "SELECT test_name, first_time, last_time, running, status, exit_condition FROM tests"
    ) == [("cell-1", "2026-03-24T08:00:01.250Z", "2026-03-24T08:00:09.250Z", 0, "finished", "Finished")]
    assert ask(file, "SELECT step_index, step_label, begin_test_time_s FROM steps ORDER BY 3") == [
        (1, "CC", 0), (2, "Rest", 4),
    ]  # fmt: skip
    assert ask(file, "SELECT previous_status, status FROM status_changes ORDER BY slot") == [
        (None, "idle"), ("idle", "charge"), ("charge", "finished"),
    ]  # fmt: skip
    assert ask(file, "PRAGMA journal_mode") == [("wal",)]
    assert ask(file, "SELECT schema_version FROM cti_log") == [(1,)]


def content(file: Path) -> list[Any]:
    return [ask(file, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in TABLES]


def test_a_repeat_changes_nothing_in_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    made = [
        *batches(a_test(10)),
        *batches([poll(20, reading()), poll(21, error="reset"), poll(29, reading())]),
    ]
    keep(str(file), made)
    before = content(file)
    keep(str(file), made, made[3:], made[:5])
    assert content(file) == before
    assert [len(rows) for rows in before] == [13, 1, 2, 4, 1, 0]


def test_two_loggers_that_see_the_same_write_the_same(tmp_path: Path) -> None:
    """The second begins later, and its answers come a little later; it also sees changes a poll later."""
    file, later = tmp_path / "readings.sqlite", [replace(one, time=one.time + 70) for one in a_test(20)]
    keep(str(file), batches(a_test(20)), batches(later[3:9]), batches([later[0], *later[2:]]))
    assert ask(file, "SELECT count(*) FROM readings") == [(21,)]
    assert ask(file, "SELECT first_time, last_time, status FROM tests") == [
        ("2026-03-24T08:00:01.250Z", "2026-03-24T08:00:19.320Z", "finished")
    ]
    assert ask(file, "SELECT count(*) FROM steps") == [(2,)]
    assert ask(file, "SELECT status FROM status_changes ORDER BY slot") == [
        ("idle",), ("charge",), ("finished",),
    ]  # fmt: skip


def test_a_disk_that_is_full_keeps_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    with closing(SqliteSink(file)) as sink:
        sink.write(batches(a_test(10)))
        sink._database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(OSError, match=r"^disk full$"):
            sink.write(batches(a_test(1000, channel=2)))
        assert ask(file, "SELECT DISTINCT channel FROM readings") == [(1,)]
        sink._database.execute("PRAGMA max_page_count = 1000000")
        sink.write(batches(a_test(1000, channel=2)))
    assert ask(file, "SELECT channel, count(*) FROM readings GROUP BY 1") == [(1, 11), (2, 1001)]


# --- Parquet -------------------------------------------------------------------------------------


def test_parquet(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    folder = tmp_path / "lab"
    made = batches([*a_test(10), poll(86_400, reading())])
    keep(f"parquet:{folder}", made[:4], made[4:])
    found = pandas.read_parquet(folder / "readings").sort_values("slot")
    assert len(found) == 12
    assert set(found["cycler"]) == {"north"}
    assert sorted(set(found["day"].astype(str))) == ["2026-03-24", "2026-03-25"]
    assert found["time"].iloc[0].isoformat() == "2026-03-24T08:00:00.250000+00:00"
    assert found["voltage_v"].iloc[3] == 3.875
    assert set(pandas.read_parquet(folder / "steps")["step_label"]) == {"CC", "Rest"}
    names = sorted(str(one.relative_to(folder).parent) for one in folder.rglob("*.parquet"))
    assert names.count(str(Path("readings/cycler=north/day=2026-03-24"))) == 2


def test_a_repeat_changes_nothing_in_parquet(tmp_path: Path) -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    made = batches(a_test(10))
    folder = tmp_path / "lab"
    keep(f"parquet:{folder}", made[:4])
    (folder / "readings" / "left.part").write_bytes(b"half")
    keep(f"parquet:{folder}", made)  # the first four were written, but the spool was not told
    found = dataset.dataset(folder / "readings", partitioning="hive").to_table()
    assert sorted(found["slot"].cast("int64").to_pylist()) == [AT + 1000 * second for second in range(11)]
    assert list(folder.rglob("*.part")) == []


# --- Battery Data Format -------------------------------------------------------------------------


def test_files_of_the_battery_data_format(tmp_path: Path) -> None:
    keep(f"bdf.csv:{tmp_path}", batches(a_test(10)))
    with (tmp_path / "north" / "cell-1.channel1.bdf.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 9  # without the idle one before the test and the one after its end
    assert (rows[0]["Unix Time / s"], rows[0]["Voltage / V"]) == (str(AT / 1000 + 1.25), "3.625")
    assert (rows[-1]["Test Time / s"], rows[-1]["Step ID"], rows[-1]["Test Name"]) == ("8.0", "2", "cell-1")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_validator_accepts_them(tmp_path: Path, kind: str) -> None:
    validate = pytest.importorskip("bdf.validate", reason="batterydf is not installed")
    import pandas

    keep(f"bdf.{kind}:{tmp_path}", batches(a_test(10)))
    file = tmp_path / "north" / f"cell-1.channel1.bdf.{kind}"
    with warnings.catch_warnings():
        # The validator calls the names that it knew before the present ones legacy.
        warnings.simplefilter("ignore", UserWarning)
        read: Callable[[Path], Any] = pandas.read_csv if kind == "csv" else pandas.read_parquet
        report = validate.validate_df(read(file))
    assert report["ok"]
    assert report["time_stats"]["monotonic"]


def test_a_repeat_and_a_torn_line_change_nothing(tmp_path: Path) -> None:
    made = batches(a_test(10))
    keep(f"bdf.csv:{tmp_path}", made)
    file = tmp_path / "north" / "cell-1.channel1.bdf.csv"
    before = file.read_bytes()
    lines = before.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:6]) + lines[6][:20])
    keep(f"bdf.csv:{tmp_path}", made[3:])
    assert file.read_bytes() == before
    file.write_bytes(lines[0][:10])
    keep(f"bdf.csv:{tmp_path}", made)
    assert file.read_bytes() == before


def test_parquet_of_a_test_that_goes_on(tmp_path: Path) -> None:
    read_table = pytest.importorskip("pyarrow.parquet").read_table
    made = batches(a_test(10))
    keep(f"bdf.parquet:{tmp_path}", made[:5])  # the logger ends while the test runs
    keep(f"bdf.parquet:{tmp_path}", made[3:])
    (file,) = tmp_path.rglob("*.bdf.*")
    assert file.name == "cell-1.channel1.bdf.parquet"
    assert read_table(file)["Unix Time / s"].to_pylist() == [AT / 1000 + s + 0.25 for s in range(1, 10)]


def test_a_test_that_ends_becomes_parquet_at_once(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with closing(open_sink(f"bdf.parquet:{tmp_path}")) as sink:
        made = batches(a_test(10))
        sink.write(made[:-1])
        assert [one.suffix for one in tmp_path.rglob("*.bdf.*")] == [".csv"]
        sink.write(made[-1:])
        assert [one.suffix for one in tmp_path.rglob("*.bdf.*")] == [".parquet"]


def test_names_that_cannot_be_files(tmp_path: Path) -> None:
    names = ["a/b", "a\\b", "a:b", "../up", "con.", "a%2Fb", "Prüfung 1"]
    polls = [poll(0, *(reading(at + 1, "[1] 1: CC, C", test_name=name) for at, name in enumerate(names)))]
    keep(f"bdf.csv:{tmp_path / 'tests'}", batches(polls))
    files = sorted(one.name for one in (tmp_path / "tests" / "north").iterdir())
    assert files == [
        "%2E.%2Fup.channel4.bdf.csv", "Prüfung 1.channel7.bdf.csv", "a%252Fb.channel6.bdf.csv",
        "a%2Fb.channel1.bdf.csv", "a%3Ab.channel3.bdf.csv", "a%5Cb.channel2.bdf.csv",
        "con%2E.channel5.bdf.csv",
    ]  # fmt: skip


def test_every_column_of_the_format_is_a_column_of_readings() -> None:
    assert len(bdf._COLUMNS) == len(bdf.FROM)


# --- bad input -----------------------------------------------------------------------------------


def test_another_version_of_the_schema(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    keep(str(file))
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE cti_log SET schema_version = 7")
    with pytest.raises(ConfigurationError) as caught:
        open_sink(str(file))
    assert str(caught.value) == (
        f"{file} has version 7 of the schema, and this toolkit writes version 1: upgrade the toolkit "
        "(pip install --upgrade cti-toolkit), or give another database; a copy of the old one "
        "stays readable as it is"
    )


def test_tables_of_others_stay_alone(tmp_path: Path) -> None:
    file = tmp_path / "export.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE readings (a)")
    with pytest.raises(ConfigurationError, match="has a table 'readings' that `cti log` did not make"):
        open_sink(str(file))


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("readings.xlsx", "cannot write to 'readings.xlsx': give FILE.sqlite, a database's URL"),
        ("parquet:", "cannot write to 'parquet:'"),
        ("{}/missing/a.sqlite", "unable to open database file"),
        ("{}/text.sqlite", "file is not a database"),
        ("bdf.csv:{}/text.sqlite", "File exists"),
    ],
)
def test_targets_that_cannot_be(tmp_path: Path, target: str, sentence: str) -> None:
    (tmp_path / "text.sqlite").write_text("no database" * 1000)
    with pytest.raises(ConfigurationError) as caught:
        open_sink(target.format(tmp_path))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("kind", ["parquet", "bdf.csv"])
def test_one_logger_has_a_folder(tmp_path: Path, kind: str) -> None:
    refused = pytest.raises(ConfigurationError, match="another logger writes into it")
    with closing(open_sink(f"{kind}:{tmp_path}")), refused:
        open_sink(f"{kind}:{tmp_path}")
    keep(f"{kind}:{tmp_path}")
