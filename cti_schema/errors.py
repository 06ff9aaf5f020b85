"""Every exception that the toolkit raises on purpose.

A peer's bad bytes and a user's bad input end in one of these; any other exception out of the
toolkit is a defect. Nothing here knows how the errors come about.

::

    CTIError
    ├── DeclarationError          a message is declared wrongly; raised when it is imported
    ├── UnknownNameError          no message, field or value of that name (names the nearest)
    ├── DecodeError               bytes that are not what they claim to be; carries the Problem
    │   └── FrameError            already the frame is wrong: token, length, end of data
    │       └── ChecksumError     the frame is whole, its checksum is not
    ├── EncodeError               a value that does not fit its field; carries the path
    ├── CaptureError              a file that cannot be read as a capture
    ├── InputError                frames or JSON that were given are not what they should be; names the place
    ├── ConfigurationError        an option, an argument or a setting that makes no sense
    └── ClientError               talking to a cycler
        ├── ConnectError          no connection could be made
        ├── ConnectionLost        the connection ended while something was still wanted
        ├── ResponseTimeout       a query was not answered before its deadline
        ├── OutcomeUnknown        a control request was sent and its outcome is not known
        ├── NotLoggedIn           the call needs a login first
        ├── LoginRefused          user name or password were not accepted
        ├── CommandUnsupported    the cycler answered with its unknown-command feedback
        └── ResultError           the cycler answered with a result that is not success
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_schema.problems import Problem

__all__ = [
    "CTIError",
    "CaptureError",
    "ChecksumError",
    "ClientError",
    "CommandUnsupported",
    "ConfigurationError",
    "ConnectError",
    "ConnectionLost",
    "DeclarationError",
    "DecodeError",
    "EncodeError",
    "FrameError",
    "InputError",
    "LoginRefused",
    "NotLoggedIn",
    "OutcomeUnknown",
    "ResponseTimeout",
    "ResultError",
    "UnknownNameError",
]


class CTIError(Exception):
    """Base of every error that the toolkit raises on purpose."""


class DeclarationError(CTIError):
    """A message declaration breaks a rule of the declaration language."""


class UnknownNameError(CTIError):
    """No message, field or enumeration value has the name that was asked for.

    Attributes:
        name: the name asked for.
        nearest: the known name that looks most like it, or ``None``.
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        close = difflib.get_close_matches(name, list(known), n=1)
        self.nearest = close[0] if close else None
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        super().__init__(f"unknown {what} {name!r}{hint}")


class DecodeError(CTIError):
    """Bytes that do not decode.

    Attributes:
        problem: what is wrong, with the path of the field and the offset in the frame.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


class FrameError(DecodeError):
    """The bytes are not one whole frame: no token, an impossible length, or an early end."""


class ChecksumError(FrameError):
    """The frame is whole, but its checksum does not match its bytes."""


class EncodeError(CTIError):
    """A value does not fit the field that it was given for.

    Attributes:
        path: the field, for example ``channels[0].test_name``.
        reason: what does not fit, with the limit and the size of the value.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)


class CaptureError(CTIError):
    """A file cannot be read as a capture."""


class InputError(CTIError):
    """Frames or JSON that were given are not what they should be. The sentence names the place."""


class ConfigurationError(CTIError, ValueError):
    """An option, an argument or a setting makes no sense."""


class ClientError(CTIError):
    """Talking to a cycler did not work."""


class ConnectError(ClientError):
    """No connection to the cycler could be made."""


class ConnectionLost(ClientError):
    """The connection to the cycler ended while something was still wanted."""


class ResponseTimeout(ClientError):
    """A query was not answered before its deadline. Asking again does no harm."""


class OutcomeUnknown(ClientError):
    """A control request was sent, but whether it took effect is not known.

    It is never sent again by itself. Read the channel to find out.

    Attributes:
        request: the request that was sent.
        feedbacks: the answers that came all the same, where several were to come.
    """

    def __init__(self, request: Any, reason: str, feedbacks: Iterable[Any] = ()) -> None:
        self.request = request
        self.feedbacks = list(feedbacks)
        super().__init__(
            f"the outcome of {type(request).spec.name} is not known ({reason}); it was not sent again: "
            "read the channel to find out whether it took effect"
        )


class NotLoggedIn(ClientError):
    """The call needs a login first."""


class LoginRefused(ClientError):
    """The cycler did not accept the user name or the password.

    Attributes:
        result: the result code of the login feedback.
    """

    def __init__(self, message: str, result: int) -> None:
        self.result = result
        super().__init__(message)


class CommandUnsupported(ClientError):
    """The cycler does not know the command: it answered with the unknown-command feedback."""


class ResultError(ClientError):
    """The cycler answered with a result that is not success.

    Attributes:
        request: the request that was sent.
        feedback: the feedback that carries the result.
        result: the result code, an enumeration value with a ``meaning``.
        channel: one-based channel, or ``None`` where the result is about no single channel.
    """

    def __init__(
        self, message: str, *, request: Any, feedback: Any, result: int, channel: int | None
    ) -> None:
        self.request = request
        self.feedback = feedback
        self.result = result
        self.channel = channel
        super().__init__(message)
