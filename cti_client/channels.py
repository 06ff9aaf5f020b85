"""The one place where a channel's number becomes its index on the wire, and back.

People count channels from 1, as the cycler's screen does; frames count them from 0. The wire also
has a -1 that means every channel, so a number that is off by one must never get through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from cti_schema.errors import ConfigurationError

__all__ = ["ALL", "channel_of", "credible", "format_channels", "index_of", "parse_channels"]

#: The only way to say every channel.
ALL: Final = "all"

#: No cycler has more; the vendor's client drops indexes from 2048 on (``get_channels_info_feedback``).
_MOST: Final = 65535

_RANGE: Final = re.compile(r"([0-9]{1,9})(?:\s*-\s*([0-9]{1,9}))?")


def index_of(channel: int, count: int | None = None) -> int:
    """Return the zero-based index of a channel.

    Args:
        channel: number of the channel, from 1.
        count: number of channels that the cycler has, if known.

    Raises:
        ConfigurationError: it is no whole number, smaller than 1, or there is no such channel.
    """
    if isinstance(channel, bool) or not isinstance(channel, int):
        raise ConfigurationError(f"{channel!r} is no channel: a channel is a whole number from 1")
    if channel < 1:
        raise ConfigurationError(f"there is no channel {channel}: channels are counted from 1")
    if channel > (_MOST if count is None else count):
        there = f"the cycler has the channels 1 to {count}" if count else "the cycler has no channels"
        raise ConfigurationError(f"there is no channel {channel}" + ("" if count is None else f": {there}"))
    return channel - 1


def credible(count: int) -> int:
    """Return the number of channels that a cycler says it has, but never more than there can be."""
    return min(int(count), _MOST)


def channel_of(index: int) -> int:
    """Return the number of the channel with a zero-based index.

    Raises:
        ConfigurationError: the index is negative, which on the wire never means one channel.
    """
    if index < 0:
        raise ConfigurationError(f"the channel index {index} is no single channel")
    return int(index) + 1


def parse_channels(text: str, count: int) -> list[int]:
    """Return the channels that a text names, sorted, each once.

    Args:
        text: numbers and ranges like ``1-8,12``, or the word ``all``.
        count: number of channels that the cycler has.

    Raises:
        ConfigurationError: the text is neither, a range runs backwards, or there is no such channel.
    """
    if text.strip().lower() == ALL:
        return list(range(1, count + 1))
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise ConfigurationError(
                f"{part.strip()!r} names no channels: write numbers and ranges like 1-8,12, or {ALL}"
            )
        first = int(match[1])
        last = first if match[2] is None else int(match[2])
        index_of(first, count)
        index_of(last, count)
        if last < first:
            raise ConfigurationError(f"the range {first}-{last} runs backwards: write {last}-{first}")
        found.update(range(first, last + 1))
    return sorted(found)


def format_channels(channels: Iterable[int]) -> str:
    """Return channels as a short text: ``[1, 2, 3, 8]`` -> ``1-3,8``."""
    parts: list[list[int]] = []
    for channel in sorted(set(channels)):
        if parts and channel == parts[-1][1] + 1:
            parts[-1][1] = channel
        else:
            parts.append([channel, channel])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
