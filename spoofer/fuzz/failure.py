"""What a campaign can find, by name. The list is closed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

#: How the explanation of a failure begins that only the server's own log tells of.
LOG: Final = "the server's log"


class Kind(Enum):
    """What was wrong with a server, with a sentence about it."""

    CRASH = "crash", "the server is gone, or takes no connections any more"
    HANG = "hang", "a valid request is not answered in time"
    DISCONNECTS_OTHERS = (
        "disconnects_others",
        "another connection is ended, or gets bytes that it has not asked for",
    )
    MALFORMED = "malformed_answer", "an answer is no sound frame, or not as its message is declared"
    MISSING = "missing_answer", "a valid request stays without its answer, while later ones get theirs"
    TWICE = "answer_twice", "a request gets more answers than it has"
    WRONG = "wrong_answer", "an answer is for another channel or another request"
    ACCEPTED = "accepted", "what must be refused is answered as if it were right"
    STALE = "stale_bytes", "unused bytes of an answer hold bytes of earlier traffic"
    MEMORY = "memory_growth", "the server's memory grows with what it is sent"

    def __init__(self, text: str, meaning: str) -> None:
        self.text = text
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was wrong with a server.

    Attributes:
        kind: what it is, by name.
        explanation: what was seen, in one line.
    """

    kind: Kind
    explanation: str

    def __str__(self) -> str:
        return f"{self.kind.text}: {self.explanation}"
