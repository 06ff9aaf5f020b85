"""Values by UDP: which entries are taken, and what is sent to whom."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from cti_schema import decode, encode
from cti_schema.enums import DataType, MetaVariableCode
from cti_schema.messages.apply_udp_communication import (
    ApplyUdpCommunication,
    ApplyUdpCommunicationFeedback,
    ApplyUdpResult,
    ReadWriteMode,
    WantedValue,
)
from cti_schema.messages.login import Login
from spoofer import Connection, Device, User, running
from spoofer.serving.udp import MOST_VALUES, Datagram, Stream, UdpSender, Value, decode_datagram
from tests.spoofer.helpers import Clock, frames, logged_in, one

META = DataType.MP_DATA_TYPE_META_VALUE
VOLTAGE = MetaVariableCode.PV_VOLTAGE
R = ApplyUdpResult


def wanted(
    index: int = 0,
    code: int = VOLTAGE,
    kind: int = META,
    mode: ReadWriteMode = ReadWriteMode.READ,
) -> WantedValue:
    return WantedValue(
        global_index=index,
        data_type=DataType(kind),
        meta_variable_code=MetaVariableCode(code),
        read_write_mode=mode,
    )


def apply(*entries: WantedValue, port: int = 5000, ip: str = "127.0.0.1") -> ApplyUdpCommunication:
    return ApplyUdpCommunication(
        udp_client_port=port, udp_client_ip=socket.inet_aton(ip), entries=list(entries)
    )


def errors(feedback: Any) -> list[ApplyUdpResult]:
    assert isinstance(feedback, ApplyUdpCommunicationFeedback)
    return [item.error for item in feedback.items]


class Sender:
    """Stands for the socket: keeps what it is asked to send."""

    def __init__(self, allowed: bool = True) -> None:
        self.streams: list[Stream | None] = []
        self._allowed = allowed

    def __call__(self, stream: Stream | None) -> tuple[str, int] | None:
        self.streams.append(stream)
        return ("127.0.0.1", 4321) if stream is not None and self._allowed else None


@pytest.fixture
def device() -> Device:
    return Device(channels=3, clock=Clock())


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
def connection(device: Device, sender: Sender) -> Connection:
    connection = logged_in(device)
    connection.session.stream_to = sender
    return connection


# --- the datagram ----------------------------------------------------------------------------------


def test_a_datagram_byte_by_byte() -> None:
    datagram = Datagram(7, 2.5, (Value(3, 0, 1, 21, 3.5), Value(65535, 19, 1, 22, 0.0)))
    head = bytes.fromhex("07000000 0000000000000440 02000000")
    first = bytes.fromhex("0300 00 01 1500 000000 00 00006040")
    second = bytes.fromhex("ffff 13 01 1600 000000 00 00000000")
    assert datagram.encode() == head + first + second
    assert decode_datagram(datagram.encode()) == datagram


def test_a_value_is_laid_out_as_in_the_request() -> None:
    request = encode(apply(wanted(3)))
    # The request's entries stand behind its 20 + 212 bytes, in front of the checksum.
    assert Datagram(0, 0.0, (Value(3, 0, META, VOLTAGE, 0.0),)).encode()[16:] == request[232:-2]


@pytest.mark.parametrize("data", [b"", bytes(15), bytes(17), struct.pack("<IdI", 0, 0.0, 1) + bytes(13)])
def test_what_is_no_datagram(data: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        decode_datagram(data)


def test_values_that_do_not_fit() -> None:
    values = tuple(Value(0, 0, 1, 21, value) for value in (1e300, -1e300, math.nan))
    high, low, none = decode_datagram(Datagram(2**32, 0.0, values).encode()).values
    assert (high.value, low.value) == (math.inf, -math.inf)
    assert math.isnan(none.value)


def test_many_values_go_in_several_datagrams() -> None:
    values = [Value(index, 0, 1, 21, 0.0) for index in range(2 * MOST_VALUES + 1)]
    stream = Stream("127.0.0.1", 5000, lambda: (1.5, values), lambda: 1.0)
    for round_ in range(2):
        found = [decode_datagram(data) for data in stream.datagrams()]
        assert [one.number for one in found] == [3 * round_, 3 * round_ + 1, 3 * round_ + 2]
        assert {one.time_s for one in found} == {1.5}
        assert [value for one in found for value in one.values] == values
        assert max(len(one.encode()) for one in found) == 16 + 14 * MOST_VALUES <= 1472


# --- what is taken ---------------------------------------------------------------------------------


def test_what_a_client_asked_for(connection: Connection, device: Device, sender: Sender) -> None:
    feedback = one(
        connection,
        apply(
            wanted(1),
            wanted(3),
            wanted(0, 4711),
            wanted(0, kind=DataType.MP_DATA_TYPE_CANBMS),
            wanted(0, mode=ReadWriteMode.WRITE_AND_READ),
        ),
    )
    first, *others = feedback.items
    assert first.error is R.SUCCESS
    assert (first.mcu_ip, first.mcu_port) == (bytes((127, 0, 0, 1)), 4321)
    assert [item.global_index for item in feedback.items] == [1, 3, 0, 0, 0]
    assert [item.error for item in others[:2]] == [R.CHANNEL_INDEX_ERROR, R.METACODE_NOTEXIST]
    assert not others[2].error.is_success
    assert others[3].error is R.WRITE_NOT_SUPPORTED
    assert {(item.mcu_ip, item.mcu_port) for item in others} == {(bytes(4), 0)}
    (stream,) = sender.streams
    assert stream is not None
    assert (stream.host, stream.port, stream.interval()) == ("127.0.0.1", 5000, device.log_interval_s)
    (datagram,) = [decode_datagram(data) for data in stream.datagrams()]
    (value,) = datagram.values
    (reading,) = device.readings([1])
    assert (value.global_index, value.error, value.meta_variable_code) == (1, 0, VOLTAGE)
    assert value.value == pytest.approx(reading.voltage_v)


def test_no_stream_without_a_value(connection: Connection, sender: Sender) -> None:
    assert errors(one(connection, apply(wanted(99)))) == [R.CHANNEL_INDEX_ERROR]
    assert one(connection, apply()).items == []
    assert sender.streams == [None, None]


@pytest.mark.parametrize("port", [0, 1, 1023])
def test_a_port_that_no_client_may_name(connection: Connection, sender: Sender, port: int) -> None:
    assert errors(one(connection, apply(wanted(), wanted(99), port=port))) == [R.ERROR, R.CHANNEL_INDEX_ERROR]
    assert sender.streams == [None]


def test_an_address_that_nothing_is_sent_to(device: Device) -> None:
    connection = logged_in(device)
    connection.session.stream_to = Sender(allowed=False)
    assert errors(one(connection, apply(wanted(), wanted(99)))) == [R.ERROR, R.CHANNEL_INDEX_ERROR]


def test_a_connection_in_memory_has_nothing_that_sends(device: Device) -> None:
    assert errors(one(logged_in(device), apply(wanted()))) == [R.NOT_CONNECT_DAQ]


def test_the_right_to_control_is_needed(device: Device, sender: Sender) -> None:
    device.users = {"guest": User("", may_control=False)}
    connection = Connection(device)
    connection.session.stream_to = sender
    one(connection, Login(username="guest", password=""))
    assert errors(one(connection, apply(wanted(), wanted(99)))) == [R.ERROR, R.ERROR]
    assert sender.streams == []


def test_too_many_values(connection: Connection, sender: Sender) -> None:
    assert set(errors(one(connection, apply(*[wanted()] * 1001)))) == {R.ERROR}
    assert set(errors(one(connection, apply(*[wanted()] * 1000)))) == {R.SUCCESS}
    assert len(sender.streams) == 1


# --- through sockets -------------------------------------------------------------------------------


class Client:
    """A client with a UDP socket of its own."""

    def __init__(self, port: int) -> None:
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.settimeout(10)
        self.tcp = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.ask(Login(username="a", password="b"))

    @property
    def port(self) -> int:
        port: int = self.udp.getsockname()[1]
        return port

    def ask(self, request: Any) -> Any:
        self.tcp.sendall(encode(request))
        data = b""
        while len(data) < 12 or len(data) < int.from_bytes(data[8:12], "little"):
            data += self.tcp.recv(2**16)
        (frame,) = frames(data)
        return decode(frame, "feedback")

    def receive(self) -> tuple[Datagram, tuple[str, int]]:
        data, sender = self.udp.recvfrom(2**16)
        return decode_datagram(data), sender

    def receive_all(self) -> None:
        while True:
            self.receive()

    def close(self) -> None:
        self.udp.close()
        self.tcp.close()


def test_values_come_while_the_connection_lasts() -> None:
    device = Device(channels=2)
    device.log_interval_s = 0.01
    with running(device) as spoofer:
        client = Client(spoofer.port)
        try:
            (item,) = client.ask(apply(wanted(1), port=client.port)).items
            assert item.error is R.SUCCESS
            found = []
            for number in range(3):
                datagram, sender = client.receive()
                assert datagram.number == number
                assert sender == (socket.inet_ntoa(item.mcu_ip), item.mcu_port)
                (value,) = datagram.values
                assert (value.global_index, value.error) == (1, 0)
                found.append(datagram.time_s)
            assert found == sorted(set(found))
            # Another request takes the place of the first one.
            client.ask(apply(wanted(0), wanted(1), port=client.port))
            while len(client.receive()[0].values) != 2:
                pass
            # Nothing comes any more when the connection is closed.
            client.tcp.close()
            client.udp.settimeout(0.5)
            with pytest.raises(TimeoutError):
                client.receive_all()
        finally:
            client.close()


@pytest.mark.parametrize("ip", ["10.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "169.254.0.1"])
def test_no_other_computer_by_default(ip: str) -> None:
    with running(Device(channels=1)) as spoofer:
        client = Client(spoofer.port)
        try:
            assert errors(client.ask(apply(wanted(), ip=ip))) == [R.ERROR]
        finally:
            client.close()


class FakeSocket:
    """A socket that goes nowhere."""

    made: ClassVar[list[FakeSocket]] = []

    def __init__(self, *_: object) -> None:
        self.to: object = None
        self.sent: list[bytes] = []
        self.closed = False
        self.made.append(self)

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def connect(self, to: object) -> None:
        self.to = to

    def getsockname(self) -> tuple[str, int]:
        return "10.0.0.7", 4000

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        if len(self.sent) == 2:
            raise ConnectionRefusedError  # nobody listens

    def close(self) -> None:
        self.closed = True


#: Stands for the module: the event loop needs the real one.
FAKE = SimpleNamespace(socket=FakeSocket, AF_INET=socket.AF_INET, SOCK_DGRAM=socket.SOCK_DGRAM)


def test_other_computers_when_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoofer.serving.udp.socket", FAKE)
    rounds = asyncio.Event()

    def read() -> tuple[float, list[Value]]:
        if len(FakeSocket.made[-1].sent) >= 3:
            rounds.set()
        return 0.0, [Value(0, 0, 1, 21, 0.0)]

    async def main() -> None:
        stream = Stream("10.0.0.1", 5000, read, lambda: 0.0)
        assert UdpSender().stream(stream) is None
        assert FakeSocket.made == []
        sender = UdpSender(anywhere=True)
        assert sender.stream(stream) == ("10.0.0.7", 4000)
        (made,) = FakeSocket.made
        assert made.to == ("10.0.0.1", 5000)
        await asyncio.wait_for(rounds.wait(), 10)
        assert [decode_datagram(data).number for data in made.sent[:3]] == [0, 1, 2]
        sender.stream(None)
        assert made.closed
        sender.close()

    asyncio.run(main())


def test_a_stream_that_cannot_be_read_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spoofer.serving.udp.socket", FAKE)

    def read() -> tuple[float, list[Value]]:
        raise IndexError("no such channel")

    async def main() -> None:
        sender = UdpSender()
        sender.stream(Stream("127.0.0.1", 5000, read, lambda: 0.0))
        assert sender._task is not None
        await asyncio.wait_for(sender._task, 10)
        sender.close()

    asyncio.run(main())
    assert "127.0.0.1:5000: no more values by UDP" in caplog.text
