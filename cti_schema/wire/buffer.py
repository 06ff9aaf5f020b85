"""Bytes in, frames out: cuts a byte stream into frames, whatever it was split or merged into.

The buffer only decides where frames begin and end; what is wrong with one is found out when it is
decoded. After garbage it finds the next token. A frame whose length field lies is cut where the
next token stands, so that nothing good behind it is lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from cti_schema.message import Direction
from cti_schema.registry import LOOKED_UP, registry
from cti_schema.wire.frame import (
    CHECKSUM,
    HEADER,
    LEAST_FRAME,
    TOKEN,
    checksum,
    checksum_fits,
    frame_size,
    known_frame,
)

#: The largest frame accepted: a piece of a file has up to 30 MiB (``download_file_feedback``).
MAX_FRAME: Final = 32 * 2**20

#: Most tokens inside a frame that are tried for its early end. Without a limit a stream of nothing but
#: tokens would be searched again from each of them.
MOST_TOKENS: Final = 16

#: The largest frame that is looked for at a token inside another one.
MOST_INSIDE: Final = 4096


#: Length field, direction where it is known, and the directions that are possible with the frame's size.
_Head: TypeAlias = tuple[int, Direction | None, list[tuple[Direction, int]]]


class Frame(bytes):
    """One frame of a stream, as it stood there.

    Attributes:
        offset: of its first byte in the stream.
        direction: request or feedback, where the buffer could tell; else ``None``.
        stray: number of bytes in front of it that belong to no frame.
        summed: its checksum is known to be right: decoding need not add up its bytes again.
    """

    offset: int
    direction: Direction | None
    stray: int
    summed: bool = False

    def __new__(
        cls, data: bytes, *, offset: int = 0, direction: Direction | None = None, stray: int = 0
    ) -> Frame:
        frame = super().__new__(cls, data)
        frame.offset = offset
        frame.direction = direction
        frame.stray = stray
        return frame


class FrameBuffer:
    """Cuts a byte stream into frames.

    Args:
        direction: which way the bytes go; ``None`` for a mixed stream, decided frame by frame.
        max_frame: largest frame in bytes; a length field beyond it is taken for wrong.

    Memory: never more than ``max_frame`` and what one call of `feed` brings.
    """

    def __init__(self, direction: Direction | str | None = None, *, max_frame: int = MAX_FRAME) -> None:
        self._direction = None if direction is None else Direction(direction)
        self._max_frame = max_frame
        self._buffer = bytearray()
        self._offset = 0
        #: Bytes since the last frame that belong to none.
        self.stray = 0
        self._rewind()

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes, and return the frames that are complete now.

        A frame with a wrong checksum is returned too; decoding it tells what is wrong. One whose
        checksum place holds zeros is held back for a few more bytes, since the right checksum may
        stand behind them (an emulator is known that does so).
        """
        if not self._buffer:
            known = known_frame(data, LOOKED_UP)
            if known is not None and self._direction in (None, known[0]) and len(data) <= self._max_frame:
                # Exactly one frame, of a command whose code tells all: nothing is to be searched.
                frame = Frame(data, offset=self._offset, direction=known[0], stray=self.stray)
                frame.summed = True
                self._offset += len(data)
                self.stray = 0
                return [frame]
        self._buffer += data
        return list(self._frames(final=False))

    def close(self) -> list[Frame]:
        """Return what is left at the end of the stream: cut frames, and the frames hidden behind them."""
        frames = list(self._frames(final=True))
        self._drop(len(self._buffer))
        return frames

    def _rewind(self) -> None:
        """Start looking for a token inside the frame from its beginning."""
        self._head: _Head | None = None
        self._looked = len(TOKEN)
        self._passed = 0
        self._summed = 0
        self._sum = 0
        self._fits = False

    def _drop(self, count: int) -> None:
        """Drop bytes that belong to no frame."""
        del self._buffer[:count]
        self._offset += count
        self.stray += count
        self._rewind()

    def _take(self, size: int, direction: Direction | None) -> Frame:
        frame = Frame(bytes(self._buffer[:size]), offset=self._offset, direction=direction, stray=self.stray)
        frame.summed = self._fits
        del self._buffer[:size]
        self._offset += size
        self.stray = 0
        self._rewind()
        return frame

    def _frames(self, *, final: bool) -> Iterable[Frame]:
        while True:
            start = self._buffer.find(TOKEN)
            if start < 0:
                # A token may have begun at the very end.
                self._drop(max(0, len(self._buffer) - (len(TOKEN) - 1)))
                return
            if start:
                self._drop(start)
            if len(self._buffer) < HEADER.size:
                return
            found = self._next(final)
            if found is None:
                return
            size, direction = found
            if direction is None and size == 0:
                self._drop(len(TOKEN))
            else:
                yield self._take(size, direction)

    def _next(self, final: bool) -> tuple[int, Direction | None] | None:
        """Return the size and direction of the frame at the start of the buffer.

        ``None`` means: wait for more. Size zero means: this token starts no frame.
        """
        if self._head is None:
            if self._buffer.find(TOKEN, len(TOKEN), 2 * len(TOKEN) + 3) > 0:
                return 0, None  # a token begins in the length field: nothing is that long
            self._head = self._read_head()
        length, known, possible = self._head
        for direction, size in possible:
            if size <= len(self._buffer) and checksum_fits(self._buffer, size):
                self._fits = True
                return size, direction
        early = self._early_end()
        if early:
            return early, known
        waiting = any(size > len(self._buffer) for _, size in possible)
        if not possible or (waiting and final):
            return self._cut(known, length, final)
        if waiting:
            return None
        return self._bad_checksum(max(size for _, size in possible), known, length, final)

    def _read_head(self) -> _Head:
        """Return what the header at the start of the buffer says; once for each frame, however it comes."""
        _, length, code, _ = HEADER.unpack_from(self._buffer)
        directions = (
            (self._direction,) if self._direction else registry().directions(code) or tuple(Direction)
        )
        known = directions[0] if len(directions) == 1 else None
        sizes = [(one, frame_size(length, one)) for one in directions]
        return length, known, [one for one in sizes if LEAST_FRAME <= one[1] <= self._max_frame]

    def _early_end(self) -> int:
        """Return where the frame ends if a token follows on the right checksum, else 0.

        Each byte is summed up once, however often this is called.
        """
        while self._passed < MOST_TOKENS:
            token = self._buffer.find(TOKEN, self._looked)
            if token < 0:
                self._looked = max(self._looked, len(self._buffer) - len(TOKEN) + 1)
                return 0
            self._looked = token + 1
            self._passed += 1
            if token < LEAST_FRAME:
                continue
            self._sum += checksum(memoryview(self._buffer)[self._summed : token - 2])
            self._summed = token - 2
            if self._sum & 0xFFFF == CHECKSUM.unpack_from(self._buffer, token - 2)[0]:
                return token
            if self._is_sound(token):
                # A checksum that is right behind it is right by chance: it would swallow a good frame.
                self._passed = MOST_TOKENS
        return 0

    def _is_sound(self, token: int) -> bool:
        """Tell whether a whole frame with the right checksum begins at a token inside the frame."""
        data = memoryview(self._buffer)[token : token + MOST_INSIDE]
        if len(data) < LEAST_FRAME:
            return False
        length = HEADER.unpack_from(data)[1]
        sizes = [frame_size(length, one) for one in ((self._direction,) if self._direction else Direction)]
        return any(size <= len(data) and checksum_fits(data, size) for size in sizes)

    def _bad_checksum(
        self, size: int, direction: Direction | None, length: int, final: bool
    ) -> tuple[int, Direction | None] | None:
        """The frame is there by its length, but its checksum is wrong: find where it ends."""
        others = [size + 2]
        if direction is not None:
            others.append(frame_size(length, direction.other))
        for other in others:
            if size < other <= len(self._buffer) and checksum_fits(self._buffer, other):
                return other, direction
        if not final and len(self._buffer) < max(others) and not any(self._buffer[size - 2 : size]):
            return None
        if not final and self._may_begin(size):
            return None
        token = self._buffer.find(TOKEN, len(TOKEN), size + len(TOKEN) - 1)
        if 0 < token < HEADER.size:
            return 0, None  # not even the header is whole
        return (token if 0 < token < size else size), direction

    def _may_begin(self, size: int) -> bool:
        """Tell whether the buffer ends in what may be a token that begins inside the first ``size`` bytes."""
        first = max(len(TOKEN), len(self._buffer) - len(TOKEN) + 1)
        return any(TOKEN.startswith(self._buffer[start:]) for start in range(first, size))

    def _cut(
        self, direction: Direction | None, length: int, final: bool
    ) -> tuple[int, Direction | None] | None:
        """The length cannot be believed: the frame ends at the next token, or at the end of the stream."""
        if final:
            for other in Direction:
                size = frame_size(length, other)
                if size <= len(self._buffer) and checksum_fits(self._buffer, size):
                    return size, direction or other
        token = self._buffer.find(TOKEN, len(TOKEN))
        if 0 < token < HEADER.size:
            return 0, None
        if token > 0:
            return token, direction
        if final:
            return len(self._buffer), direction
        return (0, None) if len(self._buffer) > self._max_frame else None
