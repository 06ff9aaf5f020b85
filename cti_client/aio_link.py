"""The way to a cycler for asyncio, over TCP. No protocol.

The pump of `cti_client.aio` reads it all the time, so that nothing that comes waits in the system.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from cti_client.connecting import AsyncLink

__all__ = ["AsyncConnector", "StreamLink", "connect"]

_CHUNK: Final = 2**16

#: Makes a connection to a host and a port, within seconds; raises `OSError` where none comes about.
AsyncConnector = Callable[[str, int, float], Awaitable[AsyncLink]]


async def connect(host: str, port: int, timeout_s: float) -> StreamLink:
    """Return a connection to the first address of the host that answers.

    Raises:
        OSError: no connection came about.
        UnicodeError: the host is no name.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        sock = await _connected(loop, host, port)
        return StreamLink(*await asyncio.open_connection(sock=sock, limit=_CHUNK))


async def _connected(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    failed: OSError | None = None
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, address)
        except OSError as error:
            failed = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed or OSError("the host name has no address")


class StreamLink:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def fileno(self) -> int:
        """Return the socket's number, to wait for it."""
        return int(self._writer.get_extra_info("socket").fileno())

    async def send(self, data: bytes, timeout_s: float) -> None:
        self._writer.write(data)
        async with asyncio.timeout(timeout_s):
            await self._writer.drain()

    async def receive(self, timeout_s: float) -> bytes:
        async with asyncio.timeout(timeout_s):
            return await self._reader.read(_CHUNK)

    async def close(self) -> None:
        """End it at once, without sending what still waits to be sent."""
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()
