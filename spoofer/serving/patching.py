"""Answers that differ from the last one in numbers alone: patched instead of encoded.

A client that polls gets the same frame again and again, with other readings in it. To make the records of all
channels and to encode them takes as long as to find out the readings; to change the numbers in a prepared
frame (`cti_schema.compile.prepared`) takes a fifth of that. Preparing takes as long as some twenty answers,
so a frame is prepared when as many in a row would have done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, overload

from cti_schema.compile.prepared import Prepared, Writer
from cti_schema.message import Feedback

#: Answers in a row with nothing but other numbers before their frame is prepared.
WORTH: Final = 32

#: Most numbers in a frame that is prepared: its writer has a parameter for each.
MOST_VALUES: Final = 500

#: Most requests whose answers are watched, and most numbers in all prepared frames.
_MOST_WATCHED: Final = 512
_MOST_PREPARED: Final = 8192


class Shown(Sequence[Feedback]):
    """An answer of one feedback, which is made when it is asked for; beside it its numbers.

    Args:
        make: makes the feedback.
        shape: everything that the feedback follows from but its numbers.
        values: its numbers.
        paths: returns where they stand in the feedback; the same for the same shape.
    """

    def __init__(
        self,
        make: Callable[[], Feedback],
        shape: object,
        values: Sequence[float],
        paths: Callable[[], Sequence[str]],
    ) -> None:
        self.make = make
        self.shape = shape
        self.values = values
        self.paths = paths
        self._made: list[Feedback] = []

    def __len__(self) -> int:
        return 1

    @overload
    def __getitem__(self, index: int) -> Feedback: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Feedback]: ...
    def __getitem__(self, index: int | slice) -> Feedback | Sequence[Feedback]:
        if not self._made:
            self._made = [self.make()]
        return self._made[index]


@dataclass(slots=True)
class _Watched:
    """The answers to one request.

    Attributes:
        shape: of the last one.
        seen: answers of this shape in a row.
        size: numbers in it.
        write: writes the prepared frame.
    """

    shape: object
    seen: int = 0
    size: int = 0
    write: Writer | None = None


class Patches:
    """The prepared frames of one device's answers, by the bytes of the request."""

    def __init__(self) -> None:
        self._watched: dict[bytes, _Watched] = {}
        self._prepared = 0

    def frame(self, request: bytes, shown: Shown) -> bytes | None:
        """Return the frame of an answer; ``None`` if it is to be encoded.

        Args:
            request: the frame that is answered.
            shown: the answer.

        Raises:
            EncodeError: a number has no place in its field.
        """
        watched = self._watched.get(request)
        if watched is None or watched.shape != shown.shape:
            self._forget(request)
            self._watched[bytes(request)] = _Watched(shown.shape)
            if len(self._watched) > _MOST_WATCHED:
                self._forget(next(iter(self._watched)))
            return None
        if watched.write is None:
            watched.seen += 1
            if watched.seen < WORTH or len(shown.values) > MOST_VALUES:
                return None
            watched.write = Prepared(shown.make()).writer(*shown.paths())
            watched.size = len(shown.values)
            self._prepared += watched.size
            while self._prepared > _MOST_PREPARED:
                self._forget(next(iter(self._watched)))
        return watched.write(*shown.values)

    def _forget(self, request: bytes) -> None:
        watched = self._watched.pop(request, None)
        if watched is not None:
            self._prepared -= watched.size
