"""The asyncio shell: sockets around connections. What is answered is decided elsewhere.

Each client has one task that reads, answers and waits until the answer is taken; nothing piles up for a
client that does not read. Whatever goes wrong on one connection ends that connection alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from cti_schema.errors import ConfigurationError
from spoofer.connection import MAX_FRAME, Connection, OnMessage
from spoofer.device import Device
from spoofer.users import User, as_users

log = logging.getLogger("spoofer")

#: Bytes taken from a socket at a time.
_READ: Final = 2**16

#: Replies in a row before other clients get a turn.
_TURN: Final = 8


class Spoofer:
    """A cycler on a socket.

    Args:
        device: the cycler; by default one with 16 channels.
        host: address to listen on; the default can be reached from this computer alone.
        port: 0 picks a free one.
        users: who may log in, by name: a password, or a `User`. ``None`` keeps those of the device.
        on_message: called with every request and feedback; see `Connection`.
        max_connections: clients beyond it are closed at once.
        max_frame: largest request in bytes.
    """

    def __init__(
        self,
        device: Device | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 9031,
        users: Mapping[str, str | User] | None = None,
        on_message: OnMessage | None = None,
        max_connections: int = 1000,
        max_frame: int = MAX_FRAME,
    ) -> None:
        self.device = device if device is not None else Device()
        if users is not None:
            self.device.users = as_users(users)
        self._host = host
        self._port = port
        self._on_message = on_message
        self._max_connections = max_connections
        self._max_frame = max_frame
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

    @property
    def connections(self) -> int:
        """Number of clients that are connected."""
        return len(self._clients)

    async def start(self) -> None:
        """Listen. Clients are served as soon as this returns.

        Raises:
            ConfigurationError: the address cannot be listened on, or it listens already.
        """
        if self._server is not None:
            raise ConfigurationError(f"already listening on {self._host}:{self._port}")
        try:
            self._server = await asyncio.start_server(self._accept, self._host, self._port, limit=_READ)
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigurationError(f"cannot listen on {self._host}:{self._port}: {reason}") from error
        self._port = self._server.sockets[0].getsockname()[1]
        log.info("listening on %s:%d", self._host, self._port)

    async def serve_forever(self) -> None:
        """Serve until cancelled, or until `close`; started if it is not yet."""
        if self._server is None:
            await self.start()
        assert self._server is not None
        try:
            # `Server.serve_forever` raises CancelledError when the server is closed, too.
            await self._server.serve_forever()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop listening, and close every connection. A second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for task in list(self._clients):
            task.cancel()
        if self._clients:
            await asyncio.wait(self._clients)
        await server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a client, or refuse it. Called by the server; the work is done in a task of its own."""
        peer = _peer(writer)
        if self._server is None or len(self._clients) >= self._max_connections:
            log.warning("%s: refused, %d connections are open", peer, len(self._clients))
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(peer, reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        log.info("%s: connected", peer)
        connection = Connection(
            self.device, peer=peer, on_message=self._on_message, max_frame=self._max_frame
        )
        try:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := await reader.read(_READ):
                for count, reply in enumerate(connection.replies(data), start=1):
                    writer.write(reply)
                    await writer.drain()
                    if count % _TURN == 0:
                        await asyncio.sleep(0)
            log.info("%s: closed by the client", peer)
            # A client that only ended its own side still gets every answer.
            writer.close()
            await writer.wait_closed()
        except OSError as error:
            log.info("%s: lost: %s", peer, error)
        except asyncio.CancelledError:
            log.info("%s: closed", peer)
        except Exception:
            log.exception("%s: closed, because answering failed", peer)
        finally:
            writer.transport.abort()  # what the client has not taken by now is not waited for


def _peer(writer: asyncio.StreamWriter) -> str:
    address: Any = writer.get_extra_info("peername")
    return f"{address[0]}:{address[1]}" if address else "unknown"


@contextmanager
def running(
    device: Device | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    users: Mapping[str, str | User] | None = None,
    on_message: OnMessage | None = None,
) -> Iterator[Spoofer]:
    """Run a spoofer in a thread of its own, for synchronous programs and tests.

    The device belongs to that thread: change it before, or through requests.

    Args:
        device: as for `Spoofer`, like the arguments that follow.
        host: the address.
        port: a free one by default.
        users: who may log in.
        on_message: called in that thread.

    Yields:
        The spoofer, listening, with ``host`` and ``port``.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    spoofer = Spoofer(device, host=host, port=port, users=users, on_message=on_message)
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        end = asyncio.Event()
        async with spoofer:
            started.set_result((asyncio.get_running_loop(), end))
            await end.wait()

    def main() -> None:
        try:
            asyncio.run(serve())
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=main, name="spoofer", daemon=True)
    thread.start()
    try:
        loop, end = started.result()
        try:
            yield spoofer
        finally:
            loop.call_soon_threadsafe(end.set)
    finally:
        thread.join()
