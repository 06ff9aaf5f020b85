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

#: Different connections that are told apart; what comes on others is counted together.
_CONNECTIONS: Final = 1000

_PERCENTILES: Final = (50, 90, 99)


class Spread:
    """How numbers above zero are spread, within one per cent, however many there are."""

    def __init__(self) -> None:
        self.count = 0
        self.largest = 0.0
        self._buckets: Counter[int] = Counter()

    def add(self, value: float) -> None:
        """Count a number."""
        self.count += 1
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
        return min(math.exp((bucket + 0.5) * _RATIO), self.largest)

    def as_json(self) -> dict[str, float]:
        """Return the percentiles and the largest number."""
        found = {f"p{percent}": float(f"{self.percentile(percent):.3g}") for percent in _PERCENTILES}
        return found | {"max": round(self.largest, 9)}


@dataclass(slots=True)
class _Command:
    """What is known about one message.

    Attributes:
        response_s: response times of a request.
    """

    count: int = 0
    bytes: int = 0
    unanswered: int = 0
    late: int = 0
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
        errors: results that are not success, by message and name of the result.
        channels: messages about each channel, from 1, by direction.
        odd: feedbacks that were late, duplicate or unsolicited, and requests without an answer.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.problems: Counter[str] = Counter()
        self.errors: Counter[tuple[str, str]] = Counter()
        self.channels: Counter[tuple[int, Direction]] = Counter()
        self.odd: Counter[str] = Counter()
        self._commands: dict[tuple[Direction, str], _Command] = {}
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
        key = heard.direction, name
        # Codes that nobody declared may be any number: they are counted together when there are many.
        if key not in self._commands and len(self._commands) >= _CONNECTIONS:
            key = heard.direction, "others"
        return self._commands.setdefault(key, _Command())

    def _connection(self, entry: Entry) -> _Connection:
        number = entry.link.number if entry.link is not None else 0
        if number not in self._connections and len(self._connections) >= _CONNECTIONS:
            number = -1
        found = self._connections.get(number)
        if found is None:
            link = None if number < 0 else entry.link
            found = self._connections[number] = _Connection(link)
        return found

    def _heard(self, heard: Heard) -> None:
        self.messages += 1
        size = len(heard.decoded.frame)
        command = self._command(heard)
        command.count += 1
        command.bytes += size
        connection = self._connection(heard)
        connection.messages += 1
        connection.bytes += size
        if heard.time is not None:
            connection.first = heard.time if connection.first is None else connection.first
            connection.last = heard.time
        for kind in {problem.kind for problem in heard.decoded.problems}:
            self.problems[kind] += 1
        for channel in channels_of(heard.decoded.message):
            self.channels[channel, heard.direction] += 1
        name = heard.decoded.message.spec.name
        for result in results_of(heard.decoded.message):
            if not result.is_success:
                self.errors[name, result.label] += 1
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
                {"message": message, "result": result, "count": count}
                for (message, result), count in self.errors.most_common()
            ],
            "problems": dict(self.problems.most_common()),
            "odd": dict(self.odd.most_common()),
            "connections": list(self._connections_json()),
        }

    def by_channel(self) -> list[tuple[int, tuple[int, int]]]:
        """Return the number of requests and of feedbacks about each channel, from 1."""
        return [
            (channel, (self.channels[channel, Direction.REQUEST], self.channels[channel, Direction.FEEDBACK]))
            for channel in sorted({channel for channel, _ in self.channels})
        ]

    def _commands_json(self) -> Iterator[dict[str, Any]]:
        for (direction, name), command in sorted(self._commands.items(), key=lambda one: -one[1].count):
            shape: dict[str, Any] = {
                "message": name, "direction": direction.value, "count": command.count, "bytes": command.bytes,
            }  # fmt: skip
            if direction is Direction.REQUEST:
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
