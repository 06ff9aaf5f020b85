"""Values that Python's own types cannot hold: a NaN whose bits matter.

A NaN has many bit patterns, and a cycler may send any. Python turns a signalling NaN of four bytes
into a quiet one when it widens it, so the bits travel with the value.
"""

from __future__ import annotations

import struct
from typing import Final

#: The NaN that needs no bits of its own, by the size of the float.
QUIET: Final = {4: 0x7FC00000, 8: 0x7FF8000000000000}
_INTEGER: Final = {4: struct.Struct("<I"), 8: struct.Struct("<Q")}


class NaN(float):
    """A NaN with its bit pattern.

    Attributes:
        bits: the pattern as an integer.
        size: bytes of the float, 4 or 8.
    """

    __slots__ = ("bits", "size")
    bits: int
    size: int

    def __new__(cls, bits: int, size: int) -> NaN:
        value = super().__new__(cls, "nan")
        value.bits = bits
        value.size = size
        return value

    def __repr__(self) -> str:
        return f"nan:{self.bits:0{2 * self.size}x}"

    def __reduce__(self) -> tuple[type[NaN], tuple[int, int]]:
        return NaN, (self.bits, self.size)


def read_float(raw: bytes, packer: struct.Struct) -> float:
    """Return the float that the bytes are; a NaN of unusual bits keeps them."""
    value: float = packer.unpack(raw)[0]
    if value != value:
        (bits,) = _INTEGER[packer.size].unpack(raw)
        if bits != QUIET[packer.size]:
            return NaN(bits, packer.size)
    return value


def write_float(value: float, packer: struct.Struct) -> bytes:
    """Return the bytes of a float.

    Raises:
        OverflowError: the value is beyond what four bytes hold.
    """
    if value != value:
        bits = QUIET[packer.size]
        if isinstance(value, NaN) and value.size == packer.size:
            bits = value.bits
        return _INTEGER[packer.size].pack(bits)
    return packer.pack(value)
