"""What each call sends and how it reads the answer, once for all shells. No sockets, no waiting."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from cti_client.asking import request, request_all
from cti_client.channels import channel_of, index_of
from cti_client.peer import Call, ChannelPeer, F, Peer
from cti_client.readings import Outcome, Reading, readings_of, refused
from cti_schema.enums import MetaVariableCode, NeedType
from cti_schema.errors import (
    ClientError,
    ConfigurationError,
    EncodeError,
    LoginRefused,
    UnknownNameError,
)
from cti_schema.message import Request
from cti_schema.messages.assign_schedule import AssignSchedule, AssignScheduleFeedback
from cti_schema.messages.continue_schedule import ContinueSchedule, ContinueScheduleFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.jump_channel import JumpChannel, JumpChannelFeedback
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.resume_schedule import ResumeSchedule, ResumeScheduleFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.registry import registry

__all__ = [
    "USER_VARIABLES",
    "assign",
    "channels",
    "continue_",
    "jump",
    "login",
    "read",
    "request",
    "request_all",
    "resume",
    "set_mv",
    "start",
    "start_channel",
    "stop",
    "stop_all",
    "user_variable",
]

_NOTHING: Final = NeedType(0)

# The cycler.


def login(peer: Peer, user: str, password: str, timeout_s: float | None = None) -> Call[LoginFeedback]:
    """Log in, and return what the cycler says about itself.

    Args:
        user: account name on the cycler.
        password: its password; sent in clear text, as the protocol has it, and kept nowhere.
        timeout_s: seconds that the answer may take.

    Raises:
        LoginRefused: the cycler did not accept them.
        EncodeError: the user name or the password does not fit: 32 ASCII characters each.
    """
    try:
        feedback = yield from request(peer, Login(username=user, password=password), timeout_s)
    except EncodeError as error:
        if error.path != "password":
            raise
        # The reason may quote a character of it.
        raise EncodeError("password", "it must be a text of at most 32 ASCII characters") from None
    if not feedback.result.is_success:
        raise LoginRefused(
            f"{peer.address} refused the login of {user!r}: {feedback.result.meaning}", int(feedback.result)
        )
    return feedback


def channels(
    peer: Peer, *, extra: NeedType = _NOTHING, timeout_s: float | None = None
) -> Call[list[Reading]]:
    """Read all channels in one request, and return their readings, sorted by channel.

    Args:
        extra: what else to read: auxiliary values, those of the CAN BMS and of the SMB. See ``Reading.raw``.
        timeout_s: seconds that the answer may take.
    """
    feedbacks = yield from request_all(peer, _read_request(peer, -1, extra), timeout_s)
    return list(readings_of(feedbacks).values())


def start(
    peer: Peer, channels: Iterable[int], test_name: str, timeout_s: float | None = None
) -> Call[list[Outcome]]:
    """Start the schedules assigned to channels as one test, in one request.

    Args:
        channels: numbers of the channels, from 1.
        test_name: name of the test.
        timeout_s: seconds that the answers may take.

    Returns:
        The outcome for each channel, in the order given. It does not raise for a channel that was
        refused: look at ``ok``, or call ``check()``.
    """
    numbers = list(dict.fromkeys(channels))
    if not numbers:
        raise ConfigurationError("there is no channel to start: give at least one")
    indices = [index_of(number, peer.channel_count) for number in numbers]
    message = _variant(peer, StartSchedule)(test_name=test_name, channel_indices=indices)
    feedbacks = yield from request_all(peer, message, timeout_s)
    return _outcomes(message, feedbacks, numbers)


def stop_all(peer: Peer, timeout_s: float | None = None) -> Call[list[Outcome]]:
    """Stop the tests on all channels, in one request. Returns the outcome for each channel.

    Args:
        timeout_s: seconds that the answers may take.
    """
    numbers = list(range(1, peer.channel_count + 1))
    message = StopSchedule(channel_index=0, stop_all=1)
    feedbacks = yield from request_all(peer, message, timeout_s)
    return _outcomes(message, feedbacks, numbers)


# One channel. A result that is not success raises ResultError.


def read(
    channel: ChannelPeer, *, extra: NeedType = _NOTHING, timeout_s: float | None = None
) -> Call[Reading]:
    """Read the channel.

    Args:
        extra: what else to read: auxiliary values, those of the CAN BMS and of the SMB. See ``Reading.raw``.
        timeout_s: seconds that the answer may take.
    """
    message = _read_request(channel.cycler, channel.index, extra)
    feedbacks = yield from request_all(channel.cycler, message, timeout_s)
    reading = readings_of(feedbacks).get(channel.number)
    if reading is None:
        raise ClientError(f"channel {channel.number}: the cycler's answer has no such channel")
    return reading


def assign(
    channel: ChannelPeer,
    schedule: str,
    *,
    capacity_ah: float = 0.0,
    barcode: str = "",
    timeout_s: float | None = None,
) -> Call[AssignScheduleFeedback]:
    """Assign a schedule to the channel.

    Args:
        schedule: file name of the schedule, as it lies on the cycler.
        capacity_ah: nominal capacity; MITS Pro 7 alone uses it.
        barcode: name of the cell; MITS Pro 7 alone uses it.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    message = AssignSchedule(
        channel_index=channel.index, schedule_name=schedule, capacity_ah=capacity_ah, barcode=barcode
    )
    return (yield from _command(channel, message, timeout_s))


def start_channel(channel: ChannelPeer, test_name: str, timeout_s: float | None = None) -> Call[Outcome]:
    """Start the schedule assigned to the channel.

    Args:
        test_name: name of the test.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    outcomes = yield from start(channel.cycler, [channel.number], test_name, timeout_s)
    outcomes[0].check()
    return outcomes[0]


def stop(channel: ChannelPeer, timeout_s: float | None = None) -> Call[StopScheduleFeedback]:
    """Stop the test on the channel.

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    return (yield from _command(channel, StopSchedule(channel_index=channel.index), timeout_s))


def resume(channel: ChannelPeer, timeout_s: float | None = None) -> Call[ResumeScheduleFeedback]:
    """Resume the last test of the channel.

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    return (yield from _command(channel, ResumeSchedule(channel_index=channel.index), timeout_s))


def continue_(channel: ChannelPeer, timeout_s: float | None = None) -> Call[ContinueScheduleFeedback]:
    """Continue the paused test of the channel.

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    return (yield from _command(channel, ContinueSchedule(channel_indices=[channel.index]), timeout_s))


def jump(channel: ChannelPeer, step: int, timeout_s: float | None = None) -> Call[JumpChannelFeedback]:
    """Go on with another step of the running schedule. A step that does not exist stops the test.

    Steps count from 1 here, as in the manual (1.2.0) and on the screen, and from 0 on the wire, as in the
    protocol's description (1.1): step 1 is sent as 0. No recording of a cycler shows it, so try it on a
    harmless test first; ``request(JumpChannel(step_index=...))`` sends any number as it is.

    Args:
        step: number of the step, from 1.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    if isinstance(step, bool) or not isinstance(step, int) or step < 1:
        raise ConfigurationError(f"{step!r} is no step: a step is a whole number from 1")
    message = JumpChannel(channel_index=channel.index, step_index=step - 1)
    return (yield from _command(channel, message, timeout_s))


def set_mv(
    channel: ChannelPeer, variable: int | str, value: float, timeout_s: float | None = None
) -> Call[SetMetaVariableFeedback]:
    """Set a user variable of the running test.

    Args:
        variable: its number, 1 to 16, or its name, ``mv_ud1`` to ``mv_ud16``.
        value: the new value, a finite number.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
        ConfigurationError: there is no such variable, or the value is no finite number.
    """
    code = user_variable(variable)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigurationError(f"{value!r} is no value for {code.label}: give a finite number")
    message = SetMetaVariable(channel_index=channel.index, meta_variable_code=code, value=value)
    return (yield from _command(channel, message, timeout_s))


#: Number of a user variable -> its code; the codes are not in one row.
USER_VARIABLES: Final = {number: MetaVariableCode[f"MV_UD{number}"] for number in range(1, 17)}


def user_variable(variable: int | str) -> MetaVariableCode:
    """Return the code of a user variable: 1 to 16, or ``mv_ud1`` to ``mv_ud16``.

    Raises:
        ConfigurationError: there is no such variable.
    """
    if isinstance(variable, str):
        by_name = {code.label: code for code in USER_VARIABLES.values()}
        found = by_name.get(variable.strip().lower())
        if found is None:
            raise ConfigurationError(str(UnknownNameError("user variable", variable, by_name)))
        return found
    if isinstance(variable, bool) or variable not in USER_VARIABLES:
        raise ConfigurationError(f"{variable!r} is no user variable: give 1 to 16, or mv_ud1 to mv_ud16")
    return USER_VARIABLES[variable]


def _variant(peer: Peer, message: type[Request[F]]) -> Callable[..., Request[F]]:
    """Return the variant of a request that the cycler's version asks for."""
    return cast(Callable[..., Request[F]], registry().variant(message, peer.session.version))


def _read_request(peer: Peer, index: int, extra: NeedType) -> Request[Any]:
    return _variant(peer, GetChannelsInfo)(channel_index=index, aux_options=extra)


def _command(channel: ChannelPeer, message: Request[F], timeout_s: float | None) -> Call[F]:
    """Send a command to one channel."""
    feedback = yield from request(channel.cycler, message, timeout_s)
    result = cast(Any, feedback).result
    if not result.is_success:
        raise refused(message, feedback, result, channel.number)
    return feedback


def _outcomes(message: Request[Any], feedbacks: list[Any], numbers: list[int]) -> list[Outcome]:
    """Return the outcome for each channel; a feedback that names none is about all of them."""
    named = {channel_of(one.channel_index): one for one in feedbacks if one.channel_index >= 0}
    for_all = next((one for one in feedbacks if one.channel_index < 0), None)
    answers = ((number, named.get(number, for_all)) for number in numbers)
    return [Outcome(number, one.result, message, one) for number, one in answers if one is not None]
