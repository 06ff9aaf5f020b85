"""Conditions: what they mean for a reading, and what is wrong with those that mean nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_client.readings import Reading
from cti_client.record import observe
from cti_client.record.tables import READINGS
from cti_client.step_text import step_text
from cti_client.watch.conditions import parse
from cti_client.watch.fields import FIELDS
from cti_client.watch.nodes import Moment
from cti_schema.enums import ChannelStatus
from cti_schema.errors import ConfigurationError
from tests.watch.support import IDLE, poll

RAW: Any = SimpleNamespace(
    aux_temperature=[SimpleNamespace(value=41.5), SimpleNamespace(value=math.nan)], aux_voltage=[3.1, 3.2]
)
READING = replace(
    IDLE, channel=3, status=ChannelStatus.CHARGE, test_name="cell-1", schedule_name="a.sdx",
    step_and_cycle="[7] 4: CC, Current(A)", voltage_v=3.5, current_a=-1.0, power_w=math.nan, aci_ohm=math.nan,
    comm_failure=True, raw=RAW,
)  # fmt: skip


def holds(text: str, reading: Reading = READING) -> bool | None:
    return parse(text).node.holds(Moment(0, poll(0, reading), reading))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("voltage_v > 3.4", True),
        ("voltage_v > 3.5", False),
        ("voltage_v >= 3.5", True),
        ("voltage_v <= 3.5", True),
        ("voltage_v == 3.5", True),
        ("voltage_v != 3.5", False),
        ("voltage_v<.5e1", True),
        ("current_a < 0", True),
        ("current_a < -1", False),
        ("status == charge", True),
        ("status == CHARGE", True),
        ('status != "rest"', True),
        ("channel == 3", True),
        ("cycle_index == 7 and step_index == 4", True),
        ('test_name == "cell-1"', True),
        ("schedule_name != 'a.sdx'", False),
        ('cycler == "north" and serial_number == "1001"', True),
        ("latency_s > 0.2", True),
        ("comm_failure == 1", True),
        ("comm_failure == true", True),
        ("comm_failure == false", False),
        ("temperature_t1_degc > 41", True),
        ("aux_temperature_degc[1] > 41", True),
        ("aux_voltage_v[2] == 3.2", True),
        # What is absent is neither equal nor different, and not even "not" makes it true.
        ("power_w > 0", None),
        ("power_w <= 0", None),
        ("power_w != 0", None),
        ("not power_w > 0", None),
        ("not (power_w > 0)", None),
        ("aux_temperature_degc[2] < 100", None),
        ("aux_temperature_degc[3] < 100", None),
        ("aux_humidity_percent[1] < 100", None),
        ("aci_ohm < 1 or voltage_v > 3", True),
        ("aci_ohm < 1 or voltage_v < 3", None),
        ("aci_ohm < 1 and voltage_v < 3", False),
        ("aci_ohm < 1 and voltage_v > 3", None),
        # not, and, or: each binds less than the one before.
        ("voltage_v > 9 and voltage_v > 9 or voltage_v > 3", True),
        ("voltage_v > 9 and (voltage_v > 9 or voltage_v > 3)", False),
        ("not voltage_v > 9 and voltage_v > 3", True),
        ("NOT voltage_v > 3 OR voltage_v > 3", True),
        ("test ended", False),
    ],
)
def test_what_a_condition_means(text: str, expected: bool | None) -> None:
    assert holds(text) is expected


def test_a_step_that_the_cycler_does_not_tell() -> None:
    assert holds("step_index == 4", replace(READING, step_and_cycle="")) is None


def test_every_column_is_a_field_with_the_value_that_is_logged() -> None:
    assert {*FIELDS, "slot", "time", "aux_json"} == set(READINGS.columns)
    one = poll(0, READING)
    logged = observe._row(one, one.slot, READING, step_text(READING.step_and_cycle))
    for name, value in zip(READINGS.names, logged, strict=True):
        if name in FIELDS:
            assert (name, FIELDS[name].value(one, READING)) == (name, value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("temprature > 45", "unknown field 'temprature'; did you mean 'temperature_t1_degc'?"),
        ("aux_voltage[1] > 4", "unknown field 'aux_voltage'; did you mean 'aux_voltage_v'?"),
        ("xyzzy > 45", "unknown field 'xyzzy' (known: serial_number, channel, latency_s,"),
        ("slot > 45", "unknown field 'slot'"),
        ("aux_temperature_degc > 45", "are several values: write aux_temperature_degc[1] for the first"),
        ("aux_temperature_degc[0] > 45", "auxiliary values are counted from 1"),
        ("voltage_v[1] > 4", "unknown field 'voltage_v'"),
        ("status == unsave", "unknown status 'unsave'; did you mean 'unsafe'? (known: idle, transition,"),
        ("status == 8", "unknown status '8'"),
        ("status > rest", "status is a text: use == or !=, not >"),
        ("test_name == cell", 'test_name is a text: write it in quotes, "cell"'),
        ("voltage_v == high", "voltage_v is a number, high is none"),
        ("voltage_v == nan", "voltage_v is a number, nan is none"),
        ("voltage_v = 3", "'=' is not expected here; possible: == != < <= > >="),
        ("45 < voltage_v", "'45' is not expected here"),
        ("voltage_v < 2.5 and", "the end is not expected here; possible: (, a field, no reading, not, rate("),
        ("(voltage_v < 2.5", "the end is not expected here; possible: )"),
        ("voltage_v < 2.5)", "')' is not expected here"),
        ("temperature_t1_degc > 45 degC", "a number stands alone, its unit is in the name of the field"),
        ("voltage_v > 4V", "a number stands alone, its unit is in the name of the field"),
        ("voltage_v > 4 for 10", "the end is not expected here; possible: s, min, h or d"),
        ("voltage_v > 4 for 10 minutes", "not expected here; possible: s, min, h or d"),
        ("voltage_v > 4 for 0 s", "0 s is no time"),
        ("voltage_v > 4 for -1 s", "-1 s is no time"),
        ("voltage_v > 4 for 400 d", "400 d is no time"),
        ("voltage_v > 4 for 1e999 s", "1e999 s is no time"),
        ("voltage_v > 4 for 10 s and current_a > 0", "'and' stands behind 'for': put parentheses around"),
        ("test finished", "unknown event 'test finished'; did you mean 'test ended'? (known:"),
        ("test endet", "unknown event 'test endet'; did you mean 'test ended'?"),
        ("not test ended", "'not' makes no sense with an event"),
        ("test ended for 10 s", "'for' makes no sense with an event"),
        ("test ended or voltage_v > 4", "are not joined by or: write two rules"),
        ("no reading", "the end is not expected here; possible: for"),
        ("no reading for 30 s and voltage_v > 3", "'no reading' stands alone"),
        ("(no reading for 30 s) and voltage_v > 3", "'no reading' stands alone"),
        ("not (no reading for 30 s)", "'no reading' stands alone"),
        ("rate(voltage_v) > 1", "the end is not expected here; possible: per"),
        ("rate(status) > 1 per s", "status is a text, which has no rate"),
        ("rate(voltage) > 1 per s", "unknown field 'voltage'; did you mean 'voltage_v'?"),
        ("", "the end is not expected here"),
        ("voltage_v > 3; import os", "';' is not expected here"),
    ],
)
def test_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_condition_may_be_deep_but_not_endless() -> None:
    assert holds("(" * 200 + "voltage_v > 3" + ")" * 200) is True
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        parse("not " * 5000 + "voltage_v > 3")


@given(
    st.text(
        alphabet="voltage_v status test ended for no reading 10 s()<>=!'\"and or not rate , per[]1é\n",
        max_size=40,
    )
)
def test_any_text_is_a_condition_or_a_sentence(text: str) -> None:
    try:
        found = parse(text)
    except ConfigurationError as error:
        sentence = str(error)
    else:
        sentence = found.text
        assert parse(sentence).text == sentence
        assert found.node.holds(Moment(0, poll(0, READING), READING)) in (True, False, None)
    assert "\n" not in sentence


_NAMES = ("voltage_v", "current_a", "power_w")


@st.composite
def _conditions(draw: st.DrawFn) -> tuple[str, Any]:
    """Return a condition as a text and as a function of the values, by Kleene's tables."""
    kind = draw(st.sampled_from(["comparison", "comparison", "not", "and", "or"]))
    if kind == "comparison":
        name, limit = draw(st.sampled_from(_NAMES)), draw(st.integers(-3, 3))
        sign = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))

        def compare(values: dict[str, float]) -> bool | None:
            value = values[name]
            return None if math.isnan(value) else eval(f"{value} {sign} {limit}")

        return f"{name} {sign} {limit}", compare
    inner, known = draw(_conditions())
    if kind == "not":
        return f"not ({inner})", lambda values: None if known(values) is None else not known(values)
    other, second = draw(_conditions())
    decides = kind == "or"

    def joined(values: dict[str, float]) -> bool | None:
        found = [known(values), second(values)]
        return decides if decides in found else None if None in found else not decides

    return f"({inner}) {kind} ({other})", joined


@given(
    _conditions(),
    st.fixed_dictionaries({name: st.sampled_from([math.nan, -3.0, 0.0, 1.0]) for name in _NAMES}),
)
def test_conditions_are_what_they_say(condition: tuple[str, Any], values: dict[str, float]) -> None:
    text, expected = condition
    assert holds(text, replace(READING, **values)) is expected(values)  # type: ignore[arg-type]
