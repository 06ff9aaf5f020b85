"""`cti plot`: a picture of a test, from a database or a file in the Battery Data Format."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("source", default="readings.sqlite", metavar="[SOURCE]")
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path), required=True,
              metavar="FILE", help="The picture: FILE.png or FILE.svg.")  # fmt: skip
@click.option("--cycler", metavar="NAME", help="Name or serial number of the cycler.")
@click.option("--channel", type=click.IntRange(1), metavar="NUMBER", help="The channel, from 1.")
@click.option("--test", "name", metavar="NAME", help="Name of the test.")
def command(source: str, target: Path, cycler: str | None, channel: int | None, name: str | None) -> None:
    """Draw voltage and current against time, and voltage against capacity.

    \b
    cti plot --test cell-17 --out cell-17.png
    cti plot readings.sqlite --cycler north --channel 5 --test cell-17 --out cell-17.svg
    cti plot postgresql://lab@db.example/cycling --test cell-17 --out cell-17.png
    cti plot cell-17.channel5.bdf.csv --out cell-17.png

    SOURCE is what `cti log` or `cti export` writes: a SQLite file, a database's URL (extra "db"),
    FILE.bdf.csv or FILE.bdf.parquet (extra "columns"). Where it has several tests, say which. Times without
    readings are gaps in the lines. Needs the extra "plot".
    """
    from cti_schema.errors import ConfigurationError

    if target.suffix.lower() not in (".png", ".svg"):
        raise ConfigurationError(f"{target}: a picture is a FILE.png or a FILE.svg")
    if not target.absolute().parent.is_dir():
        raise ConfigurationError(f"{target}: there is no folder {target.parent}")
    from cti_client.plotting import Wanted, draw, read_test
    from cti_client.plotting.figure import summary

    test, curves = read_test(source, Wanted(cycler, channel, name))
    draw(test, curves, target)
    click.echo(f"{test}: {summary(curves)}; {target}")
