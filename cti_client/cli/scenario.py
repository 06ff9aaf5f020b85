"""`cti scenario`: a capture becomes a scenario for the spoofer, or a scenario is checked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cti_schema.errors import ConfigurationError

if TYPE_CHECKING:
    from spoofer import Scenario


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--check", is_flag=True, help="FILE is a scenario: say what is wrong with it, or what it has.")
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="Only connections with this port, whether or not they look like CTI.")  # fmt: skip
def command(file: str, check: bool, port: int | None) -> None:
    """Turn a capture into a scenario: the same requests will get the recorded answers.

    FILE is a capture (pcap or pcapng, also gzipped); "-" is standard input. The scenario is written to
    standard output as TOML. It has no passwords in it.

    \b
    cti scenario capture.pcapng > scenario.toml
    cti scenario --check scenario.toml
    cti spoof --replay scenario.toml
    """
    if check:
        if port is not None:
            raise ConfigurationError("--port is for captures, --check for scenarios: give one of them")
        from spoofer import Scenario

        click.echo(f"{file}: {_summary(Scenario.load(file))}")
        return
    from cti_client.dump.scenario import read_recorded

    standard = file == "-"
    source = sys.stdin.buffer if standard else file
    found = read_recorded(source, name="standard input" if standard else file, port=port)
    for note in found.notes:
        click.echo(f"Note: {file}: {note}", err=True)
    for count, what in ((found.damaged, "damaged requests"), (found.unsolicited, "unsolicited feedbacks")):
        if count:
            click.echo(f"Note: {file}: {what} left out: {count}", err=True)
    click.echo(found.toml(), nl=False)


def _summary(scenario: Scenario) -> str:
    """Return in words what a scenario has."""
    parts = (
        (len(scenario.users or ()), "users"),
        (len(scenario.events), "events"),
        (len(scenario.readings), "readings"),
        (len(scenario.faults), "faults"),
        (len(scenario.replay or ()), "replies"),
    )
    return ", ".join(f"{count} {what}" for count, what in parts if count) or "only a cycler"
