"""The server on real sockets of the loopback interface."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from cti_schema import Direction, FrameBuffer, Message, Problem, decode, encode
from cti_schema.errors import ConfigurationError
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login
from spoofer import Device, Spoofer, running
from tests.spoofer.helpers import CHANNEL_INFO, Clock

DEADLINE_S = 10.0


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a test in a fresh loop, with a deadline."""

    async def bounded() -> None:
        async with asyncio.timeout(DEADLINE_S):
            await main()

    asyncio.run(bounded())


class Client:
    """A plain client: sends bytes, reads feedbacks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._frames = FrameBuffer("feedback")
        self._ready: list[Any] = []

    @classmethod
    async def to(cls, spoofer: Spoofer) -> Client:
        return cls(*await asyncio.open_connection(spoofer.host, spoofer.port))

    async def feedback(self) -> Any:
        while not self._ready:
            data = await self.reader.read(65536)
            assert data, "the connection was closed"
            self._ready += [decode(frame) for frame in self._frames.feed(data)]
        return self._ready.pop(0)

    async def ask(self, request: Message) -> Any:
        self.writer.write(encode(request))
        return await self.feedback()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def reset(sock: socket.socket) -> None:
    """Close a socket so that the other side sees a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def device() -> Device:
    return Device(channels=4, clock=Clock())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the server's own tasks bring about."""
    while not condition():  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0)


def test_port_zero_picks_a_free_one_and_two_clients_are_served_at_once() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0) as spoofer:
            assert spoofer.host == "127.0.0.1"
            assert 0 < spoofer.port < 65536
            first, second = await Client.to(spoofer), await Client.to(spoofer)
            # The first has sent half a request; the second is answered meanwhile.
            first.writer.write(CHANNEL_INFO[:30])
            assert (await second.ask(Login(username="b", password=""))).result == 1
            assert (await second.ask(GetSerialNumber())).serial_number == 100001
            first.writer.write(CHANNEL_INFO[30:])
            assert (await first.feedback()).channels == []  # four channels only, 13 was asked for
            assert spoofer.connections == 2
            await first.close()
            await second.close()
            await until(lambda: spoofer.connections == 0)

    run(main)


def test_pipelined_requests_keep_their_order() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0) as spoofer:
            client = await Client.to(spoofer)
            wanted = [index % 4 for index in range(40)]
            client.writer.write(b"".join(encode(GetChannelsInfo(channel_index=index)) for index in wanted))
            seen = [(await client.feedback()).channels[0].channel_index for _ in wanted]
            assert seen == wanted
            await client.close()

    run(main)


def test_abrupt_ends_and_garbage_do_not_disturb_others() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0) as spoofer:
            good = await Client.to(spoofer)
            for data in (b"", b"\xdd" * 100, CHANNEL_INFO[:17], CHANNEL_INFO * 20, b"GET / HTTP/1.1\r\n\r\n"):
                sock = socket.create_connection((spoofer.host, spoofer.port))
                sock.sendall(data)
                reset(sock)
                assert (await good.ask(GetSerialNumber())).serial_number == 100001
            await until(lambda: spoofer.connections == 1)
            assert (await good.ask(GetSerialNumber())).serial_number == 100001
            await good.close()

    run(main)


def test_a_client_that_does_not_read_is_held_back_and_does_not_disturb_others() -> None:
    async def main() -> None:
        answered = 0

        def count(direction: Direction, message: Message, problems: Sequence[Problem], peer: str) -> None:
            nonlocal answered
            answered += direction is Direction.FEEDBACK

        many = Device(channels=64, clock=Clock())
        async with Spoofer(many, port=0, on_message=count) as spoofer:
            greedy, good = await Client.to(spoofer), await Client.to(spoofer)
            # 100 kB a piece: 500 of them are far more than any socket buffer holds.
            greedy.writer.transport.pause_reading()  # type: ignore[attr-defined]
            greedy.writer.write(encode(GetChannelsInfo()) * 500)
            for _ in range(100):
                await good.ask(GetSerialNumber())
            assert answered < 100 + 250
            await good.close()
            greedy.writer.transport.abort()
            await until(lambda: spoofer.connections == 0)

    run(main)


def test_a_client_that_ended_its_side_gets_every_answer() -> None:
    async def main() -> None:
        async with Spoofer(Device(channels=64, clock=Clock()), port=0) as spoofer:
            client = await Client.to(spoofer)
            client.writer.write(encode(GetChannelsInfo()) * 5)
            client.writer.write_eof()
            data = await client.reader.read()
            assert len(FrameBuffer("feedback").feed(data)) == 5
            await until(lambda: spoofer.connections == 0)
            client.writer.close()

    run(main)


def test_close_does_not_wait_for_a_client_that_ended_its_side_and_does_not_read() -> None:
    async def main() -> None:
        async with Spoofer(Device(channels=64, clock=Clock()), port=0) as spoofer:
            client = await Client.to(spoofer)
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
            client.writer.write(encode(GetChannelsInfo()) * 150)
            client.writer.write_eof()
            good = await Client.to(spoofer)
            await good.ask(GetSerialNumber())
            await good.close()
            await until(lambda: spoofer.connections == 1)
        assert spoofer.connections == 0
        client.writer.transport.abort()

    run(main)


def test_close_while_clients_are_connected() -> None:
    async def main() -> None:
        spoofer = Spoofer(device(), port=0)
        await spoofer.start()
        clients = [await Client.to(spoofer) for _ in range(3)]
        for client in clients:
            await client.ask(GetSerialNumber())
        clients[0].writer.write(CHANNEL_INFO[:25])
        await spoofer.close()
        assert spoofer.connections == 0
        for client in clients:
            with contextlib.suppress(ConnectionError):
                assert await client.reader.read() == b""
            client.writer.close()
        with pytest.raises(OSError):
            await asyncio.open_connection(spoofer.host, spoofer.port)
        await spoofer.close()

    run(main)


def test_serve_forever_ends_when_closed_or_cancelled() -> None:
    async def main() -> None:
        spoofer = Spoofer(device(), port=0)
        await spoofer.start()
        task = asyncio.create_task(spoofer.serve_forever())
        client = await Client.to(spoofer)
        await client.ask(GetSerialNumber())
        await spoofer.close()
        await task
        await client.close()

        other = Spoofer(device(), port=0)
        task = asyncio.create_task(other.serve_forever())
        await until(lambda: other.port != 0)
        client = await Client.to(other)
        await client.ask(GetSerialNumber())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert other.connections == 0
        await client.close()

    run(main)


def test_more_clients_than_allowed_are_refused() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0, max_connections=2) as spoofer:
            first, second = await Client.to(spoofer), await Client.to(spoofer)
            await first.ask(GetSerialNumber())
            await second.ask(GetSerialNumber())
            third = await Client.to(spoofer)
            with pytest.raises((AssertionError, ConnectionError)):
                await third.ask(GetSerialNumber())
            third.writer.close()
            await first.close()
            await until(lambda: spoofer.connections == 1)
            fourth = await Client.to(spoofer)
            assert (await fourth.ask(GetSerialNumber())).serial_number == 100001
            await second.close()
            await fourth.close()

    run(main)


def test_a_failing_hook_ends_that_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    def hook(direction: Direction, message: Message, problems: Sequence[Problem], peer: str) -> None:
        if message.spec.name == "login":
            raise RuntimeError("the disk is full")

    async def main() -> None:
        async with Spoofer(device(), port=0, on_message=hook) as spoofer:
            good, bad = await Client.to(spoofer), await Client.to(spoofer)
            await good.ask(GetSerialNumber())
            with pytest.raises((AssertionError, ConnectionError)):
                await bad.ask(Login(username="a", password="hidden"))
            assert (await good.ask(GetSerialNumber())).serial_number == 100001
            bad.writer.close()
            await good.close()

    with caplog.at_level(logging.ERROR, logger="spoofer"):
        run(main)
    assert "the disk is full" in caplog.text
    assert "hidden" not in caplog.text


def test_an_address_that_cannot_be_listened_on() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0) as spoofer:
            with pytest.raises(ConfigurationError, match=f"127.0.0.1:{spoofer.port}"):
                await Spoofer(device(), port=spoofer.port).start()
            with pytest.raises(ConfigurationError, match="already listening"):
                await spoofer.start()
        with pytest.raises(ConfigurationError, match="70000"):
            await Spoofer(device(), port=70000).start()

    run(main)


def test_users_of_the_spoofer_are_those_of_its_device() -> None:
    spoofer = Spoofer(device(), users={"ann": "secret"})
    assert spoofer.device.users is not None
    assert spoofer.device.users["ann"].password == "secret"
    assert Spoofer().device.channel_count == 16


def test_running_serves_a_synchronous_client_and_stops() -> None:
    threads = threading.active_count()
    with running(device(), users={"ann": "secret"}) as spoofer:
        with socket.create_connection((spoofer.host, spoofer.port), timeout=DEADLINE_S) as sock:
            sock.sendall(encode(Login(username="ann", password="wrong")))
            data = b""
            while len(data) < 8678:
                data += sock.recv(65536)
            assert decode(data).result == 2  # type: ignore[attr-defined]
        assert threading.active_count() == threads + 1
        # Left open on purpose: the end of the block closes it.
        left = socket.create_connection((spoofer.host, spoofer.port), timeout=DEADLINE_S)
        left.sendall(CHANNEL_INFO)
        assert left.recv(1) == b"\xdd"
    assert threading.active_count() == threads
    left.close()
    with pytest.raises(OSError):
        socket.create_connection((spoofer.host, spoofer.port), timeout=DEADLINE_S)


def test_running_tells_why_it_cannot() -> None:
    threads = threading.active_count()
    with (
        running(device()) as spoofer,
        pytest.raises(ConfigurationError, match="cannot listen"),
        running(port=spoofer.port),
    ):
        pass
    assert threading.active_count() == threads


def test_running_ends_when_the_block_raises() -> None:
    threads = threading.active_count()
    with pytest.raises(KeyError), running(device()):
        raise KeyError("in the block")
    assert threading.active_count() == threads
