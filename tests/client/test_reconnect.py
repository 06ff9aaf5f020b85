"""Coming back: when it is tried, that the login is repeated, that it is the same cycler, what goes again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cti_client import Cycler, aio
from cti_client.reconnect import Reconnect
from cti_schema.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    DifferentCycler,
    LoginRefused,
    OutcomeUnknown,
)
from cti_schema.messages.get_serial_number import GetSerialNumber
from spoofer import Device
from spoofer.faults import Faults
from spoofer.journal import Journal
from spoofer.memory import Linked, VirtualClock, linked
from tests.client.peers import AwaitedCycler

USERS = {"user": "hunter2"}


class Home:
    """A spoofer in memory that can be away, and be replaced by another.

    Attributes:
        attempts: when a connection was tried, in seconds.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.journal = Journal()
        self.faults = Faults()
        self.linked = self._new(100001)
        self.away = False
        self.attempts: list[float] = []

    def _new(self, serial_number: int) -> Linked:
        device = Device(channels=4, clock=self.clock, serial_number=serial_number, users=USERS)
        return linked(device, faults=self.faults, journal=self.journal, clock=self.clock)

    def replace(self) -> None:
        """Put another cycler in its place."""
        self.linked = self._new(100002)

    def connector(self, host: str, port: int, timeout_s: float) -> Any:
        self._come()
        return self.linked(host, port, timeout_s)

    async def aio(self, host: str, port: int, timeout_s: float) -> Any:
        self._come()
        return await self.linked.aio(host, port, timeout_s)

    def _come(self) -> None:
        self.attempts.append(round(self.clock.now, 6))
        if self.away:
            raise ConnectionRefusedError

    def sent(self) -> list[str]:
        """Names of the requests that came, on all connections."""
        return [entry.name for entry in self.journal.entries("request")]

    def cut(self) -> None:
        """End the next request's connection in the place of its answer."""
        self.faults.add("reset", count=1)


Make = Callable[..., Any]


def blocking(home: Home, **options: Any) -> Any:
    return Cycler("memory", connector=home.connector, **options)


def waiting(home: Home, **options: Any) -> Any:
    return AwaitedCycler("memory", 9031, connector=home.aio, **options)


pytestmark = pytest.mark.parametrize("make", [blocking, waiting])


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_query_is_asked_again_after_a_new_login(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        home.cut()
        assert cycler.channel(2).read().channel == 2
        assert home.sent() == ["login", "get_channels_info", "login", "get_channels_info"]
        assert home.attempts == [0.0, 0.0]
        assert cycler.logged_in


def test_without_it_nothing_comes_back(make: Make, home: Home) -> None:
    with make(home) as cycler:
        cycler.login("user", "hunter2")
        home.cut()
        with pytest.raises(ConnectionLost):
            cycler.channel(2).read()
        with pytest.raises(ConnectionLost):
            cycler.channel(2).read()
        assert home.sent() == ["login", "get_channels_info"]
        assert len(home.attempts) == 1


def test_a_command_is_never_sent_again(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        home.cut()
        with pytest.raises(OutcomeUnknown):
            cycler.channel(2).stop()
        assert home.sent() == ["login", "stop_schedule"]
        # The next call brings the connection back; the command is not in it.
        assert cycler.channel(2).read().channel == 2
        assert home.sent() == ["login", "stop_schedule", "login", "get_channels_info"]


def test_a_command_that_was_not_sent_yet_is_sent_once_after_coming_back(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        cycler._drop("the connection broke") if make is blocking else cycler._inner._drop("it broke")
        home.journal.write("closed")
        cycler.channel(2).assign("a.sdx")
        assert home.sent() == ["login", "login", "assign_schedule"]


def test_attempts_are_further_and_further_apart(make: Make, home: Home) -> None:
    policy = Reconnect(first_delay_s=1.0, most_delay_s=4.0, random=lambda: 1.0)
    with make(home, reconnect=policy, timeout_s=14.0) as cycler:
        cycler.login("user", "hunter2")
        home.cut()
        home.away = True
        with pytest.raises(ConnectError, match="nothing listens there"):
            cycler.channels()
        assert home.attempts == [0.0, 0.0, 1.0, 3.0, 7.0, 11.0]
        assert home.clock.now <= 14.0
        # The next call does not hammer either; it fails at once where its deadline is too near.
        with pytest.raises(ConnectError, match=r"the next attempt is in 4\.0 s"):
            cycler.channels(timeout_s=1.0)
        assert len(home.attempts) == 6
        home.away = False
        assert len(cycler.channels()) == 4
        assert home.attempts[-1] == 15.0


def test_jitter_takes_up_to_half_of_a_delay(make: Make) -> None:
    policy = Reconnect(1.0, 8.0, random=lambda: 0.0)
    assert [policy.delay_s(number) for number in range(1, 6)] == [0.5, 1.0, 2.0, 4.0, 4.0]
    policy = Reconnect(1.0, 8.0, random=lambda: 1.0)
    assert [policy.delay_s(number) for number in (1, 2, 3, 4, 5, 5000)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_a_connection_that_is_of_no_use_is_not_tried_all_the_time(make: Make, home: Home) -> None:
    with make(home, reconnect=Reconnect(1.0, 4.0, random=lambda: 1.0), timeout_s=10.0) as cycler:
        cycler.login("user", "hunter2")
        home.faults.add("reset", command="get_channels_info")
        with pytest.raises((ConnectionLost, ConnectError)):
            cycler.channels()
        assert home.attempts == [0.0, 0.0, 1.0, 3.0, 7.0]


def test_another_cycler_is_not_talked_to(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        home.cut()
        home.replace()
        with pytest.raises(DifferentCycler) as error:
            cycler.channels()
        assert (error.value.expected, error.value.found) == ("100001", "100002")
        assert home.sent() == ["login", "get_channels_info", "login"]
        assert not cycler.connected
        # And no going on.
        with pytest.raises(ConnectionLost, match="another cycler now"):
            cycler.channel(1).stop()
        assert len(home.attempts) == 2


def test_a_login_that_is_refused_now_is_not_tried_again(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        home.cut()
        home.linked.device.users = {}
        with pytest.raises(LoginRefused):
            cycler.channels()
        with pytest.raises(ConnectionLost, match="refused the login"):
            cycler.channels()
        assert home.sent() == ["login", "get_channels_info", "login"]


def test_the_password_is_shown_nowhere_and_forgotten_at_the_end(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        inner = cycler if make is blocking else cycler._inner
        standing = inner._standing
        assert "hunter2" not in repr(standing) + repr(vars(inner)) + repr(inner)
        assert standing.credentials is not None
    assert standing.credentials is None


def test_a_closed_cycler_stays_closed(make: Make, home: Home) -> None:
    with make(home, reconnect=True) as cycler:
        cycler.login("user", "hunter2")
        cycler.close()
        with pytest.raises(ConnectionLost, match="the connection was closed"):
            cycler.channels()
        assert len(home.attempts) == 1


@pytest.mark.parametrize(
    ("make_policy", "says"),
    [
        (lambda: Reconnect(0.0), "first_delay_s: 0.0 is no number of seconds above 0"),
        (lambda: Reconnect(True), "first_delay_s: True"),
        (lambda: Reconnect(1.0, float("inf")), "most_delay_s: inf"),
        (lambda: Reconnect(2.0, 1.0), "first_delay_s is longer than most_delay_s"),
        (lambda: Cycler("h", reconnect=5), "reconnect: 5 is neither True nor False nor a Reconnect"),  # type: ignore[arg-type]
    ],
)
def test_policies_that_make_no_sense(make: Make, make_policy: Callable[[], Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        make_policy()


def test_many_calls_at_the_same_time_come_back_once(make: Make, home: Home) -> None:
    if make is blocking:
        pytest.skip("calls run one after the other there")

    async def main() -> None:
        async with aio.Cycler("memory", connector=home.aio, reconnect=True) as cycler:
            await cycler.login("user", "hunter2")
            home.cut()
            readings = await asyncio.gather(*(cycler.channel(one).read() for one in (1, 2, 3, 4)))
            assert [one.channel for one in readings] == [1, 2, 3, 4]
            assert home.sent().count("login") == 2
            assert len(home.attempts) == 2

    asyncio.run(main())


def test_a_close_ends_the_coming_back(make: Make) -> None:
    if make is waiting:
        pytest.skip("one loop runs in one thread")
    tried = threading.Event()
    here = [True]

    def connector(host: str, port: int, timeout_s: float) -> Any:
        if here:
            here.clear()
            return Gone()
        tried.set()
        raise ConnectionRefusedError

    with Cycler("h", connector=connector, reconnect=Reconnect(20.0, 20.0), timeout_s=60.0) as cycler:
        with ThreadPoolExecutor() as pool:
            call = pool.submit(cycler.request, GetSerialNumber())
            assert tried.wait(30.0)
            began = time.monotonic()
            cycler.close()
            with pytest.raises(ConnectionLost, match="was closed"):
                call.result(30.0)
        assert time.monotonic() - began < 10.0


class Gone:
    """A link whose other end has closed it."""

    def send(self, data: bytes, timeout_s: float) -> None:
        raise BrokenPipeError

    def receive(self, timeout_s: float) -> bytes:
        return b""

    def close(self) -> None:
        """Nothing to end."""


def test_a_task_that_closes_while_another_comes_back(make: Make, home: Home) -> None:
    if make is blocking:
        pytest.skip("calls run one after the other there")

    async def main() -> None:
        async with aio.Cycler("memory", connector=home.aio, reconnect=True) as cycler:
            await cycler.login("user", "hunter2")
            home.cut()
            opened = asyncio.Event()
            connect = home.aio

            async def slowly(*where: Any) -> Any:
                opened.set()
                await asyncio.sleep(0.05)
                return await connect(*where)

            cycler._connector = slowly
            reading = asyncio.create_task(cycler.channel(1).read())
            await opened.wait()
            await cycler.close()
            with pytest.raises(ConnectionLost, match="was closed"):
                await reading
            assert not cycler.connected

    asyncio.run(main())
