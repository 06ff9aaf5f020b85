"""`cti barcode`: read the barcodes of channels, or assign one."""

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options
from cti_schema.errors import ConfigurationError


@click.command()
@click.argument("channels")
@click.argument("barcode", required=False)
@control_options
def command(target: Target, channels: str, barcode: str | None, yes: bool) -> None:
    """Show the barcodes of CHANNELS, or assign BARCODE to one channel.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    from cti_client.dump.lines import safe

    if barcode is None:
        with acting(target, channels, "read the barcodes of", yes=True) as action:
            action.one_by_one(lambda channel: safe(channel.barcode().barcode) or "-")
        return
    with acting(target, channels, "assign a barcode to", yes=yes) as action:
        if len(action.channels) > 1:
            raise ConfigurationError(f"one barcode is for one channel, not for {len(action.channels)}")
        action.one_by_one(lambda channel: channel.assign_barcode(barcode), f"barcode {barcode!r} assigned")
