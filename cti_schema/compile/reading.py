"""What the written parsers call."""

from __future__ import annotations

import struct
from _codecs import latin_1_decode, utf_16_le_decode
from typing import Any

from cti_schema import kinds as k
from cti_schema.compile.doubt import MOST_REMEMBERED, Doubt, TextsLayout
from cti_schema.errors import DecodeError
from cti_schema.wire import bson
from cti_schema.wire.json_body import parse_body
from cti_schema.wire.objects import make_record
from cti_schema.wire.report import Report
from cti_schema.wire.values import read_float


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
