"""The same command on many channels, with an outcome for each. No sockets, no waiting.

Where the protocol has a list of channels, one request is sent; else one for each channel, one behind the
other without waiting in between. A channel that fails keeps no other from being sent its command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cti_client.asking import request_all, request_many
from cti_client.calls import outcomes_of
from cti_client.channels import index_of
from cti_client.peer import Call, Peer
from cti_client.readings import Outcome
from cti_schema.errors import ConfigurationError
from cti_schema.message import Request
from cti_schema.messages.assign_schedule import AssignSchedule
from cti_schema.messages.continue_schedule import ContinueSchedule
from cti_schema.messages.resume_schedule import ResumeSchedule
from cti_schema.messages.stop_schedule import StopSchedule

__all__ = ["assign", "continue_", "resume", "stop"]


def assign(
    peer: Peer,
    channels: Iterable[int],
    schedule: str,
    *,
    capacity_ah: float = 0.0,
    barcode: str = "",
    timeout_s: float | None = None,
) -> Call[list[Outcome]]:
    """Assign a schedule to channels, with one request for each.

    Args:
        channels: numbers of the channels, from 1.
        schedule: file name of the schedule, as it lies on the cycler.
        capacity_ah: nominal capacity; MITS Pro 7 alone uses it.
        barcode: name of the cell; MITS Pro 7 alone uses it.
        timeout_s: seconds that all answers may take.

    Returns:
        The outcome for each channel, in the order given. It does not raise for a channel: look at ``ok``,
        or call ``check()``.
    """

    def message(index: int) -> Request[Any]:
        return AssignSchedule(
            channel_index=index, schedule_name=schedule, capacity_ah=capacity_ah, barcode=barcode
        )

    return (yield from _each(peer, channels, message, timeout_s))


def stop(peer: Peer, channels: Iterable[int], timeout_s: float | None = None) -> Call[list[Outcome]]:
    """Stop the tests on channels, with one request for each.

    Args:
        channels: numbers of the channels, from 1.
        timeout_s: seconds that all answers may take.

    Returns:
        The outcome for each channel, in the order given. It does not raise for a channel: look at ``ok``,
        or call ``check()``.
    """
    return (yield from _each(peer, channels, lambda index: StopSchedule(channel_index=index), timeout_s))


def resume(peer: Peer, channels: Iterable[int], timeout_s: float | None = None) -> Call[list[Outcome]]:
    """Resume the last tests of channels, with one request for each.

    Args:
        channels: numbers of the channels, from 1.
        timeout_s: seconds that all answers may take.

    Returns:
        The outcome for each channel, in the order given. It does not raise for a channel: look at ``ok``,
        or call ``check()``.
    """
    return (yield from _each(peer, channels, lambda index: ResumeSchedule(channel_index=index), timeout_s))


def continue_(peer: Peer, channels: Iterable[int], timeout_s: float | None = None) -> Call[list[Outcome]]:
    """Continue the paused tests of channels, in one request.

    Args:
        channels: numbers of the channels, from 1.
        timeout_s: seconds that the answers may take.

    Returns:
        The outcome for each channel, in the order given. It does not raise for a channel that was
        refused: look at ``ok``, or call ``check()``.
    """
    numbers, indices = _indices(peer, channels)
    message = ContinueSchedule(channel_indices=indices)
    feedbacks = yield from request_all(peer, message, timeout_s)
    return outcomes_of(message, feedbacks, numbers)


def _indices(peer: Peer, channels: Iterable[int]) -> tuple[list[int], list[int]]:
    """Return the numbers of channels, each once, and their indices on the wire."""
    numbers = list(dict.fromkeys(channels))
    if not numbers:
        raise ConfigurationError("there is no channel: give at least one")
    return numbers, [index_of(number, peer.channel_count) for number in numbers]


def _each(
    peer: Peer,
    channels: Iterable[int],
    message: Callable[[int], Request[Any]],
    timeout_s: float | None,
) -> Call[list[Outcome]]:
    numbers, indices = _indices(peer, channels)
    messages = [message(index) for index in indices]
    answers = yield from request_many(peer, messages, timeout_s)
    return [
        Outcome(number, answer[0].result, sent, answer[0])
        if isinstance(answer, list)
        else Outcome(number, None, sent, error=answer)
        for number, sent, answer in zip(numbers, messages, answers, strict=True)
    ]
