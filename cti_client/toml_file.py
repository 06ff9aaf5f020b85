"""TOML files, mostly lists of tables, ``[[name]]``. A mistake is told with its line; keys mean nothing here.

What stands in the file is never quoted: there may be a password in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from cti_client.settings import Key, check_settings
from cti_schema.errors import ConfigurationError

__all__ = ["Document", "Table", "read_document", "read_tables"]

_NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Table:
    """One of the tables of a file.

    Attributes:
        values: what stands in it.
        where: returns where a key stands, or where the table begins for ``None``: ``lab.toml, line 3``.
    """

    values: Mapping[str, Any]
    where: Callable[[str | None], str]


@dataclass(frozen=True, slots=True)
class Document:
    """What is in a file.

    Attributes:
        file: its name, for sentences.
        text: what is in it.
        values: the same, as TOML.
    """

    file: str
    text: str = field(repr=False)
    values: dict[str, Any] = field(repr=False)

    def where(self, *path: str | int) -> str:
        """Return the file, and the line where something stands, if that can be told: ``lab.toml, line 3``.

        Args:
            path: the names of tables and keys that lead there, and numbers, from 0, in lists of tables.
        """
        word = next((step for step in reversed(path) if isinstance(step, str)), "")
        # The parser keeps no lines; so what stands above and in each line with the word is parsed.
        for number, above in _beginnings(self.text, word):
            try:
                if _is_there(path, tomllib.loads(above)):
                    return f"{self.file}, line {number}"
            except tomllib.TOMLDecodeError:
                continue  # within a text or a list of several lines
        return self.file


def read_document(file: str, data: bytes) -> Document:
    """Return what is in a file.

    Args:
        file: its name, for sentences.
        data: what is in it.

    Raises:
        ConfigurationError: it is no TOML.
    """
    try:
        text = data.decode("utf-8-sig")
        return Document(file, text, tomllib.loads(text))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{file}, line {line}: this is no UTF-8, as TOML is") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        end = len(text.splitlines()) or 1
        place = f"{file}, line {at[1]}, column {at[2]}" if at else f"{file}, line {end}"
        reason = re.sub(r"(?<=character) .*| \(at .*", "", str(error))
        raise ConfigurationError(f"{place}: this is no TOML ({reason})") from None


def read_tables(
    file: str, data: bytes, table: str, keys: Mapping[str, Key], refused: Mapping[str, str] = _NONE
) -> list[Table]:
    """Return the tables of a file, checked.

    Args:
        file: its name, for sentences.
        data: what is in it.
        table: name of the tables.
        keys: what each of them may have.
        refused: keys that have a reason of their own not to be there, and that reason.

    Raises:
        ConfigurationError: it is no TOML, or has something else in it.
    """
    document = read_document(file, data)
    found = document.values
    for name, value in found.items():
        if name == table:
            continue
        place = document.where(name)
        if name in refused:
            raise ConfigurationError(f"{place}: {refused[name]}")
        if isinstance(value, (dict, list)):
            raise ConfigurationError(f"{place}: {name!r} is not known here: write [[{table}]]")
        raise ConfigurationError(f"{place}: the key {name!r} stands in no table: write [[{table}]] above it")
    entries = found.get(table, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(f"{file}: write [[{table}]], with two brackets, above each of them")
    if not entries:
        raise ConfigurationError(f"{file}: there is no [[{table}]] in it")
    tables = []
    for index, values in enumerate(entries):
        where = partial(_where, document, table, index)
        for name in values:
            if name in refused:
                raise ConfigurationError(f"{where(name)}: {refused[name]}")
        check_settings(values, keys, where)
        tables.append(Table(values, where))
    return tables


def _where(document: Document, table: str, index: int, key: str | None) -> str:
    return document.where(table, index) if key is None else document.where(table, index, key)


def _is_there(path: tuple[str | int, ...], data: Any) -> bool:
    for step in path:
        if isinstance(step, int):
            if not isinstance(data, list) or len(data) <= step:
                return False
        elif not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _beginnings(text: str, word: str) -> Iterator[tuple[int, str]]:
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if word in line:
            yield number, "".join(lines[:number])
