"""What the commands that talk to a cycler share: where it is, who logs in, questions to the user.

A password comes from a file of credentials, ``CTI_PASSWORD`` or a hidden prompt, never from an argument, and
is never shown.
"""

from __future__ import annotations

import functools
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cti_schema.errors import ConfigurationError, EncodeError

if TYPE_CHECKING:
    from cti_client.client import Cycler

#: The documented port for everything but files; source: framing.md, section 6.
PORT = 9031

#: Who logs in at this computer's own address when nobody is named: a spoofer takes any user.
LOCAL_USER = "cti"

PASSWORD_VARIABLE = "CTI_PASSWORD"  # noqa: S105 - a name, not a password


def finite(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Check that a number of the command line is one: ``nan`` and ``inf`` are not. A callback for click."""
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.", ctx, param)
    return value


def above_zero(ctx: click.Context, param: click.Parameter, value: float) -> float:
    """Check that a number of the command line is finite and above zero. A callback for click."""
    if finite(ctx, param, value) <= 0:
        raise click.BadParameter(f"{value:g} is not above zero.", ctx, param)
    return value


@dataclass(frozen=True, slots=True)
class Target:
    """A cycler and who logs in there.

    Attributes:
        host: name or address.
        port: TCP port.
        user: user name, or ``None`` where none was given.
        timeout_s: how long to wait for each answer.
        credentials_file: file with passwords, or ``None``.
        trace: file to record the conversation in, or ``None``.
    """

    host: str
    port: int
    user: str | None
    timeout_s: float
    credentials_file: Path | None = None
    trace: Path | None = None

    def __str__(self) -> str:
        return address(self.host, self.port)

    @contextmanager
    def open(self, *, login: bool = True, files_port: int | None = None) -> Iterator[Cycler]:
        """Connect, log in, and hand over the cycler; the connection ends with the block.

        Args:
            login: log in; a request that is a login itself needs none before it.
            files_port: port for files, where it is not the documented one.

        Raises:
            ConfigurationError: a user name or a password is missing, or cannot be sent.
            ClientError: no connection, or the login was refused.
        """
        credentials = self.credentials() if login else None
        if credentials is not None:
            check_credentials(*credentials)
        from cti_client.client import Cycler

        cycler = Cycler(
            self.host, self.port, timeout_s=self.timeout_s, files_port=files_port, trace=self.trace
        )
        with cycler:
            if credentials is not None:
                cycler.login(*credentials)
            yield cycler

    def credentials(self) -> tuple[str, str]:
        """Return user name and password, asking for what is missing if somebody is there to answer."""
        from cti_client.credentials import Credentials

        known = Credentials(self.credentials_file)
        user = self.user
        if user is None:
            if is_loopback(self.host):
                found = known.password(LOCAL_USER, self.host)
                return LOCAL_USER, "" if found is None else found.reveal()
            if not somebody_is_there():
                raise ConfigurationError("no user name: give --user NAME or set CTI_USER")
            user = click.prompt("User", err=True)
        found = known.password(user, self.host)
        return user, password(f"Password of {user} at {self}") if found is None else found.reveal()


def check_credentials(user: str, password: str) -> None:
    """Check that user name and password can be sent at all.

    Raises:
        ConfigurationError: one of them does not fit its field.
    """
    from cti_schema import encode
    from cti_schema.messages.login import Login

    try:
        encode(Login(username=user, password=password))
    except EncodeError as error:
        if error.path != "username":  # the reason may show a character of the password
            raise ConfigurationError(
                "the password cannot be sent: CTI takes 32 ASCII characters at most"
            ) from None
        raise ConfigurationError(f"the user name {user!r} cannot be sent: {error.reason}") from None


def password(question: str) -> str:
    """Return the password from ``CTI_PASSWORD``, or ask for it without showing it.

    Raises:
        ConfigurationError: it is not set, and nobody is there to answer.
    """
    given = os.environ.get(PASSWORD_VARIABLE)
    if given is not None:
        return given
    if not somebody_is_there():
        raise ConfigurationError(f"no password: set {PASSWORD_VARIABLE}")
    return str(click.prompt(question, hide_input=True, default="", show_default=False, err=True))


def target_options(command: Callable[..., None], port: str = "--port") -> Callable[..., None]:
    """Give a command the options of a connection; it gets them as ``target``, a `Target`.

    Args:
        command: its function.
        port: the option for the cycler's port, where ``--port`` is another one.
    """

    @click.option("--host", default="127.0.0.1", show_default=True, help="The cycler's name or address.")
    @click.option(
        port, "port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Its TCP port."
    )
    @click.option("--user", envvar="CTI_USER", show_envvar=True,
                  help=f"Who logs in; the password comes from {PASSWORD_VARIABLE} or is asked for. "
                       f"By default {LOCAL_USER!r} at this computer's own address (a spoofer).")  # fmt: skip
    @click.option("--timeout", "timeout_s", type=float, callback=above_zero, default=10.0, show_default=True,
                  metavar="SECONDS", help="How long to wait for each answer.")  # fmt: skip
    @click.option("--credentials", "credentials_file", type=click.Path(dir_okay=False, path_type=Path),
                  metavar="FILE", help="Passwords, in a file that only its owner can read.")  # fmt: skip
    @click.option("--trace", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                  help="Record the conversation for `cti dump`, without passwords.")  # fmt: skip
    @functools.wraps(command)
    def with_target(
        host: str,
        port: int,
        user: str | None,
        timeout_s: float,
        credentials_file: Path | None,
        trace: Path | None,
        **rest: Any,
    ) -> None:
        command(target=Target(host, port, user, timeout_s, credentials_file, trace), **rest)

    return with_target


def check_channels(text: str) -> None:
    """Check what a user wrote for channels before anything else is done; how many there are is known later.

    Raises:
        ConfigurationError: it names no channels.
    """
    from cti_client.channels import parse_channels

    parse_channels(text, 65535)


def address(host: str, port: int) -> str:
    """Return ``host:port``, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this computer's own address."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def somebody_is_there() -> bool:
    """Tell whether a question can be answered: standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(what: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back.

    Args:
        what: what is to be done, behind the word "to".
        yes: ``--yes`` was given; do not ask.

    Raises:
        ConfigurationError: nobody is there to answer, and ``--yes`` was not given.
        click.Abort: the answer is no.
    """
    if yes:
        return
    if not somebody_is_there():
        raise ConfigurationError(f"nobody can be asked here: give --yes to {what}")
    click.confirm(f"Really {what}?", abort=True, err=True)


def on_terminal() -> bool:
    """Tell whether standard output is a terminal, which tables may be drawn on."""
    return sys.stdout is not None and sys.stdout.isatty()
