"""How much hypothesis tries: little by default, much with HYPOTHESIS_PROFILE=exhaustive."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# The machine may be slow and is shared: time says nothing about the code. Without a random start a failure
# comes again, and so does a success.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}

settings.register_profile("fast", max_examples=25, derandomize=True, **_COMMON)
settings.register_profile("exhaustive", max_examples=10_000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `-n auto` means: one more than there are processors, as some tests wait."""
    return (os.cpu_count() or 1) + 1
