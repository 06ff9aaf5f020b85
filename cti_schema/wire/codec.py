"""The only place where frames are parsed into messages and messages built into frames.

It guards construct: whatever a peer's bytes or a caller's values are, what comes out is a message,
a named problem or one of the project's errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, Literal, overload

from cti_schema import kinds as k
from cti_schema.compile.compiled import BUILDERS, PARSERS
from cti_schema.compile.doubt import DOUBTS
from cti_schema.errors import EncodeError
from cti_schema.message import Direction, Message, UnknownMessage
from cti_schema.problems import Problem
from cti_schema.registry import LOOKED_UP, registry
from cti_schema.wire.buffer import Frame
from cti_schema.wire.frame import (
    HEADER,
    Examined,
    build_frame,
    examine,
    known_frame,
    length_rule,
    sound_header,
)
from cti_schema.wire.json_body import build_body, parse_body
from cti_schema.wire.objects import make_record, plain
from cti_schema.wire.report import BODY_OFFSET, Report, Span


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
    if not strict:
        return inspect(frame, direction, spans=False)
    if not isinstance(frame, bytes):
        frame = bytes(frame)
    known = known_frame(frame, LOOKED_UP, summed=frame.__class__ is Frame and frame.summed)
    if known is not None and goes(known[0], frame, direction):
        try:
            message: Message = known[1](frame, BODY_OFFSET, len(frame) - 2, True)
        except DOUBTS:
            pass
        else:
            return message
    return _inspect(frame, direction, True, False).message


def goes(way: Direction, frame: bytes, direction: Direction | str | None) -> bool:
    """Tell whether a frame whose code is known in one direction may go that way."""
    if direction is None and frame.__class__ is not bytes and isinstance(frame, Frame):
        direction = frame.direction
    return direction is None or direction == way


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
    summed = frame.__class__ is Frame and frame.summed
    known = None if spans else known_frame(frame, LOOKED_UP, summed=summed)
    if known is not None and goes(known[0], frame, direction):
        try:
            message = known[1](frame, BODY_OFFSET, len(frame) - 2, strict)
        except DOUBTS:
            pass
        else:
            return Decoded(message, _stray(frame), bytes(frame), sound_header(frame, known[0]), [])
    return _inspect(frame, direction, strict, spans)


def _inspect(frame: bytes, direction: Direction | str | None, strict: bool, spans: bool) -> Decoded:
    header = _examine(frame, direction)
    if strict:
        header.raise_problems()
    report = Report(strict=strict, spans=spans)
    message_class = choose(header.direction, header.code, header.body)
    message: Message
    if message_class is None:
        text = f"no {header.direction} is declared for the code 0x{header.code:08X}"
        report.problem("unknown_command", text, 12 - BODY_OFFSET, found=f"0x{header.code:08X}")
        message = UnknownMessage(code=header.code, direction=header.direction, body=header.body)
    else:
        found = None if spans else _parse_plain(message_class, header.body, strict)
        message = _parse(message_class, header.body, report) if found is None else found
    if header.extended_code:
        message._kept["extended_code"] = (header.extended_code.to_bytes(4, "little"), None)
    problems = [*_stray(frame), *header.problems, *report.problems]
    return Decoded(message, problems, bytes(frame), header, report.spans or [])


def _stray(frame: bytes) -> list[Problem]:
    """Return the problem that bytes of no frame stand before this one, if they do."""
    stray = getattr(frame, "stray", 0)
    if not stray:
        return []
    message = f"{stray} bytes that belong to no frame stand before it"
    return [Problem("stray", message, "", -stray, 0, stray)]


def _parse_plain(message_class: type[Message], body: bytes, strict: bool) -> Message | None:
    """Return the message, if its body is plainly as declared."""
    parse = PARSERS[message_class]
    spec = message_class.spec
    if registry().directions(spec.code) == (spec.direction,):
        candidates = registry().candidates(spec.direction, spec.code)
        if len(candidates) == 1:
            # From now on the code alone tells the message.
            LOOKED_UP[spec.code] = (length_rule(spec.direction), (spec.direction, parse, message_class))
    try:
        return parse(body, 0, len(body), strict)
    except DOUBTS:
        return None


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


def _parse(message_class: type[Message], body: bytes, report: Report) -> Message:
    """Return the message that the construct struct, which is its meaning, makes of a body."""
    spec = message_class.spec
    stream = BytesIO(body)
    report.make = partial(make_record, report)
    if spec.form == "json":
        values = parse_body(spec.members, stream.read(), report)
    else:
        values = message_class.struct.parse_stream(stream, report=report)
    end = stream.tell()
    message: Message
    kept: dict[str, tuple[bytes, Any]] = {}
    if end < len(body) and not report.ended:
        surplus = body[end:]
        kept["surplus"] = (surplus, None)
        usual = spec.surplus
        items = values[usual.per.name] if usual is not None and usual.per else 0
        if usual is None or not usual.allows(len(surplus), items) or (usual.zeros and any(surplus)):
            text = f"{len(surplus)} bytes stand behind the last field"
            report.problem("surplus", text, end, found=len(surplus), path="surplus")
    message = make_record(report, message_class, values, "")
    for name in ("json", "truncated", "truncated_at"):
        if name in report.leftovers:
            kept[name] = (report.leftovers[name], None)
    if kept:
        message._kept |= kept
    return message


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
    build = BUILDERS[message.__class__]
    if not (surplus and message.spec.surplus):
        try:
            return build(message)
        except DOUBTS:
            pass
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
        body = _build(message_class, values, leftovers)
    else:
        body = build_body(spec.members, values, leftovers.get("json"))
    if "surplus" in leftovers:
        body += leftovers["surplus"]
    elif surplus and spec.surplus is not None:
        items = 1
        if isinstance(spec.surplus.per, k.Count) and spec.surplus.per.counted is not None:
            items = len(values.get(spec.surplus.per.counted.name, ()))
        body += bytes(spec.surplus.usual * items)
    extended = int.from_bytes(leftovers.get("extended_code", b""), "little")
    return build_frame(spec.code, body, spec.direction, extended)


def _build(message_class: type[Message], values: Any, leftovers: dict[str, bytes]) -> bytes:
    """Return the body that the construct struct makes of values."""
    from cti_schema.wire.subcons import Writer

    stream = BytesIO()
    message_class.struct.build_stream(values, stream, writer=Writer(leftovers))
    return stream.getvalue()


__all__ = [
    "Decoded",
    "decode",
    "encode",
    "encode_plain",
    "inspect",
    "plain",
]
