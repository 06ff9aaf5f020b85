"""The messages of two captures side by side: each with its counterpart, or alone.

Frames are kept in memory, their messages are not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from cti_client.dump.conversation import Entry, Heard, Link
from cti_schema.message import Direction, Message, UnknownMessage
from cti_schema.wire.codec import Decoded, inspect

__all__ = ["Spoken", "Talk", "aligned", "talks"]

#: How many messages ahead a counterpart is looked for.
WINDOW: Final = 256

#: How many messages ahead the exact counterpart of a request is looked for.
NEAR: Final = 8


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of a conversation; it is decoded again when it is compared.

    Attributes:
        number: of its frame in the capture, from 1.
        name: of the message, with its code where it is unknown.
        direction: which way it goes.
        frame: its bytes.
    """

    number: int
    name: str
    direction: Direction
    frame: bytes

    @property
    def key(self) -> tuple[str, Direction]:
        """What two messages have in common that may be compared."""
        return self.name, self.direction

    def decoded(self) -> Decoded:
        """Return the message."""
        return inspect(self.frame, self.direction, spans=False)


@dataclass(slots=True)
class Talk:
    """A conversation.

    Attributes:
        link: the connection; ``None`` of frames without one.
        spoken: its messages.
    """

    link: Link | None
    spoken: list[Spoken] = field(default_factory=list)


def talks(entries: Iterable[Entry]) -> list[Talk]:
    """Return the conversations among entries, in the order in which they begin."""
    found: dict[int | None, Talk] = {}
    for entry in entries:
        if not isinstance(entry, Heard):
            continue
        number = None if entry.link is None else entry.link.number
        talk = found.setdefault(number, Talk(entry.link))
        frame = entry.decoded.frame
        talk.spoken.append(Spoken(entry.number, _name(entry.decoded.message), entry.direction, frame))
    return list(found.values())


def _name(message: Message) -> str:
    return f"unknown 0x{message.code:08X}" if isinstance(message, UnknownMessage) else message.spec.name


def aligned(
    first: Iterable[Spoken], second: Iterable[Spoken]
) -> Iterator[tuple[Spoken | None, Spoken | None]]:
    """Yield the messages of two conversations in pairs of one kind; those without a counterpart alone.

    Where the two differ, the nearest place behind is looked for at which a message of one kind follows on
    both sides, `WINDOW` messages ahead at most. Two requests of one kind with other values are a pair unless
    one of them has its exact counterpart nearby: then something was left out in between.
    """
    sides = (_Ahead(first), _Ahead(second))
    while True:
        left, right = sides[0].peek(0), sides[1].peek(0)
        if left is None and right is None:
            return
        if left is not None and right is not None and left.key == right.key:
            skip, skip_other = _shift(left, right, *sides)
            if not skip and not skip_other:
                yield sides[0].pop(), sides[1].pop()
                continue
        else:
            skip, skip_other = _nearest(*sides)
        for _ in range(skip):
            yield sides[0].pop(), None
        for _ in range(skip_other):
            yield None, sides[1].pop()


class _Ahead:
    """A conversation of which the next messages can be looked at."""

    def __init__(self, spoken: Iterable[Spoken]) -> None:
        self._rest = iter(spoken)
        self._next: deque[Spoken] = deque()

    def peek(self, index: int) -> Spoken | None:
        while len(self._next) <= index:
            found = next(self._rest, None)
            if found is None:
                return None
            self._next.append(found)
        return self._next[index]

    def pop(self) -> Spoken:
        return self._next.popleft()


def _shift(left: Spoken, right: Spoken, first: _Ahead, second: _Ahead) -> tuple[int, int]:
    """Return how many messages to skip on each side so that a request meets its exact counterpart."""
    if left.frame == right.frame or left.direction is not Direction.REQUEST:
        return 0, 0  # what is answered may well differ: only a request is meant to be the same
    for ahead in range(1, NEAR + 1):
        for skip, skip_other in ((ahead, 0), (0, ahead)):
            one, other = first.peek(skip), second.peek(skip_other)
            if one is not None and other is not None and one.frame == other.frame:
                return skip, skip_other
    return 0, 0


def _nearest(first: _Ahead, second: _Ahead) -> tuple[int, int]:
    """Return how many messages to skip on each side to the nearest pair of one kind."""
    seen: tuple[dict[Any, int], dict[Any, int]] = ({}, {})
    index = 0
    for index in range(WINDOW):
        ends = 0
        best: tuple[int, int] | None = None
        for side, ahead in enumerate((first, second)):
            message = ahead.peek(index)
            if message is None:
                ends += 1
                continue
            seen[side].setdefault(message.key, index)
            other = seen[1 - side].get(message.key)
            if other is not None:
                pair = (index, other) if side == 0 else (other, index)
                best = pair if best is None or sum(pair) < sum(best) else best
        if best is not None:
            return best
        if ends == 2:
            break
    # Nothing in common as far as one can see: all of that stands alone.
    return sum(first.peek(at) is not None for at in range(index + 1)), sum(
        second.peek(at) is not None for at in range(index + 1)
    )
