"""Readings of a fleet as metrics for Prometheus (extra ``metrics``)."""

from cti_schema.errors import ConfigurationError

try:
    import prometheus_client  # noqa: F401
except ImportError:
    raise ConfigurationError('metrics need prometheus_client: pip install "cti-toolkit[metrics]"') from None

from cti_client.metrics.collector import Metrics
from cti_client.metrics.server import MetricsServer

__all__ = ["Metrics", "MetricsServer"]
