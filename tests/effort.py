"""How often a test that samples tries: little by default, much with HYPOTHESIS_PROFILE=exhaustive."""

from __future__ import annotations

import os

__all__ = ["times"]


def times(few: int) -> int:
    """Return how often to try where a few times are enough for a change that is about something else."""
    return 20 * few if os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive" else few
