"""A frame as rows of hex, in which each field has its colour and stands by its name. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cti_client.dump.paint import Paint, plain
from cti_schema.derive.jsonform import HIDDEN
from cti_schema.derive.tree import Node

__all__ = ["hex_lines"]

_ROW: Final = 16
#: Colours that take turns, so that fields next to each other can be told apart.
_TURNS: Final = ("field1", "field2", "field3", "field4")


def hex_lines(frame: bytes, nodes: Iterable[Node], *, paint: Paint = plain) -> Iterator[str]:
    """Yield the rows of a frame: offset, bytes, characters, and the fields that begin in the row.

    Rows that are the same as the one before, and begin no field, are left out: an asterisk stands for them.

    Args:
        frame: the bytes.
        nodes: of its tree (`cti_schema.derive.tree.tree`); of fields that are hidden the bytes are too.
        paint: colours.
    """
    fields = _leaves(nodes)
    owner: list[int | None] = [None] * len(frame)
    for number, node in enumerate(fields):
        for at in range(node.offset, min(node.offset + node.length, len(frame))):
            owner[at] = number
    width = len(f"{len(frame):x}")
    before, skipped = b"", False
    for start in range(0, len(frame), _ROW):
        row = frame[start : start + _ROW]
        begun = [number for number, node in enumerate(fields) if start <= node.offset < start + _ROW]
        last = start + _ROW >= len(frame)
        if row == before and not begun and not last:
            if not skipped:
                yield paint("side", "*")
            skipped = True
            continue
        before, skipped = row, False
        cells, characters = [], []
        for at, byte in enumerate(row, start):
            field = owner[at]
            role = "side" if field is None else _TURNS[field % len(_TURNS)]
            secret = field is not None and fields[field].value == HIDDEN
            cells.append(paint(role, "**" if secret else f"{byte:02x}"))
            shown = "*" if secret else chr(byte) if 32 <= byte < 127 else "."
            characters.append(paint(role, shown))
        blank = "   " * (_ROW - len(row))
        half = 8
        hexes = f"{' '.join(cells[:half])}  {' '.join(cells[half:])}{'' if len(row) > half else ' '}{blank}"
        if len(row) <= half:
            hexes = f"{' '.join(cells)} {blank}"
        labels = ", ".join(paint(_TURNS[number % len(_TURNS)], _label(fields[number])) for number in begun)
        text = f"{paint('side', f'{start:0{max(width, 4)}x}')}  {hexes}  {''.join(characters)}"
        yield f"{text}{' ' * (_ROW - len(row))}  {labels}".rstrip()


def _label(node: Node) -> str:
    return f"{node.path or node.name}"


def _leaves(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes that have bytes of their own and no node inside of them."""
    listed = [node for node in nodes if node.length]
    found = []
    for node, following in zip(listed, [*listed[1:], None], strict=True):
        if following is None or following.depth <= node.depth:
            found.append(node)
    return found
