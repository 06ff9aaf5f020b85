"""The load: connections that ask for one channel, again and again. A program of its own; prints JSON.

``python -m tests.benchmarks.load PORT CONNECTIONS SECONDS same|own``

Each connection has one request under way. Nothing is decoded: an answer is complete when it has as many
bytes as the first one had, so that this costs the same against every server.
"""

from __future__ import annotations

import json
import selectors
import socket
import statistics
import sys
import time
from typing import Any

from cti_schema import encode
from cti_schema.messages.get_channels_info import GetChannelsInfo

#: Channels asked for where each connection asks for its own.
CHANNELS = 16

#: After that much silence the first answer is complete; one emulator's answers do not have the size they say.
_QUIET_S = 0.3


def _first(port: int, request: bytes) -> int:
    """Ask once, and return how many bytes come."""
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as sock:
        sock.sendall(request)
        size = len(sock.recv(65536))
        sock.settimeout(_QUIET_S)
        try:
            while data := sock.recv(65536):
                size += len(data)
        except TimeoutError:
            pass
        return size


def load(port: int, connections: int, seconds: float, which: str) -> dict[str, Any]:
    """Return what was measured."""
    requests = [
        encode(GetChannelsInfo(channel_index=index % CHANNELS if which == "own" else 3))
        for index in range(connections)
    ]
    size = _first(port, requests[0])
    selector = selectors.DefaultSelector()
    states: list[list[Any]] = []
    for request in requests:
        sock = socket.create_connection(("127.0.0.1", port), timeout=10.0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        state: list[Any] = [sock, request, 0, 0.0, []]
        states.append(state)
        selector.register(sock, selectors.EVENT_READ, state)
    clock = time.perf_counter
    began = clock()
    end = began + seconds
    for state in states:
        state[3] = clock()
        state[0].send(state[1])
    count = 0
    while (now := clock()) < end:
        for key, _ in selector.select(1.0):
            state = key.data
            state[2] += len(state[0].recv(65536))
            if state[2] >= size:
                count += 1
                state[2] = 0
                now = clock()
                state[4].append(now - state[3])
                state[3] = now
                state[0].send(state[1])
    lasted = now - began
    for state in states:
        state[0].close()
    medians = [statistics.median(state[4]) if state[4] else float("inf") for state in states]
    return {
        "requests_per_s": count / lasted,
        "fastest_median_ms": min(medians) * 1e3,
        "slowest_median_ms": max(medians) * 1e3,
        "least_answers": min(len(state[4]) for state in states),
    }


if __name__ == "__main__":
    print(json.dumps(load(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4])))
