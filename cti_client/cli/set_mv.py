"""`cti set-mv`: set a user variable of running tests."""

from __future__ import annotations

import click

from cti_client.cli._common import Target, finite
from cti_client.cli._control import acting, control_options


@click.command(context_settings={"ignore_unknown_options": True})  # so that -0.5 is a value
@click.argument("channels")
@click.argument("variable", metavar="VARIABLE")
@click.argument("value", type=float, callback=finite)
@control_options
def command(target: Target, channels: str, variable: str, value: float, yes: bool) -> None:
    """Set VARIABLE, 1 to 16 or mv_ud1 to mv_ud16, to VALUE in the tests that run on CHANNELS.

    CHANNELS are numbers and ranges like 1-8,12, counted from 1, or the word all.
    """
    from cti_client.calls import user_variable

    chosen = int(variable) if variable.isdecimal() else variable
    name = user_variable(chosen).label
    with acting(target, channels, f"set {name} on", yes=yes) as action:
        action.one_by_one(lambda channel: channel.set_mv(chosen, value), f"{name} set to {value:g}")
