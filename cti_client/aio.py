"""The client for asyncio: the calls of `cti_client.calls`, driven by the event loop.

Nothing about messages is decided here. Calls may run at the same time; those whose feedbacks could be
taken for each other's wait for their turn, unsent.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Self

from cti_client import calls
from cti_client.connecting import no_connection, why_lost
from cti_client.peer import Call, ChannelPeer, F, P, Peer, S, Send, T, document, valid_timeout
from cti_client.session import Session
from cti_schema.message import Direction, Request

__all__ = ["Channel", "Cycler"]


def _method(
    call: Callable[Concatenate[S, P], Call[T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a method of a call."""

    async def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cycler = self.cycler if isinstance(self, ChannelPeer) else self
        assert isinstance(cycler, Cycler)
        return await cycler._run(call(self, *args, **kwargs))

    document(method, call, "{}")
    return method


class Channel(ChannelPeer):
    """One channel of a cycler; made by `Cycler.channel`."""

    read = _method(calls.read)
    assign = _method(calls.assign)
    start = _method(calls.start_channel)
    stop = _method(calls.stop)
    resume = _method(calls.resume)
    continue_ = _method(calls.continue_)
    jump = _method(calls.jump)
    set_mv = _method(calls.set_mv)


class Cycler(Peer):
    """A cycler, talked to over TCP from an event loop.

    Use it in an ``async with`` statement, which connects and closes, or await `connect` and `close`.

    Args:
        host: name or address of the cycler's computer.
        port: its TCP port.
        timeout_s: seconds that an answer may take, where a call says nothing else.
        connect_timeout_s: seconds that the connection may take.
        tap: is called with the direction and the bytes of everything sent and received, in order;
            passwords are among them.
    """

    def __init__(
        self,
        host: str,
        port: int = 9031,
        *,
        timeout_s: float = 10.0,
        connect_timeout_s: float = 5.0,
        tap: Callable[[Direction, bytes], None] | None = None,
    ) -> None:
        super().__init__(host, port, timeout_s)
        self.connect_timeout_s = valid_timeout(connect_timeout_s)
        self._tap = tap
        self._link: _Link | None = None

    async def connect(self) -> Self:
        """Connect, unless there is a connection. A new connection is not logged in.

        Raises:
            ConnectError: no connection came about.
        """
        if self.connected:
            return self
        loop = asyncio.get_running_loop()
        session = Session(loop.time, tap=self._tap)
        try:
            async with asyncio.timeout(self.connect_timeout_s):
                sock = await _connect(loop, self.host, self.port)
                _, link = await loop.create_connection(lambda: _Link(session), sock=sock)
        except (OSError, UnicodeError) as error:
            raise no_connection(self.address, self.host, error, self.connect_timeout_s) from error
        self._session, self._link = session, link
        return self

    async def close(self) -> None:
        """Close the connection. Calls that still wait end with an error."""
        link = self._link
        self._drop("the connection was closed")
        if link is not None:
            await link.gone.wait()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def channel(self, number: int) -> Channel:
        """Return one channel.

        Args:
            number: its number, from 1.

        Raises:
            ConfigurationError: it is no number of a channel, or the cycler has fewer.
        """
        return Channel(self, number)

    login = _method(calls.login)
    channels = _method(calls.channels)
    start = _method(calls.start)
    stop_all = _method(calls.stop_all)

    async def request(self, message: Request[F], timeout_s: float | None = None) -> F:
        return await self._run(calls.request(self, message, timeout_s))

    async def request_all(self, message: Request[F], timeout_s: float | None = None) -> list[F]:
        return await self._run(calls.request_all(self, message, timeout_s))

    document(request, calls.request, "{}")
    document(request_all, calls.request_all, "{}")

    async def _run(self, call: Call[T]) -> T:
        """Do what a call yields, and return what it returns."""
        came = False
        try:
            step = next(call)
            while True:
                link = self._link
                if link is None:
                    came = False
                elif isinstance(step, Send):
                    link.write(step.data)
                else:
                    came = await link.wait(step.until)
                step = call.send(came)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            call.close()

    def _drop(self, reason: str) -> None:
        if self._link is not None:
            self._link.drop(reason)


async def _connect(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    """Return a socket connected to the first address of the host that answers."""
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


class _Link(asyncio.Protocol):
    """Joins a session to a transport, and wakes the calls when something happened."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.gone = asyncio.Event()
        self._happened = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.session.receive(data)
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.session.connection_lost(why_lost(error))
        self.gone.set()
        self._wake()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def drop(self, reason: str) -> None:
        """End the connection at once, without sending what still waits to be sent."""
        self.session.connection_lost(reason)
        self._wake()
        if self._transport is not None:
            self._transport.abort()

    async def wait(self, until: float) -> bool:
        """Wait until something happened; tell whether it did before that time."""
        happened = self._happened
        if self.session.closed:
            await asyncio.sleep(0)
            return False
        try:
            async with asyncio.timeout_at(until):
                await happened.wait()
        except TimeoutError:
            pass
        self.session.expire()
        return happened.is_set()

    def _wake(self) -> None:
        self._happened.set()
        self._happened = asyncio.Event()
