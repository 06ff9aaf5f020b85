"""Drawings of frames, computed: the plan of a frame, and the bytes of one frame coloured by field.

The output is HTML that takes its colours from `_static/custom.css`, so that it fits light and dark pages.
"""

from __future__ import annotations

from html import escape

from cti_schema.derive.tree import tree
from cti_schema.message import Direction
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import CHECKSUM, HEADER, LEAST_FRAME, frame_size

#: Bytes in one line of a byte map.
LINE = 16

#: The plan: name, size in bytes or None, width of its box.
BOXES = (
    ("token", 8, 150),
    ("length", 4, 90),
    ("code", 4, 90),
    ("extended code", 4, 110),
    ("body", None, 190),
    ("checksum", 2, 90),
)


def plan() -> str:
    """Return the drawing of a frame: its parts, and what length and checksum count."""
    assert sum(size or 0 for _, size, _ in BOXES) == LEAST_FRAME == HEADER.size + CHECKSUM.size
    width = sum(box for _, _, box in BOXES) + 20
    parts = [
        f'<svg class="frame-plan" viewBox="0 0 {width} 232" role="img" '
        'aria-label="Plan of a frame: token, length, code, extended code, body, checksum">'
    ]
    left, offset = 10, 0
    edges = {}
    for number, (name, size, box) in enumerate(BOXES):
        edges[name] = (left, left + box)
        shown = "20 + n" if name == "checksum" else str(offset)
        parts += [
            f'<rect class="box c{number}" x="{left}" y="30" width="{box}" height="56"/>',
            f'<text class="offset" x="{left + 3}" y="23">{shown}</text>',
            f'<text class="name" x="{left + box / 2}" y="55">{name}</text>',
            f'<text class="size" x="{left + box / 2}" y="74">{"n" if size is None else size} bytes</text>',
        ]
        left += box
        offset += size or 0
    # The distance between the two rules is what frame_size knows.
    assert frame_size(100, Direction.REQUEST) == 112
    assert frame_size(100, Direction.FEEDBACK) == 100
    for row, (text, first, last) in enumerate(
        (
            ("length of a request: what stands behind the length field", "code", "checksum"),
            ("length of a feedback: the whole frame", "token", "checksum"),
            ("bytes that the checksum adds up", "token", "body"),
        )
    ):
        start, end, y = edges[first][0] + 2, edges[last][1] - 2, 112 + 44 * row
        parts += [
            f'<path class="brace" d="M{start} {y - 8} V{y} H{end} V{y - 8}"/>',
            f'<text class="rule" x="{(start + end) / 2}" y="{y + 18}">{text}</text>',
        ]
    return "\n".join([*parts, "</svg>"])


def byte_map(frame: bytes) -> str:
    """Return the bytes of a frame as a table, coloured by field, with the fields in a table below.

    Lines of zero bytes inside one field are drawn once.
    """
    nodes = [node for node in tree(inspect(frame)) if node.length]
    owner = [0] * len(frame)
    for number, node in enumerate(nodes):
        for place in range(node.offset, node.offset + node.length):
            owner[place] = number
    head = "".join(f"<th>+{column:X}</th>" for column in range(LINE))
    lines = ['<table class="byte-map"><thead><tr><th></th>', head, "</tr></thead><tbody>"]
    skipping = False
    for start in range(0, len(frame), LINE):
        line = frame[start : start + LINE]
        same = len({*owner[start : start + LINE], *owner[max(0, start - LINE) : start]}) == 1
        if same and not any(line) and start + LINE < len(frame):
            if not skipping:
                lines.append(
                    f'<tr><th>...</th><td class="more c{owner[start] % 8}" colspan="{LINE}">zeros</td></tr>'
                )
            skipping = True
            continue
        skipping = False
        cells = "".join(
            f'<td class="c{owner[start + column] % 8}" title="{escape(nodes[owner[start + column]].name)}">'
            f"{byte:02x}</td>"
            for column, byte in enumerate(line)
        )
        lines.append(f"<tr><th>{start}</th>{cells}</tr>")
    lines += ["</tbody></table>", '<table class="byte-fields"><thead><tr>']
    lines += [f"<th>{name}</th>" for name in ("offset", "size", "field", "value", "")]
    lines.append("</tr></thead><tbody>")
    for number, node in enumerate(nodes):
        value = " ".join(part for part in (node.value, node.unit) if part)
        texts = [str(node.offset), str(node.length), f"<code>{escape(node.name)}</code>"]
        texts += [escape(value), escape(node.meaning)]
        lines.append(f'<tr><td class="c{number % 8}">' + "</td><td>".join(texts) + "</td></tr>")
    return "\n".join([*lines, "</tbody></table>"])
