"""Frames and events of captures for the tests of the dump."""

from __future__ import annotations

from cti_client.capture import Chunk, Closed, Connection, Endpoint, Event, Gap
from cti_client.dump.conversation import Conversations, Entry, Heard, Unanswered
from cti_schema.message import Direction
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import build_frame

CLIENT, SERVER = Endpoint("10.0.0.2", 50000), Endpoint("10.0.0.9", 9031)
CONNECTION = Connection(1, CLIENT, SERVER)
AT = 1_700_000_000.25  # 2023-11-14 22:13:20.25 UTC


def text(value: str, units: int) -> bytes:
    return value.encode("utf-16-le").ljust(2 * units, b"\0")


def number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little", signed=value < 0)


LOGIN = build_frame(0xEEAB0001, b"ann".ljust(32, b"\0") + b"s3cret".ljust(32, b"\0"), Direction.REQUEST)
START = build_frame(
    0xBB320004, text("a\x1b[2J", 72) + number(2) + number(4, 2) + number(0, 2), Direction.REQUEST
)
STARTED = build_frame(0xBB230004, number(4) + b"\0" + bytes(101), Direction.FEEDBACK)
REFUSED = build_frame(0xBB230004, number(4) + b"\x15" + bytes(101), Direction.FEEDBACK)
UNKNOWN = build_frame(0x12345678, b"\1\2\3", Direction.FEEDBACK)


def chunk(sender: Endpoint, data: bytes, at: float = AT, connection: Connection = CONNECTION) -> Chunk:
    return Chunk(at, connection, sender, data)


def closed(connection: Connection = CONNECTION) -> Closed:
    return Closed(AT + 9, connection, "closed")


def gap(sender: Endpoint, length: int) -> Gap:
    return Gap(AT + 1, CONNECTION, sender, length)


def talk(*events: Event, port: int | None = None) -> list[Entry]:
    """The entries of a capture with these events, but for requests that got no answer."""
    conversations = Conversations(port=port)
    entries = (entry for event in events for entry in conversations.feed(event))
    return [entry for entry in entries if not isinstance(entry, Unanswered)]


def heard(frame: bytes, *, spans: bool = False) -> Heard:
    """The entry of a frame that is in no capture."""
    return Heard(1, inspect(frame, spans=spans))
