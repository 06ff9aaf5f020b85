"""The server that is fuzzed: where it is, whether it may be, and whether it is one at all.

Everything here waits with a deadline.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cti_schema.derive.defaults import default, feedback_of
from cti_schema.enums import LoginResult
from cti_schema.errors import ConfigurationError, ConnectError, CTIError, LoginRefused
from cti_schema.message import QUERY, Direction, Message, Request
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.registry import registry
from cti_schema.wire.buffer import FrameBuffer
from cti_schema.wire.codec import decode, encode
from spoofer.fuzz.case import Expect, Part
from spoofer.fuzz.link import Gone, Link
from spoofer.fuzz.oracle import feedback
from spoofer.fuzz.wanted import Fit, Wanted

#: A server that has just been started may need so long for its first answer, in seconds.
FIRST_ANSWER_S = 10.0

#: So many fences are looked for, since a case may have several requests; and so many may stay unanswered.
_FENCES = 8
_UNANSWERED = 4

_UNKNOWN = UnknownCommandFeedback.spec.code.to_bytes(4, "little")


@dataclass(slots=True)
class Fence:
    """A plain request that is answered once, behind which everything before it has been answered.

    Attributes:
        part: the request.
        code: of the feedback that answers it.
    """

    part: Part
    code: bytes

    def is_answered_by(self, frame: bytes) -> bool:
        """Tell whether a frame is the answer to it, by its code."""
        if frame[12:16] == self.code:
            return True
        return frame[12:16] == _UNKNOWN and frame[20:24] == self.part.data[12:16]


@dataclass
class Target:
    """A server.

    Attributes:
        host: its name or address.
        port: its TCP port.
        username: who logs in.
        password: with which password.
        deadline_s: how long each answer may take.
        channel_count: channels of the cycler; known after `greet`.
        fences: requests that it answers; known after `greet`.
    """

    host: str
    port: int
    username: str = "cti"
    password: str = field(default="", repr=False)
    deadline_s: float = 2.0
    channel_count: int = 0
    fences: list[Fence] = field(default_factory=list)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @cached_property
    def login(self) -> bytes:
        """The frame of a valid login."""
        return encode(Login(username=self.username, password=self.password))

    @cached_property
    def hidden_login(self) -> bytes:
        """The same without the password: what is written down."""
        return encode(Login(username=self.username, password=""))

    @cached_property
    def read(self) -> bytes:
        """The frame of a valid read: the first channel."""
        return encode(default(GetChannelsInfo, channel_index=0))

    def connect(self) -> Link:
        """Return a new connection.

        Raises:
            OSError: there is none.
        """
        return Link(self.host, self.port, self.deadline_s)

    def enter(self) -> Link:
        """Return a new connection that has logged in and read a channel: the server lives.

        Raises:
            OSError: it cannot be connected to.
            Gone: it does not answer, or not with what it must.
        """
        return self.entered(self.begin())

    def begin(self) -> Link:
        """Return a new connection by which a login was sent, for `entered`.

        Raises:
            OSError: it cannot be connected to.
        """
        link = Link(self.host, self.port, self.deadline_s)
        link.send((self.login,))
        return link

    def entered(self, link: Link) -> Link:
        """Return the connection when the login and a read are answered; close it where they are not.

        Raises:
            Gone: they are not, or not with what they must be.
        """
        try:
            message = self._one_answer(link, 1, "login")
            if not isinstance(message, LoginFeedback) or not _is_in(message):
                raise Gone("a valid login is not answered with success any more")
            link.send((self.read,))
            self._one_answer(link, 2, "read")
        except CTIError as error:
            link.close()
            raise Gone(f"a new login and read are answered with what does not decode: {error}") from None
        except Gone:
            link.close()
            raise
        link.forget()
        return link

    def _one_answer(self, link: Link, number: int, what: str) -> Message:
        frames = link.receive_frames(number)
        if len(frames) < number:
            raise Gone(
                f"a new {what} is not answered; the connection is {link.ended or 'open'}", late=link.late
            )
        return feedback(bytes(frames[number - 1]))

    def greet(self) -> None:
        """Find out whether it is there and speaks CTI, and what it answers.

        Raises:
            ConnectError: nobody is there, it closes at once, is silent, or does not speak CTI.
            LoginRefused: it does not take the login.
        """
        link = self._first_connection()
        with link:
            link.deadline_s = max(FIRST_ANSWER_S, self.deadline_s)
            data = self._first_answer(link)
            try:
                (frame,) = FrameBuffer(Direction.FEEDBACK).feed(data)[:1]
                answer = decode(frame, Direction.FEEDBACK)
            except (CTIError, ValueError):
                raise ConnectError(
                    f"what answers at {self} does not speak CTI: it sent {data[:24]!r}"
                ) from None
            if not isinstance(answer, LoginFeedback):
                raise ConnectError(
                    f"{self} answers a login with {answer.spec.name}, so that nothing can be asked"
                )
            if not _is_in(answer):
                raise LoginRefused(
                    f"{self} does not log {self.username!r} in: {answer.result.label}", answer.result
                )
            self.channel_count = answer.channel_count
        self.fences = self._find_fences()

    def _first_connection(self) -> Link:
        until = time.monotonic() + self.deadline_s
        while True:
            try:
                return self.connect()
            except socket.gaierror:
                raise ConnectError(f"the host {self.host!r} is not known") from None
            except OSError as error:
                if time.monotonic() >= until:
                    reason = error.strerror or error
                    raise ConnectError(f"no server at {self}: {reason}") from None
                time.sleep(0.05)  # it may just be starting

    def _first_answer(self, link: Link) -> bytes:
        try:
            link.send((self.login,))
            link.receive_frames(1, most=65536)
        except OSError:
            pass
        if link.data:
            return bytes(link.data)
        if link.ended:
            raise ConnectError(f"{self} closes the connection at once, without an answer to a login")
        raise ConnectError(
            f"{self} takes connections, but does not answer a login within {link.deadline_s:g} s"
        )

    def _find_fences(self) -> list[Fence]:
        """Return plain requests that the server answers, the shortest first; at least the read."""
        found: list[Fence] = []
        for tried, request in enumerate(_plain_queries()):
            fence = _fence(request)
            if self._answers(fence):
                found.append(fence)
            if len(found) == _FENCES or tried - len(found) > _UNANSWERED:
                break
        return found or [_fence(GetChannelsInfo)]

    def _answers(self, fence: Fence) -> bool:
        try:
            with self.enter() as link:
                link.send((fence.part.data,))
                link.receive_frames(1)
                frames = link.frames
                return (
                    len(frames) == 1
                    and Wanted(fence.part.request, self.channel_count).fits(
                        decode(frames[0], Direction.FEEDBACK)
                    )
                    is Fit.YES
                )
        except (OSError, CTIError, Gone):
            return False

    def fence_for(self, parts: Sequence[Part]) -> Fence:
        """Return a fence that none of the parts can be taken for."""
        for fence in self.fences:
            code = fence.part.data[12:16]
            if not any(code in part.data for part in parts):
                return fence
        return self.fences[0]


def _is_in(answer: LoginFeedback) -> bool:
    return answer.result in (LoginResult.SUCCESS, LoginResult.BEFORE_SUCCESS)


def _plain_queries() -> list[type[Request]]:  # type: ignore[type-arg]
    found = [
        message
        for message in registry()
        if issubclass(message, Request)
        and message.spec.effect is QUERY
        and message.spec.answers.how == "once"
        and message.spec.form == "binary"
        and message.spec.feedbacks
        and not any(kind.secret for kind in message.spec.layout)
    ]
    return sorted(found, key=lambda one: (len(one.spec.values), len(encode(default(one)))))


def _fence(request: type[Request]) -> Fence:  # type: ignore[type-arg]
    message: Message = default(request)
    feedback = feedback_of(message)
    assert feedback is not None
    return Fence(Part(encode(message), Expect.ANSWER, message), feedback.spec.code.to_bytes(4, "little"))


def is_loopback(host: str) -> bool:
    """Tell whether every address of a host is this computer's own, after a look-up of its name.

    Raises:
        ConfigurationError: the host is not known.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConfigurationError(f"the host {host!r} is not known") from None
    return all(ipaddress.ip_address(str(one[4][0]).partition("%")[0]).is_loopback for one in found)
