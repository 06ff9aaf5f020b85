"""What a spoofer says and hears, to a capture file: joins the two, which know nothing of each other.

One rule: recording never disturbs what is recorded. When the file cannot be written any more, that is said
once, and the rest goes unrecorded.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cti_client.capture import CaptureWriter, Endpoint
from cti_schema.message import Direction

if TYPE_CHECKING:
    from cti_client.capture import WrittenConnection


class Recorder:
    """Writes what comes and goes to a capture file, each piece at once.

    Args:
        file: the capture, which is overwritten.
        server: where the clients connect to: host and port.
        clock: Unix time in seconds, UTC.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(
        self, file: str, server: Callable[[], tuple[str, int]], clock: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._server = server
        self._clock = clock
        self._writer: CaptureWriter | None = CaptureWriter(file)
        self._connections: dict[tuple[Any, ...], WrittenConnection] = {}

    def __call__(self, client: tuple[Any, ...], direction: Direction, data: bytes) -> None:
        """Write what a client sent or got; without data its connection has ended."""
        if self._writer is None:
            return
        try:
            self._write(self._writer, client, direction, data)
        except OSError as error:
            click.echo(f"Warning: {self._file} is recorded no further: {error.strerror or error}", err=True)
            self.close()

    def _write(
        self, writer: CaptureWriter, client: tuple[Any, ...], direction: Direction, data: bytes
    ) -> None:
        now = self._clock()
        if not data:
            ended = self._connections.pop(client, None)
            if ended is not None:
                ended.close(now)
            return
        connection = self._connections.get(client)
        if connection is None:
            ends = Endpoint(client[0], client[1]), Endpoint(*self._server())
            connection = self._connections[client] = writer.connection(*ends, now)
        if direction is Direction.REQUEST:
            connection.client_sent(data, now)
        else:
            connection.server_sent(data, now)

    def close(self) -> None:
        """End the file. A second call does nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except OSError as error:
                click.echo(f"Warning: the end of {self._file} is lost: {error.strerror or error}", err=True)
