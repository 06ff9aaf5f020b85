"""Talking to a cycler, and watching what is said. Channels count from 1 here, as on the cycler's screen.

::

    with Cycler("192.168.1.20") as cycler:
        cycler.login("user", password)
        for reading in cycler.channels():
            print(reading.channel, reading.status.label, reading.voltage_v)

`cti_client.aio.Cycler` is the same for asyncio, `Fleet` is many of them, and `ArbinInterface` is what users
of pycti know. Every error is a `cti_schema.errors.CTIError`. The package logs under the name ``cti_client``,
and says nothing unless a program asks for it.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_client.arbin_interface import ArbinInterface as ArbinInterface
    from cti_client.client import Channel as Channel
    from cti_client.client import Cycler as Cycler
    from cti_client.fleet import Fleet as Fleet
    from cti_client.readings import Outcome as Outcome
    from cti_client.readings import Reading as Reading
    from cti_client.reconnect import Reconnect as Reconnect
    from cti_client.resolving import Resolution as Resolution

_WHERE = {
    "ArbinInterface": "cti_client.arbin_interface",
    "Channel": "cti_client.client",
    "Cycler": "cti_client.client",
    "Fleet": "cti_client.fleet",
    "Outcome": "cti_client.readings",
    "Reading": "cti_client.readings",
    "Reconnect": "cti_client.reconnect",
    "Resolution": "cti_client.resolving",
}

__all__ = [
    "ArbinInterface",
    "Channel",
    "Cycler",
    "Fleet",
    "Outcome",
    "Reading",
    "Reconnect",
    "Resolution",
]

logging.getLogger("cti_client").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    # Import on use: `cti --help` must not wait for the messages.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
