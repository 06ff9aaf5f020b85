"""What only asyncio has: calls at the same time, calls that are given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from cti_client.aio import Cycler
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.errors import ConnectionLost, OutcomeUnknown
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from spoofer import Device, running
from tests.client.peers import reading, right, says, scripted, silence


def run(main: Any) -> Any:
    return asyncio.run(main())


async def until(done: Callable[[], bool]) -> None:
    """Let the loop run until something is so that tells nobody."""
    async with asyncio.timeout(30):
        while not done():  # noqa: ASYNC110 - what is waited for happens in another thread
            await asyncio.sleep(0.001)


def test_many_calls_at_the_same_time_each_get_their_own() -> None:
    with running(Device(channels=32)) as spoofer:

        async def main() -> None:
            async with Cycler(spoofer.host, spoofer.port, timeout_s=10.0) as cycler:
                await cycler.login("u", "p")
                readings = await asyncio.gather(*(cycler.channel(one).read() for one in range(1, 33)))
                assert [one.channel for one in readings] == list(range(1, 33))
                # These could be taken for each other's: one after the other, without an error.
                several = await asyncio.gather(*(cycler.channels() for _ in range(4)))
                assert [len(one) for one in several] == [32] * 4

        run(main)


def test_two_calls_answered_in_the_other_order() -> None:
    with scripted(silence, says(reading(5) + reading(4))) as peer:

        async def main() -> None:
            async with Cycler("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
                await cycler.login("u", "p")
                five, six = await asyncio.gather(cycler.channel(5).read(), cycler.channel(6).read())
                assert (five.current_a, six.current_a) == (4.0, 5.0)

        run(main)


def test_a_call_that_was_given_up_gets_nobody_elses_answer() -> None:
    with scripted(silence, right) as peer:

        async def main() -> None:
            async with Cycler("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
                await cycler.login("u", "p")
                task = asyncio.create_task(cycler.channel(5).read())
                await until(lambda: peer.names() == ["get_channels_info"])
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                asyncio.get_running_loop().call_later(0.05, peer.say, reading(4, voltage_v=1.0))
                assert (await cycler.channel(5).read()).voltage_v == 3.5

        run(main)


def test_a_close_ends_the_calls_that_wait() -> None:
    with scripted(silence, silence) as peer:

        async def main() -> None:
            cycler = await Cycler("127.0.0.1", peer.port, timeout_s=10.0).connect()
            await cycler.login("u", "p")
            tasks = [
                asyncio.create_task(cycler.channel(5).read()),
                asyncio.create_task(cycler.request(StopSchedule(channel_index=4))),
            ]
            await until(lambda: len(peer.names()) == 2)
            await cycler.close()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(one) for one in ended] == [ConnectionLost, OutcomeUnknown]
            assert not cycler.connected

        run(main)


def test_a_connection_is_dropped_only_when_nobody_waits_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti_client.asking.DRAIN_S", 0.1)
    with scripted(silence, silence) as peer:

        async def main() -> None:
            async with Cycler("127.0.0.1", peer.port, timeout_s=30.0) as cycler:
                await cycler.login("u", "p")
                with pytest.raises(OutcomeUnknown):
                    await cycler.channel(5).stop(timeout_s=0.1)
                other = asyncio.create_task(cycler.channel(6).stop())
                await until(lambda: len(peer.names()) == 2)
                again = asyncio.create_task(cycler.channel(5).stop())
                await until(lambda: bool(cycler.session.retiring))
                new = asyncio.create_task(cycler.channel(7).stop())
                await asyncio.sleep(0.05)
                peer.say(encode(default(StopScheduleFeedback, channel_index=5)))
                assert (await other).channel_index == 5
                for task in (again, new):
                    with pytest.raises(ConnectionLost, match="was not sent"):
                        await task
                assert peer.names() == ["stop_schedule"] * 2

        run(main)


def test_a_connection_that_takes_too_long() -> None:
    from cti_schema.errors import ConnectError

    async def main() -> None:
        cycler = Cycler("127.0.0.1", 9, connect_timeout_s=0.1)

        async def never(*_: Any) -> Any:
            await asyncio.sleep(10)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cti_client.aio_link._connected", never)
            began = time.monotonic()
            with pytest.raises(
                ConnectError, match=r"no connection to 127\.0\.0\.1:9: no answer within 0\.1 s"
            ):
                await cycler.connect()
            assert time.monotonic() - began < 5.0

    run(main)
