"""One client on a socket: does what its connection says, and takes in no more than it can answer.

A protocol and not a stream, because that costs a third. Bytes that cannot be answered at once, because an
act takes time, the client does not take its answers or other clients have their turn, wait in a small inbox;
when that is full, no more is read from the socket. Whatever goes wrong here ends this client alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from cti_schema import Direction
from spoofer.acts import Act, Later, Send, Wait
from spoofer.connection import Connection
from spoofer.serving.shared import Shared
from spoofer.serving.udp import Stream, UdpSender

log = logging.getLogger("spoofer")

#: Acts in a row before other clients get a turn.
TURN: Final = 8

#: Bytes given to a connection at a time: to cut them into frames takes time, too.
_PIECE: Final = 2**13

#: Bytes that wait to be answered before reading pauses.
_INBOX: Final = 2**16

#: Bytes that are to be written later before no more requests are answered.
_MOST_LATER: Final = 2**22

#: Makes the end of a socket a reset; the field sizes are those of the platform.
_RESET: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Served(asyncio.Protocol):
    """A client that is served.

    Args:
        shared: what it has in common with the others.
    """

    __slots__ = (
        "_acts", "_address", "_connection", "_credit", "_credit_at", "_ended", "_free", "_held", "_inbox",
        "_later", "_loop", "_number", "_peer", "_reading", "_shared", "_throttled", "_timers",
        "_transport", "_turn_at", "_udp",
    )  # fmt: skip

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._acts: Iterator[Act] = iter(())
        self._inbox = bytearray()
        self._free = True  # what comes can be answered at once
        self._held = False  # the client does not take its answers
        self._reading = True
        self._ended = False  # the client sends no more
        self._later = 0
        self._timers: set[asyncio.TimerHandle] = set()
        self._turn_at: asyncio.Handle | None = None
        self._throttled = False
        self._credit = float(shared.max_bytes_before_login)
        self._credit_at = self._loop.time()
        self._udp: UdpSender | None = None

    # --- what asyncio calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        shared = self._shared
        self._transport = transport
        shared.numbered += 1
        self._number = shared.numbered
        self._address: tuple[Any, ...] = transport.get_extra_info("peername") or ("unknown", 0)
        self._peer = f"{self._address[0]}:{self._address[1]}"
        self._connection = Connection(
            shared.device,
            peer=self._peer,
            number=self._number,
            journal=shared.journal,
            on_message=shared.on_message,
            max_frame=shared.max_frame,
            faults=shared.faults,
            replay=shared.replay,
            steady=shared.steady,
        )
        self._connection.session.stream_to = self._stream_to
        if len(shared.clients) >= shared.max_connections:
            reason = f"{len(shared.clients)} connections are open"
            log.warning("%s: refused, %s", self._peer, reason)
            self._write_down("refused", reason)
            transport.abort()
            return
        shared.clients.add(self)
        log.info("%s: connected", self._peer)
        self._write_down("connected")

    def data_received(self, data: bytes) -> None:
        try:
            if self._shared.tap is not None:
                self._shared.tap(self._address, Direction.REQUEST, data)
            self._credit -= len(data)
            if self._credit < 0:
                self._overdrawn()
            if self._free:
                answer = self._connection.quick(data)
                if answer is not None:
                    self._write(answer)
                    return
            self._inbox += data
            if self._free:
                self._free = False
                self._turn()
            else:
                self._read_or_not()
        except Exception:
            self._fail()

    def eof_received(self) -> bool:
        self._ended = True
        self._close_if_done()
        return True  # a client that only ended its own side still gets every answer

    def pause_writing(self) -> None:
        self._held = True
        self._free = False

    def resume_writing(self) -> None:
        self._held = False
        if self._turn_at is None and not self._free:
            self._turn()

    def connection_lost(self, error: Exception | None) -> None:
        self._stop()
        if self not in self._shared.clients:
            return
        self._shared.clients.discard(self)
        reason = f"lost: {error}" if error else ""
        log.info("%s: %s", self._peer, reason or "closed")
        try:
            self._connection.close()
            if self._udp is not None:
                self._udp.close()
            self._write_down("closed", reason)
            if self._shared.tap is not None:
                self._shared.tap(self._address, Direction.REQUEST, b"")
        except Exception:
            log.exception("%s: ending it failed", self._peer)

    # --- doing acts -----------------------------------------------------------------------------

    def _turn(self) -> None:
        """Do what is to be done: some of it now, the rest when the other clients had their turn."""
        self._turn_at = None
        try:
            for _ in range(TURN):
                if self._held or self._later > _MOST_LATER or self._transport.is_closing():
                    return
                act = next(self._acts, None)
                if act is None:
                    if not self._inbox:
                        self._free = True
                        self._close_if_done()
                        return
                    piece = bytes(self._inbox[:_PIECE])
                    del self._inbox[:_PIECE]
                    self._acts = self._connection.acts(piece)
                    self._read_or_not()
                elif isinstance(act, Send):
                    self._write(act.data)
                elif isinstance(act, Wait):
                    self._turn_at = self._after(act.seconds, self._turn)
                    return
                elif isinstance(act, Later):
                    self._write_later(act)
                else:
                    self.end(reset=act.reset)
                    return
        except Exception:
            self._fail()
            return
        self._turn_at = self._loop.call_soon(self._turn)

    def _write(self, data: bytes) -> None:
        # Told first: what a client has got was recorded, even if the spoofer is killed right after it.
        if self._shared.tap is not None:
            self._shared.tap(self._address, Direction.FEEDBACK, data)
        self._transport.write(data)

    def _write_later(self, act: Later) -> None:
        self._later += len(act.data)

        def write() -> None:
            self._later -= len(act.data)
            try:
                self._write(act.data)
                if self._turn_at is None and not self._free:
                    self._turn()
                self._close_if_done()
            except Exception:
                self._fail()

        self._after(act.seconds, write)

    def _after(self, seconds: float, function: Callable[[], None]) -> asyncio.TimerHandle:
        """Call a function after some time, unless the client is gone by then."""

        def call() -> None:
            self._timers.discard(timer)
            function()

        timer = self._loop.call_later(seconds, call)
        self._timers.add(timer)
        return timer

    def _stream_to(self, stream: Stream | None) -> tuple[str, int] | None:
        """Send a stream by UDP; see `spoofer.serving.udp.StreamTo`."""
        if self._udp is None:
            self._udp = UdpSender(anywhere=self._shared.udp_anywhere)
        return self._udp.stream(stream)

    def _write_down(self, event: str, reason: str = "") -> None:
        if self._shared.journal is not None:
            self._shared.journal.write(event, connection=self._number, peer=self._peer, reason=reason)

    # --- reading, or not ------------------------------------------------------------------------

    def _overdrawn(self) -> None:
        """More bytes came than the credit allows: add what was earned since, or pause until it is enough.

        Bytes before a login only: whoever has logged in is not limited.
        """
        if self._connection.session.username is not None:
            self._credit = float("inf")
            return
        rate = self._shared.max_bytes_before_login
        now = self._loop.time()
        self._credit = min(rate, self._credit + (now - self._credit_at) * rate)
        self._credit_at = now
        if self._credit < 0 and not self._throttled:
            self._throttled = True
            log.info("%s: held back, more than %d bytes per second before a login", self._peer, rate)
            self._after(-self._credit / rate, self._unthrottle)
            self._read_or_not()

    def _unthrottle(self) -> None:
        self._throttled = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        wanted = not self._throttled and len(self._inbox) < _INBOX
        if wanted is self._reading or self._transport.is_closing():
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    # --- the end --------------------------------------------------------------------------------

    def _close_if_done(self) -> None:
        if self._ended and self._free and not self._later:
            self._transport.close()

    def _fail(self) -> None:
        log.exception("%s: closed, because answering failed", self._peer)
        self._write_down("error", "answering failed; the log has the cause")
        self.abort()

    def _stop(self) -> None:
        """Do nothing more that was to be done."""
        self._free = False
        self._acts = iter(())
        self._inbox.clear()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._turn_at is not None:
            self._turn_at.cancel()

    def end(self, *, reset: bool = False) -> None:
        """End the connection: with what is written already, or at once with a reset."""
        self._stop()
        if not reset:
            self._transport.close()
            return
        with suppress(OSError, AttributeError):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def abort(self) -> None:
        """End the connection at once; what the client has not taken by now is not waited for."""
        self._stop()
        self._transport.abort()
