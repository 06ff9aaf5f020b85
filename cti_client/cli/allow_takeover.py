"""`cti allow-takeover`: ask for control, and let another client take it."""

from __future__ import annotations

import click

from cti_client.cli._common import Target, confirm, target_options


@click.command()
@click.option("--deny", is_flag=True, help="Do not let another client take it.")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@target_options
def command(target: Target, deny: bool, yes: bool) -> None:
    """Ask for the control session, and say whether another client may take it over.

    This is the protocol's "connect" with its kick-out flag. The documents contradict each other on its sense,
    and whoever is in control may lose it; so it is sent after a question, or with --yes.
    """
    confirm(f"ask {target} for the control session", yes=yes)
    with target.open() as cycler:
        cycler.allow_takeover(not deny)
    click.echo(f"control session given; another client may {'not ' if deny else ''}take it over")
