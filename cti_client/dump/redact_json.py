"""The same for JSON bodies: values are overwritten in the text as it was written, whose length stays.

A text that does not parse is not understood: all of it becomes blank.
"""

from __future__ import annotations

import json
import re
import sys
from array import array
from collections.abc import Callable, Iterator
from typing import Final

from cti_schema import kinds as k

__all__ = ["blank_values", "free_ranges", "plain_texts", "redact_body"]

#: Tells whether the value of a field must not be passed on.
Private = Callable[[k.Kind], bool]

_DECODER: Final = json.JSONDecoder(strict=False)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)

#: A value in the text: from where to where, and the member that it is of, if that is declared.
Value = tuple[int, int, k.Member | None]


def plain_texts(members: tuple[k.Member, ...], body: bytes, private: Private) -> Iterator[tuple[k.Kind, str]]:
    """Yield the texts of a body that must not be passed on, each with its member."""
    text, _ = _text(body)
    for start, end, member in _values(text, members) or ():
        if end > start and text[start] == '"' and member is not None and private(member):
            # Surrogates stand apart in the text; here they are put together again.
            value = _DECODER.raw_decode(text, start)[0]
            yield member, value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def redact_body(
    members: tuple[k.Member, ...], body: bytes, private: Private, *, undeclared: bool
) -> tuple[bytes, int]:
    """Return a body without the values that must not be passed on, and how many of these there were.

    Args:
        members: the members that are declared.
        body: the count and the text.
        private: tells which members must not be passed on.
        undeclared: neither may members that are not declared: one may be misspelt.
    """
    text, rest = _text(body)
    found = _values(text, members)
    if found is None:
        return body[:4] + bytes(max(0, len(body) - 4)), 0
    pieces, at, count = [], 0, 0
    for start, end, member in found:
        if private(member) if member is not None else undeclared:
            pieces += [text[at:start], blank_values(text[start:end])]
            at = end
            count += member is not None and text[start:end] != "null"
    pieces.append(text[at:])
    raw = array("H", map(ord, "".join(pieces)))
    return body[:4] + _little(raw).tobytes() + bytes(rest), count


def free_ranges(members: tuple[k.Member, ...], body: bytes) -> list[tuple[int, int]]:
    """Return where in a body a sender's own words stand: the insides of texts, and numbers, in order.

    The names of declared members are the protocol's words. A text that is no JSON has nothing but own words.
    """
    text, _ = _text(body)
    names: _Names = []
    if _values(text, members, names) is None:
        return [(0, len(body))]
    named = set(names)
    found = [token.span() for token in _TOKEN.finditer(text) if token.span() not in named]
    inner = [(start + (text[start] == '"'), end - (text[start] == '"')) for start, end in found]
    return [(4 + 2 * start, 4 + 2 * end) for start, end in inner]


def blank_values(text: str) -> str:
    """Return a piece of JSON of the same length in which every text is ``x`` and every number 0."""

    def blank(token: re.Match[str]) -> str:
        old = token[0]
        if old[0] != '"':
            return "0".ljust(len(old))
        new = "x" * (len(old) - 2)
        return '"' + ("y" * len(new) if new == old[1:-1] else new) + '"'

    return _TOKEN.sub(blank, text)


def _text(body: bytes) -> tuple[str, int]:
    """Return the text of a body, one character for each code unit, and the bytes that stand behind it."""
    units = min(int.from_bytes(body[:4], "little"), max(0, len(body) - 4) // 2)
    raw = array("H", body[4 : 4 + 2 * units])
    text = "".join(map(chr, _little(raw))).partition("\0")[0]
    return text, max(0, len(body) - 4) - 2 * len(text)


def _little(units: array[int]) -> array[int]:
    """Return code units as they are in little-endian order; an array has the order of this computer."""
    if sys.byteorder == "big":
        units.byteswap()
    return units


#: From where to where the names of declared members stand.
_Names = list[tuple[int, int]]


def _values(text: str, members: tuple[k.Member, ...], names: _Names | None = None) -> list[Value] | None:
    """Return the values of the members in a text; ``None`` if it is no JSON that is understood."""
    start = _skip(text, 1 if text.startswith("\ufeff") else 0)
    try:
        value, end = _DECODER.raw_decode(text, start)
        if _skip(text, end) != len(text):
            return None
        if value is None:
            return []
        if not isinstance(value, dict):
            return None
        found: list[Value] = []
        _object(text, start, members, found, [] if names is None else names)
        return found
    except (ValueError, RecursionError):
        return None


def _object(text: str, at: int, members: tuple[k.Member, ...], found: list[Value], names: _Names) -> int:
    """Collect the values of an object that begins at a place, and return where it ends."""
    by_name = {member.wire_name: member for member in members}
    at = _skip(text, at + 1)
    while text[at] != "}":
        if text[at] != '"':
            raise ValueError("no name")
        start = at
        name, at = _DECODER.raw_decode(text, at)
        if name in by_name:
            names.append((start, at))
        at = _skip(text, _skip(text, at) + 1)  # the colon
        member = by_name.get(name)
        at = _value(text, at, None if member is None else member.of, member, found, names)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def _value(
    text: str, at: int, of: k.JsonType | None, member: k.Member | None, found: list[Value], names: _Names
) -> int:
    """Collect a value, or the values of the records in it, and return where it ends."""
    if of is not None and of.record is not None and text[at] == "{":
        return _object(text, at, of.record.spec.members, found, names)
    if of is not None and of.item is not None and of.item.record is not None and text[at] == "[":
        at = _skip(text, at + 1)
        while text[at] != "]":
            at = _skip(text, _value(text, at, of.item, member, found, names))
            if text[at] == ",":
                at = _skip(text, at + 1)
        return at + 1
    _, end = _DECODER.raw_decode(text, at)
    found.append((at, end, member))
    return end


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()
