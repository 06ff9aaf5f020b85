"""Messages as rows of a table: the columns are names, as in a filter. Pure functions."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from cti_client.dump.conversation import Heard
from cti_client.dump.filter_names import Name, kinds_of, known_names, resolve
from cti_schema.derive.jsonform import HIDDEN, json_value
from cti_schema.enumerations import Code
from cti_schema.errors import UnknownNameError
from cti_schema.message import Record

__all__ = ["DEFAULT", "Columns", "csv_line"]

#: The columns where none are named.
DEFAULT: Final = (
    "frame", "time", "connection", "direction", "message", "channel", "result", "response_time", "problem",
)  # fmt: skip


class Columns:
    """Makes the row of each message.

    Args:
        names: of the columns: fields by name or path, and what a filter knows besides.
        secrets: show the values of secret fields.

    Raises:
        UnknownNameError: there is no such field.
    """

    def __init__(self, names: Sequence[str], *, secrets: bool = False) -> None:
        self.names = list(names)
        self._columns = [_column(name) for name in names]
        self._secrets = secrets

    def row(self, heard: Heard) -> list[str]:
        """Return the values of a message: of several under one name all of them, with commas between."""
        return [
            ",".join(self._text(name, value) for value in column.values(heard))
            for name, column in zip(self.names, self._columns, strict=True)
        ]

    def _text(self, name: str, value: Any) -> str:
        if not self._secrets and _is_secret(name):
            return HIDDEN
        if isinstance(value, Code):
            return value.label
        if isinstance(value, float):
            return repr(value).removesuffix(".0")
        if isinstance(value, (bytes, bytearray)):
            return value.hex()
        if isinstance(value, Record):
            return "{...}"
        return str(json_value(value)) if not isinstance(value, str) else value


def _column(name: str) -> Name:
    column = resolve(name)
    if column is None:
        raise UnknownNameError("field", name, known_names())
    return column


def _is_secret(name: str) -> bool:
    return any(kind.secret for kind in kinds_of(name))


def csv_line(row: Iterable[str]) -> str:
    """Return a row as one line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row)
    return text.getvalue()
