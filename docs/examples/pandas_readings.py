"""What `cti log` writes into SQLite, read with pandas."""

# mypy: disable-error-code="import-untyped"

import asyncio
import itertools
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pandas as pd
from cti_client import Cycler, Fleet
from cti_client.credentials import Secret
from cti_client.fleet import Place
from cti_client.record import Logger, Poll, open_sink
from spoofer import Device, running

QUERY = """
SELECT time, channel, test_name, test_time_s, voltage_v, current_a, charge_capacity_ah
FROM readings
WHERE cycler = 'north' AND test_name <> ''
ORDER BY channel, slot
"""


async def record(port: int, folder: Path) -> None:
    """Do what `cti log` does, for twenty polls."""
    place = Place("north", "127.0.0.1", port, "lab")
    fleet = Fleet([place], {"north": Secret("a password")})
    sinks = [open_sink(str(folder / "readings.sqlite"))]
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


def read(file: Path) -> pd.DataFrame:
    """Return the readings of all tests, with the time as a time."""
    with closing(sqlite3.connect(file)) as database:
        return pd.read_sql(QUERY, database, parse_dates=["time"])


with tempfile.TemporaryDirectory() as name:
    # Ten minutes of the test in each second of ours.
    with running(Device(channels=2, seed=1, speed=600.0)) as there:
        with Cycler("127.0.0.1", there.port) as cycler:
            cycler.login("lab", "a password")
            for channel in (1, 2):
                cycler.channel(channel).assign("formation.sdx")
                cycler.channel(channel).start(f"cell-{channel}")
        asyncio.run(record(there.port, Path(name)))
    readings = read(Path(name, "readings.sqlite"))

print("times in", readings["time"].dt.tz)
tests = readings.groupby("test_name").agg(
    readings=("voltage_v", "size"), charged_ah=("charge_capacity_ah", "max")
)
print(tests.index.to_list(), (tests["charged_ah"] > 0).to_list())
