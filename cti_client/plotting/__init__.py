"""Pictures of tests (extra ``plot``)."""

from cti_client.plotting.curves import Curves
from cti_client.plotting.figure import draw
from cti_client.plotting.reading import Test, read_test

__all__ = ["Curves", "Test", "draw", "read_test"]
