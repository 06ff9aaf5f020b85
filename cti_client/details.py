"""What else a cycler can be asked or told: barcodes, who it is, what a start needs to know. No sockets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cti_client.asking import accepted, failed, request, variant
from cti_client.channels import index_of
from cti_client.peer import Call, ChannelPeer, Peer
from cti_client.readings import Outcome, refused
from cti_client.variables import number
from cti_schema.enums import BarcodeChannelType
from cti_schema.errors import ClientError, ConfigurationError, OutcomeUnknown, UnknownNameError
from cti_schema.message import Record
from cti_schema.messages import assign_barcode as assign_binary
from cti_schema.messages import assign_barcode_json as assign_json
from cti_schema.messages import get_barcode as get_binary
from cti_schema.messages import get_barcode_json as get_json
from cti_schema.messages.get_resume_data import GetResumeData
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.get_server_software_version import GetServerSoftwareVersion
from cti_schema.messages.get_start_data import GetStartData
from cti_schema.messages.set_log_interval import SetLogInterval, SetLogIntervalFeedback
from cti_schema.messages.update_parameters import Parameter, UpdateParameterDataType, UpdateParameters

__all__ = [
    "Barcode",
    "assign_barcode",
    "barcode",
    "read_serial_number",
    "resume_data",
    "set_log_interval",
    "software_version",
    "start_data",
    "update_parameters",
]

#: What manual 1.2.0 allows, in seconds.
_LOG_INTERVAL: Final = (0.005, 3.0)


@dataclass(frozen=True, slots=True)
class Barcode:
    """The barcode of a channel.

    Attributes:
        barcode: the barcode; empty where there is none.
        info: further text.
    """

    barcode: str
    info: str = ""


# One channel.


def barcode(channel: ChannelPeer, timeout_s: float | None = None) -> Call[Barcode]:
    """Read the barcode of the channel.

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler could not read it.
    """
    index, message = channel.index, _any(variant(channel.cycler, get_binary.GetBarcode))
    iv = BarcodeChannelType.IV
    if message is get_json.GetBarcodeJson:
        sent: Any = message(barcode_infos=[get_json.BarcodePlace(channel_type=iv, global_index=index)])
    else:
        sent = message(channel_type=iv, entries=[get_binary.BarcodePlace(global_index=index)])
    feedback = yield from request(channel.cycler, sent, timeout_s)
    item = _entry(feedback, index)
    if item is None:
        raise ClientError(f"channel {channel.number}: the cycler's answer has no such channel")
    if not item.error.is_success:
        raise refused(sent, feedback, item.error, channel.number)
    return Barcode(item.barcode or "", item.info or "")


def assign_barcode(
    channel: ChannelPeer, barcode: str, info: str = "", timeout_s: float | None = None
) -> Call[None]:
    """Assign a barcode to the channel.

    Args:
        barcode: the barcode; 72 characters at most, but for cyclers that take it in JSON.
        info: further text.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
    """
    index, message = channel.index, _any(variant(channel.cycler, assign_binary.AssignBarcode))
    iv = BarcodeChannelType.IV
    if message is assign_json.AssignBarcodeJson:
        entry = assign_json.NewBarcode(channel_type=iv, global_index=index, barcode=barcode, info=info)
        sent: Any = message(barcode_infos=[entry])
    else:
        new = assign_binary.NewBarcode(global_index=index, barcode=barcode, info=info)
        sent = message(channel_type=iv, entries=[new])
    feedback = yield from request(channel.cycler, sent, timeout_s)
    item = _entry(feedback, index)
    if item is None:
        raise failed(channel.cycler, OutcomeUnknown(sent, f"its answer has no channel {channel.number}"))
    if not item.error.is_success:
        raise refused(sent, feedback, item.error, channel.number)


def _any(variant: object) -> Any:
    """The variants of a request have other fields than the request itself, which their type does not say."""
    return variant


def _entry(feedback: Any, index: int) -> Any:
    """Return the entry of a barcode feedback, of either form, that is about a channel."""
    items = feedback.items if hasattr(feedback, "items") else feedback.barcode_infos
    return next((item for item in items if item.global_index == index), None)


# The cycler.


def read_serial_number(peer: Peer, timeout_s: float | None = None) -> Call[int]:
    """Ask for the serial number. MITS Pro 8 answers; every cycler says it at the login (``serial_number``).

    Args:
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler could not tell.
    """
    message = GetSerialNumber()
    feedback = yield from request(peer, message, timeout_s)
    return accepted(feedback, message).serial_number


def software_version(peer: Peer, timeout_s: float | None = None) -> Call[str]:
    """Ask for the version of the cycler's software, a text. MITS 10 answers, from 3.0.0 on.

    Args:
        timeout_s: seconds that the answer may take.
    """
    return (yield from request(peer, GetServerSoftwareVersion(), timeout_s)).version


def start_data(
    peer: Peer, channels: Iterable[int], timeout_s: float | None = None
) -> Call[dict[int, Record]]:
    """Ask for what a start of channels needs to know: schedules, test names that were used, step labels.

    Args:
        channels: numbers of the channels, from 1.
        timeout_s: seconds that the answer may take.

    Returns:
        The record of each channel, by its number. Its ``channel_code`` says whether the data are there.
    """
    return (yield from _data(peer, GetStartData, channels, timeout_s))


def resume_data(
    peer: Peer, channels: Iterable[int], timeout_s: float | None = None
) -> Call[dict[int, Record]]:
    """Ask for what a resume of channels needs to know: test, counters, step labels.

    Args:
        channels: numbers of the channels, from 1.
        timeout_s: seconds that the answer may take.

    Returns:
        The record of each channel, by its number; which fields it has, the cycler's version decides. Its
        ``channel_code`` says whether the data are there.
    """
    return (yield from _data(peer, GetResumeData, channels, timeout_s))


def _data(
    peer: Peer, message: Any, channels: Iterable[int], timeout_s: float | None
) -> Call[dict[int, Record]]:
    numbers = list(dict.fromkeys(channels))
    indices = [index_of(one, peer.channel_count) for one in numbers]
    if not indices:
        raise ConfigurationError("there is no channel: give at least one")
    feedback: Any = yield from request(peer, variant(peer, message)(channel_indices=indices), timeout_s)
    records = {record.channel_index: record for record in feedback.channels}
    return {one: records[index] for one, index in zip(numbers, indices, strict=True) if index in records}


def set_log_interval(
    peer: Peer, interval_s: float, timeout_s: float | None = None
) -> Call[SetLogIntervalFeedback]:
    """Set the interval at which the cycler logs data.

    Args:
        interval_s: seconds between two points, 0.005 to 3.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused, or did only a part of it.
        ConfigurationError: the interval is not one that the manual allows.
    """
    least, most = _LOG_INTERVAL
    if isinstance(interval_s, bool) or not isinstance(interval_s, (int, float)):
        raise ConfigurationError(f"{interval_s!r} is no interval: give seconds")
    if not math.isfinite(interval_s) or not least <= interval_s <= most:
        raise ConfigurationError(f"{interval_s!r} is no interval: give {least:g} to {most:g} seconds")
    message = SetLogInterval(interval_s=interval_s)
    return accepted((yield from request(peer, message, timeout_s)), message)


def update_parameters(
    peer: Peer,
    channels: Iterable[int],
    values: Mapping[str | UpdateParameterDataType, float],
    timeout_s: float | None = None,
) -> Call[list[Outcome]]:
    """Change values of the test objects of channels, in one request.

    Args:
        channels: numbers of the channels, from 1.
        values: new values, by the parameter's name.
        timeout_s: seconds that the answer may take.

    Returns:
        The outcome for each channel, in the order given: look at ``ok``, or call ``check()``.

    Raises:
        ConfigurationError: there is no such channel or parameter, or none is given.
    """
    numbers = list(dict.fromkeys(channels))
    indices = [index_of(one, peer.channel_count) for one in numbers]
    if not indices or not values:
        raise ConfigurationError("give at least one channel and one value")
    new = {_parameter(name): number(str(name), value) for name, value in values.items()}
    parameters = [Parameter(parameter_type=kind, value=new[kind]) for kind in sorted(new)]
    message = UpdateParameters(channel_indices=indices, parameters=parameters)
    feedback = yield from request(peer, message, timeout_s)
    results = {one.channel_index: one.result for one in getattr(feedback, "channel_results", None) or []}
    return [
        Outcome(one, results.get(index, feedback.result), message, feedback)
        for one, index in zip(numbers, indices, strict=True)
    ]


def _parameter(name: str | UpdateParameterDataType) -> UpdateParameterDataType:
    if isinstance(name, UpdateParameterDataType):
        return name
    by_name = {kind.label: kind for kind in UpdateParameterDataType}
    found = by_name.get(str(name).strip().lower())
    if found is None:
        raise ConfigurationError(str(UnknownNameError("parameter", str(name), by_name)))
    return found
