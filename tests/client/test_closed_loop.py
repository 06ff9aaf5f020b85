"""The helper for closed loops: what it refuses, when it ends, and that nothing is left unattended."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cti_client import Cycler, aio
from cti_schema.enums import CtiVersion, MetaVariableCode
from cti_schema.errors import ConfigurationError, LimitError, LoopLate, NotRunning, OutcomeUnknown
from spoofer import Device, running
from spoofer.battery.schedule import Control, Schedule, Step
from spoofer.faults import Faults
from spoofer.journal import Journal
from spoofer.machine.channel import Phase
from spoofer.memory import Linked, VirtualClock, linked
from tests.client.peers import AwaitedCycler

LOOP = Schedule("loop", (Step("Follow", Control.CURRENT, MetaVariableCode.MV_UD1, max_time_s=3600.0),))
SHORT = Schedule("short", (Step("Follow", Control.CURRENT, MetaVariableCode.MV_UD1, max_time_s=1.0),))


class Lab:
    """A cycler in memory whose channel 2 runs a test that follows a variable.

    Attributes:
        cycler: a client.
    """

    def __init__(self, make: Any, version: int = CtiVersion.CTI_PRO8, schedule: Schedule = LOOP) -> None:
        self.clock = VirtualClock()
        self.journal = Journal()
        self.faults = Faults()
        self.device = Device(channels=4, clock=self.clock, version=version, schedules=(LOOP, SHORT))
        self.home: Linked = linked(self.device, faults=self.faults, journal=self.journal, clock=self.clock)
        self.cycler: Any = make(self.home)
        self.cycler.__enter__()
        self.cycler.login("user", "secret")
        channel = self.cycler.channel(2)
        channel.assign(schedule.name)
        channel.start("mine")
        self.seen = self.journal.last

    def close(self) -> None:
        self.cycler.__exit__(None, None, None)

    def sent(self) -> list[str]:
        """Names of the commands since the test was started."""
        found = self.journal.entries("request", since=self.seen)
        return [entry.name for entry in found if entry.message.spec.effect.value == "control"]  # type: ignore[union-attr]

    @property
    def value(self) -> float:
        channel = self.device.channel(1)
        assert channel is not None
        return channel.variables[int(MetaVariableCode.MV_UD1)]

    @property
    def runs(self) -> bool:
        channel = self.device.channel(1)
        assert channel is not None
        return channel.phase is Phase.RUNNING

    def loop(self, act: Callable[[Any, Any], Any], **options: Any) -> int:
        """Run a loop with an act for each reading, and return how many there were. STOP ends it."""
        options = {"limits": (0.0, 5.0), **options}
        channel = self.cycler.channel(2)
        if isinstance(self.cycler, Cycler):
            with channel.closed_loop("mv_ud1", **options) as loop:
                for reading in loop:
                    value = act(loop, reading)
                    if value is STOP:
                        break
                    if value is not None:
                        loop.set(value)
                return int(loop.rounds)

        async def main() -> int:
            async with channel._inner.closed_loop("mv_ud1", **options) as loop:
                async for reading in loop:
                    value = act(loop, reading)
                    if value is STOP:
                        break
                    if value is not None:
                        await loop.set(value)
                return int(loop.rounds)

        return int(self.cycler._runner.run(main()))


STOP = object()


def blocking(home: Linked) -> Any:
    return Cycler("memory", connector=home)


def waiting(home: Linked) -> Any:
    return AwaitedCycler("memory", 9031, connector=home.aio)


MAKES = pytest.mark.parametrize("make", [blocking, waiting], ids=["blocking", "asyncio"])


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Any:
    labs: list[Lab] = []

    def build(make: Any, **options: Any) -> Lab:
        labs.append(Lab(make, **options))
        return labs[-1]

    yield build
    for one in labs:
        one.close()


def times(count: int, value: float = 1.0) -> Callable[[Any, Any], Any]:
    """Return an act that sets a value so many times."""
    left = [count]

    def act(loop: Any, reading: Any) -> Any:
        left[0] -= 1
        return STOP if left[0] < 0 else value

    return act


@MAKES
def test_a_value_every_period_and_a_stop_at_the_end(make: Any, lab: Any) -> None:
    one = lab(make)
    began = one.clock.now
    assert one.loop(times(10, 1.5)) == 11
    assert one.value == 1.5
    assert one.clock.now - began == pytest.approx(1.0, abs=0.05)
    assert one.sent() == ["set_meta_variable"] * 10 + ["stop_schedule"]
    assert not one.runs


@MAKES
def test_a_safe_value_at_the_end_in_the_place_of_a_stop(make: Any, lab: Any) -> None:
    one = lab(make)
    one.loop(times(2, 3.0), safe_value=0.5)
    assert one.sent() == ["set_meta_variable"] * 3
    assert (one.value, one.runs) == (0.5, True)


@MAKES
@pytest.mark.parametrize("value", [5.001, -0.001, math.nan, math.inf, -math.inf, "1", True])
def test_values_outside_of_the_limits_are_not_sent(make: Any, lab: Any, value: Any) -> None:
    one = lab(make)
    with pytest.raises(LimitError, match=r"channel 2: .* was not set: mv_ud1 may be 0 to 5 in this loop"):
        one.loop(lambda loop, reading: value)
    assert one.sent() == ["stop_schedule"]
    assert not one.runs


@MAKES
def test_it_begins_only_on_a_channel_that_runs_the_test(make: Any, lab: Any) -> None:
    one = lab(make)
    with pytest.raises(NotRunning, match="channel 2 has the test 'mine', not 'other'"):
        one.loop(times(1), test_name="other")
    assert one.runs
    one.device.stop(1)
    with pytest.raises(NotRunning, match="channel 2 does not run 'mine': it is idle"):
        one.loop(times(1))
    assert one.sent() == []


@MAKES
def test_a_channel_that_runs_another_test_is_left_alone(make: Any, lab: Any) -> None:
    one = lab(make)

    def act(loop: Any, reading: Any) -> float:
        if loop.rounds == 3:
            one.device.stop(1)
            one.device.start([1], "somebody else's")
        return 1.0

    with pytest.raises(NotRunning, match="channel 2 has the test \"somebody else's\", not 'mine'"):
        one.loop(act)
    assert one.runs
    assert "stop_schedule" not in one.sent()


@MAKES
def test_the_end_of_the_test_ends_the_loop(make: Any, lab: Any) -> None:
    one = lab(make, schedule=SHORT)
    assert 8 <= one.loop(lambda loop, reading: 1.0) <= 11
    assert "stop_schedule" not in one.sent()


@MAKES
@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (lambda device: device.trip(1), "does not run 'mine': it is unsafe"),
        (lambda device: device.pause(1), "does not run 'mine': it is pause"),
        (lambda device: device.stop(1), "does not run 'mine': it is idle"),
    ],
)
def test_what_ends_a_test_ends_the_loop_with_an_error(
    make: Any, lab: Any, happens: Callable[[Device], object], says: str
) -> None:
    one = lab(make)

    def act(loop: Any, reading: Any) -> float:
        if loop.rounds == 2:
            one.seen = one.journal.last
            happens(one.device)
            return 1.0 if False else STOP if loop.rounds > 2 else None  # type: ignore[return-value]
        return 1.0

    with pytest.raises(NotRunning, match=says):
        one.loop(act)
    assert one.sent() == []


@MAKES
@pytest.mark.parametrize("safe_value", [None, 0.0])
def test_a_loop_that_falls_behind_ends_in_the_safe_state(
    make: Any, lab: Any, safe_value: float | None
) -> None:
    one = lab(make)

    def act(loop: Any, reading: Any) -> float:
        if loop.rounds == 3:
            one.clock.sleep(1.5)
        return 2.0

    with pytest.raises(
        LoopLate, match=r"channel 2: no value of mv_ud1 was set for 1\.\d+ s; 1 s are allowed"
    ):
        one.loop(act, safe_value=safe_value)
    assert one.sent()[:2] == ["set_meta_variable"] * 2
    assert one.runs is (safe_value is not None)
    assert one.value == (2.0 if safe_value is None else 0.0)


@MAKES
def test_rounds_that_begin_late_are_counted(make: Any, lab: Any) -> None:
    one = lab(make)
    found: list[int] = []

    def act(loop: Any, reading: Any) -> Any:
        found.append(loop.overruns)
        one.clock.sleep(0.25 if loop.rounds == 2 else 0.0)
        return STOP if loop.rounds == 5 else 1.0

    one.loop(act)
    assert found == [0, 0, 1, 1, 1]


@MAKES
def test_a_value_without_an_answer_ends_in_a_stop(make: Any, lab: Any) -> None:
    one = lab(make)

    def act(loop: Any, reading: Any) -> float:
        if loop.rounds == 3:
            one.faults.add("drop", command="set_meta_variable")
        return float(loop.rounds)

    with pytest.raises(OutcomeUnknown):
        one.loop(act, safe_value=0.0)
    # The answer to a safe value could not be told from the answer that is missing: it is stopped.
    assert one.sent() == ["set_meta_variable"] * 3 + ["stop_schedule"]
    assert not one.runs


@MAKES
def test_a_safe_state_that_is_not_known_to_be_there_is_said(make: Any, lab: Any) -> None:
    one = lab(make)

    def act(loop: Any, reading: Any) -> float:
        one.faults.add("silent")
        return 1.0

    with pytest.raises(OutcomeUnknown) as error:
        one.loop(act)
    (note,) = error.value.__notes__
    assert note.startswith("The safe state is not known to be there: the outcome of stop_schedule is not")


@MAKES
def test_the_watchdog_of_the_cycler_is_used_where_it_has_one(make: Any, lab: Any) -> None:
    one = lab(make, version=CtiVersion.MITS_X_4)
    one.loop(times(3, 2.0), safe_value=0.0, deadline_s=0.7)
    found = [entry.message for entry in one.journal.entries("request", "set_meta_variables_time_sensitive")]
    assert [(round(message.timeout_s, 3), message.channels[0].slots[0].value) for message in found] == [
        *[(0.7, 2.0)] * 3,
        (0.0, 0.0),
    ]
    # The watchdog is off: the channel goes on with its safe value.
    one.clock.sleep(10.0)
    assert one.cycler.channel(2).read().status.label == "rest"


@MAKES
def test_the_watchdog_stops_what_a_dead_program_leaves(make: Any, lab: Any) -> None:
    one = lab(make, version=CtiVersion.MITS_X_4)
    one.cycler.channel(2).set_mvs_time_sensitive({1: 1.0}, watchdog_s=0.5)
    one.clock.sleep(0.4)
    assert one.cycler.channel(2).read().status.label == "charge"
    one.clock.sleep(0.2)
    assert one.cycler.channel(2).read().status.label not in ("charge", "rest")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"limits": (1.0, 0.0)}, "is no range"),
        ({"limits": (0.0, math.inf)}, "is no range"),
        ({"limits": (1.0,)}, "are no two numbers"),
        ({"limits": 5.0}, "are no two numbers"),
        ({"period_s": 0.001}, "does not go with"),
        ({"period_s": 2.0}, "does not go with"),
        ({"period_s": 0.0}, "is no timeout"),
        ({"safe_value": 9.0}, "safe_value: channel 1: 9.0 was not set: mv_ud1 may be 0 to 5"),
        ({"variable": 17}, "17 is no user variable"),
    ],
)
def test_loops_that_make_no_sense(options: dict[str, Any], says: str) -> None:
    channel = Cycler("h").channel(1)
    with pytest.raises(ConfigurationError, match=says):
        channel.closed_loop(**{"variable": 1, "limits": (0.0, 5.0), **options})


# With time as it is.


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_a_program_that_hangs_is_noticed_all_the_same(journal: Journal) -> None:
    device = Device(channels=2, schedules=[LOOP])
    with running(device, journal=journal) as spoofer, Cycler(spoofer.host, spoofer.port) as cycler:
        cycler.login("user", "secret")
        cycler.channel(1).assign("loop")
        cycler.channel(1).start("t")
        waits = cycler.channel(1).closed_loop(1, limits=(0.0, 1.0), deadline_s=0.3)

        def rule(reading: Any) -> float:
            if waits.rounds == 3:
                # Hangs here until the channel has been stopped by another thread.
                journal.wait_for("feedback", "stop_schedule_feedback", timeout_s=30.0)
            return 0.5

        with pytest.raises(LoopLate), waits as loop:
            loop.run(rule)
        assert journal.count("request", "stop_schedule") == 1
        assert cycler.channel(1).read().status.label == "idle"


def test_a_task_that_hangs_is_noticed_all_the_same(journal: Journal) -> None:
    async def hang(channel: aio.Channel) -> None:
        async with channel.closed_loop(1, limits=(0.0, 1.0), deadline_s=0.3) as loop:
            async for _ in loop:
                await loop.set(0.5)
                await asyncio.to_thread(
                    journal.wait_for, "feedback", "stop_schedule_feedback", timeout_s=30.0
                )

    async def main(host: str, port: int) -> None:
        async with aio.Cycler(host, port) as cycler:
            await cycler.login("user", "secret")
            await cycler.channel(1).assign("loop")
            await cycler.channel(1).start("t")
            with pytest.raises(LoopLate):
                await hang(cycler.channel(1))
            assert journal.count("request", "stop_schedule") == 1

    with running(Device(channels=2, schedules=[LOOP]), journal=journal) as spoofer:
        asyncio.run(main(spoofer.host, spoofer.port))


def test_a_rule_runs_until_it_has_enough() -> None:
    device = Device(channels=2, schedules=[LOOP])
    with running(device) as spoofer, Cycler(spoofer.host, spoofer.port) as cycler:
        cycler.login("user", "secret")
        cycler.channel(1).assign("loop")
        cycler.channel(1).start("t")
        values = iter([0.5, 1.0, None])
        with cycler.channel(1).closed_loop(1, limits=(0.0, 1.0), period_s=0.02, safe_value=0.0) as loop:
            loop.run(lambda reading: next(values))
        assert loop.rounds == 3
        assert cycler.channel(1).get_mvs([1]) == {"mv_ud1": 0.0}
    assert not [
        thread for thread in threading.enumerate() if thread.name == "closed loop" and thread.is_alive()
    ]
