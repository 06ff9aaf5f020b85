"""What is between frames, and how a stream is cut into pieces. The frames themselves are valid."""

from __future__ import annotations

from random import Random
from typing import Final

from cti_schema import Direction
from cti_schema.wire.frame import HEADER, TOKEN
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import Broken, boundaries, cut, on_frame, pick, some_bytes
from spoofer.fuzz.pool import Sample, reads

#: Frames up to this size are sent byte by byte; of longer ones as many pieces.
_BYTEWISE: Final = 400
_FLOOD: Final = 1 << 20


def neighbours(sample: Sample, random: Random, count: int) -> list[bytes]:
    """Return valid frames to send beside one: reads for a server, the same feedback again for a client."""
    if sample.message.spec.direction is Direction.FEEDBACK:
        return [sample.frame] * count
    return [random.choice(reads()).frame for _ in range(count)]


def _garbage(random: Random) -> tuple[bytes, str]:
    count = pick(random, (1, 2, 5, 7, 11, 12, 40, 100, 1000))
    options = (
        (bytes(count), f"{count} zero bytes"),
        (some_bytes(random, count), f"{count} bytes of garbage"),
        (TOKEN[:1] * count, f"{count} bytes {TOKEN[:1].hex()}"),
        (TOKEN[: 1 + count % (len(TOKEN) - 1)], "a part of a token"),
        (TOKEN, "a token without a frame"),
        (b"GET / HTTP/1.1\r\n\r\n", "a request in another protocol"),
    )
    return options[int(random.random() * len(options))]


@on_frame("garbage_before", "garbage in front of a valid frame")
def garbage_before(sample: Sample, random: Random) -> Broken:
    data, detail = _garbage(random)
    return Broken(((data, Expect.ANYTHING), (sample.frame, None)), f"{detail} in front of the frame")


@on_frame("garbage_behind", "garbage behind a valid frame")
def garbage_behind(sample: Sample, random: Random) -> Broken:
    data, detail = _garbage(random)
    return Broken(((sample.frame, None), (data, Expect.ANYTHING)), f"{detail} behind the frame")


@on_frame("garbage_flood", "very much garbage in front of a valid frame")
def garbage_flood(sample: Sample, random: Random) -> Broken:
    data = some_bytes(random, 4096) * (_FLOOD // 4096)
    if random.random() < 0.3:
        data = bytes(_FLOOD)
    pieces = tuple(data[start : start + 65536] for start in range(0, len(data), 65536))
    detail = f"{len(data)} bytes of garbage in front of the frame"
    return Broken(((data, Expect.ANYTHING), (sample.frame, None)), detail, segments=(*pieces, sample.frame))


@on_frame("split", "a valid frame in two pieces, cut where a field begins")
def split(sample: Sample, random: Random) -> Broken:
    at = pick(random, [one for one in boundaries(sample) if one < len(sample.frame)])
    return Broken(((sample.frame, None),), f"cut at offset {at}", segments=cut(sample.frame, [at]))


@on_frame("split_inside", "a valid frame in two pieces, cut anywhere")
def split_inside(sample: Sample, random: Random) -> Broken:
    at = 1 + int(random.random() * (len(sample.frame) - 1))
    return Broken(((sample.frame, None),), f"cut at offset {at}", segments=cut(sample.frame, [at]))


@on_frame("split_everywhere", "a valid frame byte by byte; a long one in as many pieces")
def split_everywhere(sample: Sample, random: Random) -> Broken:
    size = len(sample.frame)
    at = range(1, size) if size <= _BYTEWISE else random.sample(range(1, size), _BYTEWISE)
    pieces = cut(sample.frame, at)
    return Broken(((sample.frame, None),), f"in {len(pieces)} pieces", segments=pieces)


@on_frame("merged", "a valid frame in one piece with others")
def merged(sample: Sample, random: Random) -> Broken:
    others = neighbours(sample, random, pick(random, (1, 2, 5)))
    frames = [*others, sample.frame]
    random.shuffle(frames)
    detail = f"one of {len(frames)} frames in one piece"
    return Broken(tuple((frame, None) for frame in frames), detail, segments=(b"".join(frames),))


@on_frame("merged_across", "valid frames in pieces that end inside the next frame")
def merged_across(sample: Sample, random: Random) -> Broken:
    frames = [*neighbours(sample, random, 1), sample.frame, *neighbours(sample, random, 1)]
    ends = [len(frames[0]), len(frames[0]) + len(frames[1])]
    at = [end + 1 + int(random.random() * (HEADER.size - 1)) for end in ends]
    detail = f"three frames cut at {at[0] - ends[0]} and {at[1] - ends[1]} bytes of the next"
    return Broken(tuple((frame, None) for frame in frames), detail, segments=cut(b"".join(frames), at))
