"""What the written parsers and builders call.

A written function handles what is as declared. In any doubt it raises `Doubt`, and the construct struct,
which is the meaning of the message, decides: so there is one judge of what is accepted and what is refused.
"""

from __future__ import annotations

import struct
from _codecs import latin_1_decode, latin_1_encode, utf_16_le_decode, utf_16_le_encode
from functools import lru_cache
from typing import Any, Final, TypeAlias

from cti_schema import kinds as k
from cti_schema.errors import DecodeError, EncodeError
from cti_schema.wire import bson
from cti_schema.wire.frame import seal
from cti_schema.wire.json_body import build_body, parse_body
from cti_schema.wire.objects import make_record, plain
from cti_schema.wire.report import Report
from cti_schema.wire.values import NaN, read_float


class Doubt(Exception):
    """The bytes or values are not plainly as declared: the construct struct must decide."""


#: What a written function may end in; every one means `Doubt`.
DOUBTS: Final = (
    Doubt, struct.error, ValueError, IndexError, TypeError, OverflowError, AttributeError, bson.BsonError,
)  # fmt: skip

#: Name, first byte, end and encoding of texts that follow each other.
TextsLayout: TypeAlias = tuple[tuple[str, int, int, str], ...]

#: Records of one list whose texts are remembered.
MOST_REMEMBERED: Final = 256

#: What is remembered of a record that was not there before.
NOTHING: Final = (None, None)

_CLEAN_NAN: Final = struct.unpack("<d", bytes.fromhex("000000000000f87f"))[0]


# Parsing


def keep(record: Any, name: str, raw: bytes, value: Any) -> None:
    """Keep bytes that an exact re-encode needs beyond a value."""
    if record is None:
        raise Doubt
    record._kept[name] = (raw, value)


def listed(enum: Any, value: int, strict: bool) -> Any:
    """Return the member for a value that is not among those listed."""
    member = enum(value)
    if not strict and not getattr(member, "known", True):
        raise Doubt  # a lenient decoder tells
    return member


def cut_utf16(raw: bytes) -> tuple[str, bytes]:
    """Return the text of a field of fixed size, and what stands behind its NUL character."""
    end = raw.find(b"\0\0")
    while end & 1 and end > 0:
        # The zeros may belong to two characters: only those at an even place are a NUL.
        end = raw.find(b"\0\0", end + 1)
    if end < 0:
        return utf_16_le_decode(raw, "strict", True)[0], b""
    head = raw[:end]
    behind = b"" if head.ljust(len(raw), b"\0") == raw else raw[end + 2 :].rstrip(b"\0")
    return utf_16_le_decode(head, "strict", True)[0], behind


def cut_bytes(raw: bytes, encoding: str) -> tuple[str, bytes]:
    """Return the single-byte text of a field of fixed size, and what stands behind its NUL."""
    head, _, behind = raw.partition(b"\0")
    return head.decode(encoding), b"" if behind == bytes(len(behind)) else behind.rstrip(b"\0")


def read_utf16(raw: bytes, record: Any, name: str) -> str:
    """Return the text of a field of fixed size; keep what stands behind its NUL character."""
    text, behind = cut_utf16(raw)
    if behind:
        keep(record, name, behind, text)
    return text


def read_bytes(raw: bytes, encoding: str, record: Any, name: str) -> str:
    """Return the single-byte text of a field of fixed size; keep what stands behind its NUL."""
    text, behind = cut_bytes(raw, encoding)
    if behind:
        keep(record, name, behind, text)
    return text


def read_texts(
    raw: bytes, layout: TextsLayout, record: Any, memory: dict[int, tuple[Any, Any]], index: int
) -> tuple[str, ...]:
    """Return texts of fixed size that follow each other, and remember them."""
    texts = []
    plain = True
    for name, start, stop, encoding in layout:
        part = raw[start:stop]
        text, behind = cut_utf16(part) if encoding == "utf-16-le" else cut_bytes(part, encoding)
        if behind:
            keep(record, name, behind, text)
            plain = False
        texts.append(text)
    found = tuple(texts)
    if plain and index < MOST_REMEMBERED:
        memory[index] = (raw, found)
    return found


def read_utf16_counted(data: bytes, start: int, stop: int, end: int) -> str:
    """Return a text whose length is known."""
    if not start <= stop <= end:
        raise Doubt
    return utf_16_le_decode(data[start:stop], "strict", True)[0]


def read_latin1_counted(data: bytes, start: int, stop: int, end: int) -> str:
    """Return a text whose length is known."""
    if not start <= stop <= end:
        raise Doubt
    return latin_1_decode(data[start:stop])[0]


def find_nul(data: bytes, start: int, end: int, limit: int) -> int:
    """Return where the NUL of a text stands."""
    stop = data.find(0, start, end)
    if not 0 <= stop - start <= limit:
        raise Doubt
    return stop


def read_table(raw: bytes, used: int, kind: k.Table, record: Any, name: str) -> list[Any]:
    """Return the used items of a table; keep what stands behind them."""
    if not 0 <= used <= kind.length:
        raise Doubt
    values = list(struct.unpack_from(f"<{used}{k.SCALARS[kind.item.type]}", raw))
    if kind.item.is_float:
        values = _reals(values, raw, 0, kind.item)
    unused = raw[used * kind.item.size() :].rstrip(b"\0")
    if unused:
        keep(record, name, unused, list(values))
    return values


def read_numbers(data: bytes, start: int, count: int, kind: k.Scalar) -> list[Any]:
    """Return numbers that stand one behind the other."""
    values = list(struct.unpack_from(f"<{count}{k.SCALARS[kind.type]}", data, start))
    return _reals(values, data, start, kind) if kind.is_float else values


def _reals(values: list[Any], data: bytes, start: int, kind: k.Scalar) -> list[Any]:
    total = sum(values)
    if total == total:
        return values
    size = kind.size()
    return [real(data, start + index * size, kind.packer) for index in range(len(values))]


def real(data: bytes, start: int, packer: struct.Struct) -> float:
    """Return the float at a place; a NaN of unusual bits keeps them."""
    return read_float(data[start : start + packer.size], packer)


def read_document(data: bytes, start: int, end: int, record: Any, name: str) -> tuple[Any, int]:
    """Return a BSON document and where it ends; keep its bytes if they would be written otherwise."""
    stop = start + bson.document_size(data[start : min(start + 4, end)])
    if stop > end:
        raise Doubt
    raw = data[start:stop]
    value = bson.decode(raw)
    if bson.encode(value) != raw:
        keep(record, name, raw, None)
    return value, stop


def read_surplus(record: Any, data: bytes, start: int, end: int, kind: k.Surplus | None, items: int) -> None:
    """Keep the bytes behind the last field, if they are known to be sent."""
    if kind is None or start > end or not kind.allows(end - start, items):
        raise Doubt
    surplus = data[start:end]
    if kind.zeros and any(surplus):
        raise Doubt
    keep(record, "surplus", surplus, None)


def read_json(message: type[Any], body: bytes, strict: bool) -> Any:
    """Return the message of a JSON body, if nothing is wrong with it."""
    report = Report(strict=strict)
    try:
        values = parse_body(message.spec.members, body, report)
    except DecodeError:
        raise Doubt from None
    if report.problems and not strict:
        raise Doubt
    made = make_record(report, message, values, "")
    if "json" in report.leftovers:
        keep(made, "json", report.leftovers["json"], None)
    return made


# Building


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


#: The names that the written source uses.
NAMES: Final[dict[str, Any]] = {
    "NOTHING": NOTHING,
    "Doubt": Doubt,
    "blob": blob,
    "find_nul": find_nul,
    "keep": keep,
    "listed": listed,
    "new": object.__new__,
    "number": number,
    "read_bytes": read_bytes,
    "read_document": read_document,
    "read_json": read_json,
    "read_latin1_counted": read_latin1_counted,
    "read_numbers": read_numbers,
    "read_surplus": read_surplus,
    "read_table": read_table,
    "read_texts": read_texts,
    "read_utf16": read_utf16,
    "read_utf16_counted": read_utf16_counted,
    "real": real,
    "write_bytes": write_bytes,
    "write_document": write_document,
    "write_json": write_json,
    "write_latin1_counted": write_latin1_counted,
    "write_numbers": write_numbers,
    "write_prefixed": write_prefixed,
    "seal": seal,
    "write_texts": write_texts,
    "write_utf16": write_utf16,
    "write_utf16_counted": write_utf16_counted,
    "write_z": write_z,
}
