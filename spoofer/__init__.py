"""Being a cycler: an emulator that answers CTI on a socket, for tests and demonstrations.

The layers, each usable without the ones behind it::

    Cell, Schedule, Run    what a battery does in a test
    Device                 a cycler with channels, users and refusals
    Connection             bytes in, bytes out; no sockets
    Spoofer, running       an asyncio server, and one in a thread of its own
"""

import logging

from spoofer.cell import Cell, CellParameters
from spoofer.channel import Channel, Phase, Reading
from spoofer.connection import Connection, OnMessage
from spoofer.device import Device
from spoofer.replies import Session, reply_to
from spoofer.schedule import Control, Schedule, Step
from spoofer.server import Spoofer, running
from spoofer.users import User

__all__ = [
    "Cell",
    "CellParameters",
    "Channel",
    "Connection",
    "Control",
    "Device",
    "OnMessage",
    "Phase",
    "Reading",
    "Schedule",
    "Session",
    "Spoofer",
    "Step",
    "User",
    "reply_to",
    "running",
]

# Silent unless a program asks for it: without a handler, Python would print warnings by itself.
logging.getLogger("spoofer").addHandler(logging.NullHandler())
