"""Reset the local database. Known by its number only."""

from __future__ import annotations

from cti_schema import fields as f
from cti_schema.declare import CONTROL, Feedback, Request, request


@request(
    0xBB310009,
    effect=CONTROL,
    answers=f.unknown,
    vendor="Reset Local Database",
    notes="Only a line in the command table of v4.5, which calls it reserved and not implemented.",
)
class ResetLocalDatabase(Request[Feedback]):
    """Reset the local database. Known by its number only."""

    body: bytes = f.rest(default=b"", doc="layout not known")
