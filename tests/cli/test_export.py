"""`cti export`: the same readings in every kind of table, and the column names of the Battery Data Format."""

from __future__ import annotations

import csv
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cti_client.capture import CaptureWriter
from cti_client.dump.readings_table import COLUMNS
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelStatus
from cti_schema.registry import registry
from tests.cli.running import Run, run_fixture  # noqa: F401
from tests.dump.support import AT, CLIENT, SERVER


def channel(index: int, second: int) -> Any:
    kind = registry().by_name("get_channels_info_feedback").spec.field("channels")
    return default(
        kind.item.record,  # type: ignore[union-attr]
        channel_index=index, status=ChannelStatus.CHARGE, test_name="cell, 1", schedule_name="a.sdx",
        step_and_cycle="[2] 3: CC_Charge, Current(A)", test_time_s=float(second), step_time_s=0.5,
        voltage_v=3.5 + index / 8, current_a=1.25 if index else float("nan"), charge_capacity_ah=0.25,
    )  # fmt: skip


@pytest.fixture(name="file")
def file_fixture(tmp_path: Path) -> Path:
    file = tmp_path / "a.pcapng"
    with CaptureWriter(file) as writer:
        connection = writer.connection(CLIENT, SERVER, AT)
        for second in range(3):
            connection.client_sent(encode(default(registry().by_name("get_channels_info"))), AT + second)
            answer = registry().by_name("get_channels_info_feedback")
            channels = [channel(0, second), channel(4, second)]
            connection.server_sent(encode(default(answer, channels=channels)), AT + second + 0.5)
        connection.close(AT + 9)
    return file


def test_csv(run: Run, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "readings.csv"
    ran = run("export", file, target)
    assert (ran.code, ran.text) == (0, f"6 readings written to {target}\n")
    with target.open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert list(found[0]) == [name for name, _, _ in COLUMNS]
    assert found[1] == {name: "" for name, _, _ in COLUMNS} | {
        "Test Time / s": "0.0", "Voltage / V": "4.0", "Current / A": "1.25", "Unix Time / s": str(AT + 0.5),
        "Cycle Count / 1": "2", "Step ID": "3", "Step Type": "Current(A)", "Step Time / s": "0.5",
        "Power / W": "0.0",
        "Schedule Charging Capacity / Ah": "0.25", "Schedule Discharging Capacity / Ah": "0.0",
        "Schedule Charging Energy / Wh": "0.0", "Schedule Discharging Energy / Wh": "0.0",
        "DC Internal Resistance / ohm": "0.0", "AC Internal Resistance / ohm": "0.0",
        "Absolute Impedance / ohm": "0.0", "Phase / deg": "0.0", "Connection": "1", "Server": "10.0.0.9:9031",
        "Channel": "5", "Status": "charge", "Test Name": "cell, 1", "Schedule Name": "a.sdx",
        "Step Label": "CC_Charge",
    }  # fmt: skip
    assert found[0]["Current / A"] == ""


def test_sqlite(run: Run, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "readings.sqlite"
    assert run("export", "--channel", "5", target, file, file).code == 0
    with closing(sqlite3.connect(target)) as database:
        found = database.execute(
            'SELECT "Channel", "Voltage / V", "Step ID", "Test Name" FROM readings'
        ).fetchall()
    assert found == [(5, 4.0, 3, "cell, 1")] * 6


def test_parquet(run: Run, file: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "readings.parquet"
    assert run("export", file, target).code == 0
    table = parquet.read_table(target)
    assert table.column_names == [name for name, _, _ in COLUMNS]
    assert table["Channel"].to_pylist() == [1, 5] * 3
    assert table["Current / A"].to_pylist()[:2] == [None, 1.25]


def test_the_battery_data_format_accepts_it(run: Run, file: Path, tmp_path: Path) -> None:
    validate = pytest.importorskip("bdf.validate", reason="batterydf is not installed")
    import pandas

    target = tmp_path / "channel5.bdf.csv"
    assert run("export", "--channel", "5", file, target).code == 0
    with warnings.catch_warnings():
        # The validator calls the names that it knew before the present ones legacy.
        warnings.simplefilter("ignore", UserWarning)
        report = validate.validate_df(pandas.read_csv(target))
    assert report["ok"]
    assert report["time_stats"]["monotonic"]


def test_nothing_is_left_behind(run: Run, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "readings.csv"
    for arguments in ([file, target], [tmp_path / "missing.pcapng", tmp_path / "b.csv"]):
        ran = run("export", *arguments)
        assert ran.code == 1
        assert len(ran.err.splitlines()) == 1
    broken = tmp_path / "broken.pcapng"
    broken.write_bytes(b"nothing of the kind" * 100)
    assert run("export", broken, tmp_path / "b.sqlite").code == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.pcapng", "broken.pcapng"]


def test_a_table_is_needed(run: Run, file: Path, tmp_path: Path) -> None:
    assert run("export", file).code == 2
    assert run("export", file, tmp_path / "a.csv", tmp_path / "b.csv").code == 2
    assert run("export", "--channel", "0", file, tmp_path / "a.csv").code != 0


def test_many_files_at_the_same_time(run: Run, file: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.pcapng" for number in range(3)]
    for one in files:
        one.write_bytes(file.read_bytes())
    files[1].write_bytes(file.read_bytes()[:-30])
    for ending in ("csv", "parquet"):
        one_by_one, at_once = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
        alone = run("export", *files, one_by_one)
        ran = run("export", "--jobs", "2", *files, at_once)
        assert ran.text == f"18 readings written to {at_once}\n"
        assert (ran.code, ran.err) == (0, alone.err)
        assert "cut off inside its last block" in ran.err
        assert at_once.read_bytes() == one_by_one.read_bytes()
    assert run("export", "--jobs", "0", file, tmp_path / "a.csv").code == 2
    missing = run("export", "--jobs", "2", file, tmp_path / "missing.pcapng", tmp_path / "c.csv")
    assert (missing.code, len(missing.err.splitlines())) == (1, 1)
    assert not (tmp_path / "c.csv").exists()


def test_the_same_rows_in_bulk(file: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from cti_client.capture.arrow import ReadingBatches
    from cti_client.cli._entries import entries_of
    from cti_client.dump.readings_columns import rows as in_bulk
    from cti_client.dump.readings_table import rows
    from tests.schema.support import VECTORS

    vectors = tmp_path / "vectors.pcapng"
    with CaptureWriter(vectors) as writer:
        connection = writer.connection(CLIENT, SERVER, AT)
        for second, vector in enumerate(VECTORS):
            if vector.direction == "feedback":
                connection.server_sent(vector.frame, AT + second)
    for one in (file, vectors):
        found = list(in_bulk(ReadingBatches(one)))
        assert found == list(rows(entries_of(str(one))))
        assert found
