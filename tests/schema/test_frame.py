"""The frame around a body: length by direction, checksum, and what is said about a frame that is wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_schema import Direction, UnknownMessage, decode, encode
from cti_schema.errors import ChecksumError, FrameError
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import HEADER, TOKEN, build_frame, checksum, checksum_fits, examine, frame_size

REQUEST, FEEDBACK = Direction.REQUEST, Direction.FEEDBACK
CODE = 0x7F000030  # in no registry


def with_length(frame: bytes, length: int) -> bytes:
    """Return the frame with another length field and the right checksum."""
    data = frame[:8] + length.to_bytes(4, "little") + frame[12:-2]
    return data + checksum(data).to_bytes(2, "little")


def test_a_frame_by_hand() -> None:
    frame = build_frame(0xBB310001, b"\x01\x02", REQUEST)
    assert (
        frame.hex() == "dddddddddddddd11"
        "0c000000"
        "010031bb"
        "00000000"
        "0102" + f"{checksum(frame[:-2]):04x}"[2:] + f"{checksum(frame[:-2]):04x}"[:2]
    )
    assert checksum(frame[:-2]) == 7 * 0xDD + 0x11 + 0x0C + 0x01 + 0x31 + 0xBB + 3


@pytest.mark.parametrize(("direction", "length"), [(REQUEST, 10 + 106), (FEEDBACK, 22 + 106)])
def test_length_by_direction(direction: Direction, length: int) -> None:
    frame = build_frame(CODE, bytes(106), direction)
    assert HEADER.unpack_from(frame) == (TOKEN, length, CODE, 0)
    assert frame_size(length, direction) == len(frame) == 128
    assert inspect(frame, direction).problems[0].kind == "unknown_command"


def test_an_unknown_code_goes_the_way_that_its_length_says() -> None:
    for direction in Direction:
        message = decode(build_frame(CODE, b"abc", direction))
        assert message == UnknownMessage(code=CODE, direction=direction, body=b"abc")
        assert encode(message) == build_frame(CODE, b"abc", direction)


def test_codes_used_both_ways_go_the_way_that_their_length_says() -> None:
    for code in (0xBBCC0001, 0xBBCC0201):
        for direction in Direction:
            decoded = inspect(build_frame(code, bytes(60), direction))
            assert decoded.message.spec.direction is direction


def test_a_direction_that_is_given_wins() -> None:
    frame = build_frame(0xBB320004, bytes(148), FEEDBACK)  # a request's code, as long as a feedback
    decoded = inspect(frame)
    assert decoded.direction is REQUEST
    assert decoded.problems[0].kind == "length"
    assert inspect(frame, "feedback").message == UnknownMessage(
        code=0xBB320004, direction=FEEDBACK, body=bytes(148)
    )


@given(st.binary(max_size=3000), st.integers(1, 30))
def test_checksum_is_the_plain_sum(data: bytes, times: int) -> None:
    data = data * times
    assert checksum(data) == sum(data) & 0xFFFF
    assert checksum(bytearray(data)) == checksum(memoryview(data)) == checksum(data)


def test_checksum_of_long_data() -> None:
    data = random.Random(1).randbytes(3_000_001)
    assert checksum(data) == sum(data) & 0xFFFF
    assert checksum(b"\xff" * 3_000_001) == 3_000_001 * 255 & 0xFFFF
    assert not checksum_fits(b"", 0)


def test_wrong_checksum() -> None:
    frame = bytearray(build_frame(0xBB130001, bytes(106), FEEDBACK))
    frame[-2:] = b"\x34\x12"
    with pytest.raises(ChecksumError) as caught:
        decode(bytes(frame))
    problem = caught.value.problem
    right = f"0x{checksum(frame[:-2]):04X}"
    assert (problem.kind, problem.offset) == ("checksum", 126)
    assert (problem.expected, problem.found) == (right, "0x1234")
    assert str(problem) == f"offset 126: the checksum is 0x1234, the bytes before it make {right}"
    decoded = inspect(bytes(frame))
    assert decoded.problems == [problem]
    # Written again, it is right.
    assert encode(decoded.message) == bytes(frame[:-2]) + checksum(frame[:-2]).to_bytes(2, "little")


@pytest.mark.parametrize("late", [1, 2, 16])
def test_late_checksum(late: int) -> None:
    frame = build_frame(0xBB130001, bytes(106), FEEDBACK)
    moved = frame[:-2] + bytes(late) + frame[-2:]
    decoded = inspect(moved)
    (problem,) = decoded.problems
    assert problem.kind == "checksum"
    assert f"stands {late} bytes behind the place where the length 128 puts it" in problem.message
    assert (problem.expected, problem.found, problem.offset) == (126, 126 + late, 126 + late)
    assert encode(decoded.message) == frame
    with pytest.raises(ChecksumError):
        decode(moved)


def test_length_of_the_other_direction() -> None:
    frame = build_frame(0xBB130001, bytes(106), FEEDBACK)
    wrong = with_length(frame, 116)
    decoded = inspect(wrong)
    (problem,) = decoded.problems
    assert (problem.kind, problem.offset, problem.expected, problem.found) == ("length", 8, 128, 116)
    assert problem.message == ("the length 116 is counted as in a request; a feedback of 128 bytes has 128")
    assert encode(decoded.message) == frame


@pytest.mark.parametrize("length", [0, 10, 100, 127, 129, 200, 2**32 - 1])
def test_wrong_length_with_a_right_checksum(length: int) -> None:
    # Behind zeros alone, the checksum of a shorter frame would be taken for late.
    frame = build_frame(0xBB130001, bytes(105) + b"\x07", FEEDBACK)
    wrong = with_length(frame, length)
    decoded = inspect(wrong)
    (problem,) = decoded.problems
    assert (problem.kind, problem.offset, problem.expected, problem.found) == ("length", 8, 128, length)
    assert encode(decoded.message) == frame
    with pytest.raises(FrameError):
        decode(wrong)


def test_wrong_length_and_wrong_checksum() -> None:
    frame = build_frame(0xBB130001, bytes(106), FEEDBACK)
    short = frame[:8] + (3).to_bytes(4, "little") + frame[12:-2] + b"\1\1"
    (problem, *_) = inspect(short).problems
    assert (problem.kind, problem.message) == ("length", "the length 3 is too small for a feedback")
    long = frame[:8] + (1000).to_bytes(4, "little") + frame[12:-2] + b"\1\1"
    (problem, *_) = inspect(long).problems
    assert problem.kind == "incomplete"
    assert problem.message == "the frame has 1000 bytes by its length, there are 128"
    behind = inspect(frame + b"xyz")
    assert [one.kind for one in behind.problems] == ["stray"]
    assert (behind.problems[0].offset, behind.problems[0].found) == (128, 3)


@pytest.mark.parametrize("data", [b"", b"\xdd", TOKEN, TOKEN + b"abc", build_frame(CODE, b"", REQUEST)[:19]])
def test_less_than_a_header(data: bytes) -> None:
    with pytest.raises(FrameError) as caught:
        examine(data, ())
    assert caught.value.problem.kind == ("incomplete" if data else "stray")


def test_no_token() -> None:
    for data in (b"hello", bytes(40), b"\x11" + b"\xdd" * 30):
        with pytest.raises(FrameError, match="a frame starts with dddddddddddddd11"):
            examine(data, ())


def test_extended_code_is_kept() -> None:
    frame = build_frame(0xBB130001, bytes(106), FEEDBACK, extended_code=0x01020304)
    assert frame[16:20] == b"\4\3\2\1"
    assert encode(decode(frame)) == frame
