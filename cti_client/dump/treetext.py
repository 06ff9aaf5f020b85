"""The tree of a frame as lines: offset, length, raw bytes, name, value, unit, meaning, problems.

Pure functions from nodes to texts; control characters in values were escaped when the tree was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cti_client.dump.lines import safe
from cti_client.dump.paint import Paint, plain
from cti_schema.derive.jsonform import HIDDEN
from cti_schema.derive.layout import enumeration
from cti_schema.derive.tree import Node

__all__ = ["HEADINGS", "tree_lines"]

_RAW: Final = 8
_RAW_WIDTH: Final = 2 * _RAW + 2

#: The line above a tree.
HEADINGS: Final = f"{'offset':>8} {'length':>7}  {'bytes':<{_RAW_WIDTH}}  field"


def tree_lines(nodes: Iterable[Node], *, paint: Paint = plain) -> Iterator[str]:
    """Yield the lines of a tree (`cti_schema.derive.tree.tree`), without a heading.

    Args:
        nodes: of the frame.
        paint: colours.
    """
    for node in nodes:
        in_text = node.offset == 20 and not node.length and node.path
        offset = "" if in_text else str(node.offset)
        length = "" if in_text else str(node.length)
        place = f"{offset:>8} {length:>7}  {raw_text(node.raw):<{_RAW_WIDTH}}"
        yield f"{paint('side', place)}  {'  ' * node.depth}{_field(node, paint)}"
        for problem in node.problems:
            margin = " " * (len(place) + 2 + 2 * node.depth)
            yield margin + paint("problem", f"! {problem.kind}: {safe(problem.message)}")


def raw_text(raw: bytes) -> str:
    """Return bytes as hex; of many, the first ones and two dots."""
    return raw.hex() if len(raw) <= _RAW else f"{raw[:_RAW].hex()}.."


def _field(node: Node, paint: Paint) -> str:
    text = paint("name", node.name)
    if node.value:
        value = paint("hidden", node.value) if node.value == HIDDEN else node.value
        unit = f" {node.unit}" if node.unit and node.value not in (HIDDEN, "[]") else ""
        text += f" = {value}{unit}"
    meaning = _meaning(node)
    return f"{text}  ({meaning})" if meaning else text


def _meaning(node: Node) -> str:
    """Return what a value means; of an enumeration its name, and its meaning where that says more."""
    values = enumeration(node.kind) if node.kind is not None else None
    if values is None or not node.value.lstrip("-").isdecimal():
        return node.meaning
    member = values(int(node.value))
    if not member.known or member.meaning in ("", member.label.replace("_", " ")):
        return node.meaning
    return f"{member.label}: {member.meaning}"
