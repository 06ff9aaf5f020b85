"""What a condition is made of, and whether it holds: yes, no, or not known where a value is absent.

What a part must remember of a channel (since when something holds, earlier values) is kept by who asks.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cti_client.readings import Reading
from cti_client.record.observe import Poll
from cti_client.watch.fields import Field, Value

__all__ = [
    "ORDER", "Both", "Comparison", "Either", "Event", "Lasting", "Measured", "Memory", "Moment", "Negation",
    "Node", "Plain", "Rate", "Silence", "parts",
]  # fmt: skip

#: What the parts of a condition remember of a channel.
Memory = dict["Node | Rate", Any]

#: Values that are kept for a rate: what comes faster is left out.
_MOST_VALUES: Final = 600

_SIGNS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq, "!=": operator.ne,
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
}  # fmt: skip

#: Signs that compare sizes.
ORDER: Final = (">", ">=", "<", "<=")


@dataclass(slots=True)
class Moment:
    """A reading, and what goes with it.

    Attributes:
        now: milliseconds on a clock that only runs.
        poll: that the reading came with.
        reading: of one channel.
        events: what happened since the reading before.
        memory: what is remembered of the channel.
    """

    now: int
    poll: Poll
    reading: Reading
    events: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=dict)


class Measured(Protocol):
    """Something that has a value in a reading."""

    @property
    def name(self) -> str:
        """What it is called, in values and sentences."""

    def value(self, moment: Moment) -> Value:
        """Return the value, ``None`` where there is none."""


class Node(Protocol):
    """A condition, or a part of one."""

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        """Tell whether it holds; ``None`` where that is not known.

        Args:
            moment: what it is about.
            now: leave out for how long.
        """


@dataclass(frozen=True, eq=False, slots=True)
class Plain:
    """A field."""

    field: Field

    @property
    def name(self) -> str:
        return self.field.name

    def value(self, moment: Moment) -> Value:
        return self.field.value(moment.poll, moment.reading)


@dataclass(frozen=True, eq=False, slots=True)
class Rate:
    """By how much a field changes in a time: from its value at the window's begin to the latest.

    Attributes:
        field: which.
        window_ms: length of the window.
        unit_ms: the time that the change is told for.
        unit: its name.
    """

    field: Field
    window_ms: int
    unit_ms: int
    unit: str

    @property
    def name(self) -> str:
        return f"rate({self.field.name}, {self.window_ms / 1000.0:g} s) per {self.unit}"

    def value(self, moment: Moment) -> Value:
        latest = self.field.value(moment.poll, moment.reading)
        if not isinstance(latest, (int, float)):
            return None
        values: deque[tuple[int, float]] = moment.memory.setdefault(self, deque())
        if not values or moment.now - values[-1][0] >= self.window_ms / _MOST_VALUES:
            values.append((moment.now, latest))
        while len(values) > 1 and moment.now - values[1][0] >= self.window_ms:
            values.popleft()
        time_ms = moment.now - values[0][0]
        if time_ms < self.window_ms:
            return None
        change = (latest - values[0][1]) * self.unit_ms / time_ms
        return None if math.isnan(change) else change


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """A value compared with a limit. What is absent is neither equal nor different."""

    measured: Measured
    sign: str
    limit: float | str

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        value = self.measured.value(moment)
        return None if value is None else _SIGNS[self.sign](value, self.limit)


@dataclass(frozen=True, eq=False, slots=True)
class Both:
    """All of them hold."""

    nodes: tuple[Node, ...]

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        found = [node.holds(moment, now) for node in self.nodes]  # each is asked: some remember
        return False if False in found else None if None in found else True


@dataclass(frozen=True, eq=False, slots=True)
class Either:
    """At least one of them holds."""

    nodes: tuple[Node, ...]

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        found = [node.holds(moment, now) for node in self.nodes]
        return True if True in found else None if None in found else False


@dataclass(frozen=True, eq=False, slots=True)
class Negation:
    """It does not hold."""

    node: Node

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        found = self.node.holds(moment, now)
        return None if found is None else not found


@dataclass(frozen=True, eq=False, slots=True)
class Lasting:
    """It has held in every reading for some time."""

    node: Node
    ms: int

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        found = self.node.holds(moment, now)
        if now:
            return found
        if found is not True:
            moment.memory.pop(self, None)
            return found
        since: int = moment.memory.setdefault(self, moment.now)
        return moment.now - since >= self.ms


@dataclass(frozen=True, eq=False, slots=True)
class Event:
    """Something happened since the reading before: ``test started``, ``test ended`` or ``status changed``."""

    name: str

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        return self.name in moment.events


@dataclass(frozen=True, eq=False, slots=True)
class Silence:
    """A cycler has not answered for some time. No reading tells that: see `cti_client.watch.engine`."""

    ms: int

    def holds(self, moment: Moment, now: bool = False) -> bool | None:
        return False


def parts(node: Node) -> Iterator[Node]:
    """Yield a condition and all its parts."""
    yield node
    inner = node.nodes if isinstance(node, Both | Either) else ()
    if isinstance(node, Negation | Lasting):
        inner = (node.node,)
    for one in inner:
        yield from parts(one)
