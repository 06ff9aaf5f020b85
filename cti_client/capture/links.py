"""From a captured packet to its TCP segment: link layer, IP, TCP.

One rule: a packet is a segment or is counted under the reason why not; it never raises. What other protocols
carry, and what a segment's bytes mean, is not known here.

Sources: the LINKTYPE list of tcpdump.org; RFC 791 and 8200 (IP), RFC 9293 (TCP), IEEE 802.1Q.
"""

from __future__ import annotations

import socket
import struct
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from cti_client.capture.records import Packet

__all__ = [
    "ACK",
    "DAMAGED",
    "FIN",
    "FRAGMENT",
    "NOT_IP",
    "NOT_TCP",
    "PSH",
    "RST",
    "SYN",
    "Endpoint",
    "Segment",
    "Segments",
    "tcp_header",
]

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10


class Endpoint(NamedTuple):
    """One end of a TCP connection. ``str()`` gives ``192.0.2.1:9031`` or ``[::1]:9031``."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Segment(NamedTuple):
    """One TCP segment.

    Attributes:
        timestamp: Unix time in seconds, UTC.
        sequence: sequence number of the segment's first byte, as in the header.
        flags: the eight low flag bits of the header: `FIN`, `SYN`, `RST`, `PSH`, `ACK` and others.
        payload: the bytes that were captured.
        acknowledgment: as in the header; means something only with `ACK`.
        missing: bytes behind ``payload`` that the packet had and the capture has not (snap length).
    """

    timestamp: float
    source: Endpoint
    destination: Endpoint
    sequence: int
    flags: int
    payload: bytes
    acknowledgment: int = 0
    missing: int = 0


class _Skip(Exception):
    """This packet holds no TCP segment; the text says why."""


DAMAGED = "damaged or cut too short"
FRAGMENT = "IP fragment"
NOT_IP = "not IP"
NOT_TCP = "not TCP"


class Segments:
    """Finds the TCP segment in each packet.

    Attributes:
        skipped: number of packets without a segment, by reason. ``not IP`` and ``not TCP`` are other people's
            traffic; the other reasons may have hidden something.
    """

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()

    @property
    def notes(self) -> list[str]:
        """Which packets may have hidden something, one sentence each."""
        return [
            f"{count} packets skipped: {reason}"
            for reason, count in sorted(self.skipped.items())
            if reason not in (NOT_IP, NOT_TCP)
        ]

    def segment(self, packet: Packet) -> Segment | None:
        """The TCP segment in a packet; ``None``, and one more in ``skipped``, when there is none."""
        try:
            return _ip(packet, _ip_offset(packet.linktype, packet.data))
        except _Skip as reason:
            self.skipped[str(reason)] += 1
        except (struct.error, IndexError):
            self.skipped[DAMAGED] += 1
        return None


_ETHERNET, _SLL, _SLL2 = 1, 113, 276
_LOOPBACK = {0, 108}  # NULL and LOOP
_RAW = {12, 14, 101, 228, 229}
# A VLAN tag stands where the type would, two bytes of tag and the next type follow.
_VLAN = {0x8100, 0x88A8, 0x9100, 0x9200, 0x9300}
_IP = {0x0800, 0x86DD}
# AF_INET, and the AF_INET6 of Linux, Windows, NetBSD, FreeBSD and macOS: the capturing machine's.
_FAMILIES = {2, 10, 23, 24, 28, 30}

_u16 = struct.Struct(">H").unpack_from
_ports = struct.Struct(">HHII").unpack_from


def _ip_offset(linktype: int, data: bytes) -> int:
    """Where the IP header starts."""
    if linktype == _ETHERNET:
        at = 12
    elif linktype in _RAW:
        return 0
    elif linktype in _LOOPBACK:
        # In the byte order of the capturing machine; families are small, so the order is seen at the value.
        if not {int.from_bytes(data[:4], "little"), int.from_bytes(data[:4], "big")} & _FAMILIES:
            raise _Skip(NOT_IP)
        return 4
    elif linktype == _SLL:
        at = 14
    elif linktype == _SLL2:
        # The type stands at the front of a 20-byte header; a tag stands behind the header.
        (kind,) = _u16(data)
        at = 20
        while kind in _VLAN:
            (kind,) = _u16(data, at + 2)
            at += 4
        if kind not in _IP:
            raise _Skip(NOT_IP)
        return at
    else:
        raise _Skip(f"link type {linktype}, which is not supported")
    (kind,) = _u16(data, at)
    while kind in _VLAN:
        at += 4
        (kind,) = _u16(data, at)
    if kind not in _IP:
        raise _Skip(NOT_IP)
    return at + 2


def _ip(packet: Packet, at: int) -> Segment:
    """The segment in an IP packet whose header starts at ``at``."""
    data = packet.data
    version = data[at] >> 4
    if version == 4:
        return _ipv4(packet, at)
    if version == 6:
        return _ipv6(packet, at)
    raise _Skip(DAMAGED if packet.linktype not in _RAW else NOT_IP)


def _ipv4(packet: Packet, at: int) -> Segment:
    data = packet.data
    (length,) = _u16(data, at + 2)
    (fragment,) = _u16(data, at + 6)
    header = (data[at] & 15) * 4
    if data[at + 9] != socket.IPPROTO_TCP:
        raise _Skip(NOT_TCP)
    if fragment & 0x1FFF:
        raise _Skip(FRAGMENT)
    # A length of 0 is a packet that the network card was to cut: it goes to the end of what was captured.
    end = at + length if length else len(data)
    if header < 20:
        raise _Skip(DAMAGED)
    return _tcp(packet, at + header, end, data[at + 12 : at + 16], data[at + 16 : at + 20])


# Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in 8 bytes, without the first 8.
_EXTENSIONS = {0, 43, 60, 135, 139, 140}
_FRAGMENT_HEADER, _AUTHENTICATION = 44, 51


def _ipv6(packet: Packet, at: int) -> Segment:
    data = packet.data
    (length,) = _u16(data, at + 4)
    end = at + 40 + length if length else len(data)
    return _tcp(packet, _behind_extensions(data, at), end, data[at + 8 : at + 24], data[at + 24 : at + 40])


def _behind_extensions(data: bytes, at: int) -> int:
    """Where the TCP header starts behind an IPv6 header and its extensions."""
    kind = data[at + 6]
    next_at = at + 40
    while kind != socket.IPPROTO_TCP:
        if kind in _EXTENSIONS:
            size = 8 + data[next_at + 1] * 8
        elif kind == _AUTHENTICATION:
            size = 8 + data[next_at + 1] * 4
        elif kind == _FRAGMENT_HEADER:
            if _u16(data, next_at + 2)[0] & 0xFFF8:
                raise _Skip(FRAGMENT)
            size = 8
        else:
            raise _Skip(NOT_TCP)
        kind = data[next_at]
        next_at += size
    return next_at


def tcp_header(packet: Packet) -> int:
    """Where the TCP header starts in a packet in which `Segments` has found a segment."""
    data = packet.data
    at = _ip_offset(packet.linktype, data)
    return at + (data[at] & 15) * 4 if data[at] >> 4 == 4 else _behind_extensions(data, at)


def _tcp(packet: Packet, at: int, end: int, source: bytes, destination: bytes) -> Segment:
    """The segment whose header starts at ``at``, in an IP packet that ends at ``end``."""
    data = packet.data
    source_port, destination_port, sequence, acknowledgment = _ports(data, at)
    header = (data[at + 12] >> 4) * 4
    flags = data[at + 13]
    start = at + header
    if header < 20 or start > end:
        raise _Skip(DAMAGED)
    # Ethernet pads short packets: nothing behind ``end`` belongs to the segment.
    return Segment(
        packet.timestamp,
        _endpoint(source, source_port),
        _endpoint(destination, destination_port),
        sequence,
        flags,
        data[start:end],
        acknowledgment,
        max(0, end - max(start, len(data))),
    )


@lru_cache(maxsize=4096)
def _endpoint(address: bytes, port: int) -> Endpoint:
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    return Endpoint(socket.inet_ntop(family, address), port)
