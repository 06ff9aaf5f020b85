"""What can be wrong with a frame, as data: one problem names one place.

A problem never stops a lenient decoder. In strict decoding every problem is raised, but for
the kinds in `NOTES`: these are worth telling and no reason to refuse a frame, because a newer
cycler may use values and commands that are not declared here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: Every kind of problem, and what it means. The list is closed.
KINDS: Final[dict[str, str]] = {
    "stray": "bytes that belong to no frame stand before this one",
    "checksum": "the checksum does not match the bytes before it",
    "length": "the length field does not fit the frame that is there",
    "incomplete": "the data end before the frame does",
    "truncated": "the body is shorter than the layout",
    "count": "a count or a length goes beyond the data",
    "surplus": "bytes stand behind the last declared field",
    "text": "a text cannot be decoded, or has no terminator",
    "value": "a value is of the wrong type or outside its range",
    "json": "the JSON body does not parse, or is not of the declared shape",
    "bson": "the BSON document does not parse",
    "enum": "the value is none of the enumeration's",
    "unknown_command": "no message is declared for this code and direction",
}

#: Kinds that are told, but never refuse a frame.
NOTES: Final = frozenset({"enum", "unknown_command"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a frame.

    Attributes:
        kind: one of `KINDS`.
        message: a sentence for people.
        path: the field, like ``channels[0].test_name``; empty for the frame itself.
        offset: bytes from the frame's first byte; negative for bytes in front of it.
        expected: what should have been there, where that can be said.
        found: what was there.
    """

    kind: str
    message: str
    path: str = ""
    offset: int = 0
    expected: Any = None
    found: Any = None

    def __str__(self) -> str:
        where = f"{self.path} at offset {self.offset}" if self.path else f"offset {self.offset}"
        return f"{where}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        """Return the problem in the toolkit's JSON shape; absent members are left out."""
        shape: dict[str, Any] = {"kind": self.kind, "path": self.path, "offset": self.offset}
        if self.expected is not None:
            shape["expected"] = self.expected
        if self.found is not None:
            shape["found"] = self.found
        shape["message"] = self.message
        return shape
