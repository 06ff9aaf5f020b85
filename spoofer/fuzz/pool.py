"""Valid messages to begin with: plain ones, full ones, and drawn ones; each with the places of its fields.

All are derived from the declaration. A message's pool is made when it is first asked for, and is the same in
every process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cti_schema import encode
from cti_schema import kinds as k
from cti_schema.derive.defaults import default, plain_value
from cti_schema.errors import EncodeError
from cti_schema.message import QUERY, Direction, Message, Record, RecordSpec, Request
from cti_schema.registry import registry
from cti_schema.wire.report import unknown_kind
from spoofer.fuzz.sites import Site, deciders, sites

#: Messages of a pool that are drawn.
DRAWN: Final = 6
#: Items of a list in a full message, unless it takes fewer.
ITEMS: Final = 2
#: Reads among which the companion of a mutated request is chosen.
READS: Final = 5


@dataclass(slots=True, eq=False)
class Sample:
    """A valid message, as it stands in a frame.

    Attributes:
        message: the message.
        frame: its bytes.
        sites: where its fields stand.
    """

    message: Message
    frame: bytes
    sites: list[Site]
    _chosen: dict[str, list[Site]] = field(default_factory=dict)

    @classmethod
    def of(cls, message: Message) -> Sample:
        """Return the sample of a message.

        Raises:
            EncodeError: it is not valid.
        """
        frame = encode(message)
        return cls(message, frame, sites(message, frame))

    def places(self, name: str, wanted: Callable[[Site], bool]) -> list[Site]:
        """Return the places that are wanted; the choice is remembered by its name."""
        found = self._chosen.get(name)
        if found is None:
            found = self._chosen[name] = [site for site in self.sites if wanted(site)]
        return found


@cache
def plain(message: type[Message]) -> tuple[Sample, ...]:
    """Return the messages of a pool that are not drawn: one plain, and full ones, each layout of it once."""
    values = {id(kind): _choices(kind) for kind in deciders(message.spec.layout)}
    count = max([1, *map(len, values.values())])
    found = [Sample.of(default(message))]
    for choice in range(count):
        found.append(Sample.of(full(message, {one: of[choice % len(of)] for one, of in values.items()})))
    return tuple(found)


@cache
def drawn(message: type[Message], seed: int = 0) -> tuple[Sample, ...]:
    """Return messages of a class that its strategy drew.

    Raises:
        ConfigurationError: hypothesis is not installed.
    """
    from spoofer.fuzz.drawing import draw

    # Imported behind `drawing`, which says in words what is missing.
    from cti_schema.derive.strategies import messages  # isort: skip

    return tuple(map(Sample.of, draw(messages(message), DRAWN, f"{message.spec.name}:{seed}")))


def _choices(by: k.Scalar) -> list[int]:
    """Return values of a field that decides: each that means something, and one that does not."""
    if by.enum is not None:
        known = [int(value) for value in by.enum]
        return [*known[:4], known[-1]] if len(known) > 5 else known
    return [0, 1, 2]


def full(record: type[Record], decided: dict[int, int], index: int = 0) -> Any:
    """Return a record with something in every field: texts are short, lists have two items.

    Args:
        record: the class.
        decided: values of the fields that choose between layouts, by the identity of their kind.
        index: integers have this value; floats something more.
    """
    values: dict[str, Any] = {}
    for kind in record.spec.values:
        chosen = kind.choose(values[kind.by.name]) if isinstance(kind, k.Variants) else kind
        values[kind.name] = _full(chosen, f"{record.spec.name}.{kind.name}", decided, values, index)
    for kind in record.spec.layout:
        if isinstance(kind, k.Array) and isinstance(kind.count, k.Scalar):
            values[kind.count.name] = len(values[kind.name])
    return record(**values)


def _full(kind: k.Kind, path: str, decided: dict[int, int], values: dict[str, Any], index: int) -> Any:
    if isinstance(kind, k.Scalar):
        if kind.is_float:
            return 1.5 + index
        if id(kind) in decided:
            return kind.enum(decided[id(kind)]) if kind.enum else decided[id(kind)]
        return plain_value(kind.enum) if kind.enum is not None else index
    if isinstance(kind, k.Text):
        return f"T{index}"[: kind.units]
    if isinstance(kind, (k.CountedText, k.ZText, k.PrefixedText)):
        return f"text {index}"
    if isinstance(kind, k.Data):
        length = kind.length if isinstance(kind.length, int) else 8
        return bytes(range(1, 256))[:length].ljust(length, b"\1")
    if isinstance(kind, k.Array):
        if kind.when is not None and values[kind.when[0].name] not in kind.when[1]:
            return []
        count = kind.count if isinstance(kind.count, int) else min(ITEMS, kind.limit or ITEMS)
        item = kind.item.choose(values[kind.item.by.name]) if isinstance(kind.item, k.Variants) else kind.item
        return [_full(item, path, decided, values, one) for one in range(count)]
    if isinstance(kind, k.Table):
        return [_full(kind.item, path, decided, values, one) for one in range(min(ITEMS, kind.length))]
    if isinstance(kind, k.Nested):
        return full(kind.record, decided, index)
    if isinstance(kind, k.Rest):
        return b"\1\2\3"
    if isinstance(kind, k.Document):
        return {"number": 1, "text": "text", "list": [1, 2.5], "inner": {"flag": True, "nothing": None}}
    if isinstance(kind, k.Member):
        return kind.default if kind.ignored else _full_json(kind.of, decided, index)
    return unknown_kind(kind, path)


def _full_json(of: k.JsonType, decided: dict[int, int], index: int) -> Any:
    if of.enum is not None:
        return plain_value(of.enum)
    if of.record is not None:
        return full(of.record, decided, index)
    if of.item is not None:
        return [_full_json(of.item, decided, one) for one in range(ITEMS)]
    if of.type in ("f32", "f64"):
        return 1.5 + index
    others: dict[str, Any] = {"text": f"text {index}", "bool": True, "null": None, "any": "anything"}
    return others.get(of.type, index)


@cache
def reads() -> tuple[Sample, ...]:
    """Return requests that only ask: answered once, small, and without anything to choose.

    They are sent around a mutated request, to see that everything else goes on.
    """
    found = [
        Sample.of(default(request))
        for request in registry()
        if issubclass(request, Request) and _only_reads(request.spec, request)
    ]
    if not found:
        raise EncodeError("", "no request is declared that only reads")
    return tuple(sorted(found, key=lambda sample: (len(sample.frame), sample.message.spec.name))[:READS])


def _only_reads(spec: RecordSpec, request: type[Request[Any]]) -> bool:
    made = request.spec
    return (
        made.direction is Direction.REQUEST
        and made.effect is QUERY
        and made.answers.how == "once"
        and len(made.feedbacks) == 1
        and made.variant_of is None
        and not made.values
    )
