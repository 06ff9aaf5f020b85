"""`cti export`: channel readings of captures as a table."""

from __future__ import annotations

from pathlib import Path

import click

#: No cycler has more; source: feedbacks.json, the vendor's client throws away what names a higher channel.
_MOST_CHANNELS = 2048


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="CAPTURE... TABLE")
@click.option("-Y", "--filter", "condition", metavar="FILTER",
              help="Only messages that pass, as in `cti dump`.")  # fmt: skip
@click.option("--channel", "channels", default="all", show_default=True, metavar="CHANNELS",
              help="Numbers and ranges like 1-8,12, counted from 1.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, metavar="N",
              help="Read so many captures at the same time, each in a process of its own.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), metavar="N",
              help="Only connections with this port, whether or not they look like CTI.")  # fmt: skip
def command(
    files: tuple[str, ...], condition: str | None, channels: str, jobs: int, port: int | None
) -> None:
    """Write the channel readings of captures as a table.

    TABLE ends in .csv, .sqlite or .parquet (which needs the extra "columns"); everything else is read.

    \b
    cti export capture.pcapng readings.csv
    cti export --channel 5 monday.pcapng tuesday.pcapng channel5.bdf.csv
    cti export --jobs 4 2024-*.pcapng year.parquet

    A row is one channel in one feedback. The columns have the names of the Battery Data Format, and behind
    them Connection, Server, Channel, Status, Test Name, Schedule Name, Step Label and Barcode. Charge current
    is positive. In SQLite the table is called "readings".
    """
    from cti_client.channels import parse_channels
    from cti_client.cli._readings import Wanted, readings
    from cti_client.dump.filters import parse
    from cti_client.dump.readings_table import COLUMNS
    from cti_client.dump.tables import ENDINGS, write, write_batches

    targets = [file for file in files if Path(file).suffix.lower() in ENDINGS]
    sources = [file for file in files if file not in targets]
    if len(targets) != 1 or not sources:
        raise click.UsageError(f"Give captures, and one table that ends in {', '.join(ENDINGS)}.")
    target = Path(targets[0])
    if condition is not None:
        parse(condition)  # a wrong one is told before anything is read
    wanted = None if channels == "all" else frozenset(parse_channels(channels, _MOST_CHANNELS))
    asked = Wanted(condition, wanted, port)
    if target.suffix.lower() == ".parquet" and all(map(asked.in_bulk, sources)):
        from cti_client.dump.readings_columns import SCHEMA

        asked = Wanted(condition, wanted, port, arrow=True)
        count = write_batches(target, readings(sources, asked, jobs), SCHEMA)
    else:
        columns = [(name, kind) for name, kind, _ in COLUMNS]
        count = write(target, columns, readings(sources, asked, jobs))
    click.echo(f"{count} readings written to {targets[0]}")
