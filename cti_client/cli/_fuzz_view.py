"""What `cti fuzz` shows, how it is ended, and how it writes captures."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cti_client.dump.lines import safe

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from spoofer.fuzz.coverage import Grid
    from spoofer.fuzz.link import Chunk
    from spoofer.fuzz.report import Report

#: Without a terminal, a line about how it goes is written so often, in seconds.
_EVERY_S = 10.0

#: A screen is drawn so often, in seconds.
_DRAWN_S = 0.25

#: Lines of a screen beside the table, and findings that stay on it.
_HEAD = 6
_SAID = 5


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give what tells whether Ctrl-C was pressed, or the process was told to end; a second one ends it."""
    import signal

    told: list[bool] = []

    def stop(*_: object) -> None:
        if told:
            raise KeyboardInterrupt
        told.append(True)

    numbers = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGBREAK", None)]
    before = {number: signal.signal(number, stop) for number in numbers if number is not None}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_capture(host: str, port: int) -> Callable[[Path, Sequence[Sequence[Chunk]]], None]:
    """Return what writes the traffic of connections to a server into a file, which is always whole."""

    def write(file: Path, connections: Sequence[Sequence[Chunk]]) -> None:
        from cti_client.capture import CaptureWriter, Endpoint
        from cti_schema import Direction

        beside = file.with_name(f"{file.name}.new")
        with CaptureWriter(beside) as writer:
            opened = {}
            chunks = [(chunk, number) for number, one in enumerate(connections) for chunk in one]
            for chunk, number in sorted(chunks, key=lambda one: one[0].time):
                if number not in opened:
                    client = Endpoint(host, 50000 + number)
                    opened[number] = writer.connection(client, Endpoint(host, port), chunk.time)
                way = opened[number]
                sent = way.client_sent if chunk.direction is Direction.REQUEST else way.server_sent
                sent(chunk.data, chunk.time)
            for connection in opened.values():
                connection.close(max(chunk.time for chunk, _ in chunks))
        os.replace(beside, file)

    return write


class PlainView:
    """Lines, for files and pipes."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._next = time.monotonic() + _EVERY_S

    def begin(self, report: Report) -> None:
        """Say what is fuzzed."""
        click.echo(_begins(report))

    def show(self, report: Report) -> None:
        """Say how it goes, now and then."""
        if time.monotonic() >= self._next:
            self._next += _EVERY_S
            click.echo(_summary(report))

    def say(self, line: str) -> None:
        """Say what happened."""
        click.echo(safe(line))

    def end(self) -> None:
        """Nothing is left open."""

    def sum_up(self, report: Report, folder: Path) -> None:
        """Say how it ended."""
        for line in self._grid.lines(report):
            click.echo(line)
        click.echo("")
        _sum_up(report, folder)


class LiveView:
    """One screen: how it goes, as much of the table as there is room for, and what was found."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._said: deque[str] = deque(maxlen=_SAID)
        self._live: Live | None = None
        self._next = 0.0

    def begin(self, report: Report) -> None:
        """Draw the screen."""
        from rich.live import Live

        click.echo(_begins(report))
        self._live = Live(auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def show(self, report: Report) -> None:
        """Draw how it goes."""
        now = time.monotonic()
        if self._live is not None and now >= self._next:
            self._next = now + _DRAWN_S
            self._live.update(self._screen(report, self._live.console.height), refresh=True)

    def say(self, line: str) -> None:
        """Show what happened."""
        self._said.append(safe(line))

    def end(self) -> None:
        """Leave the last screen standing."""
        if self._live is not None:
            self._live.stop()

    def sum_up(self, report: Report, folder: Path) -> None:
        """Say how it ended."""
        _sum_up(report, folder)

    def _screen(self, report: Report, height: int) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        grid = self._grid
        room = max(1, height - _HEAD - len(self._said))
        # What has fewest cases first: that is what is still to come.
        order = sorted(grid.messages, key=lambda one: (sum(report.coverage.get(one, {}).values()), one))
        shown = sorted(order[:room])
        width = max(len(one) for one in grid.messages)
        parts = [Text(_summary(report), "bold"), Text(f"{'':{width}}  {grid.head()}", "dim", no_wrap=True)]
        for message in shown:
            line = Text(f"{message:{width}}  ", no_wrap=True, overflow="ellipsis")
            for cell in grid.row(report, message):
                line.append(cell, {"!": "bold red", ".": "dim"}.get(cell, "green"))
            parts.append(line)
        left = len(grid.messages) - len(shown)
        if left:
            parts.append(Text(f"and {left} more commands; the letters are explained in report.txt", "dim"))
        parts += [Text(line, "red", overflow="ellipsis", no_wrap=True) for line in self._said]
        return Group(*parts)


def _summary(report: Report) -> str:
    from spoofer.fuzz.coverage import summary

    return summary(report)


def _begins(report: Report) -> str:
    again = f", going on behind case {report.next_case - 1}" if report.next_case else ""
    control = "" if report.control else ", without requests that change something"
    return f"fuzzing {report.target} with seed {report.seed}{again}: {report.pairs} pairs{control}"


def _sum_up(report: Report, folder: Path) -> None:
    for finding in report.findings:
        click.echo(safe(finding.line()))
        click.echo(f"  {folder / finding.files[0]}")
    click.echo(f"ended: {report.ended}. {_summary(report)}")
    click.echo(f"memory: {report.memory_line()}")
    click.echo(f"report: {folder / 'report.txt'}")
