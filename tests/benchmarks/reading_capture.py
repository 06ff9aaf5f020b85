"""A capture of polls as a network has it: Ethernet, segments of 1448 bytes, every second one acknowledged."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.registry import registry
from tests.benchmarks.codec_frames import AUX, channel

SEGMENT = 1448
CLIENT, SERVER = (bytes([10, 0, 0, 2]), 50000), (bytes([10, 0, 0, 9]), 9031)
AT = 1_700_000_000

_RECORD = struct.Struct("<IIII")


def answers(channels: int, count: int, aux: int = AUX) -> list[bytes]:
    """Return feedbacks whose values change from one to the next."""
    feedback: Any = registry().by_name("get_channels_info_feedback")
    found = []
    records = [channel(index, aux) for index in range(channels)]
    for second in range(count):
        for record in records:
            record.test_time_s = record.step_time_s + second
            record.voltage_v = 3.0 + (second * 7 + record.channel_index) % 1000 / 1000
        found.append(encode(feedback(channels=records)))
    return found


def write_capture(file: Path, size: int, channels: int = 64, different: int = 32) -> int:
    """Write a pcap file of about so many bytes, and return how many feedbacks it has."""
    request = encode(default(registry().by_name("get_channels_info")))
    frames = answers(channels, different)
    count = max(1, size // (len(frames[0]) * 107 // 100))
    with file.open("wb") as stream:
        stream.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        next_byte = {CLIENT: 1000, SERVER: 2000}
        write = stream.write

        def send(sender: Any, receiver: Any, flags: int, data: bytes, at: float) -> None:
            packet = _packet(sender, receiver, next_byte[sender], next_byte[receiver], flags, data)
            next_byte[sender] = (next_byte[sender] + len(data) + bool(flags & 2)) % 2**32
            write(_RECORD.pack(int(at), round(at % 1 * 1e6), len(packet), len(packet)) + packet)

        send(CLIENT, SERVER, 0x02, b"", AT)
        send(SERVER, CLIENT, 0x12, b"", AT)
        send(CLIENT, SERVER, 0x10, b"", AT)
        for number in range(count):
            send(CLIENT, SERVER, 0x18, request, AT + number)
            for place, part in enumerate(_segments(frames[number % different])):
                send(SERVER, CLIENT, 0x18, part, AT + number + 0.01 + place * 1e-5)
                if place % 2:
                    send(CLIENT, SERVER, 0x10, b"", AT + number + 0.01 + place * 1e-5)
    return count


def _segments(frame: bytes) -> Iterator[bytes]:
    for start in range(0, len(frame), SEGMENT):
        yield frame[start : start + SEGMENT]


def _packet(sender: Any, receiver: Any, sequence: int, acknowledged: int, flags: int, data: bytes) -> bytes:
    tcp = struct.pack(
        ">HHIIBBHHH", sender[1], receiver[1], sequence, acknowledged, 5 << 4, flags, 65535, 0, 0
    )
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0, sender[0], receiver[0])
    return bytes(12) + b"\x08\0" + ip + tcp + data
