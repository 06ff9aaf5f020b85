"""Answers that hold for a moment: asking for one again costs a look into a table. Shared by all connections.

A cycler's readings change in steps of `Device.refresh_s`, and its state with `Device.revision`. Between two
such changes the same query is answered with the same bytes, so they are kept, by the bytes of the request.
What is kept is bounded in number and in bytes; the oldest goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cti_schema.message import Feedback, Message
from spoofer.device import Device
from spoofer.serving.patching import Patches, Shown

#: Most requests whose answers are kept, and most bytes of them all.
MOST_ANSWERS: Final = 4096
MOST_BYTES: Final = 16 * 2**20

#: Longer requests are not kept: no query is that long but for long lists.
LONGEST_REQUEST: Final = 4096


@dataclass(slots=True)
class Answer:
    """What a request is answered with.

    Attributes:
        request: the request.
        feedbacks: the answer's messages.
        sizes: bytes of each feedback's frame.
        data: the frames.
        moment: when the answer was worked out: `Device.moment`.
        revision: of the device, then.
    """

    request: Message
    feedbacks: Sequence[Feedback]
    sizes: Sequence[int]
    data: bytes
    moment: float
    revision: int


class SteadyAnswers:
    """The answers of one device to queries that can be kept for a moment.

    Args:
        device: the cycler.
    """

    __slots__ = ("_answers", "_bytes", "_clock", "_device", "_from", "_moment", "_patches", "_until")

    def __init__(self, device: Device) -> None:
        self._device = device
        self._clock = device.clock
        self._moment = device.moment
        self._from = self._until = 0.0  # of the clock: in between it is the same moment
        self._answers: dict[bytes, Answer] = {}
        self._bytes = 0
        self._patches = Patches()

    def get(self, frame: bytes) -> Answer | None:
        """Return the answer to a request's frame, if one is kept and still holds."""
        answer = self._answers.get(frame)
        if answer is None:
            return None
        if not self._from <= self._clock() < self._until:
            self._look()
        holds = answer.moment == self._moment and answer.revision == self._device.revision
        return answer if holds else None

    def _look(self) -> None:
        """Find out which moment it is, and for how long. The last bit of it is left to another look."""
        device = self._device
        self._from = self._clock()
        shown, passed = device.moment, device.clock_s
        self._moment = shown
        self._until = self._from + (shown + 0.99 * device.refresh_s - passed)

    def put(self, frame: bytes, answer: Answer) -> None:
        """Keep an answer, unless it or its request is too large for that."""
        answers = self._answers
        self._forget(frame)
        if len(frame) > LONGEST_REQUEST or len(answer.data) > MOST_BYTES // 2:
            return
        answers[frame] = answer
        self._bytes += len(answer.data)
        while self._bytes > MOST_BYTES or len(answers) > MOST_ANSWERS:
            self._forget(next(iter(answers)))

    def patched(self, frame: bytes, feedbacks: Iterable[Feedback]) -> bytes | None:
        """Return the frame of an answer that differs from those before in numbers alone; else ``None``.

        Raises:
            EncodeError: a number has no place in its field.
        """
        if not isinstance(feedbacks, Shown) or len(frame) > LONGEST_REQUEST:
            return None
        return self._patches.frame(frame, feedbacks)

    def _forget(self, frame: bytes) -> None:
        answer = self._answers.pop(frame, None)
        if answer is not None:
            self._bytes -= len(answer.data)
