"""The same with asyncio: several cyclers at once."""

import asyncio

from cti_client.aio import Cycler
from spoofer import Device, Spoofer


async def run_test(port: int, name: str) -> str:
    async with Cycler("127.0.0.1", port) as cycler:
        await cycler.login("somebody", "a password")
        for number in (1, 2):
            await cycler.channel(number).assign("formation.sdx")
        outcomes = await cycler.start([1, 2], name)
        readings = await cycler.channels()
        await cycler.stop_all()
    started = [outcome.channel for outcome in outcomes if outcome.ok]
    return f"{name}: started {started}, channel 1 {readings[0].status.label}"


async def main() -> None:
    async with (
        Spoofer(Device(channels=2), port=0) as one,
        Spoofer(Device(channels=2), port=0) as two,
    ):
        for line in await asyncio.gather(
            run_test(one.port, "monday"), run_test(two.port, "tuesday")
        ):
            print(line)


asyncio.run(main())
