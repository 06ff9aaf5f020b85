"""Pictures of tests (extra ``plot``)."""

from cti_schema.errors import ConfigurationError

try:
    import matplotlib  # noqa: F401 - brings numpy, which the modules of this package need
except ImportError:
    raise ConfigurationError('a picture needs matplotlib: pip install "cti-toolkit[plot]"') from None

from cti_client.plotting.curves import Curves
from cti_client.plotting.figure import draw
from cti_client.plotting.reading import Test, Wanted, read_test

__all__ = ["Curves", "Test", "Wanted", "draw", "read_test"]
