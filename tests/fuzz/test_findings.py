"""What fuzzing found, one test for each: see docs/fuzzing_findings.md."""

from __future__ import annotations

import asyncio
import json
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cti_client import Cycler, aio
from cti_client.capture import Endpoint
from cti_client.cli import cti
from cti_client.dump.answers import Answers
from cti_client.dump.conversation import Heard, Link
from cti_client.session import Session
from cti_schema import Direction, FrameBuffer, decode, encode
from cti_schema.derive.defaults import default, default_reply
from cti_schema.errors import CTIError, DecodeError, OutcomeUnknown, ResponseTimeout
from cti_schema.message import Message
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.login_json import LoginJson, LoginJsonFeedback
from cti_schema.messages.set_meta_variables_time_sensitive import (
    ChannelReading,
    SetMetaVariablesTimeSensitive,
    SetMetaVariablesTimeSensitiveFeedback,
)
from cti_schema.messages.update_meta_variables import UpdateMetaVariables, UpdateMetaVariablesFeedback
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import CHECKSUM, build_frame, checksum
from spoofer import Device, Faults, VirtualClock, linked
from spoofer.personality import personality
from tests.client.peers import Clock, plain_answer, reading

TIMEOUT_S = 2.0


class Scripted:
    """A link to a cycler that answers some requests as it is told, and the others as is right."""

    def __init__(self, *answers: tuple[type[Message], Callable[[Any], bytes]]) -> None:
        self.clock = VirtualClock()
        self._answers = dict(answers)
        self._frames = FrameBuffer(Direction.REQUEST)
        self._ready: list[bytes] = []

    def __call__(self, host: str, port: int, timeout_s: float) -> Scripted:
        return self

    def send(self, data: bytes, timeout_s: float) -> None:
        for frame in self._frames.feed(data):
            request = decode(frame, Direction.REQUEST)
            self._ready.append(self._answers.get(type(request), plain_answer)(request))

    def receive(self, timeout_s: float) -> bytes:
        if self._ready:
            return self._ready.pop(0)
        self.clock.sleep(timeout_s)
        raise TimeoutError

    def close(self) -> None:
        """Nothing to end."""


def cycler(*answers: tuple[type[Message], Callable[[Any], bytes]]) -> Cycler:
    """Return a client that is logged in."""
    client = Cycler("memory", connector=Scripted(*answers), timeout_s=TIMEOUT_S).connect()
    client.login("user", "secret")
    return client


def test_the_first_wait_on_the_connection_for_files_ends_in_time() -> None:
    """Its deadline was on the system's clock, where the link had a clock of its own."""
    clock, faults = VirtualClock(), Faults()
    home = linked(Device(channels=1, clock=clock), faults=faults, clock=clock)
    with Cycler("memory", connector=home, timeout_s=TIMEOUT_S) as client:
        client.login("user", "secret")
        faults.add("dribble", size=1, pause_s=0.001)
        began = clock.now
        with pytest.raises(ResponseTimeout, match="login: no answer within 2 s"):
            client.browse()
        assert clock.now - began == pytest.approx(TIMEOUT_S)


def test_two_links_in_memory_do_not_let_the_time_pass_twice() -> None:
    """What one link waited was added to what the other waited."""
    clock, faults = VirtualClock(), Faults()
    home = linked(Device(channels=3, clock=clock), faults=faults, clock=clock)

    async def both() -> list[Any]:
        async with aio.Cycler("memory", connector=home.aio, timeout_s=TIMEOUT_S) as client:
            await client.login("user", "secret")
            await client.browse()
            faults.add("drop")
            return await asyncio.gather(client.channel(2).read(), client.browse(), return_exceptions=True)

    assert [type(one) for one in asyncio.run(both())] == [ResponseTimeout] * 2
    assert clock.now == pytest.approx(TIMEOUT_S)


def test_a_channel_twice_in_one_answer() -> None:
    """The last entry counts; it was a ValueError."""

    def twice(request: SetMetaVariablesTimeSensitive) -> bytes:
        index = request.channels[0].channel_index
        readings = [default(ChannelReading, channel_index=index, current_a=value) for value in (1.0, 2.0)]
        return encode(default(SetMetaVariablesTimeSensitiveFeedback, channels=readings))

    version = personality("mitsx-7").version
    client = cycler(
        (Login, lambda _: encode(default(LoginFeedback, version=version, channel_count=4))),
        (SetMetaVariablesTimeSensitive, twice),
    )
    assert client.channel(2).set_mvs_time_sensitive({1: 1.0}).current_a == 2.0


def test_a_cycler_that_says_it_has_thousands_of_millions_of_channels() -> None:
    """A set of them all was made: gigabytes, for a frame of some hundred bytes."""
    most = 2**32 - 1
    client = cycler(
        (Login, lambda _: encode(default(LoginFeedback, version=1, channel_count=most))),
        (GetChannelsInfo, lambda _: reading(0, 1, 2)),
    )
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTimeout):
            client.channel(1).read()
        with pytest.raises(OutcomeUnknown):
            client.stop_all()
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()
    assert client.channel_count == 65535


def test_a_login_feedback_that_cannot_be_read_logs_nobody_in() -> None:
    """Its result was believed all the same, and was no result code: later calls were AttributeErrors."""
    session = Session(Clock())
    exchange, _ = session.send(default(LoginJson), TIMEOUT_S)
    good = encode(default(LoginJsonFeedback))
    result, wide = (
        '"Result":0,"UserType":0'.encode("utf-16-le"),
        '"Result":50000000000000'.encode("utf-16-le"),
    )
    assert good.count(result) == 1
    assert len(result) == len(wide)
    broken = good[:-2].replace(result, wide)
    session.receive(broken + CHECKSUM.pack(checksum(broken)))
    with pytest.raises(DecodeError):
        exchange.result()
    assert not session.logged_in
    assert session.login is None


@pytest.mark.parametrize("command", ["dump --csv", "dump -v", "stats", "dump -Y channel>=2"])
def test_json_with_values_of_another_type_is_shown(command: str, tmp_path: Path) -> None:
    """A text in the place of a channel's index was a TypeError in tables, statistics and filters."""
    file = tmp_path / "frames.bin"
    kinds = [one for one in registry() if one.spec.form == "json"]
    frames = [
        frame
        for kind in kinds
        for frame in wrong_json(encode(default(kind)), kind.spec.code, kind.spec.direction)
    ]
    file.write_bytes(b"".join(frames))
    shown = CliRunner().invoke(cti, [*command.split(), str(file)])
    assert shown.exit_code == 0, shown.exception
    assert shown.output


def test_an_answer_about_a_negative_channel() -> None:
    """The outcome of an update of another channel, -2147483648, was taken for that of channel 2."""

    def other(_: UpdateMetaVariables) -> bytes:
        return encode(default(UpdateMetaVariablesFeedback, channel_index=-(2**31)))

    with pytest.raises(OutcomeUnknown, match="its answer is about the channel index -2147483648"):
        cycler((UpdateMetaVariables, other)).channel(2).update_mvs({1: 1.0})


#: Values of every type that JSON has, in the place of another.
WRONG = ("[1]", '{"a": 1}', '"x"', "null")


def wrong_json(frame: bytes, code: int, direction: Direction) -> Iterator[bytes]:
    """Yield a JSON frame with each value of another type in the place of each member."""
    shape = json.loads(frame[24:-2].decode("utf-16-le"))
    for name in shape:
        for wrong in WRONG:
            text = json.dumps(shape | {name: "HERE"}).replace('"HERE"', wrong).encode("utf-16-le")
            yield build_frame(code, struct.pack("<I", len(text) // 2) + text, direction)


@pytest.mark.parametrize(
    "kind", [one for one in registry() if one.spec.form == "json"], ids=lambda kind: kind.spec.name
)
def test_json_with_values_of_another_type(kind: type[Message]) -> None:
    """A list in the place of a number was a TypeError: it ended the client's connection, and the dump."""
    direction = kind.spec.direction
    requests: list[Any] = [one for one in registry() if kind in (one, *one.spec.feedbacks)]
    link = Link(1, Endpoint("a", 1), Endpoint("b", 2))
    for frame in wrong_json(encode(default(kind)), kind.spec.code, direction):
        for request in map(default, requests[:2]):
            session, answers = Session(Clock()), Answers()
            session.receive(encode(default(LoginFeedback, channel_count=3)))
            exchange, sent = session.send(request, TIMEOUT_S)
            frames = (
                [sent, frame]
                if direction is Direction.FEEDBACK
                else [frame, *map(encode, default_reply(request))]
            )
            for number, one in enumerate(frames):
                heard = Heard(number + 1, inspect(one), float(number), link)
                assert answers.feed(heard)[-1] is heard
            if direction is Direction.FEEDBACK:
                session.receive(frame)
                assert exchange.error is None or isinstance(exchange.error, CTIError)


@pytest.mark.parametrize("index", [2048, 131072, 2**32 - 1])
def test_a_channel_that_no_cycler_has(index: int) -> None:
    """A reading of channel 131073 was returned with the others."""
    records = [default(Channel, channel_index=one) for one in (0, 1, index)]
    client = cycler((GetChannelsInfo, lambda _: encode(GetChannelsInfoFeedback(channels=records))))
    for _ in ("logged in", "not"):
        with pytest.raises(DecodeError, match=f"no cycler has a channel of the index {index}"):
            client.channels()
        client.close()
        client.connect()
