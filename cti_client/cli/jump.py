"""`cti jump`: let running tests go on with another step."""

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options


@click.command()
@click.argument("channels")
@click.argument("step", type=click.IntRange(min=1))
@control_options
def command(target: Target, channels: str, step: int, yes: bool) -> None:
    """Let the tests on CHANNELS go on with STEP of their schedules, counted from 1 as on the screen.

    A step that does not exist stops the test.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    with acting(target, channels, f"jump to step {step} on", yes=yes) as action:
        action.one_by_one(lambda channel: channel.jump(step), f"jumped to step {step}")
