"""What `cti log` writes as Parquet and as Battery Data Format, read with polars."""

import asyncio
import itertools
import tempfile
from pathlib import Path

import polars as pl
from cti_client import Cycler, Fleet
from cti_client.credentials import Secret
from cti_client.fleet import Place
from cti_client.record import Logger, Poll, open_sink
from spoofer import Device, running


async def record(port: int, folder: Path) -> None:
    """Do what `cti log` does, for twenty polls."""
    place = Place("north", "127.0.0.1", port, "lab")
    fleet = Fleet([place], {"north": Secret("a password")})
    targets = [f"parquet:{folder / 'archive'}", f"bdf.csv:{folder / 'tests'}"]
    sinks = [open_sink(target) for target in targets]
    polls, enough = itertools.count(1), asyncio.Event()

    def see(poll: Poll) -> None:
        if poll.error is None and next(polls) == 20:
            enough.set()

    spool = folder / "readings.spool"
    with Logger(fleet, sinks, spool, rate_hz=20.0, on_poll=see) as logger:
        async with fleet:
            logging = asyncio.create_task(logger.run())
            await enough.wait()
            logging.cancel()


def read_archive(folder: Path) -> pl.LazyFrame:
    """Return all readings; only the days and columns that are asked for are read."""
    files = folder / "readings" / "**" / "*.parquet"
    return pl.scan_parquet(files, hive_partitioning=True)


with tempfile.TemporaryDirectory() as name:
    # Ten minutes of the test in each second of ours.
    with running(Device(channels=2, seed=1, speed=600.0)) as there:
        with Cycler("127.0.0.1", there.port) as cycler:
            cycler.login("lab", "a password")
            for channel in (1, 2):
                cycler.channel(channel).assign("formation.sdx")
                cycler.channel(channel).start(f"cell-{channel}")
        asyncio.run(record(there.port, Path(name)))

    readings = read_archive(Path(name, "archive"))
    channels = (
        readings.filter(pl.col("cycler") == "north", pl.col("test_name") != "")
        .group_by("channel", "test_name")
        .agg(pl.col("voltage_v").max() > 3.0)
        .sort("channel")
        .collect()
    )
    print(channels.rows())

    file = Path(name, "tests", "north", "cell-2.channel2.bdf.csv")
    curve = pl.read_csv(file)
    print(curve.columns[:3], curve["Test Time / s"].is_sorted())
