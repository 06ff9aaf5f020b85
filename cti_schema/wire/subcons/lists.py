"""Lists, tables, records, and layouts that another field chooses."""

from __future__ import annotations

from typing import Any

from construct import StreamError

from cti_schema import kinds as k
from cti_schema.message import Record
from cti_schema.wire.report import join_path
from cti_schema.wire.subcons.base import (
    Node,
    describe,
    fail,
    leftover_of,
    node,
    read,
    register,
    report_of,
    struct_of,
    writer_of,
)
from cti_schema.wire.subcons.scalars import ScalarNode
from cti_schema.wire.values import read_float


def _is_nothing(value: Any) -> bool:
    """Tell whether a record was cut off in front of its first byte."""
    return isinstance(value, Record) and not value._kept and next(value.present(), None) is None


@register(k.Array)
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
        report = report_of(context)
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
            raise fail(context, path, f"a list is needed, not {describe(obj)}")
        if self._absent(context):
            if obj:
                assert kind.when is not None
                wanted = " or ".join(str(value) for value in kind.when[1])
                reason = f"the list is only sent while {kind.when[0].name} is {wanted}; leave it empty"
                raise fail(context, path, reason)
            return obj
        writer = writer_of(context)
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
            raise fail(context, path, f"the list has {len(obj)} items, at most {kind.limit} are allowed")
        if cut or isinstance(kind.count, k.Count):
            return  # CountNode compared it
        count = kind.count if isinstance(kind.count, int) else context[kind.count.name]
        if len(obj) == count or self._kept_count(count, context):
            return
        said = "the list always has" if isinstance(kind.count, int) else f"{kind.count.name} says"
        raise fail(context, path, f"the list has {len(obj)} items, but {said} {count}")

    def _kept_count(self, count: int, context: Any) -> bool:
        """Tell whether the frame itself had this count, although it is no proper one for the list."""
        writer = writer_of(context)
        counting = self.kind.count
        if writer is None or isinstance(counting, int):
            return False
        leftover = writer.leftovers.get(join_path([*writer.steps[:-1], counting.name]))
        scalar = counting.of if isinstance(counting, k.Count) else counting
        return leftover is not None and leftover == scalar.packer.pack(count)


@register(k.Table)
class TableNode(Node):
    """Table of fixed size of which the first items are used."""

    kind: k.Table

    def __init__(self, kind: k.Table) -> None:
        super().__init__(kind)
        self.item = ScalarNode(kind.item)

    def _parse(self, stream: Any, context: Any, path: str) -> list[Any]:
        kind = self.kind
        start = stream.tell()
        raw = read(stream, kind.size(), path)
        size = kind.item.size()
        used = context[kind.used.name]
        count = max(0, min(used, kind.length))
        items = [self._item(raw[index * size : (index + 1) * size]) for index in range(count)]
        report = report_of(context)
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
            raise fail(context, path, f"a list is needed, not {describe(obj)}")
        if len(obj) > kind.length:
            raise fail(context, path, f"the list has {len(obj)} items, the table has {kind.length} places")
        data = b"".join(self.item.pack(item, context, f"{path}[{index}]") for index, item in enumerate(obj))
        leftover = leftover_of(context)
        if leftover is not None and len(data) + len(leftover) <= kind.size():
            data += leftover
        stream.write(data.ljust(kind.size(), b"\0"))
        return obj


@register(k.Nested)
class NestedNode(Node):
    """A record."""

    kind: k.Nested

    def __init__(self, kind: k.Nested) -> None:
        super().__init__(kind)
        self.struct = struct_of(kind.record.spec)
        self.names = {inner.name for inner in kind.record.spec.layout}

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        values = self.struct._parse(stream, context, path)
        report = report_of(context)
        # The object is made at once: a list of containers would take many times its memory.
        return values if report is None else report.make(self.kind.record, values, f"{report.path}.")

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        if not isinstance(obj, dict):
            raise fail(context, path, f"a {self.kind.record.spec.name} is needed, not {describe(obj)}")
        for name in obj:
            if name not in self.names:
                raise fail(context, path, f"a {self.kind.record.spec.name} has no field {name!r}")
        return self.struct._build(obj, stream, context, path)


@register(k.Variants)
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
