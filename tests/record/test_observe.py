"""What polls become: readings as they were reported, and what began, changed, ended or is missing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from cti_client.record.observe import Observer
from cti_schema.derive.defaults import default
from cti_schema.registry import registry
from tests.record.support import AT, a_test, batches, named, poll, reading


def gaps(*batches: Any) -> list[tuple[Any, ...]]:
    found = []
    for batch in batches:
        for row in named(batch, "gaps"):
            end = row["end_slot"]
            found.append(((row["first_slot"] - AT) // 1000, end and (end - AT) // 1000, row["reason"]))
    return found


def test_a_reading_is_kept_as_it_was_reported() -> None:
    record: Any = registry().by_name("get_channels_info_feedback").spec.field("channels")
    record = record.item.record
    aux = record.spec.field("aux_temperature").item.record
    raw = default(record, aux_temperature=[aux(value=25.5, dt_value=0.0), aux(value=math.nan, dt_value=0.0)])
    one = reading(
        5, "[2] 3: CC, Current(A)", voltage_v=3.4564647674560547, current_a=-1.5, power_w=math.inf,
        acr_ohm=math.nan, schedule_name="a.sdx", raw=raw,
    )  # fmt: skip
    (row,) = named(Observer("north", 1000.0).see(poll(7, one)), "readings")
    assert row["slot"] == AT + 7000
    assert row["time"] == AT + 7250
    assert (row["serial_number"], row["cycler"], row["channel"]) == ("1001", "north", 5)
    assert (row["cycle_index"], row["step_index"], row["status"]) == (2, 3, "charge")
    assert (row["voltage_v"], row["current_a"]) == (3.4564647674560547, -1.5)
    assert (row["power_w"], row["acr_ohm"]) == (math.inf, None)
    assert row["temperature_t1_degc"] == 25.5
    assert json.loads(row["aux_json"]) == {"aux_temperature_degc": [25.5, None]}


def test_a_test_its_steps_and_its_status() -> None:
    seen = batches(a_test(10))
    tests = [row for batch in seen for row in named(batch, "tests")]
    assert (tests[0]["test_name"], tests[0]["barcode"], tests[0]["running"]) == ("cell-1", "A17", 1)
    assert tests[0]["first_time"] == AT + 1250
    assert max(row["last_time"] or 0 for row in tests) == AT + 9250
    assert (tests[-1]["running"], tests[-1]["status"], tests[-1]["exit_condition"]) == (
        0,
        "finished",
        "Finished",
    )
    steps = [row for batch in seen for row in named(batch, "steps")]
    assert {(row["step_index"], row["begin_test_time_s"]) for row in steps} == {(1, 0), (2, 4)}
    assert (steps[0]["step_label"], steps[0]["step_type"]) == ("CC", "Current(A)")
    assert [row["status"] for batch in seen for row in named(batch, "statuses")] == [
        "idle",
        "charge",
        "finished",
    ]


def test_a_step_has_one_key_whoever_sees_it_and_when() -> None:
    """The same second of the test, whatever the last bits of its times say."""

    def key(second: int, noise: float) -> tuple[Any, ...]:
        one = reading(1, "[1] 4: CC, C", test_time_s=30.5 + second + noise, step_time_s=float(second))
        (row,) = named(Observer("north", 1000.0).see(poll(second, one)), "steps")
        return tuple(row.values())[:6]

    assert key(0, 1e-6) == key(5, -1e-6) == ("1001", 1, "cell-1", 30, 1, 4)


def test_a_step_that_comes_again_in_a_cycle_is_another_one() -> None:
    seen = []
    for second in range(6):
        step = f"[1] {second % 2 + 1}: P, C"
        seen.append(poll(second, reading(1, step, test_time_s=float(second), step_time_s=0.25)))
    keys = {tuple(row.values())[:6] for batch in batches(seen) for row in named(batch, "steps")}
    assert len(keys) == 6


def test_a_test_that_another_one_follows_at_once_has_ended() -> None:
    first, second = (reading(1, "[1] 1: CC, C", test_name=name, test_time_s=1.0) for name in ("one", "two"))
    seen = batches([poll(0, first), poll(1, first), poll(2, second)])
    rows = [(row["test_name"], row["running"]) for row in named(seen[2], "tests")]
    assert rows == [("one", 0), ("two", 1)]


def test_a_long_test_is_kept_up_to_date() -> None:
    seen = batches(poll(s, reading(1, "[1] 1: CC, C", test_time_s=s, step_time_s=s)) for s in range(200))
    assert [at for at, batch in enumerate(seen) if "tests" in batch] == [0, 60, 120, 180]


def test_only_changes_are_rows() -> None:
    first, second = batches([poll(0, reading(1)), poll(1, reading(1))])
    assert sorted(first) == ["readings", "statuses"]
    assert sorted(second) == ["readings"]


def test_a_controller_that_is_lost_is_a_status_change() -> None:
    seen = batches([poll(0, reading(1)), poll(1, reading(1, comm_failure=True)), poll(2, reading(1))])
    assert [row["comm_failure"] for batch in seen for row in named(batch, "statuses")] == [0, 1, 0]


def test_another_cycler_is_looked_at_anew() -> None:
    seen = batches([poll(0, reading(1)), replace(poll(1, reading(1)), serial_number="1002")])
    assert [row["serial_number"] for row in named(seen[1], "statuses")] == ["1002"]


# --- gaps ------------------------------------------------------------------------------------------


def test_a_cycler_that_is_away() -> None:
    away = batches([poll(0, reading()), poll(1, error="reset"), poll(2, error="refused"), poll(5, reading())])
    assert gaps(*away) == [(1, None, "cycler away"), (1, 5, "cycler away")]
    assert named(away[1], "gaps")[0]["detail"] == "reset"
    assert away[2] == {}


def test_a_cycler_that_was_never_there() -> None:
    assert gaps(*batches([poll(0, error="refused"), poll(3, reading())])) == [
        (0, None, "cycler away"),
        (0, 3, "cycler away"),
    ]


def test_an_answer_that_takes_longer_than_the_period() -> None:
    assert gaps(*batches([poll(0, reading()), poll(3, reading()), poll(4, reading())])) == [
        (1, 3, "late answer")
    ]


def test_a_logger_that_was_away() -> None:
    before = Observer("north", 1000.0)
    before.see(poll(0, reading()))
    after = Observer("north", 1000.0, before.state)
    assert gaps(after.see(poll(60, reading()))) == [(1, 60, "logger away")]


def test_a_logger_that_starts_again_at_once_has_no_gap() -> None:
    before = Observer("north", 1000.0)
    before.see(poll(0, reading()))
    assert "gaps" not in Observer("north", 1000.0, before.state).see(poll(1, reading()))


def test_a_gap_goes_on_when_the_logger_starts_again() -> None:
    before = Observer("north", 1000.0)
    first = [before.see(one) for one in (poll(0, reading()), poll(1, error="reset"))]
    state = json.loads(json.dumps(before.state))
    after = Observer("north", 1000.0, state)
    assert gaps(*first, after.see(poll(9, reading()))) == [(1, None, "cycler away"), (1, 9, "cycler away")]


def test_a_cycler_that_is_away_after_the_logger_was() -> None:
    before = Observer("north", 1000.0)
    before.see(poll(0, reading()))
    after = Observer("north", 1000.0, before.state)
    seen = [after.see(one) for one in (poll(5, error="refused"), poll(8, reading()))]
    assert gaps(*seen) == [(1, 5, "logger away"), (5, None, "cycler away"), (5, 8, "cycler away")]


def test_a_clock_that_is_set_forward_makes_no_gap() -> None:
    observer = Observer("north", 1000.0)
    observer.see(poll(0, reading()))
    observer.clock_stepped()
    assert "gaps" not in observer.see(poll(3600, reading()))


def test_no_key_comes_twice_when_the_clock_is_set_back() -> None:
    observer = Observer("north", 1000.0)
    keys = [named(observer.see(poll(s, reading())), "readings")[0]["slot"] for s in range(10)]
    observer.clock_stepped()
    for s in range(5, 15):
        batch = observer.see(poll(s, reading()))
        assert "gaps" not in batch
        keys.append(named(batch, "readings")[0]["slot"])
    assert len(set(keys)) == 20
    assert keys[-1] == AT + 14_000  # on the grid again, once the clock is where it was
