"""Checks a table of settings: each mistake gets its own sentence. No files, no meaning of any key.

A setting may be a secret: a value is never quoted, only what it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cti_schema.errors import ConfigurationError, UnknownNameError

__all__ = ["Key", "check_settings", "nearest", "valid_port"]

_NEEDED: Final = {str: "a text", int: "a whole number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table.

    Attributes:
        type: of its value: ``str``, ``int``, or ``float``, which a whole number is too.
        required: whether it must be there, and must not be empty.
    """

    type: type[str] | type[int] | type[float]
    required: bool = True


def check_settings(
    settings: Mapping[Any, Any], keys: Mapping[str, Key], where: Callable[[str | None], str]
) -> None:
    """Check the keys of a table and the types of their values.

    Args:
        settings: the table.
        keys: all that it may have.
        where: returns where a key stands, for the sentence; for ``None`` where the table does.

    Raises:
        ConfigurationError: a key is unknown or missing, or its value has the wrong type or is empty.
    """
    for name in settings:
        if name not in keys:
            raise ConfigurationError(f"{where(str(name))}: {nearest('key', str(name), keys)}")
    for name, key in keys.items():
        if name not in settings:
            if key.required:
                raise ConfigurationError(f"{where(None)}: the key {name!r} is missing")
            continue
        value = settings[name]
        if not _fits(value, key.type):
            raise ConfigurationError(
                f"{where(name)}: {name!r} must be {_NEEDED[key.type]}, not {_what(value)}"
            )
        if key.required and isinstance(value, str) and not value.strip():
            raise ConfigurationError(f"{where(name)}: {name!r} is empty")


def nearest(what: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence about a name that is not known: the nearest one, and all that there are."""
    known = list(known)
    return f"{UnknownNameError(what, name, known)} (known: {', '.join(known)})"


def valid_port(port: int, where: str) -> int:
    """Return the port.

    Raises:
        ConfigurationError: there is no such port.
    """
    if not 0 < port < 65536:
        raise ConfigurationError(f"{where}: {port} is no port: a port is a whole number from 1 to 65535")
    return port


def _fits(value: object, wanted: type) -> bool:
    if isinstance(value, bool):
        return False
    if wanted is float:
        return isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, wanted)


def _what(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, float) and not math.isfinite(value):
        return "something that is not finite"
    for known, name in _NEEDED.items():
        if isinstance(value, known):
            return name
    if value is None:
        return "nothing"
    return (
        "a list" if isinstance(value, list) else "a table" if isinstance(value, Mapping) else "something else"
    )
