"""Finding out what became of a request whose outcome is not known, by reading alone. Nothing is sent again.

What can be told by looking differs from request to request: the table `_JUDGES` has a row for each that a
reading says something about. What the cycler answered too late counts more than what is read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Any, Final

from cti_client.calls import read
from cti_client.channels import channel_of
from cti_client.peer import Call, ChannelPeer, Peer
from cti_client.readings import Reading
from cti_client.variables import get_mvs
from cti_schema.enumerations import Code
from cti_schema.enums import ChannelStatus, MetaVariableCode
from cti_schema.errors import CommandUnsupported, ConfigurationError, OutcomeUnknown, ResultError
from cti_schema.message import Request
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.continue_schedule import ContinueSchedule
from cti_schema.messages.jump_channel import JumpChannel
from cti_schema.messages.resume_schedule import ResumeSchedule
from cti_schema.messages.set_meta_variable import SetMetaVariable
from cti_schema.messages.set_meta_variables_time_sensitive import SetMetaVariablesTimeSensitive
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.start_schedule_vls import StartScheduleVls
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.messages.update_meta_variables import UpdateMetaVariables

__all__ = ["Resolution", "Resolved", "resolve", "runs"]

#: What a channel is not doing when a test runs on it.
_STILL: Final = frozenset(
    {
        ChannelStatus.IDLE, ChannelStatus.UNSAFE, ChannelStatus.CALIBRATION, ChannelStatus.TEST_SETTINGS,
        ChannelStatus.ERROR, ChannelStatus.FINISHED, ChannelStatus.VOLT_METER, ChannelStatus.PAUSE,
        ChannelStatus.EMPTY, ChannelStatus.IDLE_FROM_MCU, ChannelStatus.GO_PAUSE, ChannelStatus.GO_STOP,
        ChannelStatus.DAQ_MEMORY_UNSAFE, ChannelStatus.CS_SUSPENDED,
    }
)  # fmt: skip


def runs(status: Code) -> bool:
    """Tell whether a channel of that status runs a test. One that nobody has listed is taken for none."""
    return status.known and status not in _STILL


@dataclass(frozen=True, slots=True)
class Resolved:
    """What is known now about one channel.

    Attributes:
        channel: its number, from 1.
        took_effect: whether what was asked for is so now; ``None`` where it cannot be told.
        why: what tells it, as a sentence.
        reading: the channel as it is now, where it was read.
    """

    channel: int
    took_effect: bool | None
    why: str
    reading: Reading | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What is known now about a request whose outcome was not known.

    Attributes:
        request: what was sent.
        channels: what is known about each channel that it named; empty where it named none.
    """

    request: Request[Any]
    channels: tuple[Resolved, ...]

    @property
    def took_effect(self) -> bool | None:
        """Whether the request took effect on all its channels, or on none; ``None`` in between or unknown."""
        found = {one.took_effect for one in self.channels}
        return found.pop() if len(found) == 1 else None

    def __str__(self) -> str:
        name = self.request.spec.name
        words = {True: "took effect", False: "did not take effect", None: "is not known"}
        told = "; ".join(
            f"channel {one.channel}: {words[one.took_effect]}, {one.why}" for one in self.channels
        )
        return f"{name}: {told or 'there is nothing to read that tells'}"


def resolve(peer: Peer, error: OutcomeUnknown, timeout_s: float | None = None) -> Call[Resolution]:
    """Find out what became of a request, by reading the channels that it named; nothing is sent again.

    A request that is still on its way can take effect later: what is told is how things are now.

    Args:
        error: what was raised.
        timeout_s: seconds that each answer may take.

    Raises:
        ClientError: the cycler could not be read; ask again.
    """
    message = error.request
    answered = {one.channel_index: one for one in error.feedbacks if hasattr(one, "channel_index")}
    found = []
    for index in _indices(peer, message):
        channel = ChannelPeer(peer, channel_of(index))
        late = answered.get(index, answered.get(-1))
        if late is not None and hasattr(late, "result"):
            why = f"the cycler answered after all: {late.result.meaning}"
            found.append(Resolved(channel.number, late.result.is_success, why))
            continue
        reading = yield from read(channel, timeout_s=timeout_s)
        took, why = yield from _judge(channel, message, reading, timeout_s)
        found.append(Resolved(channel.number, took, why, reading))
    return Resolution(message, tuple(found))


def _indices(peer: Peer, message: Request[Any]) -> list[int]:
    """Return the channels that a request is about."""
    how, flag = message.spec.answers.how, message.spec.answers.field
    if how == "per_channel_if" and getattr(message, flag, None):
        return list(range(peer.channel_count))
    indices = list(getattr(message, "channel_indices", None) or [])
    indices += [message.channel_index] if hasattr(message, "channel_index") else []
    for name in ("channels", "entries"):
        indices += [one.channel_index for one in getattr(message, name, []) if hasattr(one, "channel_index")]
    return [index for index in dict.fromkeys(indices) if 0 <= index < peer.channel_count]


Verdict = tuple[bool | None, str]


def _judge(
    channel: ChannelPeer, message: Request[Any], reading: Reading, timeout_s: float | None
) -> Call[Verdict]:
    judge = _JUDGES.get(type(message))
    if judge is not None:
        return judge(message, reading)
    values = _values(message, channel.index)
    if not values:
        return None, "a reading does not show it"
    names: list[int | str] = [code.label for code in values]
    try:
        now = yield from get_mvs(channel, names, timeout_s)
    except (CommandUnsupported, ResultError, ConfigurationError) as error:
        return None, f"the variables cannot be read ({error})"
    other = [code.label for code, value in values.items() if now[code.label] != _single(value)]
    if other:
        return False, f"{other[0]} is {now[other[0]]:g}"
    return True, ", ".join(f"{name} is {value:g}" for name, value in now.items())


def _values(message: Request[Any], index: int) -> dict[MetaVariableCode, float]:
    """Return the variables that a request sets on a channel."""
    if isinstance(message, SetMetaVariable):
        return {message.meta_variable_code: message.value}
    if isinstance(message, UpdateMetaVariables):
        mine = (one for one in message.entries if one.channel_index == index)
        return {one.meta_variable_code: one.value for one in mine}
    if isinstance(message, SetMetaVariablesTimeSensitive):
        slots = (slot for one in message.channels if one.channel_index == index for slot in one.slots)
        return {slot.meta_variable_code: slot.value for slot in slots if slot.enable}
    return {}


def _single(value: float) -> float:
    """Return a number as 32 bits hold it: so it travels."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def _started(message: Any, reading: Reading) -> Verdict:
    if reading.test_name != message.test_name:
        return False, f"its test is {reading.test_name!r}"
    if runs(reading.status):
        return True, f"it runs {reading.test_name!r}"
    # It may have run and ended, or have had the name from before.
    return None, f"its test is {reading.test_name!r}, and it is {reading.status.label}"


def _stopped(message: Any, reading: Reading) -> Verdict:
    if runs(reading.status):
        return False, f"it is {reading.status.label}"
    return True, f"it is {reading.status.label}"


def _goes_on(message: Any, reading: Reading) -> Verdict:
    return runs(reading.status), f"it is {reading.status.label}"


def _assigned(message: Any, reading: Reading) -> Verdict:
    # A cycler may show a schedule without its folder.
    same = _file_name(reading.schedule_name) == _file_name(message.schedule_name)
    return same, f"its schedule is {reading.schedule_name!r}"


def _jumped(message: Any, reading: Reading) -> Verdict:
    match = _STEP.match(reading.step_and_cycle)
    if match is None:
        return None, f"its step is shown as {reading.step_and_cycle!r}"
    step = int(match[1])
    # Another step than that one may have come after it.
    return (True if step == message.step_index else None), f"it is in step {step}"


def _file_name(name: str) -> str:
    return PureWindowsPath(name).name.casefold()


#: ``[1] 2: Charge, CCCV``: cycle, then step.
_STEP: Final = re.compile(r"\[\d+\]\s*(\d+):")

_JUDGES: Final[dict[type[Request[Any]], Callable[[Any, Reading], Verdict]]] = {
    StartSchedule: _started,
    StartScheduleVls: _started,
    StopSchedule: _stopped,
    ResumeSchedule: _goes_on,
    ContinueSchedule: _goes_on,
    AssignSchedule: _assigned,
    JumpChannel: _jumped,
}
