"""The file with the alert rules: which conditions, where they count, and who is told.

::

    [[rule]]
    name = "hot cell"
    when = "temperature_t1_degc > 45 for 10 s"
    clear = "temperature_t1_degc < 43"       # or hysteresis = 2
    cycler = "north*"                        # may be left out: all of them
    channel = "1-8"
    test = ["formation-*", "aging-*"]
    severity = "critical"                    # or "warning", as by default, or "info"
    send = ["terminal", "mail"]              # the terminal by default
    stop = false                             # true: stop the channel, if --allow-stop is given

    [send.mail]
    type = "email"
    ...

What a sender may have is in `cti_client.watch.sending`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Final

from cti_client.channels import parse_channels
from cti_client.settings import Key, check_settings, nearest
from cti_client.toml_file import Document, read_document
from cti_client.watch.alert import SEVERITIES
from cti_client.watch.conditions import TEST_ENDED, Condition, parse
from cti_client.watch.nodes import Node
from cti_schema.errors import ConfigurationError, UnknownNameError

__all__ = ["TERMINAL", "Rule", "read_rule_file", "read_rules"]

#: The sender that needs no declaration.
TERMINAL: Final = "terminal"

#: No cycler has more channels; what one really has is known after the login.
_MOST_CHANNELS: Final = 65535

#: A file of rules is short; what is longer is something else.
_MOST_BYTES: Final = 10_000_000

_KEYS: Final = {
    "name": Key(str),
    "when": Key(str),
    "clear": Key(str, required=False),
    "hysteresis": Key(float, required=False),
    "cycler": Key(str, required=False, many=True),
    "channel": Key((int, str), required=False, many=True),
    "test": Key(str, required=False, many=True),
    "severity": Key(str, required=False),
    "send": Key(str, required=False, many=True),
    "stop": Key(bool, required=False),
}

_TABLES: Final = ("rule", "send")


@dataclass(frozen=True, slots=True)
class Rule:
    """When to tell whom.

    Attributes:
        name: no two rules of a file have the same.
        when: the condition.
        clear: when the alert is over; by default when the condition does not hold any more.
        cyclers: patterns of the cyclers' names that it is about; ``None`` for all.
        channels: numbers of the channels, from 1; ``None`` for all.
        tests: patterns of the tests' names; ``None`` for all, and for channels without one.
        severity: one of `SEVERITIES`.
        send: names of the senders.
        stop: stop the channel when it fires.
        where: file and line.
    """

    name: str
    when: Condition
    clear: Node | None = None
    cyclers: tuple[str, ...] | None = None
    channels: frozenset[int] | None = None
    tests: tuple[str, ...] | None = None
    severity: str = "warning"
    send: tuple[str, ...] = (TERMINAL,)
    stop: bool = False
    where: str = field(default="", compare=False)

    def is_about(self, cycler: str) -> bool:
        """Tell whether it is about a cycler."""
        return _fits(cycler, self.cyclers)

    def is_about_channel(self, channel: int) -> bool:
        """Tell whether it is about a channel, from 1."""
        return self.when.silence_ms is None and (self.channels is None or channel in self.channels)

    def is_about_test(self, test_name: str) -> bool:
        """Tell whether it is about a test."""
        return _fits(test_name, self.tests)


def _fits(name: str, patterns: tuple[str, ...] | None) -> bool:
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)


def read_rules(file: Path | str) -> list[Rule]:
    """Return the rules of a file, in its order.

    Raises:
        ConfigurationError: the file cannot be read, or something is wrong in it; the sentence names the line.
    """
    return read_rule_file(file)[0]


def read_rule_file(file: Path | str) -> tuple[list[Rule], Document]:
    """Return the rules of a file, and what is in the file besides: the senders.

    Raises:
        ConfigurationError: the file cannot be read, or something is wrong in it; the sentence names the line.
    """
    try:
        with open(file, "rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(f"{file}: too long for a file of rules")
    document = read_document(str(file), data)
    for name, value in document.values.items():
        if name not in _TABLES:
            what = "table" if isinstance(value, (dict, list)) else "key"
            raise ConfigurationError(
                f"{document.where(name)}: {UnknownNameError(what, name, _TABLES)} "
                "(known: [[rule]] and [send.NAME])"
            )
    senders = _senders(document)
    entries = document.values.get("rule", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError(
            f"{document.where('rule')}: write [[rule]], with two brackets, above each rule"
        )
    if not entries:
        raise ConfigurationError(f"{file}: there is no [[rule]] in it")
    rules: list[Rule] = []
    for index, values in enumerate(entries):
        where = partial(_where, document, index)
        check_settings(values, _KEYS, where)
        rule = _rule(values, where)
        if any(other.name == rule.name for other in rules):
            raise ConfigurationError(f"{where('name')}: another rule is called {rule.name!r} too")
        for name in rule.send:
            if name not in senders:
                hint = "" if len(senders) > 1 else f"; declare it with [send.{name}]"
                raise ConfigurationError(f"{where('send')}: {nearest('sender', name, senders)}{hint}")
        rules.append(rule)
    return rules, document


def _where(document: Document, index: int, key: str | None) -> str:
    return document.where("rule", index) if key is None else document.where("rule", index, key)


def _senders(document: Document) -> list[str]:
    """Return the names of all senders. What each of them says is checked where it is used."""
    found = document.values.get("send", {})
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ConfigurationError(f"{document.where('send')}: write [send.NAME] above each sender")
    return list(dict.fromkeys([TERMINAL, *found]))


def _rule(values: Mapping[str, Any], where: Callable[[str | None], str]) -> Rule:
    when = _parsed(values["when"], where("when"))
    severity = values.get("severity", "warning")
    if severity not in SEVERITIES:
        raise ConfigurationError(f"{where('severity')}: {nearest('severity', severity, SEVERITIES)}")
    rule = Rule(
        name=values["name"].strip(),
        when=when,
        clear=_clear(values, when, where),
        cyclers=_texts(values, "cycler"),
        channels=_channels(values, where),
        tests=_texts(values, "test"),
        severity=severity,
        send=_texts(values, "send") or (TERMINAL,),
        stop=values.get("stop", False),
        where=where("name"),
    )
    if when.silence_ms is not None:
        for key in ("channel", "test", "stop"):
            if values.get(key):
                raise ConfigurationError(f"{where(key)}: 'no reading' is about a cycler, not about a channel")
    if rule.stop and when.names_event(TEST_ENDED):
        raise ConfigurationError(
            f"{where('stop')}: a test that has ended needs no stop, and what runs then is another one"
        )
    return rule


def _parsed(text: str, where: str) -> Condition:
    try:
        return parse(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _clear(values: Mapping[str, Any], when: Condition, where: Callable[[str | None], str]) -> Node | None:
    for key in ("clear", "hysteresis"):
        if key in values and (when.momentary or when.silence_ms is not None):
            what = (
                "an event is over at once" if when.momentary else "'no reading' is over with the next reading"
            )
            raise ConfigurationError(f"{where(key)}: {what}: take {key!r} out")
    if "clear" in values:
        if "hysteresis" in values:
            raise ConfigurationError(f"{where('hysteresis')}: 'clear' says it already: take one of them out")
        clear = _parsed(values["clear"], where("clear"))
        if clear.momentary or clear.silence_ms is not None:
            raise ConfigurationError(f"{where('clear')}: {clear.text!r} is nothing that a reading shows")
        return clear.node
    if "hysteresis" not in values:
        return None
    by = values["hysteresis"]
    if by < 0:
        raise ConfigurationError(f"{where('hysteresis')}: {by:g} is below zero")
    node = when.loosened(by)
    if node is None:
        raise ConfigurationError(
            f"{where('hysteresis')}: it needs a condition with one <, <=, > or >=: write 'clear' for this one"
        )
    return node


def _texts(values: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    found = values.get(key)
    return None if found is None else tuple(found) if isinstance(found, list) else (found,)


def _channels(values: Mapping[str, Any], where: Callable[[str | None], str]) -> frozenset[int] | None:
    found = values.get("channel")
    if found is None:
        return None
    listed = found if isinstance(found, list) else [found]
    try:
        return frozenset(
            number
            for one in listed
            for number in parse_channels(str(one), _MOST_CHANNELS)
        )  # fmt: skip
    except ConfigurationError as error:
        raise ConfigurationError(f"{where('channel')}: {error}") from None
