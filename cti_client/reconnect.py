"""Coming back after a lost connection: when it is tried, who logs in, and that it is the same cycler.

Nothing here sends a request of the user's. What may be asked again and what may not is decided where
requests are sent (`cti_client.asking`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cti_client.credentials import Secret
from cti_client.peer import Call, Open, Peer, Sleep, Wait
from cti_schema.errors import (
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    DifferentCycler,
    LoginRefused,
    ResponseTimeout,
)

__all__ = ["Reconnect", "Standing", "login_again", "policy_of", "restored"]


@dataclass(frozen=True, slots=True)
class Reconnect:
    """When a lost connection is tried again: after a delay that doubles with each failure.

    Each delay is between half of it and all of it, by chance, so that many programs that lost their cyclers
    at the same moment do not come back at the same moment.

    Args:
        first_delay_s: seconds before the second attempt; the first is made at once.
        most_delay_s: no delay is longer.
        random: returns a number from 0 to 1.

    Raises:
        ConfigurationError: a delay is no finite number above 0, or they are the wrong way round.
    """

    first_delay_s: float = 0.5
    most_delay_s: float = 10.0
    random: Callable[[], float] = field(default=random.random, repr=False)

    def __post_init__(self) -> None:
        for name in ("first_delay_s", "most_delay_s"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise ConfigurationError(f"{name}: {value!r} is no number of seconds above 0")
        if self.first_delay_s > self.most_delay_s:
            raise ConfigurationError("first_delay_s is longer than most_delay_s")

    def delay_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        longest = min(self.most_delay_s, self.first_delay_s * 2.0 ** min(failures - 1, 60))
        return longest * (0.5 + 0.5 * self.random())


@dataclass(slots=True)
class Standing:
    """What is needed to come back, kept in memory and shown nowhere.

    Attributes:
        policy: when to try again; ``None``: once each time that the connection is needed.
        wanted: the connection is to be there: it was opened and not closed on purpose.
        credentials: who logs in.
        greeting: what the cycler said at the last login that succeeded.
        failures: attempts in a row that came to nothing.
        not_before: when the next one may be made.
        proved: something was answered since the connection was made.
        last_lost: the session whose loss was counted last.
        busy: a call is at it.
    """

    policy: Reconnect | None
    wanted: bool = False
    credentials: tuple[str, Secret] | None = field(default=None, repr=False)
    greeting: Any = None
    failures: int = 0
    not_before: float = -math.inf
    proved: bool = True
    last_lost: object = field(default=None, repr=False)
    busy: bool = False

    @property
    def comes_back(self) -> bool:
        """Whether what was lost is asked for again on a new connection."""
        return self.wanted and self.policy is not None

    def open(self) -> None:
        """The connection is to be there from now on."""
        self.wanted = True
        self.worked()

    def close(self) -> None:
        """The connection is to be there no more, and nobody is to be logged in."""
        self.wanted = False
        self.credentials = self.greeting = None

    def failed(self, now: float) -> None:
        """Count a failure, and put off the next attempt."""
        self.failures += 1
        if self.policy is not None:
            self.not_before = now + self.policy.delay_s(self.failures)

    def lost(self, session: object, now: float) -> None:
        """Count the loss of a connection as a failure, once, unless it had been of use."""
        if session is self.last_lost:
            return
        self.last_lost = session
        if self.proved:
            self.proved = False
        else:
            self.failed(now)

    def worked(self) -> None:
        """Forget the failures."""
        self.failures = 0
        self.not_before = -math.inf
        self.proved = True


def policy_of(reconnect: bool | Reconnect) -> Reconnect | None:
    """Return when a cycler comes back, or ``None`` for one that does not.

    Raises:
        ConfigurationError: it is neither a yes or no nor a policy.
    """
    if isinstance(reconnect, Reconnect):
        return reconnect
    if not isinstance(reconnect, bool):
        raise ConfigurationError(f"reconnect: {reconnect!r} is neither True nor False nor a Reconnect")
    return Reconnect() if reconnect else None


#: Returns a call that logs in on the connection as it is, before a deadline.
LogIn = Callable[[Peer, str, str, float], Call[Any]]


def restored(peer: Peer, deadline: float, log_in: LogIn) -> Call[bool]:
    """Bring the connection back if it is gone and may come back, and tell whether it was brought back.

    Raises:
        ConnectError: it did not come back before the deadline.
        DifferentCycler: another cycler answered. Nothing is tried again after that.
        LoginRefused: the cycler does not take the login any more. Nothing is tried again after that.
    """
    standing = peer._standing
    if standing is None or not standing.wanted:
        return False
    while standing.busy:
        if peer.clock() >= deadline:
            raise ConnectError(f"no connection to {peer.address} yet: it is still being restored")
        yield Wait(deadline)
    if peer.connected or not standing.wanted:
        return False
    standing.busy = True
    try:
        yield from _restore(peer, standing, deadline, log_in)
    finally:
        standing.busy = False
        peer._wake()
    return True


def _restore(peer: Peer, standing: Standing, deadline: float, log_in: LogIn) -> Call[None]:
    reason = ""
    while True:
        if standing.not_before > peer.clock():
            if standing.not_before >= deadline:
                wait_s = standing.not_before - peer.clock()
                raise ConnectError(
                    reason or f"no connection to {peer.address}: the next attempt is in {wait_s:.1f} s"
                )
            yield Sleep(standing.not_before)
        if not standing.wanted:
            raise ConnectionLost("the connection was closed")
        try:
            yield Open(min(deadline, peer.clock() + peer.connect_timeout_s))
            if not standing.wanted:
                # It was closed in the meantime.
                peer._drop("the connection was closed")
            yield from login_again(peer, standing, deadline, log_in)
            return
        except (LoginRefused, DifferentCycler) as error:
            standing.wanted = False
            peer._drop(str(error))
            raise
        except (ConnectError, ConnectionLost, ResponseTimeout) as error:
            reason = str(error)
            peer._drop(reason)
            standing.failed(peer.clock())
            if standing.policy is None:
                raise


def login_again(peer: Peer, standing: Standing, deadline: float, log_in: LogIn) -> Call[None]:
    """Log in as before, where somebody was logged in, and see that it is the same cycler."""
    if standing.credentials is None:
        return
    user, password = standing.credentials
    before = standing.greeting
    after = yield from log_in(peer, user, password.reveal(), deadline)
    expected, found = (getattr(one, "serial_number", None) or "" for one in (before, after))
    if before is not None and expected != found:
        raise DifferentCycler(
            f"{peer.address} is another cycler now: its serial number was {expected!r}, and is {found!r}; "
            "the connection was closed",
            expected,
            found,
        )
    standing.greeting = after
