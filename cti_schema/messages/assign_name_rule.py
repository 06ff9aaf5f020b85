"""Assign a name rule. Known by its number only."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, request


@request(
    0xBB310007,
    effect=CONTROL,
    answers=f.unknown,
    vendor="Assign Name Rule",
    notes="Only a line in the command table of v4.5; the library does not have it.",
)
class AssignNameRule(Request[Feedback]):
    """Assign a name rule. Known by its number only."""

    body: bytes = f.rest(default=b"", doc="layout not known")
