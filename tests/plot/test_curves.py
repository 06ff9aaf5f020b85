"""Lines and curves from many rows: nothing that a picture shows is lost, and nothing is drawn over gaps."""

from __future__ import annotations

import math
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="numpy is not installed")
pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from cti_client.plotting.curves import MOST_CYCLES, Curves, Rows  # noqa: E402
from cti_client.plotting.line import Line  # noqa: E402


def added(line: Line, x: Any, y: Any, part: Any = None, size: int = 97) -> Line:
    """Add points in pieces."""
    part = np.zeros(len(x), dtype=np.int64) if part is None else part
    for start in range(0, len(x), size):
        here = slice(start, start + size)
        line.add(x[here], y[here], part[here])
    return line


def rows(time_s: Any, **columns: Any) -> Rows:
    count = len(time_s)
    given = {
        "moment_s": time_s, "time_s": time_s, "voltage_v": np.full(count, 3.7), "current_a": np.ones(count),
        "charge_ah": np.asarray(time_s) / 3600.0, "discharge_ah": np.zeros(count), "cycle": np.ones(count),
        "missing": np.zeros(count),
    } | columns  # fmt: skip
    return Rows(**{name: np.asarray(values, dtype=float) for name, values in given.items()})


def test_few_points_are_all_there() -> None:
    x, y = np.array([0.0, 1.0, 2.0, 5.0]), np.array([1.0, 3.0, 2.0, 4.0])
    found_x, found_y = added(Line(64), x, y).points()
    assert found_x.tolist() == x.tolist()
    assert found_y.tolist() == y.tolist()


@pytest.mark.parametrize("size", [7, 1000, 100_000])
def test_of_many_points_the_least_and_the_greatest_of_each_column_are_there(size: int) -> None:
    random = np.random.default_rng(1)
    x = np.cumsum(random.exponential(1.0, 5_000))
    y = random.normal(size=5_000)
    line = added(Line(128), x, y, size=size)
    found_x, found_y = line.points()
    assert len(found_x) <= 4 * 128
    assert (found_x[0], found_x[-1], found_y[0], found_y[-1]) == (x[0], x[-1], y[0], y[-1])
    assert (np.diff(found_x) >= 0).all()
    column = ((x - x[0]) / line._width).astype(int)
    found = ((found_x - x[0]) / line._width).astype(int)
    assert 60 <= len(set(column)) <= 128
    assert set(column) == set(found)
    for one in set(column):
        here, drawn = y[column == one], found_y[found == one]
        assert (here.min(), here.max()) == (drawn.min(), drawn.max())
        assert (here[0], here[-1]) == (drawn[0], drawn[-1])


def test_a_spike_in_a_million_points_is_drawn() -> None:
    x = np.arange(1_000_000.0)
    y = np.zeros(1_000_000)
    y[654_321] = 5.0
    found_x, found_y = added(Line(2048), x, y, size=50_000).points()
    assert len(found_x) <= 4 * 2048
    (place,) = np.flatnonzero(found_y == 5.0)
    assert abs(found_x[place] - 654_321) < 1_000_000 / 1000


def test_a_line_breaks_where_the_part_changes() -> None:
    x = np.concatenate((np.arange(0.0, 5_000.0), np.arange(20_000.0, 25_000.0), [40_000.0]))
    part = np.repeat([0, 1, 2], [5_000, 5_000, 1])
    found_x, found_y = added(Line(64), x, np.ones(len(x)), part).points()
    breaks = np.flatnonzero(np.isnan(found_x))
    assert len(breaks) == 2
    assert np.isnan(found_y[breaks]).all()
    for place, (before, behind) in zip(breaks, [(4_999.0, 20_000.0), (24_999.0, 40_000.0)], strict=True):
        assert (found_x[place - 1], found_x[place + 1]) == (before, behind)


def test_points_at_one_place_are_a_column() -> None:
    found_x, found_y = added(Line(8), np.zeros(50), np.arange(50.0), size=10).points()
    assert set(found_x) == {0.0}
    assert found_y[0] == 0.0
    line = added(Line(8), np.zeros(5), np.array([1.0, 9.0, -2.0, 4.0, 3.0]))
    line.add(np.array([0.0, 1.0]), np.array([2.0, 7.0]), np.zeros(2, dtype=np.int64))
    assert line.points()[1].tolist()[-1] == 7.0


def test_no_points_are_no_line() -> None:
    assert [len(one) for one in Line(8).points()] == [0, 0]


@pytest.mark.parametrize("size", [1, 2, 10, 1000])
def test_intervals_that_are_longer_than_usual_are_gaps(size: int) -> None:
    time_s = np.concatenate(
        (np.arange(0.0, 100.0), np.arange(150.0, 250.0), [300.0], np.arange(350.0, 400.0))
    )
    curves = Curves(2.5)
    for start in range(0, len(time_s), size):
        curves.add(rows(time_s[start : start + size]))
    assert (curves.count, curves.gaps) == (251, 3)
    x, _ = curves.voltage.points()
    (alone,) = np.flatnonzero(x == 300.0)
    assert np.isnan(x[[alone - 1, alone + 1]]).all()


def test_another_rate_is_no_gap_for_long() -> None:
    time_s = np.concatenate((np.arange(0.0, 100.0), 100.0 + 10.0 * np.arange(1.0, 100.0)))
    curves = Curves(2.5)
    curves.add(rows(time_s))
    assert 1 <= curves.gaps <= 5


def test_gaps_that_are_known_break_a_line_however_short_they_are() -> None:
    curves = Curves(1.5)
    missing = np.repeat([0.0, 1.0], 50)
    curves.add(rows(np.arange(100.0), missing=missing))
    assert curves.gaps == 1
    x, _ = curves.current.points()
    (place,) = np.flatnonzero(np.isnan(x))
    assert (x[place - 1], x[place + 1]) == (49.0, 50.0)


def test_rows_without_a_value_are_left_out() -> None:
    voltage = np.full(100, 3.5)
    voltage[40:50] = math.nan
    curves = Curves(1.5)
    curves.add(rows(np.arange(100.0), voltage_v=voltage))
    assert (curves.count, curves.gaps) == (90, 1)
    empty = Curves(1.5)
    empty.add(rows(np.arange(10.0), voltage_v=np.full(10, math.nan)))
    assert empty.count == 0


def test_a_test_that_begins_anew_goes_on_behind_its_end() -> None:
    time_s = np.concatenate((np.arange(0.0, 100.0), np.arange(0.0, 50.0)))
    curves = Curves(2.5)
    curves.add(rows(time_s, moment_s=np.arange(150.0)))
    x, _ = curves.voltage.points()
    assert curves.gaps == 1
    assert (x[0], x[-1]) == (0.0, 99.0 + 49.0)
    assert (np.diff(x[~np.isnan(x)]) >= 0).all()


def cycled(count: int, resets: bool) -> Rows:
    """Return cycles of a charge of 1 Ah and a discharge of 0.5 Ah, of 100 s each, and a rest of 10 s."""
    time_s = np.arange(count * 210.0)
    phase = time_s % 210
    current = np.where(phase < 100, 36.0, np.where(phase < 200, -18.0, 0.0))
    charge, discharge = np.cumsum(np.maximum(current, 0)) / 3600, np.cumsum(np.maximum(-current, 0)) / 3600
    if resets:
        charge, discharge = charge - time_s // 210, discharge - time_s // 210 * 0.5
    return rows(
        time_s, current_a=current, voltage_v=3.0 + phase / 210, charge_ah=charge, discharge_ah=discharge,
        cycle=1 + time_s // 210,
    )  # fmt: skip


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("size", [33, 10_000])
def test_each_cycle_begins_at_no_capacity(resets: bool, size: int) -> None:
    curves, made = Curves(1.5), cycled(5, resets)
    for start in range(0, len(made.time_s), size):
        curves.add(Rows(*(values[start : start + size] for values in made)))
    assert [cycle.number for cycle in curves.cycles] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert (curves.every, curves.seen_cycles) == (1, 5)
    for cycle in curves.cycles:
        charge, voltage = cycle.charge.line.points()
        assert charge[0] == pytest.approx(0.0, abs=0.011)
        assert charge[-1] == pytest.approx(1.0, abs=0.011)
        assert (voltage.min(), voltage.max()) == pytest.approx((3.0, 3.0 + 99 / 210))
        discharge, voltage = cycle.discharge.line.points()
        assert discharge[0] == pytest.approx(0.0, abs=0.011)
        assert discharge[-1] == pytest.approx(0.5, abs=0.011)
        # The rest behind the discharge is not part of the curve.
        assert (voltage.min(), voltage.max()) == pytest.approx((3.0 + 100 / 210, 3.0 + 199 / 210))


def test_of_many_cycles_some_are_kept_and_the_last() -> None:
    curves, made = Curves(1.5), cycled(150, False)
    for start in range(0, len(made.time_s), 5_000):
        curves.add(Rows(*(values[start : start + 5_000] for values in made)))
    assert curves.seen_cycles == 150
    assert curves.every == 8
    assert [cycle.number for cycle in curves.cycles] == [*range(1, 150, 8), 150]
    assert len(curves.cycles) <= MOST_CYCLES
    for cycle in curves.cycles:
        assert cycle.charge.line.points()[0][-1] == pytest.approx(1.0, abs=0.011)


def test_where_no_cycle_and_no_capacity_is_told_there_is_one_cycle_without_a_curve() -> None:
    nan = np.full(100, math.nan)
    curves = Curves(1.5)
    curves.add(rows(np.arange(100.0), cycle=nan, charge_ah=nan, discharge_ah=nan))
    (cycle,) = curves.cycles
    assert math.isnan(cycle.number)
    assert len(cycle.charge.line.points()[0]) == len(cycle.discharge.line.points()[0]) == 0
