"""What there is to show, from polls: the overview, a channel, events and alerts, all of it bounded."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from cti_client.record.observe import Observer
from cti_client.watch import Engine, read_rules
from cti_client.web.events import MOST_EVENTS
from cti_client.web.monitor import GROUPS, MOST_ALERTS, Monitor, group_of
from cti_schema.enums import ChannelStatus as Status
from tests.record.support import a_test, reading
from tests.web.support import AT, away, monitor_of, poll


def engine(tmp_path: Path, text: str, *cyclers: str) -> Engine:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    return Engine(read_rules(file), cyclers or ["north"])


UNSAFE = '[[rule]]\nname = "unsafe"\nwhen = "status == unsafe"\nseverity = "critical"\n'


def texts(monitor: Monitor, **which: Any) -> list[str]:
    return [event["text"] for event in reversed(monitor.events.select(**which))]


# --- the overview ------------------------------------------------------------------------------------


def test_a_cycler_in_the_overview() -> None:
    monitor = monitor_of(
        reading(1, "[2] 7: CC, Current(A)", voltage_v=3.7, current_a=1.25, test_time_s=60.0, step_time_s=1.0),
        reading(2, status=Status.UNSAFE),
    )
    found = monitor.overview()
    (cycler,) = found["cyclers"]
    assert found["counts"] == {"charge": 1, "fault": 1}
    assert {key: cycler[key] for key in cycler if key != "channels"} == {
        "cycler": "north", "serial_number": "1001", "time": AT + 250, "latency_s": 0.25, "away": None,
    }  # fmt: skip
    assert cycler["channels"][0] == {
        "channel": 1, "status": "charge", "comm_failure": False, "group": "charge", "test_name": "cell-1",
        "cycle_index": 2, "step_index": 7, "test_time_s": 60.0, "voltage_v": 3.7, "current_a": 1.25,
        "temperature_t1_degc": cycler["channels"][0]["temperature_t1_degc"],
    }  # fmt: skip
    assert cycler["channels"][1]["group"] == "fault"


def test_every_status_belongs_somewhere() -> None:
    shown = {status: group_of(reading(status=status)) for status in Status}
    assert set(shown.values()) == {*GROUPS, "running"}
    assert shown[Status.PULSE] == "running"
    assert shown[Status.DAQ_MEMORY_UNSAFE] == "fault"
    assert group_of(reading(status=Status.CHARGE, comm_failure=True)) == "fault"
    named = [status for statuses in GROUPS.values() for status in statuses]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(value: float) -> None:
    step = "[1] 1: CC, Current(A)"
    monitor = monitor_of(reading(1, step, voltage_v=value, test_time_s=value, power_w=value))
    json.dumps(monitor.overview(), allow_nan=False)
    series = monitor.series("north", 1)
    assert series is not None
    json.dumps(series, allow_nan=False)
    assert series["reading"]["voltage_v"] is None
    assert series["reading"]["power_w"] is None
    assert series["points"]["voltage_v"] == [None]


def test_a_cycler_that_is_away_is_told_with_since_when_and_why() -> None:
    monitor = Monitor(["north", "south"], 1.0, AT)
    monitor.see(poll(0, reading(1), reading(2)))
    monitor.see(poll(0, cycler="south", error="no connection"))
    monitor.see(away(1, "connection lost"))
    monitor.see(away(2, "connection refused"))
    found = monitor.overview()
    north, south = found["cyclers"]
    assert north["away"] == {"since": AT + 1250, "why": "connection refused"}
    assert [channel["channel"] for channel in north["channels"]] == [1, 2]  # as they were
    assert south == {
        "cycler": "south", "serial_number": "", "time": None, "latency_s": None,
        "away": {"since": AT + 250, "why": "no connection"}, "channels": [],
    }  # fmt: skip
    assert found["counts"] == {"away": 2}
    assert found["cyclers_away"] == 2
    assert monitor.health()["status"] == "degraded"
    monitor.see(poll(3, reading(1), reading(2)))
    assert monitor.overview()["cyclers"][0]["away"] is None
    assert monitor.overview()["counts"] == {"idle": 2}


def test_only_what_changed_is_sent_again() -> None:
    monitor = Monitor(["north", "south"], 1.0, AT)
    monitor.see(poll(0, reading(1)))
    monitor.see(poll(0, reading(1), cycler="south"))
    assert [one["cycler"] for one in monitor.overview()["cyclers"]] == ["north", "south"]
    assert [one["cycler"] for one in monitor.overview(1)["cyclers"]] == ["south"]
    assert monitor.overview(2)["cyclers"] == []
    assert len(monitor.overview(99)["cyclers"]) == 2  # a number of an earlier run: everything


# --- a channel ---------------------------------------------------------------------------------------


def test_a_channel() -> None:
    monitor = Monitor(["north"], 1.0, AT)
    for one in a_test(10):
        monitor.see(one)
    series = monitor.series("north", 1)
    assert series is not None
    assert series["reading"]["status"] == "finished"
    assert series["reading"]["exit_condition"] == "Finished"
    assert series["reading"]["schedule_name"] == "a.sdx"
    assert series["reading"]["running"] is False
    assert series["test"] == {"test_name": "cell-1", "seen_since": AT + 1250}
    points = series["points"]
    assert points["time"] == [AT + 250 + 1000 * second for second in range(11)]
    assert points["voltage_v"][1:10] == [3.5 + second / 8 for second in range(1, 10)]
    assert points["step_index"] == [None, 1, 1, 1, 1, 2, 2, 2, 2, 2, None]
    later = monitor.series("north", 1, since=AT + 9250)
    assert later is not None
    assert later["points"]["time"] == [AT + 10_250]


def test_no_such_channel() -> None:
    monitor = monitor_of(reading(1))
    assert monitor.series("north", 2) is None
    assert monitor.series("south", 1) is None
    assert Monitor(["north"], 1.0, AT).series("north", 1) is None


def test_a_gap_breaks_the_curve() -> None:
    monitor = monitor_of(reading(1, voltage_v=3.5))
    monitor.see(away(1))
    monitor.see(away(2))
    monitor.see(poll(3, reading(1, voltage_v=3.5)))
    series = monitor.series("north", 1)
    assert series is not None
    assert series["points"]["time"] == [AT + 250, AT + 1250, AT + 3250]
    assert series["points"]["voltage_v"] == [3.5, None, 3.5]


def test_another_cycler_at_the_address_has_curves_of_its_own() -> None:
    monitor = monitor_of(reading(1, voltage_v=3.5), seconds=3)
    other = poll(3, reading(1, voltage_v=4.0))
    object.__setattr__(other, "serial_number", "2002")
    monitor.see(other)
    series = monitor.series("north", 1)
    assert series is not None
    assert (series["serial_number"], series["points"]["voltage_v"]) == ("2002", [4.0])


# --- events ------------------------------------------------------------------------------------------


def test_what_happened() -> None:
    monitor = Monitor(["north"], 1.0, AT)
    for one in a_test(4):
        monitor.see(one)
    monitor.see(away(5, "connection lost"))
    monitor.see(poll(8, reading(1)))
    monitor.stepped(-2.5, AT)
    assert texts(monitor) == [
        "test began: cell-1",
        "idle → charge",
        "test ended: cell-1 (Finished)",
        "charge → finished",
        "no answer: connection lost",
        "cycler away: no readings for 3 s",
        "finished → idle",
        "the clock of this computer was set back by 2.500 s",
    ]
    kinds = [event["kind"] for event in reversed(monitor.events.select())]
    assert kinds == [
        "test_began", "status", "test_ended", "status", "away", "back", "status", "clock_step",
    ]  # fmt: skip
    assert [event["id"] for event in monitor.events.select(since=6)] == [8, 7]


def test_what_was_there_at_the_start_is_no_event() -> None:
    running = reading(1, "[1] 1: CC, Current(A)", test_time_s=100.0, step_time_s=10.0)
    monitor = monitor_of(running, reading(2, status=Status.FINISHED, test_name="old"), seconds=3)
    assert texts(monitor) == []


def test_one_test_after_the_other() -> None:
    step = "[1] 1: CC, Current(A)"
    monitor = monitor_of(reading(1, step, test_time_s=9.0, step_time_s=1.0))
    monitor.see(poll(1, reading(1, step, test_name="cell-2", test_time_s=0.0, step_time_s=0.0)))
    assert texts(monitor) == ["test ended: cell-1", "test began: cell-2"]


def test_events_of_a_channel_have_those_of_its_cycler() -> None:
    monitor = Monitor(["north", "south"], 1.0, AT)
    for cycler in ("north", "south"):
        monitor.see(poll(0, reading(1), reading(2), cycler=cycler))
        monitor.see(poll(1, reading(1, status=Status.REST), reading(2, status=Status.WAIT), cycler=cycler))
        monitor.see(away(2, cycler=cycler))
    assert texts(monitor, cycler="north", channel=2) == ["idle → wait", "no answer: no connection"]
    assert len(texts(monitor)) == 6


def test_events_are_bounded() -> None:
    monitor = Monitor(["north"], 1.0, AT)
    for second in range(MOST_EVENTS + 100):
        monitor.see(poll(second, reading(1, status=Status.REST if second % 2 else Status.WAIT)))
    assert monitor.events.last == MOST_EVENTS + 99
    assert len(monitor.events.select(most=10**6)) == MOST_EVENTS
    assert len(monitor.events.select()) == 200


# --- alerts ------------------------------------------------------------------------------------------


def test_alerts_that_hold_and_alerts_that_were(tmp_path: Path) -> None:
    monitor = monitor_of(reading(1), engine=engine(tmp_path, UNSAFE))
    assert monitor.alerts()["rules"] is True
    assert monitor.alerts()["active"] == []
    monitor.see(poll(1, reading(1, status=Status.UNSAFE)))
    found = monitor.alerts()
    (active,), (told,) = found["active"], found["alerts"]
    assert {**active, "id": 1} == told
    assert {key: told[key] for key in told if key not in ("text", "values")} == {
        "id": 1, "rule": "unsafe", "cycler": "north", "channel": 1, "test_name": "", "time": AT + 1250,
        "state": "fired", "severity": "critical", "condition": "status == unsafe",
    }  # fmt: skip
    assert "north channel 1" in told["text"]
    assert (found["alerts_active"], found["last_alert"]) == (1, 1)
    monitor.see(poll(2, reading(1)))
    found = monitor.alerts()
    assert (found["alerts_active"], found["active"]) == (0, [])
    assert [alert["state"] for alert in found["alerts"]] == ["cleared", "fired"]
    assert [alert["id"] for alert in monitor.alerts(since=1)["alerts"]] == [2]


def test_silence_is_told_by_the_time(tmp_path: Path) -> None:
    rules = '[[rule]]\nname = "silence"\nwhen = "no reading for 30 s"\n'
    monitor = monitor_of(reading(1), engine=engine(tmp_path, rules))
    monitor.tick(AT + 29_000)
    assert monitor.alerts()["active"] == []
    monitor.tick(AT + 31_000)
    (active,) = monitor.alerts()["active"]
    assert (active["rule"], active["channel"]) == ("silence", None)


def test_alerts_are_bounded(tmp_path: Path) -> None:
    monitor = monitor_of(reading(1), engine=engine(tmp_path, UNSAFE))
    for second in range(1, MOST_ALERTS + 100):
        monitor.see(poll(second, reading(1, status=Status.UNSAFE if second % 2 else Status.IDLE)))
    assert len(monitor.alerts()["alerts"]) == MOST_ALERTS


def test_without_rules() -> None:
    found = monitor_of(reading(1)).alerts()
    assert (found["rules"], found["active"], found["alerts"], found["alerts_active"]) == (False, [], [], 0)


def test_health() -> None:
    monitor = Monitor(["north"], 1.0, AT)
    assert monitor.health()["status"] == "degraded"  # it was not reached yet
    monitor.see(poll(0, reading(1), reading(2)))
    found = monitor.health()
    assert {key: found[key] for key in ("status", "cyclers", "answering", "channels", "polls")} == {
        "status": "ok", "cyclers": 1, "answering": 1, "channels": 2, "polls": 1,
    }  # fmt: skip


def test_the_observer_and_the_page_agree_on_the_clock() -> None:
    """After the clock was set forward no gap is told: nothing was missing."""
    monitor = monitor_of(reading(1), seconds=2)
    monitor.stepped(3600.0, AT + 3_602_000)
    monitor.see(poll(3602, reading(1)))
    assert texts(monitor) == ["the clock of this computer was set forward by 3600.000 s"]
    assert isinstance(monitor._cyclers["north"].observer, Observer)
