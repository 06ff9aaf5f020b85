"""Bytes, documents, and what JSON members need here."""

from __future__ import annotations

from typing import Any

import construct

from cti_schema import kinds as k
from cti_schema.wire import bson
from cti_schema.wire.subcons.base import (
    CountOverrun,
    Node,
    describe,
    fail,
    leftover_of,
    read,
    register,
    report_of,
)


@register(k.Data)
class DataNode(Node):
    """Bytes of fixed or counted length."""

    kind: k.Data

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        length = self.kind.length
        if isinstance(length, int):
            return read(stream, length, path)
        return read(stream, max(context[length.name], 0), path, CountOverrun)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (bytes, bytearray, memoryview)):
            raise fail(context, path, f"bytes are needed, not {describe(obj)}")
        length = self.kind.length
        if isinstance(length, int) and len(obj) != length:
            raise fail(context, path, f"exactly {length} bytes are needed, not {len(obj)}")
        stream.write(obj)
        return obj


@register(k.Reserved)
class ReservedNode(Node):
    """Bytes without a meaning."""

    kind: k.Reserved

    def __init__(self, kind: k.Reserved) -> None:
        super().__init__(kind)
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        return read(stream, self.kind.length, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is None:
            obj = bytes(self.kind.length)
        if not isinstance(obj, (bytes, bytearray)) or len(obj) != self.kind.length:
            raise fail(context, path, f"exactly {self.kind.length} bytes are needed, not {describe(obj)}")
        stream.write(obj)
        return obj


@register(k.Rest)
class RestNode(Node):
    """All bytes up to the end."""

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        data: bytes = stream.read()
        return data

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (bytes, bytearray)):
            raise fail(context, path, f"bytes are needed, not {describe(obj)}")
        stream.write(obj)
        return obj


@register(k.Document)
class DocumentNode(Node):
    """A BSON document."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = stream.tell()
        raw = read(stream, bson.document_size(_peek(stream)), path, CountOverrun)
        report = report_of(context)
        try:
            value = bson.decode(raw)
        except bson.BsonError as error:
            if report is None:
                raise construct.ValidationError(str(error), path=path) from None
            report.problem("bson", str(error), start + error.offset)
            value = {}
        if report is not None and not _writes_back(value, raw):
            report.leftovers[report.path] = raw
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        leftover = leftover_of(context)
        if leftover is not None and bson.means(leftover, obj):
            stream.write(leftover)
            return obj
        try:
            stream.write(bson.encode(obj))
        except bson.BsonError as error:
            raise fail(context, path, str(error)) from None
        return obj


@register(k.Member)
class MemberNode(Node):
    """A member of a JSON body; it has no bytes of its own and is read and written with its object."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        raise construct.ConstructError("a JSON member is parsed with its body", path=path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        raise construct.ConstructError("a JSON member is built with its body", path=path)


def _peek(stream: Any) -> bytes:
    raw: bytes = stream.read(4)
    stream.seek(stream.tell() - len(raw))
    return raw


def _writes_back(value: Any, raw: bytes) -> bool:
    try:
        return bson.encode(value) == raw
    except bson.BsonError:
        return False
