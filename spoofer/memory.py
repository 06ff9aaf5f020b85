"""A link between a client and a device in memory: no sockets, no threads, and no time but its own.

Time passes when the client waits: it jumps to the moment at which the next bytes come, or to the end of the
client's patience. An answer that comes ten seconds late comes at once, and late all the same. Give the
device the same clock (`Linked.clock`) where its time shall pass as well.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any, Final

from spoofer.acts import Act, Later, Send, Wait
from spoofer.connection import Connection, OnMessage
from spoofer.device import Device
from spoofer.faults import Faults
from spoofer.journal import Journal
from spoofer.replay import Replay

__all__ = ["AsyncMemoryLink", "Linked", "MemoryLink", "VirtualClock", "linked"]

#: Most bytes that a client receives at a time.
_CHUNK: Final = 2**16


class VirtualClock:
    """A clock that only moves when it is told to.

    Attributes:
        now: seconds.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class _Line:
    """What both links have: a connection, and what is on its way to the client."""

    def __init__(self, home: Linked) -> None:
        self.clock = home.clock
        self._home = home
        home.made += 1
        self._number, self._peer = home.made, f"memory:{home.made}"
        self._connection = Connection(
            home.device,
            peer=self._peer,
            number=self._number,
            journal=home.journal,
            on_message=home.on_message,
            faults=home.faults,
            replay=home.replay,
        )
        self._sent: list[bytes] = []
        self._acts: Iterator[Act] | None = None
        self._free_at = self.clock.now  # until then the connection waits
        self._coming: list[tuple[float, int, bytes | Exception]] = []
        self._put = 0
        self._ended = False  # by the device
        self._closed = False  # by the client
        self._write_down("connected")

    def take(self, data: bytes) -> None:
        """Take bytes from the client.

        Raises:
            ConnectionError: the connection has ended.
        """
        if self._closed:
            raise ConnectionAbortedError("the link was closed")
        if self._ended:
            raise ConnectionResetError("the cycler has ended the connection")
        with self._home.lock:
            self._sent.append(bytes(data))
            self._work()

    def give(self, timeout_s: float) -> bytes:
        """Return bytes for the client, and let the time pass that they take.

        Raises:
            TimeoutError: none come in time; it has passed.
            ConnectionResetError: the device has reset the connection.
        """
        clock, patience = self.clock, self.clock.now + max(timeout_s, 0.0)
        with self._home.lock:
            while True:
                self._work()
                if self._closed:
                    return b""
                found = self._arrived()
                if found is not None:
                    return found
                if self._ended and not self._coming:
                    return b""
                moments = [self._coming[0][0]] if self._coming else []
                if self._acts is not None:
                    moments.append(self._free_at)
                if not moments or min(moments) > patience:
                    clock.now = max(clock.now, patience)
                    raise TimeoutError("no bytes came in time")
                clock.now = max(clock.now, min(moments))

    def end(self) -> None:
        """End the connection on the client's side. A second call does nothing."""
        with self._home.lock:
            if not self._closed:
                self._closed = True
                self._connection.close()
                self._write_down("closed")

    def _work(self) -> None:
        """Do what is to be done by now."""
        while not self._ended and not self._closed and self._free_at <= self.clock.now:
            if self._acts is None:
                if not self._sent:
                    return
                self._acts = self._connection.acts(self._sent.pop(0))
            act = next(self._acts, None)
            if act is None:
                self._acts = None
            elif isinstance(act, Send):
                self._arrives(0.0, act.data)
            elif isinstance(act, Later):
                self._arrives(act.seconds, act.data)
            elif isinstance(act, Wait):
                self._free_at = self.clock.now + act.seconds
            else:
                self._ended, self._acts = True, None
                self._coming = [one for one in self._coming if one[0] <= self.clock.now and not act.reset]
                if act.reset:
                    self._arrives(0.0, ConnectionResetError("the cycler has reset the connection"))

    def _arrives(self, seconds: float, what: bytes | Exception) -> None:
        self._put += 1
        heappush(self._coming, (self.clock.now + seconds, self._put, what))

    def _arrived(self) -> bytes | None:
        """Return what has arrived by now, as one read of a socket does; ``None`` if nothing has."""
        found = bytearray()
        while self._coming and self._coming[0][0] <= self.clock.now and len(found) < _CHUNK:
            what = self._coming[0][2]
            if isinstance(what, Exception):
                if found:
                    break
                raise what
            heappop(self._coming)
            found += what
        return bytes(found) if found else None

    def _write_down(self, event: str) -> None:
        if self._home.journal is not None:
            self._home.journal.write(event, connection=self._number, peer=self._peer)


class MemoryLink:
    """A link for a client without asyncio; made by `Linked`.

    Attributes:
        clock: its time.
    """

    def __init__(self, home: Linked) -> None:
        self._line = _Line(home)
        self.clock = home.clock

    def send(self, data: bytes, timeout_s: float = 0.0) -> None:
        """Give bytes to the device. That takes no time.

        Raises:
            ConnectionError: the connection has ended.
        """
        self._line.take(data)

    def receive(self, timeout_s: float) -> bytes:
        """Return the bytes that come next; no bytes when the device has ended the connection.

        Args:
            timeout_s: how long to wait for them, in seconds of the link's own clock.

        Raises:
            TimeoutError: none came in time.
            ConnectionResetError: the device has reset the connection.
        """
        return self._line.give(timeout_s)

    def close(self) -> None:
        """End the connection. A second call does nothing."""
        self._line.end()


class AsyncMemoryLink:
    """A link for a client in an event loop; made by `Linked.aio`. The methods are those of `MemoryLink`.

    Attributes:
        clock: its time.
    """

    def __init__(self, home: Linked) -> None:
        self._line = _Line(home)
        self.clock = home.clock

    async def send(self, data: bytes, timeout_s: float = 0.0) -> None:
        """Give bytes to the device; see `MemoryLink.send`."""
        self._line.take(data)

    async def receive(self, timeout_s: float) -> bytes:
        """Return the bytes that come next; see `MemoryLink.receive`. Other tasks get a turn before."""
        until = self.clock.now + timeout_s
        await asyncio.sleep(0)  # another link may let the time pass in it
        return self._line.give(until - self.clock.now)

    async def close(self) -> None:
        """End the connection. A second call does nothing."""
        self._line.end()


class Linked:
    """Connects clients with a device in memory; made by `linked`.

    Attributes:
        device: the cycler.
        faults: what goes wrong; may be changed.
        replay: recorded answers.
        journal: what happened, if there is one.
        on_message: is called with every message.
        clock: the time of all links.
        made: links so far.
    """

    def __init__(
        self,
        device: Device,
        clock: VirtualClock,
        faults: Faults,
        replay: Replay | None,
        journal: Journal | None,
        on_message: OnMessage | None,
    ) -> None:
        self.device = device
        self.clock = clock
        self.faults = faults
        self.replay = replay
        self.journal = journal
        self.on_message = on_message
        self.made = 0
        self.lock: Any = threading.RLock()  # clients in several threads take turns

    def __call__(self, host: str = "", port: int = 0, timeout_s: float = 0.0) -> MemoryLink:
        """Return a new link to the device. A client says where and how long, and nothing depends on it."""
        return MemoryLink(self)

    async def aio(self, host: str = "", port: int = 0, timeout_s: float = 0.0) -> AsyncMemoryLink:
        """Return a new link to the device, for asyncio."""
        return AsyncMemoryLink(self)


def linked(
    device: Device | None = None,
    *,
    faults: Faults | None = None,
    replay: Replay | None = None,
    journal: Journal | None = None,
    on_message: OnMessage | None = None,
    clock: VirtualClock | None = None,
) -> Linked:
    """Return what connects clients with a device in memory.

    Call it for a `MemoryLink`, or its ``aio`` for an `AsyncMemoryLink`:
    ``Cycler("memory", connector=linked(device))``.

    Args:
        device: the cycler; by default one with 16 channels whose time is that of the links.
        faults: what goes wrong.
        replay: recorded answers, given in the place of the device's own.
        journal: what happens is written there.
        on_message: see `Connection`.
        clock: the time of all links; a new one by default.
    """
    clock = clock if clock is not None else VirtualClock()
    device = device if device is not None else Device(clock=clock)
    faults = faults if faults is not None else Faults()
    return Linked(device, clock, faults, replay, journal, on_message)
