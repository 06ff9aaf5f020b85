"""Which channels a request is about, by what its declaration says. No message is named here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cti_schema.kinds import Scalar
from cti_schema.message import Message, Record

__all__ = ["concerns", "names_channels"]

#: What the declarations call a channel, and lists of channels.
_ONE: Final = "channel_index"
_MANY: Final = ("channel_indices", "channels")

#: What a flag for all channels says of its value.
_ALL: Final = "all channels"


def names_channels(request: Message) -> bool:
    """Tell whether a request is about channels at all."""
    return any(request.spec.field(name) is not None for name in (_ONE, *_MANY))


def concerns(request: Message, channel_count: int) -> Sequence[int]:
    """Return the zero-based channels that a request is about: those it names, or all of them."""
    spec = request.spec
    for kind in spec.layout:
        if isinstance(kind, Scalar) and kind.values.get(getattr(request, kind.name, None)) == _ALL:  # type: ignore[arg-type]
            return range(channel_count)
    if spec.answers.how == "per_channel_if" and getattr(request, spec.answers.field, False):
        return range(channel_count)
    found = getattr(request, _ONE, None)
    if isinstance(found, int):
        # A channel that is none stands for all, or for those of a selection.
        return [found] if 0 <= found < max(channel_count, 1) or not channel_count else range(channel_count)
    for name in _MANY:
        items = getattr(request, name, None)
        if isinstance(items, list):
            indices = [getattr(item, _ONE, None) if isinstance(item, Record) else item for item in items]
            return [index for index in indices if isinstance(index, int)]
    return range(channel_count)
