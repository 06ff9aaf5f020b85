"""`cti export`: channel readings of captures as a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cti_client.dump.conversation import Entry

#: No cycler has more; source: feedbacks.json, the vendor's client throws away what names a higher channel.
_MOST_CHANNELS = 2048


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="CAPTURE... TABLE")
@click.option("-Y", "--filter", "condition", metavar="FILTER",
              help="Only messages that pass, as in `cti dump`.")  # fmt: skip
@click.option("--channel", "channels", default="all", show_default=True, metavar="CHANNELS",
              help="Numbers and ranges like 1-8,12, counted from 1.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="Only connections with this port, whether or not they look like CTI.")  # fmt: skip
def command(files: tuple[str, ...], condition: str | None, channels: str, port: int | None) -> None:
    """Write the channel readings of captures as a table.

    TABLE ends in .csv, .sqlite or .parquet (which needs the extra "columns"); everything else is read.

    \b
    cti export capture.pcapng readings.csv
    cti export --channel 5 monday.pcapng tuesday.pcapng channel5.bdf.csv

    A row is one channel in one feedback. The columns have the names of the Battery Data Format, and behind
    them Connection, Server, Channel, Status, Test Name, Schedule Name, Step Label and Barcode. Charge current
    is positive. In SQLite the table is called "readings".
    """
    from cti_client.channels import parse_channels
    from cti_client.cli._entries import entries_of
    from cti_client.dump.filters import parse
    from cti_client.dump.readings_table import COLUMNS, rows
    from cti_client.dump.selection import passes
    from cti_client.dump.tables import ENDINGS, write

    targets = [file for file in files if Path(file).suffix.lower() in ENDINGS]
    sources = [file for file in files if file not in targets]
    if len(targets) != 1 or not sources:
        raise click.UsageError(f"Give captures, and one table that ends in {', '.join(ENDINGS)}.")
    accepts = None if condition is None else parse(condition)
    wanted = None if channels == "all" else set(parse_channels(channels, _MOST_CHANNELS))

    def entries() -> Iterator[Entry]:
        for file in sources:
            with closing(entries_of(file, port=port)) as found:
                yield from found

    place = [name for name, _, _ in COLUMNS].index("Channel")
    selected = (one for one in entries() if accepts is None or passes(one, accepts))
    table = (row for row in rows(selected) if wanted is None or row[place] in wanted)
    count = write(Path(targets[0]), [(name, kind) for name, kind, _ in COLUMNS], table)
    click.echo(f"{count} readings written to {targets[0]}")
