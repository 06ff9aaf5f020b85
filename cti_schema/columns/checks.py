"""Headers and checksums of many frames at once."""

from __future__ import annotations

import numpy as np

from cti_schema.columns.arrays import Array
from cti_schema.wire.frame import CHECKSUM, LEAST_FRAME, TOKEN

#: A frame's header; see `cti_schema.wire.frame`.
HEADER = np.dtype([("token", "<u8"), ("length", "<u4"), ("code", "<u4"), ("extended_code", "<u4")])
_TOKEN = np.uint64(int.from_bytes(TOKEN, "little"))
#: So many bytes stay in the processor's cache.
_NEAR = 1 << 19
#: The inverse of 257 modulo 65536.
_INVERSE = np.uint16(65281)


def gather(data: bytes, places: Array, dtype: np.dtype[np.void]) -> Array:
    """Return what stands at these places, copied; every place must have room for it."""
    room = len(data) - dtype.itemsize + 1
    if not len(places) or room <= 0:
        return np.zeros(len(places), dtype)
    # A window at each byte; what is taken from it are blocks of bytes, which numpy copies one by one.
    windows = np.ndarray((room,), f"V{dtype.itemsize}", data, 0, (1,))
    taken: Array = windows[places].view(dtype)
    return taken


def sums(data: bytes, starts: Array, ends: Array) -> Array:
    """Return the sum of the bytes of each piece, modulo 65536.

    Args:
        data: all bytes.
        starts: where the pieces begin, in rising order and without overlap.
        ends: where they end; each has two bytes at least.

    The bytes are added two at a time, once as ``low + 256 high`` from the even places and once from the odd
    ones. Each byte was low once and high once then, but for the first and the last one of a piece: the total
    is 257 times the sum, and 257 has an inverse. So nothing is masked, shifted or copied.
    """
    bytes_ = np.frombuffer(data, np.uint8)
    total = 256 * bytes_[starts].astype(np.uint16) + bytes_[ends - 1]
    # Piece by piece: what was added once is still in the processor's cache when it is added again.
    edges = np.flatnonzero(np.diff(ends // _NEAR)) + 1
    for some in map(slice, [0, *edges.tolist()], [*edges.tolist(), len(starts)]):
        for parity in (0, 1):
            first = starts[some] + (starts[some] + parity) % 2
            total[some] += _pairs(data, first, (ends[some] - first) // 2)
    sums_: Array = total * _INVERSE
    return sums_


def _pairs(data: bytes, first: Array, counts: Array) -> Array:
    """Return sums of little-endian pairs of bytes, so many from each place on.

    Between two places is an even number of bytes; what is there is added up too, and not wanted.
    """
    found = np.zeros(len(first), np.uint16)
    some = counts > 0
    if not some.any():
        return found
    begins, ends = first[some], first[some] + 2 * counts[some]
    # No more than is needed: numpy copies what does not stand at an even address.
    pairs = np.ndarray(((int(ends[-1]) - int(begins[0])) // 2,), "<u2", data, int(begins[0]))
    places = ((np.stack([begins, ends], axis=1) - begins[0]) // 2).ravel()[:-1]
    found[some] = np.add.reduceat(pairs, places, dtype=np.uint16)[::2]
    return found


def whole(data: bytes, starts: Array, sizes: Array, code: int, length_rule: int) -> Array:
    """Tell which frames are plainly of a message: token, length, code and checksum are right.

    Args:
        data: all bytes.
        starts: where the frames begin, in rising order.
        sizes: their sizes in bytes.
        code: the message's code.
        length_rule: what the length field leaves out.
    """
    fine = sizes >= LEAST_FRAME
    heads = gather(data, np.where(fine, starts, 0), HEADER)
    fine &= (heads["token"] == _TOKEN) & (heads["code"] == code) & (heads["extended_code"] == 0)
    fine &= heads["length"].astype(np.int64) + length_rule == sizes
    rows = np.flatnonzero(fine)
    if len(rows):
        fine[rows] = checksums_fit(data, starts[rows], starts[rows] + sizes[rows])
    return fine


def checksums_fit(data: bytes, starts: Array, ends: Array) -> Array:
    """Tell which frames end with the sum of the bytes before it."""
    bytes_ = np.frombuffer(data, np.uint8)
    low, high = (bytes_[ends - back].astype(np.uint16) for back in (CHECKSUM.size, CHECKSUM.size - 1))
    fits: Array = sums(data, starts, ends) - low - high == low + 256 * high
    return fits
