"""A transparent proxy between a client and a cycler; it can keep the client from controlling.

The layers: `guard` decides what a client may send (no sockets), `server` moves bytes between two sockets.
"""

from cti_client.proxy.guard import Guard
from cti_client.proxy.server import Proxy

__all__ = ["Guard", "Proxy"]
