"""What a connection does with its socket, as data: a shell carries it out, a test looks at it.

A connection that is not disturbed only sends. Everything else comes from faults.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes, as one write.

    Attributes:
        data: the bytes.
    """

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass before anything else happens on this connection.

    Attributes:
        seconds: how much.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Later:
    """Write these bytes after some time, while everything else goes on.

    Attributes:
        seconds: after how much time.
        data: the bytes.
    """

    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """End the connection.

    Attributes:
        reset: abort it, so that the peer sees a reset; else close it, after everything has been written.
    """

    reset: bool = False


#: What a connection may do.
Act = Send | Wait | Later | End
