"""Which feedback answers which request, and when the last one has come. No bytes, no clock.

CTI has no transaction numbers. A feedback is told by its class, then by what it repeats of the
request, then by the channels that its lists name. All of it is read from the declaration of the
request (``feedbacks``, ``echo``, ``answers``); see `Expected`.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import IntEnum
from functools import cache
from typing import Any, Final

from cti_schema.derive.channels import lists_channels, named_channels
from cti_schema.derive.defaults import feedback_of
from cti_schema.enums import GetChannelType
from cti_schema.message import Feedback, Message, Record, Request, UnknownMessage
from cti_schema.registry import registry

__all__ = ["Expected", "Fit"]

#: What a start feedback may carry in place of the channel, by one of the documents.
_NO_CHANNEL: Final = -1

_CHANNEL: Final = "channel_index"

#: No cycler has more channels. The vendor's client, too, drops a feedback with an index from there on
#: (``get_channels_info_feedback``).
_CHANNELS: Final = 2048

_ABSENT: Final[Any] = object()


class Fit(IntEnum):
    """How well a feedback fits a request."""

    NO = 0  #: it belongs to another request
    WEAK = 1  #: nothing in it tells, so it fits only where there is no second one to choose
    WIDE = 2  #: it has what was asked for, among all other channels: some cyclers answer so
    EXACT = 3  #: class, echoes and channels agree


class Expected:
    """What one request waits for.

    Attributes:
        feedback: the class of its feedbacks; ``None`` where that is not known.
        several: whether more than one feedback is to be expected.
        impossible: an index that no channel has, in a list of channels that came; ``None``: all were good.
        grace: whether one more may come after the last.
    """

    def __init__(self, request: Request[Any], channel_count: int | None) -> None:
        spec = request.spec
        self.feedback = feedback_of(request)
        self._how = spec.answers.how
        self._channel_count = channel_count
        self._everything = False  # every channel of the cycler is asked for
        self._seen: set[int] = set()
        #: Field of the feedback -> values that it may have. Fields that may have any are left out.
        self._echo: dict[str, frozenset[Any]] = {}
        self._listed: frozenset[int] = frozenset()
        for answer_field, request_field in spec.echo.items():
            value = getattr(request, request_field, _ABSENT)
            if isinstance(value, list):
                items = (
                    getattr(item, answer_field, None) if isinstance(item, Record) else item for item in value
                )
                # The dump asks of any request, and in a JSON body that is wrong anything may stand.
                self._listed = listed = frozenset(one for one in items if isinstance(one, int))
                if listed:
                    self._echo[answer_field] = listed | {_NO_CHANNEL}
            elif value is not _ABSENT and isinstance(value, Hashable):
                self._echo[answer_field] = frozenset((value,))
        if self._how == "per_channel_if" and getattr(request, spec.answers.field, None):
            self._everything = True
            self._echo.pop(_CHANNEL, None)
        #: Channels that the lists of a feedback may name; ``None``: any.
        self._asked = _asked(request, self.feedback)
        if self._how == "channels" and self._asked is None:
            selection = getattr(request, "channel_selection", GetChannelType.ALLCHANNEL)
            self._everything = selection == GetChannelType.ALLCHANNEL
        self.several = self._everything or len(self._listed) > 1 or self._how == "pieces"
        self.grace = self._how == "once_or_twice"
        self.impossible: int | None = None

    @property
    def needs_count(self) -> bool:
        """Whether the end of the answers can be told only by the number of channels, which is not known."""
        return self._everything and self._how == "per_channel_if" and self._channel_count is None

    def fits(self, message: Message) -> Fit:
        """Tell how well a feedback fits."""
        if self.feedback is None:
            # Where the answer is not known, only what answers nothing else may be taken for it.
            return Fit.EXACT if isinstance(message, UnknownMessage) or _answers_nothing(message) else Fit.NO
        if type(message) is not self.feedback:
            return Fit.NO
        fit = Fit.EXACT
        told = [field for field in self._echo if getattr(message, field, None)]
        for field, allowed in self._echo.items():
            value = getattr(message, field, _ABSENT)
            if isinstance(value, Hashable) and value in allowed:
                continue
            # A channel must agree. Of other echoes (a task's number) it is not established that every
            # cycler repeats them: where all of them are left out or empty, they do not tell.
            if value is not _ABSENT and (field == _CHANNEL or told):
                return Fit.NO
            fit = Fit.WEAK
        if self._asked is not None:
            named = set(named_channels(message))
            if not named:
                return Fit.WEAK
            if not named <= self._asked:
                return Fit.WIDE if fit is Fit.EXACT and self._all_channels(named) else Fit.NO
        return fit

    def _all_channels(self, named: set[int]) -> bool:
        """Tell whether a list names every channel of the cycler, those asked for among them."""
        if self._asked is None or self._channel_count is None:
            return False
        # Not as a set of all of them: a broken login feedback may say that there are thousands of millions.
        there = sum(0 <= index < self._channel_count for index in named)
        return self._asked < named and there >= self._channel_count

    def overlaps(self, other: Expected, *, wide: bool = False) -> bool:
        """Tell whether a feedback could fit this request and the other.

        Args:
            other: the other.
            wide: the cycler is known to answer about all channels where one was asked for.
        """
        if self.feedback is not other.feedback:
            return False
        apart = self._asked is not None and other._asked is not None and not self._asked & other._asked
        if apart and not wide:
            return False
        common = self._echo.keys() & other._echo.keys()
        return all(self._echo[field] & other._echo[field] for field in common)

    def repeats(self, message: Message) -> bool:
        """Tell whether a fitting feedback says only what an earlier one has said."""
        if self._how == "per_channel" or self._everything:
            channels = self._channels_in(message)
            return bool(channels) and channels <= self._seen
        if self._how == "pieces":
            return getattr(message, "package_index", None) in self._seen
        return False

    def take(self, message: Message) -> bool:
        """Count a fitting feedback, and tell whether it was the last."""
        if self._how == "pieces":
            index = getattr(message, "package_index", 0)
            self._seen.add(index)
            return bool(index + 1 >= getattr(message, "package_count", 0))
        if self._how == "per_channel" and self._listed:
            return self._all_named(message, len(self._listed))
        if self._everything and self._channel_count is not None:
            return self._all_named(message, self._channel_count)
        if self.needs_count:
            self._seen |= self._channels_in(message)
            return False
        return True

    def _all_named(self, message: Message, count: int) -> bool:
        channels = self._channels_in(message)
        self._seen |= channels
        # One feedback for all of them names no channel. An empty list of channels says nothing yet.
        in_one = self._how != "channels" and not channels
        return in_one or len(self._seen) >= count

    def _channels_in(self, message: Message) -> set[int]:
        """Return the channels that a feedback is about, and note one that cannot be."""
        if self._how == "channels":
            named = set(named_channels(message))
            self.impossible = next((one for one in named if not 0 <= one < _CHANNELS), self.impossible)
            return named
        channel = getattr(message, _CHANNEL, _NO_CHANNEL)
        return {channel} if isinstance(channel, int) and channel >= 0 else set()


@cache
def _has_channels(message: type[Message]) -> bool:
    """Tell whether a message has a list of records that name their channel."""
    return any(lists_channels(kind) for kind in message.spec.values)


def _asked(request: Request[Any], feedback: type[Feedback] | None) -> frozenset[int] | None:
    """Return the channels that a feedback's lists may name, or ``None`` for any."""
    if feedback is None or not _has_channels(feedback):  # type: ignore[arg-type]
        return None
    channels: set[int] = set()
    if _has_channels(type(request)):  # type: ignore[arg-type]
        channels.update(named_channels(request))
    channels.update(_indices(getattr(request, "channel_indices", None)))
    channels.update(_indices([getattr(request, _CHANNEL, None)]))
    return frozenset(channels) or None


def _indices(value: Any) -> list[int]:
    values = value if isinstance(value, list) else []
    return [index for index in values if isinstance(index, int) and index >= 0]


def _answers_nothing(message: Message) -> bool:
    """Tell whether a message is the declared answer to no request."""
    return not any(type(message) in request.spec.feedbacks for request in registry())
