"""What `cti log` shows: one screen on a terminal, else plain lines."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cti_client.cli._table import drawn
from cti_client.dump.lines import safe

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from cti_client.fleet import Fleet
    from cti_client.record import Logger, Poll

#: Without a terminal, a line about how it goes is written so often.
_EVERY_S = 60.0

#: Sentences that stay on the screen.
_SENTENCES = 5


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _begins(logger: Logger, cyclers: list[str], rate: float) -> str:
    where = ", ".join(sink.name for sink in logger.sinks)
    what = cyclers[0] if len(cyclers) == 1 else f"{len(cyclers)} cyclers"
    return (
        f"logging {what} at {rate:g} Hz into {where}; "
        f"spool {logger.spool.file}, {logger.spool.size / 1e6:g} MB at most"
    )


def _goes(logger: Logger) -> str:
    there = sum(poll.error is None for poll in logger.polls.values())
    sinks = "; ".join(
        f"{sink.name}: {sink.written} written, {sink.waiting} waiting, {sink.lost} lost"
        for sink in logger.sinks
    )
    return (
        f"{there} of {len(logger.polls)} cyclers, {logger.readings} readings, 99 % within "
        f"{1000.0 * logger.lateness_s(0.99):.0f} ms; {sinks}"
    )


class PlainView:
    """Lines, each with the time in UTC."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _EVERY_S

    def say(self, sentence: str) -> None:
        """Write a sentence about what happened."""
        click.echo(f"{_now()} {safe(sentence)}")

    def begin(self, logger: Logger, cyclers: list[str], rate: float) -> None:
        """Say what is logged."""
        self.say(_begins(logger, cyclers, rate))

    def show(self, logger: Logger) -> None:
        """Say how it goes, now and then."""
        if time.monotonic() >= self._next:
            self._next += _EVERY_S
            self.say(_goes(logger))

    def end(self) -> None:
        """Nothing is left open."""

    def sum_up(self, logger: Logger) -> None:
        """Say what was logged."""
        self.say(f"ended: {_goes(logger)}")


class LiveView:
    """One screen: the cyclers, or the channels of a single one, the sinks, and the latest sentences."""

    def __init__(self, fleet: Fleet) -> None:
        self._names = fleet.names
        self._said: deque[str] = deque(maxlen=_SENTENCES)
        self._live: Live | None = None
        self._head = ""

    def say(self, sentence: str) -> None:
        """Show a sentence about what happened."""
        self._said.append(f"{_now()} {safe(sentence)}")

    def begin(self, logger: Logger, cyclers: list[str], rate: float) -> None:
        """Draw the screen."""
        from rich.live import Live

        self._head = _begins(logger, cyclers, rate)
        self._live = Live(auto_refresh=False, screen=False, vertical_overflow="ellipsis")
        self._live.start()

    def show(self, logger: Logger) -> None:
        """Draw how it goes."""
        assert self._live is not None
        width = self._live.console.width
        self._live.update(self._screen(logger, width), refresh=True)

    def end(self) -> None:
        """Leave the last screen standing."""
        if self._live is not None:
            self._live.stop()

    def sum_up(self, logger: Logger) -> None:
        """Say what was logged."""
        click.echo(f"ended: {_goes(logger)}")

    def _screen(self, logger: Logger, width: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = [Text(self._head), Text()]
        poll = logger.polls.get(self._names[0])
        if len(self._names) > 1:
            parts.append(_cyclers(self._names, logger.polls))
        elif poll is not None and poll.error is None:
            parts.append(drawn(poll.readings, width))
        parts += [Text(), _sinks(logger), Text(_goes(logger), "dim"), *map(Text, self._said)]
        return Group(*parts)


def _cyclers(names: list[str], polls: dict[str, Poll]) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Cycler", "Channels", "Status", "Answered in"):
        table.add_column(heading, overflow="fold")
    for name in names:
        poll = polls.get(name)
        if poll is None:
            table.add_row(safe(name), "", Text("not yet reached", "dim"), "")
        elif poll.error is not None:
            table.add_row(safe(name), "", Text(safe(poll.error), "bold red"), "")
        else:
            counts: dict[str, int] = {}
            for reading in poll.readings:
                counts[reading.status.label] = counts.get(reading.status.label, 0) + 1
            text = ", ".join(f"{count} {label.replace('_', ' ')}" for label, count in sorted(counts.items()))
            table.add_row(safe(name), str(len(poll.readings)), text, f"{1000.0 * poll.latency_s:.0f} ms")
    return table


def _sinks(logger: Logger) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("Into", "Written", "Waiting", "Lost", "State"):
        table.add_column(heading, overflow="fold")
    for sink in logger.sinks:
        state = Text("fine", "green") if sink.error is None else Text(safe(sink.error), "bold red")
        table.add_row(safe(sink.name), str(sink.written), str(sink.waiting), str(sink.lost), state)
    return table
