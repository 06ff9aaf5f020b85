"""The buffer cuts the same frames out of a stream however it is split, and loses none behind a bad one."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterable

import pytest

from cti_schema import Direction, Frame, FrameBuffer, decode, encode
from cti_schema.derive.defaults import default
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfoFeedback
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import TOKEN, build_frame, checksum

FEEDBACK, REQUEST = Direction.FEEDBACK, Direction.REQUEST
STOP = build_frame(0xBB130001, b"\x05" + bytes(105), FEEDBACK)
START = build_frame(0xBB230004, b"\x06" + bytes(105), FEEDBACK)


def relabelled(frame: bytes, length: int, *, repair: bool = True) -> bytes:
    """Return the frame with another length field."""
    data = frame[:8] + length.to_bytes(4, "little") + frame[12:-2]
    return data + (checksum(data).to_bytes(2, "little") if repair else frame[-2:])


def collect(pieces: Iterable[bytes], direction: Direction | None = FEEDBACK) -> list[tuple[bytes, int, int]]:
    """Return the frames of a stream with their places and the stray bytes before them."""
    buffer = FrameBuffer(direction)
    found = [frame for piece in pieces for frame in buffer.feed(piece)]
    found += buffer.close()
    assert buffer.pending == 0
    assert all(isinstance(frame, Frame) for frame in found)
    assert all(
        checksum(frame[:-2]) == int.from_bytes(frame[-2:], "little") for frame in found if frame.summed
    )
    return [(bytes(frame), frame.offset, frame.stray) for frame in found]


BAD_CHECKSUM = STOP[:-2] + b"\x12\x34"
LATE = STOP[:-2] + b"\0\0" + STOP[-2:]
OTHER_LENGTH = relabelled(STOP, 116)
TOO_SMALL = relabelled(STOP, 60)
TOO_LARGE = relabelled(STOP, 200)
HUGE = relabelled(STOP, 2**32 - 1)
CUT = STOP[:70]

#: A stream with everything that is unpleasant, and the frames in it, in order.
NASTY: list[tuple[str, bytes, list[bytes]]] = [
    ("good frames", STOP + START + STOP, [STOP, START, STOP]),
    ("garbage before", b"garbage" + STOP, [STOP]),
    ("garbage between", STOP + b"\0\xdd\xdd\x11 noise \xdd" + START, [STOP, START]),
    ("more bytes like a token", b"\xdd" * 11 + STOP, [STOP]),
    ("bad checksum", STOP + BAD_CHECKSUM + START, [STOP, BAD_CHECKSUM, START]),
    ("late checksum", STOP + LATE + START, [STOP, LATE, START]),
    ("late checksum, alone", LATE, [LATE]),
    ("length of the other direction", STOP + OTHER_LENGTH + START, [STOP, OTHER_LENGTH, START]),
    ("length too small", STOP + TOO_SMALL + START, [STOP, TOO_SMALL, START]),
    ("length too large", STOP + TOO_LARGE + START + STOP, [STOP, TOO_LARGE, START, STOP]),
    ("length beyond every limit", STOP + HUGE + START, [STOP, HUGE, START]),
    ("cut frame", STOP + CUT + START + STOP, [STOP, CUT, START, STOP]),
    ("cut header", STOP + STOP[:15] + START, [STOP, START]),
    ("cut at the end", STOP + CUT, [STOP, CUT]),
]


@pytest.mark.parametrize(("stream", "frames"), [case[1:] for case in NASTY], ids=[case[0] for case in NASTY])
def test_unpleasant_streams(stream: bytes, frames: list[bytes]) -> None:
    found = collect([stream])
    assert [frame for frame, _, _ in found] == frames
    for frame, offset, _ in found:
        assert stream[offset : offset + len(frame)] == frame
    # What is wrong with each is told when it is decoded, and what is good decodes without a problem.
    for frame, _, _ in found:
        problems = inspect(frame, FEEDBACK).problems
        assert (problems == []) == (frame in (STOP, START))


@pytest.mark.parametrize(("stream", "frames"), [case[1:] for case in NASTY], ids=[case[0] for case in NASTY])
@pytest.mark.parametrize("direction", [FEEDBACK, None])
def test_every_split_gives_the_same(stream: bytes, frames: list[bytes], direction: Direction | None) -> None:
    whole = collect([stream], direction)
    assert [frame for frame, _, _ in whole] == frames
    if TOO_SMALL in frames:
        # A buffer does not wait for what may come behind the end that the length tells.
        for place in range(1, len(stream)):
            found = collect([stream[:place], stream[place:]], direction)
            assert [(one[0], one[1]) for one in found if one[0] in (STOP, START)] == [(STOP, 0), (START, 256)]
        return
    for place in range(1, len(stream)):
        assert collect([stream[:place], stream[place:]], direction) == whole, place
    assert collect([stream[place : place + 1] for place in range(len(stream))], direction) == whole


def test_all_of_it_in_random_pieces() -> None:
    stream = b"".join(case[1] for case in NASTY if case[0] not in ("cut at the end", "length too small"))
    whole = collect([stream])
    draw = random.Random(7)
    for _ in range(100):
        places = sorted(draw.sample(range(len(stream)), 12))
        pieces = [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
        assert collect(pieces) == whole


def test_stray_bytes_are_counted_and_told() -> None:
    buffer = FrameBuffer("feedback")
    (frame,) = buffer.feed(b"noise" + STOP)
    assert (frame.stray, frame.offset, frame.direction) == (5, 5, FEEDBACK)
    problem = inspect(frame).problems[0]
    assert (problem.kind, problem.offset, problem.found) == ("stray", -5, 5)
    (frame,) = buffer.feed(START)
    assert (frame.stray, frame.offset) == (0, 5 + len(STOP))


def test_mixed_directions() -> None:
    request = build_frame(0xBB310001, bytes(106), REQUEST)
    found = FrameBuffer().feed(request + STOP + request + START)
    assert [frame.direction for frame in found] == [REQUEST, FEEDBACK, REQUEST, FEEDBACK]
    both_ways = [build_frame(0xBBCC0001, bytes(40), direction) for direction in (REQUEST, FEEDBACK)]
    found = FrameBuffer().feed(b"".join(both_ways))
    assert found == both_ways
    assert [frame.direction for frame in found] == [REQUEST, FEEDBACK]


def test_a_frame_waits_for_its_last_byte() -> None:
    buffer = FrameBuffer(FEEDBACK)
    assert buffer.feed(STOP[:-1]) == []
    assert buffer.pending == len(STOP) - 1
    assert buffer.feed(STOP[-1:]) == [STOP]


def test_half_a_frame_at_the_end() -> None:
    buffer = FrameBuffer(FEEDBACK)
    assert buffer.feed(STOP + START[:50]) == [STOP]
    (half,) = buffer.close()
    assert half == START[:50]
    assert inspect(half, FEEDBACK).problems[0].kind == "incomplete"
    assert buffer.close() == []
    assert buffer.feed(STOP) == [STOP]  # it can go on


def test_less_than_a_header_at_the_end_is_stray() -> None:
    buffer = FrameBuffer(FEEDBACK)
    buffer.feed(STOP + TOKEN)
    assert buffer.close() == []
    assert (buffer.pending, buffer.stray) == (0, len(TOKEN))


def test_a_frame_hidden_behind_a_length_that_lies_comes_at_the_end() -> None:
    buffer = FrameBuffer(FEEDBACK)
    assert buffer.feed(STOP[:8] + (5000).to_bytes(4, "little") + STOP[12:] + START) == []
    found = buffer.close()
    assert found[-1] == START
    assert len(found) == 2


def test_endless_garbage_takes_bounded_memory() -> None:
    buffer = FrameBuffer(FEEDBACK, max_frame=10_000)
    tracemalloc.start()
    for _ in range(500):
        assert buffer.feed(b"\xdd" * 4096) == []
        assert buffer.feed(b"garbage " * 512) == []
    assert buffer.pending < len(TOKEN)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000
    assert buffer.stray + buffer.pending == 1000 * 4096
    (frame,) = buffer.feed(STOP)
    assert frame == STOP


def test_what_was_summed_is_not_summed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    large = encode(GetChannelsInfoFeedback(channels=[default(Channel)] * 6))
    decode(large)
    buffer = FrameBuffer(FEEDBACK)
    frames = [
        *buffer.feed(large),
        *buffer.feed(large[:50]),
        *buffer.feed(large[50:] + large),
        *buffer.feed(large),
    ]
    assert [frame.summed for frame in frames] == [True] * 4
    expected = inspect(large, spans=False)
    monkeypatch.setattr("cti_schema.wire.frame.checksum", None)
    for frame in frames:
        assert decode(frame) == expected.message
        assert inspect(frame, spans=False).problems == expected.problems
    with pytest.raises(TypeError):
        decode(bytes(large))


def test_endless_tokens_take_bounded_memory() -> None:
    buffer = FrameBuffer(FEEDBACK, max_frame=10_000)
    for spaces in (b"", b"123", b"1234", b"x" * 12, b"x" * 40):
        fed = sum(len(frame) for _ in range(10) for frame in buffer.feed((TOKEN + spaces) * 512))
        assert fed <= 10 * 512 * (len(TOKEN) + len(spaces))
        assert buffer.pending <= 10_000 + 512 * (len(TOKEN) + len(spaces))
    buffer.close()
    assert buffer.feed(STOP) == [STOP]


def test_a_frame_that_never_ends_is_given_up_at_the_limit() -> None:
    buffer = FrameBuffer(FEEDBACK, max_frame=10_000)
    head = STOP[:8] + (2**31).to_bytes(4, "little") + STOP[12:20]
    for piece in [head, *[b"x" * 1000] * 50]:
        assert buffer.feed(piece) == []
        assert buffer.pending <= 11_000
    assert buffer.feed(STOP)[-1:] == [STOP]


def test_the_limit_is_for_the_length_field() -> None:
    large = build_frame(0xBB130001, bytes(9_978), FEEDBACK)
    assert len(large) == 10_000
    assert FrameBuffer(FEEDBACK, max_frame=10_000).feed(large) == [large]
    assert FrameBuffer(FEEDBACK, max_frame=9_999).feed(large) == []


def test_a_large_frame_in_many_pieces_is_not_summed_again_and_again() -> None:
    large = build_frame(0xCC310002, bytes(range(256)) * 4096, FEEDBACK)
    buffer = FrameBuffer(FEEDBACK)
    found = [
        frame for place in range(0, len(large), 1460) for frame in buffer.feed(large[place : place + 1460])
    ]
    assert found == [large]
