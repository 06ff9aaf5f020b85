"""Passwords: where they come from without a question, and how they are carried without being shown.

A password comes from ``CTI_PASSWORD``, or from a file that only its owner can read::

    [[login]]                  # the first one that fits counts
    cycler = "north"           # name in the fleet; fits any where it is left out,
    host = "192.168.1.20"      # and so do host
    user = "lab"               # and user
    password = "..."

On Windows the file's rights are not looked at: keep it in a folder of yours, which others cannot open there.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti_client.settings import Key
from cti_client.toml_file import Table, read_tables
from cti_schema.errors import ConfigurationError

__all__ = ["PASSWORD_VARIABLE", "Credentials", "Secret", "read_private"]

PASSWORD_VARIABLE: Final = "CTI_PASSWORD"  # noqa: S105 - a name, not a password

_KEYS: Final = {
    "cycler": Key(str, required=False),
    "host": Key(str, required=False),
    "user": Key(str, required=False),
    "password": Key(str),
}

#: A file of passwords is short; what is longer is something else.
_MOST_BYTES: Final = 1_000_000


class Secret:
    """A text that shows itself only to who asks with `reveal`: not in ``repr``, not as text, not pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class _Login:
    cycler: str | None
    host: str | None
    user: str | None
    password: Secret

    def fits(self, cycler: str | None, host: str, user: str) -> bool:
        return (
            self.cycler in (None, cycler)
            and (self.host is None or self.host.lower() == host.lower())
            and self.user in (None, user)
        )


class Credentials:
    """Passwords that are known without asking anybody.

    Args:
        file: a file of them, read at once; or ``None``.

    Raises:
        ConfigurationError: the file cannot be read, others can read it too, or it is not what it should be.
    """

    def __init__(self, file: Path | str | None = None) -> None:
        self._logins = [] if file is None else _read(Path(file))

    def password(self, user: str, host: str, cycler: str | None = None) -> Secret | None:
        """Return the password of a user: from the file, else from ``CTI_PASSWORD``, else ``None``.

        Args:
            user: who logs in.
            host: where.
            cycler: name of the cycler in a fleet.
        """
        for login in self._logins:
            if login.fits(cycler, host, user):
                return login.password
        given = os.environ.get(PASSWORD_VARIABLE)
        return None if given is None else Secret(given)

    def __repr__(self) -> str:
        return f"<{len(self._logins)} logins>"


def read_private(file: Path) -> bytes:
    """Return what is in a file that only its owner can open.

    Raises:
        ConfigurationError: it cannot be read, others can read it too, or it is too long.
    """
    try:
        with open(file, "rb") as stream:
            # Of the open file, not of its name, which may lead to another one a moment later.
            status = os.fstat(stream.fileno())
            if os.name == "posix":
                _check_owner(file, status)
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(f"{file}: too long for a file of passwords")
    return data


def _read(file: Path) -> list[_Login]:
    data = read_private(file)
    return [_login(table) for table in read_tables(str(file), data, "login", _KEYS)]


def _login(table: Table) -> _Login:
    values = table.values
    return _Login(values.get("cycler"), values.get("host"), values.get("user"), Secret(values["password"]))


def _check_owner(file: Path, status: os.stat_result) -> None:
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        raise ConfigurationError(f"{file}: it belongs to another user: a file of passwords must be yours")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigurationError(f"{file}: others than its owner may open it: run chmod 600 {file}")
