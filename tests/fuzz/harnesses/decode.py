"""`decode`: any bytes decode or raise a `DecodeError`; what has no problem encodes to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.fuzz.harnesses.running import instrumented, run, told
from tests.fuzz.harnesses.vectors import frames

with instrumented(__name__, "cti_schema.wire", "cti_schema.compile", "cti_schema.derive.jsonform"):
    from cti_schema.derive.jsonform import decoded_to_json
    from cti_schema.errors import DecodeError
    from cti_schema.message import Direction
    from cti_schema.wire.codec import decode, encode
    from cti_schema.wire.frame import CHECKSUM, HEADER, LEAST_FRAME, checksum, length_rule

DIRECTIONS = (None, Direction.REQUEST, Direction.FEEDBACK)


def one_input(data: bytes) -> None:
    """The first byte says the direction and whether length and checksum are put right; the rest is the frame.

    Without putting them right, hardly any change of a frame would get as far as a message's fields.
    """
    if not data:
        return
    direction, frame = DIRECTIONS[data[0] % 3], data[1:]
    if data[0] & 0x80 and len(frame) >= LEAST_FRAME:
        frame = _right(frame, direction or Direction.FEEDBACK)
    try:
        strict = decode(frame, direction)
    except DecodeError as error:
        told(error)
        strict = None
    try:
        decoded = decode(frame, direction, strict=False)
    except DecodeError:
        assert strict is None
        return
    json.dumps(decoded_to_json(decoded), allow_nan=False)
    if not decoded.problems:
        assert strict is not None
        assert encode(decoded.message) == frame


def _right(frame: bytes, direction: Direction) -> bytes:
    """Return the frame with the token, length and checksum that it should have."""
    token, _, code, extended = HEADER.unpack_from(b"\xdd" * 7 + b"\x11" + frame[8:])
    body = frame[HEADER.size : -CHECKSUM.size]
    length = len(frame) - length_rule(direction)
    head = HEADER.pack(token, length, code, extended) + body
    return head + CHECKSUM.pack(checksum(head))


def seeds() -> Iterator[bytes]:
    """Each recorded frame as it is, and to be put right."""
    for frame in frames():
        way = 2 if frame[12:16] in _FEEDBACKS else 1
        yield bytes([way]) + frame
        yield bytes([next(first for first in range(0x80, 0x100) if first % 3 == way)]) + frame


def _codes() -> frozenset[bytes]:
    from cti_schema.registry import registry

    return frozenset(
        one.spec.code.to_bytes(4, "little") for one in registry() if one.spec.direction is Direction.FEEDBACK
    )


_FEEDBACKS = _codes()

if __name__ == "__main__":
    run(one_input, seeds)
