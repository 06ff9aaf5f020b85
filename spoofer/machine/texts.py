"""Texts that come from clients, and what of them has a place in a field."""

from __future__ import annotations

#: Most UTF-16 units that are kept of a text for which no message has a limit.
MOST_UNITS = 1024


def utf16_units(text: str) -> int:
    """Return how many UTF-16 units a text has on the wire."""
    return len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, units: int) -> str:
    """Return as much of a text as has a place in so many UTF-16 units."""
    if utf16_units(text) <= units:
        return text
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def clean(text: str) -> str:
    """Return a text up to its first NUL, where half of a character stands as U+FFFD."""
    text = text.partition("\0")[0]
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


def kept(text: str | None) -> str:
    """Return what is kept of a text for which no message has a limit."""
    return cut(clean(text or ""), MOST_UNITS)
