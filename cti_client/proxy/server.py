"""The asyncio shell of the proxy: each client gets a connection of its own to the cycler.

Bytes go on as they come, unless a guard is asked; a side that does not read stops the other, so that nothing
piles up. Whatever goes wrong on one connection ends that connection alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from cti_client.proxy.guard import Guard
from cti_schema.errors import ConfigurationError
from cti_schema.message import Direction

__all__ = ["Proxy", "Tap"]

log = logging.getLogger("cti_client.proxy")

#: Called with the client's address, the direction and the bytes that were sent; without bytes at the end.
Tap = Callable[[tuple[Any, ...], Direction, bytes], None]

_READ: Final = 2**16

#: Seconds that the cycler may still answer a client that has ended its own side.
_LINGER_S: Final = 10.0

#: Rounds of the loop after which asyncio has told of every connection that it had accepted.
_ROUNDS: Final = 5


class Proxy:
    """Listens, and connects each client to the cycler.

    Args:
        cycler: host and port of the cycler.
        host: address to listen on; the default can be reached from this computer alone.
        port: 0 picks a free one.
        read_only: let no control request through; see `Guard`.
        tap: sees everything that the client sent and got.
        connect_timeout_s: seconds that a connection to the cycler may take.
        max_connections: clients beyond it are closed at once.

    Attributes:
        refused: control requests that were not let through.
    """

    def __init__(
        self,
        cycler: tuple[str, int],
        *,
        host: str = "127.0.0.1",
        port: int = 9031,
        read_only: bool = False,
        tap: Tap | None = None,
        connect_timeout_s: float = 5.0,
        max_connections: int = 256,
    ) -> None:
        self.refused = 0
        self._cycler = cycler
        self._host = host
        self._port = port
        self._read_only = read_only
        self._tap = tap
        self._connect_timeout_s = connect_timeout_s
        self._max_connections = max_connections
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._host

    @property
    def port(self) -> int:
        """The port that it listens on: after `start`, the real one."""
        return self._port

    async def start(self) -> None:
        """Listen. Clients are served as soon as this returns.

        Raises:
            ConfigurationError: the address cannot be listened on.
        """
        try:
            self._server = await asyncio.start_server(self._accept, self._host, self._port, limit=_READ)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigurationError(f"cannot listen on {self._host}:{self._port}: {reason}") from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and end every connection. A second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        # Where a server is closed first, asyncio loses what it has accepted and not told of.
        for listening in server.sockets:
            with suppress(NotImplementedError):  # Windows, where it is not lost
                asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        server.close()
        for task in list(self._clients):
            task.cancel()
        if self._clients:
            await asyncio.wait(self._clients)
        await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None or len(self._clients) >= self._max_connections:
            log.warning("refused a client: %d are connected", len(self._clients))
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)
        # Also where it is cancelled before it has begun.
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client: tuple[Any, ...] = writer.get_extra_info("peername") or ("unknown", 0)
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                there = await asyncio.open_connection(*self._cycler, limit=_READ)
        except (OSError, TimeoutError) as error:
            reason = (
                "no answer" if isinstance(error, TimeoutError) else getattr(error, "strerror", None) or error
            )
            log.warning("no connection to %s:%d: %s", *self._cycler, reason)
            writer.transport.abort()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            return
        for one in (writer, there[1]):
            with suppress(OSError):
                one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        guard = Guard() if self._read_only else None
        ways = [
            asyncio.create_task(self._onwards(client, reader, there[1], writer, guard)),
            asyncio.create_task(self._back(client, there[0], writer, guard)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if ways[0].done() and ways[0].exception() is None:
                # A client that has said all may still be answered.
                await asyncio.wait(ways[1:], timeout=_LINGER_S)
            for way in ways:
                if way.done() and way.exception() is not None:
                    log.info("%s: lost: %s", client, way.exception())
        except asyncio.CancelledError:
            log.info("%s: closed", client)
        finally:
            for way in ways:
                way.cancel()
            # Waiting comes last: it may be cancelled itself.
            writer.transport.abort()
            there[1].transport.abort()
            self._tell(client, Direction.REQUEST, b"")
            await asyncio.gather(*ways, return_exceptions=True)

    async def _onwards(
        self,
        client: tuple[Any, ...],
        reader: asyncio.StreamReader,
        cycler: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        guard: Guard | None,
    ) -> None:
        while data := await reader.read(_READ):
            self._tell(client, Direction.REQUEST, data)
            answer = b""
            if guard is not None:
                before = guard.refused
                data, answer = guard.requests(data)
                self.refused += guard.refused - before
            if answer:
                self._tell(client, Direction.FEEDBACK, answer)
                back.write(answer)
                await back.drain()
            cycler.write(data)
            await cycler.drain()
        if cycler.can_write_eof():
            cycler.write_eof()

    async def _back(
        self,
        client: tuple[Any, ...],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        guard: Guard | None,
    ) -> None:
        while data := await reader.read(_READ):
            if guard is not None:
                data = guard.feedbacks(data)
            self._tell(client, Direction.FEEDBACK, data)
            writer.write(data)
            await writer.drain()
        # The cycler has closed: what it said is delivered, and the client is told.
        writer.close()
        await writer.wait_closed()

    def _tell(self, client: tuple[Any, ...], direction: Direction, data: bytes) -> None:
        if self._tap is not None:
            self._tap(client, direction, data)
