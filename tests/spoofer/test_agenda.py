"""What happens at simulated moments, and curves."""

from __future__ import annotations

import pytest

from spoofer.device import Device
from spoofer.machine.agenda import Agenda, Curve
from tests.spoofer.helpers import Clock


def test_what_is_due_happens_in_the_order_of_time_and_at_its_own_time() -> None:
    agenda = Agenda()
    seen: list[tuple[str, float]] = []
    for at, name in ((20.0, "c"), (10.0, "a"), (10.0, "b"), (30.0, "d")):
        agenda.add(at, lambda name=name: seen.append((name, agenda.until(99.0))))  # type: ignore[misc]
    assert agenda.until(9.0) == 9.0
    assert seen == []
    assert agenda.until(20.0) == 20.0
    assert seen == [("a", 10.0), ("b", 10.0), ("c", 20.0)]
    assert len(agenda) == 1
    assert agenda.until(25.0) == 25.0
    assert agenda.until(40.0) == 40.0
    assert seen[-1] == ("d", 30.0)


def test_something_that_fails_is_told_and_does_not_stop_the_time() -> None:
    agenda = Agenda()
    agenda.add(1.0, lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        agenda.until(2.0)
    assert agenda.until(3.0) == 3.0


def test_something_may_let_more_happen() -> None:
    agenda = Agenda()
    seen: list[float] = []

    def again() -> None:
        seen.append(agenda.until(0.0))
        if len(seen) < 3:
            agenda.add(seen[-1] + 1.0, again)

    agenda.add(1.0, again)
    agenda.until(10.0)
    assert seen == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("now", "value"),
    [(0.0, 1.0), (10.0, 1.0), (15.0, 2.0), (20.0, 7.0), (25.0, 8.0), (30.0, 9.0), (99.0, 9.0)],
)
def test_a_curve_has_straight_lines_and_jumps(now: float, value: float) -> None:
    curve = Curve([(10.0, 1.0), (20.0, 3.0), (20.0, 7.0), (30.0, 9.0)])
    assert curve(now) == value


def test_a_reading_that_is_overridden_comes_back() -> None:
    clock = Clock()
    device = Device(channels=2, clock=clock, speed=10.0)
    own = device.readings([1])[0].voltage_v
    revision = device.revision
    device.override(1, "voltage_v", Curve([(0.0, 1.0), (100.0, 2.0)]))
    device.override(1, "current_a", -3.5)
    assert device.revision != revision
    clock.now += 5.0
    first, second = device.readings()
    assert second.voltage_v == pytest.approx(1.5)
    assert second.current_a == -3.5
    assert first.current_a == 0.0
    device.override(1, "voltage_v", None)
    assert device.readings([1])[0].voltage_v == pytest.approx(own, abs=0.01)
    with pytest.raises(ValueError, match="'status' is no number of a reading: voltage_v, current_a, "):
        device.override(1, "status", 1.0)
    with pytest.raises(IndexError):
        device.override(2, "voltage_v", 1.0)


def test_a_test_is_tripped_at_its_moment_however_late_somebody_looks() -> None:
    def run(steps: list[float]) -> tuple[str, float]:
        clock = Clock()
        device = Device(channels=1, clock=clock, refresh_s=0.0)
        device.assign(0, "x.sdx")
        device.start([0], "test")
        device.at(100.0, lambda: device.trip(0, "Over voltage"))
        for step in steps:
            clock.now += step
            device.readings()
        (reading,) = device.readings()
        return reading.exit_condition, reading.test_time_s

    for steps in ([1000.0], [30.0, 60.0, 5.0, 20.0, 885.0]):
        reason, test_time_s = run(steps)
        assert reason == "Over voltage"
        assert test_time_s == pytest.approx(100.0)
