"""Which entries of a conversation are shown: those that pass a filter, one connection, or what is odd."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from cti_client.dump.conversation import Answer, Entry, Heard, Unanswered
from cti_schema.errors import InputError

__all__ = ["SEPARATOR", "followed", "odd", "passes", "with_context"]

#: Entries shown before and behind an odd one.
_CONTEXT: Final = 2

#: Connections that are named where one is not there.
_TOLD: Final = 50

#: Stands between groups of entries that do not follow each other.
SEPARATOR: Final = None


def odd(entry: Entry) -> bool:
    """Tell whether something is wrong with an entry.

    Odd are bytes that are no message, requests without an answer, messages with a problem, and feedbacks
    that are late, duplicate or unsolicited.
    """
    if not isinstance(entry, Heard) or entry.problems:
        return True
    return entry.answer is not None and entry.answer.kind != "answer"


def with_context(entries: Iterable[Entry], wanted: Callable[[Entry], bool] = odd) -> Iterator[Entry | None]:
    """Yield the entries that are wanted with some before and behind, and `SEPARATOR` between the groups."""
    before: deque[Entry] = deque(maxlen=_CONTEXT)
    behind, passed, any_shown = 0, 0, False
    for entry in entries:
        if wanted(entry):
            if any_shown and passed > len(before):
                yield SEPARATOR
            yield from before
            before.clear()
            yield entry
            behind, passed, any_shown = _CONTEXT, 0, True
        elif behind:
            behind -= 1
            yield entry
        else:
            before.append(entry)
            passed += 1


def followed(entries: Iterable[Entry], number: int) -> Iterator[Entry]:
    """Yield the entries of one connection.

    Raises:
        InputError: (at the end) there is none; says which there are.
    """
    numbers: set[int] = set()
    found = False
    for entry in entries:
        if entry.link is None:
            continue
        if entry.link.number == number:
            found = True
            yield entry
        elif len(numbers) < _TOLD:
            numbers.add(entry.link.number)
    if not found:
        known = ", ".join(map(str, sorted(numbers)))
        there = f"those with CTI are {known}" if known else "only captures have connections"
        raise InputError(f"there is no connection {number} with CTI: {there}")


def passes(entry: Entry, accepts: Callable[[Heard], bool]) -> bool:
    """Tell whether an entry passes a filter.

    That a request has no answer is known after it: where that is told, it is the request once more, and
    its ``answer`` is ``unanswered``.
    """
    if isinstance(entry, Heard):
        return accepts(entry)
    return isinstance(entry, Unanswered) and accepts(replace(entry.request, answer=Answer("unanswered")))
