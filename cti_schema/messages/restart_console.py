"""Restart the console software. Known by its number only."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, request


@request(
    0xBB31000B,
    effect=CONTROL,
    answers=f.unknown,
    vendor="Restart Console",
    notes="Only a line in the command table of v4.5; the library does not have it.",
)
class RestartConsole(Request[Feedback]):
    """Restart the console software. Known by its number only."""

    body: bytes = f.rest(default=b"", doc="layout not known")
