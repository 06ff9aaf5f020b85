"""Every kind of fault: three tables, by what a fault works on. Nothing else knows kinds.

`WIRE` changes how an answer is sent, `ANSWERS` puts other feedbacks in its place, `DEVICE` happens to a
channel. The documents' table, the checks of a scenario file and the errors about it come from these rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cti_schema.message import Feedback, Message
from spoofer.faulting.disturbing import WireKind
from spoofer.faulting.happenings import HAPPENINGS, Happening
from spoofer.faulting.refusals import busy
from spoofer.faulting.wire_faults import WIRE
from spoofer.replies import unknown_command
from spoofer.tables import Key

__all__ = ["ANSWERS", "DEVICE", "KINDS", "WIRE", "AnswerKind"]


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """A fault that answers in the place of the device, which does not carry out the request.

    Attributes:
        name: the kind.
        doc: what it does.
        answer: called with the request, its extended code and the number of channels; ``None`` where the
            request has no such answer, and the device answers.
        keys: none.
    """

    name: str
    doc: str
    answer: Callable[[Message, int, int], Sequence[Feedback] | None]
    keys: tuple[Key, ...] = ()


ANSWERS: Final[dict[str, AnswerKind]] = {
    row.name: row
    for row in (
        AnswerKind(
            "unknown_command",
            "The request is answered as one that the cycler does not know, and not carried out.",
            lambda request, extended_code, channel_count: [unknown_command(request, extended_code)],
        ),
        AnswerKind(
            "busy",
            "The request is refused because somebody uses the monitor window, and not carried out. Requests "
            "whose answer has no such result are carried out.",
            lambda request, extended_code, channel_count: busy(request, channel_count),
        ),
    )
}

DEVICE: Final[dict[str, Happening]] = {name: row for name, row in HAPPENINGS.items() if row.is_fault}

#: Every kind of fault, by name.
KINDS: Final[dict[str, WireKind | AnswerKind | Happening]] = {**WIRE, **ANSWERS, **DEVICE}
