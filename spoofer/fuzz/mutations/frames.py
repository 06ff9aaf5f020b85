"""Frames whose header or checksum is wrong, in one thing at a time."""

from __future__ import annotations

from random import Random
from typing import Final

from cti_schema import Direction
from cti_schema.registry import registry
from cti_schema.wire.buffer import MAX_FRAME
from cti_schema.wire.frame import CHECKSUM, HEADER, LEAST_FRAME, TOKEN, checksum, length_rule
from cti_schema.wire.report import BODY_OFFSET
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import Broken, boundaries, on_frame, pick, with_header
from spoofer.fuzz.pool import Sample

#: From here on a client drops the header; source: framing.md, section 4.
_DROPPED_FROM: Final = 0x08000000


def _head_and_body(sample: Sample) -> bytes:
    return sample.frame[: -CHECKSUM.size]


@on_frame("wrong_checksum", "the checksum is wrong, the length right")
def wrong_checksum(sample: Sample, random: Random) -> Broken:
    head_and_body = _head_and_body(sample)
    right = checksum(head_and_body)
    options = {
        "one more": right + 1,
        "one less": right - 1,
        "zero": 0,
        "all ones": 0xFFFF,
        "its bytes changed over": (right >> 8 | right << 8),
        "that of the body alone": checksum(head_and_body[BODY_OFFSET:]),
        "its complement": ~right,
    }
    wrong = {name: value & 0xFFFF for name, value in options.items() if value & 0xFFFF != right}
    name = random.choice(list(wrong))
    frame = head_and_body + CHECKSUM.pack(wrong[name])
    return Broken(
        ((frame, Expect.REFUSAL),), f"checksum 0x{wrong[name]:04X} where 0x{right:04X} is right: {name}"
    )


@on_frame("byte_changed", "one byte is another than when the checksum was made")
def byte_changed(sample: Sample, random: Random) -> Broken:
    frame = bytearray(sample.frame)
    at = HEADER.size - 8 + int(random.random() * (len(frame) - CHECKSUM.size - HEADER.size + 8))
    frame[at] ^= 1 << int(random.random() * 8)
    return Broken(
        ((bytes(frame), Expect.REFUSAL),), f"the byte at offset {at} is another, the checksum is as before"
    )


def _relengthed(sample: Sample, length: int, detail: str, *, hides: bool = False) -> Broken:
    frame = with_header(_head_and_body(sample), length=length & 0xFFFFFFFF)
    return Broken(((frame, Expect.REFUSAL),), f"length {length & 0xFFFFFFFF}: {detail}", hides=hides)


def _length(sample: Sample) -> int:
    return int(HEADER.unpack_from(sample.frame)[1])


@on_frame("length_shorter", "the length is too small for the frame, the checksum right")
def length_shorter(sample: Sample, random: Random) -> Broken | None:
    length = _length(sample)
    least = LEAST_FRAME - length_rule(sample.message.spec.direction)
    options = [length - less for less in (1, 2, 3, 10, length // 2) if 0 < less <= length - least]
    if not options:
        options = [length - 1]
    shorter = pick(random, options)
    return _relengthed(sample, shorter, f"{length - shorter} too small")


@on_frame("length_longer", "the length is too large for the frame, the checksum right")
def length_longer(sample: Sample, random: Random) -> Broken:
    more = pick(random, (1, 2, 3, 10, 100, 1000))
    return _relengthed(sample, _length(sample) + more, f"{more} too large", hides=True)


@on_frame("length_zero", "the length is zero, the checksum right")
def length_zero(sample: Sample, random: Random) -> Broken:
    return _relengthed(sample, 0, f"{_length(sample)} is right")


@on_frame("length_too_small", "the length is too small for any frame, the checksum right")
def length_too_small(sample: Sample, random: Random) -> Broken:
    least = LEAST_FRAME - length_rule(sample.message.spec.direction)
    return _relengthed(sample, 1 + int(random.random() * (least - 1)), f"the least frame has {least}")


@on_frame("length_huge", "the length is far beyond any frame, the checksum right")
def length_huge(sample: Sample, random: Random) -> Broken:
    options = (
        MAX_FRAME + 1,
        _DROPPED_FROM - 1,
        _DROPPED_FROM,
        0x7FFFFFFF,
        0x80000000,
        0xFFFFFFF4,
        0xFFFFFFFF,
    )
    return _relengthed(sample, pick(random, options), f"{_length(sample)} is right", hides=True)


@on_frame("length_of_other_direction", "the length is counted as in the other direction, the checksum right")
def length_of_other_direction(sample: Sample, random: Random) -> Broken:
    direction = sample.message.spec.direction
    length = len(sample.frame) - length_rule(direction.other)
    return _relengthed(
        sample, length, f"counted as in a {direction.other.value}", hides=direction is Direction.REQUEST
    )


@on_frame("wrong_token", "one byte of the token is wrong, the checksum right")
def wrong_token(sample: Sample, random: Random) -> Broken:
    at = int(random.random() * len(TOKEN))
    data = bytearray(_head_and_body(sample))
    data[at] ^= 1 << int(random.random() * 8)
    frame = bytes(data) + CHECKSUM.pack(checksum(data))
    return Broken(((frame, Expect.REFUSAL),), f"the token's byte {at} is wrong")


@on_frame("unknown_command", "a command that nobody knows")
def unknown_command(sample: Sample, random: Random) -> Broken:
    direction = sample.message.spec.direction
    code = sample.message.spec.code
    options = [0, 0xFFFFFFFF, code ^ 1, code ^ 0x00010000, int(random.random() * 2**32)]
    code = pick(random, [one for one in options if not registry().directions(one)])
    frame = with_header(_head_and_body(sample), code=code)
    return Broken(((frame, Expect.REFUSAL),), f"the {direction.value} code 0x{code:08X}, which nobody knows")


@on_frame("code_of_other_direction", "a command of the other direction")
def code_of_other_direction(sample: Sample, random: Random) -> Broken:
    direction = sample.message.spec.direction
    codes = [
        one.spec.code
        for one in registry()
        if one.spec.direction is direction.other and not registry().candidates(direction, one.spec.code)
    ]
    code = pick(random, codes)
    frame = with_header(_head_and_body(sample), code=code)
    return Broken(((frame, Expect.REFUSAL),), f"the {direction.other.value} code 0x{code:08X}")


@on_frame("extended_code", "an extended code that is not zero")
def extended_code(sample: Sample, random: Random) -> Broken:
    token, length, code, _ = HEADER.unpack_from(sample.frame)
    extended = pick(random, (1, 7, 0x80000000, 0xFFFFFFFF))
    data = HEADER.pack(token, length, code, extended) + _head_and_body(sample)[HEADER.size :]
    frame = data + CHECKSUM.pack(checksum(data))
    return Broken(((frame, Expect.ANYTHING),), f"the extended code is 0x{extended:08X}")


@on_frame("frame_cut", "the frame ends early, at a field's boundary; nothing is put right")
def frame_cut(sample: Sample, random: Random) -> Broken:
    at = pick(random, [one for one in boundaries(sample) if one < len(sample.frame)])
    frame = sample.frame[:at]
    return Broken(
        ((frame, Expect.REFUSAL),), f"the frame of {len(sample.frame)} bytes ends after {at}", hides=True
    )
