"""`cti resume`: let the last tests of channels go on where they were stopped."""

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options


@click.command()
@click.argument("channels")
@control_options
def command(target: Target, channels: str, yes: bool) -> None:
    """Resume the last tests of CHANNELS where they were stopped.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    with acting(target, channels, "resume the tests on", yes=yes) as action:
        action.at_once(lambda: action.cycler.resume(action.channels), "resumed")
