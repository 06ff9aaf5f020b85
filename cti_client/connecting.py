"""The way to a cycler: what a connection must be able to do, and the one over TCP. Bytes, no protocol.

A `Connector` makes a `Link`. Any object that has its three methods is one: a test, or a program that reaches
its cycler in another way, gives its own. One whose time is not the system's has a ``clock`` too: it returns
seconds, has ``sleep(seconds)``, and deadlines are on it.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from cti_schema.errors import ConnectError

__all__ = ["AsyncLink", "Clock", "Connector", "Link", "SocketLink", "clock_of", "no_connection", "why_lost"]

_CHUNK: Final = 2**16


class Clock(Protocol):
    """A time of its own, which passes when somebody waits."""

    def __call__(self) -> float:
        """Return seconds."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


def clock_of(link: Link | AsyncLink) -> Clock | None:
    """Return the clock of a link whose time is not the system's, or ``None``."""
    return getattr(link, "clock", None)


class Link(Protocol):
    """Two-way bytes. Errors are `OSError`."""

    def send(self, data: bytes, timeout_s: float, /) -> None:
        """Send all of it. Raises `TimeoutError` where that takes longer."""

    def receive(self, timeout_s: float, /) -> bytes:
        """Return what came, or nothing after the other side has closed. Raises `TimeoutError`."""

    def close(self) -> None:
        """End it. A `receive` that waits in another thread ends too."""


class AsyncLink(Protocol):
    """The same for asyncio."""

    async def send(self, data: bytes, timeout_s: float, /) -> None:
        """Send all of it. Raises `TimeoutError` where that takes longer."""

    async def receive(self, timeout_s: float, /) -> bytes:
        """Return what came, or nothing after the other side has closed. Raises `TimeoutError`."""

    async def close(self) -> None:
        """End it."""


#: Makes a connection to a host and a port, within seconds; raises `OSError` where none comes about.
Connector = Callable[[str, int, float], Link]


class SocketLink:
    """A TCP connection.

    Args:
        host: name or address.
        port: TCP port.
        timeout_s: seconds that it may take.

    Raises:
        OSError: no connection came about.
        UnicodeError: the host is no name.
    """

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._socket = socket.create_connection((host, port), timeout_s)
        self._busy = threading.Lock()
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the socket's number, to wait for it."""
        return self._socket.fileno()

    def send(self, data: bytes, timeout_s: float) -> None:
        with self._busy:
            self._socket.settimeout(max(timeout_s, 0.001))
            self._socket.sendall(data)

    def receive(self, timeout_s: float) -> bytes:
        with self._busy:
            self._socket.settimeout(max(timeout_s, 0.0))
            try:
                return self._socket.recv(_CHUNK)
            except BlockingIOError:
                raise TimeoutError from None

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # A thread that waits has been woken. Under it the number must not be closed and used again.
        with self._busy:
            self._socket.close()


def no_connection(address: str, host: str, error: Exception, timeout_s: float) -> ConnectError:
    """Return the error for a connection that was not made."""
    if isinstance(error, (socket.gaierror, UnicodeError)):
        reason = f"the host name {host!r} is not known"
    elif isinstance(error, ConnectionRefusedError):
        reason = "nothing listens there (connection refused)"
    elif isinstance(error, TimeoutError):
        reason = f"no answer within {round(timeout_s, 2):g} s"
    else:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ConnectError(f"no connection to {address}: {reason}")


def why_lost(error: Exception | None) -> str:
    """Return why a connection ended."""
    if error is None:
        return "the cycler closed the connection"
    if isinstance(error, TimeoutError):
        return "the connection was dropped, because the cycler took no more bytes"
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"the connection broke ({reason})"
