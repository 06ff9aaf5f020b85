"""Bytes of earlier traffic in the unused places of an answer: behind a text, reserved, behind the end.

A server that always fills such places with the same bytes is not meant: bytes of an earlier answer count only
where they stood at another place.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from cti_schema.errors import CTIError
from cti_schema.message import Message, Record
from cti_schema.wire.buffer import Frame
from spoofer.fuzz.case import Part
from spoofer.fuzz.failure import Failure, Kind
from spoofer.fuzz.oracle import feedback

#: So many bytes in a row, four of them different, are no accident in an unused place.
LEAST: Final = 6
_DIFFERENT: Final = 4

#: Runs without two zero bytes in a row: also texts of two bytes a character.
_RUN: Final = re.compile(rb"(?:[^\x00]\x00?){%d,}" % LEAST)

#: Bytes of earlier traffic that are remembered.
_MOST: Final = 1 << 16

#: What `Record._kept` has beside unused bytes.
_USED: Final = frozenset({"json", "truncated", "truncated_at", "extended_code"})


class Traffic:
    """The latest bytes that went either way; bounded."""

    def __init__(self) -> None:
        self._frames: deque[tuple[bytes, bool]] = deque()
        self._size = 0

    def add(self, data: Iterable[bytes], *, answers: bool) -> None:
        """Add frames."""
        for one in data:
            self._frames.append((bytes(one), answers))
            self._size += len(one)
        while self._size > _MOST and len(self._frames) > 1:
            self._size -= len(self._frames.popleft()[0])

    def whose(self, run: bytes, code: bytes, offset: int) -> str:
        """Return where a run of bytes in an answer comes from: ``request``, ``answer``, or empty.

        Args:
            run: the bytes.
            code: those of the answer's code.
            offset: of the run in the answer.
        """
        for frame, answers in self._frames:
            at = frame.find(run)
            if at >= 0 and not (answers and frame[12:16] == code and at == offset):
                return "answer" if answers else "request"
        return ""


def stale(frames: Iterable[Frame], sent: Sequence[Part], earlier: Traffic) -> Failure | None:
    """Return the failure that answers hold bytes of earlier traffic, or ``None``.

    Args:
        frames: the answers.
        sent: what they answer. A server may repeat a field of the request with all its bytes.
        earlier: what went before.
    """
    try:
        for frame in frames:
            for path, run in _runs(bytes(frame)):
                where = [part.request for part in sent if run in part.data]
                if any(_is_answered_by(request, feedback(bytes(frame))) for request in where):
                    continue
                whose = "request" if where else earlier.whose(run, frame[12:16], frame.find(run))
                if whose:
                    name = feedback(bytes(frame)).spec.name
                    return Failure(Kind.STALE, f"{name}.{path} has bytes of an earlier {whose}: {run.hex()}")
    except CTIError:
        return None
    return None


def _is_answered_by(request: Message | None, answer: Message) -> bool:
    return request is None or type(answer) in request.spec.feedbacks or not request.spec.feedbacks


@lru_cache(maxsize=512)
def _runs(frame: bytes) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        (path, run.rstrip(b"\0")[:24])
        for path, raw in unused(feedback(frame))
        for run in _RUN.findall(raw)
        if len(set(run)) >= _DIFFERENT
    )


def unused(record: Record, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield what stands in the unused places of a message, with its path."""
    for name, (raw, _) in list(record._kept.items()):
        if name not in _USED and len(raw) >= LEAST:
            yield prefix + name, raw
    for kind, value in record.present():
        for index, one in enumerate(value if isinstance(value, list) else (value,)):
            if not isinstance(one, Record):
                break
            place = f"{kind.name}[{index}]" if isinstance(value, list) else kind.name
            yield from unused(one, f"{prefix}{place}.")
