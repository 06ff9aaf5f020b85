"""What the spoofer's tests share; no tests here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cti_schema import Feedback, FrameBuffer, Message, decode, encode
from cti_schema.messages.login import Login
from spoofer import Connection, Device

VECTORS = Path(__file__).parents[3] / "shared" / "protocol" / "vectors"

#: The recorded request for the values of channel index 13.
CHANNEL_INFO = (
    bytes.fromhex("dddddddddddddd11320000000300abee000000000d00010000000000")
    + bytes(32)
    + bytes.fromhex("f807")
)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def vectors(name: str) -> list[dict[str, Any]]:
    """Return the recorded vectors of a file; skips where they are not there."""
    file = VECTORS / name
    if not file.is_file():
        pytest.skip("the recorded vectors are not there")
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def frames(data: bytes) -> list[bytes]:
    """Cut an answer into frames; nothing may stand between or behind them."""
    found = FrameBuffer("feedback").feed(data)
    assert b"".join(found) == data
    return list(found)


def messages(data: bytes) -> list[Message]:
    """Return the feedbacks in an answer, decoded strictly."""
    return [decode(frame, "feedback") for frame in frames(data)]


def ask(connection: Connection, request: Message) -> list[Any]:
    """Send one request, and return its feedbacks."""
    return messages(connection.receive(encode(request)))


def one(connection: Connection, request: Message) -> Any:
    """Send one request, and return its only feedback."""
    (feedback,) = ask(connection, request)
    assert isinstance(feedback, Feedback)
    return feedback


def logged_in(device: Device) -> Connection:
    """Return a connection that may control."""
    connection = Connection(device)
    assert one(connection, Login(username="someone", password="secret")).allow_control == 1
    return connection
