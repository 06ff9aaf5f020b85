"""`cti browse`: what lies in a directory of the cycler's computer."""

from __future__ import annotations

import dataclasses
import json

import click

from cti_client.cli._common import Target
from cti_client.cli._files import files_options


@click.command()
@click.argument("directory", default="")
@files_options
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each entry.")
def command(target: Target, directory: str, files_port: int | None, as_json: bool) -> None:
    """List DIRECTORY of the cycler's computer, or the first one."""
    from cti_client.cli._output import Output
    from cti_client.cli._table import aligned
    from cti_client.dump.lines import safe

    with target.open(files_port=files_port) as cycler:
        entries = cycler.browse(directory)
    out = Output()
    if as_json:
        for entry in entries:
            out.line(json.dumps(dataclasses.asdict(entry)))
    elif entries:
        rows = [
            (
                "folder" if entry.is_directory else "-" if entry.size is None else str(entry.size),
                safe(entry.modified) or "-",
                safe(entry.name),
            )
            for entry in entries
        ]
        for line in aligned([("Bytes", "Changed", "Name"), *rows], right={0}):
            out.line(line)
    out.flush()
