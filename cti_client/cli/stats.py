"""`cti stats`: what traffic was like in numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cti_client.dump.statistics import Statistics


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "-Y", "--filter", "condition", metavar="FILTER", help="Only messages that pass, as in `cti dump`."
)
@click.option("--timeout", "timeout_s", type=click.FloatRange(0, min_open=True), default=10.0,
              show_default=True, metavar="SECONDS",
              help="A request counts as unanswered after that time.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="Only connections with this port, whether or not they look like CTI.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    files: tuple[str, ...], condition: str | None, timeout_s: float, port: int | None, as_json: bool
) -> None:
    """Count messages, channels, errors and response times; of several files all together.

    \b
    cti stats capture.pcapng
    cti stats --json -Y 'channel == 3' monday.pcapng tuesday.pcapng

    Percentiles of response times are exact to one per cent.
    """
    from cti_client.cli._entries import entries_of
    from cti_client.dump.filters import parse
    from cti_client.dump.selection import passes
    from cti_client.dump.statistics import Statistics

    accepts = None if condition is None else parse(condition)
    statistics = Statistics()
    for file in files:
        with closing(entries_of(file, port=port, timeout_s=timeout_s)) as entries:
            if accepts is None:
                statistics.add(entries)
            else:
                statistics.add(entry for entry in entries if passes(entry, accepts))
    if as_json:
        click.echo(json.dumps(statistics.as_json(), allow_nan=False))
        return
    for line in _lines(statistics):
        click.echo(line)


def _lines(statistics: Statistics) -> Iterable[str]:
    shape = statistics.as_json()
    yield f"{shape['messages']} messages"
    names = ["message", "direction", "count", "bytes", "p50", "p90", "p99", "max", "unanswered", "late"]
    yield from _table("Messages", names, [_command(one) for one in shape["commands"]], right=range(2, 10))
    names = ["channel", "requests", "feedbacks"]
    channels = [[str(one["channel"] or "others"), *(str(one[name]) for name in names[1:])]
                for one in shape["channels"]]  # fmt: skip
    yield from _table("Channels", names, channels, right=range(3))
    names = ["message", "result", "code", "count"]
    errors = [[_cell(one[name]) for name in names] for one in shape["errors"]]
    yield from _table("Errors", names, errors, right=(2, 3))
    odd = [[kind, str(count)] for kind, count in (shape["odd"] | shape["problems"]).items()]
    yield from _table("Problems", ["what", "count"], odd, right=(1,))
    names = ["connection", "client", "server", "messages", "bytes"]
    names += ["duration_s", "messages_per_s", "bytes_per_s"]
    connections = [[_cell(one.get(name)) for name in names] for one in shape["connections"]]
    yield from _table("Connections", names, connections, right=(0, *range(3, 8)))


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


def _command(one: dict[str, Any]) -> list[str]:
    from cti_client.dump.lines import duration

    took = one.get("response_s")
    times = [duration(took[name]) for name in ("p50", "p90", "p99", "max")] if took else [""] * 4
    counted = [str(one[name]) for name in ("count", "bytes")]
    missing = [str(one.get(name) or "") for name in ("unanswered", "late")]
    return [one["message"], one["direction"], *counted, *times, *missing]


def _table(title: str, names: list[str], rows: list[list[str]], right: Iterable[int]) -> Iterable[str]:
    from cti_client.cli._table import aligned

    if not rows:
        return
    yield ""
    yield title
    yield from aligned([names, *rows], right=set(right))
