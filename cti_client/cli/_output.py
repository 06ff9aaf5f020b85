"""Where a command's lines go: standard output, with colours only on a terminal that wants them.

A character that the output cannot show is escaped, never an error. On a terminal, and where the input
is live, each line is flushed.
"""

from __future__ import annotations

import os
import shutil
import sys

import click

from cti_client.dump.paint import Paint, colour, plain


class Output:
    """Standard output, line by line.

    Args:
        live: flush each line, because the input is being written while it is read.

    Attributes:
        encoding: of the output.
        paint: colours, or none; for the formatters.
    """

    def __init__(self, *, live: bool = False) -> None:
        self._stream = sys.stdout
        self.encoding = self._stream.encoding or "ascii"
        terminal = self._stream.isatty()
        self._flush = live or terminal
        self._colours = terminal and not os.environ.get("NO_COLOR")
        self.paint: Paint = colour if self._colours else plain

    def line(self, text: str) -> None:
        """Write one line.

        Raises:
            OSError: it cannot be written.
        """
        shown = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        if self._colours:
            click.echo(shown)  # knows the terminals of Windows
            return
        self._stream.write(shown + "\n")
        if self._flush:
            self._stream.flush()

    def flush(self) -> None:
        """Write what waits, so that it stands in front of an error."""
        self._stream.flush()


def leave_output() -> None:
    """Write no more to standard output, whose reader has gone: what waits in it would fail at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def terminal_width() -> int | None:
    """Return the columns of the terminal, or ``None`` where the output is none and nothing must be cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
