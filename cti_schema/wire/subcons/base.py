"""What all subcons share: reading and failing with a place, and the struct of a layout.

A module of this package registers the subcon of each kind that it handles with `node`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import singledispatch
from typing import TYPE_CHECKING, Any, TypeVar

from construct import Construct, SizeofError, StopFieldError, StreamError, Struct, Subconstruct

from cti_schema import kinds as k
from cti_schema.errors import EncodeError
from cti_schema.message import RecordSpec
from cti_schema.wire.json_body import build_body, parse_body
from cti_schema.wire.report import Report, join_path, shown, unknown_kind

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


def report_of(context: Any) -> Report | None:
    report: Report | None = context._params.get("report")
    return report


def writer_of(context: Any) -> Writer | None:
    writer: Writer | None = context._params.get("writer")
    return writer


def leftover_of(context: Any) -> bytes | None:
    """Return the leftover of the field that is being built."""
    writer = writer_of(context)
    return writer.leftovers.get(writer.path) if writer and writer.leftovers else None


def fail(context: Any, path: str, reason: str) -> EncodeError:
    writer = writer_of(context)
    return EncodeError(writer.path if writer else path, reason)


def read(stream: Any, length: int, path: str, error: type[StreamError] = StreamError) -> bytes:
    start = stream.tell()
    data: bytes = stream.read(min(length, sys.maxsize))
    if len(data) < length:
        stream.seek(start)
        raise error(f"{length} bytes are needed, {len(data)} are there", path=path)
    return data


def describe(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {shown(value)}"


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


N = TypeVar("N", bound=Node)


class Located(_Subconstruct):
    """A named field of a layout: follows the path, and handles a body that ends too early."""

    def __init__(self, kind: k.Kind, subcon: Construct[Any, Any]) -> None:
        super().__init__(subcon)
        self.name = kind.name
        self.kind = kind
        self.docs = kind.doc
        self.flagbuildnone = True

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        report = report_of(context)
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
        writer = writer_of(context)
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
            raise fail(context, path, "a value is missing")
        return self.subcon._build(obj, stream, context, path)


class JsonStruct(Struct):
    """The struct of a layout of JSON members: one text has them all."""

    def __init__(self, members: tuple[k.Member, ...], subcons: list[Any]) -> None:
        super().__init__(*subcons)
        self.members = members

    def _parse(self, stream: Any, context: Any, path: str) -> Any:
        start = stream.tell()
        return parse_body(self.members, stream.read(), report_of(context), start)

    def _build(self, obj: Any, stream: Any, context: Any, path: str) -> Any:
        writer = writer_of(context)
        stream.write(build_body(self.members, obj, writer.leftovers.get("json") if writer else None))
        return obj

    def _sizeof(self, context: Any, path: str) -> int:
        raise SizeofError("the size depends on the text", path=path)


@singledispatch
def node(kind: k.Kind, path: str) -> Construct[Any, Any]:
    """Return the construct of one field.

    Raises:
        NotImplementedError: the kind is not known here; the path names the field.
    """
    unknown_kind(kind, path)


def register(kind: type[k.Kind]) -> Callable[[type[N]], type[N]]:
    """Say that a subcon is that of a kind."""

    def registered(made: type[N]) -> type[N]:
        node.register(kind, lambda one, path: made(one))
        return made

    return registered


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
