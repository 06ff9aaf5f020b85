"""`cti fuzz`: broken requests against a server that speaks CTI, and what it makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import (
    PORT,
    Target,
    above_zero,
    check_credentials,
    on_terminal,
)
from cti_schema.errors import ConfigurationError

if TYPE_CHECKING:
    from spoofer.fuzz.own import OwnServer
    from spoofer.fuzz.report import Report

#: How long a campaign takes where neither its time nor its cases are said, in seconds.
_TIME_S = 60.0


def _above_zero(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    return None if value is None else above_zero(ctx, param, value)


@click.command()
@click.option("--host", help="The server's name or address.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535),
              help=f"Its port.  [default: {PORT}; without host and port a spoofer is started]")  # fmt: skip
@click.option("--user", envvar="CTI_USER", metavar="NAME", show_envvar=True,
              help="Who logs in; by default cti at this computer's own address.")  # fmt: skip
@click.option("--credentials", "credentials_file", type=click.Path(dir_okay=False, path_type=Path),
              metavar="FILE", help="Passwords, in a file that only its owner can read.")  # fmt: skip
@click.option("--time", "seconds", type=float, callback=_above_zero, metavar="SECONDS",
              help="For so long.  [default: 60, where --cases is not given]")  # fmt: skip
@click.option(
    "--cases", "count", type=click.IntRange(min=1), metavar="N", help="Until so many cases were played."
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N",
              help="The same seed makes the same cases.  [default: 0]")  # fmt: skip
@click.option("--only", multiple=True, metavar="GLOB",
              help="Only these commands, or these mutations; may be given several times.")  # fmt: skip
@click.option("--timeout", "timeout_s", type=float, callback=above_zero, default=2.0, show_default=True,
              metavar="SECONDS", help="How long to wait for each answer.")  # fmt: skip
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
              default=Path("cti-fuzz"), show_default=True,
              help="Where the report and what was found are written.")  # fmt: skip
@click.option("--resume", is_flag=True,
              help="Go on with the campaign in FOLDER, behind its last case.")  # fmt: skip
@click.option("--i-own-this-server", is_flag=True,
              help="Needed for any address that is not this computer's own.")  # fmt: skip
@click.option("--allow-control", is_flag=True,
              help="Also requests that change something, on a server elsewhere.")  # fmt: skip
@click.option("--export", type=click.Choice(["boofuzz"]),
              help="Fuzz nothing: write the requests for boofuzz to standard output.")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    host: str | None,
    port: int | None,
    user: str | None,
    credentials_file: Path | None,
    seconds: float | None,
    count: int | None,
    seed: int | None,
    only: tuple[str, ...],
    timeout_s: float,
    folder: Path,
    resume: bool,
    i_own_this_server: bool,
    allow_control: bool,
    export: str | None,
) -> None:
    """Fuzz a server that speaks CTI: break one thing of a request at a time, and see what it does.

    \b
    cti fuzz                                  a spoofer, started for this
    cti fuzz --port 9031 --time 60            a server on this computer
    cti fuzz --port 9031 --only 'start_*'     only some commands
    cti fuzz --port 9031 --resume             more of the same campaign

    Each failure is made small and written to FOLDER: the traffic as pcapng, a test for pytest, a line in the
    report. The exit code is 1 where something was found. Ctrl-C ends it, and keeps what was found.
    """
    if export is not None:
        _export()
        return
    from contextlib import ExitStack

    with ExitStack() as stack:
        own: OwnServer | None = None
        if host is None and port is None:
            own = stack.enter_context(_own(ctx))
            where = Target(own.host, own.port, user, timeout_s, credentials_file)
            control = True
        else:
            where = Target(host or "127.0.0.1", port or PORT, user, timeout_s, credentials_file)
            control = _check_owner(where.host, i_own_this_server, allow_control)
        found = _campaign(where, own, folder, only, control, seed, resume, seconds, count)
    ctx.exit(1 if found else 0)


def _export() -> None:
    from spoofer.fuzz.boofuzz_export import export

    click.echo(export(), nl=False)


def _own(ctx: click.Context) -> OwnServer:
    """Start a spoofer, with the messages that this command has."""
    import sys

    from spoofer.fuzz.own import OwnServer

    folder = (ctx.parent.params.get("folder") if ctx.parent is not None else None) or None
    return OwnServer([sys.executable, "-m", "spoofer.fuzz.own", *([folder] if folder else [])])


def _check_owner(host: str, owned: bool, allow_control: bool) -> bool:
    """Return whether requests that change something may be sent.

    Raises:
        ConfigurationError: the server is not on this computer, and nobody said that it may be fuzzed.
    """
    from spoofer.fuzz.target import is_loopback

    if is_loopback(host):
        return True
    if not owned:
        raise ConfigurationError(
            f"{host} is not this computer: fuzzing can stop a server or change what it does; "
            "give --i-own-this-server if it is yours and nothing runs on it"
        )
    return allow_control


def _campaign(
    where: Target,
    own: OwnServer | None,
    folder: Path,
    only: tuple[str, ...],
    control: bool,
    seed: int | None,
    resume: bool,
    seconds: float | None,
    count: int | None,
) -> bool:
    """Run the campaign, and return whether anything was found."""
    from cti_client.cli._fuzz_view import LiveView, PlainView, stopping, write_capture
    from cti_schema import Direction
    from spoofer.fuzz.campaign import Campaign
    from spoofer.fuzz.coverage import Grid
    from spoofer.fuzz.memory import Memory
    from spoofer.fuzz.mutations import cases, pairs, selected
    from spoofer.fuzz.target import Target as Server

    report = _report(folder, "a spoofer of its own" if own else str(where), seed, only, control, resume)
    every = pairs(Direction.REQUEST)
    indices = selected(Direction.REQUEST, report.only, report.control)
    if not indices:
        raise ConfigurationError(
            "nothing is left to be sent: what --only names changes something, which needs --allow-control"
            if not report.control
            else "nothing is left to be sent: no command that --only names has a mutation that it names"
        )
    report.pairs = len(indices)
    grid = Grid([(every[index][0].spec.name, every[index][1].name) for index in sorted(indices)])
    username, password = where.credentials()
    check_credentials(username, password)
    server = Server(where.host, where.port, username, password, where.timeout_s)
    server.greet()
    memory = Memory(server, own.pid if own is not None else None)
    view = LiveView(grid) if on_terminal() else PlainView(grid)
    folder.mkdir(parents=True, exist_ok=True)
    with stopping() as stop:
        campaign = Campaign(
            server,
            report,
            grid,
            folder,
            view,
            memory=memory,
            own=own,
            write_capture=write_capture(str(where.host), where.port),
            stop=stop,
        )
        view.begin(report)
        try:
            campaign.run(
                cases(
                    report.seed,
                    Direction.REQUEST,
                    only=report.only,
                    control=report.control,
                    start=report.next_case,
                ),
                seconds=_TIME_S if seconds is None and count is None else seconds,
                count=count,
            )
        finally:
            view.end()
    view.sum_up(report, folder)
    return bool(report.findings)


def _report(
    folder: Path, target: str, seed: int | None, only: tuple[str, ...], control: bool, resume: bool
) -> Report:
    """Return the report to go on with, or a new one.

    Raises:
        ConfigurationError: there is one already and it is not to be resumed, or the other way round.
    """
    from spoofer.fuzz.report import JSON, Report

    if not resume:
        if (folder / JSON).exists():
            raise ConfigurationError(
                f"{folder} has a campaign already: give --resume to go on with it, or another --out"
            )
        return Report(target, seed or 0, list(only), control)
    report = Report.load(folder)
    if seed is not None and seed != report.seed:
        raise ConfigurationError(
            f"the campaign in {folder} has the seed {report.seed}; it cannot get another one"
        )
    if only and list(only) != report.only:
        raise ConfigurationError(
            f"the campaign in {folder} is about something else: leave --only out to go on"
        )
    report.target, report.control = target, control
    return report
