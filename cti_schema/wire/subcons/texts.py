"""Texts: of fixed size, counted, up to a NUL byte, behind their own length."""

from __future__ import annotations

from typing import Any

from construct import StreamError

from cti_schema import kinds as k
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


class TextBase(Node):
    """What texts share: decoding with a problem, encoding with an error."""

    encoding: str

    def decode(self, raw: bytes, context: Any, position: int, length: int) -> tuple[str, bool]:
        """Return the text, and whether the bytes were fine."""
        try:
            text = raw.decode(self.encoding)
        except UnicodeDecodeError as error:
            report = report_of(context)
            if report is not None:
                message = f"the bytes {raw[error.start : error.end].hex()} are no {self.encoding}"
                report.problem(
                    "text", message, position + error.start, found=raw[error.start : error.end].hex()
                )
            fallback = "latin-1" if self.encoding == "ascii" else self.encoding
            return raw.decode(fallback, "replace"), False
        return text, True

    def encode(self, value: Any, context: Any, path: str, *, nul: bool = False) -> bytes:
        """Return the bytes of a text.

        Args:
            value: the text.
            context: the construct context.
            path: the construct path.
            nul: the text may hold NUL characters.
        """
        if not isinstance(value, str):
            raise fail(context, path, f"a text is needed, not {describe(value)}")
        if not nul and "\0" in value:
            raise fail(context, path, "the text holds a NUL character, at which it would be cut")
        try:
            return value.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = value[error.start]
            reason = f"the character {character!a} at {error.start} cannot be written as {self.encoding}"
            raise fail(context, path, reason) from None

    def same(self, raw: bytes, value: Any) -> bool:
        """Tell whether bytes that did not decode well are what this text was made of."""
        fallback = "latin-1" if self.encoding == "ascii" else self.encoding
        return bool(raw.decode(fallback, "replace") == value)


@register(k.Text)
class TextNode(TextBase):
    """Text of fixed size."""

    kind: k.Text

    def __init__(self, kind: k.Text) -> None:
        super().__init__(kind)
        self.encoding = kind.encoding
        self.unit = k.unit_size(kind.encoding)

    def cut(self, raw: bytes) -> tuple[bytes, bytes]:
        """Return the bytes in front of the first NUL character, and those behind it."""
        end = raw.find(bytes(self.unit))
        while end % self.unit and end >= 0:
            end = raw.find(bytes(self.unit), end + 1)
        return (raw, b"") if end < 0 else (raw[:end], raw[end + self.unit :].rstrip(b"\0"))

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        start = stream.tell()
        raw = read(stream, self.kind.size(), path)
        head, behind = self.cut(raw)
        text, fine = self.decode(head, context, start, len(raw))
        report = report_of(context)
        if report is not None and (behind or not fine):
            report.leftovers[report.path] = behind if fine else raw
        return text

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        size = self.kind.size()
        leftover = leftover_of(context)
        if leftover is not None and len(leftover) == size and self.same(self.cut(leftover)[0], obj):
            stream.write(leftover)
            return obj
        data = self.encode(obj, context, path)
        if len(data) > size:
            units = len(data) // self.unit
            raise fail(context, path, f"the text has {units} units, the field {self.kind.units}")
        if leftover is not None and len(data) + self.unit + len(leftover) <= size:
            data += bytes(self.unit) + leftover
        stream.write(data.ljust(size, b"\0"))
        return obj


@register(k.CountedText)
class CountedTextNode(TextBase):
    """Text whose length stands in another field."""

    kind: k.CountedText

    def __init__(self, kind: k.CountedText) -> None:
        super().__init__(kind)
        self.encoding = kind.encoding

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        start = stream.tell()
        length = context[self.kind.length.name] * k.unit_size(self.encoding)
        raw = read(stream, max(length, 0), path, CountOverrun)
        text, fine = self.decode(raw, context, start, len(raw))
        report = report_of(context)
        if report is not None and not fine:
            report.leftovers[report.path] = raw
            report.leftovers[report.sibling(self.kind.length.name)] = self.kind.length.of.packer.pack(
                context[self.kind.length.name]
            )
        return text

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        leftover = leftover_of(context)
        if leftover is not None and self.same(leftover, obj):
            stream.write(leftover)
        else:
            stream.write(self.encode(obj, context, path, nul=True))
        return obj


@register(k.ZText)
class ZTextNode(TextBase):
    """Text up to a NUL byte."""

    kind: k.ZText
    encoding = "latin-1"

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        start = stream.tell()
        present_if = self.kind.present_if
        if present_if is not None and context[present_if.name] == 0:
            return ""
        raw = read_to_nul(stream, path)
        report = report_of(context)
        text = raw.decode("latin-1")
        if report is not None:
            if len(raw) > self.kind.limit:
                message = f"the text has {len(raw)} bytes, at most {self.kind.limit} are allowed"
                report.problem("text", message, start, expected=self.kind.limit, found=len(raw))
                report.leftovers[report.path] = raw + b"\0"
            if present_if is not None and context[present_if.name] != len(raw):
                number = present_if.of.packer.pack(context[present_if.name])
                report.leftovers[report.sibling(present_if.name)] = number
        return text

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        data = self.encode(obj, context, path)
        present_if = self.kind.present_if
        if present_if is not None and not context.get(present_if.name):
            return obj
        if len(data) > self.kind.limit and leftover_of(context) != data + b"\0":
            raise fail(context, path, f"the text has {len(data)} bytes, the limit is {self.kind.limit}")
        stream.write(data + b"\0")
        return obj


@register(k.PrefixedText)
class PrefixedTextNode(TextBase):
    """Text behind its own length, with a NUL byte at its end."""

    kind: k.PrefixedText
    encoding = "latin-1"

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        start = stream.tell()
        prefix = read(stream, self.kind.prefix.size(), path)
        (length,) = self.kind.prefix.packer.unpack(prefix)
        report = report_of(context)
        if self.kind.exact:
            raw = read(stream, length + 1, path, CountOverrun)
            text, end = raw[:-1].decode("latin-1"), raw[-1:]
            if report is not None and (end != b"\0" or length > self.kind.limit):
                message = "no NUL byte stands behind the text" if end != b"\0" else "the text is too long"
                report.problem("text", message, start + len(prefix) + length, expected="00", found=end.hex())
                report.leftovers[report.path] = prefix + raw
            return text
        raw = read_to_nul(stream, path)
        if report is not None:
            if len(raw) > self.kind.limit:
                message = f"the text has {len(raw)} bytes, at most {self.kind.limit} are allowed"
                report.problem("text", message, start + 4, expected=self.kind.limit, found=len(raw))
            if len(raw) > self.kind.limit or length != len(raw):
                report.leftovers[report.path] = prefix + raw + b"\0"
        return raw.decode("latin-1")

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        leftover = leftover_of(context)
        size = self.kind.prefix.size()
        if leftover is not None and leftover[size:-1].decode("latin-1") == obj:
            stream.write(leftover)
            return obj
        data = self.encode(obj, context, path, nul=self.kind.exact)
        if len(data) > self.kind.limit:
            raise fail(context, path, f"the text has {len(data)} bytes, the limit is {self.kind.limit}")
        stream.write(self.kind.prefix.packer.pack(len(data)) + data + b"\0")
        return obj


def read_to_nul(stream: Any, path: str) -> bytes:
    """Return the bytes in front of the next NUL byte, and go behind it.

    Raises:
        StreamError: there is none.
    """
    start = stream.tell()
    found = bytearray()
    while True:
        block = stream.read(1024)
        end = block.find(0)
        if end >= 0:
            found += block[:end]
            stream.seek(start + len(found) + 1)
            return bytes(found)
        if not block:
            stream.seek(start)
            raise StreamError("no NUL byte ends the text", path=path)
        found += block
