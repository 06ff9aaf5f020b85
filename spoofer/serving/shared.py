"""What a spoofer is made with, and what its clients have in common; plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from cti_schema import Direction
from spoofer.connection import OnMessage
from spoofer.device import Device
from spoofer.faults import Faults
from spoofer.journal import Journal
from spoofer.replay import Replay
from spoofer.serving.steady import SteadyAnswers
from spoofer.users import User

if TYPE_CHECKING:
    from spoofer.serving.served import Served

#: Is called with the client's address, the direction and the bytes of all that comes and goes; without
#: bytes when the connection has ended.
Tap = Callable[[tuple[Any, ...], Direction, bytes], None]


class Options(TypedDict, total=False):
    """What `Spoofer` takes by keyword."""

    host: str
    port: int
    files_port: int | None
    users: Mapping[str, str | User] | None
    journal: Journal | None
    on_message: OnMessage | None
    faults: Faults | None
    replay: Replay | None
    tap: Tap | None
    max_connections: int
    max_frame: int
    max_bytes_before_login: int
    udp_anywhere: bool


@dataclass(slots=True)
class Shared:
    """What all clients of a spoofer have in common.

    Attributes:
        device: the cycler.
        faults: what goes wrong.
        replay: recorded answers.
        steady: answers that are kept.
        journal: what happens is written there.
        on_message: see `Connection`.
        tap: sees every byte.
        max_connections: clients beyond it are refused.
        max_frame: largest request in bytes.
        max_bytes_before_login: bytes per second.
        udp_anywhere: see `UdpSender`.
        clients: those that are connected.
        numbered: connections so far, those that were refused among them.
    """

    device: Device
    faults: Faults
    replay: Replay | None
    steady: SteadyAnswers
    journal: Journal | None
    on_message: OnMessage | None
    tap: Tap | None
    max_connections: int
    max_frame: int
    max_bytes_before_login: int
    udp_anywhere: bool
    clients: set[Served] = field(default_factory=set)
    numbered: int = 0
