"""Packets of a capture with other bytes in their segments, and a file to write them into.

One rule: a packet keeps its size, its time and its headers; only payload changes, and with it the checksum of
TCP. What the bytes mean is not known here.

Sources: RFC 9293, section 3.1 (checksum); RFC 1624 (its update).
"""

from __future__ import annotations

import socket
import struct
from typing import BinaryIO

from cti_client.capture.links import Segment, tcp_header
from cti_client.capture.records import Packet
from cti_client.capture.write import block, checksum, option

__all__ = ["PacketWriter", "replace_payload"]


def replace_payload(packet: Packet, segment: Segment, payload: bytes) -> Packet:
    """A packet with another payload of the same length.

    Bytes behind the payload, with which short packets are filled up, become zero. The checksum of TCP is
    worked out again; where the capture has not the whole packet it is changed by as much as its bytes are.

    Raises:
        ValueError: the payload has another length.
    """
    if len(payload) != len(segment.payload):
        raise ValueError(f"a payload of {len(payload)} bytes in the place of {len(segment.payload)}")
    data = packet.data
    at = tcp_header(packet)
    start = at + (data[at + 12] >> 4) * 4
    end = start + len(payload)
    header = data[at:start]
    if payload != segment.payload:
        header = header[:16] + _checksum(segment, header, payload) + header[18:]
    return packet._replace(data=data[:at] + header + payload + bytes(len(data) - end))


def _checksum(segment: Segment, header: bytes, payload: bytes) -> bytes:
    if segment.missing:
        old = int.from_bytes(header[16:18], "big")
        before, after = (int.from_bytes(checksum(header[:16] + bytes(2) + header[18:] + data), "big")
                         for data in (segment.payload, payload))  # fmt: skip
        return ((old - before + after) % 0xFFFF).to_bytes(2, "big")
    addresses = b"".join(
        socket.inet_pton(socket.AF_INET6 if ":" in end.host else socket.AF_INET, end.host)
        for end in (segment.source, segment.destination)
    )
    pseudo = addresses + struct.pack(">II", len(header) + len(payload), socket.IPPROTO_TCP)
    return checksum(pseudo + header[:16] + bytes(2) + header[18:] + payload)


class PacketWriter:
    """Writes packets as a pcapng file: one section, nanoseconds, an interface for each link type.

    Args:
        stream: where to; it is left open.
        comment: what the file says of itself.
    """

    def __init__(self, stream: BinaryIO, comment: str) -> None:
        self._stream = stream
        self._interfaces: dict[int, int] = {}
        told = option(1, comment.encode()) + option(0, b"")
        stream.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + told))

    def write(self, packet: Packet, length: int) -> None:
        """Write a packet.

        Args:
            packet: the packet; a time that the format cannot hold becomes the nearest one.
            length: of the packet on the wire, which is more than was captured where the snap length cut it.
        """
        number = self._interfaces.get(packet.linktype)
        if number is None:
            number = self._interfaces[packet.linktype] = len(self._interfaces)
            nanoseconds = option(9, b"\x09") + option(0, b"")
            self._stream.write(block(1, struct.pack("<HHI", packet.linktype, 0, 0) + nanoseconds))
        seconds = int(packet.timestamp)
        ticks = seconds * 1_000_000_000 + round((packet.timestamp - seconds) * 1e9)
        ticks = min(max(ticks, 0), 2**64 - 1)
        header = struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(packet.data), length)
        self._stream.write(block(6, header + packet.data))
