"""Each vector decodes to its values, and is written back byte by byte, in every way there is."""

from __future__ import annotations

import json

import pytest

import cti_schema
from cti_schema.derive.jsonform import decoded_to_json, encode_json, from_json
from cti_schema.errors import DecodeError
from cti_schema.problems import NOTES
from cti_schema.wire.buffer import FrameBuffer
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import build_frame
from tests.schema.support import ROOT, VECTORS, Vector, comparable, each, each_of_all


def wellformed(vector: Vector) -> bool:
    return vector.kind == "wellformed"


def request(vector: Vector) -> bool:
    return vector.kind == "wellformed" and vector.direction == "request"


def test_the_project_has_vectors_of_every_message_that_was_ever_recorded() -> None:
    with_vectors = {vector.message for vector in VECTORS}
    without = {message.spec.name for message in cti_schema.messages()} - with_vectors
    assert without == {
        # Known by their numbers only: nobody has seen a body.
        "assign_name_rule", "assign_path", "reset_local_database", "restart_console", "restart_daq",
    }  # fmt: skip
    assert sum(file.stat().st_size for file in (ROOT / "tests" / "vectors").iterdir()) < 400_000


@each_of_all()
def test_decodes_to_its_fields(vector: Vector) -> None:
    decoded = inspect(vector.frame)
    shape = decoded_to_json(decoded)
    assert (shape["message"], shape["direction"]) == (vector.message, vector.direction)
    assert decoded.frame == vector.frame
    if vector.fields is not None or vector.kind == "wellformed":
        lists = vector not in VECTORS  # elsewhere, a list that is not on the wire may just be missing
        assert comparable(shape["fields"], absent_lists=lists) == comparable(
            vector.fields, absent_lists=lists
        )
    if vector.padding:
        assert shape["leftovers"]["surplus"] == "00" * vector.padding


@each_of_all()
def test_object_writes_the_same_bytes(vector: Vector) -> None:
    assert cti_schema.encode(inspect(vector.frame).message) == vector.frame


@each_of_all()
def test_json_writes_the_same_bytes(vector: Vector) -> None:
    text = json.dumps(decoded_to_json(inspect(vector.frame)), allow_nan=False)
    assert encode_json(json.loads(text)) == vector.frame
    assert cti_schema.encode(from_json(json.loads(text))) == vector.frame


@each_of_all(wellformed)
def test_strict_accepts_what_is_well_formed(vector: Vector) -> None:
    decoded = inspect(vector.frame)
    assert [problem for problem in decoded.problems if problem.kind not in NOTES] == []
    assert cti_schema.decode(vector.frame) == decoded.message
    assert cti_schema.decode(vector.frame, vector.direction) == decoded.message


@each_of_all(lambda vector: vector.kind == "malformed")
def test_malformed_ones_are_refused_with_a_reason(vector: Vector) -> None:
    problems = inspect(vector.frame).problems
    assert problems
    with pytest.raises(DecodeError) as caught:
        cti_schema.decode(vector.frame)
    assert caught.value.problem in problems


@each_of_all(request)
def test_values_alone_write_the_bytes(vector: Vector) -> None:
    written = encode_json({"message": vector.message, "fields": vector.fields})
    assert written == (vector.bent(vector.body[: -vector.padding]) if vector.padding else vector.frame)


@each_of_all(lambda vector: request(vector) and vector.padding > 0)
def test_surplus_is_written_on_demand(vector: Vector) -> None:
    shape = {
        "message": vector.message,
        "fields": vector.fields,
        "leftovers": {"surplus": "00" * vector.padding},
    }
    assert encode_json(shape) == vector.frame


def test_usual_surplus_is_the_vendors() -> None:
    frames = {vector.frame for vector in VECTORS if vector.padding}
    written = {
        cti_schema.encode(from_json({"message": one.message, "fields": one.fields}))
        for one in VECTORS
        if one.padding
    }
    assert not written & frames
    again = [
        encode_json({"message": one.message, "fields": one.fields}, surplus=True)
        for one in VECTORS
        if one.padding
    ]
    # A few frames have an unusual number of surplus bytes; all others are written as they were seen.
    assert len(set(again) & frames) >= 0.75 * len(frames)


@each_of_all()
def test_buffer_cuts_it_out_of_a_stream(vector: Vector) -> None:
    frame = vector.frame
    neighbour = next(
        one.frame for one in VECTORS if one.direction == vector.direction and one.message != vector.message
    )
    garbage = b"\x00\xdd\x11\xdd\xddnoise\xdd\xdd"
    for direction in (vector.direction, None):
        assert FrameBuffer(direction).feed(frame) == [frame]
        assert FrameBuffer(direction).feed(neighbour + frame + frame + neighbour) == [
            neighbour, frame, frame, neighbour,
        ]  # fmt: skip
        buffer = FrameBuffer(direction)
        (found,) = buffer.feed(garbage + frame)
        assert (found, found.stray, found.offset) == (frame, len(garbage), len(garbage))
        assert found.direction == vector.direction
        assert (buffer.pending, buffer.stray, buffer.close()) == (0, 0, [])


@each([vector for vector in VECTORS if len(vector.frame) < 2500])
def test_buffer_takes_it_byte_by_byte(vector: Vector) -> None:
    buffer = FrameBuffer(vector.direction)
    found = [buffer.feed(vector.frame[index : index + 1]) for index in range(len(vector.frame))]
    assert found == [[]] * (len(vector.frame) - 1) + [[vector.frame]]


@each([vector for vector in VECTORS if len(vector.frame) >= 2500])
def test_buffer_takes_large_ones_in_pieces(vector: Vector) -> None:
    buffer = FrameBuffer(vector.direction)
    found = [buffer.feed(vector.frame[index : index + 1]) for index in range(100)]
    found += [buffer.feed(vector.frame[index : index + 97]) for index in range(100, len(vector.frame), 97)]
    assert [frame for frames in found for frame in frames] == [vector.frame]
    assert found[-1] == [vector.frame]


@pytest.mark.parametrize("name", ["json", "extended_code", "surplus", "truncated", "member ", "NoSuchMember"])
def test_json_members_that_are_not_declared_are_kept(name: str) -> None:
    text = json.dumps({"TaskID": 5, name: [1, "a", None]})
    body = len(text).to_bytes(4, "little") + text.encode("utf-16-le")
    frame = build_frame(0xBB520114, body, cti_schema.Direction.REQUEST)
    decoded = inspect(frame)
    (problem,) = decoded.problems
    assert (problem.kind, problem.path) == ("json", name)
    assert decoded_to_json(decoded)["fields"] == {"task_id": 5, name: [1, "a", None]}
    assert cti_schema.encode(decoded.message) == frame
    assert encode_json(decoded_to_json(decoded)) == frame
