"""A file or a stream of unknown kind to what is in it: a capture, raw frames, or frames in hex.

The first bytes decide, never the name. Nothing is read twice and bytes are used as they arrive, so that
standard input works like a file.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from cti_client.capture import read_packets, sniff
from cti_schema.errors import CaptureError, InputError
from cti_schema.message import Direction
from cti_schema.wire.buffer import MAX_FRAME, Frame, FrameBuffer
from cti_schema.wire.frame import LEAST_FRAME, TOKEN

__all__ = ["FrameSource", "Input"]

_LOOK: Final = 4096
_BLOCK: Final = 1 << 16
_LONGEST_LINE: Final = 4 * MAX_FRAME

_BOMS: Final = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Input:
    """An opened input and what its first bytes say that it is.

    Use it as a context manager: it closes what it has opened itself.

    Args:
        source: a path, or a binary stream (standard input), which is left open.
        name: what errors call it; by default the path, or ``standard input``.

    Attributes:
        name: what errors call it.
        kind: ``capture``, ``raw``, ``hex`` or ``empty``.
        encoding: of the text, where it is hex.
        stream: all its bytes, from the first on.

    Raises:
        OSError: the path cannot be opened or read.
    """

    def __init__(self, source: BinaryIO | str, name: str | None = None) -> None:
        self.name = name or (source if isinstance(source, str) else "standard input")
        self._own = isinstance(source, str)
        self._source: BinaryIO = open(source, "rb") if isinstance(source, str) else source  # noqa: SIM115
        try:
            self._start = b""
            while len(self._start) < 8 and (more := _some(self._source, _LOOK)):
                self._start += more
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.stream = io.BufferedReader(_Replay(self._start, self._source, self.name), _BLOCK)
        self.encoding = "utf-8"
        self.kind = self._kind()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own:
            self._source.close()

    def _kind(self) -> str:
        if not self._start:
            return "empty"
        if sniff(self._start) != "other":
            return "capture"
        for mark, encoding in _BOMS.items():
            if self._start.startswith(mark):
                self.encoding = encoding
                return "hex"
        return "raw" if TOKEN in self._start or not _is_text(self._start) else "hex"

    def seems(self) -> str:
        """Return a sentence that says what the input seems to be, for one in which there is nothing."""
        try:
            for _ in read_packets(_Replay(self._start, io.BytesIO(), self.name)):  # type: ignore[arg-type]
                break
        except CaptureError as error:
            return str(error)
        return f"{self.name}: no CTI in it"


class FrameSource:
    """The frames of raw bytes or of hex text, one after the other.

    Hex text may have white space, ``0x``, ``:``, ``,`` and ``-`` between its bytes and ``#`` comments. A
    line that begins with a frame's token ends the frame before it.

    Args:
        source: the input, of the kind ``raw`` or ``hex``.
        direction: of all frames; by default found out frame by frame.

    Attributes:
        frames: how many were found so far.
        stray: bytes at the end that are no frame; known after the iteration.
    """

    def __init__(self, source: Input, direction: Direction | str | None = None) -> None:
        self.frames = 0
        self.stray = 0
        self._input = source
        self._buffer = FrameBuffer(direction)
        # Hex text: (offset of a line's first byte, number of the line), for frames still to come.
        self._lines: deque[tuple[int, int]] = deque()

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames; those that are not whole too.

        Raises:
            InputError: the text is no hex; the frames before it were yielded.
            OSError: the input cannot be read.
        """
        for frame in self._hex() if self._input.kind == "hex" else self._raw():
            self.frames += 1
            yield frame
        self.stray = self._buffer.stray

    def place(self, frame: Frame) -> str:
        """Return where a frame stands, for people; ask before the next frame is taken."""
        while len(self._lines) > 1 and self._lines[1][0] <= frame.offset:
            self._lines.popleft()
        return f"line {self._lines[0][1]}" if self._lines else f"offset {frame.offset}"

    @property
    def end(self) -> str:
        """A sentence about bytes at the end that are no frame; empty where there are none."""
        if not self.stray:
            return "" if self.frames else "there is no frame in it"
        where = f" (line {self._lines[-1][1]})" if self._lines else ""
        return (
            f"the last {self.stray} bytes{where} are no whole frame: "
            f"one starts with {TOKEN.hex()} and has at least {LEAST_FRAME} bytes"
        )

    def _raw(self) -> Iterator[Frame]:
        while data := self._input.stream.read1(_BLOCK):
            yield from self._buffer.feed(data)
        yield from self._buffer.close()

    def _hex(self) -> Iterator[Frame]:
        offset = 0
        text = io.TextIOWrapper(self._input.stream, self._input.encoding, errors="replace")
        number = 0
        while line := text.readline(_LONGEST_LINE):
            number += 1
            try:
                data = _from_hex(line)
            except ValueError as error:
                yield from self._buffer.close()
                raise InputError(f"{self._input.name}, line {number}: {error}") from None
            if data.startswith(TOKEN):
                yield from self._buffer.close()
            if data:
                while len(self._lines) > 1 and self._lines[1][0] <= offset - self._buffer.pending:
                    self._lines.popleft()
                self._lines.append((offset, number))
            offset += len(data)
            yield from self._buffer.feed(data)
        yield from self._buffer.close()


_BETWEEN: Final = re.compile(r"(?<![0-9A-Fa-f])0[xX]|[\s:,\-]")
_WRONG: Final = re.compile(r"[^0-9A-Fa-f ]")


def _from_hex(line: str) -> bytes:
    """Return the bytes of a line of hex text.

    Raises:
        ValueError: it is none; the sentence says where.
    """
    spaced = _BETWEEN.sub(lambda between: " " * len(between[0]), line.partition("#")[0])
    wrong = _WRONG.search(spaced)
    if wrong:
        raise ValueError(f"column {wrong.start() + 1}: {wrong[0]!a} is no hex digit")
    digits = spaced.replace(" ", "")
    if len(digits) % 2:
        raise ValueError(f"{len(digits)} hex digits; two make a byte, so one is missing or too many")
    return bytes.fromhex(digits)


def _some(stream: BinaryIO, size: int) -> bytes:
    """Return the bytes that are there, at most so many; none at the end. Waits only while there are none."""
    read = getattr(stream, "read1", stream.read)
    data: bytes = read(size)
    return data


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode()
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = start[: error.start].decode()  # the last character may be cut
    return all(character.isprintable() or character.isspace() for character in text)


class _Replay(io.RawIOBase):
    """A stream with the bytes in front that were already taken from it; closing it leaves the stream open."""

    def __init__(self, start: bytes, rest: BinaryIO, name: str) -> None:
        super().__init__()
        self._start = start
        self._rest = rest
        self.name = name

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        size = len(target)
        if self._start:
            data, self._start = self._start[:size], self._start[size:]
        else:
            data = _some(self._rest, size)
        target[: len(data)] = data
        return len(data)
