"""Stopping the channel that an alert is about: sent once, never again, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cti_client.dump.lines import safe
from cti_client.fleet import Fleet
from cti_client.watch.alert import Alert, State
from cti_client.watch.wording import place
from cti_schema.errors import (
    CommandUnsupported,
    ConfigurationError,
    ConnectError,
    ConnectionLost,
    CTIError,
    DifferentCycler,
    LoginRefused,
    NotLoggedIn,
    ResponseTimeout,
    ResultError,
)

__all__ = ["stop", "told"]

#: With these a command was not sent; a command that was sent and not answered ends in another one.
_NOT_SENT: Final = (
    ConfigurationError, ConnectError, ConnectionLost, DifferentCycler, LoginRefused, NotLoggedIn,
    ResponseTimeout,
)  # fmt: skip


async def stop(fleet: Fleet, alert: Alert) -> tuple[State, str]:
    """Stop the channel of an alert, and return what became of that, and a sentence about it.

    Args:
        fleet: the cyclers.
        alert: that fired; about a channel.
    """
    assert alert.channel is not None
    try:
        cycler = await fleet.cycler(alert.cycler)
        await cycler.channel(alert.channel).stop()
    except _NOT_SENT as error:
        return "stop not sent", f"the stop was not sent: {error}"
    except (ResultError, CommandUnsupported) as error:
        return "stop refused", f"the cycler does not stop it: {error}"
    except CTIError as error:
        return "stop not known", f"whether it was stopped is not known: {error}"
    return "stopped", "the cycler was told to stop it, and did"


def told(alert: Alert, time: int, state: State, text: str) -> Alert:
    """Return what tells that a channel was to be stopped.

    Args:
        alert: that fired.
        time: milliseconds since 1970, UTC.
        state: what became of it.
        text: the same, in a sentence.
    """
    sentence = f"{safe(alert.rule)}: {place(alert)}: {safe(text)}"
    return replace(alert, time=time, state=state, text=sentence, values={})
