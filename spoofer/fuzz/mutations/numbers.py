"""Numbers at the ends of their range and beyond it, floats that are no numbers, values that no list names."""

from __future__ import annotations

import math
import struct
from enum import IntEnum
from random import Random
from typing import Any, Final

from cti_schema import kinds as k
from spoofer.fuzz.case import Expect
from spoofer.fuzz.mutations.mutation import Change, different, on_field, pick, replaced
from spoofer.fuzz.pool import Sample
from spoofer.fuzz.sites import Site

_FLOATS: Final = ("f32", "f64")


def _is_integer(site: Site) -> bool:
    kind = site.kind
    if isinstance(kind, k.JsonType):
        return kind.type[0] in "iu" and kind.type[1:].isdigit() and str(site.value) != "null"
    return isinstance(kind, k.Scalar) and not kind.is_float and not site.counts


def _is_float(site: Site) -> bool:
    kind = site.kind
    return isinstance(kind, (k.Scalar, k.JsonType)) and kind.type in _FLOATS and str(site.value) != "null"


def _enum(site: Site) -> Any:
    kind = site.kind
    return kind.enum if isinstance(kind, (k.Scalar, k.JsonType)) else None


def _limits(site: Site) -> tuple[int, int]:
    assert isinstance(site.kind, (k.Scalar, k.JsonType))
    return k.Scalar(site.kind.type).limits()


def integer_bytes(site: Site, value: int) -> bytes:
    """Return an integer as it is written at a place: packed, or as JSON text."""
    if isinstance(site.kind, k.JsonType):
        return str(value).encode("utf-16-le")
    assert isinstance(site.kind, k.Scalar)
    return site.kind.packer.pack(value)


@on_field("integer_limit", "an integer at an end of its range", _is_integer)
def integer_limit(sample: Sample, site: Site, random: Random) -> Change | None:
    least, greatest = _limits(site)
    ends = (least, least + 1, -1 if least else 0, 1, greatest // 2, greatest // 2 + 1, greatest - 1, greatest)
    value = pick(random, list(different(ends, int(str(site.value).strip('"')))))
    return replaced(site, integer_bytes(site, value), f"{value} where {least} to {greatest} fit")


@on_field(
    "integer_beyond", "an integer too large for its field, written in as many bytes as it needs", _is_integer
)
def integer_beyond(sample: Sample, site: Site, random: Random) -> Change | None:
    least, greatest = _limits(site)
    if isinstance(site.kind, k.JsonType):
        value = pick(random, (least - 1, greatest + 1, -(2**63) - 1, 2**64, 10**40))
        return replaced(site, integer_bytes(site, value), f"{value} where {least} to {greatest} fit")
    value = pick(random, (greatest + 1, 2 * greatest + 1, least - 1))
    size = 2 * site.length
    data = (value % 256**size).to_bytes(size, "little")
    return replaced(site, data, f"{value} in {size} bytes where {site.length} stand")


@on_field("float_special", "not a number, or infinite", _is_float)
def float_special(sample: Sample, site: Site, random: Random) -> Change | None:
    assert isinstance(site.kind, (k.Scalar, k.JsonType))
    if isinstance(site.kind, k.JsonType):
        texts = ('"NaN"', '"Infinity"', '"-Infinity"', "NaN", "Infinity", "-Infinity")
        text = random.choice([one for one in texts if one != site.value])
        return replaced(site, text.encode("utf-16-le"), text, Expect.ANYTHING)
    bits = (0x7FC00000, 0xFFC00000, 0x7F800001, 0xFFFFFFFF, 0x7F800000, 0xFF800000)
    names = ("quiet NaN", "negative NaN", "signalling NaN", "NaN of all ones", "infinity", "-infinity")
    number = int(random.random() * len(bits))
    data = bits[number].to_bytes(4, "little")
    if site.kind.type == "f64":
        data = _WIDE[number].to_bytes(8, "little")
    return replaced(site, data, names[number], Expect.ANYTHING)


_WIDE: Final = (
    0x7FF8 << 48, 0xFFF8 << 48, (0x7FF0 << 48) + 1, 0xFFFFFFFFFFFFFFFF, 0x7FF0 << 48, 0xFFF0 << 48,
)  # fmt: skip


@on_field("float_limit", "a float at an end of its range", _is_float)
def float_limit(sample: Sample, site: Site, random: Random) -> Change | None:
    assert isinstance(site.kind, (k.Scalar, k.JsonType))
    wide = site.kind.type == "f64"
    greatest = 1.7976931348623157e308 if wide else 3.4028234663852886e38
    least = math.ulp(0.0) if wide else 1.401298464324817e-45
    value = random.choice((greatest, -greatest, least, -least, -0.0))
    if isinstance(site.kind, k.JsonType):
        text = f"{value:.17G}" if wide else f"{value:.9G}"
        return replaced(site, text.encode("utf-16-le"), text)
    return replaced(site, struct.pack("<d" if wide else "<f", value), str(value))


@on_field(
    "float_beyond",
    "a float beyond the range of its type, in a JSON text",
    lambda site: isinstance(site.kind, k.JsonType) and _is_float(site),
)
def float_beyond(sample: Sample, site: Site, random: Random) -> Change | None:
    assert isinstance(site.kind, k.JsonType)
    text = random.choice(("1E+400", "-1E+400") if site.kind.type == "f64" else ("1E+39", "-1E+39", "1E+400"))
    return replaced(site, text.encode("utf-16-le"), f"{text} as {site.kind.type}", Expect.ANYTHING)


@on_field(
    "enum_unknown",
    "a value that the enumeration does not list",
    lambda site: _is_integer(site) and _enum(site) is not None,
)
def enum_unknown(sample: Sample, site: Site, random: Random) -> Change | None:
    least, greatest = _limits(site)
    enum = _enum(site)
    known = {int(one) for one in enum}
    if issubclass(enum, IntEnum):
        near = [one + step for one in known for step in (-1, 1)]
    else:
        bits = sum(known)
        near = [1 << bit for bit in range(greatest.bit_length()) if not bits >> bit & 1]
    unknown = sorted({one for one in (*near, least, greatest) if least <= one <= greatest} - known)
    if not unknown:
        return None
    value = pick(random, unknown)
    return replaced(
        site, integer_bytes(site, value), f"{value}, which {enum.__name__} does not list", Expect.ANYTHING
    )


@on_field(
    "layout_switched",
    "the field that chooses a layout says another one than stands there",
    lambda site: site.decides and isinstance(site.kind, k.Scalar),
)
def layout_switched(sample: Sample, site: Site, random: Random) -> Change | None:
    enum = _enum(site)
    values = [int(one) for one in enum] if enum is not None else [0, 1, 2, 255]
    value = pick(random, list(different(values, int(site.value))))
    return replaced(site, integer_bytes(site, value), f"{value} over a body made for {int(site.value)}")
