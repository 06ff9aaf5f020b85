"""Reference pages in Markdown (MyST), computed from the registry: one per command, and indexes.

`write` fills a folder; the documentation does so each time it is built. Nothing generated is kept.
Links between the pages go by anchors, so that a message can move to another file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cti_schema import versions
from cti_schema.derive.layout import Row, enumeration, rows
from cti_schema.enumerations import Code
from cti_schema.enums import CtiVersion
from cti_schema.message import Direction, Message, MessageSpec
from cti_schema.registry import Registry, registry


def commands(known: Registry | None = None) -> dict[str, list[type[Message]]]:
    """Return the messages by command: those that one file declares, the request first."""
    found: dict[str, list[type[Message]]] = {}
    for message in known if known is not None else registry():
        found.setdefault(message.__module__.rpartition(".")[2], []).append(message)
    for group in found.values():
        group.sort(key=lambda message: message.spec.direction is not Direction.REQUEST)
    return dict(sorted(found.items()))


def write(folder: Path) -> None:
    """Write all reference pages into a folder: one page per command, ``index.md``, ``login_versions.md``."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"{name}.md": page(name, group) for name, group in commands().items()}
    pages["index.md"] = index()
    pages["login_versions.md"] = login_versions()
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def index() -> str:
    """Return the page that lists all messages, by name and by code."""
    groups = commands()
    found = [message.spec for group in groups.values() for message in group]
    lines = [
        "# Messages",
        "",
        "One page for each command. Everything here is computed from the declarations.",
    ]
    requests = sum(one.direction is Direction.REQUEST for one in found)
    lines += [
        f"There are {len(found)} messages: {requests} requests and {len(found) - requests} feedbacks.",
        "",
        "- [By name](#messages-by-name): with the effect of each request and what it is for.",
        "- [By code](#messages-by-code): for looking up a code that was seen on the wire.",
        "- [](login_versions.md): which variant of a message a client chooses.",
        "",
    ]
    lines += ["(messages-by-name)=", "## By name", ""]
    lines += table(
        ["message", "code", "effect", "what it is"],
        (
            [link(one), f"`0x{one.code:08X}`", one.effect.value if one.effect else "", first_line(one.doc)]
            for one in sorted(found, key=lambda spec: spec.name)
        ),
    )
    lines += ["", "(messages-by-code)=", "## By code", ""]
    lines += table(
        ["code", "direction", "message", "vendor's name"],
        (
            [f"`0x{one.code:08X}`", one.direction.value, link(one), f"`{one.vendor}`" if one.vendor else ""]
            for one in sorted(found, key=lambda spec: (spec.code, spec.direction))
        ),
    )
    lines += ["", "```{toctree}", ":hidden:", ":maxdepth: 1", "", "login_versions", *groups, "```", ""]
    return "\n".join(lines)


def login_versions() -> str:
    """Return the page of the version numbers of the login feedback and of the variants that they choose."""
    lines = [
        "# Versions and variants", "",
        "The login feedback tells a version number. It chooses between variants of some messages.",
        'Numbers are compared exactly; there is no "newer than". Before any login feedback the number is 0.',
        "", "## What a version means", "",
    ]  # fmt: skip
    lines += table(
        ["version", "number", "what holds for it"],
        [
            *([f"`{one.label}`", f"`0x{one:08X}`", _sets(one)] for one in CtiVersion),
            ["any other number", "", ", ".join(f"`{one.name}`" for one in versions.TABLE if one.unlisted)],
        ],
    )
    lines += ["", *(f"- `{one.name}`: {escape(one.doc)}." for one in versions.TABLE), "", "## Variants", ""]
    lines += table(
        ["instead of", "this is sent", "where"],
        (
            [link(spec.variant_of.spec), link(spec), f"`{spec.when.name}`"]
            for spec in (message.spec for message in registry())
            if spec.variant_of is not None and spec.when is not None
        ),
    )
    return "\n".join([*lines, ""])


def _sets(version: int) -> str:
    return ", ".join(f"`{one.name}`" for one in versions.TABLE if version in one)


def page(name: str, group: list[type[Message]]) -> str:
    """Return the page of one command."""
    lines = [f"# {name}", ""]
    enums: list[type[Code]] = []
    specs = {message.spec.name: message.spec for message in (*registry(), *group)}
    for message in group:
        asking = [one for one in specs.values() if message in one.feedbacks]
        lines += _message(name, message.spec, asking, enums)
    if enums:
        lines += ["## Values", ""]
    for enum in enums:
        lines += [
            f"({enum_anchor(name, enum)})=",
            f"### {enum.__name__}",
            "",
            first_line(enum.__doc__ or ""),
            "",
        ]
        lines += table(
            ["value", "name", "meaning"],
            ([f"`{_number(one)}`", f"`{one.label}`", escape(one.meaning)] for one in enum),
        )
        lines += [""]
    return "\n".join(lines)


def anchor(spec: MessageSpec) -> str:
    """Return the target of a message's heading."""
    return f"message-{spec.name.replace('_', '-')}"


def enum_anchor(page_name: str, enum: type[Code]) -> str:
    """Return the target of an enumeration's heading: many pages may have the same enumeration."""
    return f"values-{page_name.replace('_', '-')}-{enum.__name__.lower()}"


def link(spec: MessageSpec) -> str:
    """Return a link to a message."""
    return f"[`{spec.name}`](#{anchor(spec)})"


def _message(
    page_name: str, spec: MessageSpec, asking: list[MessageSpec], enums: list[type[Code]]
) -> list[str]:
    """Return the lines of one message, and add the enumerations that its fields need."""
    heading = f"## {spec.direction.value.capitalize()} `{spec.name}`"
    lines = [f"({anchor(spec)})=", heading, "", spec.doc.partition("\n\n")[0], ""]
    facts = [("code", f"`0x{spec.code:08X}`"), ("body", spec.form)]
    if spec.effect is not None:
        facts.append(("effect", spec.effect.value))
        facts.append(("answered by", " or ".join(link(one.spec) for one in spec.feedbacks) or "not known"))
        facts.append(("answers", str(spec.answers)))
    if asking:
        facts.append(("answer to", ", ".join(link(one) for one in asking)))
    if spec.variant_of is not None and spec.when is not None:
        where = f"[{escape(spec.when.doc)}](login_versions.md)"
        facts.append(("variant of", f"{link(spec.variant_of.spec)}, where {where}"))
    if spec.port:
        facts.append(("port", str(spec.port)))
    if spec.versions:
        facts.append(("supported by", escape(spec.versions)))
    if spec.vendor:
        facts.append(("vendor's name", f"`{spec.vendor}`"))
    lines += [f"- {name}: {value}" for name, value in facts]
    lines += [""]
    if spec.layout:
        found = rows(spec)
        lines += table(
            ["offset", "field", "type", "unit", "meaning"],
            (_row(page_name, row, enums) for row in found),
        )
        if any(row.depth and row.offset is not None for row in found):
            lines += ["", "Offsets with a + count from the first byte of their record."]
    else:
        lines += ["The body is empty."]
    if spec.notes:
        lines += ["", ":::{note}", escape(spec.notes), ":::"]
    return [*lines, ""]


def _row(page_name: str, row: Row, enums: list[type[Code]]) -> list[str]:
    enum = enumeration(row.kind)
    meaning = escape(row.doc)
    if enum is not None:
        if enum not in enums:
            enums.append(enum)
        values = f"[values](#{enum_anchor(page_name, enum)})"
        meaning = "; ".join(part for part in (meaning, values) if part)
    elif row.values:
        values = "; ".join(f"{value}: {text or name}" for value, name, text in row.values)
        meaning = "; ".join(part for part in (meaning, escape(values)) if part)
    indent = "&emsp;" * row.depth
    offset = "" if row.offset is None else f"{'+' if row.depth else ''}{row.offset}"
    return [offset, f"{indent}`{row.name}`", escape(row.type), escape(row.unit), meaning]


def _number(value: int) -> str:
    return f"0x{value:08X}" if value > 0xFFFF else str(int(value))


def first_line(doc: str) -> str:
    """Return the first paragraph of a docstring in one line."""
    return escape(" ".join(doc.partition("\n\n")[0].split()))


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    for character in "\\`*_{}[]<>#|$~^":
        text = text.replace(character, "\\" + character)
    return text


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table; the cells are Markdown already."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cells)} |" for cells in body]
    return lines
