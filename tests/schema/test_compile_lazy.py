"""Views have the values that decoding gives, refuse what decoding refuses, and weigh next to nothing."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema import kinds as k
from cti_schema.compile.lazy import View, Views, view
from cti_schema.derive import strategies
from cti_schema.errors import DecodeError
from cti_schema.message import Direction, Message, Record
from cti_schema.registry import messages, registry
from cti_schema.wire.codec import decode, encode
from cti_schema.wire.frame import build_frame
from tests.schema.support import VECTORS, WELLFORMED, Vector, each
from tests.schema.test_compile import damaged, exact, mutate


def values(found: Any) -> Any:
    """Return all values of a message, a record, or a view of one, so that ``==`` compares them."""
    if isinstance(found, (Record, View)):
        return found.spec.name, {kind.name: values(getattr(found, kind.name)) for kind in found.spec.values}
    if isinstance(found, (list, Views)):
        return [values(one) for one in found]
    return exact(found)


def outcome(function: Any) -> Any:
    try:
        return values(function())
    except DecodeError as error:
        return type(error), error.problem


def compare(frame: bytes, direction: Direction | None) -> None:
    if isinstance(decoded := outcome(lambda: decode(frame, direction)), tuple) and decoded[0] == "unknown":
        return
    assert outcome(lambda: view(frame, direction)) == decoded


def is_json(message: Message) -> bool:
    return message.spec.form == "json"


@each(VECTORS)
def test_vectors_and_damaged_ones(vector: Vector) -> None:
    for frame in [vector.frame, *damaged(vector, 20)]:
        try:
            absent = [
                kind
                for kind in decode(frame, vector.direction).spec.values
                if not hasattr(decode(frame, vector.direction), kind.name)
            ]
        except DecodeError:
            absent = []
        if not absent:  # members of a JSON body may be absent
            compare(frame, vector.direction)


@given(st.sampled_from(messages()).flatmap(strategies.messages), st.randoms(use_true_random=False))
def test_any_message_and_its_damaged_frame(message: Message, draw: Any) -> None:
    if is_json(message):
        return
    frame = encode(message)
    compare(frame, message.spec.direction)
    for _ in range(5):
        body = mutate(frame[20:-2], draw)
        compare(build_frame(message.spec.code, body, message.spec.direction), message.spec.direction)


@each([one for one in WELLFORMED if registry().by_name(one.message).spec.form == "binary"])
def test_clean_frames_are_viewed(vector: Vector) -> None:
    for _ in range(2):
        found = view(vector.frame, vector.direction)
        assert isinstance(found, View)
        message = decode(vector.frame, vector.direction)
        assert repr(found)
        for kind in message.spec.layout:
            if isinstance(kind, k.Count) and kind.name not in message._kept:
                assert getattr(found, kind.name) == getattr(message, kind.name)


def readings(count: int) -> bytes:
    vector = next(one for one in WELLFORMED if one.id == "channels_aux_order")
    message: Any = decode(vector.frame)
    return encode(type(message)(channels=[*message.channels] * count))


def test_lists_are_read_in_any_order() -> None:
    frame = readings(5)
    message: Any = decode(frame)
    found: Any = view(frame)
    channels = found.channels
    assert len(channels) == found.channel_count == len(message.channels)
    for index in (3, 1, 4, 4, 0, -1, -2):
        assert values(channels[index]) == values(message.channels[index])
    assert [values(one) for one in channels[1:3]] == [values(one) for one in message.channels[1:3]]
    assert [one.voltage_v for one in channels] == [one.voltage_v for one in message.channels]
    for index in (len(channels), -len(channels) - 1):
        with pytest.raises(IndexError):
            channels[index]
    with pytest.raises(AttributeError):
        _ = found.channel


def test_a_text_that_does_not_decode_is_refused_when_it_is_read() -> None:
    frame = readings(1)
    place = frame.index("Rest".encode("utf-16-le")) if b"R\0e\0" in frame else 31
    body = bytearray(frame[20:-2])
    body[place - 20 : place - 18] = b"\0\xd8"
    bent = build_frame(
        registry().by_name("get_channels_info_feedback").spec.code, bytes(body), Direction.FEEDBACK
    )
    found: Any = view(bent)
    assert found.channels[0].voltage_v == decode(frame).channels[0].voltage_v  # type: ignore[attr-defined]
    with pytest.raises(DecodeError) as expected:
        decode(bent)
    with pytest.raises(DecodeError) as caught:
        _ = found.channels[0].schedule_name
    assert caught.value.problem == expected.value.problem


def test_a_view_weighs_next_to_nothing() -> None:
    frame = readings(64)
    view(frame).channels[0]
    count = 100
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = [view(frame) for _ in range(count)]
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(kept) == count
    assert (after - before) / count <= 200
