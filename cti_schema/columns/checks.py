"""Headers and checksums of many frames at once."""

from __future__ import annotations

import numpy as np

from cti_schema.columns.arrays import Array
from cti_schema.wire.frame import CHECKSUM, LEAST_FRAME, TOKEN

#: A frame's header; see `cti_schema.wire.frame`.
HEADER = np.dtype([("token", "<u8"), ("length", "<u4"), ("code", "<u4"), ("extended_code", "<u4")])
_TOKEN = np.uint64(int.from_bytes(TOKEN, "little"))


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
        starts: where the pieces begin, in rising order.
        ends: where they end; each has a byte at least.

    Pieces of the same size are the rows of a table: of that numpy widens a little at a time, and copies
    nothing where they follow each other.
    """
    found = np.zeros(len(starts), np.uint16)
    sizes = ends - starts
    order = np.argsort(sizes, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(sizes[order])) + 1) if len(order) else ():
        places, size = starts[rows], int(sizes[rows[0]])
        steps = np.diff(places)
        if len(rows) == 1 or (steps == steps[0]).all():
            step = int(steps[0]) if len(rows) > 1 else size
            table: Array = np.ndarray((len(rows), size), np.uint8, data, int(places[0]), (step, 1))
        else:
            table = gather(data, places, np.dtype((np.void, size))).view(np.uint8).reshape(-1, size)
        found[rows] = np.add.reduce(table, axis=1, dtype=np.uint16)
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
