"""Many cyclers at once; one of them is not there."""

import asyncio
import os
import tempfile
from pathlib import Path

from cti_client import Fleet
from spoofer import Device, running

LAB = """
[[cycler]]
name = "north"
host = "127.0.0.1"
port = {north}
user = "lab"

[[cycler]]
name = "south"
host = "127.0.0.1"
port = {south}
user = "lab"
"""


async def main(file: Path) -> None:
    async with Fleet.load(file) as fleet:
        for name, answer in (await fleet.status()).items():
            if answer.error is not None:
                print(name, type(answer.error).__name__)
            else:
                print(name, [reading.status.label for reading in answer.result()])


os.environ["CTI_PASSWORD"] = "a password"  # set outside of the program in real life
with tempfile.TemporaryDirectory() as folder, running(Device(channels=2)) as north:
    with running(Device(channels=2)) as south:
        file = Path(folder, "lab.toml")
        file.write_text(LAB.format(north=north.port, south=south.port))
    asyncio.run(main(file))  # south is gone
