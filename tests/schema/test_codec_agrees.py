"""The codec and a message's own construct agree on what is accepted, returned and refused.

``Message.struct`` is the meaning of a message. Used as any construct, without a report, it parses and
builds bodies; the codec adds problems, leftovers and paths, but no opinion of its own.
"""

from __future__ import annotations

import random
from typing import Any

import construct
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema import kinds as k
from cti_schema.derive import strategies
from cti_schema.errors import DecodeError, EncodeError
from cti_schema.message import Direction, Message, same_value
from cti_schema.problems import Problem
from cti_schema.registry import messages
from cti_schema.wire.codec import choose, decode, encode, inspect, plain
from cti_schema.wire.frame import build_frame
from tests.schema.support import VECTORS, WELLFORMED, Vector, each

#: What construct itself raises for bytes that are no such body.
REFUSALS = (construct.ConstructError, DecodeError)


def bare(value: Any) -> Any:
    """Return a parsed value without what construct adds."""
    if isinstance(value, construct.Container):
        return {name: bare(inner) for name, inner in value.items() if name != "_io"}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def without_reserved(message: Message, values: Any) -> Any:
    """Return values without reserved bytes: a message only keeps those that are not zero."""

    def clean(layout: tuple[k.Kind, ...], found: Any) -> Any:
        if not isinstance(found, dict):
            return found
        kinds = {kind.name: kind for kind in layout}
        result = {}
        for name, value in found.items():
            kind = kinds.get(name)
            if isinstance(kind, k.Reserved):
                continue
            item = kind.item if isinstance(kind, k.Array) else kind
            if isinstance(item, k.Variants):
                item = item.choose(found.get(item.by.name, 0))
            if isinstance(item, k.Nested):
                inner = item.record.spec.layout
                value = (
                    [clean(inner, one) for one in value] if isinstance(value, list) else clean(inner, value)
                )
            result[name] = value
        return result

    return clean(message.spec.layout, values)


def compare_parsing(message_class: type[Message], body: bytes) -> None:
    """Check that construct and the codec both accept a body, with the same values, or both refuse it."""
    spec = message_class.spec
    frame = build_frame(spec.code, body, spec.direction)
    if choose(spec.direction, spec.code, body) is not message_class:
        return
    try:
        parsed = message_class.struct.parse(body)
        size = len(body) if spec.form == "json" else parsed_size(message_class, body)
    except REFUSALS:
        with pytest.raises(DecodeError):
            decode(frame, spec.direction)
        return
    lenient = inspect(frame, spec.direction)
    refused = refusal(frame, spec.direction)
    if refused is not None:
        # construct lets pass what is behind the last field, and values that it can still show.
        assert refused.kind in ("surplus", "text", "count", "value", "json"), refused
        assert refused.kind != "surplus" or size < len(body)
    message = lenient.message
    values, _ = plain(message)
    expected = without_reserved(message, bare(parsed))
    if spec.form == "json" and not expected:
        return  # a body that is no object has no fields
    assert same_value(without_reserved(message, values), expected)


def refusal(frame: bytes, direction: Direction) -> Problem | None:
    """Return why strict decoding refuses a frame, or ``None``."""
    try:
        decode(frame, direction)
    except DecodeError as error:
        return error.problem
    return None


def refused_path(message: Message) -> str | None:
    """Return the field that encoding refuses, or ``None``."""
    try:
        encode(message)
    except EncodeError as error:
        return error.path
    return None


def parsed_size(message_class: type[Message], body: bytes) -> int:
    from io import BytesIO

    stream = BytesIO(body)
    message_class.struct.parse_stream(stream)
    return stream.tell()


@each(VECTORS)
def test_vectors_and_their_variants(vector: Vector) -> None:
    message_class = type(inspect(vector.frame, vector.direction).message)
    draw = random.Random(vector.id)
    body = vector.body
    compare_parsing(message_class, body)
    for _ in range(25):
        changed = bytearray(body)
        how = draw.choice(["cut", "byte", "byte", "number", "more"])
        place = draw.randrange(len(body)) if body else 0
        if how == "cut":
            del changed[place:]
        elif how == "byte" and body:
            changed[place] = draw.choice([0, 1, 2, 255, draw.randrange(256)])
        elif how == "number":
            place = draw.randrange(min(len(body), 40)) if body else 0
            changed[place : place + 4] = draw.choice(
                [b"\xff" * 4, bytes(4), b"\1\0\0\0", b"\xff\xff\xff\x7f"]
            )
        else:
            changed += draw.randbytes(draw.randrange(1, 9))
        compare_parsing(message_class, bytes(changed))


@each(WELLFORMED)
def test_building_from_values(vector: Vector) -> None:
    message = inspect(vector.frame, vector.direction).message
    values, leftovers = plain(message)
    if set(leftovers) - {"surplus"} or values is None:
        return  # only the codec writes leftovers
    surplus = leftovers.get("surplus", b"")
    assert type(message).struct.build(values) + surplus == vector.body


@given(st.sampled_from(messages()).flatmap(strategies.messages))
def test_building_any_message(message: Message) -> None:
    frame = encode(message)
    values, _ = plain(message)
    assert type(message).struct.build(values) == frame[20:-2]
    compare_parsing(type(message), frame[20:-2])
    assert decode(frame, message.spec.direction) == message


WRONG = [None, -1, 2**70, 1.5, float("nan"), "text", "x" * 3000, b"bytes", [], [None], {}, object(), True]


@each(WELLFORMED)
def test_refusing_wrong_values(vector: Vector) -> None:
    message = inspect(vector.frame, vector.direction).message
    struct = type(message).struct
    for kind, _ in list(message.present())[:12]:
        original = getattr(message, kind.name)
        for wrong in WRONG:
            setattr(message, kind.name, wrong)
            values, leftovers = plain(message)
            path = refused_path(message)
            if path is not None:
                assert path == "" or message.spec.field(path.split(".")[0].split("[")[0]) is not None
                with pytest.raises((EncodeError, construct.ConstructError)):
                    struct.build(values)
            elif not set(leftovers) - {"surplus"}:
                surplus = leftovers.get("surplus", b"")
                assert struct.build(values) + surplus == encode(message)[20:-2]
        setattr(message, kind.name, original)
    assert encode(message) == vector.frame
