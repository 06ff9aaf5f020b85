"""The frame: token, header, the length rule of each direction, checksum. The only module that knows them.

=======  ====  ==========================================================================
offset   size  content
=======  ====  ==========================================================================
0        8     token ``DD DD DD DD DD DD DD 11``
8        4     length: of a request all bytes behind this field, of a feedback the whole frame
12       4     command code
16       4     extended code, zero in every frame seen
20       n     body
20 + n   2     checksum: sum of all bytes before it, modulo 65536
=======  ====  ==========================================================================

Everything is little-endian. Source: recorded frames of a real cycler (framing.md, sections 1 and 2).
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from zlib import adler32

from cti_schema.errors import ChecksumError, FrameError
from cti_schema.message import Direction
from cti_schema.problems import Problem
from cti_schema.wire.report import BODY_OFFSET

K = TypeVar("K")

TOKEN: Final = bytes.fromhex("dddddddddddddd11")
HEADER: Final = struct.Struct("<8sIII")
CHECKSUM: Final = struct.Struct("<H")

#: The smallest frame: a header and a checksum.
LEAST_FRAME: Final = HEADER.size + CHECKSUM.size

#: What the length field leaves out, by direction.
_NOT_COUNTED: Final = {Direction.REQUEST: 12, Direction.FEEDBACK: 0}

#: How many zero bytes may push a checksum behind its place and still be called late.
_LATEST: Final = 16


#: Up to so many bytes the sum modulo 65521, one being added, is the sum itself: what Adler-32 has.
_SLICE: Final = 256
#: From so many bytes on numpy is faster, if it is there.
_LARGE: Final = 4096
#: Functions that cut bytes into so many slices, by the number of slices.
_CUT: Final = [struct.Struct(f"{_SLICE}s" * count).unpack_from for count in range(_LARGE // _SLICE + 1)]


def checksum(data: bytes | bytearray | memoryview) -> int:
    """Return the sum of all bytes, modulo 65536. Exact for every length.

    The low half of Adler-32 is one plus the sum, modulo 65521: exact for up to 256 bytes. In a sum of
    Adler-32 values the low halves add up modulo 65536, whatever the high ones are.
    """
    size = len(data)
    if size <= _SLICE:
        return adler32(data) - 1 & 0xFFFF
    if size > _LARGE:
        return _large_checksum(data)
    count = size // _SLICE
    return sum(map(adler32, _CUT[count](data)), adler32(data[count * _SLICE :])) - count - 1 & 0xFFFF


def _large_checksum(data: bytes | bytearray | memoryview) -> int:
    # Only a program that has numpy already pays for it: importing it takes longer than it saves.
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "frombuffer"):
        return int(numpy.add.reduce(numpy.frombuffer(data, numpy.uint8), dtype=numpy.uint16))
    view = memoryview(data)
    return sum(checksum(view[start : start + _LARGE]) for start in range(0, len(view), _LARGE)) & 0xFFFF


def frame_size(length: int, direction: Direction) -> int:
    """Return the size in bytes of the frame that a length field announces."""
    return length + _NOT_COUNTED[direction]


def checksum_fits(data: bytes | bytearray | memoryview, size: int) -> bool:
    """Tell whether the last two of the first ``size`` bytes are the checksum of those before them."""
    view = memoryview(data)
    return size >= LEAST_FRAME and checksum(view[: size - 2]) == CHECKSUM.unpack_from(view, size - 2)[0]


def build_frame(code: int, body: bytes, direction: Direction, extended_code: int = 0) -> bytes:
    """Return the frame around a body."""
    size = HEADER.size + len(body) + CHECKSUM.size
    head = HEADER.pack(TOKEN, size - _NOT_COUNTED[direction], code, extended_code)
    return head + body + CHECKSUM.pack((checksum(head) + checksum(body)) & 0xFFFF)


def frame_header(code: int, body_size: int, direction: Direction) -> bytes:
    """Return the header of a frame whose body has that size."""
    return HEADER.pack(TOKEN, LEAST_FRAME + body_size - _NOT_COUNTED[direction], code, 0)


def seal(data: bytes) -> bytes:
    """Return a frame: header and body with their checksum behind them."""
    return data + CHECKSUM.pack(adler32(data) - 1 & 0xFFFF if len(data) <= _SLICE else checksum(data))


def frame_builder(code: int, direction: Direction) -> Callable[[bytes], bytes]:
    """Return a function that puts the frame of a command around a body."""
    around = LEAST_FRAME - _NOT_COUNTED[direction]
    header = HEADER.pack

    def framed(body: bytes) -> bytes:
        return seal(header(TOKEN, len(body) + around, code, 0) + body)

    return framed


def length_rule(direction: Direction) -> int:
    """Return what the length field of a sound frame leaves out."""
    return _NOT_COUNTED[direction]


_header = HEADER.unpack_from


def known_frame(data: bytes, known: Mapping[int, tuple[int, K]], *, summed: bool = False) -> K | None:
    """Return what is known of a frame's code, if the frame is whole and right and its extended code zero.

    Args:
        data: one frame.
        known: by code: the `length_rule` that a frame must fit, and what is returned.
        summed: its checksum is known to be right.
    """
    size = len(data)
    if size < LEAST_FRAME:
        return None
    token, length, code, extended_code = _header(data)
    found = known.get(code)
    if found is None or extended_code or length + found[0] != size or token != TOKEN:
        return None
    if summed:
        return found[1]
    # The sum of all bytes has the two of the checksum too.
    total = adler32(data) - 1 if size <= _SLICE else checksum(data)
    return None if (total - 2 * data[-2] - 257 * data[-1]) & 0xFFFF else found[1]


@dataclass(slots=True)
class Examined:
    """A frame taken apart.

    Attributes:
        direction: from the caller, the code, or the length rule that fits.
        code: the command code.
        extended_code: the extended code.
        length: the length field.
        body: the bytes between header and checksum.
        problems: what is wrong with the frame.
    """

    direction: Direction
    code: int
    extended_code: int
    length: int
    body: bytes
    problems: list[Problem] = field(default_factory=list)

    def raise_problems(self) -> None:
        """Raise the first problem, if there is one.

        Raises:
            ChecksumError: the checksum is wrong.
            FrameError: something else is.
        """
        for problem in self.problems:
            raise (ChecksumError if problem.kind == "checksum" else FrameError)(problem)


def sound_header(data: bytes, direction: Direction) -> Examined:
    """Return a frame taken apart that is known to be whole and right."""
    _, length, code, extended_code = HEADER.unpack_from(data)
    return Examined(direction, code, extended_code, length, data[BODY_OFFSET : -CHECKSUM.size])


def examine(data: bytes, directions: Sequence[Direction]) -> Examined:
    """Take one frame apart, and find out what is wrong with its length and its checksum.

    Args:
        data: one frame, as whole as it is there.
        directions: the directions that are possible: of several, the one whose length rule fits is taken.

    Raises:
        FrameError: there is no token, or not even a header.
    """
    if data[: len(TOKEN)] != TOKEN[: len(data)] or not data:
        raise FrameError(
            Problem("stray", f"a frame starts with {TOKEN.hex()}", expected=TOKEN.hex(), found=data[:8].hex())
        )
    if len(data) < HEADER.size:
        message = f"the header has {HEADER.size} bytes, there are {len(data)}"
        raise FrameError(
            Problem("incomplete", message, offset=len(data), expected=HEADER.size, found=len(data))
        )
    _, length, code, extended_code = HEADER.unpack_from(data)
    direction = _direction(data, length, directions)
    frame = Examined(direction, code, extended_code, length, b"")
    size = frame_size(length, direction)
    if len(data) == size and size >= LEAST_FRAME:
        frame.body = data[BODY_OFFSET : size - 2]
        _compare(frame, data, size)
    elif checksum_fits(data, len(data)):
        _repair(frame, data, size)
    elif LEAST_FRAME <= size < len(data):
        frame.body = data[BODY_OFFSET : size - 2]
        _compare(frame, data, size)
        surplus = len(data) - size
        frame.problems.append(
            Problem("stray", f"{surplus} bytes stand behind the frame", offset=size, found=surplus)
        )
    elif size < LEAST_FRAME:
        frame.body = data[BODY_OFFSET:]
        message = f"the length {length} is too small for a {direction}"
        frame.problems.append(Problem("length", message, "", 8, found=length))
    else:
        frame.body = data[BODY_OFFSET:]
        message = f"the frame has {size} bytes by its length, there are {len(data)}"
        frame.problems.append(Problem("incomplete", message, "", len(data), size, len(data)))
    return frame


def _direction(data: bytes, length: int, directions: Sequence[Direction]) -> Direction:
    if len(directions) == 1:
        return directions[0]
    fitting = [one for one in directions or tuple(Direction) if frame_size(length, one) == len(data)]
    if len(fitting) == 1:
        return fitting[0]
    for one in directions or tuple(Direction):
        size = frame_size(length, one)
        if size <= len(data) and checksum_fits(data, size):
            return one
    return Direction.FEEDBACK


def _compare(frame: Examined, data: bytes, size: int) -> None:
    """Compare the checksum at its place with the bytes before it."""
    (found,) = CHECKSUM.unpack_from(data, size - 2)
    expected = checksum(memoryview(data)[: size - 2])
    if found != expected:
        message = f"the checksum is 0x{found:04X}, the bytes before it make 0x{expected:04X}"
        frame.problems.append(
            Problem("checksum", message, "", size - 2, f"0x{expected:04X}", f"0x{found:04X}")
        )


def _repair(frame: Examined, data: bytes, size: int) -> None:
    """The last two bytes are the right checksum, but the length says something else: say what."""
    late = len(data) - size
    if frame_size(frame.length, frame.direction.other) == len(data):
        frame.body = data[BODY_OFFSET:-2]
        fitting = len(data) - _NOT_COUNTED[frame.direction]
        message = (
            f"the length {frame.length} is counted as in a {frame.direction.other}; a {frame.direction} of "
        )
        message += f"{len(data)} bytes has {fitting}"
        frame.problems.append(Problem("length", message, "", 8, fitting, frame.length))
    elif size >= LEAST_FRAME and 0 < late <= _LATEST and not any(data[size - 2 : -2]):
        frame.body = data[BODY_OFFSET : size - 2]
        message = f"the checksum stands {late} bytes behind the place where the length {frame.length} puts it"
        frame.problems.append(Problem("checksum", message, "", len(data) - 2, size - 2, len(data) - 2))
    else:
        frame.body = data[BODY_OFFSET:-2]
        fitting = len(data) - _NOT_COUNTED[frame.direction]
        message = f"the length is {frame.length}, the frame has {len(data)} bytes and so the length {fitting}"
        frame.problems.append(Problem("length", message, "", 8, fitting, frame.length))
