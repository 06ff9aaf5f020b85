"""`cti spoof`: an emulated cycler on a port. It serves until it is told to stop, and then leaves with 0."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from cti_client.cli._common import (
    PASSWORD_VARIABLE,
    PORT,
    above_zero,
    address,
    check_credentials,
    is_loopback,
)
from cti_schema.errors import ConfigurationError, UnknownNameError

if TYPE_CHECKING:
    from spoofer import Device, Replay, Scenario, Spoofer


def _above_zero(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    return None if value is None else above_zero(ctx, param, value)


#: A file that is read, and one that is written.
FILE = click.Path(exists=True, dir_okay=False)
OUTPUT = click.Path(dir_okay=False, writable=True)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="0 picks a free port.")  # fmt: skip
@click.option("--files-port", type=click.IntRange(0, 65535), metavar="PORT",
              help="A second port, as cyclers have 9032 for files. Either answers everything.")  # fmt: skip
@click.option("--channels", type=int, metavar="N", help="1 to 2048; by default 16.")
@click.option("--personality", metavar="NAME|NUMBER",
              help="Which cycler it is: its name, or the version number of its login.")  # fmt: skip
@click.option("--user", metavar="NAME",
              help=f"Only this user may log in, with the password in {PASSWORD_VARIABLE}. "
                   "Without it any user and password will do.")  # fmt: skip
@click.option("--folder", type=click.Path(exists=True, file_okay=False), metavar="DIR",
              help="Schedules and files; clients can change it. By default a temporary one.")  # fmt: skip
@click.option("--speed", type=float, callback=_above_zero, metavar="FACTOR",
              help="Simulated seconds per second; by default 1.")  # fmt: skip
@click.option("--seed", type=int, metavar="N", help="The same seed makes the same cycler; by default 0.")
@click.option("--scenario", "scenario_file", type=FILE, metavar="FILE",
              help="A TOML file: cycler, what happens, what goes wrong. Options go before it.")  # fmt: skip
@click.option("--replay", "replay_file", type=FILE, metavar="FILE",
              help="A capture, or a scenario made of one: same requests, same answers.")  # fmt: skip
@click.option("--journal", "journal_file", type=OUTPUT, metavar="FILE",
              help="Write down what happens, as JSON Lines, without passwords.")  # fmt: skip
@click.option("--record", "record_file", type=OUTPUT, metavar="FILE",
              help="Record the traffic as pcapng, passwords included.")  # fmt: skip
@click.option("--max-connections", type=click.IntRange(min=1), default=1024, show_default=True, metavar="N",
              help="Clients beyond it are closed at once.")  # fmt: skip
@click.option("--max-frame", type=click.IntRange(min=22), default=4 * 2**20, show_default=True,
              metavar="BYTES", help="Largest request.")  # fmt: skip
@click.option("--max-bytes-before-login", type=click.IntRange(min=1), default=4 * 2**20, show_default=True,
              metavar="BYTES", help="Most bytes per second of a client before its login.")  # fmt: skip
def command(
    host: str,
    port: int,
    files_port: int | None,
    user: str | None,
    scenario_file: str | None,
    replay_file: str | None,
    journal_file: str | None,
    record_file: str | None,
    max_connections: int,
    max_frame: int,
    max_bytes_before_login: int,
    **of_device: Any,
) -> None:
    """Emulate a cycler for clients to talk to.

    The first line on standard output is `listening on HOST:PORT`, written as soon as clients can connect;
    with --files-port the second one is `files on HOST:PORT`. Ctrl-C stops it.
    """
    import asyncio
    from contextlib import ExitStack

    from spoofer import Journal, Scenario, Spoofer

    users = _users(user)
    scenario = Scenario.load(scenario_file) if scenario_file else Scenario()
    replay = _replay(replay_file) if replay_file else scenario.replay
    device = _device(scenario, **of_device)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(journal_file, most=0)) if journal_file else None
        recorder = None
        if record_file:
            from cti_client.cli._recorder import Recorder

            recorder = Recorder(record_file, lambda: (spoofer.host, spoofer.port))
            stack.callback(recorder.close)
        spoofer = Spoofer(
            device,
            host=host,
            port=port,
            files_port=files_port,
            users=users,
            journal=journal,
            faults=scenario.faults,
            replay=replay,
            tap=recorder,
            max_connections=max_connections,
            max_frame=max_frame,
            max_bytes_before_login=max_bytes_before_login,
        )
        known = users if users is not None else scenario.users
        asyncio.run(_serve(spoofer, host, None if known is None else sorted(known)))


def _users(user: str | None) -> dict[str, str] | None:
    """Return the only user that may log in, with the password.

    Raises:
        ConfigurationError: there is no password, or one that no login can carry.
    """
    if user is None:
        return None
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None:
        raise ConfigurationError(f"--user needs the user's password in {PASSWORD_VARIABLE}")
    check_credentials(user, password)
    return {user: password}


def _device(scenario: Scenario, *, personality: str | None, folder: str | None, **values: Any) -> Device:
    """Return the cycler of a scenario, with the values of the options that were given."""
    from spoofer import Folder
    from spoofer.personality import personality as personality_of

    arguments: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    if personality is not None:
        try:
            arguments["personality"] = personality_of(personality)
        except UnknownNameError as error:
            raise ConfigurationError(f"--personality: {error}") from None
    if folder is not None:
        arguments["folder"] = Folder(folder)
    return scenario.make_device(**arguments)


def _replay(file: str) -> Replay:
    """Return the recorded answers in a capture or in a scenario.

    Raises:
        CTIError: it is neither, or has no recorded answers.
        OSError: it cannot be read.
    """
    from cti_client.capture import sniff
    from spoofer import Scenario

    with open(file, "rb") as stream:
        start = stream.read(8)
    if sniff(start) == "other":
        replay = Scenario.load(file).replay
    else:
        from cti_client.dump.scenario import read_recorded

        recorded = read_recorded(file)
        for note in recorded.notes:
            click.echo(f"Note: {file}: {note}", err=True)
        replay = Scenario.from_dict(recorded.data()).replay
    if replay is None:
        raise ConfigurationError(f"{file}: no recorded answers in it; [[replies]] are needed")
    return replay


async def _serve(spoofer: Spoofer, host: str, users: Sequence[str] | None) -> None:
    from cti_client.cli._ending import told_to_end

    try:
        with told_to_end() as told:
            try:
                await spoofer.start()
            except ConfigurationError as error:
                raise click.ClickException(_reason(error, host, _failed_port(error, spoofer))) from None
            _say(f"listening on {address(host, spoofer.port)}")
            if not is_loopback(host):
                click.echo(
                    f"Warning: others can reach {host}, and CTI sends passwords in clear text.", err=True
                )
            if spoofer.files_port is not None:
                _say(f"files on {address(host, spoofer.files_port)}")
            who = "Any user and password log in" if users is None else f"Only {', '.join(users)} logs in"
            click.echo(f"{who}. Ctrl-C stops it.", err=True)
            await told.wait()
    finally:
        await spoofer.close()


def _say(line: str) -> None:
    """Write a line; that nobody reads it is no reason to stop serving."""
    try:
        click.echo(line)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed_port(error: ConfigurationError, spoofer: Spoofer) -> int:
    """Return which of the two ports an error is about."""
    second = spoofer.files_port
    about_second = second is not None and f":{second}:" in str(error)
    return second if second is not None and about_second else spoofer.port


def _reason(error: ConfigurationError, host: str, port: int) -> str:
    """Return one sentence that says what to do about a port that cannot be opened."""
    import socket

    cause = error.__cause__
    if isinstance(cause, socket.gaierror):
        return f"the host {host!r} is not known"
    number = cause.errno if isinstance(cause, OSError) else None
    where = address(host, port)
    if number == errno.EADDRINUSE:
        return f"{where} is in use already: choose another --port, or 0 for a free one"
    if number == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this computer"
    if number in (errno.EACCES, errno.EPERM):
        return f"no permission to listen on {where}: ports below 1024 often need special rights"
    return str(error)
