"""Why no connection came about, and why one ended, in one clear sentence. No protocol."""

from __future__ import annotations

import socket

from cti_schema.errors import ConnectError

__all__ = ["no_connection", "why_lost"]


def no_connection(address: str, host: str, error: Exception, timeout_s: float) -> ConnectError:
    """Return the error for a connection that was not made."""
    if isinstance(error, (socket.gaierror, UnicodeError)):
        reason = f"the host name {host!r} is not known"
    elif isinstance(error, ConnectionRefusedError):
        reason = "nothing listens there (connection refused)"
    elif isinstance(error, TimeoutError):
        reason = f"no answer within {timeout_s:g} s"
    else:
        reason = getattr(error, "strerror", None) or str(error)
    return ConnectError(f"no connection to {address}: {reason}")


def why_lost(error: Exception | None) -> str:
    """Return why a connection ended."""
    if error is None:
        return "the cycler closed the connection"
    if isinstance(error, TimeoutError):
        return "the connection was dropped, because the cycler took no more bytes"
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"the connection broke ({reason})"
