"""What names mean in a filter: messages, fields by name or path, and what is known about a message.

All names come from the declarations. A field is found by its name in every message that has it; a path
(``channels.voltage_v``, ``start_schedule.test_name``, ``channels[0].status``) says more. The unit at the end
of a name may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cti_client.dump.conversation import Heard
from cti_client.dump.ways import Way, channels_of, enum_of, follow, paths, results_of, ways
from cti_schema import kinds as k
from cti_schema.enumerations import ResultCode
from cti_schema.message import Direction, Message, UnknownMessage
from cti_schema.registry import registry

__all__ = ["Name", "is_message", "kinds_of", "known_names", "resolve", "result_labels"]


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


def _effect(heard: Heard) -> Iterator[str]:
    effect = _message(heard).spec.effect
    if effect is not None:
        yield effect.value


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
    "result": Name(lambda heard: results_of(_message(heard)), "result"),
    "problem": Name(lambda heard: [one.kind for one in heard.problems], "text"),
    "frame": Name(lambda heard: [heard.number], "number"),
    "time": Name(_optional(lambda heard: heard.time), "number"),
    "connection": Name(_optional(lambda heard: heard.link and heard.link.number), "number"),
    "client": Name(_optional(lambda heard: heard.link and str(heard.link.client)), "text"),
    "server": Name(_optional(lambda heard: heard.link and str(heard.link.server)), "text"),
    "answer": Name(_answer, "code", frozenset({"answer", "late", "duplicate", "unsolicited", "unanswered"})),
    "late": Name(_odd("late"), "any"),
    "duplicate": Name(_odd("duplicate"), "any"),
    "unsolicited": Name(_odd("unsolicited"), "any"),
    "unanswered": Name(_odd("unanswered"), "any"),
    "response_to": Name(_optional(lambda heard: heard.answer and _number(heard.answer.request)), "number"),
    "response_time": Name(_optional(lambda heard: heard.answer and heard.answer.response_time), "number"),
}


@cache
def _all_ways() -> dict[str, list[k.Kind]]:
    """Return the fields of all messages by each end of their ways: a name, or names joined by dots."""
    found: dict[str, list[k.Kind]] = {}
    for message in registry():
        for way, kind in ways(message):
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
    ends = [_end(name) for name in names]
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


def _values(message: Message, ends: list[tuple[str, Way]], places: dict[int, int]) -> Iterator[Any]:
    for message_name, names in ends:
        if message_name in ("", message.spec.name):
            for way in paths(type(message), names):
                yield from follow(message, way, places)


def _end(name: str) -> tuple[str, Way]:
    """Return the message that a path is of, empty for any, and the names behind it."""
    first, _, rest = name.partition(".")
    return (first, tuple(rest.split("."))) if rest and is_message(first) else ("", tuple(name.split(".")))


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
        enum = enum_of(kind)
        if enum is not None:
            found.update(name.lower() for name in enum.__members__)
    return frozenset(found)


@cache
def result_labels() -> frozenset[str]:
    """Return what the results of all messages are called."""
    found: set[str] = set()
    for message in registry():
        for _, kind in ways(message):
            enum = enum_of(kind)
            if enum is not None and issubclass(enum, ResultCode):
                found.update(name.lower() for name in enum.__members__)
    return frozenset(found)
