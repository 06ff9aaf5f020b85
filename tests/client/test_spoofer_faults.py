"""Both clients against every kind of fault of the spoofer, in memory: what calls end in, and what was sent.

Time is the link's own: a deadline of ten seconds passes at once, and is passed all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from cti_client import Cycler, Reading
from cti_client.reconnect import Reconnect
from cti_client.resolving import Resolution
from cti_schema import encode
from cti_schema.errors import (
    ClientError,
    CommandUnsupported,
    CTIError,
    DecodeError,
    OutcomeUnknown,
    ResultError,
)
from cti_schema.message import CONTROL
from spoofer import Device
from spoofer.faulting.fault_kinds import KINDS
from spoofer.faults import Fault, Faults
from spoofer.journal import Journal
from spoofer.memory import Linked, VirtualClock, linked
from tests.client.peers import AwaitedCycler

CHANNELS = 8
TIMEOUT_S = 2.0

#: Kinds that only slow an answer down or cut it into pieces, by less than the deadline.
HARMLESS = {"delay", "jitter", "split", "dribble", "duplicate", "reorder", "garbage_before", "garbage_after"}

Make = Callable[..., Any]


def blocking(home: Linked, **options: Any) -> Any:
    return Cycler("memory", connector=home, **{"timeout_s": TIMEOUT_S, **options})


def waiting(home: Linked, **options: Any) -> Any:
    return AwaitedCycler("memory", 9031, connector=home.aio, **{"timeout_s": TIMEOUT_S, **options})


def at_home(faults: Faults) -> tuple[Linked, Journal]:
    clock, journal = VirtualClock(), Journal(most=100_000)
    device = Device(channels=CHANNELS, clock=clock)
    return linked(device, faults=faults, journal=journal, clock=clock), journal


def named(value: Any) -> None:
    """Check what a call returned or raised: of the channel asked for, or an error of the documented tree."""
    if isinstance(value, OutcomeUnknown):
        assert value.request.spec.effect is CONTROL
        assert value.request.spec.name in str(value)
    elif isinstance(value, BaseException):
        assert isinstance(value, CTIError), repr(value)


def attempt(home: Linked, act: Callable[[], Any], deadlines: int = 1) -> Any:
    """Return what a call returns or raises; in time."""
    began = home.clock.now
    try:
        found = act()
    except CTIError as error:
        found = error
    assert home.clock.now - began <= deadlines * TIMEOUT_S + 1e-6
    named(found)
    return found


@pytest.mark.parametrize("make", [blocking, waiting])
@pytest.mark.parametrize("reconnect", [False, Reconnect(0.1, 0.4, random=lambda: 0.5)], ids=["once", "back"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_call_ends_in_time_and_no_command_is_sent_twice(
    kind: str, reconnect: bool | Reconnect, make: Make
) -> None:
    home, journal = at_home(Faults())
    with make(home, reconnect=reconnect) as cycler:
        cycler.login("user", "secret")
        cycler.assign(range(1, CHANNELS + 1), "a.sdx")
        cycler.start(range(1, CHANNELS), "first")
        home.faults.add(Fault(kind, probability=0.5))
        value = 0.0
        for channel in range(1, CHANNELS):
            reading = attempt(home, cycler.channel(channel).read)
            if isinstance(reading, Reading):
                assert reading.channel == channel
                assert reading.test_name == "first"
            everything = attempt(home, cycler.channels)
            if isinstance(everything, list):
                assert [one.channel for one in everything] == list(range(1, CHANNELS + 1))
            value += 1.0
            attempt(home, lambda c=channel, v=value: cycler.channel(c).set_mv(1, v))  # type: ignore[misc]
            if channel % 3 == 0:
                stopped = attempt(home, cycler.channel(channel).stop)
                if not isinstance(stopped, BaseException):
                    assert stopped.channel_index == channel - 1
            if not cycler.connected and not reconnect:
                cycler.connect()
                attempt(home, lambda: cycler.login("user", "secret"))
        home.faults.clear()
    sent = Counter(
        encode(entry.message)
        for entry in journal.entries("request")
        if entry.message is not None and entry.message.spec.effect is CONTROL  # type: ignore[attr-defined]
    )
    assert sent
    assert [count for count in sent.values() if count > 1] == []


@pytest.mark.parametrize("make", [blocking, waiting])
@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_what_comes_whole_and_in_time_is_right(kind: str, make: Make) -> None:
    home, _ = at_home(Faults([Fault(kind)]))
    with make(home, timeout_s=60.0) as cycler:
        cycler.login("user", "secret")
        assert all(one.ok for one in cycler.assign([1, 2, 3], "a.sdx"))
        assert [one.ok for one in cycler.start([1, 2, 4], "t")] == [True, True, False]
        assert [one.test_name for one in cycler.channels()] == ["t", "t", *[""] * 6]
        assert cycler.channel(2).read().channel == 2
        assert [one.ok for one in cycler.stop_all()] == [True, True, *[False] * 6]


@pytest.mark.parametrize("make", [blocking, waiting])
@pytest.mark.parametrize(
    ("kind", "query", "command"),
    [
        ("drop", ClientError, OutcomeUnknown),
        ("stale", ClientError, OutcomeUnknown),
        ("merge", ClientError, OutcomeUnknown),
        ("wrong_checksum", ClientError, OutcomeUnknown),
        ("wrong_length", ClientError, OutcomeUnknown),
        ("reset", ClientError, OutcomeUnknown),
        ("silent", ClientError, OutcomeUnknown),
        ("unknown_command", CommandUnsupported, CommandUnsupported),
    ],
)
def test_what_does_not_come_is_named(
    kind: str, query: type[CTIError], command: type[CTIError], make: Make
) -> None:
    home, _ = at_home(Faults())
    with make(home) as cycler:
        cycler.login("user", "secret")
        home.faults.add(kind)
        with pytest.raises(query):
            cycler.channel(1).read()
    home, _ = at_home(Faults())
    with make(home) as cycler:
        cycler.login("user", "secret")
        home.faults.add(kind)
        with pytest.raises(command):
            cycler.channel(1).stop()


@pytest.mark.parametrize("make", [blocking, waiting])
def test_a_busy_cycler_refuses(make: Make) -> None:
    home, _ = at_home(Faults([Fault("busy")]))
    with make(home) as cycler:
        cycler.login("user", "secret")
        with pytest.raises(ResultError, match="monitor"):
            cycler.channel(1).stop()


@pytest.mark.parametrize("make", [blocking, waiting])
def test_an_answer_that_is_cut_short_is_named(make: Make) -> None:
    home, _ = at_home(Faults())
    with make(home) as cycler:
        cycler.login("user", "secret")
        home.faults.add("truncated", repaired=True, by=1700)
        with pytest.raises(DecodeError):
            cycler.channel(1).read()


@pytest.mark.parametrize("make", [blocking, waiting])
@pytest.mark.parametrize(("kind", "comes_late"), [("drop", False), ("stale", True), ("reset", False)])
def test_an_unknown_outcome_is_resolved_by_looking(kind: str, comes_late: bool, make: Make) -> None:
    home, journal = at_home(Faults())
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "secret")
        cycler.channel(3).assign("a.sdx")
        if kind == "stale":
            home.faults.add(kind, command="start_schedule", seconds=TIMEOUT_S + 0.001)
        else:
            home.faults.add(kind, command="start_schedule")
        with pytest.raises(OutcomeUnknown) as error:
            cycler.channel(3).start("t")
        home.clock.sleep(0.01)
        found = error.value.resolve()
        if not isinstance(found, Resolution):
            found = cycler._runner.run(found)
        (one,) = found.channels
        assert (found.took_effect, one.channel, one.took_effect) == (True, 3, True)
        assert "start_schedule: channel 3: took effect, " in str(found)
        assert journal.count("request", "start_schedule") == 1
