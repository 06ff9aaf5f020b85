"""Frames to columns: the frames are checked in bulk, and what is not plainly as declared one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cti_schema import kinds as k
from cti_schema.columns.table import Lists, Table
from cti_schema.columns.walk import BadFrames, Walk
from cti_schema.compile.form import form
from cti_schema.errors import ConfigurationError, DecodeError
from cti_schema.message import Direction, Message, MessageSpec, Record
from cti_schema.wire.buffer import FrameBuffer
from cti_schema.wire.codec import decode, encode
from cti_schema.wire.frame import CHECKSUM, LEAST_FRAME, frame_sizes, sound_frames
from cti_schema.wire.report import BODY_OFFSET


@dataclass(frozen=True)
class Columns:
    """What many frames hold.

    Attributes:
        table: the values.
        frame: of each row the number of its frame.
        refused: the error of each frame that decoding refuses, by its number; it has no rows.
    """

    table: Table
    frame: NDArray[np.int64]
    refused: dict[int, DecodeError]


def decode_columns(frames: Sequence[bytes] | bytes, message: type[Message]) -> Columns:
    """Return the values of many frames as columns.

    Args:
        frames: whole frames, all of this message; or the bytes of frames that stand one behind the other.
        message: the class of the message.

    Raises:
        ConfigurationError: the message has a JSON body, or a frame is of another message.
    """
    spec = message.spec
    if spec.form != "binary":
        raise ConfigurationError(f"{spec.name} has a JSON body: there are no columns for it")
    data, bounds = _cut(frames, spec.direction) if isinstance(frames, bytes) else _joined(frames)
    numbers = np.arange(len(bounds) - 1)
    refused: dict[int, DecodeError] = {}
    mended: set[int] = set()
    while True:
        bad: NDArray[Any] = np.flatnonzero(~_sound(data, bounds, spec))
        if not len(bad):
            try:
                table, frame = _rows(data, bounds, spec)
            except BadFrames as error:
                bad = error.frames
            else:
                return Columns(table, numbers[frame], refused)
        there = [data[start:end] for start, end in pairwise(bounds.tolist())]
        gone = []
        for place in bad.tolist():
            number = int(numbers[place])
            if number in mended:
                raise ConfigurationError(f"frame {number} cannot be put into columns")
            mended.add(number)
            try:
                there[place] = _mended(there[place], message)
            except DecodeError as error:
                refused[number] = error
                gone.append(place)
        for place in reversed(gone):
            del there[place]
        numbers = np.delete(numbers, gone)
        data, bounds = _joined(there)


def _joined(frames: Sequence[bytes]) -> tuple[bytes, NDArray[np.int64]]:
    """Return the bytes of all frames, and where each begins and the last one ends."""
    bounds = np.zeros(len(frames) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, frames), np.int64, len(frames)), out=bounds[1:])
    return b"".join(frames), bounds


def _cut(data: bytes, direction: Direction) -> tuple[bytes, NDArray[np.int64]]:
    """Return frames that stand one behind the other, and where each begins and the last one ends."""
    bounds = [0]
    end = 0
    for size in frame_sizes(data, direction):
        end += size
        bounds.append(end)
    if end == len(data):
        return data, np.array(bounds, np.int64)
    buffer = FrameBuffer(direction)
    return _joined([*buffer.feed(data), *buffer.close()])


def _sound(data: bytes, bounds: NDArray[np.int64], spec: MessageSpec) -> NDArray[np.bool_]:
    whole = np.diff(bounds) >= LEAST_FRAME
    return sound_frames(data, bounds, spec.code, spec.direction) if whole.all() else whole


def _mended(frame: bytes, message: type[Message]) -> bytes:
    """Return a frame with the same values that is plainly as declared.

    Raises:
        DecodeError: decoding refuses it.
        ConfigurationError: it is another message.
    """
    found = decode(frame, message.spec.direction)
    if type(found) is not message:
        raise ConfigurationError(f"a frame is no {message.spec.name}, but {found.spec.name}")
    _forget(found)
    return encode(found)


def _forget(value: Any) -> None:
    """Take away what an exact re-encode needs beyond the values."""
    if isinstance(value, Record):
        value._kept.clear()
        for _, inner in value.present():
            _forget(inner)
    elif isinstance(value, list):
        for inner in value:
            _forget(inner)


def _rows(data: bytes, bounds: NDArray[np.int64], spec: MessageSpec) -> tuple[Table, NDArray[np.int64]]:
    """Return the table of frames that are sound, and of each row the place of its frame."""
    walk = Walk(data)
    places = np.arange(len(bounds) - 1)
    begin, stop = bounds[:-1] + BODY_OFFSET, bounds[1:] - CHECKSUM.size
    columns, ends = walk.record(spec.layout, form(spec.layout, spec.name), begin, stop, places)
    walk.surplus(spec.surplus, columns, ends, stop, places)
    values = [kind for kind in spec.layout if kind.is_value]
    if len(values) == 1 and isinstance(values[0], k.Array) and isinstance(values[0].item, k.Nested):
        lists = columns[values[0].name]
        assert isinstance(lists, Lists)
        assert isinstance(lists.items, Table)
        return lists.items, np.repeat(places, np.diff(lists.offsets))
    return Table(len(places), columns), places
