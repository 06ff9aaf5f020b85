"""`cti status`: what the channels of a cycler, or of a fleet, do and measure."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cti_client.cli._common import Target, check_channels, on_terminal, target_options
from cti_client.cli._fleet import fleet_option, only_fleet, open_fleet

if TYPE_CHECKING:
    from cti_client import Cycler, Reading, aio
    from cti_client.fleet import Fleet


@click.command()
@target_options
@fleet_option
@click.option("--channel", "channels", default="all", show_default=True, metavar="CHANNELS",
              help="Numbers and ranges like 1-8,12, counted from 1.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each channel.")
@click.pass_context
def command(
    ctx: click.Context, target: Target, fleet_file: Path | None, channels: str, as_json: bool
) -> None:
    """Show what the channels do and measure.

    Of a fleet, each cycler is shown as soon as it has answered: none waits for another.
    """
    check_channels(channels)
    if fleet_file is None:
        with target.open() as cycler:
            readings = _read(cycler, channels)
        _show(readings, as_json=as_json)
        return

    import asyncio

    from cti_client.fleet_file import read_fleet

    only_fleet(ctx)
    if not asyncio.run(_fleet(open_fleet(read_fleet(fleet_file), target), channels, as_json=as_json)):
        sys.exit(1)


async def _fleet(fleet: Fleet, channels: str, *, as_json: bool) -> bool:
    """Show the cyclers of a fleet, and tell whether all of them answered."""
    import json

    fine = True
    async with fleet:
        async for answer in fleet.each(lambda name, cycler: _read_async(cycler, channels)):
            if answer.error is not None:
                fine = False
                if as_json:
                    click.echo(json.dumps({"cycler": answer.cycler, "error": str(answer.error)}))
                click.echo(f"Error: {answer.cycler}: {answer.error}", err=True)
                continue
            if not as_json:
                click.echo(f"{answer.cycler} ({fleet.places[answer.cycler].address})")
            _show(answer.result(), as_json=as_json, cycler=answer.cycler)
            if not as_json:
                click.echo()
    return fine


def _read(cycler: Cycler, text: str) -> list[Reading]:
    from cti_client.channels import parse_channels

    wanted = parse_channels(text, cycler.channel_count)
    if len(wanted) == 1:
        return [cycler.channel(wanted[0]).read()]
    return _chosen(wanted, cycler.channels(), cycler.address)


async def _read_async(cycler: aio.Cycler, text: str) -> list[Reading]:
    from cti_client.channels import parse_channels

    wanted = parse_channels(text, cycler.channel_count)
    if len(wanted) == 1:
        return [await cycler.channel(wanted[0]).read()]
    return _chosen(wanted, await cycler.channels(), cycler.address)


def _chosen(wanted: list[int], readings: Iterable[Reading], address: str) -> list[Reading]:
    from cti_client.channels import format_channels
    from cti_schema.errors import ClientError

    found = {reading.channel: reading for reading in readings}
    lost = [channel for channel in wanted if channel not in found]
    if lost:
        raise ClientError(f"the answer of {address} lacks the channels {format_channels(lost)}")
    return [found[channel] for channel in wanted]


def _show(readings: list[Reading], *, as_json: bool, cycler: str | None = None) -> None:
    """Show readings: as JSON, drawn on a terminal, else as lines."""
    if as_json:
        for reading in readings:
            click.echo(_json(reading, {} if cycler is None else {"cycler": cycler}))
        return
    if on_terminal():
        from rich.console import Console

        from cti_client.cli._table import drawn

        console = Console()
        console.print(drawn(readings, console.width))
    else:
        from cti_client.cli._output import Output
        from cti_client.cli._table import plain

        out = Output()
        for line in plain(readings):
            out.line(line)
        out.flush()


def _json(reading: Reading, more: dict[str, Any]) -> str:
    """Return a reading as a line of strict JSON; numbers that the cycler does not tell are ``"nan"``."""
    import dataclasses
    import json

    from cti_schema.derive.jsonform import json_value

    values = {field.name: getattr(reading, field.name) for field in dataclasses.fields(reading)}
    del values["raw"]
    values["status"] = reading.status.label
    return json.dumps(json_value(more | values), allow_nan=False)
