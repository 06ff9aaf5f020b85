"""Rules on what was recorded: when they would have fired, from every kind of source alike."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cti_client import Cycler
from cti_client.cli._entries import entries_of
from cti_client.readings import Reading
from cti_client.record import Poll, open_sink
from cti_client.record.observe import Observer
from cti_client.record.tables import Batch
from cti_client.watch.alert import Alert
from cti_client.watch.recorded import polls_heard, polls_written
from cti_client.watch.replay import replay
from cti_client.watch.rules import Rule
from cti_schema.enums import ChannelStatus
from cti_schema.errors import ConfigurationError
from spoofer import Device, running
from tests.record.support import batches
from tests.watch.support import AT, poll, reading, rule, states

STEP = "[3] 2: CC, Current(A)"


def warm(second: int, degrees: float, test: str = "cell-1", **values: Any) -> Reading:
    raw: Any = SimpleNamespace(aux_temperature=[SimpleNamespace(value=degrees), SimpleNamespace(value=20.5)])
    given: dict[str, Any] = {
        "test_name": test,
        "voltage_v": 3.5,
        "test_time_s": float(second),
        "step_time_s": 1.0,
    }
    return replace(reading(1, STEP, **(given | values)), raw=raw)


def recorded() -> list[Poll]:
    """Return the polls of a test that is hot from second 5 to 14, then ends; then the cycler is away."""
    polls = [poll(second, warm(second, 50.0 if 5 <= second < 15 else 30.0)) for second in range(20)]
    polls.append(
        poll(20, reading(1, status=ChannelStatus.FINISHED, test_name="cell-1", exit_condition="Finished"))
    )
    return [*polls, poll(300, reading(1, test_name="cell-1"))]


RULES = [
    rule("temperature_t1_degc > 45 for 3 s", name="hot", hysteresis=2.0, stop=True),
    rule("test ended", name="end"),
    rule("no reading for 1 min", name="away"),
    rule("status == unsafe", name="unsafe"),
]

EXPECTED = [
    ("hot", "fired", 8),
    ("hot", "cleared", 15),
    ("end", "fired", 20),
    ("away", "fired", 80),
    ("away", "cleared", 300),
]


def told(alerts: Iterable[Alert]) -> list[tuple[str, str, int]]:
    return [(alert.rule, alert.state, (alert.time - AT) // 1000) for alert in alerts]


def write(target: str, *polls_of: list[Poll]) -> None:
    """Write polls into a sink, those of each cycler as its observer sees them."""
    written: list[Batch] = []
    for polls in polls_of:
        observer = Observer(polls[0].cycler, 1000.0)
        written += [observer.see(one) for one in polls]
    sink = open_sink(target)
    sink.write(written)
    sink.close()


def found(source: str, rules: list[Rule] = RULES) -> list[Alert]:
    polls = polls_written(source)
    assert polls is not None
    return list(replay(rules, polls))


@pytest.mark.parametrize(
    "kind", ["{}/a.sqlite", "{}/a.db", "sqlite:///{}/a.sqlite", "sqlite+pysqlite:///{}/a.sqlite"]
)
def test_a_database(kind: str, tmp_path: Path) -> None:
    target = kind.replace("{}", str(tmp_path))
    write(target, recorded())
    alerts = found(target)
    assert told(alerts) == EXPECTED
    assert alerts[0].time == AT + 8250
    assert (alerts[0].cycler, alerts[0].channel, alerts[0].test_name) == ("north", 1, "cell-1")
    assert alerts[0].text.endswith(
        "temperature_t1_degc is 50; with --allow-stop the channel would be stopped"
    )
    assert "with --allow-stop" not in alerts[1].text


def test_it_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    write(str(file), recorded())
    before = file.read_bytes()
    assert told(found(str(file))) == EXPECTED
    assert file.read_bytes() == before


def test_what_a_reading_is_made_of_comes_back(tmp_path: Path) -> None:
    original = poll(3, warm(3, 30.0, comm_failure=True, current_a=-1.5, schedule_name="a.sdx"))
    write(str(tmp_path / "a.sqlite"), [original])
    written = polls_written(str(tmp_path / "a.sqlite"))
    assert written is not None
    (read,) = written
    assert (read.cycler, read.serial_number, read.time, read.latency_s) == ("north", "1001", AT + 3250, 0.25)
    assert batches([replace(read, slot=original.slot)])[0]["readings"] == batches([original])[0]["readings"]


def test_several_cyclers_side_by_side(tmp_path: Path) -> None:
    south = [replace(one, cycler="south/1", serial_number="2", time=one.time + 500) for one in recorded()]
    for target in (str(tmp_path / "a.sqlite"), f"parquet:{tmp_path / 'p'}"):
        write(target, recorded(), south)
        alerts = found(target)
        assert told(alerts[::2]) == told(alerts[1::2]) == EXPECTED
        assert [one.cycler for one in alerts] == ["north", "south/1"] * 5


@pytest.mark.parametrize("prefix", ["", "parquet:"])
def test_a_parquet_folder(prefix: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    write(f"parquet:{tmp_path / 'p'}", recorded()[:9])
    write(f"parquet:{tmp_path / 'p'}", recorded()[9:])
    assert told(found(prefix + str(tmp_path / "p"))) == EXPECTED


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_in_the_battery_data_format(kind: str, tmp_path: Path) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    write(f"bdf.{kind}:{tmp_path / 'b'}", recorded())
    file = tmp_path / "b" / "north" / f"cell-1.channel1.bdf.{kind}"
    alerts = found(str(file))  # it has no more than the test
    assert told(alerts) == EXPECTED[:2]
    assert (alerts[0].cycler, alerts[0].test_name) == ("north", "cell-1")


def test_a_file_of_somebody_else_in_the_battery_data_format(tmp_path: Path) -> None:
    file = tmp_path / "mine.bdf.csv"
    file.write_text(
        f"Test Time / s,Voltage / V,Current / A,Unix Time / s\n0,3.5,1,{AT / 1000}\n1,2.4,,{AT / 1000 + 1}\n"
    )
    (alert,) = found(str(file), [rule("voltage_v < 2.5")])
    assert states([alert]) == [("fired", 1)]
    assert (alert.channel, alert.test_name) == (1, "mine")
    file.write_text("Test Time / s,Voltage / V\n0,3.5\n")
    with pytest.raises(ConfigurationError, match=r"mine.bdf.csv: there is no column 'Unix Time / s' in it"):
        found(str(file))


def test_a_capture(tmp_path: Path) -> None:
    file = tmp_path / "a.pcapng"
    device = Device(2)
    device.override(1, "temperature_degc", 50.0)
    from cti_client.record.poller import _AUX

    with running(device) as spoofer, Cycler("127.0.0.1", spoofer.port, trace=file) as cycler:
        cycler.login("lab", "x")
        cycler.channels(extra=_AUX)
        device.trip(0)
        cycler.channel(1).read()
        port = spoofer.port
    rules = [rule("temperature_t1_degc > 45", name="hot"), rule("status == unsafe", name="unsafe")]
    for names, name in (({}, f"127.0.0.1:{port}"), ({f"127.0.0.1:{port}": "north"}, "north")):
        with closing(entries_of(str(file))) as entries:
            alerts = list(replay(rules, polls_heard(entries, names)))
        assert [(one.rule, one.cycler, one.channel) for one in alerts] == [
            ("hot", name, 2),
            ("unsafe", name, 1),
        ]


def test_frames_without_times(tmp_path: Path) -> None:
    from cti_schema import encode
    from cti_schema.derive.defaults import default
    from tests.record.support import _FEEDBACK, _RECORD

    file = tmp_path / "frames.hex"
    file.write_text(encode(default(_FEEDBACK, channels=[default(_RECORD)])).hex())
    with (
        closing(entries_of(str(file))) as entries,
        pytest.raises(ConfigurationError, match="there are no times in it"),
    ):
        list(polls_heard(entries, {}))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("missing.sqlite", "missing.sqlite: no such file"),
        ("missing.bdf.csv", "missing.bdf.csv: No such file"),
        ("parquet:missing", "missing: there are no readings of `cti log` in it"),
        (".", "there are no readings of `cti log` in it"),
        ("text.sqlite", "text.sqlite: file is not a database"),
        ("other.sqlite", "other.sqlite was not written by `cti log`"),
        ("empty.sqlite", "empty.sqlite: there are no readings in it"),
        ("text.bdf.csv", "text.bdf.csv: "),
        ("nosuch://x", "SQLAlchemy knows no database 'nosuch'"),
        ("sqlite+pysqlite:///other.sqlite", "was not written by `cti log`"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    source: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.sqlite").write_text("no database at all" * 100)
    Path("text.bdf.csv").write_text("Unix Time / s,Voltage / V\nx,y\n")
    with closing(sqlite3.connect("other.sqlite")) as other:
        other.execute("CREATE TABLE t (x)")
    open_sink("empty.sqlite").close()
    with pytest.raises(ConfigurationError) as caught:
        found(source)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_none_of_these_is_left_to_others() -> None:
    assert polls_written("monday.pcapng") is None
    assert polls_written("-") is None


@pytest.mark.skipif(os.name != "posix", reason="the server of the tests needs POSIX")
def test_postgresql() -> None:
    from tests.record.postgres import serving

    with serving() as server:
        write(server.url, recorded())
        alerts = found(server.url)
        assert told(alerts) == EXPECTED
        assert alerts[0].time == AT + 8250
        with pytest.raises(ConfigurationError) as caught:
            found(f"{server.url}&password=hush&port=1")
        assert "hush" not in str(caught.value)
