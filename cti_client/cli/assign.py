"""`cti assign`: give channels the schedule that their next test runs."""

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options


@click.command()
@click.argument("channels")
@click.argument("schedule")
@control_options
def command(target: Target, channels: str, schedule: str, yes: bool) -> None:
    """Assign SCHEDULE, a schedule file of the cycler, to CHANNELS.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    with acting(target, channels, "assign a schedule to", yes=yes) as action:
        done = f"schedule {schedule!r} assigned"
        action.at_once(lambda: action.cycler.assign(action.channels, schedule), done)
