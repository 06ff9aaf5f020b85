"""`cti start`: start the assigned schedules of channels as one test."""

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options


@click.command()
@click.argument("channels")
@click.argument("test_name")
@control_options
def command(target: Target, channels: str, test_name: str, yes: bool) -> None:
    """Start what is assigned to CHANNELS as the test TEST_NAME, which the cycler must not know yet.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    with acting(target, channels, "start a test on", yes=yes) as action:
        # One request: the channels of a test share its name, which must be new to the cycler.
        action.at_once(lambda: action.cycler.start(action.channels, test_name), f"test {test_name!r} started")
