"""Rules in a line, and polls for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cti_client.record import Poll
from cti_client.watch.alert import Alert
from cti_client.watch.conditions import parse
from cti_client.watch.engine import Engine
from cti_client.watch.rules import Rule, read_rules
from tests.record.support import AT, IDLE, poll, reading

__all__ = ["AT", "IDLE", "engine", "file_of", "one", "poll", "reading", "rule", "run", "states", "warm"]

STEP = "[1] 1: CC, Current(A)"


def file_of(folder: Path, text: str) -> Path:
    """Return a file of rules with a text in it."""
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return file


def one(folder: Path, **keys: Any) -> Rule:
    """Return the rule of a file with these keys in it, which are written as TOML."""
    lines = [
        f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for name, value in keys.items()
    ]
    (found,) = read_rules(file_of(folder, "\n".join(["[[rule]]", "name = 'r'", *lines])))
    return found


def rule(when: str, clear: str | None = None, *, hysteresis: float | None = None, **values: Any) -> Rule:
    """Return a rule without a file."""
    condition = parse(when)
    if hysteresis is not None:
        values["clear"] = condition.loosened(hysteresis)
    if clear is not None:
        values["clear"] = parse(clear).node
    given: dict[str, Any] = {"name": "r", "when": condition, **values}
    return Rule(**given)


def engine(*rules: Rule, cyclers: Iterable[str] = ("north",)) -> Engine:
    return Engine(rules, list(cyclers))


def warm(second: int, *degrees: float | None, **values: Any) -> Poll:
    """Return a poll in which channels have these temperatures, and run a test if that is wanted."""
    readings = []
    for channel, value in enumerate(degrees, 1):
        raw: Any = SimpleNamespace(aux_temperature=[] if value is None else [SimpleNamespace(value=value)])
        readings.append(replace(reading(channel, step=STEP, **values), raw=raw))
    return poll(second, *readings)


def run(watched: Engine, polls: Iterable[Poll]) -> list[Alert]:
    """Return all alerts of polls."""
    return [alert for one in polls for alert in watched.see(one)]


def states(alerts: Iterable[Alert]) -> list[tuple[str, int]]:
    """Return what alerts say, and in which second behind `AT`."""
    return [(alert.state, (alert.time - AT) // 1000) for alert in alerts]
