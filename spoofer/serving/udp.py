"""Values of meta variables by UDP, as `apply_udp_communication` asks for them.

No document and no library says what the datagrams look like; the layout here is this project's own choice,
made of what the request has, and no client of the vendor is known to read it. Little-endian:

====== ======= ==========================================================================
offset type    what
====== ======= ==========================================================================
0      u32     number of the datagram, from 0 on, for each stream
4      f64     when the values were read, in simulated seconds since the device was made
12     u32     number of values that follow, at most 100
====== ======= ==========================================================================

and for each value the same 14 bytes as an entry of the request, `WantedValue`:

====== ======= ==========================================================================
offset type    what
====== ======= ==========================================================================
0      u16     channel or auxiliary index
2      u8      0, or the result that says why there is no value just now
3      u8      data type
4      u16     meta variable code
6      3 bytes zero
9      u8      read (0)
10     f32     the value
====== ======= ==========================================================================

More than 100 values go in several datagrams with the same time. Nothing is received. `Stream` is what is
sent and knows no socket; `UdpSender` is the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

log = logging.getLogger("spoofer")

#: Values in one datagram: it fits into an Ethernet frame.
MOST_VALUES: Final = 100

#: Least seconds between two rounds: that of the log interval (rules.md, section 4).
LEAST_INTERVAL_S: Final = 0.005

_HEAD: Final = struct.Struct("<IdI")
_VALUE: Final = struct.Struct("<HBBH3xBf")


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a datagram.

    Attributes:
        global_index: channel or auxiliary index, zero-based.
        error: 0, or a result of the request's feedback.
        data_type: what the code names.
        meta_variable_code: which variable.
        value: its value; 0 when there is an error.
    """

    global_index: int
    error: int
    data_type: int
    meta_variable_code: int
    value: float


@dataclass(frozen=True, slots=True)
class Datagram:
    """What one datagram says.

    Attributes:
        number: its number in the stream.
        time_s: when the values were read, in simulated seconds.
        values: the values.
    """

    number: int
    time_s: float
    values: tuple[Value, ...]

    def encode(self) -> bytes:
        """Return the bytes."""
        head = _HEAD.pack(self.number % 2**32, self.time_s, len(self.values))
        return head + b"".join(
            _VALUE.pack(
                value.global_index,
                value.error,
                value.data_type,
                value.meta_variable_code,
                0,
                _as_f32(value.value),
            )
            for value in self.values
        )


def _as_f32(value: float) -> float:
    """Return a value that packs into four bytes: what is too large becomes infinite."""
    try:
        struct.pack("<f", value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return value


def decode_datagram(data: bytes) -> Datagram:
    """Return what a datagram of this layout says.

    Raises:
        ValueError: it is not as long as it says.
    """
    if len(data) < _HEAD.size:
        raise ValueError(f"a datagram has at least {_HEAD.size} bytes, this one {len(data)}")
    number, time_s, count = _HEAD.unpack_from(data)
    if len(data) != _HEAD.size + count * _VALUE.size:
        raise ValueError(f"{count} values have {count * _VALUE.size} bytes, not {len(data) - _HEAD.size}")
    values = (
        Value(index, error, kind, code, value)
        for index, error, kind, code, _, value in _VALUE.iter_unpack(data[_HEAD.size :])
    )
    return Datagram(number, time_s, tuple(values))


@dataclass(slots=True)
class Stream:
    """What a client asked for.

    Attributes:
        host: IPv4 address of the client, as a text.
        port: its port.
        read: returns the time in simulated seconds, and the values now.
        interval: returns the seconds between two rounds, as they are set now.
        number: of the next datagram.
    """

    host: str
    port: int
    read: Callable[[], tuple[float, Sequence[Value]]]
    interval: Callable[[], float]
    number: int = 0

    def datagrams(self) -> Iterator[bytes]:
        """Yield the datagrams of one round."""
        time_s, values = self.read()
        for start in range(0, len(values), MOST_VALUES):
            yield Datagram(self.number, time_s, tuple(values[start : start + MOST_VALUES])).encode()
            self.number += 1


#: Sends a stream from now on in the place of an earlier one, or none any more. Returns the address and the
#: port that it is sent from; ``None`` when nothing is sent: the client's address is not allowed, or there is
#: no way to it.
StreamTo = Callable[[Stream | None], tuple[str, int] | None]


class UdpSender:
    """Sends the stream of one connection, in a task of the running event loop.

    Args:
        anywhere: also to addresses that are not of this computer. A spoofer that does so sends to whom a
            client names: only for networks where nobody is annoyed by that.
    """

    def __init__(self, *, anywhere: bool = False) -> None:
        self._anywhere = anywhere
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    def stream(self, stream: Stream | None) -> tuple[str, int] | None:
        """Send this stream from now on; see `StreamTo`."""
        self.close()
        if stream is None or not (self._anywhere or ipaddress.ip_address(stream.host).is_loopback):
            return None
        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            # Connecting a UDP socket sends nothing: the system chooses the address to send from.
            self._socket.connect((stream.host, stream.port))
            host, port = self._socket.getsockname()
        except OSError:
            self.close()
            return None
        self._task = asyncio.get_running_loop().create_task(self._send(self._socket, stream))
        return host, port

    async def _send(self, to: socket.socket, stream: Stream) -> None:
        try:
            while True:
                for data in stream.datagrams():
                    with contextlib.suppress(OSError):  # nobody listens, or the way is full
                        to.send(data)
                await asyncio.sleep(max(stream.interval(), LEAST_INTERVAL_S))
        except Exception:
            log.exception("%s:%d: no more values by UDP", stream.host, stream.port)

    def close(self) -> None:
        """Send nothing any more. A second call does nothing."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
