"""Being a cycler: an emulator that answers CTI on a socket, for tests and demonstrations.

The layers, each usable without the ones behind it::

    Cell, Schedule, Run    what a battery does in a test
    Device                 a cycler with channels, users and refusals
    Connection             bytes in, what is to be done out; no sockets
    Spoofer, running       an asyncio server, and one in a thread of its own
    linked                 a link to a client without any socket

`Fault` and `Faults` are what goes wrong, `Scenario` is a whole run as data, `Replay` says recorded answers
again, `Journal` is what happened.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spoofer.battery.cell import Cell as Cell
    from spoofer.battery.cell import CellParameters as CellParameters
    from spoofer.battery.schedule import Control as Control
    from spoofer.battery.schedule import Schedule as Schedule
    from spoofer.battery.schedule import Step as Step
    from spoofer.connection import Connection as Connection
    from spoofer.connection import OnMessage as OnMessage
    from spoofer.device import Device as Device
    from spoofer.faulting.fault import Fault as Fault
    from spoofer.faults import Faults as Faults
    from spoofer.files.folder import Folder as Folder
    from spoofer.journal import Journal as Journal
    from spoofer.machine.channel import Channel as Channel
    from spoofer.machine.channel import Phase as Phase
    from spoofer.machine.channel import Reading as Reading
    from spoofer.memory import AsyncMemoryLink as AsyncMemoryLink
    from spoofer.memory import MemoryLink as MemoryLink
    from spoofer.memory import VirtualClock as VirtualClock
    from spoofer.memory import linked as linked
    from spoofer.replay import Replay as Replay
    from spoofer.replies import Session as Session
    from spoofer.replies import reply_to as reply_to
    from spoofer.scenario import Scenario as Scenario
    from spoofer.server import Spoofer as Spoofer
    from spoofer.server import running as running
    from spoofer.users import User as User

_WHERE = {
    "AsyncMemoryLink": "spoofer.memory",
    "Cell": "spoofer.battery.cell",
    "CellParameters": "spoofer.battery.cell",
    "Channel": "spoofer.machine.channel",
    "Connection": "spoofer.connection",
    "Control": "spoofer.battery.schedule",
    "Device": "spoofer.device",
    "Fault": "spoofer.faulting.fault",
    "Faults": "spoofer.faults",
    "Folder": "spoofer.files.folder",
    "Journal": "spoofer.journal",
    "MemoryLink": "spoofer.memory",
    "OnMessage": "spoofer.connection",
    "Phase": "spoofer.machine.channel",
    "Reading": "spoofer.machine.channel",
    "Replay": "spoofer.replay",
    "Scenario": "spoofer.scenario",
    "Schedule": "spoofer.battery.schedule",
    "Session": "spoofer.replies",
    "Spoofer": "spoofer.server",
    "Step": "spoofer.battery.schedule",
    "User": "spoofer.users",
    "VirtualClock": "spoofer.memory",
    "linked": "spoofer.memory",
    "reply_to": "spoofer.replies",
    "running": "spoofer.server",
}

__all__ = [
    "AsyncMemoryLink",
    "Cell",
    "CellParameters",
    "Channel",
    "Connection",
    "Control",
    "Device",
    "Fault",
    "Faults",
    "Folder",
    "Journal",
    "MemoryLink",
    "OnMessage",
    "Phase",
    "Reading",
    "Replay",
    "Scenario",
    "Schedule",
    "Session",
    "Spoofer",
    "Step",
    "User",
    "VirtualClock",
    "linked",
    "reply_to",
    "running",
]

# Silent unless a program asks for it: without a handler, Python would print warnings by itself.
logging.getLogger("spoofer").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    # Import on use: pytest loads the plugin in every run, and that must cost nothing.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
