"""Let a program look at a cycler without being able to touch it."""

import asyncio

import spoofer
from cti_client import Cycler
from cti_client.proxy import Proxy
from cti_schema.errors import ResultError


def look(host: str, port: int) -> None:
    with Cycler(host, port) as cycler:
        cycler.login("somebody", "a password")
        print(cycler.channel(1).read().status.label)
        try:
            cycler.channel(1).assign("formation.sdx")
        except ResultError as error:
            print(error)


async def main() -> None:
    with spoofer.running(spoofer.Device(channels=2)) as there:
        proxy = Proxy((there.host, there.port), port=0, read_only=True)
        await proxy.start()
        try:
            await asyncio.to_thread(look, proxy.host, proxy.port)
        finally:
            await proxy.close()
        print("not let through:", proxy.refused)


asyncio.run(main())
