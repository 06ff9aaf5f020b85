"""`cti serve`: a page in the browser where people look at the running tests."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import Target, above_zero, address, is_loopback, target_options
from cti_client.cli._fleet import fleet_option, only_fleet, open_fleet

if TYPE_CHECKING:
    import socket

TOKEN_VARIABLE = "CTI_WEB_TOKEN"  # noqa: S105 - a name, not a token


@click.command()
@partial(target_options, port="--cycler-port")
@fleet_option
@click.option("--bind", "bind", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Where the page is shown: this computer alone; 0.0.0.0 is the whole network.")  # fmt: skip
@click.option("--port", "web_port", type=click.IntRange(0, 65535), default=8080, show_default=True,
              help="The page's TCP port; 0 picks a free one.")  # fmt: skip
@click.option("--rate", type=float, callback=above_zero, default=1.0, show_default=True, metavar="HZ",
              help="Polls per second; each is one request for all channels.")  # fmt: skip
@click.option("--rules", "rules_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Alert rules, as for `cti watch`; the page shows their alerts.")  # fmt: skip
@click.option("--readings", "readings_file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="What `cti log` writes: older points of running tests come from there.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    target: Target,
    fleet_file: Path | None,
    bind: str,
    web_port: int,
    rate: float,
    rules_file: Path | None,
    readings_file: Path | None,
) -> None:
    """Show all channels, their curves, events and alerts in the browser, until Ctrl-C.

    \b
    cti serve --host 192.168.1.20
    cti serve --fleet lab.toml --rules rules.toml --readings readings.sqlite
    cti serve --fleet lab.toml --bind 0.0.0.0

    Only shows: nothing that runs on a cycler is changed. Needs the extra "web". Where others can reach the
    page, they need a token: CTI_WEB_TOKEN, or one that is made and shown at the start.
    """
    from cti_client.cli._ending import run_until_ended
    from cti_client.fleet_file import Place, read_fleet
    from cti_client.record.clock import Grid
    from cti_client.web.recorded import Recorded
    from cti_client.web.serving import Page, listen

    if fleet_file is None:
        places = [Place(str(target), target.host, target.port)]
    else:
        only_fleet(ctx)
        places = read_fleet(fleet_file)
    Grid(rate)
    rules = None
    if rules_file is not None:
        from cti_client.watch.rules import read_rules

        rules = read_rules(rules_file)
    recorded = None if readings_file is None else Recorded(readings_file)
    token = _token(bind)
    with listen(bind, web_port) as listening:  # before anybody is asked for a password
        fleet = open_fleet(places, target)
        page = Page(fleet, rate, rules, recorded)

        async def show() -> None:
            _say(bind, listening, token, len(places))
            async with fleet:
                await page.run(listening, token=token and token[0], local=is_loopback(bind))

        run_until_ended(show())


def _token(bind: str) -> tuple[str, bool] | None:
    """Return the token, and whether it was made just now; ``None`` where none is needed."""
    import os
    import secrets

    from cti_schema.errors import ConfigurationError

    given = os.environ.get(TOKEN_VARIABLE)
    if given is None:
        return None if is_loopback(bind) else (secrets.token_urlsafe(24), True)
    if not given.strip():
        raise ConfigurationError(f"{TOKEN_VARIABLE} is empty: set a token, or unset it")
    return given, False


def _say(bind: str, listening: socket.socket, token: tuple[str, bool] | None, cyclers: int) -> None:
    """Say where the page is. A token that was made is shown here and nowhere else."""
    import socket

    host = socket.gethostname() if bind in ("0.0.0.0", "::", "") else bind  # noqa: S104 - where it listens
    query = f"?token={token[0]}" if token is not None and token[1] else ""
    what = "1 cycler" if cyclers == 1 else f"{cyclers} cyclers"
    click.echo(f"showing {what} at http://{address(host, listening.getsockname()[1])}/{query}")
    if token is not None and not token[1]:
        click.echo(f"Open it with ?token= and what {TOKEN_VARIABLE} says.", err=True)
    if not is_loopback(bind):
        click.echo("Warning: others can reach this page; what it sends is not encrypted.", err=True)
