"""Ways to the fields of a message: worked out once for each class, and followed in each message.

A way is the names on it, like ``("channels", "voltage_v")``; lists on it stand for each of their items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar, cast

from cti_schema import kinds as k
from cti_schema.enumerations import Code, ResultCode
from cti_schema.message import Message, Record

__all__ = ["Way", "channels_of", "enum_of", "follow", "paths", "remembered", "results_of", "ways"]

Way: TypeAlias = tuple[str, ...]

#: The field that holds a channel's index, and the list that holds several.
_CHANNELS: Final = frozenset({"channel_index", "channel_indices"})

C = TypeVar("C", bound=Callable[..., Any])


def remembered(function: C) -> C:
    """Keep what a function returns for the class of a message, which a type checker takes for unhashable."""
    return cast(C, cache(function))


@remembered
def ways(record: Any) -> tuple[tuple[Way, k.Kind], ...]:
    """Return every way to a field of a record's class, with the field."""
    found: list[tuple[Way, k.Kind]] = []
    for kind in record.spec.layout:
        if not kind.is_value and not isinstance(kind, k.Count):
            continue
        found.append(((kind.name,), kind))
        for inner in _records(kind):
            found.extend(((kind.name, *way), field) for way, field in ways(inner))
    return tuple(dict.fromkeys(found))


@remembered
def paths(record: Any, names: Way) -> tuple[Way, ...]:
    """Return the ways in a record's class that end with these names."""
    return tuple(way for way, _ in ways(record) if way[-len(names) :] == names)


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


def follow(record: Any, way: Way, places: Mapping[int, int] | None = None) -> Iterator[Any]:
    """Yield the values at the end of a way: of lists on it each item.

    Args:
        record: where the way begins.
        way: the names on it.
        places: of some lists only the item at a place, by how far from the end of the way the list stands.
    """
    value = getattr(record, way[0], k.MISSING)
    if value is k.MISSING:
        return
    items = value if isinstance(value, list) else (value,)
    if places and isinstance(value, list) and len(way) in places:
        items = value[places[len(way)] :][:1]
    if len(way) == 1:
        yield from items
        return
    for item in items:
        if isinstance(item, Record):
            yield from follow(item, way[1:], places)


def enum_of(kind: k.Kind) -> Any:
    """Return the enumeration of a field or of its items, or ``None``."""
    one: Any = kind
    while isinstance(one, k.Array | k.Table):
        one = one.item
    if isinstance(one, k.Scalar):
        return one.enum
    of: k.JsonType | None = one.of if isinstance(one, k.Member) else None
    while of is not None:
        if of.enum is not None:
            return of.enum
        of = of.item
    return None


@remembered
def _result_ways(message: Any) -> tuple[Way, ...]:
    found = []
    for way, kind in ways(message):
        enum = enum_of(kind)
        if enum is not None and issubclass(enum, Code) and issubclass(enum, ResultCode):
            found.append(way)
    return tuple(found)


@remembered
def _channel_ways(message: Any) -> tuple[Way, ...]:
    return tuple(way for way, _ in ways(message) if way[-1] in _CHANNELS)


def results_of(message: Message) -> Iterator[ResultCode]:
    """Yield the results that a message has."""
    for way in _result_ways(type(message)):
        for value in follow(message, way):
            if isinstance(value, ResultCode):
                yield value


def channels_of(message: Message) -> list[int]:
    """Return the channels that a message is about, counted from 1 as on the cycler's screen."""
    found: set[int] = set()
    for way in _channel_ways(type(message)):
        for index in follow(message, way):
            # In a JSON body that is wrong, anything may stand there.
            if isinstance(index, int) and index >= 0:
                found.add(index + 1)
    return sorted(found)
