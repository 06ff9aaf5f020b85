"""Readings of a fleet as metrics for Prometheus (extra ``metrics``)."""

from cti_client.metrics.collector import Metrics
from cti_client.metrics.server import MetricsServer

__all__ = ["Metrics", "MetricsServer"]
