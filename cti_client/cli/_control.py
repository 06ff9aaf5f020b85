"""What the commands that act on channels share: which channels, a line for each, and when to stop trying.

What was done stands on standard output, what was not on standard error. No command is sent twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from cti_client.cli._common import Target, check_channels, confirm, target_options
from cti_schema.errors import ClientError, ConfigurationError, CTIError, EncodeError, OutcomeUnknown

if TYPE_CHECKING:
    from cti_client.client import Channel, Cycler
    from cti_client.readings import Outcome
    from cti_schema.enumerations import Code


def control_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a connection, and ``--yes``."""
    asked = click.option("--yes", is_flag=True, help="Do not ask before acting on all channels.")
    return asked(target_options(command))


class Acting:
    """Channels that something is done to.

    Attributes:
        cycler: whose channels they are.
        channels: their numbers, from 1.
        everything: the user said ``all``.
        failed: whether something did not work on some channel.
    """

    def __init__(self, cycler: Cycler, channels: list[int], everything: bool) -> None:
        self.cycler = cycler
        self.channels = channels
        self.everything = everything
        self.failed = False

    def one_by_one(self, act: Callable[[Channel], object], done: str | None = None) -> None:
        """Do the same to each channel, and tell how it went.

        Args:
            act: what to do to a channel.
            done: what to say of a channel where it worked; by default what ``act`` returned.

        Raises:
            EncodeError: a value does not fit its field; found at the first channel, before anything is sent.
        """
        for channel in self.channels:
            try:
                found = act(self.cycler.channel(channel))
            except ClientError as error:
                self._failed(channel, str(error))
            else:
                self._done(channel, str(found) if done is None else done)

    def at_once(
        self,
        act: Callable[[], Iterable[Outcome]],
        done: str,
        fine: Mapping[Code, str] | None = None,
    ) -> None:
        """Do one thing to all the channels, and tell how it went on each.

        Args:
            act: what to do; returns the outcomes.
            done: what to say of a channel where it worked.
            fine: refusals that are no failure here, and what to say of them.

        Raises:
            EncodeError: a value does not fit its field; nothing was sent.
        """
        from cti_client.calls import outcomes_of

        fine = fine or {}
        unknown = "the cycler's answer does not name it: read the channel to find out"
        try:
            outcomes = list(act())
        except OutcomeUnknown as error:
            # Some of its answers may have come all the same.
            unknown = str(error)
            outcomes = outcomes_of(error.request, error.feedbacks, self.channels)
        found = {outcome.channel: outcome for outcome in outcomes}
        for channel in self.channels:
            if channel not in found:
                self._failed(channel, unknown)
                continue
            outcome = found[channel]
            if outcome.ok or outcome.result in fine:
                self._done(channel, done if outcome.result is None else fine.get(outcome.result, done))
                continue
            try:
                outcome.check()
            except CTIError as error:
                self._failed(channel, str(error))

    def together(self, act: Callable[[], object], done: str) -> None:
        """Do one thing to all the channels that has one outcome for them all, and tell it of each.

        Args:
            act: what to do.
            done: what to say where it worked.

        Raises:
            EncodeError: a value does not fit its field; nothing was sent.
        """
        try:
            act()
        except ClientError as error:
            for channel in self.channels:
                self._failed(channel, str(error))
        else:
            for channel in self.channels:
                self._done(channel, done)

    def _done(self, channel: int, what: str) -> None:
        click.echo(f"channel {channel}: {what}")

    def _failed(self, channel: int, why: str) -> None:
        self.failed = True
        named = why.startswith(f"channel {channel}:")
        click.echo(f"Error: {'' if named else f'channel {channel}: '}{why}", err=True)


@contextmanager
def acting(target: Target, channels: str, verb: str, *, yes: bool) -> Iterator[Acting]:
    """Connect, and find out which channels are meant. Leaves with 1 if something failed on one of them.

    Args:
        target: the cycler.
        channels: as the user wrote them.
        verb: what is going to be done, for the question before it is done to all.
        yes: do not ask.

    Raises:
        ConfigurationError: no such channel, or a value that does not fit its field; nothing was sent then.
    """
    from cti_client.channels import ALL, format_channels, parse_channels

    check_channels(channels)
    with target.open() as cycler:
        numbers = parse_channels(channels, cycler.channel_count)
        everything = channels.strip().lower() == ALL
        if everything:
            confirm(f"{verb} all channels ({format_channels(numbers)}) of {target}", yes=yes)
        action = Acting(cycler, numbers, everything)
        try:
            yield action
        except EncodeError as error:
            raise ConfigurationError(str(error)) from None
    if action.failed:
        sys.exit(1)
