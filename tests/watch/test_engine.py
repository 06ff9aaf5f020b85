"""Which rules fire and clear when."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_client.watch.engine import Engine
from cti_schema.enums import ChannelStatus
from tests.record.support import a_test
from tests.watch.support import AT, STEP, engine, poll, reading, rule, run, states, warm

HOT = "temperature_t1_degc > 45"


def test_it_fires_once_and_clears_once() -> None:
    alerts = run(
        engine(rule(HOT)), [warm(second, value) for second, value in enumerate([44, 46, 47, 46, 45, 44, 46])]
    )
    assert states(alerts) == [("fired", 1), ("cleared", 4), ("fired", 6)]
    first, over, _ = alerts
    assert (first.rule, first.cycler, first.channel, first.test_name) == ("r", "north", 1, "cell-1")
    assert (first.time, first.severity, first.condition) == (AT + 1250, "warning", HOT)
    assert first.values == {"temperature_t1_degc": 46.0}
    assert first.text == f"r: north channel 1, test cell-1: {HOT}; temperature_t1_degc is 46"
    assert over.values == {"temperature_t1_degc": 45.0}
    assert over.text == "r is over: north channel 1, test cell-1; temperature_t1_degc is 45"


def test_each_channel_has_its_own() -> None:
    alerts = run(engine(rule(HOT)), [warm(0, 46, 44, 46), warm(1, 44, 46, 46)])
    assert [(one.channel, one.state) for one in alerts] == [
        (1, "fired"), (3, "fired"), (1, "cleared"), (2, "fired"),
    ]  # fmt: skip


@pytest.mark.parametrize("how", [{"clear": "temperature_t1_degc < 43"}, {"hysteresis": 2.0}])
def test_within_the_hysteresis_nothing_happens(how: dict[str, float | str]) -> None:
    values = [46, 44, 46, 43, 45.5, 43, 42.9, 44, 45, 45.1]
    alerts = run(engine(rule(HOT, **how)), [warm(second, value) for second, value in enumerate(values)])  # type: ignore[arg-type]
    assert states(alerts) == [("fired", 0), ("cleared", 6), ("fired", 9)]


@pytest.mark.parametrize(
    ("sign", "values"),
    [("<", [2.4, 2.59, 2.61]), ("<=", [2.5, 2.6, 2.7]), (">", [9.0, 2.45, 2.3]), (">=", [2.5, 2.4, 2.3])],
)
def test_hysteresis_works_both_ways(sign: str, values: list[float]) -> None:
    watched = engine(rule(f"voltage_v {sign} 2.5", hysteresis=0.1))
    alerts = run(watched, [poll(at, reading(voltage_v=value)) for at, value in enumerate(values)])
    assert states(alerts) == [("fired", 0), ("cleared", 2)]


def test_a_clear_that_holds_together_with_the_condition_does_not_alternate() -> None:
    watched = engine(rule("voltage_v > 3", clear="voltage_v < 5"))
    polls = [poll(second, reading(voltage_v=4.0)) for second in range(10)]
    assert states(run(watched, polls)) == [("fired", 0)]


def test_for_needs_every_reading() -> None:
    watched = engine(rule(f"{HOT} for 3 s"))
    values = [46, 46, 44, 46, 46, 46, 46, 46, 44, 46]
    assert states(run(watched, [warm(*pair) for pair in enumerate(values)])) == [("fired", 6), ("cleared", 8)]


def test_an_absent_value_begins_for_anew_and_ends_no_alert() -> None:
    watched = engine(rule(f"{HOT} for 2 s"))
    values = [46, 46, None, 46, 46, 46, None, None, 46, 44]
    assert states(run(watched, [warm(*pair) for pair in enumerate(values)])) == [("fired", 5), ("cleared", 9)]


def test_for_within_parentheses() -> None:
    watched = engine(rule(f"({HOT} for 2 s) and voltage_v > 3"))
    volts = [4.0, 4.0, 2.0, 2.0, 4.0]
    polls = [warm(second, 46, voltage_v=value) for second, value in enumerate(volts)]
    assert states(run(watched, polls)) == [("fired", 4)]


def test_not_for_does_not_alternate() -> None:
    watched = engine(rule(f"not ({HOT} for 3 s)"))
    polls = [warm(*pair) for pair in enumerate([46, 46, 46, 46, 46, 44, 44])]
    assert states(run(watched, polls)) == [("fired", 0), ("cleared", 3), ("fired", 5)]


def test_a_rate_needs_its_window() -> None:
    watched = engine(rule("rate(temperature_t1_degc, 10 s) > 5 per min"))
    rising = [20.0] * 12 + [20.0 + 0.1 * second for second in range(20)]  # 6 degrees per minute
    alerts = run(watched, [warm(*pair) for pair in enumerate(rising)])
    assert states(alerts) == [("fired", 21)]
    (value,) = alerts[0].values.values()
    assert [*alerts[0].values] == ["rate(temperature_t1_degc, 10 s) per min"]
    assert value == pytest.approx(5.4)


def test_a_rate_has_a_window_of_a_minute_where_none_is_written() -> None:
    watched = engine(rule("rate(temperature_t1_degc) > 1 per min"))
    alerts = run(watched, [warm(second, 20.0 + second / 30.0) for second in range(80)])
    assert states(alerts) == [("fired", 60)]


def test_a_rate_that_falls_and_one_of_another_unit() -> None:
    watched = engine(rule("rate(voltage_v, 5 s) < -0.05 per s"))
    polls = [poll(second, reading(voltage_v=4.0 - second / 10.0)) for second in range(8)]
    assert states(run(watched, polls)) == [("fired", 5)]
    watched = engine(rule("rate(voltage_v, 5 s) <= -360 per h"))
    assert states(run(watched, polls)) == [("fired", 5)]


def test_two_rates_of_one_field() -> None:
    watched = engine(rule("rate(voltage_v, 2 s) > 0 per s and rate(voltage_v, 4 s) > 0 per s"))
    (alert,) = run(watched, [poll(second, reading(voltage_v=float(second))) for second in range(6)])
    assert alert.values == {"rate(voltage_v, 2 s) per s": 1.0, "rate(voltage_v, 4 s) per s": 1.0}


def test_the_rate_of_what_is_infinite_is_absent() -> None:
    watched = engine(rule("not rate(voltage_v, 2 s) > 1 per s"))
    assert run(watched, [poll(second, reading(voltage_v=math.inf)) for second in range(6)]) == []


def test_what_a_rate_remembers_is_bounded() -> None:
    watched = engine(rule("rate(voltage_v, 1 h) > 1 per h"))
    for step in range(5000):
        one = poll(0, reading(voltage_v=1.0))
        watched.see(replace(one, time=one.time + 10 * step))
    ((memory,),) = [
        [one.memory for one in channel.watched.values()]
        for channel in watched._cyclers["north"].channels.values()
    ]
    (values,) = memory.values()
    assert 1 < len(values) < 700


def test_events() -> None:
    rules = [rule(f"{name}", name=name) for name in ("test started", "test ended", "status changed")]
    alerts = run(engine(*rules), a_test(4))
    assert [(one.rule, (one.time - AT) // 1000) for one in alerts] == [
        ("test started", 1), ("status changed", 1), ("test ended", 4), ("status changed", 4),
    ]  # fmt: skip
    assert {one.state for one in alerts} == {"fired"}
    assert (
        alerts[2].text
        == "test ended: north channel 1, test cell-1: test ended; the channel is finished, Finished"
    )


def test_what_goes_on_when_watching_begins_is_no_event() -> None:
    assert (
        run(engine(rule("test started"), rule("status changed", name="s")), [warm(0, 20), warm(1, 20)]) == []
    )


def test_an_event_fires_each_time() -> None:
    statuses = [ChannelStatus.CHARGE, ChannelStatus.REST, ChannelStatus.DISCHARGE, ChannelStatus.DISCHARGE]
    polls = [poll(second, reading(step=STEP, status=status)) for second, status in enumerate(statuses)]
    watched = engine(rule("status changed"))
    assert states(run(watched, polls)) == [("fired", 1), ("fired", 2)]
    assert watched.active == []


def test_an_event_with_a_condition() -> None:
    watched = engine(rule("test ended and voltage_v < 3"))
    polls = [
        warm(0, 20, voltage_v=4.0),
        poll(1, reading(voltage_v=4.0)),
        warm(2, 20),
        poll(3, reading(voltage_v=2.0)),
    ]
    assert states(run(watched, polls)) == [("fired", 3)]


def test_a_test_that_takes_the_place_of_another_ends_it() -> None:
    rules = [
        rule("test ended", name="end", tests=("cell-1",)),
        rule("test started", name="begin", tests=("cell-2",)),
    ]
    alerts = run(
        engine(*rules), [warm(0, 20), warm(1, 20, test_name="cell-2"), warm(2, 20, test_name="cell-2")]
    )
    assert [(one.rule, one.test_name) for one in alerts] == [("end", "cell-1"), ("begin", "cell-2")]


def test_patterns() -> None:
    rules = [
        rule(HOT, name="cyclers", cyclers=("nor*",)),
        rule(HOT, name="channels", channels=frozenset({2, 3})),
        rule(HOT, name="tests", tests=("cell-[0-9]", "aging")),
        rule(HOT, name="nothing", cyclers=("south",)),
        rule(HOT, name="case", tests=("CELL*",)),
    ]
    alerts = run(engine(*rules, cyclers=["north", "south"]), [warm(0, 46, 46)])
    assert [(one.rule, one.channel) for one in alerts] == [
        ("cyclers", 1),
        ("tests", 1),
        ("cyclers", 2),
        ("channels", 2),
        ("tests", 2),
    ]


# --- cyclers that go away, clocks, other tests ------------------------------------------------------


def test_no_reading() -> None:
    watched = engine(rule("no reading for 30 s"), cyclers=["north", "south"])
    assert watched.tick(AT) == []
    assert watched.due == AT + 30_000
    assert watched.see(poll(1, reading())) == []
    assert states(watched.tick(AT + 30_000)) == [("fired", 30)]  # the other one
    (alert,) = watched.active
    assert (alert.cycler, alert.channel, alert.test_name) == ("south", None, "")
    assert alert.text == "r: south: no reading for 30 s, since watching began"
    assert watched.see(poll(30, error="connection refused")) == []
    fired = watched.see(poll(32, error="connection refused"))
    assert states(fired) == [("fired", 32)]
    assert fired[0].values == {"no_reading_s": 31.0}
    assert fired[0].text == "r: north: no reading for 31 s; connection refused"
    assert watched.see(poll(40, error="connection refused")) == watched.tick(AT + 99_000) == []
    over = watched.see(poll(100, reading()))
    assert [(one.state, one.text) for one in over] == [("cleared", "r is over: north; it answers again")]
    assert [one.cycler for one in watched.active] == ["south"]
    assert states(watched.tick(AT + 131_000)) == [("fired", 131)]


def test_an_answer_without_channels_is_no_reading() -> None:
    watched = engine(rule("no reading for 3 s"))
    alerts = run(watched, [poll(0, reading()), *(poll(second) for second in range(1, 6))])
    assert states(alerts) == [("fired", 3)]


def test_a_cycler_that_comes_back_fires_nothing_twice() -> None:
    watched = engine(rule(HOT), rule("test ended", name="end"))
    polls = [
        warm(0, 46),
        *(poll(second, error="away") for second in range(1, 100)),
        warm(100, 46),
        warm(101, 44),
    ]
    assert states(run(watched, polls)) == [("fired", 0), ("cleared", 101)]


def test_a_test_that_ended_meanwhile_is_told() -> None:
    watched = engine(rule("test ended"))
    assert states(run(watched, [warm(0, 20), poll(1, error="away"), poll(9, reading())])) == [("fired", 9)]


@pytest.mark.parametrize("between", [[], [poll(1, error="away")]])
def test_what_was_not_seen_has_not_lasted(between: list[object]) -> None:
    watched = engine(rule(f"{HOT} for 5 s"))
    polls = [warm(0, 46), *between, *(warm(60 + second, 46) for second in range(6))]
    assert states(run(watched, polls)) == [("fired", 65)]  # type: ignore[arg-type]


def test_slow_polls_make_no_gap() -> None:
    watched = engine(rule(f"{HOT} for 1 min"))
    assert states(run(watched, [warm(20 * number, 46) for number in range(8)])) == [("fired", 80)]


def test_another_cycler_of_the_same_name() -> None:
    watched = engine(rule(HOT), rule("test ended", name="end"))
    watched.see(warm(0, 46))
    alerts = watched.see(replace(poll(1, reading()), serial_number="2002"))
    assert [(one.state, one.text) for one in alerts] == [
        ("cleared", "r is over: north channel 1, test cell-1; another cycler answers now")
    ]
    assert watched.active == []


@pytest.mark.parametrize("told", [True, False])
def test_a_clock_that_is_set_back_costs_no_time(told: bool) -> None:
    watched = engine(rule(f"{HOT} for 10 s"), rule("no reading for 8 s", name="away"))
    alerts = run(watched, [warm(second, 46) for second in range(6)])
    if told:
        watched.clock_stepped(-3600.0)
    later = [warm(second - 3600, 46) for second in range(6, 14)]
    alerts += run(watched, later)
    (alert,) = alerts
    # Where nobody told, the time from one poll to the next is missing, and no more.
    assert (alert.time - AT) // 1000 == (10 if told else 11) - 3600
    assert states(watched.tick(AT + 1000 * (13 + 8 - 3600) + 250)) == [("fired", 21 - 3600)]


def test_a_clock_that_is_set_forward_makes_nothing_last_longer() -> None:
    watched = engine(rule(f"{HOT} for 10 s"), rule("no reading for 8 s", name="away"))
    run(watched, [warm(second, 46) for second in range(6)])
    watched.clock_stepped(3600.0)
    assert watched.tick(AT + 1000 * 3606) == []
    alerts = run(watched, [warm(second + 3600, 46) for second in range(6, 14)])
    assert states(alerts) == [("fired", 3610)]


def test_a_clock_that_is_set_forward_without_a_word_fires_nothing_that_lasts() -> None:
    watched = engine(rule(f"{HOT} for 10 s"))
    polls = [warm(second + (3600 if second > 5 else 0), 46) for second in range(14)]
    assert states(run(watched, polls)) == []


def test_another_test_begins_what_lasts_anew_and_keeps_what_has_fired() -> None:
    watched = engine(rule(HOT), rule(f"{HOT} for 3 s", name="long"))
    polls = [warm(second, 46, test_name="cell-1" if second < 2 else "cell-2") for second in range(8)]
    alerts = run(watched, polls)
    assert [(one.rule, one.state, (one.time - AT) // 1000) for one in alerts] == [
        ("r", "fired", 0),
        ("long", "fired", 5),
    ]


def test_a_test_that_the_rule_is_not_about_ends_the_alert() -> None:
    watched = engine(rule(HOT, tests=("cell-1",)))
    alerts = run(watched, [warm(0, 46), warm(1, 46, test_name="other"), warm(2, 46, test_name="cell-1")])
    assert states(alerts) == [("fired", 0), ("cleared", 1), ("fired", 2)]
    assert alerts[1].text == "r is over: north channel 1, test cell-1; the test is now 'other'"


def test_alerts_that_are_active() -> None:
    watched = engine(rule(HOT), rule("voltage_v < 2", name="low"))
    watched.see(warm(0, 20, voltage_v=1.0))
    watched.see(warm(1, 46, voltage_v=1.0))
    assert [(one.rule, one.state) for one in watched.active] == [("low", "fired"), ("r", "fired")]
    watched.see(warm(2, 20, voltage_v=3.0))
    assert watched.active == []


def test_names_from_a_cycler_cannot_act_on_a_terminal() -> None:
    (alert,) = engine(rule(HOT)).see(warm(0, 46, test_name="a\x1b[2Jb\nc"))
    assert "\\x1b[2Jb\\nc" in alert.text
    assert alert.text.isprintable()


def test_json() -> None:
    (alert,) = engine(rule("voltage_v > 3", name="high", severity="critical")).see(
        poll(0, reading(voltage_v=math.inf))
    )
    assert alert.as_json() == {
        "rule": "high", "cycler": "north", "channel": 1, "test_name": "", "state": "fired",
        "time": "2026-03-24T08:00:00.250Z", "severity": "critical", "condition": "voltage_v > 3",
        "values": {"voltage_v": "inf"},
        "text": "high: north channel 1: voltage_v > 3; voltage_v is inf",
    }  # fmt: skip


# --- properties -------------------------------------------------------------------------------------

_VALUES = st.lists(st.sampled_from([None, math.nan, 40.0, 43.0, 44.0, 45.0, 46.0, 50.0]), max_size=40)


@given(_VALUES, st.sampled_from([None, 0.0, 2.0]), st.sampled_from(["", " for 2 s"]))
def test_fired_and_cleared_take_turns(
    values: list[float | None], hysteresis: float | None, lasting: str
) -> None:
    watched = engine(rule(HOT + lasting, hysteresis=hysteresis))
    alerts = run(watched, [warm(*pair) for pair in enumerate(values)])
    assert [one.state for one in alerts] == (["fired", "cleared"] * len(alerts))[: len(alerts)]
    for alert in alerts:
        value = alert.values["temperature_t1_degc"]
        assert isinstance(value, float)
        assert value > 45 if alert.state == "fired" else value <= 45
        if alert.state == "cleared" and hysteresis is not None:
            assert value < 45 - hysteresis
    assert len(watched.active) == (len(alerts) % 2)


@given(st.lists(st.sampled_from([43.0, 43.5, 44.0, 45.0, 45.5, 50.0]), max_size=40))
def test_above_the_lower_edge_it_fires_at_most_once(values: list[float]) -> None:
    alerts = run(
        engine(rule(HOT, clear="temperature_t1_degc < 43")), [warm(*pair) for pair in enumerate(values)]
    )
    assert [one.state for one in alerts] == (["fired"] if any(value > 45 for value in values) else [])


@given(
    st.sampled_from(["{} > 45", "{} < 45", "{} != 45", "not {} > 45", "not ({} == 45 or {} < 3)",
                     "{} > 0 for 1 s", "rate({}, 2 s) > 0 per s", "not rate({}, 2 s) > 0 per s"]),
    st.lists(st.sampled_from([None, math.nan]), max_size=10),
)  # fmt: skip
def test_nothing_fires_on_absent_values(text: str, values: list[float | None]) -> None:
    watched = engine(rule(text.replace("{}", "temperature_t1_degc")))
    assert run(watched, [warm(*pair) for pair in enumerate(values)]) == []


@given(
    st.lists(
        st.tuples(st.integers(-5000, 20_000), st.sampled_from(["ok", "hot", "away", "tick"])), max_size=30
    )
)
def test_any_order_of_times_keeps_the_turns(events: list[tuple[int, str]]) -> None:
    watched = Engine([rule(f"{HOT} for 3 s"), rule("no reading for 10 s", name="away")], ["north"])
    time = AT
    seen: dict[str, list[str]] = {"r": [], "away": []}
    for step, what in events:
        time += step
        one = poll(0, error="away") if what == "away" else warm(0, 46 if what == "hot" else 20)
        alerts = watched.tick(time) if what == "tick" else watched.see(replace(one, time=time))
        for alert in alerts:
            seen[alert.rule].append(alert.state)
    for told in seen.values():
        assert told == (["fired", "cleared"] * len(told))[: len(told)]
