"""What the commands about files share: the port, and a progress bar on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from cti_client.cli._common import on_terminal, target_options


def files_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a connection, and the port for files as ``files_port``."""
    port = click.option(
        "--files-port", type=click.IntRange(1, 65535), metavar="PORT",
        help="The port for files.  [default: 9032 beside 9031, else the same port]",
    )  # fmt: skip
    return port(target_options(command))


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], Any] | None]:
    """Give what is told the bytes done and in all, and draws them; or ``None`` where nobody looks."""
    if not on_terminal():
        yield None
        return
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task(escape(what), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
