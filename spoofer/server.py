"""A cycler on sockets: listens, and ends in an orderly way. What a client is told is decided elsewhere.

Everything of one spoofer happens in one event loop: the device needs no locks. Programs in other threads
change it by `Spoofer.call`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Final, ParamSpec, Self, TypeVar, Unpack

from cti_schema.errors import ConfigurationError
from spoofer.connection import MAX_FRAME, OnMessage
from spoofer.device import Device
from spoofer.faults import Faults
from spoofer.journal import Journal
from spoofer.replay import Replay
from spoofer.serving.served import Served
from spoofer.serving.shared import Options, Shared, Tap
from spoofer.serving.steady import SteadyAnswers
from spoofer.users import User, as_users

log = logging.getLogger("spoofer")

P = ParamSpec("P")
T = TypeVar("T")

#: Clients that may be connected at a time. Each has a socket, and the system has not many more.
MAX_CONNECTIONS: Final = 1024

#: Bytes per second that a client may send before it has logged in: one largest request.
MAX_BYTES_BEFORE_LOGIN: Final = MAX_FRAME

#: Clients that wait to be accepted: as many as may come at once.
_BACKLOG: Final = 1024

#: Rounds of the loop after which asyncio has told of every connection that it had accepted.
_ROUNDS: Final = 5


class Spoofer:
    """A cycler on a socket.

    Args:
        device: the cycler; by default one with 16 channels.
        host: address to listen on; the default can be reached from this computer alone.
        port: 0 picks a free one.
        files_port: a second port of the same device, as a cycler has one for files; every request is
            answered on either. 0 picks a free one; ``None`` is none.
        users: who may log in, by name: a password, or a `User`. ``None`` keeps those of the device.
        journal: what happens is written there.
        on_message: called with every request and feedback; see `Connection`.
        faults: what goes wrong; more can be added while it runs.
        tap: is called with the client's address, the direction and the bytes of all that comes and goes,
            passwords among them; without bytes when the connection has ended.
        max_connections: clients beyond it are closed at once.
        max_frame: largest request in bytes.
        max_bytes_before_login: bytes per second that a client may send before it has logged in; who
            sends more is held back.
        udp_anywhere: streams of meta variables may go to other computers, too; see `UdpSender`.

    Attributes:
        device: the cycler. From another thread change it by `call`.
        faults: what goes wrong; may be changed from any thread.

    Raises:
        ConfigurationError: a limit is not above zero.
    """

    def __init__(
        self,
        device: Device | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 9031,
        files_port: int | None = None,
        users: Mapping[str, str | User] | None = None,
        journal: Journal | None = None,
        on_message: OnMessage | None = None,
        faults: Faults | None = None,
        replay: Replay | None = None,
        tap: Tap | None = None,
        max_connections: int = MAX_CONNECTIONS,
        max_frame: int = MAX_FRAME,
        max_bytes_before_login: int = MAX_BYTES_BEFORE_LOGIN,
        udp_anywhere: bool = False,
    ) -> None:
        for name, limit in (
            ("max_connections", max_connections),
            ("max_frame", max_frame),
            ("max_bytes_before_login", max_bytes_before_login),
        ):
            if limit < 1:
                raise ConfigurationError(f"{name}: {limit} is not above zero")
        self.device = device if device is not None else Device()
        if users is not None:
            self.device.users = as_users(users)
        self._journal = journal
        self.faults = faults if faults is not None else Faults()
        self._shared = Shared(
            device=self.device,
            faults=self.faults,
            replay=replay,
            steady=SteadyAnswers(self.device),
            journal=journal,
            on_message=on_message,
            tap=tap,
            max_connections=max_connections,
            max_frame=max_frame,
            max_bytes_before_login=max_bytes_before_login,
            udp_anywhere=udp_anywhere,
        )
        self._host = host
        self._port = port
        self._files_port = files_port
        self._servers: list[asyncio.Server] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = asyncio.Event()

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._host

    @property
    def port(self) -> int:
        """The port that it listens on: after `start`, the real one."""
        return self._port

    @property
    def files_port(self) -> int | None:
        """The second port that it listens on, if any: after `start`, the real one."""
        return self._files_port

    @property
    def journal(self) -> Journal:
        """What happened; may be read from any thread.

        Raises:
            ConfigurationError: the spoofer was made without one.
        """
        if self._journal is None:
            raise ConfigurationError("this spoofer keeps no journal: make it with journal=Journal()")
        return self._journal

    @property
    def connections(self) -> int:
        """Number of clients that are connected."""
        return len(self._shared.clients)

    async def start(self) -> None:
        """Listen. Clients are served as soon as this returns.

        Raises:
            ConfigurationError: the address cannot be listened on, or it listens already.
        """
        if self._servers:
            raise ConfigurationError(f"already listening on {self._host}:{self._port}")
        self._loop = asyncio.get_running_loop()
        self._closed.clear()
        try:
            self._port = await self._listen(self._port)
            if self._files_port is not None:
                self._files_port = await self._listen(self._files_port)
        except ConfigurationError:
            await self.close()
            raise

    async def _listen(self, port: int) -> int:
        """Listen on a port, and return which it is."""
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: Served(self._shared), self._host, port, backlog=_BACKLOG
            )
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigurationError(f"cannot listen on {self._host}:{port}: {reason}") from error
        self._servers.append(server)
        found: int = server.sockets[0].getsockname()[1]
        log.info("listening on %s:%d", self._host, found)
        return found

    async def serve_forever(self) -> None:
        """Serve until cancelled, or until `close`; started if it is not yet."""
        if not self._servers:
            await self.start()
        try:
            await self._closed.wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Stop listening, and close every connection. A second call does nothing."""
        servers, self._servers = self._servers, []
        for server in servers:
            await _close(server)
        for client in list(self._shared.clients):
            client.abort()
        while self._shared.clients:  # noqa: ASYNC110 - asyncio tells them all in its next round
            await asyncio.sleep(0)
        for server in servers:
            await server.wait_closed()
        self._loop = None
        self._closed.set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function between two requests, in the spoofer's own thread, and return its result.

        This is how a test changes the device of a spoofer that runs in another thread. It waits for that.

        Raises:
            Exception: what the function raises.
        """
        loop = self._loop
        if loop is None or _running_loop() is loop:
            return function(*args, **kwargs)
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function(*args, **kwargs))
            except Exception as error:
                done.set_exception(error)

        loop.call_soon_threadsafe(run)
        return done.result()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


@contextmanager
def running(device: Device | None = None, **options: Unpack[Options]) -> Iterator[Spoofer]:
    """Run a spoofer in a thread of its own, for synchronous programs and tests.

    The device belongs to that thread: change it before, by `Spoofer.call`, or through requests.

    Args:
        device: as for `Spoofer`.
        options: as for `Spoofer`; the port is a free one by default.

    Yields:
        The spoofer, listening, with ``host`` and ``port``.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    options.setdefault("port", 0)
    spoofer = Spoofer(device, **options)
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


async def _close(server: asyncio.Server) -> None:
    """Stop listening. Where a server is closed first, asyncio loses what it has accepted and not told of."""
    for listening in server.sockets:
        with suppress(NotImplementedError):  # Windows, where it is not lost
            asyncio.get_running_loop().remove_reader(listening.fileno())
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
    server.close()
