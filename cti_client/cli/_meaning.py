"""What a request says, for a person who has to decide about it; channels as people count them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_schema import Message


def told(request: Message) -> list[str]:
    """Return what a request says beyond its defaults, one line per field."""
    from cti_schema.derive.tree import describe, leaves

    rows = []
    for path, kind, value in leaves(request):
        if kind.secret or value == kind.default:
            continue
        text, meaning = describe(kind, value)
        meaning = channels_of(kind.name, value) or meaning
        rows.append((path, text + (f" ({meaning})" if meaning else "")))
    width = max((len(path) for path, _ in rows), default=0)
    return [f"  {path:{width}}  {text}" for path, text in rows]


def channels_of(name: str, value: Any) -> str:
    """Return ``channel 5`` for a field that holds zero-based channels, else nothing."""
    from cti_client.channels import channel_of

    if name == "channel_index" and isinstance(value, int) and value >= 0:
        return f"channel {channel_of(value)}"
    if name == "channel_indices" and isinstance(value, list) and value:
        return named(sorted(channel_of(index) for index in value))
    return ""


def named(channels: Sequence[int]) -> str:
    """Return ``channel 5`` or ``channels 1-3,7``."""
    from cti_client.channels import format_channels

    return f"channel{'s' if len(channels) > 1 else ''} {format_channels(channels)}"
