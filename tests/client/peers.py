"""Peers for the client tests: a clock, a scripted cycler on a real socket, both clients under one face."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from cti_client import aio, client
from cti_schema import Direction, FrameBuffer, Message, decode, encode
from cti_schema.derive.defaults import default, default_reply
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.login import Login, LoginFeedback

CHANNELS = 16


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def reading(*indices: int, voltage_v: float = 3.5) -> bytes:
    """Return the frame of a feedback with these channels; each channel's current is its index."""
    records = [
        default(Channel, channel_index=index, voltage_v=voltage_v, current_a=float(index))
        for index in indices
    ]
    return encode(GetChannelsInfoFeedback(channels=records))


def plain_answer(request: Any) -> bytes:
    """Return the right answer to any request, as a cycler with 16 channels of version 1 gives it."""
    if isinstance(request, Login):
        return encode(default(LoginFeedback, version=1, channel_count=CHANNELS, serial_number="A1"))
    if isinstance(request, GetChannelsInfo):
        index = request.channel_index
        return reading(*([index] if index >= 0 else range(CHANNELS)))
    return b"".join(encode(one) for one in default_reply(request, channel_count=CHANNELS))


#: What a scripted peer does with a request: bytes to answer with, or something done to the connection.
Action = Callable[[Message, socket.socket], bytes]


def right(request: Message, _: socket.socket) -> bytes:
    """The right answer."""
    return plain_answer(request)


def silence(_: Message, __: socket.socket) -> bytes:
    """No answer."""
    return b""


def reset(_: Message, sock: socket.socket) -> bytes:
    """The connection is reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if _windows() else "ii", 1, 0))
    sock.close()
    return b""


def hang_up(_: Message, sock: socket.socket) -> bytes:
    """The connection is closed."""
    sock.shutdown(socket.SHUT_RDWR)
    return b""


def half(request: Message, sock: socket.socket) -> bytes:
    """Half of the right answer, then the end."""
    answer = plain_answer(request)
    sock.sendall(answer[: len(answer) // 2])
    return hang_up(request, sock)


def says(data: bytes) -> Action:
    """These bytes."""
    return lambda request, sock: data


def changed(change: Callable[[bytes], bytes]) -> Action:
    """The right answer, changed."""
    return lambda request, sock: change(plain_answer(request))


def _windows() -> bool:
    return socket.SO_EXCLUSIVEADDRUSE is not None if hasattr(socket, "SO_EXCLUSIVEADDRUSE") else False


class ScriptedPeer:
    """A cycler that does with the requests one after the other what it is told; then what is right.

    Attributes:
        received: the requests that came, on all connections.
        connections: how many there were.
        login_answer: what answers a login, if not what is right.
    """

    def __init__(self, script: Sequence[Action]) -> None:
        self._script = list(script)
        self.received: list[Message] = []
        self._came = threading.Condition()
        self.connections = 0
        self.login_answer: bytes | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def names(self) -> list[str]:
        """Names of the requests that came, without the logins."""
        return [one.spec.name for one in self.received if not isinstance(one, Login)]

    def heard(self, count: int) -> list[str]:
        """Wait until so many requests came, and return the names of all; without the logins."""
        with self._came:
            self._came.wait_for(lambda: len(self.names()) >= count, 30)
        return self.names()

    def say(self, data: bytes) -> None:
        """Send bytes to the last client, unasked."""
        self._sockets[-1].sendall(data)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        buffer = FrameBuffer(Direction.REQUEST)
        try:
            while data := sock.recv(65536):
                for frame in buffer.feed(data):
                    request = decode(frame, Direction.REQUEST)
                    with self._came:
                        self.received.append(request)
                        self._came.notify_all()
                    is_login = isinstance(request, Login)
                    action = self._script.pop(0) if self._script and not is_login else right
                    answer = action(request, sock)
                    if is_login and self.login_answer is not None:
                        answer = self.login_answer
                    if answer:
                        sock.sendall(answer)
        except OSError:
            pass

    def close(self) -> None:
        """End all connections and threads. The listener goes first: no connection may come after."""
        _end(self._listener)
        self._threads[0].join(30)
        for sock in self._sockets:
            _end(sock)
        for thread in self._threads:
            thread.join(30)


def _end(sock: socket.socket) -> None:
    # On Linux, closing alone does not wake a thread that accepts or reads.
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


@contextmanager
def scripted(*script: Action) -> Iterator[ScriptedPeer]:
    """Run a scripted peer."""
    peer = ScriptedPeer(script)
    try:
        yield peer
    finally:
        peer.close()


class AwaitedCycler:
    """The asyncio client, each call run to its end: so that one test drives both clients."""

    def __init__(self, host: str, port: int, **options: Any) -> None:
        self._runner = asyncio.Runner()
        self._inner = aio.Cycler(host, port, **options)

    def __enter__(self) -> AwaitedCycler:
        try:
            self._runner.run(self._inner.connect())
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._inner.close())
        self._runner.close()

    def __getattr__(self, name: str) -> Any:
        return self._awaited(getattr(self._inner, name))

    def fileno(self) -> int:
        """The socket, to wait on."""
        link = self._inner._link
        assert link is not None
        return int(link.fileno())  # type: ignore[attr-defined]

    def _awaited(self, value: Any) -> Any:
        if not callable(value):
            return value
        runner = self._runner

        def call(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            if asyncio.iscoroutine(result):
                return runner.run(result)
            if isinstance(result, aio.Channel):
                return _AwaitedChannel(self, result)
            return result

        return call


class _AwaitedChannel:
    def __init__(self, cycler: AwaitedCycler, inner: aio.Channel) -> None:
        self._cycler = cycler
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return self._cycler._awaited(getattr(self._inner, name))


#: Both clients; a test's parameter ``make``.
SHELLS: list[Any] = [client.Cycler, AwaitedCycler]
