"""Colours by role: a formatter says what a text is, the caller decides how that looks.

The functions here are handed to the formatters. `plain` leaves every text as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

__all__ = ["Paint", "colour", "plain"]

#: Takes a role and a text; returns the text as it is to be shown.
Paint = Callable[[str, str], str]

_STYLES: Final[dict[str, dict[str, Any]]] = {
    "side": {"dim": True},  # times, offsets, raw bytes
    "request": {"fg": "cyan"},
    "feedback": {"fg": "green"},
    "head": {"bold": True},
    "name": {"fg": "blue"},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "problem": {"fg": "red", "bold": True},
    "hidden": {"dim": True},
    # Fields next to each other in a hex view.
    "field1": {"fg": "cyan"},
    "field2": {"fg": "yellow"},
    "field3": {"fg": "green"},
    "field4": {"fg": "magenta"},
}


def plain(role: str, text: str) -> str:
    """Return the text as it is."""
    return text


def colour(role: str, text: str) -> str:
    """Return the text in the colour of its role, with terminal codes; roles without one stay as they are."""
    style = _STYLES.get(role)
    return click.style(text, **style) if style and text else text
