"""`cti continue`: let paused tests go on."""  # noqa: N999 - a command like the others

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options


@click.command()
@click.argument("channels")
@control_options
def command(target: Target, channels: str, yes: bool) -> None:
    """Continue the paused tests of CHANNELS.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    with acting(target, channels, "continue the tests on", yes=yes) as action:
        action.at_once(lambda: action.cycler.continue_(action.channels), "continued")
