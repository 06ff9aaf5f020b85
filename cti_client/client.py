"""The client for programs without asyncio: does what calls yield, on a blocking socket.

Nothing about messages is decided here, see `cti_client.calls`. Several threads may share a `Cycler`;
their calls run one after the other.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Concatenate, Final, Self

from cti_client import calls
from cti_client.connecting import no_connection, why_lost
from cti_client.peer import Call, ChannelPeer, F, P, Peer, S, Send, T, document, valid_timeout
from cti_client.session import Session
from cti_schema.message import Direction, Request

__all__ = ["Channel", "Cycler"]

_CHUNK: Final = 2**16


def _method(call: Callable[Concatenate[S, P], Call[T]]) -> Callable[Concatenate[S, P], T]:
    """Make a method of a call."""

    def method(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        cycler = self.cycler if isinstance(self, ChannelPeer) else self
        assert isinstance(cycler, Cycler)
        return cycler._run(call(self, *args, **kwargs))

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
    """A cycler, talked to over TCP.

    Use it in a ``with`` statement, which connects and closes, or call `connect` and `close`.

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
        self._socket: socket.socket | None = None
        self._lock = threading.RLock()

    def connect(self) -> Self:
        """Connect, unless there is a connection. A new connection is not logged in.

        Raises:
            ConnectError: no connection came about.
        """
        with self._lock:
            if self.connected:
                return self
            self._release()
            try:
                self._socket = socket.create_connection((self.host, self.port), self.connect_timeout_s)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except (OSError, UnicodeError) as error:
                self._release()
                raise no_connection(self.address, self.host, error, self.connect_timeout_s) from error
            self._session = Session(time.monotonic, tap=self._tap)
            return self

    def close(self) -> None:
        """Close the connection. A call that waits in another thread ends with an error."""
        sock = self._socket
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._drop("the connection was closed")

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

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

    def request(self, message: Request[F], timeout_s: float | None = None) -> F:
        return self._run(calls.request(self, message, timeout_s))

    def request_all(self, message: Request[F], timeout_s: float | None = None) -> list[F]:
        return self._run(calls.request_all(self, message, timeout_s))

    document(request, calls.request, "{}")
    document(request_all, calls.request_all, "{}")

    def _run(self, call: Call[T]) -> T:
        """Do what a call yields, and return what it returns."""
        with self._lock:
            came = False
            try:
                step = next(call)
                while True:
                    if isinstance(step, Send):
                        self._write(step)
                    else:
                        came = self._wait(step.until)
                    step = call.send(came)
            except StopIteration as end:
                result: T = end.value
                return result
            finally:
                call.close()

    def _write(self, send: Send) -> None:
        if self._socket is None:
            return
        self._socket.settimeout(max(send.until - time.monotonic(), 0.001))
        try:
            self._socket.sendall(send.data)
        except OSError as error:
            # Part of it may have gone out, so that nothing more can be said on this connection.
            self._drop(why_lost(error))

    def _wait(self, until: float) -> bool:
        """Read once, for as long as that may take; tell whether bytes came."""
        session = self.session
        if self._socket is None:
            return False
        self._socket.settimeout(max(until - time.monotonic(), 0.0))
        try:
            data = self._socket.recv(_CHUNK)
        except (BlockingIOError, TimeoutError):
            session.expire()
            return False
        except OSError as error:
            self._drop(why_lost(error))
            return False
        if data:
            session.receive(data)
            session.expire()
        else:
            self._drop(why_lost(None))
        return bool(data)

    def _drop(self, reason: str) -> None:
        if self._session is not None:
            self._session.connection_lost(reason)
        self._release()

    def _release(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
