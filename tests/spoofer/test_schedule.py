"""Schedules as plain data: what a step takes, and what is refused."""

from __future__ import annotations

import pytest

from cti_schema.enums import MetaVariableCode
from cti_schema.errors import ConfigurationError, ScenarioError
from spoofer.battery.schedule import KEYS, USER_VARIABLES, Control, Schedule, Step, default_schedule

UD1 = MetaVariableCode.MV_UD1


def test_every_control_has_its_keys() -> None:
    assert set(KEYS) == set(Control)
    known = {*Step.__slots__, *(code.name for code in USER_VARIABLES)}
    for keys in KEYS.values():
        names = [key.name for key in keys]
        assert len(names) == len(set(names))
        assert set(names) <= known


def test_both_names_of_a_cccv_are_one() -> None:
    assert Control.CURRENT_VOLTAGE is Control.CCCV
    assert str(Control.CCCV) == "CCCV"


@pytest.mark.parametrize(
    ("values", "key", "message"),
    [
        ({"control": Control.CURRENT}, "", "the key 'current_a' is missing"),
        ({"control": Control.CCCV, "current_a": 1.0}, "", "the key 'voltage_v' is missing"),
        ({"control": Control.POWER}, "", "the key 'power_w' is missing"),
        ({"control": Control.REST, "current_a": 0.0}, "current_a", "unknown key 'current_a'"),
        ({"control": Control.PAUSE, "max_time_s": 1.0}, "max_time_s", "unknown key 'max_time_s'"),
        ({"control": Control.REST, "max_time_s": -1.0}, "max_time_s", "is not a number not below 0 (s)"),
        ({"control": Control.REST, "max_time_s": float("nan")}, "max_time_s", "is not a number"),
        ({"control": Control.REST, "max_time_s": True}, "max_time_s", "True is not a number"),
        ({"control": Control.REST, "variables": {UD1: 1.0}}, "MV_UD1", "unknown key 'MV_UD1'"),
        ({"control": Control.REST, "goto": "a", "repeat": 0}, "repeat", "not below 1"),
        ({"control": Control.REST, "label": "x" * 25}, "label", "at most 24 printable characters"),
        ({"control": Control.REST, "label": "5 \N{EURO SIGN}"}, "label", "Latin-1"),
        ({"control": Control.REST, "label": "a\nb"}, "label", "printable"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(values: dict[str, object], key: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Step(**{"label": "a", **values})  # type: ignore[arg-type]
    assert caught.value.key == key
    assert message in caught.value.reason
    assert isinstance(caught.value, ConfigurationError)


def test_a_control_value_may_be_a_user_variable() -> None:
    assert Step("a", Control.CCCV, UD1, voltage_v=MetaVariableCode.MV_UD16).current_a is UD1


@pytest.mark.parametrize(
    ("steps", "key", "message"),
    [
        ([{"goto": "c"}], "step[0].goto", "unknown label 'c'"),
        ([{}, {"label": "Charge", "goto": "Chrge"}], "step[1].goto", "did you mean 'Charge'"),
        ([{}, {}, {"goto": "a"}], "step[2].goto", "'a' is the label of more than one step"),
        ([{"repeat": 2}], "step[0].repeat", "there is no goto"),
    ],
)
def test_a_schedule_that_leads_nowhere_is_refused(
    steps: list[dict[str, object]], key: str, message: str
) -> None:
    made = tuple(Step(**{"label": "a", "control": Control.REST, **step}) for step in steps)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError) as caught:
        Schedule("some", made)
    assert caught.value.key == key
    assert message in caught.value.reason


def test_the_default_is_a_cccv_charge_and_a_discharge() -> None:
    schedule = default_schedule("any", 3.0)
    assert schedule.name == "any"
    assert [step.control for step in schedule.steps] == [
        Control.REST,
        Control.CCCV,
        Control.REST,
        Control.CURRENT,
    ]
    charge = schedule.steps[1]
    assert (charge.current_a, charge.voltage_v, charge.end_current_a) == (1.5, 4.2, pytest.approx(0.15))
    assert schedule.index_of("Rest_B") == 2
