"""What a fuzz case is, as data: the bytes that are sent, how they are cut, and what may come back.

A case is made from a campaign's seed and its own number alone, and can be written down and sent without
anything else. Nothing here sends a byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cti_schema.message import Message


class Expect(Enum):
    """What may come back for one part of a stream.

    A server may end the connection after any part that it refuses; parts behind it are then not answered.
    """

    #: A valid request: one right answer comes, also when bad bytes stand before or behind it in the stream.
    ANSWER = "answer"
    #: It must not be carried out: silence, an end of this connection, or a feedback that is no success.
    REFUSAL = "refusal"
    #: Answered, refused or ignored, as long as whatever comes is well-formed and everything else goes on.
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Part:
    """One frame, or one piece of garbage.

    Attributes:
        data: its bytes as they are sent.
        expect: what may come back.
        request: the message that the receiver reads in it, where it can; answers are matched by it.
    """

    data: bytes
    expect: Expect
    request: Message | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Bytes that are sent, and whose answers are waited for.

    Attributes:
        parts: what is sent, in its order.
        segments: how the bytes of all parts are cut into sends; the same bytes.
        read: whether the answers are read.
    """

    parts: tuple[Part, ...]
    segments: tuple[bytes, ...]
    read: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """One connection of a campaign, and what is done on it.

    Attributes:
        seed: of the campaign.
        number: of the case: seed and number make it again.
        message: name of the message that it is about.
        mutation: name of the mutation.
        detail: the one thing that is wrong, in words.
        field: path of the field that it is about, if it is about one.
        login: whether a valid login comes before the steps.
        steps: what is sent, one after the other.
    """

    seed: int
    number: int
    message: str
    mutation: str
    detail: str
    field: str | None
    login: bool
    steps: tuple[Step, ...]
