"""`cti plot` as a user runs it: pictures of what was recorded, and mistakes in one sentence."""

from __future__ import annotations

import ast
import csv
import re
import sqlite3
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cti_client.record import Poll, open_sink
from cti_client.record.observe import Observer
from cti_schema.enums import ChannelStatus
from tests.cli.running import Run, run_fixture  # noqa: F401
from tests.record.support import a_test, poll, reading

np = pytest.importorskip("numpy", reason="numpy is not installed")
pytest.importorskip("matplotlib", reason="matplotlib is not installed")

#: The colours of voltage and current, of charge and discharge.
BLUE, ORANGE, GREEN, PINK = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00), (0x00, 0x9E, 0x73), (0xCC, 0x79, 0xA7)


def cycle(seconds: range, **who: Any) -> list[Poll]:
    """Return polls of a test that charges until second 500 and discharges behind it."""
    return [
        poll(second, reading(
            5, f"[1] {1 if second < 500 else 2}: CC, Current(A)", test_time_s=float(second),
            voltage_v=3.0 + second / 500 if second < 500 else 5.0 - second / 500,
            current_a=1.0 if second < 500 else -1.0,
            charge_capacity_ah=min(second, 500) / 3600, discharge_capacity_ah=max(0, second - 500) / 3600,
            status=ChannelStatus.CHARGE if second < 500 else ChannelStatus.DISCHARGE, **who,
        ))
        for second in seconds
    ]  # fmt: skip


WITH_A_GAP = [
    *cycle(range(300)),
    poll(300, error="connection lost"),
    *cycle(range(600, 1000)),
    # Behind its end the test is still told, and belongs to the curves no more.
    *[poll(second, reading(5, test_name="cell-1", status=ChannelStatus.FINISHED, test_time_s=999.0,
                           voltage_v=9.0, current_a=0.0)) for second in range(1000, 1050)],
]  # fmt: skip


def keep(target: str, *tests: list[Poll]) -> str:
    sink = open_sink(target)
    for polls in tests:
        observer = Observer(polls[0].cycler, 1000.0)
        sink.write([observer.see(one) for one in polls])
    sink.close()
    return target


@pytest.fixture(name="database")
def database_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with a test that has a gap of 300 s."""
    monkeypatch.chdir(tmp_path)
    return keep("readings.sqlite", WITH_A_GAP)


def pixels(file: Path) -> Any:
    """Return the colours of a picture, from 0 to 255."""
    from PIL import Image

    with Image.open(file) as opened:
        image = np.asarray(opened.convert("RGB"))
    assert image.shape[0] > 700
    assert image.shape[1] > 1000
    return image


def columns_of(image: Any, color: tuple[int, int, int]) -> Any:
    """Return in which columns of a picture a colour is, also where it is mixed with white."""
    _, columns = dark = np.nonzero(image.min(axis=2) < 200)
    ink, wanted = 255.0 - image[dark], 255.0 - np.array(color)
    strength = np.sqrt((ink**2).sum(axis=1))
    along = (ink @ wanted) / np.sqrt((wanted**2).sum())
    return np.unique(columns[along > 0.99 * strength])


def curves_of(source: str, **wanted: Any) -> Any:
    """Return the points of all lines of a test, and how many readings and gaps there are."""
    from cti_client.plotting import Wanted, read_test

    test, curves = read_test(source, Wanted(**wanted))
    halves = [half for cycle in curves.cycles for half in (cycle.charge, cycle.discharge)]
    lines = [curves.voltage, curves.current, *(half.line for half in halves)]
    points = [np.round(one, 9).tolist() for line in lines for one in line.points()]
    return str(test), curves.count, curves.gaps, repr(points)


def test_a_picture_of_a_test_with_a_gap(run: Run, database: str) -> None:
    ran = run("plot", "--out", "a.png")
    assert (ran.code, ran.err) == (0, "")
    assert ran.text == "north channel 5 'cell-1': 700 readings, 1 gap; a.png\n"
    image = pixels(Path("a.png"))
    left = image.shape[1] * 3 // 5
    for color in (BLUE, ORANGE):
        columns = columns_of(image[:, :left], color)
        empty = np.diff(columns).max()
        # 300 of 1000 seconds are missing: nothing is drawn there.
        assert empty == pytest.approx(0.3 * (columns[-1] - columns[0]), rel=0.03)
    for color in (GREEN, PINK):
        assert len(columns_of(image[:, left:], color)) > 100
        assert len(columns_of(image[:, :left], color)) == 0


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_of_the_battery_data_format_gives_the_same_lines(database: str, kind: str) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    keep(f"bdf.{kind}:tests", WITH_A_GAP)
    _, *expected = curves_of("readings.sqlite")
    assert curves_of(f"tests/north/cell-1.channel5.bdf.{kind}") == ("channel 5 'cell-1'", *expected)
    assert expected[:2] == [700, 1]


def test_an_svg_has_a_line_for_each_side_of_the_gap_and_is_the_same_each_time(
    run: Run, database: str
) -> None:
    assert run("plot", "readings.sqlite", "--test", "cell-1", "--out", "a.svg").code == 0
    assert run("plot", "sqlite:///readings.sqlite", "--out", "b.svg").code == 0
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()
    tree = ET.parse("a.svg")
    lines: dict[str, str] = {}
    for path in tree.iter("{http://www.w3.org/2000/svg}path"):
        for color in re.findall(r"stroke: (#[0-9a-f]{6})", path.attrib.get("style", "")):
            lines[color] = max(lines.get(color, ""), path.attrib["d"], key=len)
    assert {"#0072b2", "#d55e00", "#009e73", "#cc79a7"} <= set(lines)
    assert [lines[color].count("M ") for color in ("#0072b2", "#d55e00")] == [2, 2]


def test_without_capacities_there_is_no_curve_against_them(run: Run, tmp_path: Path) -> None:
    text = "test_time_second,voltage_volt,current_ampere\n"
    text += "".join(f"{second},{3 + second / 100},-0.5\n" for second in range(100))
    file = tmp_path / "foreign.bdf.csv"
    file.write_text(text)
    ran = run("plot", file, "--out", tmp_path / "a.png")
    assert (ran.code, ran.text) == (0, f"'foreign': 100 readings, no gap; {tmp_path / 'a.png'}\n")
    image = pixels(tmp_path / "a.png")
    assert len(columns_of(image, BLUE)) > 500
    assert len(columns_of(image, GREEN)) == len(columns_of(image, PINK)) == 0


def test_other_names_of_the_format_are_understood(tmp_path: Path) -> None:
    text = (
        "\ufeffUnix Time / s,Voltage / V,Current / A,Test Time / s,Charging Capacity / Ah,Cycle Count / 1\n"
    )
    text += "".join(
        f"{1e9 + second},{3 + second / 100},0.5,{second},{second / 7200},\n" for second in range(100)
    )
    file = tmp_path / "FOREIGN.BDF.CSV"
    file.write_text(text, encoding="utf-8")
    _, count, gaps, points = curves_of(str(file))
    assert (count, gaps) == (100, 0)
    _, voltage, _, _, charge_ah, along, *discharge = [np.array(one) for one in ast.literal_eval(points)]
    assert (voltage == along).all()
    assert charge_ah == pytest.approx(np.arange(100) / 7200)
    assert [len(one) for one in discharge] == [0, 0]


def test_a_name_is_drawn_as_it_is(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "$\\frac{$ \x1b[31m \u96fb\u6c60"
    keep("readings.sqlite", cycle(range(20), test_name=name))
    ran = run("plot", "--out", "a.png")
    assert (ran.code, ran.err) == (0, "")
    assert len(columns_of(pixels(Path("a.png")), BLUE)) > 500


def test_a_single_reading_is_a_dot(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep("readings.sqlite", cycle(range(1)))
    assert run("plot", "--out", "a.png").code == 0
    assert 1 <= len(columns_of(pixels(Path("a.png")), BLUE)) < 20


# --- which test ------------------------------------------------------------------------------------


@pytest.fixture(name="several")
def several_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    south = [replace(one, cycler="south", serial_number="1002") for one in cycle(range(10))]
    return keep("readings.sqlite", cycle(range(10)), cycle(range(10, 20), test_name="cell-2"), south)


def test_one_of_several(run: Run, several: str) -> None:
    ran = run("plot", "--out", "a.png")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert ran.err == (
        "Error: readings.sqlite: 3 tests fit, say which by --cycler, --channel or --test: "
        "north channel 5 'cell-1', north channel 5 'cell-2', south channel 5 'cell-1'\n"
    )
    ran = run("plot", "--out", "a.png", "--test", "cell-1")
    assert "2 tests fit" in ran.err
    assert "cell-2" not in ran.err
    assert not Path("a.png").exists()
    ran = run("plot", "--out", "a.svg", "--test", "cell-1", "--cycler", "south", "--channel", "5")
    assert ran.text == "south channel 5 'cell-1': 10 readings, no gap; a.svg\n"
    assert curves_of("readings.sqlite", cycler="1002")[:2] == ("south channel 5 'cell-1'", 10)


@pytest.mark.parametrize("arguments", [["--test", "cell-3"], ["--channel", "4"], ["--cycler", "east"]])
def test_none_of_them(run: Run, several: str, arguments: list[str]) -> None:
    ran = run("plot", "--out", "a.png", *arguments)
    assert ran.code == 2
    assert ran.err.startswith(
        "Error: readings.sqlite: there is no such test; there is north channel 5 'cell-1'"
    )


def test_a_long_list_is_cut(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep("readings.sqlite", *[cycle(range(2 * n, 2 * n + 2), test_name=f"t{n:02}") for n in range(14)])
    ran = run("plot", "--out", "a.png")
    assert ran.err.endswith("'t09', and 4 more\n")


def test_a_file_with_several_tests(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `cti export` writes them: rows of all channels one behind the other, those at rest too."""
    monkeypatch.chdir(tmp_path)
    with open("a.bdf.csv", "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["Test Time / s", "Voltage / V", "Current / A", "Server", "Channel", "Status", "Test Name"]
        )
        for second in range(50):
            writer.writerow([second, 3.5, 1.0, "10.0.0.1:9031", 1, "charge", "cell-1"])
            writer.writerow([second, 3.6, 1.0, "10.0.0.2:9031", 1, "charge", "cell-1"])
            writer.writerow([0, 3.4, 0.0, "10.0.0.1:9031", 2, "idle", ""])
    ran = run("plot", "a.bdf.csv", "--out", "a.png")
    assert ran.err.endswith("10.0.0.1:9031 channel 1 'cell-1', 10.0.0.2:9031 channel 1 'cell-1'\n")
    assert curves_of("a.bdf.csv", cycler="10.0.0.2:9031")[:2] == ("10.0.0.2:9031 channel 1 'cell-1'", 50)


# --- what is wrong ---------------------------------------------------------------------------------

HEAD = "Test Time / s,Voltage / V,Current / A\n"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.sqlite", None, "none.sqlite: no such file"),
        ("none.bdf.csv", None, "none.bdf.csv: No such file or directory"),
        ("a.sqlite", "this is text", "a.sqlite: file is not a database"),
        (
            "a.bdf.csv",
            "a,b\n1,2\n",
            "a.bdf.csv: this is no file of the Battery Data Format: it has no column",
        ),
        (
            "a.bdf.csv",
            "",
            "a.bdf.csv: this is no file of the Battery Data Format: it has no column 'Test Time",
        ),
        ("a.bdf.csv", HEAD + "0,3,1\n1,high,1\n", "a.bdf.csv, line 3: 'high' is no number"),
        ("a.bdf.csv", HEAD + "0,3,1\n1,3\n", "a.bdf.csv, line 3: 2 columns, too few"),
        ("a.bdf.csv", HEAD, "a.bdf.csv: there is no test in it"),
        ("a.bdf.csv", HEAD + "0,,1\n", "'a': there are no readings of this test with voltage and current"),
        ("a.bdf.csv", b"\xff\xfe\x00" * 50, "a.bdf.csv, line 1: "),
        ("a.bdf.parquet", "this is text", "a.bdf.parquet: "),
        ("nonsense://db/x", None, "SQLAlchemy knows no database 'nonsense'; is its package installed?"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, content: Any, sentence: str
) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    if "://" in name:
        pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = run("plot", name, "--out", "a.png")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert ran.err.startswith(f"Error: {sentence}")
    assert not Path("a.png").exists()


def test_databases_of_others_are_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("a.sqlite")) as made:
        made.execute("CREATE TABLE readings (a)")
    assert run("plot", "a.sqlite", "--out", "a.png").err == "Error: a.sqlite was not written by `cti log`\n"
    keep("b.sqlite", cycle(range(2)))
    with closing(sqlite3.connect("b.sqlite")) as made:
        made.execute("UPDATE cti_log SET schema_version = 99")
        made.commit()
    ran = run("plot", "b.sqlite", "--out", "a.png")
    assert ran.code == 2
    assert "b.sqlite has version 99 of the schema" in ran.err


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("a.jpg", "a.jpg: a picture is a FILE.png or a FILE.svg"),
        ("a", "a: a picture is a FILE.png or a FILE.svg"),
        ("missing/a.png", "missing/a.png: there is no folder missing"),
    ],
)
def test_where_no_picture_can_be(run: Run, database: str, out: str, sentence: str) -> None:
    ran = run("plot", "--out", out)
    assert (ran.code, ran.err) == (2, f"Error: {sentence}\n".replace("missing/a", str(Path("missing/a"))))


def test_without_matplotlib_the_extra_is_named(
    run: Run, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("cti_client.plotting")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("matplotlib", "numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    ran = run("plot", "--out", "a.png")
    assert (ran.code, ran.err) == (2, 'Error: a picture needs matplotlib: pip install "cti-toolkit[plot]"\n')


def test_the_database_is_only_read_while_it_is_written(database: str) -> None:
    before = Path(database).read_bytes()
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert curves_of(database)[1] == 700
        writer.execute("ROLLBACK")
    assert Path(database).read_bytes() == before


# --- a database server ------------------------------------------------------------------------------


@pytest.fixture(name="url")
def url_fixture() -> Iterator[str]:
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    if sys.platform == "win32":
        pytest.skip("the tests' PostgreSQL server needs a POSIX system")
    from tests.record.postgres import serving

    with serving() as server:
        yield server.url


def test_postgresql(run: Run, url: str, database: str) -> None:
    keep(url, WITH_A_GAP, [replace(one, cycler="south", serial_number="1002") for one in a_test(10)])
    assert curves_of(url, cycler="north") == curves_of("readings.sqlite")
    ran = run("plot", url, "--out", "b.png")
    assert ran.code == 2
    assert "2 tests fit" in ran.err


def test_any_database_that_sqlalchemy_knows(database: str) -> None:
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    keep("sqlite+pysqlite:///other.db", WITH_A_GAP)
    assert curves_of("sqlite+pysqlite:///other.db") == curves_of("readings.sqlite")
