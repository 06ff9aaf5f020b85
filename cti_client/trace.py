"""Recording what a client sends and receives as a capture, without passwords. It never disturbs the client.

The bytes and their times are real but for secrets: in a request that has one, ``***`` stands in its place,
and the checksum fits. The TCP around it is made up, and the file says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from cti_client.capture import CaptureWriter, Endpoint, WrittenConnection
from cti_schema.errors import ConfigurationError, CTIError
from cti_schema.message import Direction
from cti_schema.wire.codec import decode, encode

__all__ = ["Recorder", "Trace", "without_secrets"]

log: Final = logging.getLogger("cti_client.trace")

Tap = Callable[[Direction, bytes], None]

#: What a secret becomes.
HIDDEN: Final = "***"

#: Made-up ports of the client's side begin here, where systems take theirs from.
_FIRST_PORT: Final = 49152


class Trace:
    """A capture file that connections are recorded in. The file is opened with the first one.

    Args:
        path: the file; what is there is overwritten.
        clock: returns Unix time in seconds.
    """

    def __init__(self, path: Path | str, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(path)
        self._clock = clock
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None
        self._writer: CaptureWriter | None = None
        self._connections = 0

    def connection(self, host: str, port: int, tap: Tap | None = None) -> Recorder:
        """Return what records a new connection.

        Args:
            host: the cycler's.
            port: the cycler's.
            tap: is told everything too, as it is.

        Raises:
            ConfigurationError: the file cannot be written.
        """
        with self._lock:
            try:
                if self._writer is None:
                    # Opened again after `close`, it goes on behind what is there, in a section of its own.
                    self._stream = self.path.open("ab" if self._connections else "wb")
                    self._writer = CaptureWriter(self._stream)
                client = Endpoint("client", _FIRST_PORT + self._connections % 16384)
                written = self._writer.connection(client, Endpoint(host, port), self._clock())
            except OSError as error:
                self._close()
                raise ConfigurationError(
                    f"cannot record in {self.path}: {error.strerror or error}"
                ) from error
            self._connections += 1
        return Recorder(written, self._lock, self._clock, tap)

    def close(self) -> None:
        """End the file."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        stream, self._stream, self._writer = self._stream, None, None
        if stream is not None:
            with suppress(OSError):
                stream.close()


class Recorder:
    """Records one connection; made by `Trace.connection`. A tap of a session."""

    def __init__(
        self, written: WrittenConnection, lock: threading.Lock, clock: Callable[[], float], tap: Tap | None
    ) -> None:
        self._written: WrittenConnection | None = written
        self._lock = lock
        self._clock = clock
        self._tap = tap

    def __call__(self, direction: Direction, data: bytes) -> None:
        if self._tap is not None:
            self._tap(direction, data)
        if direction is Direction.REQUEST:
            data = without_secrets(data)
            self._write(lambda written: written.client_sent(data, self._clock()))
        else:
            self._write(lambda written: written.server_sent(data, self._clock()))

    def close(self) -> None:
        """The connection has ended."""
        self._write(lambda written: written.close(self._clock()))
        self._written = None

    def _write(self, write: Callable[[WrittenConnection], None]) -> None:
        with self._lock:
            if self._written is None:
                return
            try:
                write(self._written)
            except (OSError, ValueError) as error:
                # A full disk must not stop what the client does to a cell.
                self._written = None
                log.warning("recording has ended: %s", error)


def without_secrets(frame: bytes) -> bytes:
    """Return the frame of a request with its secrets hidden, and as it is where there are none."""
    try:
        message = decode(frame, Direction.REQUEST, strict=False).message
    except CTIError:
        return frame
    secrets = [kind.name for kind, value in message.present() if kind.secret and value]
    for name in secrets:
        setattr(message, name, HIDDEN)
    return encode(message) if secrets else frame
