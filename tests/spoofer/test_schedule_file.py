"""Schedules as files: what they mean, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema.enums import MetaVariableCode
from cti_schema.errors import ScenarioError
from spoofer.battery.schedule import Control, Step, default_schedule
from spoofer.battery.schedule_file import CONTROLS, MOST_BYTES, file_names, load, loads

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "schedules"
UD1 = MetaVariableCode.MV_UD1


def test_the_example_is_the_default_schedule() -> None:
    assert load(EXAMPLES / "cccv.toml") == default_schedule("cccv", 2.5)
    assert load(EXAMPLES / "cccv.toml", "formation.sdx") == default_schedule("formation.sdx", 2.5)


def test_every_example_loads_and_says_what_it_is() -> None:
    names = sorted(path.name for path in EXAMPLES.glob("*.toml"))
    assert names == ["ageing.toml", "cccv.toml", "closed_loop.toml"]
    for name in names:
        assert load(EXAMPLES / name).name == name.removesuffix(".toml")
        assert (EXAMPLES / name).read_text(encoding="utf-8").startswith("# ")


def test_cycles_pause_power_and_voltage() -> None:
    assert load(EXAMPLES / "ageing.toml").steps == (
        Step("Charge", Control.CCCV, 1.25, voltage_v=4.2, end_current_a=0.125, max_temperature_degc=45.0),
        Step("Discharge", Control.POWER, power_w=-5.0, end_voltage_v=2.8),
        Step("Next", Control.SET_VARIABLES, advance_cycle=True, reset_totals=True, goto="Charge", repeat=2),
        Step("Look", Control.PAUSE),
        Step("Store", Control.VOLTAGE, voltage_v=3.7, max_current_a=1.0, end_current_a=0.05),
    )


def test_user_variables() -> None:
    assert load(EXAMPLES / "closed_loop.toml").steps == (
        Step("Set", Control.SET_VARIABLES, variables={UD1: 0.0}),
        Step("Loop", Control.CCCV, UD1, voltage_v=4.2, max_time_s=7200.0),
    )


def test_the_controls_by_name() -> None:
    assert list(CONTROLS) == ["rest", "current", "cccv", "voltage", "power", "pause", "set_variables"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cccv", ("cccv", "cccv.toml")),
        ("formation.sdx", ("formation.sdx", "formation.sdx.toml", "formation.toml")),
        ("F.SDU", ("F.SDU", "F.SDU.toml", "F.toml")),
        ("a.b", ("a.b", "a.b.toml")),
        (".sdx", (".sdx", ".sdx.toml")),
    ],
)
def test_how_a_name_finds_its_file(name: str, expected: tuple[str, ...]) -> None:
    assert file_names(name) == expected


STEP = '[[step]]\nlabel = "a"\n'


@pytest.mark.parametrize(
    ("text", "line", "key", "reason"),
    [
        (
            STEP + 'control = "rest"\nmax_tme_s = 1\n',
            4,
            "step[0].max_tme_s",
            "unknown key 'max_tme_s'; did you mean 'max_time_s'? "
            "allowed are label, control, goto, repeat, max_time_s, max_temperature_degc",
        ),
        (
            "# why\n\n" + STEP + 'control = "ccv"\n',
            5,
            "step[0].control",
            "unknown control 'ccv'; did you mean 'cccv'? "
            "allowed are rest, current, cccv, voltage, power, pause, set_variables",
        ),
        (
            STEP + 'control = "rest"\n' + STEP + 'control = "cccv"\nvoltage_v = 4.2',
            4,
            "step[1]",
            "the key 'current_a' is missing (the current, positive when it charges): "
            "a number (A, or MV_UD1 to MV_UD16)",
        ),
        (
            STEP + 'control = "current"\ncurrent_a = "MV_UD1O"',
            4,
            "step[0].current_a",
            "unknown user variable 'MV_UD1O'; did you mean 'MV_UD1",
        ),
        (
            STEP + 'control = "current"\ncurrent_a = "1.5"',
            4,
            "step[0].current_a",
            "unknown user variable '1.5'; allowed are MV_UD1, MV_UD2",
        ),
        (
            STEP + 'control = "rest"\nmax_time_s = "1"',
            4,
            "step[0].max_time_s",
            "'1' is not a number not below 0 (s)",
        ),
        (STEP, 1, "step[0]", "a control is needed, one of rest, current"),
        (STEP + "control = 1", 3, "step[0].control", "a control is needed, one of rest, current"),
        (STEP + 'control = "pause"\ngoto = "b"', 4, "step[0].goto", "unknown label 'b'; allowed are a"),
        (STEP + 'control = "set_variables"\nMV_UD17 = 1', 4, "step[0].MV_UD17", "did you mean 'MV_UD"),
        ("[[steps]]\n", 1, "steps", "unknown key 'steps'; did you mean 'step'? allowed are step"),
        ("[step]\n", 1, "step", "a list of tables is needed: [[step]], not [step]"),
        ("step = [1]", 1, "step[0]", "a [[step]] table is needed, not 1"),
        ("", None, "step", "there are 0 steps; 1 to 200 [[step]] tables are allowed"),
        ((STEP + 'control = "pause"\n') * 201, 1, "step", "there are 201 steps"),
        (STEP + "control = rest\n", 3, "", "this is no TOML: Invalid value"),
        ("x = " + "[" * 30_000, None, "", "lists stand too deep in lists"),
        ("x = " + "9" * 5_000, None, "", "this is no TOML: "),
        (STEP + 'control = "rest"\nmax_time_s = ' + "9" * 400, 4, "step[0].max_time_s", "is not a number"),
        ("#" * (MOST_BYTES + 1), None, "", "a schedule has at most 65536 bytes"),
    ],
)
def test_a_wrong_file_is_told_with_line_and_key(text: str, line: int | None, key: str, reason: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(text, "wrong.sdx")
    error = caught.value
    assert (error.file, error.line, error.key) == ("wrong.sdx", line, key)
    assert error.reason.startswith(reason) or reason in error.reason


def test_a_file_is_told_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(b'[[step]]\r\nlabel = "a"\r\ncontrol = "rest"\r\nhurry = 1\r\n')
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}, line 4, step[0].hurry: unknown key 'hurry'")
    path.write_bytes(b"# \xff")
    with pytest.raises(ScenarioError, match="line 1: the file is no UTF-8 text"):
        load(path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.toml")


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_what_is_no_schedule_is_a_scenario_error(text: bytes | str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(text, "any")
    assert caught.value.file == "any"
