"""`cti spoof`: an emulated cycler on a port. It serves until it is told to stop, and then leaves with 0."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import PASSWORD_VARIABLE, PORT, address, check_credentials, is_loopback
from cti_schema.errors import ConfigurationError

if TYPE_CHECKING:
    from spoofer import Spoofer


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="0 picks a free port.")  # fmt: skip
@click.option("--channels", type=int, default=16, show_default=True, help="1 to 2048.")
@click.option("--user", metavar="NAME",
              help=f"Only this user may log in, with the password in {PASSWORD_VARIABLE}. "
                   "Without it any user and password will do.")  # fmt: skip
def command(host: str, port: int, channels: int, user: str | None) -> None:
    """Emulate a cycler for clients to talk to.

    The first line on standard output is `listening on HOST:PORT`, written as soon as clients can connect.
    Ctrl-C stops it.
    """
    users = None
    if user is not None:
        password = os.environ.get(PASSWORD_VARIABLE)
        if password is None:
            raise ConfigurationError(f"--user needs the user's password in {PASSWORD_VARIABLE}")
        check_credentials(user, password)
        users = {user: password}

    import asyncio

    from spoofer import Device, Spoofer

    spoofer = Spoofer(Device(channels=channels), host=host, port=port, users=users)
    asyncio.run(_serve(spoofer, host, user))


async def _serve(spoofer: Spoofer, host: str, user: str | None) -> None:
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()

    def stop(*_: object) -> None:
        loop.call_soon_threadsafe(told_to_stop.set)

    # Not loop.add_signal_handler, which Windows has not. Ctrl-Break is SIGBREAK and exists only there.
    numbers = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGBREAK", None)]
    before = {number: signal.signal(number, stop) for number in numbers if number is not None}
    try:
        try:
            await spoofer.start()
        except ConfigurationError as error:
            raise click.ClickException(_reason(error, host, spoofer.port)) from None
        _say(f"listening on {address(host, spoofer.port)}")
        if not is_loopback(host):
            click.echo(f"Warning: others can reach {host}, and CTI sends passwords in clear text.", err=True)
        who = "Any user and password log in" if user is None else f"Only {user} logs in"
        click.echo(f"{who}. Ctrl-C stops it.", err=True)
        await told_to_stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)  # a second Ctrl-C ends it at once
        await spoofer.close()


def _say(line: str) -> None:
    """Write a line; that nobody reads it is no reason to stop serving."""
    try:
        click.echo(line)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
