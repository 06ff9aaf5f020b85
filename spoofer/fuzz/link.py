"""A connection to the server that is fuzzed: every wait has a deadline, every byte is written down."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from cti_schema.message import Direction
from cti_schema.wire.buffer import Frame, FrameBuffer

#: Between two sends, so that the server reads them apart, in seconds.
APART_S = 0.001

#: Between all sends of a step together, in seconds.
ALL_APART_S = 0.01

#: How long a server may not take what is sent to it, in seconds: then no more is sent.
BLOCKED_S = 0.25

#: An answer may come in pieces for so many deadlines.
_LONGEST = 10

_MOST = 1 << 18


class Gone(Exception):
    """A server does not answer as it must; the text says what it did.

    Attributes:
        late: because of a deadline.
    """

    def __init__(self, text: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(text)


class Chunk(NamedTuple):
    """Bytes that went over a connection: when (Unix time in seconds), which way, and what."""

    time: float
    direction: Direction
    data: bytes


class Link:
    """A connection.

    Args:
        host: where to.
        port: TCP port.
        deadline_s: how long each answer may take.

    Attributes:
        data: all that came.
        frames: the frames in it.
        ended: how the server ended it: ``"closed"``, ``"reset"``, or empty.
        late: a deadline passed.
        traffic: all that went either way.
        port: the own one.
    """

    def __init__(self, host: str, port: int, deadline_s: float) -> None:
        self._socket = socket.create_connection((host, port), timeout=deadline_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.deadline_s = deadline_s
        self.traffic: list[Chunk] = []
        self._buffer = FrameBuffer(Direction.FEEDBACK)
        self.data = bytearray()
        self.frames: list[Frame] = []
        self.ended = ""
        self.late = False

    def forget(self) -> None:
        """Forget what came so far; what went stays written down."""
        self._buffer = FrameBuffer(Direction.FEEDBACK)
        self.data = bytearray()
        self.frames = []
        self.late = False

    def let_go(self) -> None:
        """Forget all that went and came, so that no memory is needed for it."""
        self.forget()
        self.traffic.clear()

    def send(self, segments: Sequence[bytes], *, read: bool = True) -> bool:
        """Send, each segment for itself, and tell whether all of it was taken.

        Args:
            segments: what is sent.
            read: take what comes meanwhile; else it stays where it is.
        """
        apart = min(APART_S, ALL_APART_S / len(segments)) if segments else 0.0
        for number, segment in enumerate(segments):
            if number:
                time.sleep(apart)
            if not self._send(segment, read):
                return False
        return True

    def _send(self, data: bytes, read: bool) -> bool:
        view = memoryview(data)
        until = time.monotonic() + BLOCKED_S
        while view and not self.ended:
            try:
                sent = self._socket.send(view)
            except (BlockingIOError, InterruptedError):
                if time.monotonic() > until:
                    break
                self._wait(BLOCKED_S, read=read, write=True)
                if read:
                    self._take()
                continue
            except OSError:
                self.take()  # what came before the end
                self.ended = self.ended or "reset"
                break
            until = time.monotonic() + BLOCKED_S
            view = view[sent:]
        went = data[: len(data) - len(view)]
        if went:
            self.traffic.append(Chunk(time.time(), Direction.REQUEST, bytes(went)))
        return not view

    def _wait(self, seconds: float, *, read: bool = True, write: bool = False) -> bool:
        readable, writable, _ = select.select(
            [self._socket] if read else [], [self._socket] if write else [], [], max(0.0, seconds)
        )
        return bool(readable or writable)

    def _take(self) -> bool:
        """Take what is there; tell whether something was."""
        try:
            data = self._socket.recv(_MOST)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self.ended = "reset"
            return False
        if not data:
            self.ended = "closed"
            return False
        self.traffic.append(Chunk(time.time(), Direction.FEEDBACK, data))
        self.data += data
        self.frames += self._buffer.feed(data)
        return True

    def take(self) -> None:
        """Take all that is there already."""
        while not self.ended and self._take():
            pass

    def receive_frames(
        self, count: int, *, until_last: Callable[[bytes], bool] | None = None, most: int = 1 << 62
    ) -> list[Frame]:
        """Wait until so many frames have come in all, the connection ends, or the deadline passes.

        Args:
            count: how many.
            until_last: in their place: the last one is what is waited for.
            most: so many bytes are enough, too.
        """
        until = time.monotonic() + self.deadline_s
        at_last = until + _LONGEST * self.deadline_s
        while not self.ended:
            if until_last is not None:
                if self.frames and until_last(self.frames[-1]):
                    break
            elif len(self.frames) >= count or len(self.data) >= most:
                break
            left = until - time.monotonic()
            if left <= 0 or not self._wait(left):
                self.late = True
                break
            if self._take():  # an answer of many pieces may take its time, as long as it goes on
                until = min(at_last, time.monotonic() + self.deadline_s)
        return self.frames

    def receive_rest(self, seconds: float) -> None:
        """Say that no more is sent, and take what comes until the server ends it, too, or for so long."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.ended = self.ended or "reset"
        self.receive_quietly(seconds)

    def receive_quietly(self, seconds: float) -> None:
        """Take what comes until the server ends the connection, or for so long."""
        until = time.monotonic() + seconds
        while not self.ended:
            left = until - time.monotonic()
            if left <= 0 or not self._wait(left):
                break
            self._take()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
