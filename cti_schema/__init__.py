"""What a CTI message is: one declaration per message, and all that is derived from it.

The public surface is small::

    decode(frame)         bytes -> message
    encode(message)       message -> bytes
    messages()            every declared message
    FrameBuffer(...)      a byte stream -> frames

Importing this package costs little: what it offers is imported when it is first used, and construct
only for a frame or a message that is not plainly as declared.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_schema.message import Direction as Direction
    from cti_schema.message import Feedback as Feedback
    from cti_schema.message import Message as Message
    from cti_schema.message import Request as Request
    from cti_schema.message import UnknownMessage as UnknownMessage
    from cti_schema.problems import Problem as Problem
    from cti_schema.registry import messages as messages
    from cti_schema.wire.buffer import Frame as Frame
    from cti_schema.wire.buffer import FrameBuffer as FrameBuffer
    from cti_schema.wire.codec import Decoded as Decoded
    from cti_schema.wire.codec import decode as decode
    from cti_schema.wire.codec import encode as encode

_WHERE = {
    "Decoded": "cti_schema.wire.codec",
    "Direction": "cti_schema.message",
    "Feedback": "cti_schema.message",
    "Frame": "cti_schema.wire.buffer",
    "FrameBuffer": "cti_schema.wire.buffer",
    "Message": "cti_schema.message",
    "Problem": "cti_schema.problems",
    "Request": "cti_schema.message",
    "UnknownMessage": "cti_schema.message",
    "decode": "cti_schema.wire.codec",
    "encode": "cti_schema.wire.codec",
    "messages": "cti_schema.registry",
}

__all__ = [
    "Decoded",
    "Direction",
    "Feedback",
    "Frame",
    "FrameBuffer",
    "Message",
    "Problem",
    "Request",
    "UnknownMessage",
    "decode",
    "encode",
    "messages",
]


def __getattr__(name: str) -> Any:
    # Import on use: `cti --help` must not wait for construct.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_WHERE[name]), name)
    return found
