"""`cti upload`: send a file to the cycler's computer."""

from __future__ import annotations

from pathlib import Path

import click

from cti_client.cli._common import Target
from cti_client.cli._files import files_options, progress
from cti_schema.errors import TransferError


@click.command()
@click.argument("local", type=click.Path(path_type=Path))
@click.argument("remote", required=False)
@files_options
@click.option("--overwrite", is_flag=True, help="Replace a file there that has another content.")
def command(target: Target, local: Path, remote: str | None, files_port: int | None, overwrite: bool) -> None:
    """Send the file LOCAL to the cycler's computer, where it gets the name REMOTE, or the same name.

    The same file is not sent again. No piece is sent twice.
    """
    with target.open(files_port=files_port) as cycler, progress(local.name) as told:
        try:
            done = cycler.upload(local, remote, overwrite=overwrite, progress=told)
        except TransferError as error:
            raise TransferError(str(error).replace("overwrite=True", "--overwrite")) from None
    click.echo(f"{done.path}: {done.size} bytes{'' if done.sent else ', there already'}")
