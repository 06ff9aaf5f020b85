"""A capture as a lab makes it: clients that poll all channels and single ones, and set values."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cti_client.capture import CaptureWriter, Endpoint, WrittenConnection
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.registry import registry
from tests.benchmarks.reading_capture import answers

CHANNELS, CLIENTS, SEGMENT = 16, 4, 1448
SERVER = Endpoint("10.0.0.9", 9031)


class _Unflushed(io.BufferedWriter):
    """A file that is not written packet by packet: only the end counts here."""

    def flush(self) -> None:
        pass


def frame(name: str, **values: Any) -> bytes:
    """Return the frame of a message with its defaults but for these values."""
    return encode(default(registry().by_name(name), **values))


def write_capture(file: Path, size: int) -> int:
    """Write a pcapng file of about so many bytes, and return how many messages it has."""
    return sum(1 for _ in _written(file, size))


def _written(file: Path, size: int) -> Iterator[None]:
    everything, one = answers(CHANNELS, 32, aux=0), answers(1, 32, aux=0)
    ask = {name: frame("get_channels_info", **values) for name, values in {
        "all": {"channel_index": -1, "channel_selection": 1}, "one": {"channel_index": 0},
    }.items()}  # fmt: skip
    sets = [frame("set_meta_variable", channel_index=index) for index in range(CHANNELS)]
    done = [frame("set_meta_variable_feedback", channel_index=index) for index in range(CHANNELS)]
    with _Unflushed(file.open("wb", buffering=0), 1 << 20) as stream:
        writer = CaptureWriter(stream)
        at = 1_700_000_000.0
        clients = [
            writer.connection(Endpoint(f"10.0.0.{10 + number}", 50_000), SERVER, at)
            for number in range(CLIENTS)
        ]
        logged_in = frame("login_feedback", result=1, channel_count=CHANNELS)
        for client in clients:
            yield _exchange(client, frame("login", username="lab", password="lab"), logged_in, at)
            yield
        turn = 0
        while stream.tell() < size:
            turn += 1
            at += 0.05
            client = clients[turn % CLIENTS]
            yield _exchange(client, ask["all"], everything[turn % len(everything)], at)
            yield
            for number in range(4):
                index = (turn + number) % CHANNELS
                yield _exchange(client, sets[index], done[index], at + 0.005 + number / 1000)
                yield
            yield _exchange(client, ask["one"], one[turn % len(one)], at + 0.01)
            yield
        for client in clients:
            client.close(at + 1)
        io.BufferedWriter.flush(stream)


def _exchange(client: WrittenConnection, request: bytes, feedback: bytes, at: float) -> None:
    client.client_sent(request, at)
    for start in range(0, len(feedback), SEGMENT):
        client.server_sent(feedback[start : start + SEGMENT], at + 0.002)
