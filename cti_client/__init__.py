"""Talking to a cycler, and watching what is said. Channels count from 1 here, as on the cycler's screen.

::

    with Cycler("192.168.1.20") as cycler:
        cycler.login("user", password)
        for reading in cycler.channels():
            print(reading.channel, reading.status.label, reading.voltage_v)

`cti_client.aio.Cycler` is the same for asyncio. Every error is a `cti_schema.errors.CTIError`. The package
logs under the name ``cti_client``, and says nothing unless a program asks for it.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_client.client import Channel as Channel
    from cti_client.client import Cycler as Cycler
    from cti_client.readings import Outcome as Outcome
    from cti_client.readings import Reading as Reading

_WHERE = {
    "Channel": "cti_client.client",
    "Cycler": "cti_client.client",
    "Outcome": "cti_client.readings",
    "Reading": "cti_client.readings",
}

__all__ = ["Channel", "Cycler", "Outcome", "Reading"]

logging.getLogger("cti_client").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    # Import on use: `cti --help` must not wait for the messages.
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
