"""The clients of a soak, in a process of their own: they ask anything, and are rude about it.

Each sends a random request, as it is or disturbed, waits a little for an answer, and goes on whatever came.
Some hang up, some reset, some stop reading for a while. A line per second tells what was sent and answered.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.errors import EncodeError
from cti_schema.message import Direction, Request
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.login import Login
from cti_schema.registry import registry

CLIENTS = 32

#: How long a client waits for an answer before it goes on, and how many times before it hangs up.
_PATIENCE_S = 0.02
_TIMES = 50

#: Names of tests: a cycler never forgets one, so that there must not be too many.
_NAMES = 200


def requests() -> list[bytes]:
    """Return the frames that are sent: every request of the schema, many reads among them."""
    frames = []
    for message in registry():
        if message.spec.direction is Direction.REQUEST and issubclass(message, Request):
            names = {kind.name for kind in message.spec.values}
            for number in range(_NAMES if "test_name" in names else 4):
                wanted: dict[str, Any] = {
                    "channel_index": number % 4,
                    "channel_indices": [number % 4],
                    "test_name": f"test {number}",
                    "schedule_name": "any",
                }
                given = {name: value for name, value in wanted.items() if name in names}
                try:
                    frames.append(encode(default(message, **given)))
                except (EncodeError, TypeError):
                    frames.append(encode(default(message)))
    reads = [encode(GetChannelsInfo(channel_index=index)) for index in (0, 1, 2, 3, -1)]
    logins = [encode(Login(username=f"user {number}", password="p")) for number in range(3)]
    return frames + reads * (len(frames) // 5) + logins * 20


@dataclass(slots=True)
class Counts:
    """What happened on the clients' side."""

    sent: int = 0
    answered: int = 0
    bytes_read: int = 0
    connections: int = 0
    lost: int = 0


@dataclass(slots=True, eq=False)
class Client:
    """One connection, and when it goes on."""

    sock: socket.socket
    goes_on: float = 0.0
    deaf_until: float = 0.0
    rest: list[bytes] = field(default_factory=list)
    unanswered: int = 0


class Load:
    """All clients."""

    def __init__(self, port: int, seed: int) -> None:
        self.counts = Counts()
        self._port = port
        self._random = random.Random(seed)
        self._requests = requests()
        self._selector = selectors.DefaultSelector()
        self._clients = {self._connect() for _ in range(CLIENTS)}

    def _connect(self) -> Client:
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=30.0)
        sock.setblocking(False)
        client = Client(sock)
        self._selector.register(sock, selectors.EVENT_READ, client)
        self.counts.connections += 1
        return client

    def _replace(self, client: Client, *, reset: bool = False) -> None:
        self._selector.unregister(client.sock)
        if reset:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sock.close()
        self._clients.remove(client)
        self._clients.add(self._connect())

    def _disturbed(self, frame: bytes) -> list[bytes]:
        """Return the writes that a request is sent in."""
        dice = self._random.random()
        if dice < 0.8:
            return [frame]
        if dice < 0.85:
            cut = self._random.randrange(1, len(frame))
            return [frame[:cut], frame[cut:]]
        if dice < 0.9:
            return [b"".join(self._random.choice(self._requests) for _ in range(10))]
        if dice < 0.93:
            return [self._random.randbytes(self._random.randrange(1, 300)) + frame]
        if dice < 0.96:
            return [frame[:-1] + bytes([frame[-1] ^ 1])]
        if dice < 0.98:
            spot = self._random.randrange(8, len(frame))
            return [frame[:spot] + self._random.randbytes(1) + frame[spot + 1 :]]
        return [frame[: self._random.randrange(len(frame))]]

    def _write(self, client: Client) -> None:
        dice = self._random.random()
        client.unanswered += 1
        if dice < 0.002 or client.unanswered > _TIMES:
            self._replace(client, reset=dice < 0.001)
            return
        if dice < 0.003:
            client.deaf_until = time.monotonic() + 0.5
            self._selector.unregister(client.sock)
            client.rest = [b"".join(self._random.choice(self._requests) for _ in range(200))]
        if not client.rest:
            client.rest = self._disturbed(self._random.choice(self._requests))
            self.counts.sent += 1
        data = client.rest.pop(0)
        try:
            sent = client.sock.send(data)
            if sent < len(data):
                client.rest.insert(0, data[sent:])
        except BlockingIOError:
            client.rest.insert(0, data)
        except OSError:
            self.counts.lost += 1
            if client.deaf_until:
                self._selector.register(client.sock, selectors.EVENT_READ, client)
            self._replace(client)
            return
        client.goes_on = time.monotonic() + _PATIENCE_S

    def _read(self, client: Client) -> None:
        try:
            data = client.sock.recv(2**18)
        except OSError:
            data = b""
        if not data:
            self.counts.lost += 1
            self._replace(client)
            return
        self.counts.answered += 1
        self.counts.bytes_read += len(data)
        client.goes_on = 0.0
        client.unanswered = 0

    def turn(self) -> None:
        """Read what came, and let those go on that have waited long enough."""
        for key, _ in self._selector.select(0.001):
            self._read(key.data)
        now = time.monotonic()
        for client in list(self._clients):
            if client.deaf_until and now >= client.deaf_until:
                client.deaf_until = 0.0
                self._selector.register(client.sock, selectors.EVENT_READ, client)
            if now >= client.goes_on and not client.deaf_until:
                self._write(client)

    def close(self) -> None:
        """Hang up."""
        for client in self._clients:
            client.sock.close()


def main(port: int, seconds: float, seed: int) -> None:
    """Put the server under load; counts as JSON lines on standard output."""
    load = Load(port, seed)
    end = time.monotonic() + seconds
    tell = 0.0
    while (now := time.monotonic()) < end:
        load.turn()
        if now >= tell:
            tell = now + 1.0
            print(json.dumps({name: getattr(load.counts, name) for name in Counts.__slots__}), flush=True)
    load.close()
    print(json.dumps({name: getattr(load.counts, name) for name in Counts.__slots__}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
