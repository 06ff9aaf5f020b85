"""`cti demo`: client and spoofer in one process, so that everything can be seen without any hardware."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from cti_client.cli._common import on_terminal

if TYPE_CHECKING:
    from cti_client import Cycler, Reading
    from cti_client.cli._output import Output
    from cti_schema import Direction

#: Simulated seconds per second: a charge and most of a discharge fit into the demonstration.
_SPEED: Final = 2400.0
_CHANNELS: Final = 8
_WATCH_S: Final = 5.0
_SCHEDULE: Final = "charge-discharge.sdx"
_FILE: Final = "cti-demo"


@click.command()
def command() -> None:
    """Show the toolkit at work in a few seconds: no hardware, no questions.

    Starts an emulated cycler, runs tests on it, and shows the conversation that went over the wire.
    """
    from cti_client.cli._output import Output
    from spoofer import Device, running

    out = Output(live=True)
    clock = _Clock()
    device = Device(_CHANNELS, speed=_SPEED, seed=1, clock=lambda: clock.now)
    file, stream = _recording()
    with stream, running(device) as spoofer:
        _say(out, f"An emulated cycler with {_CHANNELS} channels listens on {spoofer.host}:{spoofer.port}.")
        _say(out, f"Its time runs {_SPEED:g} times as fast as ours.")
        _converse(out, spoofer.host, spoofer.port, clock, stream)
    out.line("")
    _say(out, "This is what went over the wire, where channel_index counts from 0:")
    _show(out, file)
    out.line("")
    _say(out, f"Recorded in {file}")
    out.line("")
    for line in _what_next(file):
        out.line(line)


class _Clock:
    """The emulated cycler's clock. It moves once per look, so that every run shows the same values.

    Attributes:
        now: seconds.
    """

    def __init__(self) -> None:
        self.now = 0.0


def _say(out: Output, text: str) -> None:
    out.line(out.paint("head", text))


def _converse(out: Output, host: str, port: int, clock: _Clock, stream: BinaryIO) -> None:
    """Do with the cycler what one does with a cycler, and record what is said."""
    from cti_client import Cycler

    with _tap(stream, host, port) as tap, Cycler(host, port, tap=tap) as cycler:
        cycler.login("demo", "demo")
        _say(out, f"Logged in to the cycler with the serial number {cycler.serial_number}.")
        for channel in (1, 2, 3, 4):
            cycler.channel(channel).assign(_SCHEDULE)
        _say(out, f"Assigned {_SCHEDULE} to the channels 1-4.")
        _start(cycler, [1, 2], "demo-1")
        _say(out, 'Started the test "demo-1" on the channels 1-2; "demo-2" follows on channel 3.')
        out.line("")
        _watch(cycler, clock, out)
        cycler.channel(3).set_mv("mv_ud1", 0.5)
        _say(out, "Set the user variable mv_ud1 of channel 3 to 0.5.")
        for channel in (1, 2, 3):
            cycler.channel(channel).stop()
        _say(out, "Stopped the tests.")


def _start(cycler: Cycler, channels: list[int], test_name: str) -> None:
    for outcome in cycler.start(channels, test_name):
        outcome.check()


def _watch(cycler: Cycler, clock: _Clock, out: Output) -> None:
    """Show the channels for a while: in place on a terminal, else one table below the other."""
    if on_terminal():
        from rich.console import Console
        from rich.live import Live

        from cti_client.cli._table import drawn

        console = Console()
        with Live(console=console, auto_refresh=False) as live:
            for readings in _readings(cycler, clock, every_s=0.5):
                live.update(drawn(readings, console.width), refresh=True)
        return
    from cti_client.cli._table import plain

    for readings in _readings(cycler, clock, every_s=1.0):
        for line in plain(reading for reading in readings if reading.test_name):
            out.line(line)
        out.line("")


def _readings(cycler: Cycler, clock: _Clock, *, every_s: float) -> Iterator[list[Reading]]:
    """Yield all readings again and again, and start a second test on the way."""
    began = time.monotonic()
    for look in range(1, round(_WATCH_S / every_s) + 1):
        clock.now += every_s
        yield cycler.channels()
        if look == round(_WATCH_S / every_s / 3):
            _start(cycler, [3], "demo-2")
        time.sleep(max(0.0, began + look * every_s - time.monotonic()))


@contextmanager
def _tap(stream: BinaryIO, host: str, port: int) -> Iterator[Callable[[Direction, bytes], None]]:
    """Give a tap for a client that records what it sends and receives as a capture."""
    from cti_client.capture import CaptureWriter, Endpoint
    from cti_schema import Direction

    writer = CaptureWriter(stream)
    connection = writer.connection(Endpoint(host, 50000), Endpoint(host, port), time.time())

    def tap(direction: Direction, data: bytes) -> None:
        sent = connection.client_sent if direction is Direction.REQUEST else connection.server_sent
        sent(data, time.time())

    try:
        yield tap
    finally:
        connection.close(time.time())
        writer.close()


def _recording() -> tuple[Path, BinaryIO]:
    """Open a new file for the recording: here, or, where that cannot be, in the folder for temporary files.

    Raises:
        OSError: neither is possible.
    """
    try:
        return _new_file(Path.cwd())
    except OSError:
        return _new_file(Path(tempfile.gettempdir()))


def _new_file(folder: Path) -> tuple[Path, BinaryIO]:
    """Create a file with a name that is free: nobody's file is overwritten."""
    number = 1
    while True:
        file = folder / f"{_FILE}{'' if number == 1 else f'-{number}'}.pcapng"
        try:
            return file, open(file, "xb")
        except FileExistsError:
            number += 1


def _show(out: Output, file: Path) -> None:
    """Show the recording as `cti dump` does, on a terminal each message in one line of its width."""
    from cti_client.capture import CaptureReader
    from cti_client.dump import Conversations, entry_line
    from cti_client.dump.times import Times

    times = Times("local")
    write = _cut_line if on_terminal() else out.line
    conversations = Conversations()
    for event in CaptureReader(file):
        for entry in conversations.feed(event):
            write(entry_line(entry, times=times, paint=out.paint))


def _cut_line(text: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console().print(Text.from_ansi(text), no_wrap=True, overflow="ellipsis")


def _what_next(file: Path) -> list[str]:
    from cti_client.cli._table import aligned

    shown = file.name if file.parent == Path.cwd() else str(file)
    if " " in shown:
        shown = f'"{shown}"'
    rows = [
        ("  cti dump -v " + shown, "every field of these messages: offset, bytes, value, meaning"),
        ("  cti spoof", "a cycler for your own programs; in another terminal: cti status"),
        ("  cti messages", "all messages that it knows"),
    ]
    return ["What next:", *aligned(rows)]
