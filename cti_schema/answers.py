"""How a request is answered: how many feedbacks come, and what tells that the last one came.

There is no transaction number in CTI. These descriptions are what a client matches feedbacks by
and what an emulator counts its replies by. Source: ``answers`` of the requests in the protocol's facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Answers:
    """How a request is answered.

    Attributes:
        how: ``once``; ``per_channel`` (one in all, or one per channel listed); ``per_channel_if``
            (one, or one per channel when a flag is set); ``channels`` (lists of channels, until every
            channel asked for was seen); ``pieces`` (until the last piece); ``once_or_twice`` (old
            servers answer twice); ``unknown``.
        field: the request's field that lists the channels, or the flag.
    """

    how: str
    field: str = ""

    def __str__(self) -> str:
        return TEXTS[self.how].format(field=self.field)


TEXTS: Final = {
    "once": "one feedback",
    "per_channel": "one feedback, or one per channel in `{field}`",
    "per_channel_if": "one feedback, or one per channel when `{field}` is set",
    "channels": "channels in one or several feedbacks",
    "pieces": "one feedback per piece",
    "once_or_twice": "one feedback; old servers send two",
    "unknown": "not known",
}

once: Final = Answers("once")
all_channels: Final = Answers("channels")
pieces: Final = Answers("pieces")
once_or_twice: Final = Answers("once_or_twice")
unknown: Final = Answers("unknown")


def per_channel(field: str) -> Answers:
    """One feedback for the request, or one for each channel in the list ``field``."""
    return Answers("per_channel", field)


def per_channel_if(field: str) -> Answers:
    """One feedback, or one for each channel of the cycler when the flag ``field`` is set."""
    return Answers("per_channel_if", field)
