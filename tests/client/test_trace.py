"""A trace: everything in it but the password, readable by the dump tool, and never in the client's way."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti_client import aio
from cti_client.capture import CaptureReader, Chunk, Closed
from cti_client.trace import Trace, without_secrets
from cti_schema import Direction, FrameBuffer, decode, encode
from cti_schema.errors import ConfigurationError, OutcomeUnknown
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login
from cti_schema.messages.login_json import LoginJson
from cti_schema.messages.stop_schedule import StopSchedule
from spoofer import Device, running
from tests.client.peers import SHELLS, hang_up, scripted

Make = Callable[..., Any]


def messages(path: Path) -> list[str]:
    """Return the names of the messages in a capture, in order."""
    found = []
    buffers = {True: FrameBuffer(Direction.REQUEST), False: FrameBuffer(Direction.FEEDBACK)}
    for event in CaptureReader(path):
        if isinstance(event, Chunk):
            buffer = buffers[event.sender == event.connection.client]
            found += [decode(frame, frame.direction).spec.name for frame in buffer.feed(event.data)]
    return found


@pytest.mark.parametrize("make", SHELLS)
def test_a_trace_has_everything_but_the_password(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"
    seen: list[bytes] = []
    with (
        running(Device(channels=2)) as spoofer,
        make(
            spoofer.host,
            spoofer.port,
            timeout_s=30.0,
            trace=path,
            tap=lambda direction, data: seen.append(data),
        ) as cycler,
    ):
        cycler.login("user", "hunter2")
        cycler.channel(1).assign("a.sdx")
    assert messages(path) == ["login", "login_feedback", "assign_schedule", "assign_schedule_feedback"]
    assert b"hunter2" not in path.read_bytes()
    assert b"user" in path.read_bytes()
    # A tap is told what goes out, as it goes out.
    assert b"hunter2" in seen[0]


@pytest.mark.parametrize("make", SHELLS)
def test_every_connection_is_in_it_also_after_a_close(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"
    with (
        scripted(hang_up) as peer,
        make("127.0.0.1", peer.port, timeout_s=30.0, trace=path, reconnect=True) as cycler,
    ):
        with pytest.raises(OutcomeUnknown):
            cycler.request(StopSchedule(channel_index=1))
        cycler.request(GetSerialNumber())
        cycler.close()
        cycler.connect()
        cycler.request(GetSerialNumber())
    assert messages(path) == ["stop_schedule", *["get_serial_number", "get_serial_number_feedback"] * 2]
    assert sum(isinstance(event, Closed) for event in CaptureReader(path)) == 3


@pytest.mark.parametrize("make", SHELLS)
def test_a_file_that_cannot_be_written_is_said_before_anything_is_sent(make: Make, tmp_path: Path) -> None:
    with scripted() as peer:
        cycler = make("127.0.0.1", peer.port, trace=tmp_path / "no" / "where.pcapng")
        with pytest.raises(ConfigurationError, match="cannot record in "):
            cycler.__enter__()
        assert peer.received == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_does_not_stop_the_client(caplog: pytest.LogCaptureFixture) -> None:
    trace = Trace("/dev/full")
    with pytest.raises(ConfigurationError, match=os.strerror(28)):
        trace.connection("127.0.0.1", 9031)


def test_a_disk_that_fills_up_ends_the_recording_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trace = Trace(tmp_path / "trace.pcapng")
    recorder = trace.connection("127.0.0.1", 9031)
    assert trace._stream is not None
    trace._stream.close()  # every write fails from here on
    with caplog.at_level(logging.WARNING):
        recorder(Direction.REQUEST, encode(GetSerialNumber()))
        recorder(Direction.REQUEST, encode(GetSerialNumber()))
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage().startswith("recording has ended: ")


@pytest.mark.parametrize("message", [Login(username="u", password="hunter2"), LoginJson(password="hunter2")])
def test_secrets_are_hidden_and_the_frame_stays_right(message: Any) -> None:
    hidden = without_secrets(encode(message))
    assert decode(hidden, Direction.REQUEST).password == "***"  # type: ignore[attr-defined]
    assert "hunter2" not in str(hidden) + hidden.decode("utf-16-le", "replace")


def test_what_has_no_secret_stays_as_it_is() -> None:
    for data in (encode(GetSerialNumber()), encode(Login(username="u", password="")), b"no frame"):
        assert without_secrets(data) is data


def test_two_connections_record_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "trace.pcapng"

    async def main() -> None:
        with running(Device(channels=2)) as spoofer:

            async def connect(host: str, port: int, timeout_s: float) -> Any:
                from cti_client import aio_link

                return await aio_link.connect(spoofer.host, spoofer.port, timeout_s)

            async with aio.Cycler("cycler", 9031, trace=path, connector=connect) as cycler:
                await cycler.login("u", "p")
                await cycler.browse()

    asyncio.run(main())
    assert sum(isinstance(event, Closed) for event in CaptureReader(path)) == 2
    assert CaptureReader(path).tcp_ports == set()
