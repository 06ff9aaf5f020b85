"""What the commands on a fleet share: which cyclers, and who logs in to each.

Everybody is asked for before anything is connected, a password once for each user name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import LOCAL_USER, Target, check_credentials, is_loopback, password
from cti_schema.errors import ConfigurationError

if TYPE_CHECKING:
    from cti_client.credentials import Secret
    from cti_client.fleet import Fleet
    from cti_client.fleet_file import Place

fleet_option: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--fleet", "fleet_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="The cyclers in this TOML file, in place of one: name, host, port and user of each.",
)  # fmt: skip


def only_fleet(ctx: click.Context) -> None:
    """Check that options of a single cycler do not stand beside ``--fleet``.

    Raises:
        click.UsageError: one does.
    """
    for option in ctx.command.params:
        if (
            option.name in ("host", "port")
            and ctx.get_parameter_source(option.name) is not click.core.ParameterSource.DEFAULT
        ):
            name = option.opts[0]
            raise click.UsageError(f"{name} is about one cycler, --fleet about those of its file", ctx)


def open_fleet(places: list[Place], target: Target) -> Fleet:
    """Return a fleet, not yet connected, after everybody was asked for.

    Args:
        places: the cyclers.
        target: the options of the command: user name where the file has none, deadlines, credentials.

    Raises:
        ConfigurationError: a user name or a password is missing, or cannot be sent.
    """
    from cti_client.credentials import Credentials, Secret
    from cti_client.fleet import Fleet

    known = Credentials(target.credentials_file)
    users: list[Place] = []
    passwords: dict[str, Secret] = {}
    asked: dict[str, Secret] = {}
    for place in places:
        user = place.user or target.user
        found = known.password(user or LOCAL_USER, place.host, place.name)
        if user is None:
            if not is_loopback(place.host):
                raise ConfigurationError(
                    f'{place.name}: no user name: write user = "..." into the file, or give --user NAME'
                )
            user, found = LOCAL_USER, found or Secret("")
        if found is None:
            if user not in asked:
                asked[user] = Secret(password(f"Password of {user} at {_where(user, places)}"))
            found = asked[user]
        check_credentials(user, found.reveal())
        users.append(dataclasses.replace(place, user=user))
        passwords[place.name] = found
    return Fleet(users, passwords, timeout_s=target.timeout_s, trace=target.trace)


def _where(user: str, places: list[Place]) -> str:
    """Return where a user logs in: one name, or how many."""
    names = [place.name for place in places if place.user in (user, None)]
    return names[0] if len(names) == 1 else f"{len(names)} cyclers"
