"""What the written builders call."""

from __future__ import annotations

import struct
from _codecs import latin_1_encode, utf_16_le_encode
from functools import lru_cache
from typing import Any, Final

from cti_schema import kinds as k
from cti_schema.compile.doubt import MOST_REMEMBERED, Doubt, TextsLayout
from cti_schema.errors import EncodeError
from cti_schema.wire import bson
from cti_schema.wire.json_body import build_body
from cti_schema.wire.objects import plain
from cti_schema.wire.values import NaN

_CLEAN_NAN: Final = struct.unpack("<d", bytes.fromhex("000000000000f87f"))[0]


def write_json(message: Any) -> bytes:
    """Return the JSON body of a message."""
    values, leftovers = plain(message)
    if leftovers.keys() - {"json"}:
        raise Doubt
    try:
        return build_body(message.spec.members, values, leftovers.get("json"))
    except EncodeError:
        raise Doubt from None


def number(value: Any) -> Any:
    """Return a number that can be packed as a float."""
    if not isinstance(value, (float, int)) or isinstance(value, NaN):
        raise Doubt
    return value if value == value else _CLEAN_NAN


def write_utf16(text: Any, size: int) -> bytes:
    """Return the bytes of a text for a field of fixed size."""
    if text.__class__ is not str or "\0" in text:
        raise Doubt
    raw = utf_16_le_encode(text)[0]
    if len(raw) > size:
        raise Doubt
    return raw


def write_texts(
    texts: tuple[Any, ...], layout: TextsLayout, memory: dict[int, tuple[Any, Any]], index: int
) -> bytes:
    """Return the bytes of texts of fixed size that follow each other, and remember them."""
    parts = []
    for text, (_, start, stop, encoding) in zip(texts, layout, strict=True):
        size = stop - start
        raw = write_utf16(text, size) if encoding == "utf-16-le" else write_bytes(text, encoding, size)
        parts.append(raw.ljust(size, b"\0"))
    made = b"".join(parts)
    if index < MOST_REMEMBERED:
        memory[index] = (texts, made)
    return made


def write_bytes(text: Any, encoding: str, size: int) -> bytes:
    """Return the bytes of a single-byte text for a field of fixed size."""
    if text.__class__ is not str or "\0" in text:
        raise Doubt
    raw: bytes = text.encode(encoding)
    if len(raw) > size:
        raise Doubt
    return raw


def write_utf16_counted(text: Any) -> bytes:
    """Return the bytes of a text whose length stands elsewhere."""
    if text.__class__ is not str:
        raise Doubt
    return utf_16_le_encode(text)[0]


def write_latin1_counted(text: Any) -> bytes:
    """Return the bytes of a text whose length stands elsewhere."""
    if text.__class__ is not str:
        raise Doubt
    return latin_1_encode(text)[0]


def write_z(text: Any, limit: int) -> bytes:
    """Return the bytes of a text in front of its NUL."""
    raw = write_latin1_counted(text)
    if len(raw) > limit or 0 in raw:
        raise Doubt
    return raw


def write_prefixed(text: Any, kind: k.PrefixedText) -> bytes:
    """Return a text behind its length."""
    raw = write_latin1_counted(text)
    if len(raw) > kind.limit or (not kind.exact and 0 in raw):
        raise Doubt
    return kind.prefix.packer.pack(len(raw)) + raw + b"\0"


@lru_cache(maxsize=256)
def _packer(code: str, count: int) -> Any:
    return struct.Struct(f"<{count}{code}").pack


def write_numbers(values: Any, kind: k.Scalar) -> bytes:
    """Return the bytes of numbers that stand one behind the other."""
    if values.__class__ is not list:
        raise Doubt
    if kind.is_float:
        total = sum(values, 0.0)
        if total != total or total.__class__ is not float:
            values = [number(value) for value in values]
    made: bytes = _packer(k.SCALARS[kind.type], len(values))(*values)
    return made


def write_document(value: Any) -> bytes:
    """Return the bytes of a BSON document."""
    return bson.encode(value)


def blob(value: Any) -> bytes:
    """Return bytes that are exactly bytes."""
    if value.__class__ is not bytes:
        raise Doubt
    made: bytes = value
    return made
