"""A cycler and a channel as calls see them, and what a call is. No sockets, no messages.

A call is a generator. It yields what must happen on the connection, a `Step`, and returns its result; the
shells (`cti_client.client`, `cti_client.aio`) only do what it yields. Calls are composed with ``yield from``.
"""

from __future__ import annotations

import inspect
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from cti_client.channels import credible, index_of
from cti_client.session import Session
from cti_schema.enums import CtiVersion
from cti_schema.errors import ClientError, ConfigurationError, ConnectionLost, NotLoggedIn, OutcomeUnknown
from cti_schema.message import Feedback

if TYPE_CHECKING:
    from cti_client.connecting import Clock
    from cti_client.reconnect import Standing

__all__ = [
    "Call",
    "ChannelPeer",
    "F",
    "Open",
    "P",
    "Peer",
    "R",
    "S",
    "Send",
    "Sleep",
    "Step",
    "T",
    "Wait",
    "document",
    "valid_port",
    "valid_timeout",
]


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes, and be done with it before a point in time on the session's clock."""

    data: bytes
    until: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait until bytes came and the session has them, or until a point in time."""

    until: float


@dataclass(frozen=True, slots=True)
class Open:
    """Make a new connection and session before a point in time; raises `ConnectError` into the call."""

    until: float


@dataclass(frozen=True, slots=True)
class Sleep:
    """Let time pass until a point in time."""

    until: float


#: What a call asks its shell for.
Step = Send | Wait | Open | Sleep

T = TypeVar("T")
F = TypeVar("F", bound=Feedback)

#: Something to be done on a connection, which ends in a ``T``. A `Wait` is answered with whether bytes came.
Call = Generator[Step, bool, T]

#: Seconds that a new connection may take.
CONNECT_S: Final = 5.0


class Peer(ABC):
    """A cycler as the calls see it.

    Attributes:
        host: name or address.
        port: TCP port.
        timeout_s: seconds that an answer may take, where a call says nothing else.
        connect_timeout_s: seconds that a new connection may take.
    """

    def __init__(
        self,
        host: str,
        port: int,
        timeout_s: float,
        connect_timeout_s: float = CONNECT_S,
        standing: Standing | None = None,
    ) -> None:
        self.host = _host(host)
        self.port = valid_port(port)
        self.timeout_s = valid_timeout(timeout_s)
        self.connect_timeout_s = valid_timeout(connect_timeout_s)
        self._session: Session | None = None
        #: The time of a link that has its own; ``None``: the system's.
        self._own_clock: Clock | None = None
        #: What is needed for coming back after the connection was lost; ``None``: nothing comes back.
        self._standing = standing
        #: Who keeps what a login needs, for coming back and for a connection of its own for files.
        self._standings = [] if standing is None else [standing]

    def clock(self) -> float:
        """Return the time that deadlines are on, in seconds."""
        return time.monotonic() if self._own_clock is None else self._own_clock()

    @property
    def session(self) -> Session:
        """The session of the connection.

        Raises:
            ConnectionLost: there is no connection yet.
        """
        if self._session is None:
            raise ConnectionLost(f"there is no connection to {self.address}: call connect() first")
        return self._session

    @property
    def address(self) -> str:
        """Host and port, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._session is not None and not self._session.closed

    @property
    def logged_in(self) -> bool:
        """Whether the cycler has accepted a login on this connection."""
        return self._session is not None and self._session.logged_in

    @property
    def channel_count(self) -> int:
        """Number of channels.

        Raises:
            NotLoggedIn: it is known from the login on.
        """
        count = self.session.channel_count
        if count is None and self.session.login is None:
            count = getattr(self._greeting, "channel_count", None)
        if count is None:
            raise NotLoggedIn("log in first: how many channels the cycler has is known only then")
        return credible(count)

    @property
    def version(self) -> CtiVersion:
        """Version of the cycler's software by its login feedback; 0 before there is one."""
        return CtiVersion(getattr(self._greeting, "version", 0))

    @property
    def serial_number(self) -> str:
        """Serial number by the login feedback; empty before there is one."""
        return getattr(self._greeting, "serial_number", None) or ""

    @property
    def _greeting(self) -> Any:
        """What the cycler said at the last login; while a new connection is being made, on the old one."""
        greeting = self.session.login
        if greeting is None and self._standing is not None:
            return self._standing.greeting
        return greeting

    @abstractmethod
    def _drop(self, reason: str) -> None:
        """End the connection at once."""

    def _wake(self) -> None:  # noqa: B027 - where calls run one at a time, none waits
        """Wake the calls that wait, because something else than bytes happened."""

    def _resolve(self, error: OutcomeUnknown, timeout_s: float | None) -> Any:
        """Do what `OutcomeUnknown.resolve` does, or return the coroutine that does."""
        raise ClientError(f"{self.address} cannot be asked from here")

    def __repr__(self) -> str:
        state = "logged in" if self.logged_in else "connected" if self.connected else "not connected"
        return f"<{type(self).__module__}.{type(self).__name__} {self.address} {state}>"


class ChannelPeer:
    """One channel of a cycler.

    Attributes:
        cycler: the cycler.
        number: number of the channel, from 1.
    """

    def __init__(self, cycler: Peer, number: int) -> None:
        session = cycler._session
        index_of(number, None if session is None else session.channel_count)
        self.cycler = cycler
        self.number = number

    @property
    def index(self) -> int:
        """The zero-based index on the wire.

        Raises:
            ConfigurationError: the cycler has no such channel.
            NotLoggedIn: how many it has is known from the login on.
        """
        return index_of(self.number, self.cycler.channel_count)

    def __repr__(self) -> str:
        return f"<channel {self.number} of {self.cycler.address}>"


def _host(host: str) -> str:
    if not isinstance(host, str) or not host.strip():
        raise ConfigurationError(f"{host!r} is no host: give a name or an address")
    return host.strip()


def valid_port(port: int) -> int:
    """Return a TCP port.

    Raises:
        ConfigurationError: it is none.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise ConfigurationError(f"{port!r} is no port: give a whole number from 1 to 65535")
    return port


def valid_timeout(timeout_s: float) -> float:
    """Return seconds.

    Raises:
        ConfigurationError: they are no finite number above 0.
    """
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s < math.inf:
        raise ConfigurationError(f"{timeout_s!r} is no timeout: give seconds, more than 0")
    return float(timeout_s)


# What a shell makes a method of a call with.

P = ParamSpec("P")
S = TypeVar("S", bound=Peer | ChannelPeer)
R = TypeVar("R")


def document(method: Callable[..., Any], call: Callable[..., Call[Any]], returns: str) -> None:
    """Give the method that a shell made of a call the call's name, arguments and documentation.

    Args:
        method: the method.
        call: the call.
        returns: what it returns, with ``{}`` in the place of the call's result.
    """
    method.__name__ = call.__name__
    method.__qualname__ = call.__name__
    method.__doc__ = call.__doc__
    signature = inspect.signature(call)
    result = str(signature.return_annotation).removeprefix("Call[").removesuffix("]")
    first, *others = signature.parameters.values()
    parameters = [first.replace(name="self", annotation=inspect.Parameter.empty), *others]
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=returns.format(result)
    )
