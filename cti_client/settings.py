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

_NEEDED: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table.

    Attributes:
        type: of its value: ``str``, ``int``, ``bool``, or ``float``, which a whole number is too; or several.
        required: whether it must be there, and must not be empty.
        many: whether it may be a list of such values too.
    """

    type: type | tuple[type, ...]
    required: bool = True
    many: bool = False


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
        listed = value if key.many and isinstance(value, list) else [value]
        for one in listed:
            if not _fits(one, key.type):
                raise ConfigurationError(f"{where(name)}: {name!r} must be {_needed(key)}, not {_what(one)}")
        if not listed or (key.required and isinstance(value, str) and not value.strip()):
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


def _needed(key: Key) -> str:
    types = key.type if isinstance(key.type, tuple) else (key.type,)
    return " or ".join(_NEEDED[one] for one in types) + (", or a list of such" if key.many else "")


def _fits(value: object, wanted: type | tuple[type, ...]) -> bool:
    if isinstance(wanted, tuple):
        return any(_fits(value, one) for one in wanted)
    if isinstance(value, bool):
        return wanted is bool
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
