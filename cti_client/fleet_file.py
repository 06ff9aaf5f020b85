"""The file that says which cyclers there are: where each stands and who logs in there, and no password.

::

    [[cycler]]
    name = "north"
    host = "192.168.1.20"
    port = 9031            # this one if it is left out
    user = "lab"           # may be left out: then it is asked for
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti_client.settings import Key, valid_port
from cti_client.toml_file import Table, read_tables
from cti_schema.errors import ConfigurationError

__all__ = ["Place", "read_fleet"]

#: The documented port for everything but files; source: framing.md, section 6.
_PORT: Final = 9031

_KEYS: Final = {
    "name": Key(str),
    "host": Key(str),
    "port": Key(int, required=False),
    "user": Key(str, required=False),
}

_REFUSED: Final = {
    "password": "a password does not belong into this file, which many may read: remove it, "
    "and set CTI_PASSWORD or use a file of credentials"
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cycler is, and who logs in there.

    Attributes:
        name: what people call it; no two in a fleet have the same.
        host: name or address of its computer.
        port: TCP port.
        user: user name, or ``None`` where none is given.
    """

    name: str
    host: str
    port: int = _PORT
    user: str | None = None

    @property
    def address(self) -> str:
        """Host and port, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_fleet(file: Path | str) -> list[Place]:
    """Return the cyclers of a fleet, in the order of the file.

    Raises:
        ConfigurationError: the file cannot be read, or something is wrong in it; the sentence names the line.
    """
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    places: list[Place] = []
    for table in read_tables(str(file), data, "cycler", _KEYS, _REFUSED):
        place = _place(table)
        for other in places:
            if other.name == place.name:
                raise ConfigurationError(
                    f"{table.where('name')}: another cycler is called {place.name!r} too"
                )
            if (other.host.lower(), other.port) == (place.host.lower(), place.port):
                raise ConfigurationError(
                    f"{table.where('host')}: {other.name!r} is at {place.address} too: one cycler, one entry"
                )
        places.append(place)
    return places


def _place(table: Table) -> Place:
    values = table.values
    port = valid_port(values.get("port", _PORT), table.where("port"))
    user = values.get("user", "").strip() or None
    return Place(values["name"].strip(), values["host"].strip(), port, user)
