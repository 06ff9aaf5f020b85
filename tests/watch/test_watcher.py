"""A spoofed cycler that is watched: alerts, and channels that are stopped, each once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from cti_client.credentials import Secret
from cti_client.fleet import Fleet
from cti_client.watch.alert import Alert
from cti_client.watch.rules import Rule
from cti_client.watch.senders import Sender
from cti_client.watch.watcher import Watcher
from cti_schema.errors import LoginRefused
from spoofer import Device, Journal, Spoofer, User, running
from tests.record.support import came, fleet
from tests.watch.support import rule


@dataclass
class Told:
    """A sender that remembers, and may be slow or fail."""

    alerts: list[Alert] = field(default_factory=list)
    attempts: int = 1
    hold: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def __post_init__(self) -> None:
        self.hold.set()

    def send(self, alert: Alert) -> None:
        self.hold.wait(30.0)
        if self.error is not None:
            raise self.error
        self.alerts.append(alert)

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(alert.rule, alert.state) for alert in self.alerts]


Scenes = Callable[[Watcher], Coroutine[Any, Any, None]]


def watch(cyclers: Fleet, rules: Sequence[Rule], scenes: Scenes, **options: Any) -> Watcher:
    """Watch while scenes happen."""
    senders: dict[str, Sender] = options.pop("senders")
    watcher = Watcher(cyclers, rules, senders, **({"rate_hz": 50.0} | options))

    async def main() -> None:
        async with cyclers:
            running = asyncio.create_task(watcher.run())
            scene = asyncio.create_task(scenes(watcher))
            await asyncio.wait([running, scene], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                scene.cancel()
                await running
            await scene
            running.cancel()
            await asyncio.wait([running])

    with watcher:
        asyncio.run(main())
    return watcher


@dataclass
class Scene:
    """A cycler with four channels, all of which run a test."""

    device: Device
    spoofer: Spoofer
    journal: Journal

    @property
    def stops(self) -> int:
        return len(self.journal.entries("request", "stop_schedule"))


@contextmanager
def cycler(**options: Any) -> Iterator[Scene]:
    device = Device(4, seed=1)
    for index in range(4):
        device.assign(index, "a.sdx")
    device.start(range(4), "cell-1")
    journal = Journal()
    with running(device, journal=journal, **options) as spoofer:
        yield Scene(device, spoofer, journal)


HOT = "temperature_t1_degc > 45"


def test_what_happens_on_a_cycler_is_told() -> None:
    rules = [
        rule("status == unsafe", name="unsafe"),
        rule(f"{HOT} for 0.1 s", name="hot", hysteresis=2.0),
        rule("test ended", name="end"),
    ]
    told, said = Told(), list[str]()
    with cycler() as scene:
        device = scene.device

        async def scenes(watcher: Watcher) -> None:
            await came(lambda: said)
            device.trip(0)
            await came(lambda: len(told.alerts) == 2)
            device.override(1, "temperature_degc", 50.0)
            await came(lambda: len(told.alerts) == 3)
            device.override(1, "temperature_degc", 44.0)
            seen = scene.journal.wait_for("feedback", "get_channels_info_feedback").number
            await asyncio.to_thread(
                scene.journal.wait_for, "feedback", "get_channels_info_feedback", since=seen, count=3
            )
            device.override(1, "temperature_degc", 42.0)
            await came(lambda: len(told.alerts) == 4)
            device.clear(0)
            await came(lambda: len(told.alerts) == 5)
            device.finish(2)
            await came(lambda: len(told.alerts) == 6)

        watcher = watch(
            fleet(north=scene.spoofer.port), rules, scenes, senders={"terminal": told}, say=said.append
        )
    assert [(one.rule, one.channel, one.state) for one in told.alerts] == [
        ("unsafe", 1, "fired"), ("end", 1, "fired"), ("hot", 2, "fired"), ("hot", 2, "cleared"),
        ("unsafe", 1, "cleared"), ("end", 3, "fired"),
    ]  # fmt: skip
    assert {one.test_name for one in told.alerts} == {"cell-1"}
    assert said == ["north: 4 channels"]
    assert watcher.fired == 4
    assert {entry.name for entry in scene.journal.entries("request")} <= {
        "login", "login_json", "get_serial_number", "get_channels_info",
    }  # fmt: skip


def test_a_cycler_that_goes_away_and_returns() -> None:
    rules = [rule("no reading for 0.5 s", name="away"), rule(HOT, name="hot")]
    told, said = Told(), list[str]()
    device = Device(2)
    device.override(0, "temperature_degc", 50.0)
    with ExitStack() as first:
        port = first.enter_context(running(device)).port

        async def scenes(watcher: Watcher) -> None:
            await came(lambda: len(told.alerts) == 1)
            await asyncio.to_thread(first.close)
            await came(lambda: len(told.alerts) == 2)
            with running(device, port=port):
                await came(lambda: len(told.alerts) == 3)
                await came(lambda: len(said) == 3)

        watcher = watch(fleet(north=port), rules, scenes, senders={"terminal": told}, say=said.append)
    assert told.states == [("hot", "fired"), ("away", "fired"), ("away", "cleared")]
    assert told.alerts[1].channel is None
    assert (said[0], said[2]) == ("north: 2 channels", "north: 2 channels")
    assert [alert.rule for alert in watcher.engine.active] == ["hot"]


def test_a_sender_that_is_slow_or_fails_delays_nobody() -> None:
    rules = [rule("status changed", send=("slow", "broken", "fine"))]
    slow, broken, fine, said = Told(), Told(error=OSError("no route")), Told(), list[str]()
    slow.hold.clear()
    with cycler() as scene:

        async def scenes(watcher: Watcher) -> None:
            await came(lambda: said)
            for index in range(3):
                scene.device.trip(index)
                await came(lambda count=index + 1: len(fine.alerts) == count)  # type: ignore[misc]
            assert slow.alerts == []
            slow.hold.set()
            await came(lambda: len(slow.alerts) == 3)

        watcher = watch(
            fleet(north=scene.spoofer.port), rules, scenes, say=said.append,
            senders={"slow": slow, "broken": broken, "fine": fine},
        )  # fmt: skip
    assert sorted(said) == ["broken: no route", "north: 4 channels"]
    assert {one.name: (one.done, one.dropped) for one in watcher.workers} == {
        "slow": (3, 0), "broken": (0, 3), "fine": (3, 0),
    }  # fmt: skip


def test_a_refused_login_ends_it() -> None:
    async def nothing(watcher: Watcher) -> None:
        await asyncio.sleep(30.0)

    with running(Device(2, users={"a": User("b")})) as spoofer, pytest.raises(LoginRefused):
        watch(fleet(north=spoofer.port), [rule(HOT)], nothing, senders={"terminal": Told()})


# --- stopping -----------------------------------------------------------------------------------------


def stopping(
    scene: Scene, *, allow: bool = True, channels: Sequence[int] = (2,), timeout_s: float = 5.0
) -> list[Alert]:
    """Let channels become hot, wait until it was told and some polls more, and return what was told."""
    told, other = Told(), Told()

    async def scenes(watcher: Watcher) -> None:
        for channel in channels:
            scene.device.override(channel - 1, "temperature_degc", 70.0)
        await came(lambda: len(told.alerts) == (2 if allow else 1) * len(channels))
        seen = scene.journal.entries()[-1].number
        polled = ("feedback", "get_channels_info_feedback")
        await asyncio.to_thread(scene.journal.wait_for, *polled, since=seen, count=3)

    hot = rule("temperature_t1_degc > 60", name="hot", stop=True, send=("one", "two"))
    cyclers = fleet(north=scene.spoofer.port)
    watch(cyclers, [hot], scenes, senders={"one": told, "two": other}, allow_stop=allow)
    assert told.alerts == other.alerts
    return told.alerts


def test_a_channel_is_stopped_once_for_each_time_that_it_fires() -> None:
    with cycler() as scene:
        alerts = stopping(scene)
        assert [one.state for one in alerts] == ["fired", "stopped"]
        assert (alerts[1].cycler, alerts[1].channel, alerts[1].test_name) == ("north", 2, "cell-1")
        assert alerts[1].text == "hot: north channel 2, test cell-1: the cycler was told to stop it, and did"
        assert scene.stops == 1
        (entry,) = scene.journal.entries("request", "stop_schedule")
        assert entry.message is not None
        assert (entry.message.channel_index, entry.message.stop_all) == (1, 0)  # type: ignore[attr-defined]
        assert [one.status.label for one in scene.device.readings()].count("idle") <= 1
        assert [scene.device.channel(index).phase.value for index in (0, 2, 3)] == ["running"] * 3  # type: ignore[union-attr]


def test_two_channels_are_stopped_each_for_itself() -> None:
    with cycler() as scene:
        alerts = stopping(scene, channels=[1, 4])
        assert sorted((one.channel or 0, one.state) for one in alerts) == [
            (1, "fired"), (1, "stopped"), (4, "fired"), (4, "stopped"),
        ]  # fmt: skip
        assert scene.stops == 2


def test_without_the_option_nothing_is_stopped() -> None:
    with cycler() as scene:
        (alert,) = stopping(scene, allow=False)
        assert alert.text.endswith("; the channel is not stopped, because --allow-stop was not given")
        assert scene.stops == 0


def test_a_rule_without_stop_stops_nothing() -> None:
    told = Told()
    with cycler() as scene:
        scene.device.override(1, "temperature_degc", 70.0)

        async def scenes(watcher: Watcher) -> None:
            await came(lambda: told.alerts)

        cyclers = fleet(north=scene.spoofer.port)
        watch(cyclers, [rule(HOT)], scenes, senders={"terminal": told}, allow_stop=True)
        assert scene.stops == 0


def test_a_stop_that_the_cycler_refuses() -> None:
    with cycler() as scene:
        scene.device.finish(1)
        alerts = stopping(scene)
        assert [one.state for one in alerts] == ["fired", "stop refused"]
        assert "channel 2: stop_schedule was refused: " in alerts[1].text
        assert scene.stops == 1


def test_a_user_who_may_not_control() -> None:
    with cycler() as scene:
        scene.device.users = {"lab": User("x", may_control=False)}
        alerts = stopping(scene)
        assert [one.state for one in alerts] == ["fired", "stop refused"]
        assert scene.stops == 1
        assert scene.device.channel(1).phase.value == "running"  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_stop_whose_answer_is_lost_is_not_sent_again(kind: str) -> None:
    told = Told()
    with cycler() as scene:
        scene.spoofer.faults.add(kind, command="stop_schedule")
        scene.device.override(1, "temperature_degc", 70.0)
        cyclers = Fleet(
            fleet(north=scene.spoofer.port).places.values(), {"north": Secret("x")}, timeout_s=0.5
        )

        async def scenes(watcher: Watcher) -> None:
            await came(lambda: len(told.alerts) == 2)
            seen = scene.journal.entries()[-1].number
            polled = ("feedback", "get_channels_info_feedback")
            await asyncio.to_thread(scene.journal.wait_for, *polled, since=seen, count=2)

        hot = rule("temperature_t1_degc > 60", name="hot", stop=True)
        watch(cyclers, [hot], scenes, senders={"terminal": told}, allow_stop=True)
        assert [one.state for one in told.alerts] == ["fired", "stop not known"]
        assert "whether it was stopped is not known: " in told.alerts[1].text
        assert "it was not sent again" in told.alerts[1].text
        assert scene.stops == 1


def test_the_end_waits_for_a_stop_on_its_way() -> None:
    told = Told()
    with cycler() as scene:
        scene.spoofer.faults.add("delay", command="stop_schedule", seconds=0.3)
        scene.device.override(1, "temperature_degc", 70.0)

        async def scenes(watcher: Watcher) -> None:
            await asyncio.to_thread(scene.journal.wait_for, "request", "stop_schedule")

        hot = rule("temperature_t1_degc > 60", name="hot", stop=True)
        watch(fleet(north=scene.spoofer.port), [hot], scenes, senders={"terminal": told}, allow_stop=True)
        assert [one.state for one in told.alerts] == ["fired", "stopped"]
        assert scene.stops == 1


def test_a_stop_of_a_channel_that_there_is_not_is_not_sent() -> None:
    from cti_client.watch.stopping import stop

    alert = Alert("r", "north", 99, "", 0, "fired", "info", "")

    async def main(port: int) -> tuple[str, str]:
        async with fleet(north=port) as cyclers:
            return await stop(cyclers, alert)

    with cycler() as scene:
        state, text = asyncio.run(main(scene.spoofer.port))
        assert (state, scene.stops) == ("stop not sent", 0)
        assert "there is no channel 99" in text
    state, text = asyncio.run(main(scene.spoofer.port))
    assert state == "stop not sent"
    assert "no connection" in text.lower()


def test_a_clock_that_is_set_is_told_and_costs_no_time() -> None:
    told, said, shift = Told(), list[str](), [0.0]
    with cycler() as scene:

        async def scenes(watcher: Watcher) -> None:
            await came(lambda: said)
            shift[0] = 3600.0
            await came(lambda: len(said) == 2)
            shift[0] = -3600.0
            await came(lambda: len(said) == 3)

        watch(
            fleet(north=scene.spoofer.port), [rule("no reading for 20 s")], scenes,
            senders={"terminal": told}, say=said.append, wall=lambda: time.time() + shift[0],
        )  # fmt: skip
    assert told.alerts == []
    assert [sentence[:30] for sentence in said[1:]] == [
        "the clock was set forward by 3",
        "the clock was set back by 7200",
    ]
