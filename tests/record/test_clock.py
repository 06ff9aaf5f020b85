"""The moments of polls lie on a grid that every logger shares; a clock that was set is noticed."""

from __future__ import annotations

import pytest

from cti_client.record.clock import ClockWatch, Grid
from cti_schema.errors import ConfigurationError


@pytest.mark.parametrize(
    ("rate_hz", "now_s", "slot"),
    [
        (1.0, 1000.0, 1_001_000),
        (1.0, 1000.9996, 1_001_000),
        (10.0, 1000.01, 1_000_100),
        (0.1, 1000.0, 1_010_000),
        (3.0, 1000.0, 1_000_333),
        (3.0, 1000.3335, 1_000_667),
    ],
)
def test_the_next_slot(rate_hz: float, now_s: float, slot: int) -> None:
    assert Grid(rate_hz).next(now_s) == slot


@pytest.mark.parametrize("rate_hz", [1.0, 3.0, 7.0, 10.0, 100.0])
def test_no_slot_comes_twice_and_none_is_left_out(rate_hz: float) -> None:
    grid = Grid(rate_hz)
    slot = grid.next(1_774_339_200.0)
    for _ in range(1000):
        following = grid.next(slot / 1000.0)
        assert following - slot == pytest.approx(1000.0 / rate_hz, abs=1.0)
        slot = following


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, 101.0, float("nan"), float("inf")])
def test_a_rate_that_makes_no_sense(rate_hz: float) -> None:
    with pytest.raises(ConfigurationError, match="is not above 0 and at most 100"):
        Grid(rate_hz)


def test_a_clock_that_is_set_is_noticed_once() -> None:
    watch = ClockWatch(1000.0, 5.0)
    assert watch.look(1001.1, 6.0) == 0.0  # corrected slowly
    assert watch.look(1002.1 - 3600.0, 7.0) == pytest.approx(-3600.0)
    assert watch.look(1003.1 - 3600.0, 8.0) == 0.0
    assert watch.look(1004.1, 9.0) == pytest.approx(3600.0)
