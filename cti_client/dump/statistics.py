"""What a conversation was like in numbers: how many, how fast, how often wrong. In bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from cti_client.dump.conversation import Entry, Heard, Link, Missed, Unanswered
from cti_client.dump.ways import channels_of, results_of
from cti_schema.message import Direction, UnknownMessage

__all__ = ["Spread", "Statistics"]

#: Ratio of one bucket of response times to the one before: percentiles are exact to one per cent.
_RATIO: Final = math.log(1.02)

#: Different commands, results and connections that are told apart, and channels of each command; what is
#: beyond is counted together.
_MOST: Final = 1000
_CHANNELS: Final = 4096

_PERCENTILES: Final = (50, 90, 99)


class Spread:
    """How numbers above zero are spread, within one per cent, however many there are."""

    def __init__(self) -> None:
        self.count = 0
        self.smallest = math.inf
        self.largest = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """Count a number."""
        self.count += 1
        self.smallest = min(self.smallest, value)
        self.largest = max(self.largest, value)
        self._buckets[math.floor(math.log(max(value, 1e-9)) / _RATIO)] += 1

    def percentile(self, percent: float) -> float:
        """Return the number that so many per cent of all do not exceed.

        Raises:
            ValueError: there is no number.
        """
        if not self.count:
            raise ValueError("there are no numbers")
        wanted, seen = math.ceil(self.count * percent / 100), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                break
        return min(max(math.exp((bucket + 0.5) * _RATIO), self.smallest), self.largest)

    def as_json(self) -> dict[str, float]:
        """Return the percentiles and the largest number."""
        found = {f"p{percent}": float(f"{self.percentile(percent):.3g}") for percent in _PERCENTILES}
        return found | {"max": round(self.largest, 9)}


@dataclass(slots=True)
class _Command:
    """What is known about one message.

    Attributes:
        channels: how many of them are about each channel, from 1; 0 for more channels than are told apart.
        response_s: response times of a request.
    """

    count: int = 0
    bytes: int = 0
    unanswered: int = 0
    late: int = 0
    channels: Counter[int] = field(default_factory=Counter)
    response_s: Spread = field(default_factory=Spread)


@dataclass(slots=True)
class _Connection:
    """What is known about one connection."""

    link: Link | None
    messages: int = 0
    bytes: int = 0
    missing: int = 0
    first: float | None = None
    last: float | None = None


class Statistics:
    """Counts the entries of conversations.

    Attributes:
        messages: how many.
        problems: frames with a problem of each kind.
        errors: results that are not success, by message, and name and number of the result.
        odd: feedbacks that were late, duplicate or unsolicited, and requests without an answer.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.problems: Counter[str] = Counter()
        self.errors: Counter[tuple[str, str, int | None]] = Counter()
        self.odd: Counter[str] = Counter()
        self._requests: dict[str, _Command] = {}
        self._feedbacks: dict[str, _Command] = {}
        self._connections: dict[int, _Connection] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Count entries."""
        for entry in entries:
            if isinstance(entry, Heard):
                self._heard(entry)
            elif isinstance(entry, Unanswered):
                self.odd["unanswered"] += 1
                self._command(entry.request).unanswered += 1
            elif isinstance(entry, Missed):
                self.problems[entry.what] += 1
                self._connection(entry).missing += entry.length

    def _command(self, heard: Heard) -> _Command:
        message = heard.decoded.message
        name = message.spec.name
        if isinstance(message, UnknownMessage):
            name = f"{name} 0x{message.code:08X}"
        commands = self._requests if heard.decoded.direction is Direction.REQUEST else self._feedbacks
        found = commands.get(name)
        if found is None:
            # Codes that nobody declared may be any number: they are counted together when there are many.
            name = name if len(commands) < _MOST else "others"
            found = commands.setdefault(name, _Command())
        return found

    def _connection(self, entry: Entry) -> _Connection:
        number = entry.link.number if entry.link is not None else 0
        if number not in self._connections and len(self._connections) >= _MOST:
            number = -1
        found = self._connections.get(number)
        if found is None:
            link = None if number < 0 else entry.link
            found = self._connections[number] = _Connection(link)
        return found

    def _heard(self, heard: Heard) -> None:
        self.messages += 1
        decoded = heard.decoded
        message = decoded.message
        size = len(decoded.frame)
        command = self._command(heard)
        command.count += 1
        command.bytes += size
        connection = self._connection(heard)
        connection.messages += 1
        connection.bytes += size
        if heard.time is not None:
            connection.first = heard.time if connection.first is None else connection.first
            connection.last = heard.time
        problems = heard.problems
        if problems:
            for kind in {problem.kind for problem in problems}:
                self.problems[kind] += 1
        for channel in channels_of(message):
            known = len(command.channels) < _CHANNELS or channel in command.channels
            command.channels[channel if known else 0] += 1
        for result in results_of(message):
            if not result.is_success:
                key = message.spec.name, result.label, int(result)
                known = len(self.errors) < _MOST or key in self.errors
                self.errors[key if known else ("others", "others", None)] += 1
        answer = heard.answer
        if answer is None:
            return
        if answer.kind != "answer":
            self.odd[answer.kind] += 1
        if answer.request is not None and answer.kind in ("answer", "late"):
            asked = self._command(answer.request)
            asked.late += answer.kind == "late"
            if answer.response_time is not None:
                asked.response_s.add(answer.response_time)

    def as_json(self) -> dict[str, Any]:
        """Return everything as strict JSON; times are in seconds."""
        return {
            "messages": self.messages,
            "commands": list(self._commands_json()),
            "channels": [
                {"channel": channel, "requests": counts[0], "feedbacks": counts[1]}
                for channel, counts in self.by_channel()
            ],
            "errors": [
                {"message": message, "result": result, "code": code, "count": count}
                for (message, result, code), count in self.errors.most_common()
            ],
            "problems": dict(self.problems.most_common()),
            "odd": dict(self.odd.most_common()),
            "connections": list(self._connections_json()),
        }

    def by_channel(self) -> list[tuple[int, tuple[int, int]]]:
        """Return the number of requests and of feedbacks about each channel, from 1."""
        requests: Counter[int] = Counter()
        feedbacks: Counter[int] = Counter()
        for commands, counts in ((self._requests, requests), (self._feedbacks, feedbacks)):
            for command in commands.values():
                counts.update(command.channels)
        channels = sorted(requests.keys() | feedbacks.keys())
        return [(channel, (requests[channel], feedbacks[channel])) for channel in channels]

    def _commands_json(self) -> Iterator[dict[str, Any]]:
        sides = (("request", self._requests), ("feedback", self._feedbacks))
        found = [(side, name, command) for side, commands in sides for name, command in commands.items()]
        for side, name, command in sorted(found, key=lambda one: -one[2].count):
            shape: dict[str, Any] = {
                "message": name, "direction": side, "count": command.count, "bytes": command.bytes,
                "channels": {str(channel): command.channels[channel] for channel in sorted(command.channels)},
            }  # fmt: skip
            if side == "request":
                shape |= {"unanswered": command.unanswered, "late": command.late}
                if command.response_s.count:
                    shape["response_s"] = command.response_s.as_json()
            yield shape

    def _connections_json(self) -> Iterator[dict[str, Any]]:
        for number, one in sorted(self._connections.items()):
            shape: dict[str, Any] = {"connection": number, "messages": one.messages, "bytes": one.bytes}
            if one.link is not None:
                shape |= {"client": str(one.link.client), "server": str(one.link.server)}
            if one.missing:
                shape["missing_bytes"] = one.missing
            if one.first is not None and one.last is not None:
                seconds = one.last - one.first
                shape["duration_s"] = round(seconds, 6)
                if seconds > 0:
                    shape["messages_per_s"] = float(f"{one.messages / seconds:.4g}")
                    shape["bytes_per_s"] = float(f"{one.bytes / seconds:.4g}")
            yield shape
