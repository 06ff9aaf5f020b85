"""Builders for the capture tests; no tests here. Packets come from dpkt, a second opinion on headers."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable

import dpkt  # type: ignore[import-untyped]

from cti_client.capture import Endpoint, Segment
from cti_client.capture.links import ACK, FIN, PSH, SYN

CLIENT = Endpoint("192.0.2.1", 50000)
SERVER = Endpoint("192.0.2.2", 9031)
CLIENT6 = Endpoint("2001:db8::1", 50000)
SERVER6 = Endpoint("2001:db8::2", 9031)


class Pipe(io.RawIOBase):
    """A stream like standard input: it cannot seek, and gives few bytes at a time."""

    def __init__(self, data: bytes, at_most: int = 7) -> None:
        self._data = io.BytesIO(data)
        self._at_most = at_most
        self.name = "<stdin>"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(size, self._at_most))


def pcap(
    records: Iterable[tuple[int, int, bytes]],
    *,
    order: str = "<",
    magic: int = 0xA1B2C3D4,
    linktype: int = 1,
) -> bytes:
    """A pcap file of (seconds, fraction, data)."""
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, linktype)
    for seconds, fraction, data in records:
        out += struct.pack(order + "IIII", seconds, fraction, len(data), len(data))
        if magic == 0xA1B2CD34:
            out += bytes(8)
        out += data
    return out


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(linktype: int = 1, order: str = "<", options: bytes = b"", snaplen: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", linktype, 0, snaplen) + options, order)


def enhanced(data: bytes, ticks: int = 0, number: int = 0, order: str = "<", options: bytes = b"") -> bytes:
    """An enhanced packet block."""
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def tcp_packet(payload: bytes = b"data", flags: int = PSH | ACK, sequence: int = 1000) -> dpkt.tcp.TCP:
    return dpkt.tcp.TCP(
        sport=CLIENT.port, dport=SERVER.port, seq=sequence, ack=77, flags=flags, data=payload, win=1024
    )


def ipv4(payload: bytes = b"data", **fields: object) -> bytes:
    """An IPv4 packet with a TCP segment from CLIENT to SERVER."""
    packet = dpkt.ip.IP(src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02", p=6, data=tcp_packet(payload))
    for name, value in fields.items():
        setattr(packet, name, value)
    return bytes(packet)


def ipv6(payload: bytes = b"data", next_header: int = 6, extensions: bytes = b"") -> bytes:
    """An IPv6 packet with a TCP segment from CLIENT6 to SERVER6 behind extension headers given as bytes."""
    prefix = bytes.fromhex("20010db8") + bytes(11)
    body = extensions + bytes(tcp_packet(payload))
    return (
        struct.pack(">IHBB", 6 << 28, len(body), next_header, 64) + prefix + b"\x01" + prefix + b"\x02" + body
    )


def ethernet(packet: bytes, kind: int = 0x0800, tags: bytes = b"") -> bytes:
    return b"\x02" * 6 + b"\x04" * 6 + tags + struct.pack(">H", kind) + packet


class Talk:
    """Makes the segments of one connection, with the right sequence numbers, one second apart."""

    def __init__(self, client_isn: int = 1000, server_isn: int = 5000, time: float = 100.0) -> None:
        self.next = {CLIENT: client_isn, SERVER: server_isn}
        self.time = time

    def segment(
        self, sender: Endpoint, payload: bytes = b"", flags: int = PSH | ACK, missing: int = 0
    ) -> Segment:
        other = SERVER if sender is CLIENT else CLIENT
        sequence = self.next[sender]
        self.next[sender] = (sequence + len(payload) + missing + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        self.time += 1.0
        acknowledgment = self.next[other] if flags & ACK else 0
        return Segment(self.time, sender, other, sequence, flags, payload, acknowledgment, missing)

    def handshake(self) -> list[Segment]:
        return [
            self.segment(CLIENT, flags=SYN),
            self.segment(SERVER, flags=SYN | ACK),
            self.segment(CLIENT, flags=ACK),
        ]
