"""When rules would have fired on what was recorded. Nothing is sent, and nothing is stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from cti_client.record.observe import Poll
from cti_client.watch.alert import Alert
from cti_client.watch.engine import Engine
from cti_client.watch.rules import Rule

__all__ = ["replay"]

_WOULD_STOP: Final = "; with --allow-stop the channel would be stopped"


def replay(rules: Sequence[Rule], polls: Iterable[Poll]) -> Iterator[Alert]:
    """Yield the alerts that there would have been, in the order of time.

    Args:
        rules: what to look for.
        polls: what was recorded, in the order of time.
    """
    engine = Engine(rules, ())
    stops = {rule.name for rule in rules if rule.stop}
    for poll in polls:
        while (due := engine.due) is not None and due < poll.time:
            yield from engine.tick(due)
        for alert in engine.see(poll):
            would = alert.state == "fired" and alert.rule in stops
            yield replace(alert, text=alert.text + _WOULD_STOP) if would else alert
