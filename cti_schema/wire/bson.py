"""The part of BSON that CTI's callbacks use, byte-exact in both directions.

Written integers are 64 bits wide, as the vendor's client writes them; 32-bit ones are read too.
Source: bsonspec.org, version 1.1; the types are those seen in recorded frames and their close kin.
"""

from __future__ import annotations

import struct
from typing import Any, Final

from cti_schema.message import same_value
from cti_schema.wire.report import shown

_DOUBLE: Final = struct.Struct("<d")
_INT32: Final = struct.Struct("<i")
_INT64: Final = struct.Struct("<q")

#: The smallest document: its length and the NUL at its end.
LEAST: Final = 5
_DEEPEST: Final = 32


class BsonError(ValueError):
    """Not a BSON document of the types known here.

    Attributes:
        offset: from the document's first byte.
    """

    def __init__(self, message: str, offset: int = 0) -> None:
        self.offset = offset
        super().__init__(message)


def document_size(head: bytes) -> int:
    """Return the size in bytes that a document's first four bytes announce, at least that of an empty one."""
    return max(LEAST, int.from_bytes(head, "little")) if len(head) == 4 else LEAST


def decode(raw: bytes) -> dict[str, Any]:
    """Return the document as a dictionary.

    Raises:
        BsonError: the bytes are no document, or hold a type that is not known here.
    """
    value, end = _document(raw, 0, 0)
    if end != len(raw):
        raise BsonError(f"{len(raw) - end} bytes stand behind the document", end)
    return value


def encode(value: Any) -> bytes:
    """Return the bytes of a document.

    Raises:
        BsonError: a value has a type that is not known here, or does not fit.
    """
    if not isinstance(value, dict):
        raise BsonError(f"a document is needed, not {type(value).__name__}")
    return _write(value, 0)


def means(raw: bytes, value: Any) -> bool:
    """Tell whether the bytes are a document with this value."""
    try:
        return same_value(decode(raw), value)
    except BsonError:
        return bool(value == {})


def _need(raw: bytes, position: int, count: int) -> bytes:
    if count < 0 or position + count > len(raw):
        raise BsonError("the document ends inside a value", position)
    return raw[position : position + count]


def _cstring(raw: bytes, position: int) -> tuple[str, int]:
    end = raw.find(0, position)
    if end < 0:
        raise BsonError("a name has no end", position)
    return _text(raw[position:end], position), end + 1


def _text(data: bytes, position: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BsonError("a text is no UTF-8", position + error.start) from None


def _document(raw: bytes, position: int, depth: int) -> tuple[dict[str, Any], int]:
    if depth > _DEEPEST:
        raise BsonError(f"documents are nested deeper than {_DEEPEST}", position)
    (size,) = _INT32.unpack(_need(raw, position, 4))
    end = position + size
    if size < LEAST or end > len(raw) or raw[end - 1] != 0:
        raise BsonError(f"the document's length {size} is wrong", position)
    found: dict[str, Any] = {}
    position += 4
    while position < end - 1:
        kind = raw[position]
        name, position = _cstring(raw, position + 1)
        found[name], position = _value(raw, position, kind, depth)
    if position != end - 1:
        raise BsonError("a value goes beyond its document", position)
    return found, end


def _value(raw: bytes, position: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind == 0x01:
        return _DOUBLE.unpack(_need(raw, position, 8))[0], position + 8
    if kind == 0x02:
        (size,) = _INT32.unpack(_need(raw, position, 4))
        data = _need(raw, position + 4, size)
        if not data or data[-1] != 0:
            raise BsonError("a text has no NUL at its end", position)
        return _text(data[:-1], position + 4), position + 4 + size
    if kind == 0x03:
        return _document(raw, position, depth + 1)
    if kind == 0x04:
        value, end = _document(raw, position, depth + 1)
        return list(value.values()), end
    if kind == 0x08:
        return _need(raw, position, 1) != b"\0", position + 1
    if kind == 0x0A:
        return None, position
    if kind == 0x10:
        return _INT32.unpack(_need(raw, position, 4))[0], position + 4
    if kind == 0x12:
        return _INT64.unpack(_need(raw, position, 8))[0], position + 8
    raise BsonError(f"the type 0x{kind:02X} is not known", position)


def _write(items: dict[str, Any], depth: int) -> bytes:
    if depth > _DEEPEST:
        raise BsonError(f"documents are nested deeper than {_DEEPEST}")
    body = b""
    for name, value in items.items():
        if not isinstance(name, str) or "\0" in name:
            raise BsonError(f"{name!r} is no name")
        kind, data = _element(value, depth)
        body += bytes([kind]) + name.encode("utf-8", "replace") + b"\0" + data
    return _INT32.pack(len(body) + LEAST) + body + b"\0"


def _element(value: Any, depth: int) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return 0x08, bytes([value])
    if isinstance(value, float):
        return 0x01, _DOUBLE.pack(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise BsonError(f"{shown(value)} has more than 64 bits")
        return 0x12, _INT64.pack(value)
    if isinstance(value, str):
        try:
            data = value.encode("utf-8") + b"\0"
        except UnicodeEncodeError:
            raise BsonError(f"{value!a} cannot be written as UTF-8") from None
        return 0x02, _INT32.pack(len(data)) + data
    if isinstance(value, dict):
        return 0x03, _write(value, depth + 1)
    if isinstance(value, list):
        return 0x04, _write({str(index): item for index, item in enumerate(value)}, depth + 1)
    if value is None:
        return 0x0A, b""
    raise BsonError(f"a {type(value).__name__} has no type in BSON")
