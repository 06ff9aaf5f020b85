"""The link in memory: a client's reads and writes without a socket, in a time of its own."""

from __future__ import annotations

import asyncio
import time

import pytest

from cti_client import Cycler, aio
from cti_schema import FrameBuffer, encode
from cti_schema.errors import ResponseTimeout
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.login import Login, LoginFeedback
from spoofer import Device, Faults, Journal, VirtualClock, linked
from tests.spoofer.helpers import frames, messages

SERIAL = encode(GetSerialNumber())


def test_a_request_is_answered() -> None:
    link = linked()()
    link.send(SERIAL)
    (feedback,) = messages(link.receive(1.0))
    assert isinstance(feedback, GetSerialNumberFeedback)
    assert feedback.serial_number == 100001
    assert link.clock.now == 0.0


def test_pipelined_and_split_requests() -> None:
    link = linked(Device(channels=3))()
    for byte in SERIAL[:-1]:
        link.send(bytes([byte]))
    with pytest.raises(TimeoutError):
        link.receive(2.5)
    assert link.clock.now == 2.5
    link.send(SERIAL[-1:] + encode(GetChannelsInfo(channel_index=2)) * 2)
    assert [one.spec.name for one in messages(link.receive(0.0))] == [
        "get_serial_number_feedback",
        "get_channels_info_feedback",
        "get_channels_info_feedback",
    ]


def test_ten_seconds_of_delay_pass_at_once() -> None:
    faults = Faults()
    home = linked(faults=faults)
    link = home()
    faults.add("delay", seconds=10.0)
    began = time.monotonic()
    for _ in range(50):
        at = home.clock.now
        link.send(SERIAL)
        with pytest.raises(TimeoutError):
            link.receive(9.0)
        assert home.clock.now == at + 9.0
        assert len(frames(link.receive(9.0))) == 1
        assert home.clock.now == pytest.approx(at + 10.0)
    assert time.monotonic() - began < 5.0


def test_the_device_lives_in_the_time_of_the_link() -> None:
    clock = VirtualClock(500.0)
    device = Device(channels=1, clock=clock)
    link = linked(device, clock=clock)()
    link.send(encode(Login(username="a", password="b")))
    link.receive(1.0)
    device.assign(0, "any")
    device.start([0], "t")
    with pytest.raises(TimeoutError):
        link.receive(3600.0)
    link.send(encode(GetChannelsInfo(channel_index=0)))
    (feedback,) = messages(link.receive(0.0))
    assert feedback.channels[0].test_time_s == pytest.approx(3600.0, abs=1.0)  # type: ignore[attr-defined]


def test_links_share_the_device_but_not_the_login() -> None:
    home = linked(Device(users={"ann": "x"}))
    first, second = home(), home()
    first.send(encode(Login(username="ann", password="x")))
    (feedback,) = messages(first.receive(0.0))
    assert isinstance(feedback, LoginFeedback)
    assert feedback.result == 1
    second.send(encode(Login(username="ann", password="wrong")))
    (refused,) = messages(second.receive(0.0))
    assert isinstance(refused, LoginFeedback)
    assert refused.result == 2


def test_a_reset_and_an_end() -> None:
    faults = Faults()
    home = linked(faults=faults)
    link = home()
    fault = faults.add("reset")
    link.send(SERIAL)
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            link.receive(1.0)
    with pytest.raises(ConnectionResetError):
        link.send(SERIAL)
    faults.remove(fault)

    ending = home()
    ending.send(SERIAL)
    ending.close()
    ending.close()
    assert ending.receive(1.0) == b""
    with pytest.raises(ConnectionError):
        ending.send(SERIAL)


def test_the_journal_has_links_as_connections() -> None:
    journal = Journal()
    home = linked(journal=journal)
    first, second = home(), home()
    second.send(SERIAL + b"rest")
    second.close()
    first.close()
    assert [(one.event, one.connection, one.size) for one in journal.entries()] == [
        ("connected", 1, 0),
        ("connected", 2, 0),
        ("request", 2, len(SERIAL)),
        ("feedback", 2, 128),
        ("dropped", 2, 4),
        ("closed", 2, 0),
        ("closed", 1, 0),
    ]


def test_a_long_answer_comes_in_pieces() -> None:
    link = linked(Device(channels=200))()
    link.send(encode(GetChannelsInfo()))
    buffer = FrameBuffer("feedback")
    found = buffer.feed(link.receive(0.0))
    while not found:
        found = buffer.feed(link.receive(0.0))
    with pytest.raises(TimeoutError):
        link.receive(0.0)
    assert len(found) == 1


def test_a_client_waits_for_ten_seconds_in_no_time() -> None:
    faults = Faults()
    home = linked(faults=faults)
    began = time.monotonic()
    with Cycler("memory", connector=home, timeout_s=10.0) as cycler:
        cycler.login("a", "b")
        slow = faults.add("delay", seconds=9.0)
        for _ in range(20):
            assert cycler.channel(3).read().channel == 3
        assert home.clock.now == pytest.approx(180.0)
        faults.remove(slow)
        faults.add("drop", count=1)
        with pytest.raises(ResponseTimeout):
            cycler.channel(3).read()
        assert home.clock.now == pytest.approx(190.0)
    assert time.monotonic() - began < 5.0


def test_a_client_for_asyncio_too() -> None:
    async def main() -> None:
        faults = Faults()
        home = linked(faults=faults)
        async with aio.Cycler("memory", connector=home.aio, timeout_s=10.0) as cycler:
            await cycler.login("a", "b")
            faults.add("delay", seconds=3.0, count=2)
            readings = await asyncio.gather(*(cycler.channel(number).read() for number in (1, 2, 3)))
            assert [reading.channel for reading in readings] == [1, 2, 3]
            assert home.clock.now == pytest.approx(6.0)

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 5.0


def test_asyncio() -> None:
    async def main() -> None:
        faults = Faults()
        home = linked(faults=faults)
        link = await home.aio()
        await link.send(SERIAL, 1.0)
        assert len(frames(await link.receive(1.0))) == 1
        faults.add("delay", seconds=100.0)
        other = await home.aio()
        await asyncio.gather(link.send(SERIAL, 1.0), other.send(SERIAL, 1.0))
        answers = await asyncio.gather(link.receive(1000.0), other.receive(1000.0))
        assert [len(frames(answer)) for answer in answers] == [1, 1]
        assert home.clock.now == pytest.approx(100.0)
        await link.close()
        assert await link.receive(1.0) == b""

    asyncio.run(main())
