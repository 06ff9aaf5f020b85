"""Which entries of a conversation are shown: those that pass a filter, one connection, or what is odd."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cti_client.dump.conversation import Entry, Heard, Unanswered

__all__ = ["SEPARATOR", "odd", "passes", "with_context"]

#: Entries shown before and behind an odd one.
_CONTEXT: Final = 2

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


def passes(entry: Entry, accepts: Callable[[Heard], bool]) -> bool:
    """Tell whether an entry passes a filter: a message by itself, a request without an answer as itself."""
    if isinstance(entry, Heard):
        return accepts(entry)
    return isinstance(entry, Unanswered) and accepts(entry.request)
