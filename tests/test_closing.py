"""What is closed while clients connect leaves nothing open: asyncio accepts before it tells."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import ExitStack

import pytest

from cti_client.proxy import Proxy
from spoofer import Device, Spoofer


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize("rounds", [1, 2, 3, 4])
def test_a_connection_that_comes_while_it_closes(rounds: int, proxied: bool) -> None:
    async def main() -> None:
        spoofer = Spoofer(Device(2), port=0)
        await spoofer.start()
        proxy = Proxy(("127.0.0.1", spoofer.port), port=0)
        await proxy.start()
        with ExitStack() as stack:
            for _ in range(3):
                client = stack.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", proxy.port if proxied else spoofer.port))
            for _ in range(rounds):
                await asyncio.sleep(0)
            await proxy.close()
            await spoofer.close()

    asyncio.run(main())
    gc.collect()  # what was left open would be told of now, and fail the test
