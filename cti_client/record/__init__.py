"""Readings straight into databases and files: polls, what they mean, the spool, and where it all goes."""

from cti_client.record.logger import SPOOL_SIZE, Logger, SinkState
from cti_client.record.observe import Poll
from cti_client.record.sinks import Sink, open_sink

__all__ = ["SPOOL_SIZE", "Logger", "Poll", "Sink", "SinkState", "open_sink"]
