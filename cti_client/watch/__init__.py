"""Alert rules over readings: what they mean, when they fire and clear, and who is told."""

from cti_client.watch.alert import Alert
from cti_client.watch.engine import Engine
from cti_client.watch.rules import Rule, read_rules

__all__ = ["Alert", "Engine", "Rule", "read_rules"]
