"""What both clients keep and decide alike: the settings of a cycler, and the connection of each request.

How bytes are sent and waited for is all that is left to `cti_client.client` and `cti_client.aio`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from cti_client.files import FILES_PORT, files_port
from cti_client.peer import Peer
from cti_client.reconnect import Reconnect, Standing, policy_of
from cti_client.session import Session
from cti_client.trace import Recorder, Trace
from cti_schema.errors import OutcomeUnknown
from cti_schema.message import Direction, Request

__all__ = ["Shell", "Tap"]

#: Is called with the direction and the bytes of everything sent and received, in order.
Tap = Callable[[Direction, bytes], None]

#: What makes connections.
C = TypeVar("C")


class Shell(Peer, Generic[C]):
    """A cycler with everything but the sending and waiting. The arguments are those of `cti_client.Cycler`.

    Attributes:
        files_port: where files go.
    """

    _files: Any = None  # another of the same class, where files have a connection of their own

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float,
        connect_timeout_s: float,
        files_to: int | None,
        reconnect: bool | Reconnect,
        trace: Path | str | None,
        connector: C,
        tap: Tap | None,
    ) -> None:
        policy = policy_of(reconnect)
        super().__init__(host, port, timeout_s, connect_timeout_s, Standing(policy) if policy else None)
        self.files_port = files_port(self.port, files_to)
        self._connector = connector
        self._trace = None if trace is None else Trace(trace)
        self._recorder: Recorder | None = None
        self._tap = tap
        if self.files_port != self.port:
            self._files = self._beside(policy)

    def _beside(self, policy: Reconnect | None) -> Self:
        """Return who talks over the connection for files, which is made when it is first needed."""
        make: Any = type(self)
        other: Self = make(
            self.host,
            self.files_port,
            timeout_s=self.timeout_s,
            connect_timeout_s=self.connect_timeout_s,
            connector=self._connector,
            tap=self._tap,
        )
        other._trace = self._trace
        standing = other._standing = Standing(policy)
        self._standings.append(standing)
        return other

    def _for_files(self) -> Self:
        if self._files is None:
            return self
        if self._files._own_clock is None:
            # Its first deadline is set before it has a link, and must be on the time of that link.
            self._files._own_clock = self._own_clock
        other: Self = self._files
        return other

    def _for(self, message: Request[Any]) -> Self:
        """Return who sends a request."""
        return self._for_files() if message.spec.port == FILES_PORT else self

    def _resolve(self, error: OutcomeUnknown, timeout_s: float | None) -> Any:
        cycler: Any = self
        return cycler.resolve(error, timeout_s)

    def _begin_session(self) -> Session:
        """Begin a session on a new connection, and its recording.

        Raises:
            ConfigurationError: the file for the trace cannot be written.
        """
        if self._trace is not None:
            self._recorder = self._trace.connection(self.host, self.port, self._tap)
        self._session = Session(self.clock, tap=self._recorder or self._tap)
        return self._session

    def _end_session(self, reason: str) -> None:
        """End the session and its recording; the link is the shell's."""
        if self._session is not None:
            self._session.connection_lost(reason)
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
