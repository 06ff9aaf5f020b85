"""The proxy: bytes go through as they are, and with a guard nothing goes through that changes something."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import spoofer
from cti_client import Cycler
from cti_client.proxy import Guard, Proxy
from cti_schema import FrameBuffer, decode, encode, messages
from cti_schema.derive.defaults import default
from cti_schema.errors import ResultError
from cti_schema.message import CONTROL, Direction
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.wire.frame import build_frame

REQUESTS = [one for one in messages() if one.spec.direction is Direction.REQUEST]
ASK = encode(GetSerialNumber())
STOP = encode(StopSchedule(channel_index=3))


@contextmanager
def proxied(cycler: tuple[str, int], **options: Any) -> Iterator[Proxy]:
    """A proxy in a thread of its own."""
    proxy = Proxy(cycler, port=0, **options)
    started, loops = threading.Event(), []

    async def serve() -> None:
        await proxy.start()
        loops.append((asyncio.get_running_loop(), end := asyncio.Event()))
        started.set()
        await end.wait()
        await proxy.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(10)
        yield proxy
    finally:
        loop, end = loops[0]
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
    assert not thread.is_alive()


def test_a_client_works_through_it() -> None:
    said: list[tuple[Direction, bytes]] = []
    with (
        spoofer.running() as there,
        proxied((there.host, there.port), tap=lambda _, way, data: said.append((way, data))) as proxy,
        Cycler(proxy.host, proxy.port) as cycler,
    ):
        cycler.login("user", "password")
        cycler.channel(1).assign("a.sdx")
        cycler.channel(1).start("one")
        assert cycler.channel(1).read().test_name == "one"
        cycler.channel(1).stop()
    for way in Direction:
        frames = FrameBuffer(way).feed(b"".join(data for one, data in said if one is way))
        names = [decode(frame, way).spec.name for frame in frames]
        assert names[0] == ("login" if way is Direction.REQUEST else "login_feedback")
        assert len(names) == 5
    assert said[-1][1] == b""


def test_read_only_looks_and_does_not_touch() -> None:
    device = spoofer.Device(channels=4)
    with (
        spoofer.running(device) as there,
        proxied((there.host, there.port), read_only=True) as proxy,
        Cycler(proxy.host, proxy.port) as cycler,
    ):
        cycler.login("user", "password")
        assert len(cycler.channels()) == 4
        with pytest.raises(ResultError):
            cycler.channel(1).assign("a.sdx")
        with pytest.raises(ResultError):
            cycler.channel(2).stop()
        assert cycler.channel(1).read().schedule_name == ""
        assert proxy.refused == 2


def test_a_cycler_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        there = taken.getsockname()
        with proxied(there) as proxy, socket.create_connection((proxy.host, proxy.port), 5) as client:
            client.settimeout(10)
            try:
                rest = client.recv(10)
            except ConnectionResetError:
                rest = b""
            assert rest == b""


def test_a_cycler_that_closes() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        proxied(listening.getsockname()[:2]) as proxy,
        socket.create_connection((proxy.host, proxy.port), 5) as client,
    ):
        client.settimeout(10)
        cycler, _ = listening.accept()
        with cycler:
            client.sendall(ASK)
            assert cycler.recv(1000) == ASK
            cycler.sendall(b"last words")
        received = b""
        while data := client.recv(100):
            received += data
        assert received == b"last words"


@pytest.mark.parametrize("message", REQUESTS, ids=lambda one: one.spec.name)
def test_only_queries_pass(message: Any) -> None:
    frame = encode(default(message))
    onwards, back = Guard().requests(frame)
    if message.spec.effect is CONTROL:
        assert onwards == b""
        for answer in FrameBuffer(Direction.FEEDBACK).feed(back):
            feedback = decode(answer, Direction.FEEDBACK)
            assert type(feedback) in (*message.spec.feedbacks, UnknownCommandFeedback)
    else:
        assert (onwards, back) == (frame, b"")


def test_the_refusal_repeats_what_was_asked() -> None:
    _, back = Guard().requests(STOP)
    feedback = decode(back, Direction.FEEDBACK)
    assert isinstance(feedback, StopScheduleFeedback)
    assert (feedback.channel_index, feedback.result.label) == (3, "error")
    _, back = Guard().requests(encode(StartSchedule(test_name="a", channel_indices=[1, 5])))
    named = [decode(frame, Direction.FEEDBACK) for frame in FrameBuffer(Direction.FEEDBACK).feed(back)]
    assert [one.channel_index for one in named] == [1, 5]  # type: ignore[attr-defined]


def test_unknown_commands_and_broken_frames_do_not_pass() -> None:
    guard = Guard()
    onwards, back = guard.requests(build_frame(0x12345678, b"abc", Direction.REQUEST))
    assert onwards == b""
    unknown = decode(back, Direction.FEEDBACK)
    assert isinstance(unknown, UnknownCommandFeedback)
    assert unknown.command == 0x12345678
    broken = bytearray(ASK)
    broken[-1] ^= 1
    assert guard.requests(bytes(broken) + b"stray" + ASK) == (ASK, b"")
    assert guard.refused == 1
    assert guard.dropped == 2


@given(st.lists(st.sampled_from([ASK, STOP, b"noise"]), max_size=8), st.randoms(use_true_random=False))
def test_any_split_gives_the_same(parts: list[bytes], source: Any) -> None:
    stream = b"".join(parts)
    whole, pieces = Guard(), Guard()
    expected = whole.requests(stream)
    found, at = [b"", b""], 0
    while at < len(stream):
        size = source.randint(1, 60)
        for number, data in enumerate(pieces.requests(stream[at : at + size])):
            found[number] += data
        at += size
    assert tuple(found) == expected


@given(st.integers(1, 2000))
def test_a_refusal_never_stands_inside_another_frame(cut: int) -> None:
    guard = Guard()
    answer = encode(default(registry_feedback(), result=1)) * 2
    cut = min(cut, len(answer))
    client = guard.feedbacks(answer[:cut])
    client += guard.requests(STOP)[1]
    client += guard.feedbacks(answer[cut:])
    frames = FrameBuffer(Direction.FEEDBACK).feed(client)
    assert sorted(decode(frame, Direction.FEEDBACK).spec.name for frame in frames) == [
        "login_feedback", "login_feedback", "stop_schedule_feedback",
    ]  # fmt: skip
    assert sum(frame.stray for frame in frames) == 0


def registry_feedback() -> Any:
    return next(one for one in messages() if one.spec.name == "login_feedback")


def test_refusals_that_nobody_can_take_are_bounded() -> None:
    guard = Guard()
    guard.feedbacks(encode(default(registry_feedback()))[:100])
    with pytest.raises(ConnectionAbortedError):
        guard.requests(STOP * 20_000)
