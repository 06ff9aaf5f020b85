"""The names that the written source uses."""

from __future__ import annotations

from typing import Any, Final

from cti_schema.compile import reading, writing
from cti_schema.compile.doubt import DOUBTS, NOTHING, Doubt
from cti_schema.compile.reading import find_nul, read_bytes, read_document, read_surplus, read_utf16
from cti_schema.wire.frame import seal

__all__ = [
    "DOUBTS",
    "NAMES",
    "Doubt",
    "find_nul",
    "read_bytes",
    "read_document",
    "read_surplus",
    "read_utf16",
]

_READ = (
    "find_nul",
    "keep",
    "listed",
    "read_bytes",
    "read_document",
    "read_json",
    "read_latin1_counted",
    "read_numbers",
    "read_surplus",
    "read_table",
    "read_texts",
    "read_utf16",
    "read_utf16_counted",
    "real",
)
_WRITTEN = (
    "blob",
    "number",
    "write_bytes",
    "write_document",
    "write_json",
    "write_latin1_counted",
    "write_numbers",
    "write_prefixed",
    "write_texts",
    "write_utf16",
    "write_utf16_counted",
    "write_z",
)

#: By name; the source of a parser or a builder is run with them.
NAMES: Final[dict[str, Any]] = {
    "Doubt": Doubt,
    "NOTHING": NOTHING,
    "new": object.__new__,
    "seal": seal,
    **{name: getattr(reading, name) for name in _READ},
    **{name: getattr(writing, name) for name in _WRITTEN},
}
