"""From stretches of TCP streams to where CTI frames stand in them, many at once.

One rule: where frames begin and end is what a `cti_schema.FrameBuffer` finds. While every frame follows the
one before and its checksum is right, headers alone tell; from the first one on that is not so, the buffer
itself is asked.
"""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from cti_client.capture.stretches import Stretch
from cti_schema.columns.checks import checksums_fit
from cti_schema.registry import registry
from cti_schema.wire.buffer import MAX_FRAME, Frame, FrameBuffer
from cti_schema.wire.frame import LEAST_FRAME, TOKEN, length_rule

Array: TypeAlias = "np.ndarray[Any, Any]"

_HEAD: Final = struct.Struct("<8sIII")


class Cut(NamedTuple):
    """Frames that stand in some bytes.

    Attributes:
        data: the bytes.
        starts: where each begins.
        sizes: bytes of each.
        codes: the command code of each.
        times: Unix time at which each was complete.
        packets: number of the packet that completed each, in its block.
        frames: the frames themselves, if they are not known to be right.
    """

    data: bytes
    starts: Array
    sizes: Array
    codes: Array
    times: Array
    packets: Array
    frames: list[Frame] | None = None


class _Bytes(NamedTuple):
    """Bytes of one direction; see `Stretch`."""

    data: bytes
    ends: Array
    times: Array
    packets: Array


class Side:
    """One direction of a connection, as it is cut into frames."""

    def __init__(self) -> None:
        self.buffer = FrameBuffer()
        self._rest: _Bytes | None = None

    def feed(self, new: Stretch) -> list[Cut]:
        """Return the frames that are complete now."""
        found: list[Cut] = []
        rest, self._rest = self._rest, None
        stretch = _joined(rest, new)
        at = 0
        while at < len(stretch.data):
            if not self._idle:
                at = self._ask(stretch, at, found)
                continue
            at, sure = self._follow(stretch, at, found)
            if sure and at < len(stretch.data):
                # Only the end of a frame is missing, and there is nothing odd about it.
                self._rest = _from(stretch, at)
                break
            if at < len(stretch.data):
                at = self._ask(stretch, at, found)
        return found

    def chunk(self, data: bytes, time: float, packet: int) -> list[Cut]:
        """Return the frames that are complete with the bytes of one packet."""
        found: list[Cut] = []
        if self._rest is not None:
            rest, self._rest = self._rest, None
            self._ask(rest, 0, found, to_the_end=True)
        _add(found, self.buffer.feed(data), time, packet)
        return found

    @property
    def _idle(self) -> bool:
        return not self.buffer.pending and not self.buffer.stray

    def close(self, time: float, packet: int) -> list[Cut]:
        """Return what is left: bytes were lost, or nothing more will come."""
        found: list[Cut] = []
        if self._rest is not None:
            rest, self._rest = self._rest, None
            self._ask(rest, 0, found, to_the_end=True)
        _add(found, self.buffer.close(), time, packet)
        return found

    def _follow(self, stretch: _Bytes, at: int, found: list[Cut]) -> tuple[int, bool]:
        """Find frames by their headers. Return where the last one ends, and whether one more begins there."""
        data = stretch.data
        starts: list[int] = []
        codes: list[int] = []
        sure = False
        while True:
            if at + _HEAD.size > len(data):
                sure = data.startswith(TOKEN[: len(data) - at], at)
                break
            token, length, code, extended = _HEAD.unpack_from(data, at)
            rule = _rule(code)
            if token != TOKEN or rule is None or extended or not LEAST_FRAME <= length + rule <= MAX_FRAME:
                break
            if at + length + rule > len(data):
                sure = TOKEN not in data[at + len(TOKEN) :]
                break
            starts.append(at)
            codes.append(code)
            at += length + rule
        if not starts:
            return at, sure
        begins = np.array(starts)
        ends = np.append(begins[1:], at)
        fits = checksums_fit(data, begins, ends)
        right = len(fits) if fits.all() else int(fits.argmin())
        if right < len(fits):
            at, sure = starts[right], False
        if right:
            begins, ends = begins[:right], ends[:right]
            packets = np.searchsorted(stretch.ends, ends)
            times = stretch.times[packets]
            found.append(
                Cut(data, begins, ends - begins, np.array(codes[:right]), times, stretch.packets[packets])
            )
        return at, sure

    def _ask(self, stretch: _Bytes, at: int, found: list[Cut], *, to_the_end: bool = False) -> int:
        """Give the buffer the bytes packet by packet, until it has no more than whole frames."""
        number = int(np.searchsorted(stretch.ends, at, "right"))
        while number < len(stretch.ends):
            end = int(stretch.ends[number])
            frames = self.buffer.feed(stretch.data[at:end])
            _add(found, frames, float(stretch.times[number]), int(stretch.packets[number]))
            at = end
            number += 1
            if self._idle and not to_the_end:
                break
        return at


def _rule(code: int) -> int | None:
    """Return what the length field leaves out, if the code tells it."""
    directions = registry().directions(code)
    return length_rule(directions[0]) if len(directions) == 1 else None


def _add(found: list[Cut], frames: list[Frame], time: float, packet: int) -> None:
    if not frames:
        return
    sizes = np.array([len(frame) for frame in frames])
    codes = np.array([int.from_bytes(frame[12:16], "little") for frame in frames])
    many = len(frames)
    starts = np.cumsum(sizes) - sizes
    found.append(
        Cut(b"".join(frames), starts, sizes, codes, np.full(many, time), np.full(many, packet), frames)
    )


def _from(bytes_: _Bytes, at: int) -> _Bytes:
    """Return the end of some bytes. Its packets are those of a block that is gone."""
    number = int(np.searchsorted(bytes_.ends, at, "right"))
    ends = bytes_.ends[number:] - at
    return _Bytes(bytes_.data[at:], ends, bytes_.times[number:], np.full(len(ends), -1))


def _joined(rest: _Bytes | None, new: Stretch) -> _Bytes:
    if rest is None:
        return _Bytes(b"".join(new.parts), new.ends, new.times, new.packets)
    return _Bytes(
        b"".join([rest.data, *new.parts]),
        np.concatenate([rest.ends, new.ends + len(rest.data)]),
        np.concatenate([rest.times, new.times]),
        np.concatenate([rest.packets, new.packets]),
    )
