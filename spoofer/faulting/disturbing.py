"""What a fault of the wire works with: the parts of an answer, and a row of the table that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Protocol

from spoofer.acts import Act, Send
from spoofer.tables import Key

__all__ = ["WIRE", "Part", "Run", "WireKind", "wire"]


@dataclass(frozen=True, slots=True)
class Part:
    """One act of an answer, and the zero-based channel that it is about, where that is known."""

    act: Act
    channel_index: int | None = None


class Holder(Protocol):
    """What a connection remembers between answers."""

    silent: bool
    held: list[tuple[str, list[Part]]]


@dataclass(frozen=True, slots=True)
class Run:
    """What a fault works with.

    Attributes:
        values: of the kind's keys.
        random: the fault's own dice.
        channel_index: only feedbacks about this channel, where an answer has several; ``None`` for all.
        connection: what is remembered.
        waiting: an earlier answer is held back; a second one is not.
    """

    values: Any
    random: Random
    channel_index: int | None
    connection: Holder
    waiting: bool = False

    def each(self, parts: list[Part], change: Callable[[bytes], Sequence[Act]]) -> list[Part]:
        """Return the parts with other acts in the place of each write that is meant."""
        found: list[Part] = []
        for part in parts:
            if isinstance(part.act, Send) and (
                self.channel_index is None or part.channel_index in (None, self.channel_index)
            ):
                found.extend(Part(act, part.channel_index) for act in change(part.act.data))
            else:
                found.append(part)
        return found


Disturb = Callable[[list[Part], Run], list[Part]]
Release = Callable[[list[Part], list[Part]], list[Part]]


@dataclass(frozen=True, slots=True)
class WireKind:
    """A fault of the wire.

    Attributes:
        name: the kind.
        doc: what it does.
        keys: what it can be given.
        disturb: changes an answer's parts.
        release: joins what was held back with the next answer, in this order of arguments.
    """

    name: str
    doc: str
    keys: tuple[Key, ...]
    disturb: Disturb
    release: Release | None = None


WIRE: Final[dict[str, WireKind]] = {}


def wire(name: str, doc: str, *keys: Key, release: Release | None = None) -> Callable[[Disturb], Disturb]:
    def register(disturb: Disturb) -> Disturb:
        WIRE[name] = WireKind(name, doc, keys, disturb, release)
        return disturb

    return register
