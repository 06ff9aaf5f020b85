"""Assign a path. Known by its number only."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, request


@request(
    0xBB310008,
    effect=CONTROL,
    answers=f.unknown,
    vendor="Assign Path",
    notes="Only a line in the command table of v4.5; the library does not have it.",
)
class AssignPath(Request[Feedback]):
    """Assign a path. Known by its number only."""

    body: bytes = f.rest(default=b"", doc="layout not known")
