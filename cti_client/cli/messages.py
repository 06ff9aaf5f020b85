"""`cti messages`: what is declared, read from the declarations; no table is written here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import click

from cti_schema.errors import ConfigurationError, UnknownNameError

if TYPE_CHECKING:
    from cti_client.dump.paint import Paint
    from cti_schema.message import Message, MessageSpec

#: A last column that would be narrower than this is written below its line instead.
_NARROW = 24

#: Width of the column of types on a terminal.
_TYPES = 26


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable: one JSON object.")
@click.option("--source", is_flag=True, help="Show the Python source that parses and builds NAME.")
def command(name: str | None, as_json: bool, source: bool) -> None:
    """List the declared messages, or show one with its layout.

    Without NAME: a table of all messages. With NAME: what the message is for, how it is answered, and its
    fields with offset (from the frame's first byte), size, type, unit, meaning and named values.

    \b
    cti messages
    cti messages start_schedule
    cti messages --json > cti.json

    cti messages start_schedule --source

    --json gives the whole schema, or one message of it, as data: names, codes, layouts, enumerations,
    effects, answers, versions.
    """
    from cti_client.cli._output import Output, terminal_width
    from cti_schema.registry import registry

    out = Output()
    try:
        declared = list(registry()) if name is None else [registry().by_name(name)]
    except UnknownNameError as error:
        raise ConfigurationError(str(error)) from None
    if source and (name is None or as_json):
        raise ConfigurationError("--source needs the NAME of a message, and is no --json")
    width = terminal_width()
    if source:
        from cti_schema.compile.compiled import source as source_of

        for line in source_of(declared[0]).splitlines():
            out.line(line)
    elif as_json:
        from cti_client.dump.jsonlines import dumps
        from cti_schema.derive.schema import message, schema

        out.line(dumps(schema(declared) if name is None else message(declared[0]), out.encoding))
    else:
        made = (
            one(declared[0], width, out.paint) if name is not None else overview(declared, width, out.paint)
        )
        for line in made:
            out.line(line)
    out.flush()


def overview(declared: Sequence[type[Message]], width: int | None, paint: Paint) -> Iterator[str]:
    """Yield a table of all messages.

    Args:
        declared: the messages.
        width: columns of the terminal; ``None`` for lines of any length.
        paint: colours.
    """
    rows = [
        (
            spec.name,
            f"0x{spec.code:08X}",
            spec.direction.value,
            spec.effect.value if spec.effect else "",
            spec.answers.how if spec.effect else "",
            str(spec.port or ""),
            spec.versions,
        )
        for spec in (message.spec for message in declared)
    ]
    heads = ("name", "code", "direction", "effect", "answers", "port", "versions")
    yield from table(heads, rows, width, paint)


def one(declared: type[Message], width: int | None, paint: Paint) -> Iterator[str]:
    """Yield all that is declared about a message; arguments as of `overview`."""
    from cti_schema.derive.layout import rows

    spec = declared.spec
    yield paint("head", f"{spec.name}: {spec.direction} 0x{spec.code:08X}")
    yield from _wrapped(spec.doc, width)
    yield ""
    facts = list(_facts(spec))
    if facts:
        wide = max(len(fact) for fact, _ in facts)
        for fact, text in facts:
            first, *more = _wrapped(text, None if width is None else max(width - wide - 2, _NARROW)) or [""]
            yield f"{paint('name', fact.ljust(wide))}  {first}"
            yield from (" " * (wide + 2) + line for line in more)
        yield ""
    fields = rows(spec)
    if not fields:
        yield "It has no fields: the body is empty."
        return
    cells = [
        (
            "" if row.offset is None else f"{'+' if row.depth else ''}{row.offset}",
            "" if row.size is None else str(row.size),
            "  " * row.depth + row.name,
            row.type,
            row.unit,
            row.doc,
        )
        for row in fields
    ]
    heads = ("offset", "size", "field", "type", "unit", "meaning")
    yield from table(heads, cells, width, paint, right=(0, 1), most={3: _TYPES})
    if any(row.depth and row.offset is not None for row in fields):
        yield ""
        yield "Offsets with a + count from the first byte of their record."
    yield from _values(spec, width, paint)


def _facts(spec: MessageSpec) -> Iterator[tuple[str, str]]:
    """Yield what a declaration says besides the fields: (what, text)."""
    if spec.effect is not None:
        from cti_schema.message import CONTROL

        control = "control: changes something; never sent a second time by itself"
        yield "effect", control if spec.effect is CONTROL else "query: may be repeated without harm"
        yield "answers", str(spec.answers).replace("`", "")
        yield "feedback", " or ".join(answer.spec.name for answer in spec.feedbacks) or "not known"
    if spec.select is not None:
        name, cases = spec.select
        yield "", "; ".join(f"{cases[value].spec.name} if {name} is {value}" for value in cases)
    if spec.echo:
        yield (
            "repeated",
            ", ".join(
                field if field == source else f"{field} (from {source})"
                for field, source in spec.echo.items()
            ),
        )
    if spec.variant_of is not None and spec.when is not None:
        yield "stands for", f"{spec.variant_of.spec.name}, on versions where {spec.when.doc}"
    elif spec.when is not None:
        yield "only on", f"versions where {spec.when.doc}"
    if spec.port is not None:
        yield "port", str(spec.port)
    if spec.form != "binary":
        yield "body", "a JSON text in UTF-16LE behind its length in code units (u32)"
    yield from (
        (name, getattr(spec, name)) for name in ("versions", "vendor", "notes") if getattr(spec, name)
    )


def _values(spec: MessageSpec, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the named values of the fields, each enumeration once."""
    from cti_schema.derive.layout import enumeration, rows
    from cti_schema.kinds import Scalar

    told: dict[tuple[tuple[int, str, str], ...], tuple[list[str], bool]] = {}
    path: list[str] = []
    for row in rows(spec):
        path[row.depth :] = [row.name]
        if row.values:
            bits = isinstance(row.kind, Scalar) and bool(row.kind.enum) and enumeration(row.kind) is None
            told.setdefault(row.values, ([], bits))[0].append(".".join(path))
    for values, (names, bits) in told.items():
        yield ""
        yield paint("head", f"values of {', '.join(dict.fromkeys(names))}")
        cells = [(f"0x{value:X}" if bits else str(value), *texts) for value, *texts in values]
        if not any(label for _, label, _ in cells):
            cells = [(value, meaning, "") for value, _, meaning in cells]
        yield from table(("value", "name", "meaning"), cells, width, paint, right=(0,), heading=False)


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int | None,
    paint: Paint,
    *,
    right: Sequence[int] = (),
    most: Mapping[int, int] | None = None,
    heading: bool = True,
) -> Iterator[str]:
    """Yield the lines of a table; on a terminal its last column is wrapped.

    Args:
        heads: of the columns.
        rows: the cells.
        width: columns of the terminal; ``None`` for lines of any length.
        paint: colours.
        right: columns that are aligned on the right.
        most: width beyond which another column is wrapped too, on a terminal.
        heading: write the heads.
    """
    last = len(heads) - 1
    limits: dict[int, int] = {} if width is None or most is None else dict(most)
    lines = [[_wrapped(cell, limits.get(at)) for at, cell in enumerate(line[:-1])] for line in [heads, *rows]]
    lines = lines if heading else lines[1:]
    widths = [max(len(part) for line in lines for part in [*line[at], ""]) for at in range(last)]
    start = sum(widths) + 2 * len(widths)
    room = None if width is None else width - start
    below = room is not None and room < _NARROW
    for number, (line, text) in enumerate(zip(lines, [*([heads] if heading else []), *rows], strict=True)):
        role = "side" if heading and number == 0 else ""
        ends = _wrapped(text[-1], None if below else room)
        for at, parts in enumerate(zip_longest(*line, [] if below else ends, fillvalue="")):
            cells = [
                part.rjust(widths[column]) if column in right else part.ljust(widths[column])
                for column, part in enumerate(parts[:-1])
            ]
            if at == 0 or any(parts):
                yield paint(role, "  ".join([*cells, parts[-1]]).rstrip())
        if below:
            yield from (paint("side", f"    {part}") for part in _wrapped(text[-1], (width or 0) - 4))


def _wrapped(text: str, width: int | None) -> list[str]:
    """Return a text as lines that are no wider, with its indentation; no line of an empty one."""
    margin = " " * (len(text) - len(text.lstrip()))
    words = " ".join(text.split())
    if width is None or not words:
        return [margin + words] if words else []
    return textwrap.wrap(words, width, initial_indent=margin, subsequent_indent=margin)
