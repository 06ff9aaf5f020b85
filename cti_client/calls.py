"""What each call sends and how it reads the answer, once for all shells. No sockets, no waiting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from cti_client.asking import command, refused_login, request, request_all, variant
from cti_client.channels import channel_of, index_of
from cti_client.credentials import Secret
from cti_client.peer import Call, ChannelPeer, Peer
from cti_client.readings import Outcome, Reading, readings_of, refused
from cti_client.variables import USER_VARIABLES, set_mv, user_variable
from cti_schema.enums import NeedType
from cti_schema.errors import ClientError, ConfigurationError, EncodeError
from cti_schema.message import Request
from cti_schema.messages.assign_schedule import AssignSchedule, AssignScheduleFeedback
from cti_schema.messages.connect import Connect, ConnectFeedback
from cti_schema.messages.continue_schedule import ContinueSchedule, ContinueScheduleFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.jump_channel import JumpChannel, JumpChannelFeedback
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.resume_schedule import ResumeSchedule, ResumeScheduleFeedback
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback

__all__ = [
    "USER_VARIABLES",
    "allow_takeover",
    "assign",
    "channels",
    "continue_",
    "jump",
    "login",
    "outcomes_of",
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
        password: its password; sent in clear text, as the protocol has it. It is kept in memory only where
            the client comes back by itself, or has a connection of its own for files.
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
        raise refused_login(peer, user, feedback)
    for standing in peer._standings:
        standing.credentials, standing.greeting = (user, Secret(password)), feedback
    return feedback


def allow_takeover(peer: Peer, allowed: bool = True, timeout_s: float | None = None) -> Call[ConnectFeedback]:
    """Ask for the control session, and say whether another client may take it over. Returns the feedback.

    This is the protocol's "connect", with its kick-out flag; it makes no connection. The documents
    contradict each other on the flag: sent is what the vendor's library makes of the same word.

    Args:
        allowed: whether another client may kick this one out.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler has too many clients.
    """
    message = Connect(set_kick_out=int(allowed))
    feedback = yield from request(peer, message, timeout_s)
    if not feedback.connect_result.is_success:
        raise refused(message, feedback, feedback.connect_result, None)
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
    message = variant(peer, StartSchedule)(test_name=test_name, channel_indices=indices)
    feedbacks = yield from request_all(peer, message, timeout_s)
    return outcomes_of(message, feedbacks, numbers)


def stop_all(peer: Peer, timeout_s: float | None = None) -> Call[list[Outcome]]:
    """Stop the tests on all channels, in one request. Returns the outcome for each channel.

    Args:
        timeout_s: seconds that the answers may take.
    """
    numbers = list(range(1, peer.channel_count + 1))
    message = StopSchedule(channel_index=0, stop_all=1)
    feedbacks = yield from request_all(peer, message, timeout_s)
    return outcomes_of(message, feedbacks, numbers)


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
    return (yield from command(channel, message, timeout_s))


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
    return (yield from command(channel, StopSchedule(channel_index=channel.index), timeout_s))


def resume(channel: ChannelPeer, timeout_s: float | None = None) -> Call[ResumeScheduleFeedback]:
    """Resume the last test of the channel.

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    return (yield from command(channel, ResumeSchedule(channel_index=channel.index), timeout_s))


def continue_(channel: ChannelPeer, timeout_s: float | None = None) -> Call[ContinueScheduleFeedback]:
    """Continue the paused test of the channel.

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    return (yield from command(channel, ContinueSchedule(channel_indices=[channel.index]), timeout_s))


def jump(channel: ChannelPeer, step: int, timeout_s: float | None = None) -> Call[JumpChannelFeedback]:
    """Go on with another step of the running schedule. A step that does not exist stops the test.

    Steps count from 1, as on the screen and on the wire: the manual (1.2.0) says so, and the vendor's library
    sends the number that it is given. The protocol's older description (1.1) counts from 0, and no recording
    of a cycler shows it, so try it on a harmless test first.

    Args:
        step: number of the step, from 1.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    if isinstance(step, bool) or not isinstance(step, int) or step < 1:
        raise ConfigurationError(f"{step!r} is no step: a step is a whole number from 1")
    message = JumpChannel(channel_index=channel.index, step_index=step)
    return (yield from command(channel, message, timeout_s))


def _read_request(peer: Peer, index: int, extra: NeedType) -> Request[Any]:
    return variant(peer, GetChannelsInfo)(channel_index=index, aux_options=extra)


def outcomes_of(message: Request[Any], feedbacks: list[Any], numbers: list[int]) -> list[Outcome]:
    """Return the outcome for each channel; a feedback that names none is about all of them."""
    named = {channel_of(one.channel_index): one for one in feedbacks if one.channel_index >= 0}
    for_all = next((one for one in feedbacks if one.channel_index < 0), None)
    answers = ((number, named.get(number, for_all)) for number in numbers)
    return [Outcome(number, one.result, message, one) for number, one in answers if one is not None]
