"""`cti encode`: JSON Lines to frames. A line is written only when all of it is right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cti_schema.errors import CTIError, EncodeError, InputError

if TYPE_CHECKING:
    from cti_client.dump.sources import Input


@click.command()
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--raw", is_flag=True, help="Write the bytes themselves instead of hex lines.")
@click.option("--surplus", is_flag=True,
              help="Add the zero bytes that the vendor's library sends behind some requests.")  # fmt: skip
def command(file: str, raw: bool, surplus: bool) -> None:
    """JSON Lines to frames: one frame, as a line of hex, for each line.

    FILE (by default standard input) holds one JSON object in each line, as `cti decode` writes them.
    "message" and "fields" are enough; counts and lengths are filled in, enumerations may be given by name.
    `cti messages NAME` shows the fields of a message. Length and checksum are always written right.

    \b
    echo '{"message": "stop_schedule", "fields": {"channel_index": 4, "stop_all": 0}}' | cti encode

    At the first line that is wrong it stops, with exit code 1; the frames before it were written.
    """
    from cti_client.cli._output import Output
    from cti_client.dump.sources import Input
    from cti_schema.derive.jsonform import encode_json

    live = file == "-"
    with Input(sys.stdin.buffer if live else file) as source:
        out = Output(live=live)
        binary = sys.stdout.buffer
        count = 0
        try:
            for place, text in _lines(source):
                try:
                    frame = encode_json(_shape(text), surplus=surplus)
                except CTIError as error:
                    raise InputError(f"{place}: {_reason(text, error)}") from None
                count += 1
                if raw:
                    binary.write(frame)
                    if live:
                        binary.flush()
                else:
                    out.line(frame.hex())
        finally:
            binary.flush() if raw else out.flush()
        if not count:
            raise InputError(f"{source.name}: empty")


def _lines(source: Input) -> Iterator[tuple[str, str]]:
    """Yield the lines that are not blank, each with its place for people.

    Raises:
        InputError: the input is no text.
    """
    import io

    text = io.TextIOWrapper(source.stream, source.encoding)
    number = 0
    while True:
        number += 1
        try:
            line = text.readline()
        except UnicodeDecodeError as error:
            raise InputError(f"{source.name}, line {number} or later: no {error.encoding} text") from None
        if not line:
            return
        if line.strip():
            yield f"{source.name}, line {number}", line.rstrip("\r\n")


def _shape(text: str) -> Any:
    """Return the JSON value of a line.

    Raises:
        EncodeError: it is no strict JSON.
    """
    import json

    try:
        return json.loads(text, parse_constant=_constant, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise EncodeError("", f"no JSON, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise EncodeError("", "no JSON: nested too deep") from None
    except ValueError as error:
        raise EncodeError("", f"no JSON: {error}") from None


def _constant(name: str) -> Any:
    raise ValueError(f'{name} is not in JSON; write "nan", "inf" or "-inf"')


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice!r} is there twice")
    return found


def _reason(text: str, error: CTIError) -> str:
    """Return what is wrong in words, without the value of a secret field."""
    from cti_schema.derive.layout import type_text
    from cti_schema.registry import registry

    if isinstance(error, EncodeError) and error.path:
        name = _shape(text).get("message")
        spec = next((one.spec for one in registry() if one.spec.name == name), None)
        kind = spec.field(error.path.partition("[")[0]) if spec else None
        if spec is not None and kind is not None and kind.secret:
            return f"{error.path}: the value (not shown) does not fit {type_text(kind, error.path)}"
    return str(error)
