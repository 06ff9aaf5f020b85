"""What may answer one request, read from its declaration. No bytes, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cache
from typing import Any

from cti_schema.derive.channels import lists_channels, named_channels
from cti_schema.derive.defaults import feedback_of
from cti_schema.enumerations import Code
from cti_schema.enums import GetChannelType
from cti_schema.message import Message, Record, UnknownMessage
from cti_schema.messages.unknown_command import UnknownCommandFeedback

#: A start feedback may have it in place of the channel, by one of the documents.
_NO_CHANNEL = -1
_CHANNEL = "channel_index"
_MANY = 1 << 30


class Fit(IntEnum):
    """How well a feedback fits a request."""

    NO = 0  #: it answers something else
    OTHER = 1  #: it answers such a request, but another channel or another task
    YES = 2  #: it may be the answer


class Wanted:
    """What may answer one request.

    Args:
        request: the request; ``None`` where the receiver cannot know it.
        channel_count: channels of the cycler.

    Attributes:
        least: how many feedbacks there are at least.
        most: how many there are at most.
    """

    def __init__(self, request: Message | None, channel_count: int) -> None:
        self._request = request
        self._channel_count = channel_count
        spec = request.spec if request is not None else None
        self._feedback = feedback_of(request) if request is not None else None
        self._code = spec.code if spec is not None else 0
        if isinstance(request, UnknownMessage):
            self._code = request.code
        self._echo: dict[str, frozenset[Any]] = {}
        self._listed: frozenset[int] = frozenset()
        self._asked: frozenset[int] | None = None
        self._everything = False
        self._items = 0
        self.least, self.most = 1, 1
        if request is None or spec is None or self._feedback is None:
            self.least = 0
            return
        self._read_echo(request)
        self._asked = _asked(request, self._feedback)
        how = spec.answers.how
        if how == "per_channel":
            self.most = max(1, self._items)
        elif how == "per_channel_if" and getattr(request, spec.answers.field, None):
            self.most = max(1, channel_count)
            self._echo.pop(_CHANNEL, None)
        elif how == "channels":
            selection = getattr(request, "channel_selection", GetChannelType.ALLCHANNEL)
            every = getattr(request, _CHANNEL, _NO_CHANNEL) == _NO_CHANNEL
            self._everything = self._asked is None and every and selection == GetChannelType.ALLCHANNEL
            self.most = max(1, channel_count)
        elif how == "pieces":
            self.most = _MANY
        elif how == "once_or_twice":
            self.most = 2

    def _read_echo(self, request: Message) -> None:
        for answer_field, request_field in request.spec.echo.items():
            value = getattr(request, request_field, None)
            if isinstance(value, list):
                items = [
                    getattr(one, answer_field, None) if isinstance(one, Record) else one for one in value
                ]
                self._items = len(items)
                self._listed = frozenset(_signed(item) for item in items if isinstance(item, int))
                if self._listed:
                    self._echo[answer_field] = self._listed | {_NO_CHANNEL}
            elif isinstance(value, (int, float, str, bytes)) and value == value:  # a NaN tells nothing
                self._echo[answer_field] = frozenset((value, _signed(value)))

    def fits(self, message: Message) -> Fit:
        """Tell how well a feedback fits."""
        if isinstance(message, UnknownCommandFeedback):
            return Fit.YES if self._request is None or message.command == self._code else Fit.NO
        if self._feedback is None or type(message) is not self._feedback:
            return Fit.NO
        told = [field for field in self._echo if getattr(message, field, None)]
        for field, allowed in self._echo.items():
            value = getattr(message, field, None)
            if isinstance(value, list):
                continue
            # Of other echoes than a channel (a task's number) it is not established that every cycler repeats
            # them: where all of them are left out or empty, they do not tell.
            if value not in allowed and (field == _CHANNEL or told):
                return Fit.OTHER
        if self._asked is not None:
            named = {index for index in named_channels(message) if index >= 0}
            if not named <= self._asked and len(named) < self._channel_count:
                return Fit.OTHER
        return Fit.YES

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data, for a test that is to stand alone."""
        known = [] if self._feedback is None else [self._feedback.spec.name]
        return {
            "names": [*known, UnknownCommandFeedback.spec.name] if self._request is not None else [],
            "code": self._code,
            "least": self.least,
            "most": self.most,
            "echo": {field: sorted(values) for field, values in self._echo.items()},
            "listed": sorted(self._listed),
            "channels": None if self._asked is None else sorted(self._asked),
            "everything": self._everything,
            "all": self._channel_count,
        }

    def complete(self, messages: Sequence[Message]) -> bool:
        """Tell whether feedbacks that fit are all of the answer: no channel and no piece is left out."""
        if len(messages) < self.least:
            return False
        if any(isinstance(message, UnknownCommandFeedback) for message in messages) or not messages:
            return True
        if self.most == _MANY:
            pieces = getattr(messages[-1], "package_count", 0)
            return bool(getattr(messages[-1], "package_index", 0) + 1 >= pieces)
        if self._everything:
            return len({index for one in messages for index in named_channels(one)}) >= self._channel_count
        if len(self._listed) > 1:
            named = {getattr(one, _CHANNEL, _NO_CHANNEL) for one in messages}
            return _NO_CHANNEL in named or named >= self._listed
        return True


def is_success(message: Message) -> bool:
    """Tell whether a feedback says that its request was carried out: a result says so, or there is none."""
    if isinstance(message, UnknownCommandFeedback):
        return False
    results = list(_results(message))
    return any(result.is_success for result in results) if results else True


def _results(record: Record) -> Iterator[Code]:
    for _, value in record.present():
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, Record):
                yield from _results(one)
            elif isinstance(one, Code) and _is_result(type(one)):
                yield one


@cache
def _is_result(values: type[Code]) -> bool:
    return any(one.is_success for one in values)


def _asked(request: Message, feedback: type[Message]) -> frozenset[int] | None:
    """Return the channels that a feedback's lists may name, or ``None`` for any."""
    if not any(lists_channels(kind) for kind in feedback.spec.values):
        return None
    channels: list[Any] = [getattr(request, _CHANNEL, _NO_CHANNEL)]
    for kind, value in request.present():
        if isinstance(value, list) and lists_channels(kind):
            channels += [getattr(item, _CHANNEL, None) for item in value]
    if None in channels:
        return None  # whatever the server takes in the place of what is left out
    listed = getattr(request, "channel_indices", None)
    channels += listed if isinstance(listed, list) else []
    return frozenset(index for index in channels if isinstance(index, int) and index >= 0) or None


def _signed(value: Any) -> Any:
    """Return an index as a feedback repeats it, whose field has a sign."""
    return value - 2**32 if isinstance(value, int) and value >= 2**31 else value
