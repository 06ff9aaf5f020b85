"""`cti status`: what the channels of a cycler do and measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cti_client.cli._common import Target, check_channels, on_terminal, target_options

if TYPE_CHECKING:
    from cti_client import Cycler, Reading


@click.command()
@target_options
@click.option("--channel", "channels", default="all", show_default=True, metavar="CHANNELS",
              help="Numbers and ranges like 1-8,12, counted from 1.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each channel.")
def command(target: Target, channels: str, as_json: bool) -> None:
    """Show what the channels do and measure."""
    check_channels(channels)
    with target.open() as cycler:
        readings = _read(cycler, channels)
    if as_json:
        for reading in readings:
            click.echo(_json(reading))
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


def _read(cycler: Cycler, text: str) -> list[Reading]:
    from cti_client.channels import format_channels, parse_channels
    from cti_schema.errors import ClientError

    wanted = parse_channels(text, cycler.channel_count)
    if len(wanted) == 1:
        return [cycler.channel(wanted[0]).read()]
    found = {reading.channel: reading for reading in cycler.channels()}
    lost = [channel for channel in wanted if channel not in found]
    if lost:
        raise ClientError(f"the answer of {cycler.address} lacks the channels {format_channels(lost)}")
    return [found[channel] for channel in wanted]


def _json(reading: Reading) -> str:
    """Return a reading as a line of strict JSON; numbers that the cycler does not tell are ``"nan"``."""
    import dataclasses
    import json

    from cti_schema.derive.jsonform import json_value

    values = {field.name: getattr(reading, field.name) for field in dataclasses.fields(reading)}
    del values["raw"]
    values["status"] = reading.status.label
    return json.dumps(json_value(values), allow_nan=False)
