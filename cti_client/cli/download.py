"""`cti download`: fetch a file from the cycler's computer."""

from __future__ import annotations

from pathlib import Path

import click

from cti_client.cli._common import Target
from cti_client.cli._files import files_options, progress


@click.command()
@click.argument("remote")
@click.argument("local", type=click.Path(path_type=Path), default=".")
@files_options
def command(target: Target, remote: str, local: Path, files_port: int | None) -> None:
    """Fetch the file REMOTE from the cycler's computer to LOCAL, a file or a folder.

    Each piece is checked. A file of that name here is replaced when the new one is whole, not before.
    """
    with target.open(files_port=files_port) as cycler, progress(remote) as told:
        place = cycler.download(remote, local, progress=told)
    click.echo(f"{place}: {place.stat().st_size} bytes")
