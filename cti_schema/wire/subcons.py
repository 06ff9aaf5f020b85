"""The construct behind each kind of field. This is where a declaration gets its meaning.

`struct_of` makes a `construct.Struct` of a layout. Used as any construct, it parses and builds
bodies. Handed a `Report` (parameter ``report``) it also tells where each field stands and what is
wrong with it, and handed a `Writer` (parameter ``writer``) it writes leftovers and names the field
that a value does not fit.
"""

from __future__ import annotations

import operator
import sys
from functools import singledispatch
from numbers import Real
from typing import TYPE_CHECKING, Any

import construct
from construct import Construct, SizeofError, StopFieldError, StreamError, Struct, Subconstruct

from cti_schema import kinds as k
from cti_schema.declare import Record, RecordSpec
from cti_schema.errors import EncodeError
from cti_schema.wire import bson
from cti_schema.wire.json_body import JsonStruct
from cti_schema.wire.report import Report, join_path, unknown_kind
from cti_schema.wire.values import read_float, write_float

# The stubs make these generic, the classes themselves are not.
if TYPE_CHECKING:
    _Construct = Construct[Any, Any]
    _Subconstruct = Subconstruct[Any, Any, Any, Any]
else:
    _Construct, _Subconstruct = Construct, Subconstruct


class CountOverrun(StreamError):
    """A length goes beyond the end of the body."""


class Writer:
    """What a build needs besides the values.

    Args:
        leftovers: bytes that an exact re-encode needs beyond the values, by path.
    """

    def __init__(self, leftovers: dict[str, bytes]) -> None:
        self.leftovers = leftovers
        self.truncated = leftovers.get("truncated")
        self.truncated_at = int.from_bytes(leftovers.get("truncated_at", b""), "little")
        self.finished = False
        self.steps: list[str | int] = []

    @property
    def path(self) -> str:
        """The field that is being built."""
        return join_path(self.steps)

    def ends_here(self, stream: Any) -> bool:
        """Tell whether the body that was decoded ended in the field that comes next."""
        return self.truncated is not None and stream.tell() >= self.truncated_at

    def finish(self, stream: Any) -> None:
        """Write what was there of the field that the body ended in."""
        stream.write(self.truncated)
        self.finished = True


def _report(context: Any) -> Report | None:
    report: Report | None = context._params.get("report")
    return report


def _writer(context: Any) -> Writer | None:
    writer: Writer | None = context._params.get("writer")
    return writer


def _leftover(context: Any) -> bytes | None:
    """Return the leftover of the field that is being built."""
    writer = _writer(context)
    return writer.leftovers.get(writer.path) if writer and writer.leftovers else None


def _fail(context: Any, path: str, reason: str) -> EncodeError:
    writer = _writer(context)
    return EncodeError(writer.path if writer else path, reason)


def _read(stream: Any, length: int, path: str, error: type[StreamError] = StreamError) -> bytes:
    start = stream.tell()
    data: bytes = stream.read(min(length, sys.maxsize))
    if len(data) < length:
        stream.seek(start)
        raise error(f"{length} bytes are needed, {len(data)} are there", path=path)
    return data


def _describe(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.60}"


class Located(_Subconstruct):
    """A named field of a layout: follows the path, and handles a body that ends too early."""

    def __init__(self, kind: k.Kind, subcon: Construct[Any, Any]) -> None:
        super().__init__(subcon)
        self.name = kind.name
        self.kind = kind
        self.docs = kind.doc
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        report = _report(context)
        if report is None:
            return self.subcon._parse(stream, context, f"{path} -> {self.name}")
        if report.ended:
            raise StopFieldError
        start = stream.tell()
        span = report.enter(self.kind.name, self.kind, start)
        try:
            value = self.subcon._parse(stream, context, path)
        except StreamError as error:
            stream.seek(start)
            report.end(stream.read(), start, isinstance(error, CountOverrun))
            report.abandon(span)
            raise StopFieldError from None
        report.leave(span, stream.tell(), value)
        return value

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        writer = _writer(context)
        if writer is None:
            return self._required(obj, stream, context, f"{path} -> {self.name}")
        if writer.finished:
            raise StopFieldError
        if obj is None and writer.ends_here(stream):
            writer.finish(stream)
            raise StopFieldError
        writer.steps.append(self.kind.name)
        try:
            return self._required(obj, stream, context, path)
        finally:
            writer.steps.pop()

    def _required(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is None and isinstance(self.kind, k.Array) and self.kind.when is not None:
            obj = []  # not on the wire, or said to be empty
        if obj is None and self.kind.is_value:
            raise _fail(context, path, "a value is missing")
        return self.subcon._build(obj, stream, context, path)


class Node(_Construct):
    """Base of the subcons that are made of one kind."""

    kind: k.Kind

    def __init__(self, kind: k.Kind) -> None:
        super().__init__()
        self.kind = kind

    def _sizeof(self, context: Any, path: str) -> int:
        size = self.kind.size()
        if size is None:
            raise SizeofError("the size depends on other fields", path=path)
        return size


class ScalarNode(Node):
    """Integer or float."""

    kind: k.Scalar

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        kind = self.kind
        raw = _read(stream, kind.packer.size, path)
        if kind.is_float:
            return read_float(raw, kind.packer)
        (value,) = kind.packer.unpack(raw)
        if kind.enum is None:
            return value
        member = kind.enum(value)
        report = _report(context)
        if report is not None and not getattr(member, "known", True):
            position = stream.tell() - kind.packer.size
            report.problem("enum", f"{value} is no value of {kind.enum.__name__}", position, found=value)
        return member

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        stream.write(self.pack(obj, context, path))
        return obj

    def pack(self, value: Any, context: Any, path: str) -> bytes:
        """Return the bytes of a value."""
        kind = self.kind
        if kind.is_float:
            if not isinstance(value, Real):
                raise _fail(context, path, f"a number is needed, not {_describe(value)}")
            try:
                return write_float(value if isinstance(value, float) else float(value), kind.packer)
            except OverflowError:
                raise _fail(context, path, f"{value} is beyond the range of {kind.type}") from None
        try:
            number = operator.index(value)
        except TypeError:
            raise _fail(context, path, f"an integer is needed, not {_describe(value)}") from None
        least, greatest = kind.limits()
        if not least <= number <= greatest:
            raise _fail(context, path, f"{number} is outside {least} to {greatest} ({kind.type})")
        return kind.packer.pack(number)


class CountNode(Node):
    """A count or a length: parsed as an integer, built from what it counts."""

    kind: k.Count

    def __init__(self, kind: k.Count) -> None:
        super().__init__(kind)
        self.number = ScalarNode(kind.of)
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        return self.number._parse(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        counted = self.kind.counted
        assert counted is not None
        value = context.get(counted.name)
        try:
            derived = None if value is None else k.wire_length(counted, value)
        except TypeError:
            derived = None  # the field itself says what is wrong with it
        given = derived if obj is None else obj
        if given is None:
            given = 0
        raw = self.number.pack(given, context, path)
        if derived is not None and given != derived and _leftover(context) != raw:
            raise _fail(context, path, f"it says {given}, but {counted.name} has {derived}")
        stream.write(raw)
        return given


class TextBase(Node):
    """What texts share: decoding with a problem, encoding with an error."""

    encoding: str

    def decode(self, raw: bytes, context: Any, position: int, length: int) -> tuple[str, bool]:
        """Return the text, and whether the bytes were fine."""
        try:
            text = raw.decode(self.encoding)
        except UnicodeDecodeError as error:
            report = _report(context)
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
            raise _fail(context, path, f"a text is needed, not {_describe(value)}")
        if not nul and "\0" in value:
            raise _fail(context, path, "the text holds a NUL character, at which it would be cut")
        try:
            return value.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = value[error.start]
            reason = f"the character {character!a} at {error.start} cannot be written as {self.encoding}"
            raise _fail(context, path, reason) from None

    def same(self, raw: bytes, value: Any) -> bool:
        """Tell whether bytes that did not decode well are what this text was made of."""
        fallback = "latin-1" if self.encoding == "ascii" else self.encoding
        return bool(raw.decode(fallback, "replace") == value)


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
        raw = _read(stream, self.kind.size(), path)
        head, behind = self.cut(raw)
        text, fine = self.decode(head, context, start, len(raw))
        report = _report(context)
        if report is not None and (behind or not fine):
            report.leftovers[report.path] = behind if fine else raw
        return text

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        size = self.kind.size()
        leftover = _leftover(context)
        if leftover is not None and len(leftover) == size and self.same(self.cut(leftover)[0], obj):
            stream.write(leftover)
            return obj
        data = self.encode(obj, context, path)
        if len(data) > size:
            units = len(data) // self.unit
            raise _fail(context, path, f"the text has {units} units, the field {self.kind.units}")
        if leftover is not None and len(data) + self.unit + len(leftover) <= size:
            data += bytes(self.unit) + leftover
        stream.write(data.ljust(size, b"\0"))
        return obj


class CountedTextNode(TextBase):
    """Text whose length stands in another field."""

    kind: k.CountedText

    def __init__(self, kind: k.CountedText) -> None:
        super().__init__(kind)
        self.encoding = kind.encoding

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        start = stream.tell()
        length = context[self.kind.length.name] * k.unit_size(self.encoding)
        raw = _read(stream, max(length, 0), path, CountOverrun)
        text, fine = self.decode(raw, context, start, len(raw))
        report = _report(context)
        if report is not None and not fine:
            report.leftovers[report.path] = raw
            report.leftovers[report.sibling(self.kind.length.name)] = self.kind.length.of.packer.pack(
                context[self.kind.length.name]
            )
        return text

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        leftover = _leftover(context)
        if leftover is not None and self.same(leftover, obj):
            stream.write(leftover)
        else:
            stream.write(self.encode(obj, context, path, nul=True))
        return obj


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
        report = _report(context)
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
        if len(data) > self.kind.limit and _leftover(context) != data + b"\0":
            raise _fail(context, path, f"the text has {len(data)} bytes, the limit is {self.kind.limit}")
        stream.write(data + b"\0")
        return obj


class PrefixedTextNode(TextBase):
    """Text behind its own length, with a NUL byte at its end."""

    kind: k.PrefixedText
    encoding = "latin-1"

    def _parse(self, stream: Any, context: Any, path: str) -> str:
        start = stream.tell()
        prefix = _read(stream, self.kind.prefix.size(), path)
        (length,) = self.kind.prefix.packer.unpack(prefix)
        report = _report(context)
        if self.kind.exact:
            raw = _read(stream, length + 1, path, CountOverrun)
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
        leftover = _leftover(context)
        size = self.kind.prefix.size()
        if leftover is not None and leftover[size:-1].decode("latin-1") == obj:
            stream.write(leftover)
            return obj
        data = self.encode(obj, context, path, nul=self.kind.exact)
        if len(data) > self.kind.limit:
            raise _fail(context, path, f"the text has {len(data)} bytes, the limit is {self.kind.limit}")
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


class DataNode(Node):
    """Bytes of fixed or counted length."""

    kind: k.Data

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        length = self.kind.length
        if isinstance(length, int):
            return _read(stream, length, path)
        return _read(stream, max(context[length.name], 0), path, CountOverrun)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (bytes, bytearray, memoryview)):
            raise _fail(context, path, f"bytes are needed, not {_describe(obj)}")
        length = self.kind.length
        if isinstance(length, int) and len(obj) != length:
            raise _fail(context, path, f"exactly {length} bytes are needed, not {len(obj)}")
        stream.write(obj)
        return obj


class ReservedNode(Node):
    """Bytes without a meaning."""

    kind: k.Reserved

    def __init__(self, kind: k.Reserved) -> None:
        super().__init__(kind)
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        return _read(stream, self.kind.length, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if obj is None:
            obj = bytes(self.kind.length)
        if not isinstance(obj, (bytes, bytearray)) or len(obj) != self.kind.length:
            raise _fail(context, path, f"exactly {self.kind.length} bytes are needed, not {_describe(obj)}")
        stream.write(obj)
        return obj


def _is_nothing(value: Any) -> bool:
    """Tell whether a record was cut off in front of its first byte."""
    return isinstance(value, Record) and not value._kept and next(value.present(), None) is None


class ArrayNode(Node):
    """List of items."""

    kind: k.Array

    def __init__(self, kind: k.Array) -> None:
        super().__init__(kind)
        self.item = node(kind.item, kind.name)

    def _absent(self, context: Any) -> bool:
        when = self.kind.when
        return when is not None and context[when[0].name] not in when[1]

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any]:
        kind = self.kind
        items: list[Any] = []
        if self._absent(context):
            return items
        count = kind.count if isinstance(kind.count, int) else context[kind.count.name]
        report = _report(context)
        if report is None:
            for _ in range(count):
                items.append(self.item._parse(stream, context, path))
            return items
        if count < 0:
            report.problem("count", f"the count is {count}", stream.tell(), found=count)
        shown = isinstance(kind.item, (k.Nested, k.Variants))
        with report.list(count):
            for index in range(count):
                start = stream.tell()
                span = report.enter(index, kind.item, start, shown=shown)
                try:
                    value = self.item._parse(stream, context, path)
                except StreamError:
                    stream.seek(start)
                    report.end(stream.read(), start, overrun=True)
                    report.abandon(span)
                    break
                report.leave(span, stream.tell(), value)
                if not (report.ended and _is_nothing(value)):
                    items.append(value)
                if report.ended:
                    break
        # Some servers lift the limit of a list: a longer one is no problem, and is written as it came.
        beyond = kind.limit is not None and len(items) > kind.limit
        if (len(items) != count or beyond) and not isinstance(kind.count, int):
            scalar = kind.count.of if isinstance(kind.count, k.Count) else kind.count
            report.leftovers[report.sibling(kind.count.name)] = scalar.packer.pack(count)
        return items

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        kind = self.kind
        if not isinstance(obj, (list, tuple)):
            raise _fail(context, path, f"a list is needed, not {_describe(obj)}")
        if self._absent(context):
            if obj:
                assert kind.when is not None
                wanted = " or ".join(str(value) for value in kind.when[1])
                reason = f"the list is only sent while {kind.when[0].name} is {wanted}; leave it empty"
                raise _fail(context, path, reason)
            return obj
        writer = _writer(context)
        cut = writer is not None and writer.truncated is not None
        self._check_length(obj, context, path, cut=cut)
        for index, item in enumerate(obj):
            if writer is not None:
                writer.steps.append(index)
            try:
                self.item._build(item, stream, context, f"{path}[{index}]")
            finally:
                if writer is not None:
                    writer.steps.pop()
            if writer is not None and writer.finished:
                return obj
        count = kind.count if isinstance(kind.count, int) else context[kind.count.name]
        if writer is not None and len(obj) < count and writer.ends_here(stream):
            writer.finish(stream)
        return obj

    def _check_length(self, obj: Any, context: Any, path: str, *, cut: bool) -> None:
        kind = self.kind
        beyond = kind.limit is not None and len(obj) > kind.limit
        if beyond and not cut and not self._kept_count(len(obj), context):
            raise _fail(context, path, f"the list has {len(obj)} items, at most {kind.limit} are allowed")
        if cut or isinstance(kind.count, k.Count):
            return  # CountNode compared it
        count = kind.count if isinstance(kind.count, int) else context[kind.count.name]
        if len(obj) == count or self._kept_count(count, context):
            return
        said = "the list always has" if isinstance(kind.count, int) else f"{kind.count.name} says"
        raise _fail(context, path, f"the list has {len(obj)} items, but {said} {count}")

    def _kept_count(self, count: int, context: Any) -> bool:
        """Tell whether the frame itself had this count, although it is no proper one for the list."""
        writer = _writer(context)
        counting = self.kind.count
        if writer is None or isinstance(counting, int):
            return False
        leftover = writer.leftovers.get(join_path([*writer.steps[:-1], counting.name]))
        scalar = counting.of if isinstance(counting, k.Count) else counting
        return leftover is not None and leftover == scalar.packer.pack(count)


class TableNode(Node):
    """Table of fixed size of which the first items are used."""

    kind: k.Table

    def __init__(self, kind: k.Table) -> None:
        super().__init__(kind)
        self.item = ScalarNode(kind.item)

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any]:
        kind = self.kind
        start = stream.tell()
        raw = _read(stream, kind.size(), path)
        size = kind.item.size()
        used = context[kind.used.name]
        count = max(0, min(used, kind.length))
        items = [self._item(raw[index * size : (index + 1) * size]) for index in range(count)]
        report = _report(context)
        if report is not None:
            if used != count:
                message = f"{kind.used.name} says {used}, the table has {kind.length} places"
                report.problem("count", message, start, expected=kind.length, found=used)
                report.leftovers[report.sibling(kind.used.name)] = kind.used.of.packer.pack(used)
            unused = raw[count * size :].rstrip(b"\0")
            if unused:
                report.leftovers[report.path] = unused
        return items

    def _item(self, raw: bytes) -> Any:
        if self.kind.item.is_float:
            return read_float(raw, self.kind.item.packer)
        return self.kind.item.packer.unpack(raw)[0]

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        kind = self.kind
        if not isinstance(obj, (list, tuple)):
            raise _fail(context, path, f"a list is needed, not {_describe(obj)}")
        if len(obj) > kind.length:
            raise _fail(context, path, f"the list has {len(obj)} items, the table has {kind.length} places")
        data = b"".join(self.item.pack(item, context, f"{path}[{index}]") for index, item in enumerate(obj))
        leftover = _leftover(context)
        if leftover is not None and len(data) + len(leftover) <= kind.size():
            data += leftover
        stream.write(data.ljust(kind.size(), b"\0"))
        return obj


class NestedNode(Node):
    """A record."""

    kind: k.Nested

    def __init__(self, kind: k.Nested) -> None:
        super().__init__(kind)
        self.struct = struct_of(kind.record.spec)
        self.names = {inner.name for inner in kind.record.spec.layout}

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        values = self.struct._parse(stream, context, path)
        report = _report(context)
        # The object is made at once: a list of containers would take many times its memory.
        return values if report is None else report.make(self.kind.record, values, f"{report.path}.")

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, dict):
            raise _fail(context, path, f"a {self.kind.record.spec.name} is needed, not {_describe(obj)}")
        for name in obj:
            if name not in self.names:
                raise _fail(context, path, f"a {self.kind.record.spec.name} has no field {name!r}")
        return self.struct._build(obj, stream, context, path)


class VariantsNode(Node):
    """One of several layouts."""

    kind: k.Variants

    def __init__(self, kind: k.Variants) -> None:
        super().__init__(kind)
        self.nodes = {id(inner): node(inner, kind.name) for inner in kind.alternatives()}

    def _choose(self, context: Any) -> Any:
        return self.nodes[id(self.kind.choose(context[self.kind.by.name]))]

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        return self._choose(context)._parse(stream, context, path)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        return self._choose(context)._build(obj, stream, context, path)


class RestNode(Node):
    """All bytes up to the end."""

    def _parse(self, stream: Any, context: Any, path: str) -> bytes:
        data: bytes = stream.read()
        return data

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, (bytes, bytearray)):
            raise _fail(context, path, f"bytes are needed, not {_describe(obj)}")
        stream.write(obj)
        return obj


class DocumentNode(Node):
    """A BSON document."""

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = stream.tell()
        raw = _read(stream, bson.document_size(_peek(stream)), path, CountOverrun)
        report = _report(context)
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
        leftover = _leftover(context)
        if leftover is not None and bson.means(leftover, obj):
            stream.write(leftover)
            return obj
        try:
            stream.write(bson.encode(obj))
        except bson.BsonError as error:
            raise _fail(context, path, str(error)) from None
        return obj


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


@singledispatch
def _node(kind: k.Kind, path: str) -> Construct[Any, Any]:
    unknown_kind(kind, path)


for _kind, _class in (
    (k.Scalar, ScalarNode), (k.Count, CountNode), (k.Text, TextNode), (k.CountedText, CountedTextNode),
    (k.ZText, ZTextNode), (k.PrefixedText, PrefixedTextNode), (k.Data, DataNode), (k.Reserved, ReservedNode),
    (k.Array, ArrayNode), (k.Table, TableNode), (k.Nested, NestedNode), (k.Variants, VariantsNode),
    (k.Rest, RestNode), (k.Document, DocumentNode), (k.Member, MemberNode),
):  # fmt: skip
    _node.register(_kind, lambda kind, path, made=_class: made(kind))


def node(kind: k.Kind, path: str) -> Construct[Any, Any]:
    """Return the construct of one field.

    Raises:
        NotImplementedError: the kind is not known here; the path names the field.
    """
    return _node(kind, path)


def struct_of(spec: RecordSpec) -> Struct:
    """Return the struct of a layout: made once, when first asked for. Surplus is not part of it."""
    made: Struct | None = spec.__dict__.get("struct")
    if made is None:
        layout = [kind for kind in spec.layout if not isinstance(kind, k.Surplus)]
        subcons = [Located(kind, node(kind, f"{spec.name}.{kind.name}")) for kind in layout]
        made = JsonStruct(spec.members, subcons) if spec.form == "json" else Struct(*subcons)
        made.name = None
        spec.__dict__["struct"] = made
    return made
