"""What no client can do to the spoofer, and what faults, both ports and other threads do to a client."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import threading
import time
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from cti_schema import Direction, Message, Problem, encode
from cti_schema.errors import ConfigurationError
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login
from spoofer import Device, Faults, Journal, Spoofer, running
from tests.spoofer.helpers import CHANNEL_INFO, Clock
from tests.spoofer.test_server import DEADLINE_S, Client, device, reset, run, until

SERIAL = encode(GetSerialNumber())


def test_both_ports_answer_every_request_of_one_device() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0, files_port=0) as spoofer:
            assert spoofer.files_port not in (None, 0, spoofer.port)
            control = await Client.to(spoofer)
            files = Client(*await asyncio.open_connection(spoofer.host, spoofer.files_port))
            await control.ask(Login(username="a", password="b"))
            spoofer.device.assign(0, "any")
            spoofer.device.start([0], "t")
            reading = (await files.ask(GetChannelsInfo(channel_index=0))).channels[0]
            assert reading.test_name == "t"
            assert spoofer.connections == 2
            await control.close()
            await files.close()

    run(main)


def test_a_second_port_that_is_taken_leaves_nothing_open() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0) as other:
            spoofer = Spoofer(device(), port=0, files_port=other.port)
            with pytest.raises(ConfigurationError, match=f"127.0.0.1:{other.port}"):
                await spoofer.start()
            with pytest.raises(OSError):
                await asyncio.open_connection(spoofer.host, spoofer.port)

    run(main)


@pytest.mark.parametrize("limit", ["max_connections", "max_frame", "max_bytes_before_login"])
def test_a_limit_is_above_zero(limit: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{limit}: 0"):
        Spoofer(device(), **{limit: 0})  # type: ignore[arg-type]


def test_a_client_is_held_back_before_its_login_and_not_behind_it() -> None:
    async def main() -> None:
        rate = 20 * len(SERIAL)
        async with Spoofer(device(), port=0, max_bytes_before_login=rate) as spoofer:
            loop = asyncio.get_running_loop()
            client, other = await Client.to(spoofer), await Client.to(spoofer)
            began = loop.time()
            for _ in range(30):  # twenty at once, ten in half a second
                assert (await client.ask(GetSerialNumber())).serial_number == 100001
            lasted = loop.time() - began
            assert 0.3 < lasted < 5.0
            assert (await other.ask(GetSerialNumber())).serial_number == 100001

            await client.ask(Login(username="a", password="b"))
            began = loop.time()
            client.writer.write(SERIAL * 200)
            for _ in range(200):
                await client.feedback()
            assert loop.time() - began < 200 * len(SERIAL) / rate / 2
            await client.close()
            await other.close()

    run(main)


def test_one_that_floods_does_not_keep_others_waiting() -> None:
    """Between two answers to a patient client, the flood gets no more than a few turns."""

    async def main() -> None:
        names: list[str] = []

        def seen(direction: Direction, message: Message, problems: Sequence[Problem], peer: str) -> None:
            if direction is Direction.REQUEST:
                names.append(message.spec.name)

        async with Spoofer(device(), port=0, on_message=seen) as spoofer:
            flood, good = await Client.to(spoofer), await Client.to(spoofer)
            await flood.ask(Login(username="a", password="b"))
            flood.writer.write(CHANNEL_INFO * 5000)
            for _ in range(20):
                await good.ask(GetSerialNumber())
            at = [index for index, name in enumerate(names) if name == "get_serial_number"]
            # One read of the server's socket and some turns: far less than all that the flood has sent.
            assert max(later - earlier for earlier, later in pairwise(at)) < 500
            flood.writer.transport.abort()
            await good.close()

    run(main)


def test_garbage_without_end_is_thrown_away_and_written_down() -> None:
    async def main() -> None:
        journal = Journal()
        async with Spoofer(device(), port=0, journal=journal) as spoofer:
            bad, good = await Client.to(spoofer), await Client.to(spoofer)
            for _ in range(20):
                bad.writer.write(b"\xddnot a frame" * 5000)
                with contextlib.suppress(ConnectionError):
                    await bad.writer.drain()
                assert (await good.ask(GetSerialNumber())).serial_number == 100001
            bad.writer.transport.abort()
            await until(lambda: journal.count("closed") == 1)
            (dropped,) = journal.entries("dropped")
            assert dropped.connection == 1
            assert dropped.size > 500_000
            await good.close()

    run(main)


def test_a_frame_larger_than_allowed_is_not_waited_for() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0, max_frame=1000) as spoofer:
            client = await Client.to(spoofer)
            client.writer.write(CHANNEL_INFO[:8] + struct.pack("<I", 2000) + bytes(1000) + SERIAL)
            assert (await client.feedback()).serial_number == 100001
            await client.close()

    run(main)


def test_refused_and_lost_clients_are_in_the_journal() -> None:
    async def main() -> None:
        journal = Journal()
        async with Spoofer(device(), port=0, journal=journal, max_connections=1) as spoofer:
            first = await Client.to(spoofer)
            await first.ask(GetSerialNumber())
            second = await Client.to(spoofer)
            with contextlib.suppress(ConnectionError):
                assert await second.reader.read() == b""
            (refused,) = journal.entries("refused")
            assert (refused.connection, refused.reason) == (2, "1 connections are open")
            await first.close()
            await until(lambda: journal.count("closed") == 1)
            second.writer.close()
        assert [(one.event, one.connection) for one in journal.entries()] == [
            ("connected", 1), ("request", 1), ("feedback", 1), ("refused", 2), ("closed", 1),
        ]  # fmt: skip

    run(main)


def test_a_defect_ends_that_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Defective(Device):
        def login(self, username: str, password: str) -> Any:
            raise RuntimeError("a defect")

    async def main() -> None:
        journal = Journal()
        async with Spoofer(Defective(2, clock=Clock()), port=0, journal=journal) as spoofer:
            good, bad = await Client.to(spoofer), await Client.to(spoofer)
            await good.ask(GetSerialNumber())
            with pytest.raises((AssertionError, ConnectionError)):
                await bad.ask(Login(username="a", password="hidden"))
            assert (await good.ask(GetSerialNumber())).serial_number == 100001
            assert [one.connection for one in journal.entries("error")] == [2]
            bad.writer.close()
            await good.close()

    with caplog.at_level(logging.ERROR, logger="spoofer"):
        run(main)
    assert "a defect" in caplog.text
    assert "hidden" not in caplog.text


def test_the_tap_sees_every_byte_and_the_end() -> None:
    seen: list[tuple[Any, Direction, bytes]] = []

    async def main() -> None:
        def tap(address: tuple[Any, ...], direction: Direction, data: bytes) -> None:
            seen.append((address, direction, data))

        async with Spoofer(device(), port=0, tap=tap) as spoofer:
            client = await Client.to(spoofer)
            mine = client.writer.get_extra_info("sockname")
            client.writer.write(SERIAL[:7])
            await until(lambda: len(seen) == 1)
            client.writer.write(SERIAL[7:])
            await client.feedback()
            await client.close()
            await until(lambda: spoofer.connections == 0)
        assert {address for address, _, _ in seen} == {mine}
        assert [(direction, len(data)) for _, direction, data in seen] == [
            (Direction.REQUEST, 7), (Direction.REQUEST, len(SERIAL) - 7), (Direction.FEEDBACK, 128),
            (Direction.REQUEST, 0),
        ]  # fmt: skip

    run(main)


# --- faults on a socket --------------------------------------------------------------------------


def test_a_reset_is_a_reset() -> None:
    async def main() -> None:
        faults = Faults()
        async with Spoofer(device(), port=0, faults=faults) as spoofer:
            client, good = await Client.to(spoofer), await Client.to(spoofer)
            await good.ask(GetSerialNumber())
            fault = spoofer.faults.add("reset")
            client.writer.write(SERIAL)
            with pytest.raises(ConnectionResetError):
                assert not await client.reader.read()
            spoofer.faults.remove(fault)
            assert (await good.ask(GetSerialNumber())).serial_number == 100001
            client.writer.close()
            await good.close()

    run(main)


def test_a_delay_keeps_the_order_and_holds_up_nobody_else() -> None:
    async def main() -> None:
        async with Spoofer(device(), port=0) as spoofer:
            loop = asyncio.get_running_loop()
            slow, good = await Client.to(spoofer), await Client.to(spoofer)
            spoofer.faults.add("delay", seconds=0.3, command="get_serial_number", count=1)
            began = loop.time()
            slow.writer.write(SERIAL + CHANNEL_INFO)
            await until(lambda: spoofer.connections == 2)
            await asyncio.sleep(0.05)
            await good.ask(GetChannelsInfo(channel_index=1))
            assert loop.time() - began < 0.3
            assert (await slow.feedback()).serial_number == 100001
            assert loop.time() - began >= 0.3
            assert (await slow.feedback()).channels == []
            await slow.close()
            await good.close()

    run(main)


def test_a_client_that_goes_away_during_a_delay_leaves_nothing_behind() -> None:
    async def main() -> None:
        faults = Faults()
        faults.add("delay", seconds=100.0)
        async with Spoofer(device(), port=0, faults=faults) as spoofer:
            for _ in range(2):
                sock = socket.create_connection((spoofer.host, spoofer.port))
                sock.sendall(SERIAL)
                await until(lambda: spoofer.connections == 1)
                await asyncio.sleep(0.02)
                reset(sock)
                await until(lambda: spoofer.connections == 0)
            sock = socket.create_connection((spoofer.host, spoofer.port))
            sock.sendall(SERIAL)
            await until(lambda: spoofer.connections == 1)
        assert spoofer.connections == 0
        sock.close()

    run(main)


# --- from another thread -------------------------------------------------------------------------


def test_call_runs_in_the_thread_of_the_spoofer() -> None:
    with running(device()) as spoofer:
        name = spoofer.call(lambda: threading.current_thread().name)
        assert name == "spoofer"
        assert spoofer.call(pow, 2, 5) == 32
        with pytest.raises(IndexError, match="99"):
            spoofer.call(spoofer.device.trip, 99)
        assert spoofer.call(lambda: spoofer.call(lambda: 7)) == 7  # in it already
    assert spoofer.call(lambda: threading.current_thread().name) == threading.current_thread().name


def test_many_threads_change_the_device_while_clients_read() -> None:
    with running(Device(4)) as spoofer, socket.create_connection((spoofer.host, spoofer.port)) as sock:
        sock.settimeout(DEADLINE_S)
        stop = threading.Event()

        def change(index: int) -> None:
            while not stop.is_set():
                spoofer.call(spoofer.device.trip, index)
                spoofer.call(spoofer.device.clear, index)

        threads = [threading.Thread(target=change, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        try:
            until_s = time.monotonic() + 0.5
            while time.monotonic() < until_s:
                sock.sendall(SERIAL)
                data = b""
                while len(data) < 128:
                    data += sock.recv(65536)
                assert len(data) == 128
        finally:
            stop.set()
            for thread in threads:
                thread.join(DEADLINE_S)
        assert not any(thread.is_alive() for thread in threads)
