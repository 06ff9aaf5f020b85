"""`FrameBuffer`: however bytes are cut, the same good frames come out, none overlap, and no byte is lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tests.fuzz.harnesses.running import instrumented, run
from tests.fuzz.harnesses.vectors import frames

with instrumented(__name__, "cti_schema.wire.buffer", "cti_schema.wire.frame"):
    from cti_schema.message import Direction
    from cti_schema.wire.buffer import Frame, FrameBuffer
    from cti_schema.wire.frame import HEADER, LEAST_FRAME, checksum_fits, frame_size

#: By the first byte of an input.
DIRECTIONS = (None, Direction.REQUEST, Direction.FEEDBACK)


def one_input(data: bytes) -> None:
    """The first byte says the direction and the size of the pieces; the others are the stream."""
    if not data:
        return
    direction, size, stream = DIRECTIONS[data[0] % 3], 1 + data[0] // 3, data[1:]
    whole = _read(FrameBuffer(direction), [stream])
    pieces = _read(FrameBuffer(direction), [stream[at : at + size] for at in range(0, len(stream), size)])
    assert _sound(whole, direction) == _sound(pieces, direction)


def _sound(found: list[Frame], direction: Direction | None) -> list[tuple[int, bytes]]:
    """Return the frames whose length and checksum are right, with their offsets.

    Of the others, it is known only afterwards where they might have ended: they are not waited for.
    """
    directions = [direction] if direction else list(Direction)
    return [
        (one.offset, bytes(one))
        for one in found
        if len(one) >= LEAST_FRAME
        and any(frame_size(HEADER.unpack_from(one)[1], way) == len(one) for way in directions)
        and checksum_fits(one, len(one))
    ]


def _read(buffer: FrameBuffer, pieces: list[bytes]) -> list[Frame]:
    found: list[Frame] = []
    for piece in pieces:
        found += buffer.feed(piece)
    found += buffer.close()
    stream = b"".join(pieces)
    end = 0
    for frame in found:
        assert stream[frame.offset : frame.offset + len(frame)] == frame
        assert frame.offset - frame.stray == end
        end = frame.offset + len(frame)
    assert all(one.offset + len(one) <= other.offset for one, other in pairwise(found))
    assert end + buffer.stray == len(stream)
    assert buffer.pending == 0
    return found


def seeds() -> Iterator[bytes]:
    """Each recorded frame alone, and some of them one behind the other."""
    recorded = frames()
    for number, frame in enumerate(recorded):
        yield bytes([number % 256]) + frame
    for first, second in pairwise(recorded[:40]):
        yield bytes([len(first) % 256]) + first + b"\xdd\x00" + second


if __name__ == "__main__":
    run(one_input, seeds)
