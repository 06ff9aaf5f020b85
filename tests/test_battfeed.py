"""A spoofed cycler as a source of battfeed: its contract, its harvester, its command line."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from cti_client import Cycler
from cti_client.battfeed_source import CyclerSource
from cti_client.dump.readings_table import COLUMNS, notation
from cti_client.record.sinks.bdf import FROM
from cti_schema import Direction
from cti_schema.errors import ConfigurationError, CTIError, LoginRefused
from spoofer import Device, User, running

ROOT = Path(__file__).parents[1]
TARGET = "cti_client.battfeed_source:CyclerSource"


@dataclass
class Cell:
    """A cycler with a test on each of its first two channels; seconds pass when they are told to."""

    port: int = 0
    now: float = 0.0
    sources: ExitStack = field(default_factory=ExitStack)


@pytest.fixture(name="there")
def there_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cell]:
    monkeypatch.setenv("CTI_PASSWORD", "a secret")
    monkeypatch.setenv("CTI_USER", "lab")
    cell = Cell()
    device = Device(channels=4, seed=1, clock=lambda: cell.now, users={"lab": User("a secret")})
    with running(device) as spoofer:
        cell.port = spoofer.port
        with Cycler("127.0.0.1", cell.port) as cycler:
            cycler.login("lab", "a secret")
            cycler.assign([1, 2], "formation.sdx")
            cycler.channel(1).start("cell-1")
            cycler.channel(2).start("cell-2")
        cell.now = 60.0
        with cell.sources:
            yield cell


def source(there: Cell, **options: Any) -> CyclerSource:
    """Return a source that is closed behind the test."""
    made = CyclerSource(port=there.port, **({"channels": "all"} | options))
    there.sources.callback(made.close)
    return made


def test_the_contract(there: Cell) -> None:
    testing = pytest.importorskip("battfeed.testing", reason="battfeed is not installed")
    one = source(there)
    poll = one.poll

    def moving() -> Any:
        there.now += 1.0
        found = poll()
        assert len(found) == 2
        return found

    one.poll = moving  # type: ignore[method-assign]
    testing.check_source(one)
    testing.check_source(source(there, channels=None, channel=4))  # where no test runs


def test_samples(there: Cell) -> None:
    one = source(there)
    first, second = one.poll()
    with Cycler("127.0.0.1", there.port) as cycler:
        cycler.login("lab", "a secret")
        reading = cycler.channel(1).read()
        serial = cycler.serial_number
    assert (first["series_id"], first["run_id"]) == (f"{serial} channel 1", "cell-1")
    assert (second["series_id"], second["run_id"]) == (f"{serial} channel 2", "cell-2")
    assert first["test_time_second"] == reading.test_time_s == 60.0
    assert first["voltage_volt"] == reading.voltage_v
    assert first["current_ampere"] == reading.current_a > 0
    assert first["schedule_charging_capacity_ah"] == reading.charge_capacity_ah > 0
    assert (first["cycle_count"], first["step_id"]) == (1, 2)
    assert first["temperature_t1_celsius"] == pytest.approx(25.0, abs=1.0)
    assert one.poll() == []  # nothing has happened since
    there.now += 1.0
    assert [sample["test_time_second"] for sample in one.poll()] == [61.0, 61.0]
    one.close()


def test_channels_that_are_wanted(there: Cell) -> None:
    for options, runs in (
        ({"channels": None, "channel": 2}, ["cell-2"]),
        ({"channels": [1]}, ["cell-1"]),
        ({"channels": "1-3"}, ["cell-1", "cell-2"]),
    ):
        one = source(there, **options)
        assert [sample["run_id"] for sample in one.poll()] == runs
        one.close()
    with pytest.raises(ConfigurationError, match="there is no channel 9: the cycler has the channels 1 to 4"):
        source(there, channels=[9]).poll()


def test_the_names_are_those_of_the_format() -> None:
    """As the format's ontology, version 1.3.0, has them."""
    assert {label: notation(label) for label, _, _ in COLUMNS if label in FROM} == {
        "Test Time / s": "test_time_second",
        "Voltage / V": "voltage_volt",
        "Current / A": "current_ampere",
        "Unix Time / s": "unix_time_second",
        "Cycle Count / 1": "cycle_count",
        "Step ID": "step_id",
        "Step Time / s": "step_time_second",
        "Power / W": "power_watt",
        "Schedule Charging Capacity / Ah": "schedule_charging_capacity_ah",
        "Schedule Discharging Capacity / Ah": "schedule_discharging_capacity_ah",
        "Schedule Charging Energy / Wh": "schedule_charging_energy_wh",
        "Schedule Discharging Energy / Wh": "schedule_discharging_energy_wh",
        "DC Internal Resistance / ohm": "dc_internal_resistance_ohm",
        "AC Internal Resistance / ohm": "ac_internal_resistance_ohm",
        "Absolute Impedance / ohm": "absolute_impedance_ohm",
        "Phase / deg": "phase_degree",
        "Temperature T1 / degC": "temperature_t1_celsius",
        # Columns of our own, which no sample has.
        "Channel": "channel", "Status": "status", "Test Name": "test_name", "Schedule Name": "schedule_name",
    }  # fmt: skip


# --- battfeed itself ----------------------------------------------------------------------------------


def test_a_harvest_of_two_channels(there: Cell, tmp_path: Path) -> None:
    battfeed = pytest.importorskip("battfeed", reason="battfeed is not installed")
    routing = pytest.importorskip("battfeed.sinks.routing")
    one = source(there)
    harvester = battfeed.Harvester()
    harvester.register(one)
    sink = routing.RoutingSink(tmp_path, institution="LAB", metadata=one.metadata())

    def sleep(seconds: float) -> None:
        there.now += seconds

    stats = harvester.collect(
        "cti", duration_s=10.0, interval_s=1.0, sink=sink, errors=None, clock=lambda: there.now, sleep=sleep
    )
    sink.close()
    one.close()
    assert (stats.samples, stats.errors) == (20, 0)
    files = sink.files_by_series
    assert sorted(name.partition(" ")[2] for name in files) == ["channel 1", "channel 2"]
    for (file,) in files.values():
        with file.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert list(rows[0])[:3] == ["test_time_second", "voltage_volt", "current_ampere"]
        assert [float(row["test_time_second"]) for row in rows] == [60.0 + second for second in range(10)]
        assert all(3.0 < float(row["voltage_volt"]) < 4.3 for row in rows)
        sidecar = json.loads(Path(str(file).replace(".bdf.csv", ".meta.json")).read_text(encoding="utf-8"))
        assert '"run_id": "cell-' in json.dumps(sidecar)
        assert "a secret" not in json.dumps(sidecar)


def test_its_command_line(
    there: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cli = pytest.importorskip("battfeed.cli", reason="battfeed is not installed")
    registry = pytest.importorskip("battfeed.registry")
    installed = {one.name: one.value for one in entry_points(group="battfeed.sources")}
    if "cti" not in installed:  # this checkout was installed before it had an entry point
        monkeypatch.setitem(registry._BUILTINS, "cti", TARGET)
    else:
        assert installed["cti"] == TARGET
    assert cli.main(["sources"]) == 0
    shown = capsys.readouterr().out
    assert "An Arbin cycler, over CTI: the running tests of one channel or of several." in shown
    assert "options: host='127.0.0.1', port=9031, user=None, channel=None, channels=None" in shown
    file = tmp_path / "LAB__cell-1__20260324_001.bdf.csv"
    arguments = ["--opt", f"port={there.port}", "--opt", "channel=1", "--out", str(file)]
    timing = ["--duration", "0.2", "--interval", "0.05"]
    assert cli.main(["collect", "--source", "cti", *arguments, *timing]) == 0
    assert "Collected 1 sample(s) from 'cti'" in capsys.readouterr().out
    with file.open(newline="", encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["test_time_second"], row["step_id"]) == ("60.0", "2")
    assert cli.main(["collect", "--source", "cti", "--out", str(file)]) == 2
    assert capsys.readouterr().err == "error: give one of the options channel and channels\n"


# --- trouble ------------------------------------------------------------------------------------------


def test_a_cycler_that_goes_away_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "")
    device = Device(channels=2, seed=1)
    with ExitStack() as stack:
        port = stack.enter_context(running(device)).port
        one = CyclerSource(port=port, user="lab", channel=1, timeout_s=5.0)
        assert one.poll() == []
        stack.close()
        for _ in range(2):
            with pytest.raises(CTIError):
                one.poll()
        with running(device, port=port):
            assert one.poll() == []
            one.close()
            one.close()
            assert one.poll() == []  # it is connected to again
            one.close()


def test_a_refused_login_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "wrong secret")
    logins = []

    def remember(direction: Direction, message: Any, *_: object) -> None:
        if direction is Direction.REQUEST and "login" in message.spec.name:
            logins.append(message)

    with running(Device(1), users={"lab": User("right")}, on_message=remember) as spoofer:
        one = CyclerSource(port=spoofer.port, user="lab", channel=1)
        for _ in range(3):
            with pytest.raises(LoginRefused) as caught:
                one.poll()
            assert "wrong secret" not in str(caught.value)
        one.close()
    assert len(logins) == 1
    assert "wrong secret" not in repr(vars(one)) + repr(one) + json.dumps(one.metadata())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "give one of the options channel and channels"),
        ({"channel": 1, "channels": "2"}, "give one of the options channel and channels"),
        ({"channel": 0}, "there is no channel 0: channels are counted from 1"),
        ({"channels": []}, "the option channels names no channel"),
        ({"channels": "eight"}, "'eight' names no channels"),
        ({"channel": 1, "user": None}, "no user name: give the option user or set CTI_USER"),
        ({"channel": 1}, "no password of 'lab': set CTI_PASSWORD"),
        ({"channel": 1, "credentials": "missing.toml"}, "missing.toml: No such file or directory"),
    ],
)
def test_options_that_make_no_sense(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CTI_USER", raising=False)
    monkeypatch.delenv("CTI_PASSWORD", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        CyclerSource(**({"user": "lab"} | options))
    assert str(caught.value).startswith(sentence)


def test_values_that_are_no_numbers_are_left_out(there: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    one = source(there, channels=[1])
    one.poll()
    cycler: Any = one._cycler
    readings = cycler.channels()
    there.now += 1.0
    for changes, count in (({"acr_ohm": math.inf, "aci_ohm": math.nan}, 1), ({"voltage_v": math.nan}, 0)):
        made = [replace(reading, test_time_s=99.0, **changes) for reading in readings]
        monkeypatch.setattr(type(cycler), "channels", lambda self, made=made, **_: made)
        found = one.poll()
        assert len(found) == count
        for sample in found:
            assert not {"ac_internal_resistance_ohm", "absolute_impedance_ohm"} & set(sample)


def test_battfeed_itself_is_not_needed() -> None:
    code = f"import sys; sys.modules['battfeed'] = None; import {TARGET.partition(':')[0]}; print('done')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
