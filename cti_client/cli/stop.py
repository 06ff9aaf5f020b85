"""`cti stop`: stop the tests on channels."""

from __future__ import annotations

import click

from cti_client.cli._common import Target
from cti_client.cli._control import acting, control_options


@click.command()
@click.argument("channels")
@control_options
def command(target: Target, channels: str, yes: bool) -> None:
    """Stop the tests on CHANNELS.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all: then one request stops
    them all, and it is no error that on some of them nothing runs.
    """
    from cti_schema.messages.stop_schedule import StopResult

    with acting(target, channels, "stop the tests on", yes=yes) as action:
        if action.everything:
            action.at_once(
                action.cycler.stop_all, "stopped", fine={StopResult.NOT_RUNNING: "was not running"}
            )
        else:
            action.at_once(lambda: action.cycler.stop(action.channels), "stopped")
