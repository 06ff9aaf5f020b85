"""The only place where frames are parsed into messages and messages built into frames.

It guards construct: whatever a peer's bytes or a caller's values are, what comes out is a message,
a named problem or one of the project's errors.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, Final, Literal, overload

from cti_schema import kinds as k
from cti_schema.errors import EncodeError
from cti_schema.message import Direction, Message, Record, UnknownMessage, same_value
from cti_schema.problems import Problem
from cti_schema.registry import registry
from cti_schema.wire.buffer import Frame
from cti_schema.wire.frame import HEADER, Examined, build_frame, examine
from cti_schema.wire.json_body import read_leniently, write_body
from cti_schema.wire.report import BODY_OFFSET, Report, Span
from cti_schema.wire.subcons import Writer

#: In front of the name of a JSON member that is not declared, among what is kept with a record: the
#: member may be called like anything else that is kept.
_MEMBER: Final = "member "


@dataclass(slots=True)
class Decoded:
    """A frame decoded leniently: what is there, and what is wrong.

    Attributes:
        message: the message; fields that are not in the frame are not set.
        problems: what is wrong, in the order of the frame.
        frame: the bytes.
        header: the frame taken apart.
        spans: where each field stands, if asked for; else empty.
    """

    message: Message
    problems: list[Problem]
    frame: bytes
    header: Examined
    spans: list[Span]

    @property
    def direction(self) -> Direction:
        """Which way the message goes."""
        return self.header.direction


@overload
def decode(
    frame: bytes, direction: Direction | str | None = None, strict: Literal[True] = True
) -> Message: ...
@overload
def decode(frame: bytes, direction: Direction | str | None = None, *, strict: Literal[False]) -> Decoded: ...
@overload
def decode(
    frame: bytes, direction: Direction | str | None = None, strict: bool = True
) -> Message | Decoded: ...
def decode(frame: bytes, direction: Direction | str | None = None, strict: bool = True) -> Message | Decoded:
    """Decode one frame.

    Args:
        frame: the whole frame, from the token to the checksum.
        direction: request or feedback; by default the code tells, and for codes that are used both
            ways or are unknown the length rule that fits.
        strict: raise at the first problem. Values that an enumeration does not list and commands
            that are not declared are no problem for a strict decoder: a newer cycler may use them.

    Returns:
        The message; with ``strict=False`` a `Decoded` with the message and the problems.

    Raises:
        FrameError: there is no token or no whole header; if strict, also a wrong length.
        ChecksumError: if strict, the checksum is wrong.
        DecodeError: if strict, the body is not as declared.
    """
    decoded = inspect(frame, direction, strict=strict, spans=False)
    return decoded.message if strict else decoded


def inspect(
    frame: bytes, direction: Direction | str | None = None, *, strict: bool = False, spans: bool = True
) -> Decoded:
    """Decode one frame, and tell where each field stands in it.

    Args:
        frame: the whole frame.
        direction: as for `decode`.
        strict: as for `decode`.
        spans: collect the place of each field.

    Raises:
        FrameError: as for `decode`.
        DecodeError: as for `decode`.
    """
    if not isinstance(frame, bytes):
        frame = bytes(frame)
    header = _examine(frame, direction)
    if strict:
        header.raise_problems()
    report = Report(strict=strict, spans=spans)
    kept: dict[str, tuple[bytes, Any]] = {}
    if header.extended_code:
        kept["extended_code"] = (header.extended_code.to_bytes(4, "little"), None)
    message_class = choose(header.direction, header.code, header.body)
    if message_class is None:
        text = f"no {header.direction} is declared for the code 0x{header.code:08X}"
        report.problem("unknown_command", text, 12 - BODY_OFFSET, found=f"0x{header.code:08X}")
        message: Message = UnknownMessage(code=header.code, direction=header.direction, body=header.body)
    else:
        message = _parse(message_class, header.body, report, kept)
    if kept:
        message._kept = kept | message._kept
    stray = getattr(frame, "stray", 0)
    before = [
        Problem("stray", f"{stray} bytes that belong to no frame stand before it", "", -stray, 0, stray)
    ]
    problems = [*(before if stray else []), *header.problems, *report.problems]
    return Decoded(message, problems, bytes(frame), header, report.spans or [])


def _examine(frame: bytes, direction: Direction | str | None) -> Examined:
    if direction is None and isinstance(frame, Frame):
        direction = frame.direction
    if direction is not None:
        return examine(frame, (Direction(direction),))
    code = HEADER.unpack_from(frame)[2] if len(frame) >= HEADER.size else 0
    return examine(frame, registry().directions(code))


def looks_like_json(body: bytes) -> bool:
    """Tell whether a body is a counted UTF-16 JSON text; source: rules.md, section 2."""
    size = int.from_bytes(body[:4], "little")
    return len(body) == 4 + 2 * size and (body[4:6] == b"{\0" or body[4:] == "null".encode("utf-16-le"))


def choose(direction: Direction, code: int, body: bytes) -> type[Message] | None:
    """Return the message that a body is one of, or ``None`` where none is declared."""
    candidates = registry().candidates(direction, code)
    if len(candidates) > 1:
        form = "json" if looks_like_json(body) else "binary"
        candidates = tuple(one for one in candidates if one.spec.form == form)
    return candidates[0] if candidates else None


def _parse(
    message_class: type[Message], body: bytes, report: Report, kept: dict[str, tuple[bytes, Any]]
) -> Message:
    stream = BytesIO(body)
    report.make = partial(_record, report)
    values = message_class.struct.parse_stream(stream, report=report)
    end = stream.tell()
    if end < len(body) and not report.ended:
        surplus = body[end:]
        kept["surplus"] = (surplus, None)
        spec = message_class.spec
        usual = spec.surplus
        items = values[usual.per.name] if usual is not None and usual.per else 0
        if usual is None or not usual.allows(len(surplus), items) or (usual.zeros and any(surplus)):
            text = f"{len(surplus)} bytes stand behind the last field"
            report.problem("surplus", text, end, found=len(surplus), path="surplus")
    message: Message = _record(report, message_class, values, "")
    for name in ("json", "truncated", "truncated_at"):
        if name in report.leftovers:
            kept[name] = (report.leftovers[name], None)
    return message


def _record(report: Report, record: type[Any], values: dict[str, Any], prefix: str) -> Any:
    """Make the object of a layout from parsed values; the records in it are made already."""
    made: Any = object.__new__(record)
    if record.spec.form == "json":
        for name in values.keys() - {kind.name for kind in record.spec.layout}:
            made._kept[f"{_MEMBER}{name}"] = (json.dumps(values[name]).encode(), None)
    leftovers = report.leftovers
    for kind in record.spec.layout:
        name = kind.name
        if name not in values:
            continue
        value = values[name]
        path = f"{prefix}{name}"
        if isinstance(kind, k.Reserved):
            if any(value):
                made._kept[name] = (value, None)
            continue
        if isinstance(kind, k.Count):
            assert kind.counted is not None
            counted = values.get(kind.counted.name)
            if path in leftovers or counted is None:
                length = None if counted is None else k.wire_length(kind.counted, counted)
                made._kept[name] = (kind.of.packer.pack(value), length)
            continue
        if isinstance(kind, k.Member):
            value = _member(kind.of, value, path, report)
        setattr(made, name, value)
        if leftovers:
            if path in leftovers:
                made._kept[name] = (leftovers[path], _snapshot(value))
            if isinstance(kind, k.Array) and isinstance(kind.item, k.PrefixedText):
                for index, item in enumerate(value):
                    if f"{path}[{index}]" in leftovers:
                        made._kept[f"{name}[{index}]"] = (leftovers[f"{path}[{index}]"], item)
    return made


def _snapshot(value: Any) -> Any:
    """Return a copy of what a caller might change in place."""
    return list(value) if isinstance(value, list) else None if isinstance(value, dict) else value


def _member(of: k.JsonType, value: Any, path: str, report: Report) -> Any:
    if isinstance(value, dict) and of.record is not None:
        return _record(report, of.record, value, f"{path}.")
    if isinstance(value, list) and of.item is not None:
        return [_member(of.item, item, f"{path}[{index}]", report) for index, item in enumerate(value)]
    return value


def encode(message: Message, *, surplus: bool = False) -> bytes:
    """Build the frame of a message.

    What an exact re-encode needs beyond the values (bytes behind a NUL, surplus, unusual counts) is
    written again as long as the value that it belongs to is unchanged.

    Args:
        message: the message.
        surplus: write the surplus zero bytes that the vendor's library is known to write.

    Raises:
        EncodeError: a value does not fit its field; the error names the field, the limit and the value.
    """
    if isinstance(message, UnknownMessage):
        extended = int.from_bytes(message._kept.get("extended_code", (b"", None))[0], "little")
        return build_frame(message.code, message.body, message.direction, extended)
    values, leftovers = plain(message)
    return encode_plain(type(message), values, leftovers, surplus=surplus)


def encode_plain(
    message_class: type[Message],
    values: Any,
    leftovers: dict[str, bytes],
    *,
    surplus: bool = False,
) -> bytes:
    """Build a frame from plain values, as `plain` returns them.

    Raises:
        EncodeError: a value does not fit its field.
    """
    spec = message_class.spec
    if spec.form == "binary":
        names = {kind.name for kind in spec.layout if not isinstance(kind, k.Surplus)}
        for name in values:
            if name not in names:
                raise EncodeError(name, f"{spec.name} has no such field")
    stream = BytesIO()
    message_class.struct.build_stream(values, stream, writer=Writer(leftovers))
    body = stream.getvalue()
    if "surplus" in leftovers:
        body += leftovers["surplus"]
    elif surplus and spec.surplus is not None:
        items = 1
        if isinstance(spec.surplus.per, k.Count) and spec.surplus.per.counted is not None:
            items = len(values[spec.surplus.per.counted.name])
        body += bytes(spec.surplus.usual * items)
    extended = int.from_bytes(leftovers.get("extended_code", b""), "little")
    return build_frame(spec.code, body, spec.direction, extended)


def plain(message: Message) -> tuple[Any, dict[str, bytes]]:
    """Return the values of a message as dictionaries and lists, and its leftovers by path.

    Counts and lengths are among the values, reserved bytes only if they are not zero. Of a JSON body
    that is no object the root is returned, for example ``None``.
    """
    leftovers: dict[str, bytes] = {}
    values = _plain(message, "", leftovers)
    for name in ("surplus", "truncated", "truncated_at", "extended_code", "json"):
        if name in message._kept:
            leftovers[name] = message._kept[name][0]
    if "json" in leftovers and not values:
        # The body is no object: its root stands in the place of the fields.
        values, _ = read_leniently(message.spec.members, leftovers["json"])
        if values is None and leftovers["json"] == write_body((), None):
            del leftovers["json"]
    return values, leftovers


def _plain(record: Record, prefix: str, leftovers: dict[str, bytes]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    kept = record._kept
    if record.spec.form == "json":
        values = {
            name.removeprefix(_MEMBER): json.loads(raw)
            for name, (raw, _) in kept.items()
            if name.startswith(_MEMBER)
        }
    for kind in record.spec.layout:
        name = kind.name
        if isinstance(kind, k.Reserved):
            if name in kept:
                values[name] = kept[name][0]
        elif isinstance(kind, k.Count):
            assert kind.counted is not None
            counted = getattr(record, kind.counted.name, k.MISSING)
            if counted is not k.MISSING:
                try:
                    length = k.wire_length(kind.counted, counted)
                except TypeError:
                    continue  # the field itself says what is wrong with it
                if name in kept and kept[name][1] == length:
                    values[name] = int(kind.of.packer.unpack(kept[name][0])[0])
                    leftovers[f"{prefix}{name}"] = kept[name][0]
                else:
                    values[name] = length
            elif name in kept:
                values[name] = int(kind.of.packer.unpack(kept[name][0])[0])
        elif kind.is_value:
            value = getattr(record, name, k.MISSING)
            if value is not k.MISSING:
                values[name] = _plain_value(value, f"{prefix}{name}", leftovers)
                for key, raw in _still_valid(kept, name, value):
                    leftovers[f"{prefix}{key}"] = raw
    return values


def _still_valid(kept: dict[str, tuple[bytes, Any]], name: str, value: Any) -> Iterator[tuple[str, bytes]]:
    """Yield the leftovers of a field whose value is what it was when they were kept."""
    for key, (raw, before) in kept.items():
        if key == name:
            if before is None or same_value(before, value):
                yield key, raw
        elif key.startswith(f"{name}["):
            index = int(key[len(name) + 1 : -1])
            if index < len(value) and value[index] == before:
                yield key, raw


def _plain_value(value: Any, path: str, leftovers: dict[str, bytes]) -> Any:
    if isinstance(value, Record):
        return _plain(value, f"{path}.", leftovers)
    if isinstance(value, list):
        return [_plain_value(item, f"{path}[{index}]", leftovers) for index, item in enumerate(value)]
    return value


__all__ = [
    "Decoded",
    "decode",
    "encode",
    "encode_plain",
    "inspect",
    "plain",
]
