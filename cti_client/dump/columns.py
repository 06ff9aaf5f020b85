"""Messages as rows of a table: the columns are names, as in a filter. Pure functions."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from cti_client.dump.conversation import Heard
from cti_client.dump.filter_names import OWN, Name, kinds_of, known_names, resolve
from cti_client.dump.times import Times
from cti_schema.derive.jsonform import HIDDEN, holds_secret, json_value
from cti_schema.enumerations import Code
from cti_schema.errors import UnknownNameError
from cti_schema.message import Record

__all__ = ["DEFAULT", "Columns", "csv_line"]

_SINGLE: Final = struct.Struct("<f")

#: The columns where none are named.
DEFAULT: Final = (
    "frame", "time", "connection", "direction", "message", "channel", "result", "response_time", "problem",
)  # fmt: skip


class Columns:
    """Makes the row of each message.

    Args:
        names: of the columns: fields by name or path, and what a filter knows besides.
        times: how the column ``time`` is written.
        secrets: show the values of secret fields.

    Raises:
        UnknownNameError: there is no such field.
    """

    def __init__(self, names: Sequence[str], *, times: Times | None = None, secrets: bool = False) -> None:
        self.names = list(names)
        self._times = Times("epoch") if times is None else times
        self._secrets = secrets
        self._columns = [self._column(name) for name in names]

    def row(self, heard: Heard) -> list[str]:
        """Return the values of a message: of several under one name all of them, with commas between."""
        return [",".join(text(heard, value) for value in name.values(heard)) for name, text in self._columns]

    def _column(self, name: str) -> tuple[Name, Callable[[Heard, Any], str]]:
        """Return where the values of a column come from, and what makes a text of one."""
        column = resolve(name)
        if column is None:
            raise UnknownNameError("field", name, known_names())
        if name == "time":
            return column, lambda heard, value: self._times.text(value).strip()
        if name == "response_time":
            return column, lambda heard, value: _text(round(value, 6))
        if not self._secrets and name not in OWN and any(kind.secret for kind in kinds_of(name)):
            return column, lambda heard, value: HIDDEN
        return column, self._plain

    def _plain(self, heard: Heard, value: Any) -> str:
        # Nobody knows what the body of an unknown message is.
        hidden = isinstance(value, bytes) and not self._secrets and holds_secret(heard.decoded.message)
        return HIDDEN if hidden else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, Code):
        return value.label
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, Record):
        return "{...}"
    return value if isinstance(value, str) else str(json_value(value))


def _number(value: float) -> str:
    """Return a float with as many digits as it needs: if it is one of single precision, as few as that."""
    try:
        raw = _SINGLE.pack(value)
    except OverflowError:
        raw = b""
    if raw and _SINGLE.unpack(raw)[0] == value:
        texts = (f"{value:.{digits}g}" for digits in range(6, 10))
        return next(text for text in texts if _SINGLE.pack(float(text)) == raw)
    return repr(value).removesuffix(".0")


def csv_line(row: Iterable[str]) -> str:
    """Return a row as one line of CSV."""
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue().removesuffix("\r\n")
