"""The sentences of alerts."""

from __future__ import annotations

from cti_client.dump.lines import safe
from cti_client.readings import Reading
from cti_client.watch.alert import Alert
from cti_client.watch.fields import Value

__all__ = ["fired", "over", "place", "silent"]


def place(alert: Alert) -> str:
    """Return where an alert is: ``north channel 3, test cell-17``."""
    channel = "" if alert.channel is None else f" channel {alert.channel}"
    test = f", test {alert.test_name}" if alert.test_name else ""
    return safe(f"{alert.cycler}{channel}{test}")


def fired(alert: Alert, after: Reading | None = None) -> str:
    """Return the sentence of an alert that fires.

    Args:
        alert: the alert.
        after: for an event, the reading that showed it.
    """
    said = _said(alert)
    if after is not None:
        reason = f", {after.exit_condition}" if after.exit_condition else ""
        said = safe(f"; the channel is {after.status.label}{reason}") + said
    return f"{safe(alert.rule)}: {place(alert)}: {safe(alert.condition)}{said}"


def over(alert: Alert, why: str = "") -> str:
    """Return the sentence of an alert that is over."""
    reason = f"; {safe(why)}" if why else _said(alert) if alert.channel is not None else "; it answers again"
    return f"{safe(alert.rule)} is over: {place(alert)}{reason}"


def silent(rule: str, cycler: str, seconds: float, answered: bool, error: str) -> str:
    """Return the sentence about a cycler that does not answer."""
    since = "" if answered else ", since watching began"
    reason = f"; {safe(error)}" if error else ""
    return f"{safe(rule)}: {safe(cycler)}: no reading for {seconds:.0f} s{since}{reason}"


def _said(alert: Alert) -> str:
    """Return what the fields of the condition are."""
    shown = [f"{name} is {_shown(value)}" for name, value in alert.values.items()]
    return f"; {safe(', '.join(shown))}" if shown else ""


def _shown(value: Value) -> str:
    return "absent" if value is None else value if isinstance(value, str) else f"{value:.6g}"
