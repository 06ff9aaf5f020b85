"""A frame as rows of hex, in which each field has its colour and stands by its name. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from cti_client.dump.paint import Paint, plain
from cti_schema.derive.jsonform import HIDDEN
from cti_schema.derive.tree import Node

__all__ = ["hex_lines"]

_ROW: Final = 16
#: Characters of a row of hex: two for each byte, one between, two in the middle.
_WIDTH: Final = 3 * _ROW
#: Colours that take turns, so that fields next to each other can be told apart.
_TURNS: Final = ("field1", "field2", "field3", "field4")

#: What is shown of a byte: role, hex, character.
_Cell = tuple[str, str, str]


def hex_lines(frame: bytes, nodes: Iterable[Node], *, paint: Paint = plain) -> Iterator[str]:
    """Yield the rows of a frame: offset, bytes, characters, and the fields that begin in the row.

    Rows that look like the one before, and begin no field, are left out: an asterisk stands for them.

    Args:
        frame: the bytes.
        nodes: of its tree (`cti_schema.derive.tree.tree`); of fields that are hidden the bytes are too.
        paint: colours.
    """
    fields = _leaves(nodes)
    roles = {id(node): _TURNS[number % len(_TURNS)] for number, node in enumerate(fields)}
    owner: list[Node | None] = [None] * len(frame)
    for node in fields:
        end = min(node.offset + node.length, len(frame))
        owner[node.offset : end] = [node] * (end - node.offset)
    cells = [_cell(byte, node, roles) for byte, node in zip(frame, owner, strict=True)]
    width = max(4, len(f"{len(frame):x}"))
    before: list[_Cell] = []
    skipped = False
    for start in range(0, len(frame), _ROW):
        row = cells[start : start + _ROW]
        begun = [node for node in fields if start <= node.offset < start + _ROW]
        if row == before and not begun and start + _ROW < len(frame):
            if not skipped:
                yield paint("side", "*")
            skipped = True
            continue
        before, skipped = row, False
        hexes, characters = _painted(row, paint)
        blank = " " * (_WIDTH - 3 * len(row) + 1 - (len(row) > _ROW // 2))
        labels = ", ".join(paint(roles[id(node)], node.path or node.name) for node in begun)
        text = f"{paint('side', f'{start:0{width}x}')}  {hexes}{blank}  {characters}"
        yield f"{text}{' ' * (_ROW - len(row))}  {labels}".rstrip()


def _cell(byte: int, node: Node | None, roles: dict[int, str]) -> _Cell:
    role = "side" if node is None else roles[id(node)]
    if node is not None and node.value == HIDDEN:
        return role, "**", "*"
    return role, f"{byte:02x}", chr(byte) if 32 <= byte < 127 else "."


def _painted(row: list[_Cell], paint: Paint) -> tuple[str, str]:
    """Return the bytes and the characters of a row, with one colour for all that belong together."""
    hexes, characters, at = "", "", 0
    for role, group in groupby(row, key=lambda cell: cell[0]):
        cells = list(group)
        texts = []
        for cell in cells:
            texts.append(("" if at == 0 else "  " if at == _ROW // 2 else " ") + cell[1])
            at += 1
        joined = "".join(texts)
        inner = joined.lstrip(" ")
        hexes += joined[: len(joined) - len(inner)] + paint(role, inner)
        characters += paint(role, "".join(cell[2] for cell in cells))
    return hexes, characters


def _leaves(nodes: Iterable[Node]) -> list[Node]:
    """Return the nodes that have bytes of their own and no node inside of them."""
    listed = [node for node in nodes if node.length]
    found = []
    for node, following in zip(listed, [*listed[1:], None], strict=True):
        if following is None or following.depth <= node.depth:
            found.append(node)
    return found
