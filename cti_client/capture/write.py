"""Bytes that were sent, written as a capture that Wireshark opens.

One rule: the payload and its times are real, the headers around it are made up, and the file says so. What
the bytes mean is not known here.

Each connection gets a handshake, one acknowledgment per segment (so that no window ever fills), and a proper
end. Packets are raw IPv4 or IPv6 in one pcapng section with nanoseconds. Sources: draft-ietf-opsawg-pcapng;
RFC 791, 8200, 9293; RFC 5737 and 3849 (addresses for documentation).
"""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cti_client.capture.links import ACK, FIN, PSH, SYN, Endpoint

__all__ = ["MAX_PAYLOAD", "CaptureWriter", "WrittenConnection"]

MAX_PAYLOAD = 60_000
"""Bytes in one segment. Less than the window, and with its headers less than the largest IPv4 packet."""

_WINDOW = 0xFFFF
_LINKTYPE_RAW = 101
_COMMENT = b"TCP/IP headers are made up by the CTI toolkit; payload and times are real"


class CaptureWriter:
    """Writes a pcapng file. Every packet is flushed at once: a killed process leaves a readable file.

    Use it as a context manager or call `close`. It is not made for several threads at once.

    Args:
        target: a path, which is overwritten, or a binary stream, which is left open.

    Raises:
        OSError: (also from every method that writes) the target cannot be written.
    """

    def __init__(self, target: BinaryIO | Path | str) -> None:
        self._own = isinstance(target, str | Path)
        self._stream: BinaryIO = target if not isinstance(target, str | Path) else open(target, "wb")  # noqa: SIM115
        self._connections = 0
        self._names: dict[str, int] = {}
        comment = option(1, _COMMENT) + option(0, b"")
        nanoseconds = option(9, b"\x09") + option(0, b"")
        self._write(
            block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + comment)
            + block(1, struct.pack("<HHI", _LINKTYPE_RAW, 0, 0) + nanoseconds)
        )

    def connection(self, client: Endpoint, server: Endpoint, timestamp: float) -> WrittenConnection:
        """Writes the handshake of a new connection.

        Args:
            client: a host that is no IP address gets one for documentation (192.0.2.x), always the same one.
            timestamp: Unix time in seconds, UTC.

        Raises:
            ValueError: a port is not 0 to 65535, or the time is outside of 1970 to 2554.
        """
        for endpoint in (client, server):
            if not 0 <= endpoint.port <= 0xFFFF:
                raise ValueError(f"{endpoint}: a port is a number from 0 to 65535")
        self._connections += 1
        addresses = self._addresses(client.host, server.host)
        first = self._connections * 0x9E3779B1  # spreads the initial sequence numbers; the same in every run
        return WrittenConnection(
            self, _Side(addresses[0], client.port, first), _Side(addresses[1], server.port, ~first), timestamp
        )

    def close(self) -> None:
        """Ends the file. Connections that are still open stay without an end, as they are."""
        if self._own:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _addresses(self, *hosts: str) -> list[bytes]:
        """The hosts' addresses, all of one IP version: of version 6 as soon as one host is."""
        known = [_address(host) for host in hosts]
        version6 = any(isinstance(address, ipaddress.IPv6Address) for address in known)
        packed = []
        for host, address in zip(hosts, known, strict=True):
            if address is None:
                number = self._names.setdefault(host, 1 + len(self._names) % 254)
                address = ipaddress.ip_address(f"2001:db8::{number:x}" if version6 else f"192.0.2.{number}")
            mapped = version6 and address.version == 4
            packed.append(b"\x00" * 10 + b"\xff\xff" + address.packed if mapped else address.packed)
        return packed

    def packet(self, data: bytes, timestamp: float) -> None:
        """Writes one raw IP packet, captured at ``timestamp`` (Unix time in seconds, UTC)."""
        if not 0 <= timestamp < 2**64 / 1e9:
            raise ValueError(f"time {timestamp} s: a capture holds 0 (1970) to 1.8e10 s (2554)")
        # Not timestamp * 1e9, whose rounding would show when the time is read back.
        seconds = int(timestamp)
        ticks = seconds * 1_000_000_000 + round((timestamp - seconds) * 1e9)
        header = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFF_FFFF, len(data), len(data))
        self._write(block(6, header + data))

    def _write(self, data: bytes) -> None:
        self._stream.write(data)
        self._stream.flush()


class _Side:
    """One side of a connection: where it is, and the sequence number of the next byte it sends."""

    def __init__(self, address: bytes, port: int, sequence: int) -> None:
        self.address = address
        self.port = port
        self.sequence = sequence & 0xFFFF_FFFF


class WrittenConnection:
    """A connection in a capture that is being written; made by `CaptureWriter.connection`.

    Times are Unix seconds, UTC. The methods raise ``ValueError`` when the connection is closed.
    """

    def __init__(self, writer: CaptureWriter, client: _Side, server: _Side, timestamp: float) -> None:
        self._writer = writer
        self._client = client
        self._server = server
        self._closed = False
        self._send(client, server, SYN, timestamp)
        self._send(server, client, SYN | ACK, timestamp)
        self._send(client, server, ACK, timestamp)

    def client_sent(self, data: bytes, timestamp: float) -> None:
        """The client sent ``data``. Read back it is one chunk, or several of `MAX_PAYLOAD` bytes."""
        self._data(self._client, self._server, data, timestamp)

    def server_sent(self, data: bytes, timestamp: float) -> None:
        """The server sent ``data``. Read back it is one chunk, or several of `MAX_PAYLOAD` bytes."""
        self._data(self._server, self._client, data, timestamp)

    def close(self, timestamp: float) -> None:
        """Both sides end the connection, the client first. Closing again does nothing."""
        if not self._closed:
            self._closed = True
            self._send(self._client, self._server, FIN | ACK, timestamp)
            self._send(self._server, self._client, FIN | ACK, timestamp)
            self._send(self._client, self._server, ACK, timestamp)

    def _data(self, sender: _Side, receiver: _Side, data: bytes, timestamp: float) -> None:
        if self._closed:
            raise ValueError("the connection is closed; open a new one with CaptureWriter.connection")
        for at in range(0, len(data), MAX_PAYLOAD):
            self._send(sender, receiver, PSH | ACK, timestamp, data[at : at + MAX_PAYLOAD])
            self._send(receiver, sender, ACK, timestamp)

    def _send(
        self, sender: _Side, receiver: _Side, flags: int, timestamp: float, payload: bytes = b""
    ) -> None:
        acknowledgment = receiver.sequence if flags & ACK else 0
        # The largest segment size, which belongs into a SYN.
        options = struct.pack(">BBH", 2, 4, MAX_PAYLOAD) if flags & SYN else b""
        ports = (sender.port, receiver.port)
        offset = (20 + len(options)) // 4 << 4
        header = struct.pack(
            ">HHIIBBHHH", *ports, sender.sequence, acknowledgment, offset, flags, _WINDOW, 0, 0
        )
        self._writer.packet(_ip(sender.address, receiver.address, header + options + payload), timestamp)
        sender.sequence = (sender.sequence + len(payload) + bool(flags & (SYN | FIN))) & 0xFFFF_FFFF


def _ip(source: bytes, destination: bytes, segment: bytes) -> bytes:
    """An IP packet around a TCP segment, whose checksum is put in."""
    pseudo = source + destination + struct.pack(">II", len(segment), 6)
    segment = segment[:16] + checksum(pseudo + segment) + segment[18:]
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(segment), 6, 64) + source + destination + segment
    header = struct.pack(">BBHIBB", 0x45, 0, 20 + len(segment), 0x4000, 64, 6)
    addresses = source + destination
    return header + checksum(header + addresses) + addresses + segment


def checksum(data: bytes) -> bytes:
    """The Internet checksum (RFC 1071). A sum with end-around carry is a remainder modulo 65535."""
    return (-int.from_bytes(data + b"\x00" * (len(data) % 2), "big") % 0xFFFF).to_bytes(2, "big")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + b"\x00" * (-len(value) % 4)


def block(kind: int, body: bytes) -> bytes:
    body += b"\x00" * (-len(body) % 4)
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size
