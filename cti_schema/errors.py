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
    ├── FileRefused               a path, a name or a size that the spoofer's file area does not take
    ├── ConfigurationError        an option, an argument or a setting that makes no sense
    │   └── ScenarioError         a scenario, or a file of the spoofer: names file, line and key
    └── ClientError               talking to a cycler
        ├── ClosedLoopError       a closed loop cannot go on
        │   ├── LimitError        a value is outside of the loop's limits; it was not sent
        │   ├── LoopLate          too much time has passed since the last value
        │   └── NotRunning        the channel does not run the loop's test any more
        ├── ConnectError          no connection could be made
        ├── ConnectionLost        the connection ended while something was still wanted
        ├── DifferentCycler       after a reconnect another cycler answered
        ├── ResponseTimeout       a query was not answered before its deadline
        ├── OutcomeUnknown        a control request was sent and its outcome is not known
        ├── NotLoggedIn           the call needs a login first
        ├── LoginRefused          user name or password were not accepted
        ├── CommandUnsupported    the cycler answered with its unknown-command feedback
        ├── ResultError           the cycler answered with a result that is not success
        └── TransferError         a file did not come or go whole
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cti_schema.problems import Problem

__all__ = [
    "CTIError",
    "CaptureError",
    "ChecksumError",
    "ClientError",
    "ClosedLoopError",
    "CommandUnsupported",
    "ConfigurationError",
    "ConnectError",
    "ConnectionLost",
    "DeclarationError",
    "DecodeError",
    "DifferentCycler",
    "EncodeError",
    "FileRefused",
    "FrameError",
    "InputError",
    "LimitError",
    "LoginRefused",
    "LoopLate",
    "NotLoggedIn",
    "NotRunning",
    "OutcomeUnknown",
    "ResponseTimeout",
    "ResultError",
    "ScenarioError",
    "TransferError",
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


class FileRefused(CTIError):
    """The spoofer's file area does not do what it is asked for.

    Attributes:
        reason: which rule says so: a member of `spoofer.files.folder.Reason`.
    """

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class ConfigurationError(CTIError, ValueError):
    """An option, an argument or a setting makes no sense."""


class ScenarioError(ConfigurationError):
    """A scenario, or another file of the spoofer, is not what it should be.

    Attributes:
        path: the key: names, and zero-based indices of lists; empty for the whole file.
        reason: what is wrong, and what is allowed.
        file: the file, where it came from one.
        line: one-based line of the file, where that can be told.
    """

    def __init__(
        self, path: Iterable[str | int], reason: str, *, file: str | None = None, line: int | None = None
    ) -> None:
        self.path = tuple(path)
        self.reason = reason
        self.file = file
        self.line = line
        place = [file or "", f"line {line}" if line else ""]
        where = ", ".join(part for part in (*place, self.key) if part)
        super().__init__(f"{where}: {reason}" if where else reason)

    @property
    def key(self) -> str:
        """The path as it is written: ``faults[1].seconds``."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return "".join(steps).removeprefix(".")


class ClientError(CTIError):
    """Talking to a cycler did not work."""


class ClosedLoopError(ClientError):
    """A closed loop cannot go on. Leaving it stops the channel or sets the safe value."""


class LimitError(ClosedLoopError, ValueError):
    """A closed loop was given a value outside of its limits, or one that is no number; it was not sent."""


class LoopLate(ClosedLoopError):
    """Too much time has passed since a closed loop set its last value."""


class NotRunning(ClosedLoopError):
    """The channel does not run the test any more that a closed loop was made for."""


class ConnectError(ClientError):
    """No connection to the cycler could be made."""


class ConnectionLost(ClientError):
    """The connection to the cycler ended while something was still wanted."""


class DifferentCycler(ClientError):
    """After a reconnect a cycler with another serial number answered. The connection was closed.

    Attributes:
        expected: serial number of the cycler before.
        found: that of the one that answered.
    """

    def __init__(self, message: str, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(message)


class ResponseTimeout(ClientError):
    """A query was not answered before its deadline. Asking again does no harm."""


class OutcomeUnknown(ClientError):
    """A control request was sent, but whether it took effect is not known.

    It is never sent again by itself. Read the channel to find out, or call `resolve`, which does.

    Attributes:
        request: the request that was sent.
        feedbacks: the answers that came all the same: some of several, or too late.
    """

    _ask: Callable[[OutcomeUnknown, float | None], Any] | None = None

    def __init__(self, request: Any, reason: str, feedbacks: Iterable[Any] = ()) -> None:
        self.request = request
        self.feedbacks = list(feedbacks)
        super().__init__(
            f"the outcome of {type(request).spec.name} is not known ({reason}); it was not sent again: "
            "read the channel to find out whether it took effect"
        )

    def resolve(self, timeout_s: float | None = None) -> Any:
        """Read what tells whether the request took effect, and return it; nothing is sent again.

        Returns:
            A `cti_client.resolving.Resolution`; from an asyncio client, what gives one when awaited.

        Raises:
            ClientError: the cycler could not be read; ask again.
        """
        if self._ask is None:
            raise ClientError("this error does not come from a client that could ask")
        return self._ask(self, timeout_s)


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


class TransferError(ClientError):
    """A file did not come or go whole: a piece is missing, out of order, or not what its MD5 says."""


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
