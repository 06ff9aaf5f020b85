"""Recorded answers: what a cycler once said is said again to the same request.

A request is the same if its bytes are, or else if its message has the same fields; secrets are not compared,
because a capture that may be shown to others has none. Each time the same request comes it gets its next
recorded answer, and after the last one that again. Every connection begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cti_schema.derive.jsonform import to_json
from cti_schema.errors import DecodeError, ScenarioError
from cti_schema.message import Direction, Message
from cti_schema.wire.codec import decode
from spoofer.tables import Key, KeyPath, check, from_hex

__all__ = ["KEYS", "ConnectionReplay", "Exchange", "Recording", "Replay"]

#: What a recorded answer says in a scenario file.
KEYS: Final = (
    Key("request", "hex", "the frame of the request", needed=True),
    Key("feedbacks", "texts", "the frames that answer it, in their order; none for no answer", needed=True),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its recorded answer.

    Attributes:
        request: the frame of the request.
        feedbacks: the frames that answered it; none for no answer.
    """

    request: bytes
    feedbacks: tuple[bytes, ...]

    @classmethod
    def from_table(cls, table: Any, path: KeyPath = ()) -> Exchange:
        """Return what a table of a scenario says.

        Raises:
            ScenarioError: a key or a value is not allowed, or the request is no frame of one.
        """
        values = check(table, KEYS, path)
        request = from_hex(values["request"])
        _decoded(request, Direction.REQUEST, (*path, "request"))
        feedbacks = tuple(map(from_hex, values["feedbacks"]))
        for number, frame in enumerate(feedbacks):
            _decoded(frame, Direction.FEEDBACK, (*path, "feedbacks", number))
        return cls(request, feedbacks)


class Recording(NamedTuple):
    """What is answered once.

    Attributes:
        frames: as they were recorded.
        feedbacks: what they say.
    """

    frames: Sequence[bytes]
    feedbacks: Sequence[Message]


class Replay:
    """Recorded answers, by request.

    Args:
        exchanges: in the order in which they were recorded.

    Raises:
        ScenarioError: what should be a frame is none; one with a wrong length or checksum is one.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._exchanges = list(exchanges)
        self._by_fields: dict[str, list[Recording]] = {}
        self._by_frame: dict[bytes, list[Recording]] = {}
        for number, one in enumerate(self._exchanges):
            path = ("replies", number)
            message = _decoded(one.request, Direction.REQUEST, (*path, "request"))
            feedbacks = [_decoded(frame, Direction.FEEDBACK, path) for frame in one.feedbacks]
            recording = Recording(one.feedbacks, feedbacks)
            self._by_frame.setdefault(one.request, []).append(recording)
            self._by_fields.setdefault(_fields(message), []).append(recording)

    def for_connection(self) -> ConnectionReplay:
        """Return the answers as one connection gets them."""
        return ConnectionReplay(self._by_frame, self._by_fields)

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)

    def __len__(self) -> int:
        return len(self._exchanges)


class ConnectionReplay:
    """The recorded answers as one connection gets them; made by `Replay.for_connection`."""

    __slots__ = ("_by_fields", "_by_frame", "_turns")

    def __init__(
        self, by_frame: Mapping[bytes, list[Recording]], by_fields: Mapping[str, list[Recording]]
    ) -> None:
        self._by_frame = by_frame
        self._by_fields = by_fields
        self._turns: dict[bytes | str, int] = {}

    def answer(self, frame: bytes, request: Message) -> Recording | None:
        """Return what a request is answered with, or ``None`` where it was not recorded.

        Let the device answer it all the same, and forget its answer: so it knows who has logged in, and is
        in step where something comes that was not recorded.

        Args:
            frame: the request as it came.
            request: the same, decoded.
        """
        exact = bytes(frame)
        answers: list[Recording] | None = self._by_frame.get(exact)
        key: bytes | str = exact
        if answers is None:
            fields = _fields(request)
            answers, key = self._by_fields.get(fields), fields
            if answers is None:
                return None
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        return answers[min(turn, len(answers) - 1)]


def _decoded(frame: bytes, direction: Direction, path: KeyPath) -> Message:
    try:
        return decode(frame, direction, strict=False).message
    except DecodeError as error:
        raise ScenarioError(path, f"this is no frame of a {direction}: {error}") from None


def _fields(message: Message) -> str:
    """Return a text that is the same for messages with the same fields, but for secrets."""
    shape = to_json(message, secrets=False)
    shape.pop("leftovers", None)
    return json.dumps(shape, sort_keys=True)
