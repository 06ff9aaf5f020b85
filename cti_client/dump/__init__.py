"""Messages to text: conversations out of captures and files of frames, as lines, trees and JSON.

Passwords are hidden unless the caller asks for them. Formatting is pure: messages in, texts out; the
commands decide where the texts go. Bytes go one way: `sources` (what a file is, and its frames) or
`cti_client.capture`, `conversation` (decoded, with time and connection), then `lines`, `treetext` or
`jsonlines`; `paint` has the colours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_client.dump.conversation import Conversations as Conversations
    from cti_client.dump.conversation import Entry as Entry
    from cti_client.dump.conversation import Heard as Heard
    from cti_client.dump.conversation import Link as Link
    from cti_client.dump.conversation import Missed as Missed
    from cti_client.dump.jsonlines import dumps as dumps
    from cti_client.dump.jsonlines import entry_json as entry_json
    from cti_client.dump.lines import entry_line as entry_line
    from cti_client.dump.lines import summary as summary
    from cti_client.dump.sources import FrameSource as FrameSource
    from cti_client.dump.sources import Input as Input
    from cti_client.dump.treetext import tree_lines as tree_lines

_WHERE = {
    "Conversations": "conversation",
    "Entry": "conversation",
    "FrameSource": "sources",
    "Heard": "conversation",
    "Input": "sources",
    "Link": "conversation",
    "Missed": "conversation",
    "dumps": "jsonlines",
    "entry_json": "jsonlines",
    "entry_line": "lines",
    "summary": "lines",
    "tree_lines": "treetext",
}

__all__ = [
    "Conversations",
    "Entry",
    "FrameSource",
    "Heard",
    "Input",
    "Link",
    "Missed",
    "dumps",
    "entry_json",
    "entry_line",
    "summary",
    "tree_lines",
]


def __getattr__(name: str) -> Any:
    # Import on use: a command that needs only the colours must not wait for construct.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
