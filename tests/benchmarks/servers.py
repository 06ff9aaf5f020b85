"""The servers that are compared, each a program of its own: ``python -m tests.benchmarks.servers NAME``.

Prints the port. Each line on standard input is answered with the memory in use, in kB (0 where the system
does not tell); the end of the input ends it.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Bytes of a request for one channel, and of the recorded answer.
REQUEST, ANSWER = 62, bytes(1779)


class Minimal(asyncio.Protocol):
    """The least that a server in asyncio can do: it counts bytes, and writes the same answer to all."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.waiting = 0

    def data_received(self, data: bytes) -> None:
        whole, self.waiting = divmod(self.waiting + len(data), REQUEST)
        if whole:
            self.transport.write(ANSWER * whole)


@contextmanager
def minimal() -> Iterator[int]:
    """Run the minimal server, and yield its port."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Minimal, "127.0.0.1", 0, backlog=1024))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    yield server.sockets[0].getsockname()[1]


@contextmanager
def spoofer() -> Iterator[int]:
    """Run the spoofer, and yield its port."""
    from spoofer import Device, running

    with running(Device(channels=16)) as there:
        yield there.port


@contextmanager
def peer() -> Iterator[int]:
    """Run pycti-arbin's emulator, and yield its port."""
    from pyctiarbin.arbinspoofer.arbin_spoofer import ArbinSpoofer  # type: ignore[import-untyped]

    threading.excepthook = lambda _: None  # its threads end with an error when a client resets
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    ArbinSpoofer({"ip": "127.0.0.1", "port": port, "num_channels": 16}).start()
    while True:
        with socket.socket() as there:
            if not there.connect_ex(("127.0.0.1", port)):
                break
        time.sleep(0.01)
    yield port


def resident_kb() -> int:
    """Return the memory in use, in kB."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0
    lines = status.read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


if __name__ == "__main__":
    with {"minimal": minimal, "spoofer": spoofer, "peer": peer}[sys.argv[1]]() as port:
        print(port, flush=True)
        for _ in sys.stdin:
            print(resident_kb(), flush=True)
