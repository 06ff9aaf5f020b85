"""Which channels the lists of a message name, found by the declaration of the lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cti_schema import kinds as k
from cti_schema.message import Record

__all__ = ["lists_channels", "named_channels"]

_CHANNEL: Final = "channel_index"


def named_channels(message: Record) -> Iterator[int]:
    """Yield the channel indexes in the lists of a message."""
    for kind, value in message.present():
        if isinstance(value, list) and lists_channels(kind):
            for item in value:
                index = getattr(item, _CHANNEL, None)
                if isinstance(index, int):
                    yield index


def lists_channels(kind: k.Kind) -> bool:
    """Tell whether a field is a list of records that name their channel."""
    record: type[Record] | None = None
    if isinstance(kind, k.Array) and isinstance(kind.item, k.Nested):
        record = kind.item.record
    elif isinstance(kind, k.Member) and kind.of.item is not None:
        record = kind.of.item.record
    return record is not None and record.spec.field(_CHANNEL) is not None
