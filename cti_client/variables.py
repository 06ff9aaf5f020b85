"""Reading and setting meta variables, by number or name. No sockets, no waiting.

A value that is no finite number is refused before anything is sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cti_client.asking import accepted, command, failed, request
from cti_client.channels import channel_of, index_of
from cti_client.peer import Call, ChannelPeer, Peer
from cti_client.readings import Outcome, refused
from cti_schema.enums import MetaVariableCode
from cti_schema.errors import (
    ClientError,
    CommandUnsupported,
    ConfigurationError,
    OutcomeUnknown,
    UnknownNameError,
)
from cti_schema.messages.get_meta_variables import GetMetaVariables, GetMetaVariablesFeedback, WantedReading
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback
from cti_schema.messages.set_meta_variables_time_sensitive import (
    ChannelOrder,
    ChannelReading,
    SetMetaVariablesTimeSensitive,
    Slot,
)
from cti_schema.messages.update_meta_variables import (
    NewValue,
    UpdateMetaVariables,
    UpdateMetaVariablesFeedback,
)

__all__ = [
    "MOST_UPDATES",
    "USER_VARIABLES",
    "Values",
    "any_variable",
    "get_mvs",
    "number",
    "set_many_time_sensitive",
    "set_mv",
    "set_mvs_time_sensitive",
    "time_sensitive",
    "update_many",
    "update_mvs",
    "user_variable",
]

#: Number of a user variable -> its code; the codes are not in one row.
USER_VARIABLES: Final = {number: MetaVariableCode[f"MV_UD{number}"] for number in range(1, 17)}

#: New values, by the variable's number or name. A mapping's keys have one type: of ``int | str`` a dictionary
#: with numbers alone would be none.
Values = Mapping[Any, float]

#: Entries in one update; servers take no more (manual 1.2.0).
MOST_UPDATES: Final = 160

#: What an answer may carry in the place of a channel's index.
_ABOUT_ALL: Final = -1

#: Places for variables of a channel in the time-sensitive command.
_SLOTS: Final = 8


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
    message = SetMetaVariable(
        channel_index=channel.index, meta_variable_code=code, value=number(code.label, value)
    )
    return (yield from command(channel, message, timeout_s))


def update_mvs(
    channel: ChannelPeer, values: Values, timeout_s: float | None = None
) -> Call[UpdateMetaVariablesFeedback]:
    """Set user variables of the running test in one request. The cycler takes one every 200 ms at most.

    Args:
        values: new values, by the variable's number, 1 to 16, or name, ``mv_ud1`` to ``mv_ud16``.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
        ConfigurationError: there is no such variable, or a value is no finite number.
    """
    return (yield from update_many(channel.cycler, {channel.number: values}, timeout_s))


def update_many(
    peer: Peer, values: Mapping[int, Values], timeout_s: float | None = None
) -> Call[UpdateMetaVariablesFeedback]:
    """Set user variables of running tests in one request. The cycler takes one every 200 ms at most.

    Args:
        values: by the channel's number: new values, by the variable's number or name.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused; one answer is for all.
        ConfigurationError: there is no such channel or variable, a value is no finite number, or there are
            none or more than 160.
    """
    entries = [
        NewValue(channel_index=index_of(one, peer.channel_count), meta_variable_code=code, value=value)
        for one, new in values.items()
        for code, value in _user_values(new).items()
    ]
    if not 0 < len(entries) <= MOST_UPDATES:
        raise ConfigurationError(f"one update takes 1 to {MOST_UPDATES} values, not {len(entries)}")
    message = UpdateMetaVariables(entries=entries)
    feedback = yield from request(peer, message, timeout_s)
    index = feedback.channel_index
    if index not in {_ABOUT_ALL, *(entry.channel_index for entry in entries)}:
        other = f"channel {channel_of(index)}" if index >= 0 else f"the channel index {index}"
        raise failed(peer, OutcomeUnknown(message, f"its answer is about {other}"))
    return accepted(feedback, message, channel_of(index) if index >= 0 else None)


def get_mvs(
    channel: ChannelPeer, variables: Iterable[int | str], timeout_s: float | None = None
) -> Call[dict[str, float]]:
    """Read meta variables of the channel, and return their values by name.

    Args:
        variables: numbers of user variables, 1 to 16, or names: ``mv_ud1``, ``pv_voltage``, ...
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler has no value for one of them.
        ConfigurationError: there is no such variable.
    """
    codes = list(dict.fromkeys(any_variable(one) for one in variables))
    index = channel.index
    message = GetMetaVariables(
        entries=[WantedReading(channel_index=index, meta_variable_code=code) for code in codes]
    )
    feedback = yield from request(channel.cycler, message, timeout_s)
    assert isinstance(feedback, GetMetaVariablesFeedback)
    found = {item.meta_variable_code: item for item in feedback.items if item.channel_index == index}
    for code in codes:
        if code not in found:
            raise ClientError(f"channel {channel.number}: the cycler's answer has no {code.label}")
        if not found[code].error.is_success:
            raise refused(message, feedback, found[code].error, channel.number)
    return {code.label: found[code].value for code in codes}


def set_mvs_time_sensitive(
    channel: ChannelPeer,
    values: Values,
    *,
    watchdog_s: float = 1.0,
    log: bool = False,
    timeout_s: float | None = None,
) -> Call[ChannelReading]:
    """Set user variables by the command for fast loops, and return what the cycler measures at that moment.

    It has a watchdog: a longer gap between two successful calls makes the cycler stop the channel.

    Args:
        values: new values, by the variable's number, 1 to 16, or name; 8 at most.
        watchdog_s: the longest gap; 0 or less switches the watchdog off.
        log: write each call to the cycler's database.
        timeout_s: seconds that the answer may take.

    Raises:
        ResultError: the cycler refused.
        CommandUnsupported: the cycler's version does not have the command; nothing was sent.
        ConfigurationError: there is no such variable, a value is no finite number, or there are more than 8.
    """
    outcomes = yield from set_many_time_sensitive(
        channel.cycler, {channel.number: values}, watchdog_s=watchdog_s, log=log, timeout_s=timeout_s
    )
    outcomes[0].check()
    # A broken answer may name the channel twice: the last one counts, as for the outcome.
    (*_, reading) = (one for one in outcomes[0].feedback.channels if one.channel_index == channel.index)  # type: ignore[union-attr]
    return reading  # type: ignore[no-any-return]


def set_many_time_sensitive(
    peer: Peer,
    values: Mapping[int, Values],
    *,
    watchdog_s: float = 1.0,
    log: bool = False,
    timeout_s: float | None = None,
) -> Call[list[Outcome]]:
    """Set user variables of channels by the command for fast loops, in one request.

    It has a watchdog: a longer gap between two successful calls makes the cycler stop the channels.

    Args:
        values: by the channel's number: new values, by the variable's number or name; 8 at most for each.
        watchdog_s: the longest gap; 0 or less switches the watchdog off.
        log: write each call to the cycler's database.
        timeout_s: seconds that the answer may take.

    Returns:
        The outcome for each channel, in the order given. The feedback has what was measured.

    Raises:
        CommandUnsupported: the cycler's version does not have the command; nothing was sent.
        ConfigurationError: there is no such channel or variable, a value is no finite number, or there are
            more than 8 for a channel.
    """
    if not time_sensitive(peer):
        name = SetMetaVariablesTimeSensitive.spec.name
        raise CommandUnsupported(f"a cycler of version 0x{peer.version:08X} does not have {name}")
    if not values:
        raise ConfigurationError("there is no channel: give at least one")
    orders = [
        ChannelOrder(channel_index=index_of(one, peer.channel_count), do_log=int(log), slots=_slots(new))
        for one, new in values.items()
    ]
    message = SetMetaVariablesTimeSensitive(timeout_s=number("watchdog_s", watchdog_s), channels=orders)
    feedback = yield from request(peer, message, timeout_s)
    answers = {channel_of(one.channel_index): one for one in feedback.channels}
    missing = [one for one in values if one not in answers]
    if missing:
        raise failed(peer, OutcomeUnknown(message, f"its answer has nothing about channel {missing[0]}"))
    return [Outcome(one, answers[one].result, message, feedback) for one in values]


def time_sensitive(peer: Peer) -> bool:
    """Tell whether the cycler's version has the command for fast loops, with its watchdog."""
    versions = SetMetaVariablesTimeSensitive.spec.when
    return versions is not None and peer.version in versions


def user_variable(variable: int | str) -> MetaVariableCode:
    """Return the code of a user variable: 1 to 16, or ``mv_ud1`` to ``mv_ud16``.

    Raises:
        ConfigurationError: there is no such variable.
    """
    if isinstance(variable, str):
        return _named(variable, "user variable", USER_VARIABLES.values())
    if isinstance(variable, bool) or variable not in USER_VARIABLES:
        raise ConfigurationError(f"{variable!r} is no user variable: give 1 to 16, or mv_ud1 to mv_ud16")
    return USER_VARIABLES[variable]


def any_variable(variable: int | str) -> MetaVariableCode:
    """Return the code of a meta variable: the number of a user variable, 1 to 16, or the name of any.

    Raises:
        ConfigurationError: there is no such variable.
    """
    if isinstance(variable, str):
        return _named(variable, "meta variable", MetaVariableCode)
    return user_variable(variable)


def number(name: str, value: float) -> float:
    """Return a value that can be set.

    Raises:
        ConfigurationError: it is no finite number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigurationError(f"{value!r} is no value for {name}: give a finite number")
    return float(value)


def _named(name: str, what: str, codes: Iterable[MetaVariableCode]) -> MetaVariableCode:
    by_name = {code.label: code for code in codes}
    found = by_name.get(name.strip().lower())
    if found is None:
        raise ConfigurationError(str(UnknownNameError(what, name, by_name)))
    return found


def _user_values(values: Values) -> dict[MetaVariableCode, float]:
    """Return values by code; a variable that is named twice is a mistake."""
    found: dict[MetaVariableCode, float] = {}
    for variable, value in values.items():
        code = user_variable(variable)
        if code in found:
            raise ConfigurationError(f"{code.label} is given twice")
        found[code] = number(code.label, value)
    return found


def _slots(values: Values) -> list[Slot]:
    """Return the eight places for the variables of a channel, used and unused."""
    found = _user_values(values)
    if not 0 < len(found) <= _SLOTS:
        raise ConfigurationError(f"1 to {_SLOTS} variables of a channel can be set at once, not {len(found)}")
    used = [Slot(value=value, meta_variable_code=code, enable=1) for code, value in found.items()]
    unused = [
        Slot(value=0.0, meta_variable_code=MetaVariableCode(0), enable=0) for _ in range(_SLOTS - len(used))
    ]
    return used + unused
