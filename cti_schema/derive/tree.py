"""A frame as a tree: every field with its place, its bytes, its value, unit and meaning.

The tree is data; how it looks is decided by who shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cti_schema import kinds as k
from cti_schema.derive.jsonform import HIDDEN, hide_problems, holds_secret
from cti_schema.enumerations import Code
from cti_schema.message import Record, UnknownMessage
from cti_schema.problems import Problem
from cti_schema.wire.codec import Decoded
from cti_schema.wire.report import BODY_OFFSET


@dataclass(slots=True)
class Node:
    """One line of the tree.

    Attributes:
        depth: 0 for header fields and fields of the message.
        name: name of the field, ``[2]`` for an item of a list.
        path: the whole path; empty for header fields.
        offset: from the frame's first byte.
        length: in bytes.
        raw: the bytes.
        value: the value as text; empty for lists and records.
        unit: unit of the value.
        meaning: what the value means, where the declaration says so.
        kind: the field's kind; ``None`` for header fields.
        problems: what is wrong with the field.
    """

    depth: int
    name: str
    path: str
    offset: int
    length: int
    raw: bytes
    value: str = ""
    unit: str = ""
    meaning: str = ""
    kind: k.Kind | None = None
    problems: list[Problem] = field(default_factory=list)


def tree(decoded: Decoded, *, secrets: bool = False) -> list[Node]:
    """Return the tree of a frame that was decoded with spans (`cti_schema.wire.codec.inspect`).

    Args:
        decoded: the decoded frame.
        secrets: show the values of secret fields; else neither value nor bytes are shown.
    """
    frame = decoded.frame
    header = decoded.header
    secretive = not secrets and holds_secret(decoded.message)
    nodes = [
        _node(frame, "token", 0, 8),
        _node(frame, "length", 8, 4, str(header.length), meaning=f"frame of {len(frame)} bytes"),
        _node(frame, "code", 12, 4, f"0x{header.code:08X}", meaning=decoded.message.spec.name),
        _node(frame, "extended_code", 16, 4, str(header.extended_code)),
    ]
    end = BODY_OFFSET
    for span in decoded.spans:
        # A JSON body's text holds what its members hold: one secret hides the bytes of all.
        hidden = not secrets and span.kind.secret
        text, meaning = ("", "") if hidden else describe(span.kind, span.value)
        raw = b"" if hidden else frame[span.offset : span.offset + span.length]
        nodes.append(
            Node(
                span.depth, _name(span.path), span.path, span.offset, span.length, raw,
                HIDDEN if hidden else text, span.kind.unit, meaning, span.kind,
            )
        )  # fmt: skip
        end = max(end, span.offset + span.length)
    body_end = BODY_OFFSET + len(header.body)
    if isinstance(decoded.message, UnknownMessage):
        nodes.append(_node(frame, "body", BODY_OFFSET, len(header.body), hidden=secretive))
    elif decoded.message.spec.form == "json":
        pass
    elif end < body_end:
        name = "surplus" if "surplus" in decoded.message._kept else "rest"
        nodes.append(_node(frame, name, end, body_end - end, hidden=secretive))
    if len(frame) > body_end:
        place = min(body_end, len(frame) - 2)
        (value,) = (int.from_bytes(frame[place : place + 2], "little"),)
        nodes.append(_node(frame, "checksum", place, len(frame) - place, f"0x{value:04X}"))
    _place(nodes, hide_problems(decoded.message, decoded.problems) if secretive else decoded.problems)
    return nodes


def _node(
    frame: bytes,
    name: str,
    offset: int,
    length: int,
    value: str = "",
    *,
    meaning: str = "",
    hidden: bool = False,
) -> Node:
    raw = b"" if hidden else frame[offset : offset + length]
    return Node(0, name, "", offset, length, raw, HIDDEN if hidden else value, meaning=meaning)


def _name(path: str) -> str:
    if path.endswith("]"):
        return path[path.rindex("[") :]
    return path.rpartition(".")[2]


def _place(nodes: list[Node], problems: list[Problem]) -> None:
    """Put each problem to the field that it is about, or to the header field at its offset."""
    by_path = {node.path: node for node in nodes if node.path}
    for problem in problems:
        node = by_path.get(problem.path)
        if node is None:
            node = next((one for one in nodes if one.name == problem.path), None)
        if node is None:
            inside = [one for one in nodes if one.offset <= problem.offset < one.offset + max(one.length, 1)]
            node = inside[-1] if inside else nodes[0]
        node.problems.append(problem)


def describe(kind: k.Kind, value: Any) -> tuple[str, str]:
    """Return a value as text, and what it means."""
    if isinstance(value, Code):
        return str(int(value)), value.label if value.known else "unknown"
    if isinstance(kind, k.Scalar) and kind.enum is not None and isinstance(value, int):
        names = [name.lower() for name, bit in kind.enum.__members__.items() if bit and value & bit == bit]
        return f"0x{int(value):X}", ", ".join(names)
    if isinstance(value, bool):
        return str(value).lower(), ""
    if isinstance(value, int):
        meaning = kind.values.get(value, "") if isinstance(kind, k.Scalar) else ""
        return str(int(value)), meaning
    if isinstance(value, float):
        return number_text(kind, value), ""
    if isinstance(value, str):
        return quote(value), ""
    if isinstance(value, (bytes, bytearray)):
        if not any(value):
            return "", "zero" if value else "empty"
        return value.hex() if len(value) <= 32 else "", ""
    if isinstance(value, list):
        if any(isinstance(item, (dict, list, Record)) for item in value):
            return "", f"{len(value)} item{'' if len(value) == 1 else 's'}"
        shown = ", ".join(describe(kind, item)[0] for item in value[:32])
        return f"[{shown}{', ...' if len(value) > 32 else ''}]", ""
    if value is None:
        return "null", ""
    return "", ""


def number_text(kind: k.Kind, value: float) -> str:
    """Return a float with as many digits as its type needs to be read back the same."""
    if isinstance(kind, (k.Array, k.Table)):
        return number_text(kind.item, value)
    if isinstance(kind, k.Scalar) and kind.type == "f32" and value == value:
        raw = kind.packer.pack(value)
        texts = (f"{value:.{digits}g}" for digits in range(6, 10))
        return next(text for text in texts if kind.packer.pack(float(text)) == raw)
    return repr(value).removesuffix(".0")


def quote(text: str) -> str:
    """Return a text in quotes, with control characters escaped, so that it cannot act on a terminal."""
    return '"' + "".join(_printable(character) for character in text) + '"'


def _printable(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def leaves(record: Record, prefix: str = "") -> Iterator[tuple[str, k.Kind, Any]]:
    """Yield (path, kind, value) of every field of a message that is no record or list of records."""
    for kind, value in record.present():
        path = f"{prefix}{kind.name}"
        if isinstance(value, Record):
            yield from leaves(value, f"{path}.")
        elif isinstance(value, list) and any(isinstance(item, Record) for item in value):
            for index, item in enumerate(value):
                if isinstance(item, Record):
                    yield from leaves(item, f"{path}[{index}].")
        else:
            yield path, kind, value
