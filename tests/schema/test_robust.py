"""Frames that are cut, that lie about their counts, that go on too long, and bytes of any kind.

Lenient decoding gives everything that is still there and names what is wrong; strict decoding refuses with
one of the project's errors; what has a right checksum is written again byte by byte.
"""

from __future__ import annotations

import contextlib
import json
import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema import kinds as k
from cti_schema.derive.jsonform import decoded_to_json, encode_json
from cti_schema.enums import ChannelStatus, NeedType
from cti_schema.errors import CTIError, DecodeError, FrameError
from cti_schema.message import Direction, same_value
from cti_schema.problems import KINDS, NOTES
from cti_schema.registry import messages, registry
from cti_schema.wire.buffer import FrameBuffer
from cti_schema.wire.codec import Decoded, decode, encode, inspect
from cti_schema.wire.frame import HEADER, LEAST_FRAME, TOKEN, build_frame
from cti_schema.wire.report import Span
from tests.effort import times
from tests.schema.support import VECTORS, WELLFORMED, Vector, each

#: Frames up to this size are cut at every byte, larger ones at so many places.
EVERYWHERE = 32
PLACES = times(12)


#: A Python object for a list item of six bytes takes about so many times its place in the frame.
MOST_MEMORY = 140


def places(size: int) -> list[int]:
    """Return where something of that size is cut: everywhere, or at both ends and at many places between."""
    if size <= max(EVERYWHERE, PLACES):
        return list(range(size))
    inner = random.Random(size).sample(range(8, size - 8), PLACES)
    return sorted({*range(6), *inner, *range(size - 6, size)})


def end_of_layout(decoded: Decoded) -> int:
    """Return where the last field ends, from the frame's first byte."""
    return max((span.offset + span.length for span in decoded.spans), default=20)


def find_wrong(decoded: Decoded) -> list[str]:
    """Return the kinds of problems that a strict decoder refuses a frame for."""
    assert all(problem.kind in KINDS and problem.message for problem in decoded.problems)
    return [problem.kind for problem in decoded.problems if problem.kind not in NOTES]


def check_both_ways(frame: bytes, direction: Direction) -> Decoded:
    """Check what holds for every frame whose checksum is right, and return it decoded leniently."""
    decoded = inspect(frame, direction)
    assert encode(decoded.message) == frame
    shape = json.loads(json.dumps(decoded_to_json(decoded), allow_nan=False))
    assert encode_json(shape) == frame
    if find_wrong(decoded):
        with pytest.raises(DecodeError) as caught:
            decode(frame, direction)
        assert caught.value.problem.kind in KINDS
    else:
        assert decode(frame, direction) == decoded.message
    return decoded


def bare(value: Any) -> Any:
    """Return a parsed value without the stream that construct keeps with it."""
    if isinstance(value, dict):
        return {name: bare(inner) for name, inner in value.items() if name != "_io"}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def check_spans(whole: Decoded, cut: Decoded, end: int) -> None:
    """Check that every field that lies in front of the cut still has its place and its value."""
    found = {(span.path, span.offset, span.length): span.value for span in cut.spans}
    for span in whole.spans:
        if span.offset + span.length <= end:
            key = (span.path, span.offset, span.length)
            assert key in found, (key, end)
            assert same_value(bare(found[key]), bare(span.value)), key


# Cut frames


@each(WELLFORMED)
def test_body_cut_with_a_right_checksum(vector: Vector) -> None:
    whole = inspect(vector.frame, vector.direction)
    end = end_of_layout(whole)
    is_json = whole.message.spec.form == "json"
    for size in places(len(vector.body)):
        decoded = check_both_ways(vector.bent(vector.body[:size]), vector.direction)
        assert type(decoded.message) is type(whole.message) or is_json
        if is_json:
            assert find_wrong(decoded)
        else:
            check_spans(whole, decoded, 20 + size)
            if 20 + size < end:
                assert set(find_wrong(decoded)) <= {"truncated", "count", "bson"}
                assert find_wrong(decoded), size


@each(WELLFORMED)
def test_frame_cut_off(vector: Vector) -> None:
    whole = inspect(vector.frame, vector.direction)
    end = end_of_layout(whole)
    for size in places(len(vector.frame)):
        frame = vector.frame[:size]
        with pytest.raises(FrameError) as caught:
            decode(frame, vector.direction)
        assert caught.value.problem.offset <= size
        if size < HEADER.size:
            with pytest.raises(FrameError):
                inspect(frame, vector.direction)
            continue
        decoded = inspect(frame, vector.direction)
        assert decoded.problems[0].kind == "incomplete"
        assert str(len(vector.frame)) in decoded.problems[0].message
        if whole.message.spec.form == "binary":
            check_spans(whole, decoded, min(size, end))
        # What is there of the body is kept.
        assert encode(decoded.message)[20:-2] == frame[20:]


def test_fields_that_are_not_in_the_frame_are_not_set() -> None:
    vector = next(one for one in VECTORS if one.message == "assign_schedule")
    decoded = inspect(vector.bent(vector.body[:5]))
    assert [kind.name for kind, _ in decoded.message.present()] == ["channel_index", "assign_all"]
    (problem,) = decoded.problems
    assert (problem.kind, problem.path, problem.offset) == ("truncated", "schedule_name", 25)
    with pytest.raises(AttributeError, match=r"^assign_schedule\.schedule_name was not in the frame$"):
        _ = decoded.message.schedule_name


# Counts that lie


def counts(decoded: Decoded) -> list[tuple[Span, k.Scalar, k.Kind]]:
    """Return the fields that count something, the integer that each is, and what it counts."""
    counting: dict[int, k.Kind] = {}
    for span in decoded.spans:
        if isinstance(span.kind, k.Array) and isinstance(span.kind.count, k.Scalar):
            counting[id(span.kind.count)] = span.kind
    found: list[tuple[Span, k.Scalar, k.Kind]] = []
    for span in decoded.spans:
        if isinstance(span.kind, k.Count):
            assert span.kind.counted is not None
            found.append((span, span.kind.of, span.kind.counted))
        elif id(span.kind) in counting:
            assert isinstance(span.kind, k.Scalar)
            found.append((span, span.kind, counting[id(span.kind)]))
    return found


def with_count(vector: Vector, span: Span, scalar: k.Scalar, value: int) -> bytes:
    frame = vector.frame
    return vector.bent(
        frame[20 : span.offset] + scalar.packer.pack(value) + frame[span.offset + span.length : -2]
    )


@each([one for one in WELLFORMED if counts(inspect(one.frame, one.direction))])
def test_count_goes_beyond_the_data(vector: Vector) -> None:
    whole = inspect(vector.frame, vector.direction)
    for span, scalar, counted in counts(whole)[:12]:
        for value in (scalar.limits()[1], span.value + 1):
            frame = with_count(vector, span, scalar, value)
            decoded = check_both_ways(frame, vector.direction)
            earlier = [one for one in whole.spans if one.offset + one.length <= span.offset]
            there = {(one.path, one.offset, one.length) for one in decoded.spans}
            assert {(one.path, one.offset, one.length) for one in earlier} <= there
            if value == scalar.limits()[1] and value >= len(frame) and on_the_wire(counted, whole, span):
                assert set(find_wrong(decoded)) & {"count", "truncated"}, (span.path, value)


def on_the_wire(counted: k.Kind, whole: Decoded, span: Span) -> bool:
    """Tell whether the count of something tells its end: a NUL may, or it may not be there at all."""
    if isinstance(counted, k.ZText):
        return False
    if isinstance(counted, k.Array) and counted.when is not None:
        return getattr(whole.message, counted.when[0].name) in counted.when[1]
    return True


@each([one for one in WELLFORMED if counts(inspect(one.frame, one.direction))])
def test_count_that_is_too_small(vector: Vector) -> None:
    for span, scalar, _ in counts(inspect(vector.frame, vector.direction))[:12]:
        if span.value:
            check_both_ways(with_count(vector, span, scalar, 0), vector.direction)


def peak_of_decoding(frame: bytes, direction: Direction) -> int:
    """Return the most bytes that decoding and the JSON shape took at once."""
    decoded_to_json(inspect(frame, direction))  # structs are built when first needed
    tracemalloc.start()
    decoded_to_json(inspect(frame, direction, spans=False))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_count_of_four_billion_takes_no_memory() -> None:
    for message in {vector.message for vector in WELLFORMED}:
        vector = next(one for one in WELLFORMED if one.message == message)
        for span, scalar, _ in counts(inspect(vector.frame, vector.direction))[:4]:
            frame = with_count(vector, span, scalar, scalar.limits()[1])
            assert peak_of_decoding(frame, vector.direction) < MOST_MEMORY * (2000 + len(frame)), (
                message,
                span.path,
            )


def test_a_list_of_nothing_but_zeros_takes_a_small_multiple() -> None:
    body = (2**32 - 1).to_bytes(4, "little") + bytes(1500)
    for message in messages():
        frame = build_frame(message.spec.code, body, message.spec.direction)
        assert peak_of_decoding(frame, message.spec.direction) < MOST_MEMORY * (2000 + len(frame))


def test_lengths_in_json_and_bson_bodies_that_lie() -> None:
    for message in messages():
        if message.spec.form == "json" or any(isinstance(kind, k.Document) for kind in message.spec.layout):
            vector = next(one for one in VECTORS if one.message == message.spec.name)
            for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
                frame = vector.bent(value.to_bytes(4, "little") + vector.body[4:])
                # A tray message whose text is not as long as it says is taken for a binary one.
                if type(inspect(frame, vector.direction).message) is message:
                    assert find_wrong(check_both_ways(frame, vector.direction)), (message, value)
                assert peak_of_decoding(frame, vector.direction) < MOST_MEMORY * (2000 + len(frame))


# Too many bytes


@each(WELLFORMED)
@pytest.mark.parametrize("extra", [b"\x00\x00\x00", b"\x01", b"\xab\xcd" * 40], ids=["zeros", "byte", "many"])
def test_surplus_bytes(vector: Vector, extra: bytes) -> None:
    whole = inspect(vector.frame, vector.direction)
    decoded = check_both_ways(vector.bent(vector.body + extra), vector.direction)
    if whole.message.spec.form == "json" and decoded.message.spec.form == "binary":
        return  # with surplus bytes a tray message in JSON does not look like one
    check_spans(whole, decoded, end_of_layout(whole))
    assert find_wrong(decoded) == ["surplus"]
    problem = next(one for one in decoded.problems if one.kind == "surplus")
    before = len(whole.message._kept.get("surplus", (b"",))[0])
    assert problem.found == before + len(extra)
    assert problem.offset == len(vector.frame) - 2 - before


# Anything at all


@given(st.binary(max_size=200))
def test_arbitrary_bytes(data: bytes) -> None:
    for frame in (data, TOKEN + data, HEADER.pack(TOKEN, len(data), 0xBB320004, 0) + data):
        for direction in (None, Direction.REQUEST, Direction.FEEDBACK):
            for strict in (True, False):
                with contextlib.suppress(DecodeError):
                    decode(frame, direction, strict=strict)
            buffer = FrameBuffer(direction)
            found = [*buffer.feed(frame), *buffer.close()]
            assert sum(len(one) + one.stray for one in found) + buffer.stray == len(frame)


CODES = sorted({(one.spec.direction, one.spec.code) for one in messages()})


@given(
    st.sampled_from(CODES),
    st.binary(max_size=600) | st.binary(max_size=20).map(lambda head: head + bytes(3000)),
)
def test_arbitrary_bodies_under_every_code(key: tuple[Direction, int], body: bytes) -> None:
    direction, code = key
    check_both_ways(build_frame(code, body, direction), direction)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Vector, bytes]:
    """Return a vector, and its body with some places changed, left out or repeated."""
    vector = draw(st.sampled_from([one for one in VECTORS if len(one.frame) < 4000]))
    body = bytearray(vector.body)
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, max(0, len(body) - 1)) | st.integers(0, min(40, len(body))))
        how = draw(st.sampled_from(["set", "number", "insert", "delete", "repeat"]))
        if how == "set" and body:
            body[place : place + 1] = bytes([draw(st.integers(0, 255))])
        elif how == "number":
            number = draw(st.sampled_from([0, 1, -1, 2**31 - 1, 2**31, 2**16, 255, 0x7FC0_0001, 0x7FA0_0000]))
            body[place : place + 4] = (number % 2**32).to_bytes(4, "little")
        elif how == "insert":
            body[place:place] = draw(st.binary(min_size=1, max_size=9))
        elif how == "delete":
            del body[place : place + draw(st.integers(1, 9))]
        else:
            body[place:place] = body[place : place + draw(st.integers(1, 40))]
    return vector, bytes(body)


@given(mutated())
def test_changed_bodies(changed: tuple[Vector, bytes]) -> None:
    vector, body = changed
    check_both_ways(vector.bent(body), vector.direction)


JSON_MESSAGES = [one for one in messages() if one.spec.form == "json"]


def member_names(members: tuple[k.Member, ...]) -> set[str]:
    """Return the wire's names of all members of a body, those of its objects too."""
    names = set()
    for member in members:
        names.add(member.wire_name)
        of: k.JsonType | None = member.of
        while of is not None:
            if of.record is not None:
                names |= member_names(of.record.spec.members)
            of = of.item
    return names


@st.composite
def json_bodies(draw: st.DrawFn) -> tuple[Any, bytes]:
    """Return a message, and a body of JSON that is more or less of its shape."""
    message = draw(st.sampled_from(JSON_MESSAGES))
    names = st.sampled_from(sorted(member_names(message.spec.members))) | st.text(max_size=6)
    leaf: st.SearchStrategy[Any] = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.integers(-3, 3)
        | st.floats()
        | st.sampled_from(
            ["", "NaN", "Infinity", "-Infinity", "1", "-5", "1.5", "²", "--1", "\ud800", "\0", "nan"]
        )
        | st.text(max_size=8)
    )
    value = st.recursive(
        leaf, lambda one: st.lists(one, max_size=3) | st.dictionaries(names, one, max_size=5), max_leaves=12
    )
    shape = draw(st.dictionaries(names, value, max_size=5) | value)
    text = json.dumps(shape, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    data = text.encode("utf-16-le", "surrogatepass")
    units = len(data) // 2 + draw(st.sampled_from([0, 0, 0, 0, -1, 1]))
    return message, max(0, units).to_bytes(4, "little") + data


@given(json_bodies())
def test_json_of_any_shape(drawn: tuple[Any, bytes]) -> None:
    message, body = drawn
    check_both_ways(build_frame(message.spec.code, body, message.spec.direction), message.spec.direction)


@given(st.sampled_from(VECTORS), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_any_code_and_extended_code(vector: Vector, code: int, extended: int) -> None:
    if not registry().candidates(vector.direction, code):
        frame = build_frame(code, vector.body[:300], vector.direction, extended)
        decoded = check_both_ways(frame, vector.direction)
        assert decoded.message.spec.name == "unknown"
        assert [one.kind for one in decoded.problems] == ["unknown_command"]
    frame = build_frame(vector.code, vector.body[:300], vector.direction, extended)
    decoded = check_both_ways(frame, vector.direction)
    assert decoded.header.extended_code == extended


_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY_VALUE = st.recursive(
    _LEAF, lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3)
)


@given(ANY_VALUE, st.sampled_from(VECTORS), st.data())
def test_json_shapes_with_wrong_values_are_refused_by_our_own_errors(
    value: Any, vector: Vector, data: st.DataObject
) -> None:
    shape = decoded_to_json(inspect(vector.frame, vector.direction))
    fields = shape["fields"]
    if isinstance(fields, dict) and fields:
        name = data.draw(st.sampled_from(sorted(fields)))
        shape["fields"] = {**fields, name: value}
    else:
        shape["fields"] = value
    try:
        frame = encode_json(shape)
    except CTIError:
        return
    assert len(frame) >= LEAST_FRAME
    inspect(frame, vector.direction)


def test_unlisted_values_of_enumerations_do_not_fill_the_memory() -> None:
    """Each combination of bits that a peer may send would be kept for ever by `enum` itself."""
    kept = len(NeedType._value2member_map_)
    for value in range(5000):
        flags = NeedType(value * 0x1001 & 0xFFFFFFFF)
        assert (int(flags), flags | NeedType(0)) == (value * 0x1001, flags)
    assert len(NeedType._value2member_map_) == kept
    kept = len(ChannelStatus._value2member_map_)
    for value in range(5000):
        assert int(ChannelStatus(1000 + value)) == 1000 + value
    assert len(ChannelStatus._value2member_map_) == kept
