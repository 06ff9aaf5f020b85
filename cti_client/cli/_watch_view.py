"""What `cti watch` writes: a line for each alert, and for what happens otherwise. Who has one never waits."""

from __future__ import annotations

from datetime import UTC, datetime

from cti_client.cli._output import Output
from cti_client.dump.lines import safe
from cti_client.watch.alert import Alert
from cti_client.watch.senders import line_of
from cti_client.watch.worker import Worker

__all__ = ["View"]

_ROLES = {"critical": "problem", "warning": "bad", "info": ""}


class View:
    """Standard output, in a thread of its own: it may be slow, or stand still."""

    attempts = 1

    def __init__(self) -> None:
        self._output = Output(live=True)
        self._worker: Worker[tuple[str, str]] = Worker("standard output", self._write, lambda sentence: None)

    def say(self, sentence: str) -> None:
        """Write a sentence about what happened, with the time in UTC."""
        self._worker.put((f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {safe(sentence)}", ""))

    def send(self, alert: Alert) -> None:
        """Write an alert."""
        self._worker.put((line_of(alert), role_of(alert)))

    def close(self) -> None:
        """Write what waits."""
        self._worker.close(timeout_s=5.0)

    def _write(self, line: tuple[str, str]) -> None:
        text, role = line
        self._output.line(self._output.paint(role, text))


def role_of(alert: Alert) -> str:
    """Return how an alert is painted."""
    return "good" if alert.state == "cleared" else _ROLES[alert.severity]
