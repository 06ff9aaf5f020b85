"""An alert: what is told when a rule fires or clears, as a sentence and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from cti_client.watch.fields import Value

__all__ = ["SEVERITIES", "Alert", "State", "when_of"]

#: From the least to the greatest.
SEVERITIES: Final = ("info", "warning", "critical")

#: What an alert tells. The last ones tell what became of stopping the channel.
State = Literal["fired", "cleared", "stopped", "stop refused", "stop not sent", "stop not known"]


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule fired or cleared, or its channel was to be stopped.

    Attributes:
        rule: name of the rule.
        cycler: name of the cycler.
        channel: number of the channel, from 1; ``None`` where it is about the whole cycler.
        test_name: the test on the channel; empty where there is none.
        time: milliseconds since 1970, UTC: of the reading, or of when a reading was missed.
        state: what is told.
        severity: one of `SEVERITIES`.
        condition: the condition of the rule, as it was written.
        values: of the fields in the condition; ``None`` where the cycler does not tell one.
        text: all of that in a sentence.
    """

    rule: str
    cycler: str
    channel: int | None
    test_name: str
    time: int
    state: State
    severity: str
    condition: str
    values: Mapping[str, Value] = field(default_factory=dict)
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what goes to programs: the attributes, the time as text, infinities as ``"inf"``."""
        shape = asdict(self)
        shape["time"] = when_of(self.time)
        shape["values"] = {
            name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in self.values.items()
        }
        return shape


def when_of(time: int) -> str:
    """Return a time in UTC as text: ``2026-03-24T08:00:10.250Z``."""
    return f"{datetime.fromtimestamp(time / 1000.0, UTC):%Y-%m-%dT%H:%M:%S}.{time % 1000:03d}Z"
