"""One request and what came of it, and what else can come. Data, and whether a feedback can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cti_client.matching import Expected
from cti_schema.errors import CTIError
from cti_schema.message import Message, Record, Request
from cti_schema.problems import Problem

__all__ = ["Event", "EventKind", "Exchange", "unreadable"]

#: Problems of a body that leave its values as they were meant.
_HARMLESS: Final = frozenset({"stray", "surplus", "enum", "unknown_command", "text", "truncated"})


class EventKind(StrEnum):
    """What came that answers no request that still waits."""

    UNSOLICITED = "unsolicited"  #: a feedback that nobody asked for
    DUPLICATE = "duplicate"  #: a feedback that was there before
    LATE = "late"  #: the answer to a request whose deadline had passed
    BAD_FRAME = "bad_frame"  #: a frame that cannot be trusted


@dataclass(frozen=True, slots=True)
class Event:
    """Something that came and answers no request that still waits.

    Attributes:
        kind: what it is.
        text: a sentence for people.
        message: the feedback, if there is one.
        problem: what is wrong with the frame, if anything.
    """

    kind: EventKind
    text: str
    message: Message | None = None
    problem: Problem | None = None


@dataclass(eq=False, slots=True)
class Exchange:
    """One request and what came of it.

    Attributes:
        request: the request.
        timeout_s: seconds that its answers may take; pieces of a file each.
        deadline: when they are up, on the session's clock.
        feedbacks: the answers so far.
        error: why there is no whole answer.
        done: nothing more happens to it for the caller.
    """

    request: Request[Any]
    timeout_s: float
    deadline: float
    expected: Expected
    ignored_before: int
    feedbacks: list[Any] = field(default_factory=list)
    error: CTIError | None = None
    done: bool = False
    leaves: float | None = None  # when a done exchange stops waiting for more; None: never

    def result(self) -> list[Any]:
        """Return the feedbacks.

        Raises:
            CTIError: whatever went wrong.
        """
        if self.error is not None:
            raise self.error
        return self.feedbacks


def unreadable(message: Message, problems: list[Problem]) -> Problem | None:
    """Return what keeps a feedback's values from being read, if anything does."""
    for problem in problems:
        if problem.kind not in _HARMLESS:
            return problem
    if message.spec.form == "json":
        return None  # of a JSON body any member may be left out
    # What is cut off may be reserved bytes alone: the vendor's client does not miss them.
    missing = next(_missing(message), None)
    if missing is None:
        return None
    cut = next((problem for problem in problems if problem.kind == "truncated"), None)
    return cut or Problem("truncated", "the field is not in the frame", missing)


def _missing(record: Record) -> Iterator[str]:
    """Yield the fields of a record that are not set."""
    for kind in record.spec.values:
        value = getattr(record, kind.name, None)
        if not hasattr(record, kind.name):
            yield kind.name
        elif isinstance(value, Record):
            yield from (f"{kind.name}.{inner}" for inner in _missing(value))
