"""`cti diff`: what two captures differ in."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import click

from cti_schema.errors import CTIError

if TYPE_CHECKING:
    from cti_client.dump.align import Spoken, Talk
    from cti_client.dump.diff import Difference

#: Longest value in a line for people.
_LONGEST: Final = 60


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, one for each difference.")
@click.option("--show-secrets", is_flag=True, help="Show passwords; else *** stands there.")
def command(first: str, second: str, as_json: bool, show_secrets: bool) -> None:
    """Compare two captures by what was said, not by their bytes.

    A and B are captures or files of frames, as for `cti dump`. Conversations are compared in the order in
    which they begin, messages of one kind with each other. How TCP carried them, times and addresses do not
    matter, and neither do reserved bytes.

    \b
    cti diff before.pcapng after.pcapng
    cti diff --json before.pcapng after.pcapng | jq .path

    A message that one has alone has a - (only in A) or a + (only in B) in front. Two messages with other
    values have a line with both numbers, and one for each field: both values.

    The exit code is 0 if nothing differs, 1 if something does, 2 if there was trouble.
    """
    from cti_client.cli._entries import entries_of
    from cti_client.cli._output import Output
    from cti_client.dump.align import talks
    from cti_client.dump.diff import differences

    out = Output()
    differs = False
    try:
        if first == second == "-":
            raise click.UsageError("Only one of the two can be standard input.")
        sides = []
        for file in (first, second):
            with closing(entries_of(file)) as entries:
                sides.append(talks(entries))
        view = _Text()
        for one in differences(*sides, secrets=show_secrets):
            differs = True
            lines = [json.dumps(_json(one), allow_nan=False)] if as_json else view.lines(one)
            for line in lines:
                out.line(line)
        out.flush()
    except CTIError as error:
        _trouble(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        _trouble(f"{error.filename or 'input or output'}: {error.strerror or error}")
    if differs:
        sys.exit(1)


def _trouble(message: str) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(2)


def _json(one: Difference) -> dict[str, Any]:
    from cti_client.dump.diff import ABSENT, OnlyIn

    if isinstance(one, OnlyIn):
        side = "ab"[one.side]
        shape = {"difference": "message" if one.message else "conversation", "only_in": side}
        where: dict[str, Any] = {"connection": _number(one.talk)}
        if one.message is None:
            return {**shape, **where, "messages": len(one.talk.spoken)}
        return {**shape, **where, "frame": one.message.number, **_said(one.message)}
    values = {side: value for side, value in zip("ab", one.values, strict=True) if value is not ABSENT}
    return {
        "difference": "field",
        "connection": [_number(talk) for talk in one.talks],
        "frame": [message.number for message in one.messages],
        **_said(one.messages[0]),
        "path": one.path,
        **values,
    }


def _number(talk: Talk) -> int | None:
    return None if talk.link is None else talk.link.number


def _said(message: Spoken) -> dict[str, Any]:
    return {"message": message.name, "direction": message.direction.value}


class _Text:
    """Differences as lines, with one for each new pair of messages."""

    def __init__(self) -> None:
        self._messages: tuple[int, int] | None = None

    def lines(self, one: Difference) -> list[str]:
        from cti_client.dump.diff import OnlyIn

        found: list[str] = []
        if isinstance(one, OnlyIn):
            sign = "-+"[one.side]
            if one.message is None:
                return [f"{sign} {_talk(one.talk)}: {len(one.talk.spoken)} messages"]
            return [f"{sign} {one.message.number:>5}  {_arrow(one.message)} {one.message.name}"]
        first, second = one.messages
        if (first.number, second.number) != self._messages:
            self._messages = (first.number, second.number)
            found.append(f"! {first.number:>5} | {second.number}  {_arrow(first)} {first.name}")
        left, right = (
            _value(message, one.path, value) for message, value in zip(one.messages, one.values, strict=True)
        )
        found.append(f"           {one.path}: {left} | {right}")
        return found


def _talk(talk: Talk) -> str:
    from cti_client.dump.lines import connection_line

    return "frames" if talk.link is None else connection_line(talk.link)


def _arrow(message: Spoken) -> str:
    return "->" if message.direction == "request" else "<-"


def _value(message: Spoken, path: str, value: Any) -> str:
    from cti_client.dump.diff import ABSENT, label
    from cti_client.dump.lines import safe

    if value is ABSENT:
        return "nothing"
    text = safe(json.dumps(value, ensure_ascii=False))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text)} characters)"
    name = label(message, path, value)
    return f"{text} {name}" if name else text
