"""Integers and floats, counts and lengths."""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any

from cti_schema import kinds as k
from cti_schema.wire.report import shown
from cti_schema.wire.subcons.base import Node, describe, fail, leftover_of, read, register, report_of
from cti_schema.wire.values import read_float, write_float

#: No number that can be shown has more characters.
_WHOLE = 5000


@register(k.Scalar)
class ScalarNode(Node):
    """Integer or float."""

    kind: k.Scalar

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        kind = self.kind
        raw = read(stream, kind.packer.size, path)
        if kind.is_float:
            return read_float(raw, kind.packer)
        (value,) = kind.packer.unpack(raw)
        if kind.enum is None:
            return value
        member = kind.enum(value)
        report = report_of(context)
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
                raise fail(context, path, f"a number is needed, not {describe(value)}")
            try:
                return write_float(value if isinstance(value, float) else float(value), kind.packer)
            except OverflowError:
                reason = f"{shown(value, _WHOLE)} is beyond the range of {kind.type}"
                raise fail(context, path, reason) from None
        try:
            number = operator.index(value)
        except TypeError:
            raise fail(context, path, f"an integer is needed, not {describe(value)}") from None
        least, greatest = kind.limits()
        if not least <= number <= greatest:
            reason = f"{shown(int(number), _WHOLE)} is outside {least} to {greatest} ({kind.type})"
            raise fail(context, path, reason)
        return kind.packer.pack(number)


@register(k.Count)
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
        if derived is not None and given != derived and leftover_of(context) != raw:
            raise fail(context, path, f"it says {given}, but {counted.name} has {derived}")
        stream.write(raw)
        return given
