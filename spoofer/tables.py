"""Tables of keys, as TOML files have them: what is allowed is a table itself, and a wrong key is named.

Whoever reads a file hands its data to `check`. What does not fit is a `ScenarioError` with the path of the
key, and what is allowed there; `placed` adds the file and the line.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cti_schema.errors import ScenarioError, UnknownNameError

__all__ = ["Key", "KeyPath", "check", "from_hex", "load", "parse", "placed", "rejected", "tables", "unknown"]

#: Where a value stands: names of keys, and zero-based indices of lists.
KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a table may have.

    Attributes:
        name: the key.
        type: one of `TYPES`.
        doc: what it means.
        unit: of a number.
        default: value where the key is absent; ``None`` for none.
        needed: it must be there.
        least: smallest number.
        most: greatest number; of a text, most characters.
        choices: the texts that are allowed; empty for any.
        secret: the value is not repeated in an error.
    """

    name: str
    type: str
    doc: str
    unit: str = ""
    default: Any = None
    needed: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False

    def allowed(self) -> str:
        """Return in words what the value may be."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        words = TYPES[self.type]
        if self.type == "ascii":
            words += f" of at most {self.most} characters"
        elif self.least is not None and self.most is not None:
            words += f" from {self.least:.12g} to {self.most:.12g}"
        elif self.least is not None:
            words += f" not below {self.least:.12g}"
        return f"{words} ({self.unit})" if self.unit else words


#: The types of values, in words.
TYPES: Final = {
    "integer": "a whole number",
    "number": "a number",
    "text": "a text",
    "ascii": "an ASCII text",
    "name": "a name or a number",
    "flag": "true or false",
    "hex": "bytes as a hex text",
    "integers": "a list of whole numbers above zero",
    "texts": "a list of bytes as hex texts",
    "numbers": "a list of numbers not below zero",
    "curve": "a number, or a list of [seconds, number] in the order of time",
}


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**63


def _list(value: Any, one: Callable[[Any], bool]) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(one, value))


def _hex(value: Any) -> bool:
    if isinstance(value, bytes):
        return True
    try:
        return isinstance(value, str) and bytes.fromhex(value) is not None
    except ValueError:
        return False


def _curve(value: Any) -> bool:
    if _number(value):
        return True
    if not _list(value, lambda point: _list(point, _number) and len(point) == 2) or not value:
        return False
    times = [time for time, _ in value]
    return times == sorted(times)


_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "integer": _integer,
    "number": _number,
    "text": lambda value: isinstance(value, str),
    "ascii": lambda value: isinstance(value, str) and value.isascii(),
    "name": lambda value: isinstance(value, str) or _integer(value),
    "flag": lambda value: isinstance(value, bool),
    "hex": _hex,
    "integers": lambda value: _list(value, lambda one: _integer(one) and one > 0) and len(value) > 0,
    "texts": lambda value: _list(value, _hex),
    "numbers": lambda value: _list(value, lambda one: _number(one) and one >= 0),
    "curve": _curve,
}


def rejected(path: KeyPath, found: str, known: Iterable[str], what: str = "key") -> ScenarioError:
    """Return the error about a name that is not known: the nearest one, and all that are."""
    names = list(known)
    return unknown(path, UnknownNameError(what, found, names), ", ".join(names))


def unknown(path: KeyPath, error: Exception, allowed: str) -> ScenarioError:
    """Return the error about a name that is not known, which the first one tells, with what is allowed."""
    end = "" if str(error).endswith("?") else ";"
    return ScenarioError(path, f"{error}{end} allowed are {allowed}")


def check(table: Any, keys: Iterable[Key], path: KeyPath = ()) -> dict[str, Any]:
    """Return the values of a table, with the defaults of the keys that are absent.

    Raises:
        ScenarioError: it is no table, has a key that is not allowed, lacks one, or a value does not fit.
    """
    if not isinstance(table, Mapping):
        raise ScenarioError(path, "a table is needed")
    known = {key.name: key for key in keys}
    for name in table:
        if name not in known:
            raise rejected((*path, name), str(name), known)
    values = {}
    for name, key in known.items():
        if name not in table:
            if key.needed:
                raise ScenarioError(path, f"the key {name!r} is missing ({key.doc}): {key.allowed()}")
            values[name] = key.default
            continue
        value = table[name]
        if isinstance(value, str) and key.choices and value not in key.choices:
            raise rejected((*path, name), value, key.choices, name)
        if not _CHECKS[key.type](value) or not _within(value, key):
            shown = "this" if key.secret else f"{value!r:.60}"
            raise ScenarioError((*path, name), f"{shown} is not {key.allowed()}")
        values[name] = value
    return values


def _within(value: Any, key: Key) -> bool:
    if key.least is None and key.most is None:
        return True
    size = len(value) if isinstance(value, str) else value
    return (key.least is None or size >= key.least) and (key.most is None or size <= key.most)


def tables(data: Mapping[str, Any], name: str) -> list[Any]:
    """Return the list of tables of a name; an empty one where it is absent.

    Raises:
        ScenarioError: it is something else.
    """
    value = data.get(name, [])
    if not isinstance(value, list):
        raise ScenarioError((name,), f"a list of tables is needed: [[{name}]], not [{name}]")
    return value


def from_hex(value: str | bytes) -> bytes:
    """Return the bytes of a value of the type ``hex``."""
    return value if isinstance(value, bytes) else bytes.fromhex(value)


def load(path: Path) -> tuple[dict[str, Any], str]:
    """Return the data of a TOML file, and its text.

    Raises:
        ScenarioError: it is no TOML, or no UTF-8; with the line.
        OSError: it cannot be read.
    """
    return parse(path.read_bytes(), str(path))


def parse(raw: bytes, file: str) -> tuple[dict[str, Any], str]:
    """Return the data of a TOML text, and the text without byte order mark and carriage returns.

    Raises:
        ScenarioError: it is no TOML, or no UTF-8; with the line.
    """
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ScenarioError((), "the file is no UTF-8 text", file=file, line=line) from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        digits = place.removeprefix("line ").partition(",")[0]
        line = int(digits) if digits.isdigit() else text.count("\n") + 1
        raise ScenarioError((), f"this is no TOML: {reason}", file=file, line=line) from None
    except ValueError as error:
        raise ScenarioError((), f"this is no TOML: {error}", file=file) from None
    except RecursionError:
        raise ScenarioError((), "lists stand too deep in lists", file=file) from None


def placed(error: ScenarioError, file: Path | str, text: str) -> ScenarioError:
    """Return the error with the file, and the line on which its key stands."""
    return ScenarioError(error.path, error.reason, file=str(file), line=_line(text, error.path))


def _line(text: str, path: KeyPath) -> int | None:
    """Return the one-based line on which the value of a path begins; ``None`` where it is not in the file.

    tomllib tells no places. But the value is in the data of the first lines from its own line on, and not
    before; what is cut in its middle is no TOML, and counts with the lines up to its end.
    """
    lines = text.split("\n")

    def holds(count: int) -> bool:
        for end in range(count, len(lines) + 1):
            try:
                data: Any = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            return _reaches(data, path)
        return False

    while path and not holds(len(lines)):
        path = path[:-1]
    if not path:
        return None
    first, last = 1, len(lines)
    while first < last:
        middle = (first + last) // 2
        if holds(middle):
            last = middle
        else:
            first = middle + 1
    return first


def _reaches(data: Any, path: KeyPath) -> bool:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True
