"""A test against a spoofer. Time passes as the test says, not as the clock does."""

from collections.abc import Iterator

import pytest
import spoofer
from cti_client import Cycler


class Clock:
    """Seconds that a test turns by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cycler(clock: Clock) -> Iterator[Cycler]:
    device = spoofer.Device(channels=8, clock=clock, seed=1)
    with spoofer.running(device) as there, Cycler("127.0.0.1", there.port) as cycler:
        cycler.login("somebody", "a password")
        yield cycler


def test_an_hour_of_charging(cycler: Cycler, clock: Clock) -> None:
    channel = cycler.channel(1)
    channel.assign("formation.sdx")
    channel.start("cell 1")

    clock.now = 3600.0

    reading = channel.read()
    assert reading.status.label == "charge"
    assert reading.test_time_s == pytest.approx(3600.0)
    assert reading.charge_capacity_ah == pytest.approx(1.25, rel=0.02)
