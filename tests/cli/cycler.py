"""A spoofer for the tests of commands that talk to one, and a memory of what it was sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from cti_schema import Direction
from cti_schema.message import Message
from spoofer import Device, running


@dataclass
class Emulated:
    """A spoofer that listens.

    Attributes:
        port: where.
        device: its state.
        seen: the requests that came, as their names, logins left out.
        requests: the same as messages.
    """

    port: int
    device: Device
    requests: list[Message] = field(default_factory=list)

    @property
    def at(self) -> tuple[str, str]:
        """The options that lead there."""
        return "--port", str(self.port)

    @property
    def seen(self) -> list[str]:
        return [request.spec.name for request in self.requests]


@pytest.fixture(name="cycler")
def cycler_fixture() -> Iterator[Emulated]:
    """A cycler with four channels whose time stands still; any user may log in."""
    emulated = Emulated(0, Device(4, seed=1, clock=lambda: 0.0))

    def remember(direction: Direction, message: Message, *_: object) -> None:
        if direction is Direction.REQUEST and "login" not in message.spec.name:
            emulated.requests.append(message)

    with running(emulated.device, on_message=remember) as spoofer:
        emulated.port = spoofer.port
        yield emulated


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own settings out of the tests."""
    monkeypatch.delenv("CTI_USER", raising=False)
    monkeypatch.delenv("CTI_PASSWORD", raising=False)
