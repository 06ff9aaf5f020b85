"""Curves in bounded memory: what is kept, what goes, where they end and begin again."""

from __future__ import annotations

import math
import sys
from itertools import pairwise

import pytest

from cti_client.web import history as module
from cti_client.web.history import BYTES, MEASURED, MOST_POINTS, History


def filled(points: int, voltage: object = None) -> History:
    history = History()
    for second in range(points):
        volts = voltage(second) if callable(voltage) else 3.5
        history.add(1000 * second, {"voltage_v": volts, "current_a": 1.25, "cycle_index": 2, "step_index": 3})
    return history


def test_points_come_back_as_they_were() -> None:
    history = filled(3)
    assert history.points(since=-1) == {
        "time": [0, 1000, 2000],
        "voltage_v": [3.5] * 3,
        "current_a": [1.25] * 3,
        "temperature_t1_degc": [None] * 3,
        "charge_capacity_ah": [None] * 3,
        "discharge_capacity_ah": [None] * 3,
        "cycle_index": [2] * 3,
        "step_index": [3] * 3,
    }
    assert history.points(since=1000)["time"] == [2000]
    assert history.points(since=2000)["time"] == []


def test_memory_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_RECENT", 60), ("_LEVEL", 40), ("_LEVELS", 3)):
        monkeypatch.setattr(module, name, value)
    history = History()
    lengths = []
    for second in range(3000):  # more than all levels hold
        history.add(1000 * second, {"voltage_v": 3.5})
        lengths.append(len(history))
    assert max(lengths) <= 60 + 3 * 40 + 4 * 40
    assert lengths[-1] > 150
    assert history.points()["time"][0] > 1_500_000  # the oldest are gone
    assert [column.itemsize for column in history._levels[0].columns] == [8, 4, 4, 4, 4, 4, 4, 4]


def test_what_a_channel_takes() -> None:
    assert (MOST_POINTS, BYTES) == (2640, 95_040)
    history = filled(1000)
    held = sum(sys.getsizeof(column) for level in history._levels for column in level.columns)
    assert held < 1.3 * 36 * len(history) + 11 * 8 * 100


def test_recent_points_are_all_there_and_old_ones_thinned() -> None:
    times = filled(5000).points(since=-1)["time"]
    assert times == sorted(set(times))
    assert times[-600:] == [1000 * second for second in range(4400, 5000)]
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert max(steps[:100]) > 8_000  # the older, the farther apart
    assert times[0] == 0
    assert len(times) < 1500


def test_a_peak_stays() -> None:
    peak = filled(4000, lambda second: 4.2 if second == 123 else 3.0).points()
    assert peak["voltage_v"].count(4.2) == 1
    assert peak["time"][peak["voltage_v"].index(4.2)] == 123_000
    dip = filled(4000, lambda second: 2.1 if second == 432 else 3.0).points()
    assert dip["time"][dip["voltage_v"].index(2.1)] == 432_000


def test_a_gap_is_a_point_without_values_and_stays() -> None:
    history = filled(100)
    history.gap(100_000)
    history.gap(101_000)  # it is one gap
    for second in range(200, 4000):
        history.add(1000 * second, {"voltage_v": 3.5})
    points = history.points()
    assert points["time"].count(100_000) == 1
    assert [index for index, value in enumerate(points["voltage_v"]) if value is None] == [
        points["time"].index(100_000)
    ]
    place = points["time"].index(100_000)
    assert [points[name][place] for name in (*MEASURED, "cycle_index")] == [None] * 6


def test_gaps_alone_do_not_make_it_grow() -> None:
    history = History()
    for second in range(0, 6000, 2):
        history.add(1000 * second, {"voltage_v": 3.5})
        history.gap(1000 * second + 500)
    assert len(history) <= MOST_POINTS


def test_no_gap_before_the_first_point() -> None:
    history = History()
    history.gap(5)
    assert history.points() == filled(0).points()


def test_a_clock_that_was_set_back_takes_what_is_in_the_future() -> None:
    history = filled(2000)
    history.add(500_000, {"voltage_v": 3.9})
    points = history.points()
    assert points["time"] == sorted(set(points["time"]))
    assert points["time"][-1] == 500_000
    assert points["voltage_v"][-1] == 3.9


def test_what_is_no_number_is_none() -> None:
    history = History()
    values = [math.nan, math.inf, -math.inf, 1e300, None]
    for second, value in enumerate(values, 1):
        history.add(second, {"voltage_v": value, "step_index": -5, "cycle_index": 2**40})
    assert history.points()["voltage_v"] == [None] * 5
    assert history.points()["step_index"] == [None] * 5
    assert history.points()["cycle_index"] == [None] * 5
