"""What names mean in a filter: messages, fields by name or path, and what is known about a message.

All names come from the declarations. A field is found by its name in every message that has it; a path
(``channels.voltage_v``, ``start_schedule.test_name``, ``channels[0].status``) says more. The unit at the end
of a name may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from cti_client.dump.conversation import Heard
from cti_schema import kinds as k
from cti_schema.derive.tree import leaves
from cti_schema.enumerations import ResultCode
from cti_schema.message import Direction, Message, Record, UnknownMessage
from cti_schema.registry import registry

__all__ = ["Name", "channels_of", "is_message", "kinds_of", "known_names", "resolve", "result_labels"]

#: The field that holds a channel's index, and the list that holds several.
_CHANNELS: Final = frozenset({"channel_index", "channel_indices"})


@dataclass(frozen=True, slots=True)
class Name:
    """What a name stands for.

    Attributes:
        values: returns every value that a message has under the name.
        kind: ``text``, ``number``, ``code`` (an enumeration), ``result`` (any result), ``bytes`` or ``any``.
        labels: what the values are called, where they are of enumerations.
    """

    values: Callable[[Heard], Iterable[Any]]
    kind: str
    labels: frozenset[str] = frozenset()


def _message(heard: Heard) -> Message:
    return heard.decoded.message


def channels_of(message: Message) -> list[int]:
    """Return the channels that a message is about, counted from 1 as on the cycler's screen."""
    return sorted({index + 1 for index in _indices(message) if index >= 0})


def _indices(record: Record) -> Iterator[int]:
    for kind, value in record.present():
        if kind.name in _CHANNELS:
            yield from value if isinstance(value, list) else [value] if value is not None else []
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Record):
                    yield from _indices(item)


def _effect(heard: Heard) -> Iterator[str]:
    effect = _message(heard).spec.effect
    if effect is not None:
        yield effect.value


def _results(heard: Heard) -> Iterator[ResultCode]:
    for _, _, value in leaves(_message(heard)):
        if isinstance(value, ResultCode):
            yield value


def _answer(heard: Heard) -> Iterator[str]:
    if heard.answer is not None:
        yield heard.answer.kind


def _odd(kind: str) -> Callable[[Heard], Iterable[Any]]:
    return lambda heard: [kind] if heard.answer is not None and heard.answer.kind == kind else []


def _number(heard: Heard | None) -> int | None:
    return None if heard is None else heard.number


def _optional(get: Callable[[Heard], Any]) -> Callable[[Heard], Iterable[Any]]:
    def values(heard: Heard) -> Iterator[Any]:
        value = get(heard)
        if value is not None:
            yield value

    return values


#: What is known about a message besides its fields.
OWN: Final[dict[str, Name]] = {
    "message": Name(lambda heard: [_message(heard).spec.name], "text"),
    "direction": Name(lambda heard: [heard.direction.value], "code", frozenset(Direction)),
    "effect": Name(_effect, "code", frozenset({"query", "control"})),
    "code": Name(lambda heard: [heard.decoded.header.code], "number"),
    "length": Name(lambda heard: [len(heard.decoded.frame)], "number"),
    "channel": Name(lambda heard: channels_of(_message(heard)), "number"),
    "result": Name(_results, "result"),
    "problem": Name(lambda heard: [one.kind for one in heard.decoded.problems], "text"),
    "frame": Name(lambda heard: [heard.number], "number"),
    "time": Name(_optional(lambda heard: heard.time), "number"),
    "connection": Name(_optional(lambda heard: heard.link and heard.link.number), "number"),
    "client": Name(_optional(lambda heard: heard.link and str(heard.link.client)), "text"),
    "server": Name(_optional(lambda heard: heard.link and str(heard.link.server)), "text"),
    "answer": Name(_answer, "code", frozenset({"answer", "late", "duplicate", "unsolicited"})),
    "late": Name(_odd("late"), "any"),
    "duplicate": Name(_odd("duplicate"), "any"),
    "unsolicited": Name(_odd("unsolicited"), "any"),
    "response_to": Name(_optional(lambda heard: heard.answer and _number(heard.answer.request)), "number"),
    "response_time": Name(_optional(lambda heard: heard.answer and heard.answer.response_time), "number"),
}


def _records(kind: k.Kind) -> list[type[Record]]:
    """Return every record that a field, or an item of it, may be."""
    if isinstance(kind, k.Array):
        return _records(kind.item)
    if isinstance(kind, k.Nested):
        return [kind.record]
    if isinstance(kind, k.Variants):
        return [record for one in kind.alternatives() for record in _records(one)]
    if isinstance(kind, k.Member):
        of: k.JsonType | None = kind.of
        while of is not None and of.record is None:
            of = of.item
        return [] if of is None or of.record is None else [of.record]
    return []


@cache
def _paths(record: Any, names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the ways in a record, without places in lists, that end with these names."""
    found = []
    for way, _ in _ways(record):
        if way[-len(names) :] == names:
            found.append(way)
    return tuple(found)


@cache
def _ways(record: Any) -> tuple[tuple[tuple[str, ...], k.Kind], ...]:
    """Return every way to a field in a record, with the field."""
    found: list[tuple[tuple[str, ...], k.Kind]] = []
    for kind in record.spec.layout:
        if not kind.is_value and not isinstance(kind, k.Count):
            continue
        name = kind.name
        found.append(((name,), kind))
        for inner in _records(kind):
            found.extend(((name, *way), field) for way, field in _ways(cast(Any, inner)))
    return tuple(dict.fromkeys(found))


@cache
def _all_ways() -> dict[str, list[k.Kind]]:
    """Return the fields of all messages by each end of their ways: a name, or names joined by dots."""
    found: dict[str, list[k.Kind]] = {}
    for message in registry():
        for way, kind in _ways(cast(Any, message)):
            for start in range(len(way)):
                found.setdefault(".".join(way[start:]), []).append(kind)
            found.setdefault(".".join((message.spec.name, *way)), []).append(kind)
    return found


@cache
def _without_units() -> dict[str, set[str]]:
    """Return the names of fields by what is left of them without their unit."""
    found: dict[str, set[str]] = {}
    for name, kinds in _all_ways().items():
        for kind in kinds:
            ending = _ending(kind.unit)
            if ending and name.endswith(ending):
                found.setdefault(name.removesuffix(ending), set()).add(name)
    return found


def _ending(unit: str) -> str:
    """Return what a unit is called at the end of a name: ``V/s`` is ``_v_per_s``."""
    return "_" + unit.lower().replace("/", "_per_").replace("%", "percent") if unit else ""


def known_names() -> list[str]:
    """Return every name that a filter may have, without paths."""
    simple = {name for name in _all_ways() if "." not in name}
    return sorted({*OWN, *simple, *(message.spec.name for message in registry())})


def resolve(text: str) -> Name | None:
    """Return what a name or a path stands for; ``None`` if it is none, or that of a message."""
    if text in OWN:
        return OWN[text]
    steps, places = _steps(text)
    names = _named(".".join(steps))
    if not names:
        return None
    kinds = [kind for name in names for kind in _all_ways()[name]]
    ends = [tuple(name.split(".")) for name in names]
    return Name(lambda heard: _values(_message(heard), ends, places), _kind(kinds), _labels(kinds))


def kinds_of(text: str) -> list[k.Kind]:
    """Return the fields that a name or a path stands for, in any message."""
    return [kind for name in _named(".".join(_steps(text)[0])) for kind in _all_ways()[name]]


def _named(name: str) -> list[str]:
    """Return the name itself if it is that of a field, else those that it is but for their units."""
    return [name] if name in _all_ways() else sorted(_without_units().get(name, ()))


def is_message(text: str) -> bool:
    """Tell whether a name is that of a message."""
    return text == UnknownMessage.spec.name or any(text == message.spec.name for message in registry())


def _steps(text: str) -> tuple[tuple[str, ...], dict[int, int]]:
    """Return the names of a path, and the places in lists, by how far from the end their list stands."""
    parts = text.split(".")
    places = {}
    names = []
    for position, part in enumerate(parts):
        name, _, place = part.partition("[")
        names.append(name)
        if place:
            places[len(parts) - position] = int(place.rstrip("]"))
    return tuple(names), places


def _values(message: Message, ends: list[tuple[str, ...]], places: dict[int, int]) -> Iterator[Any]:
    for end in ends:
        names = end
        if len(end) > 1 and end[0] == message.spec.name:
            names = end[1:]
        elif is_message(end[0]):
            continue
        for way in _paths(cast(Any, type(message)), names):
            yield from _follow(message, way, places)


def _follow(record: Any, way: tuple[str, ...], places: dict[int, int]) -> Iterator[Any]:
    """Yield the values at the end of a way; of lists on it every item, or the one at a place."""
    value = getattr(record, way[0], k.MISSING)
    if value is k.MISSING:
        return
    items = value if isinstance(value, list) else [value]
    place = places.get(len(way))
    if place is not None and isinstance(value, list):
        items = items[place : place + 1]
    if len(way) == 1:
        yield from items
        return
    for item in items:
        if isinstance(item, Record):
            yield from _follow(item, way[1:], places)


def _kind(kinds: list[k.Kind]) -> str:
    found = {_kind_of(kind) for kind in kinds}
    return found.pop() if len(found) == 1 else "any"


def _kind_of(kind: k.Kind) -> str:
    if isinstance(kind, k.Array | k.Table):
        return _kind_of(kind.item)
    if isinstance(kind, k.Count):
        return "number"
    if isinstance(kind, k.Scalar):
        return "code" if kind.enum is not None else "number"
    if isinstance(kind, k.Text | k.CountedText | k.ZText | k.PrefixedText):
        return "text"
    if isinstance(kind, k.Data | k.Reserved | k.Rest):
        return "bytes"
    if isinstance(kind, k.Member):
        of = kind.of
        while of.item is not None:
            of = of.item
        if of.enum is not None:
            return "code"
        return "text" if of.type == "text" else "number" if of.type[1:].isdigit() else "any"
    return "any"


def _labels(kinds: list[k.Kind]) -> frozenset[str]:
    found: set[str] = set()
    for kind in kinds:
        one: Any = kind
        while isinstance(one, k.Array | k.Table):
            one = one.item
        enum = one.enum if isinstance(one, k.Scalar) else None
        if isinstance(one, k.Member):
            of: k.JsonType | None = one.of
            while of is not None and enum is None:
                enum, of = of.enum, of.item
        if enum is not None:
            found.update(name.lower() for name in enum.__members__)
    return frozenset(found)


def result_labels() -> frozenset[str]:
    """Return what the results of all messages are called."""
    found: set[str] = set()
    for message in registry():
        for _, kind in _ways(cast(Any, message)):
            enum = kind.enum if isinstance(kind, k.Scalar) else None
            if enum is not None and issubclass(enum, ResultCode):
                found.update(name.lower() for name in enum.__members__)
    return frozenset(found)
