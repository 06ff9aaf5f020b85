"""The compiled functions and the construct struct agree: on what is accepted, returned, refused, and where.

``inspect`` with spans always asks the construct struct, and so does ``encode_plain``; ``decode`` and
``encode`` ask the compiled functions first.
"""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema import kinds as k
from cti_schema.compile.compiled import BUILDERS, PARSERS
from cti_schema.derive import strategies
from cti_schema.errors import DecodeError, EncodeError
from cti_schema.message import Direction, Message, Record
from cti_schema.registry import messages, registry
from cti_schema.wire.codec import choose, decode, encode, encode_plain, inspect, plain
from cti_schema.wire.frame import build_frame
from cti_schema.wire.values import NaN
from tests.effort import times
from tests.schema.support import VECTORS, WELLFORMED, Vector, each


def exact(value: Any) -> Any:
    """Return a value so that ``==`` compares all of it: types, unset fields, leftovers, the bits of a NaN."""
    if isinstance(value, Record):
        kept = getattr(value, "_kept", {})
        fields = {
            kind.name: exact(getattr(value, kind.name, "(not set)")) for kind in value.spec.values
        }  # fmt: skip
        return type(value), fields, {name: (raw, exact(before)) for name, (raw, before) in kept.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [exact(one) for one in value]
    if isinstance(value, dict):
        return {name: exact(one) for name, one in value.items()}
    if isinstance(value, float):
        bits = value.bits if isinstance(value, NaN) else value != value
        return type(value), math.copysign(1, value), bits or value
    return type(value), value


def decoded(frame: bytes, direction: Direction | None, strict: bool) -> Any:
    """Return what decoding gives: the message and the problems, or the error."""
    try:
        found = decode(frame, direction, strict)
    except DecodeError as error:
        return type(error), error.problem
    return (
        exact(found) if isinstance(found, Message) else (exact(found.message), found.problems, found.header)
    )


def interpreted(frame: bytes, direction: Direction | None, strict: bool) -> Any:
    """Return what decoding with the construct struct alone gives."""
    try:
        found = inspect(frame, direction, strict=strict)
    except DecodeError as error:
        return type(error), error.problem
    return exact(found.message) if strict else (exact(found.message), found.problems, found.header)


def compare_decoding(frame: bytes, direction: Direction | None) -> None:
    for strict in (True, False):
        assert decoded(frame, direction, strict) == interpreted(frame, direction, strict)


def encoded(message: Message, *, surplus: bool = False) -> Any:
    """Return the frame that encoding gives, or the error."""
    try:
        return encode(message, surplus=surplus)
    except EncodeError as error:
        return type(error), error.path, error.reason


def built(message: Message, *, surplus: bool = False) -> Any:
    """Return the frame that the construct struct alone gives, or the error."""
    try:
        values, leftovers = plain(message)
        return encode_plain(type(message), values, leftovers, surplus=surplus)
    except EncodeError as error:
        return type(error), error.path, error.reason


def mutate(body: bytes, draw: random.Random) -> bytes:
    """Return a body that is damaged somewhere, most often near its beginning, where the counts are."""
    changed = bytearray(body)
    place = draw.randrange(len(body)) if body else 0
    early = min(place, draw.randrange(60))
    how = draw.choice(["cut", "byte", "byte", "early", "number", "number", "swap", "nan", "more"])
    if how == "cut":
        del changed[place:]
    elif how in ("byte", "early") and body:
        changed[place if how == "byte" else early] = draw.choice([0, 1, 2, 255, draw.randrange(256)])
    elif how == "number":
        changed[early : early + 4] = draw.choice(
            [b"\xff" * 4, bytes(4), b"\1\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80"]
        )
    elif how == "swap":
        changed[place : place + 2] = draw.choice([b"\0\xd8", b"\0\xdc", b"\xff\xfe", b"\0\0", b"a\0"])
    elif how == "nan":
        changed[place : place + 4] = draw.choice(
            [b"\0\0\xc0\x7f", b"\0\0\xc0\xff", b"\1\0\x80\x7f", b"\0\0\x80\xff", b"\xff\xff\xff\xff"]
        )
    else:
        changed += draw.choice([bytes(draw.randrange(1, 300)), draw.randbytes(draw.randrange(1, 9))])
    return bytes(changed)


def damaged(vector: Vector, count: int) -> list[bytes]:
    """Return damaged frames: with a right length and checksum, and without."""
    draw = random.Random(vector.id)
    found = []
    for _ in range(count):
        body = mutate(vector.body, draw)
        if draw.random() < 0.3:
            body = mutate(body, draw)
        found.append(vector.bent(body))
        frame = bytearray(vector.frame)
        place = draw.randrange(min(len(frame), 24)) if draw.random() < 0.6 else draw.randrange(len(frame))
        frame[place] ^= draw.randrange(1, 256)
        found.append(bytes(frame[: draw.choice([len(frame), len(frame), draw.randrange(1, len(frame))])]))
    return found


@each(VECTORS)
def test_decoding_vectors_and_damaged_ones(vector: Vector) -> None:
    for frame in [vector.frame, *damaged(vector, times(8))]:
        for direction in (vector.direction, None):
            compare_decoding(frame, direction)


@each(VECTORS)
def test_encoding_what_was_decoded_from_damaged_frames(vector: Vector) -> None:
    for frame in [vector.frame, *damaged(vector, times(6))]:
        try:
            message = decode(frame, vector.direction, strict=False).message
        except DecodeError:
            continue
        for surplus in (False, True):
            if message.spec.name != "unknown":
                assert encoded(message, surplus=surplus) == built(message, surplus=surplus)


@given(st.sampled_from(messages()).flatmap(strategies.messages), st.randoms(use_true_random=False))
def test_any_message_and_its_damaged_frame(message: Message, draw: random.Random) -> None:
    spec = message.spec
    frame = encode(message)
    assert frame == built(message)
    assert encoded(message, surplus=True) == built(message, surplus=True)
    compare_decoding(frame, spec.direction)
    for _ in range(5):
        compare_decoding(build_frame(spec.code, mutate(frame[20:-2], draw), spec.direction), spec.direction)


@given(st.sampled_from(messages()).flatmap(strategies.messages))
def test_any_message_takes_the_compiled_way(message: Message) -> None:
    holds_nan = "nan:" in repr(message)
    if not holds_nan:
        frame = BUILDERS[type(message)](message)
        assert frame == built(message)
        body = frame[20:-2]
        if choose(message.spec.direction, message.spec.code, body) is type(message):
            assert PARSERS[type(message)](body, 0, len(body), True) == message


@each(WELLFORMED)
def test_well_formed_frames_take_the_compiled_way(vector: Vector) -> None:
    message = inspect(vector.frame, vector.direction).message
    parse = PARSERS[type(message)]
    assert exact(parse(vector.frame, 20, len(vector.frame) - 2, True)) == exact(message)


class OwnText(str):
    """A text of a class that is not `str` itself."""


class OwnFloat(float):
    """A float of a class that is not `float` itself."""


WRONG = [
    None, -1, 0, 1, 255, 2**16, 2**31, 2**70, 10**400, 1.5, float("inf"), float("nan"), -float("nan"),
    NaN(0x7FA00000, 4), NaN(0x7FF0000000000001, 8), 1e300, Fraction(1, 3), 1j, "", "text", "a\0b", "\ud800",
    "a\u4e00b", "\U0001f50b", "ÿ", "x" * 3000, b"", b"bytes", bytearray(4), [], [None], [1], [1.5], ["a"],
    (), (1, 2), {}, object(), True, OwnText("own"), OwnFloat(2.5), OwnFloat("nan"),
]  # fmt: skip


def records(value: Any) -> list[Record]:
    """Return a message and the records in it, each class once."""
    found: dict[type, Record] = {}

    def look(one: Any) -> None:
        if isinstance(one, Record):
            found.setdefault(type(one), one)
            for _, inner in one.present():
                look(inner)
        elif isinstance(one, list):
            for inner in one[:3]:
                look(inner)

    look(value)
    return list(found.values())


@each(WELLFORMED)
def test_encoding_wrong_values(vector: Vector) -> None:
    message = inspect(vector.frame, vector.direction).message
    draw = random.Random(vector.id)
    for record in records(message):
        for kind, _ in list(record.present()):
            original = getattr(record, kind.name)
            for wrong in draw.sample(WRONG, min(len(WRONG), times(7))):
                setattr(record, kind.name, wrong)
                assert encoded(message) == built(message), (kind.name, wrong)
            delattr(record, kind.name)
            assert encoded(message) == built(message), kind.name
            setattr(record, kind.name, original)
    assert encode(message) == vector.frame


def test_numbers_and_lists_of_other_libraries() -> None:
    numpy = pytest.importorskip("numpy")
    readings = registry().by_name("get_channels_info_feedback")
    message = inspect(next(one.frame for one in WELLFORMED if one.message == readings.spec.name)).message
    (channel, *_) = message.channels  # type: ignore[attr-defined]
    for name, value in (
        ("voltage_v", numpy.float32(3.7)),
        ("voltage_v", numpy.float64(3.7)),
        ("voltage_v", numpy.float32("nan")),
        ("voltage_v", numpy.array([3.7])),
        ("channel_index", numpy.uint32(7)),
        ("channel_index", numpy.int64(-1)),
        ("status", numpy.int16(3)),
        ("aux_voltage", numpy.array([])),
    ):
        original = getattr(channel, name)
        setattr(channel, name, value)
        assert encoded(message) == built(message), (name, value)
        setattr(channel, name, original)


@pytest.mark.parametrize(
    "text", ["a\u4e00b", "\u0100", "\u0100\u0001", "ab", "", "\U0001f50b", "x" * 72, "\u00ff"]
)
def test_texts_with_zero_bytes_at_odd_places(text: str) -> None:
    request = registry().by_name("start_schedule")
    message = request(test_name=text, channel_indices=[1])
    frame = encode(message)
    assert PARSERS[request](frame, 20, len(frame) - 2, True).test_name == text
    compare_decoding(frame, None)
    behind = bytearray(frame[20:-2])
    raw = len(text.encode("utf-16-le"))
    behind[raw + 2 : raw + 4] = b"\1\0" if raw < 140 else b""
    bent = build_frame(request.spec.code, bytes(behind), Direction.REQUEST)
    compare_decoding(bent, None)


def test_a_subclass_of_a_list_or_a_record_of_another_class() -> None:
    class Own(list[Any]):
        pass

    request = registry().by_name("start_schedule")
    message = request(test_name="a", channel_indices=Own([1, 2]))
    assert encoded(message) == built(message)
    readings = registry().by_name("get_channels_info_feedback")
    other = readings(channels=[message])
    assert encoded(other) == built(other)


def test_every_kind_is_in_a_message_that_is_compared() -> None:
    seen: set[type[k.Kind]] = set()

    def look(layout: tuple[k.Kind, ...]) -> None:
        for kind in layout:
            seen.add(type(kind))
            inner = [kind.item] if isinstance(kind, k.Array) else [kind]
            for one in inner:
                for alternative in one.alternatives() if isinstance(one, k.Variants) else [one]:
                    seen.add(type(alternative))
                    if isinstance(alternative, k.Nested):
                        look(alternative.record.spec.layout)

    for message in messages():
        look(message.spec.layout)
    assert seen == set(k.KINDS)
