"""Captures that we write: exact bytes, what comes back, what dpkt and tshark say to them."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path
from typing import cast

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.capture import (
    CaptureReader,
    CaptureWriter,
    Chunk,
    Closed,
    Connection,
    Endpoint,
    WrittenConnection,
    read_packets,
)
from cti_client.capture.write import MAX_PAYLOAD

from .test_capture_support import CLIENT, CLIENT6, SERVER, SERVER6

NOW = 1_700_000_000.123_456_7
FIRST = Connection(1, CLIENT, SERVER)


def written(client: Endpoint = CLIENT, server: Endpoint = SERVER) -> tuple[io.BytesIO, WrittenConnection]:
    stream = io.BytesIO()
    return stream, CaptureWriter(stream).connection(client, server, NOW)


def read_back(stream: io.BytesIO) -> list[object]:
    stream.seek(0)
    reader = CaptureReader(stream)
    events = list(reader)
    assert reader.notes == []
    return cast(list[object], events)


@pytest.mark.parametrize(("client", "server"), [(CLIENT, SERVER), (CLIENT6, SERVER6)])
def test_what_is_written_comes_back(client: Endpoint, server: Endpoint) -> None:
    stream, connection = written(client, server)
    connection.client_sent(b"question", NOW + 1)
    connection.client_sent(b"", NOW + 1)
    connection.server_sent(b"a" * 2000, NOW + 2.000_000_5)
    connection.close(NOW + 3)
    connection.close(NOW + 4)
    expected = Connection(1, client, server)
    assert read_back(stream) == [
        Chunk(NOW + 1, expected, client, b"question"),
        Chunk(NOW + 2.000_000_5, expected, server, b"a" * 2000),
        Closed(NOW + 3, expected, "closed"),
    ]


def test_the_exact_bytes_of_a_small_file() -> None:
    stream, connection = written()
    connection.client_sent(b"abc", NOW)
    blocks = stream.getvalue()
    assert blocks.startswith(bytes.fromhex("0a0d0d0a700000004d3c2b1a01000000ffffffffffffffff01004900"))
    assert b"TCP/IP headers are made up by the CTI toolkit; payload and times are real" in blocks[:112]
    assert (
        blocks[112:144].hex() == "010000002000000065000000000000000900010009000000" + "00000000" + "20000000"
    )
    stream.seek(0)
    data = [packet.data.hex() for packet in read_packets(stream)]
    assert (
        data[0]
        == "4500002c000040004006b6c8c0000201c0000202" + "c35023479e3779b1000000006002ffff30f500000204ea60"
    )
    assert (
        data[3]
        == "4500002b000040004006b6c9c0000201c0000202" + "c35023479e3779b261c8864f5018ffff80c90000" + "616263"
    )


def test_long_data_comes_back_in_pieces_that_fit_one_packet() -> None:
    stream, connection = written()
    data = bytes(range(256)) * 600
    connection.server_sent(data, NOW)
    events = read_back(stream)[:-1]
    assert [event.data for event in events if isinstance(event, Chunk)] == [
        data[at : at + MAX_PAYLOAD] for at in range(0, len(data), MAX_PAYLOAD)
    ]


def test_sequence_numbers_wrap_around() -> None:
    stream, connection = written()
    connection._client.sequence = 0xFFFFFFFE
    stream.seek(0)
    stream.truncate()
    connection.client_sent(b"abcd", NOW)
    connection.client_sent(b"ef", NOW)
    assert [struct.unpack(">I", stream.getvalue()[at : at + 4])[0] for at in (52, 52 + 76 + 72)] == [
        0xFFFFFFFE,
        2,
    ]


def test_several_connections_and_the_same_ports_again() -> None:
    stream = io.BytesIO()
    with CaptureWriter(stream) as writer:
        one = writer.connection(CLIENT, SERVER, NOW)
        two = writer.connection(Endpoint("192.0.2.1", 50001), SERVER, NOW)
        two.client_sent(b"2", NOW)
        one.client_sent(b"1", NOW)
        again = writer.connection(CLIENT, SERVER, NOW)
        again.server_sent(b"3", NOW)
    events = read_back(stream)
    assert [(event.connection.number, event.data) for event in events if isinstance(event, Chunk)] == [
        (2, b"2"),
        (1, b"1"),
        (3, b"3"),
    ]


@pytest.mark.parametrize(
    ("hosts", "addresses"),
    [
        (("localhost", "10.0.0.1"), ("192.0.2.1", "10.0.0.1")),
        (("laptop", "cycler"), ("192.0.2.1", "192.0.2.2")),
        (("cycler", "cycler"), ("192.0.2.1", "192.0.2.1")),
        (("laptop", "::1"), ("2001:db8::1", "::1")),
        (("10.0.0.1", "::1"), ("::ffff:10.0.0.1", "::1")),
        (("fe80::1%eth0", "fe80::2%eth0"), ("fe80::1", "fe80::2")),
        (("999.1.1.1", "10.0.0.1"), ("192.0.2.1", "10.0.0.1")),
    ],
)
def test_hosts_that_are_names_get_addresses_for_documentation(
    hosts: tuple[str, str], addresses: tuple[str, str]
) -> None:
    stream, _ = written(Endpoint(hosts[0], 50000), Endpoint(hosts[1], 9031))
    closed = read_back(stream)[0]
    assert isinstance(closed, Closed)
    assert closed.connection == Connection(1, Endpoint(addresses[0], 50000), Endpoint(addresses[1], 9031))


def test_every_packet_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with CaptureWriter(path) as writer:
        connection = writer.connection(CLIENT, SERVER, NOW)
        connection.client_sent(b"abc", NOW)
        assert list(CaptureReader(path)) == [Chunk(NOW, FIRST, CLIENT, b"abc"), Closed(NOW, FIRST, "end")]
        connection.server_sent(b"def", NOW)
        assert len(list(CaptureReader(str(path)))) == 3


def test_what_makes_no_sense_is_refused() -> None:
    _, connection = written()
    with pytest.raises(ValueError, match=r"time -1\.0 s"):
        connection.client_sent(b"x", -1.0)
    connection.close(NOW)
    with pytest.raises(ValueError, match="the connection is closed"):
        connection.client_sent(b"x", NOW)
    with pytest.raises(ValueError, match=r"192\.0\.2\.2:65536: a port is a number"):
        written(server=Endpoint("192.0.2.2", 65536))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=300), st.floats(0, 1e10)), max_size=8),
    st.booleans(),
)
def test_any_talk_comes_back_exactly(talk: list[tuple[bool, bytes, float]], version6: bool) -> None:
    client, server = (CLIENT6, SERVER6) if version6 else (CLIENT, SERVER)
    talk.sort(key=lambda item: item[2])
    stream, connection = written(client, server)
    for from_client, data, timestamp in talk:
        (connection.client_sent if from_client else connection.server_sent)(data, timestamp)
    chunks = [event for event in read_back(stream) if isinstance(event, Chunk)]
    assert [(chunk.sender == client, chunk.data) for chunk in chunks] == [
        (from_client, data) for from_client, data, _ in talk
    ]
    for chunk, (_, _, timestamp) in zip(chunks, talk, strict=True):
        assert abs(chunk.timestamp - timestamp) <= 0.5e-9


def test_dpkt_finds_the_checksums_right() -> None:
    for client, server in ((CLIENT, SERVER), (CLIENT6, SERVER6)):
        stream, connection = written(client, server)
        for size in (1, 2, 3, 1460, MAX_PAYLOAD):
            connection.client_sent(b"\xff" * size, NOW)
        connection.close(NOW)
        stream.seek(0)
        reader = dpkt.pcapng.Reader(stream)
        assert reader.datalink() == 101
        count = 0
        for _, data in reader:
            packet = (dpkt.ip.IP if client is CLIENT else dpkt.ip6.IP6)(data)
            sums = packet.data.sum, getattr(packet, "sum", None)
            packet.data.sum = 0
            if client is CLIENT:
                packet.sum = 0
            bytes(packet)  # puts the sums in
            # 0 and 0xFFFF are the same number in this arithmetic.
            assert packet.data.sum % 0xFFFF == sums[0] % 0xFFFF
            assert getattr(packet, "sum", None) == sums[1]
            count += 1
        assert count == 3 + 2 * 5 + 3


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_has_no_complaint(tmp_path: Path) -> None:
    path = tmp_path / "talk.pcapng"
    long = b"\x5a" * 200_000
    with CaptureWriter(path) as writer:
        talks = [writer.connection(*ends, NOW) for ends in ((CLIENT, SERVER), (CLIENT6, SERVER6))]
        for i, talk in enumerate(talks):
            for at in range(3):
                talk.client_sent(b"question", NOW + 1 + at)
                talk.client_sent(b"another", NOW + 1 + at)
                talk.server_sent(b"\xff" * 777, NOW + 1.5 + at)
            talk.server_sent(long, NOW + 5)
            talk.client_sent(long, NOW + 5)
            if i == 0:
                talk.close(NOW + 6)

    def tshark(*arguments: str) -> list[str]:
        command = [
            "tshark",
            "-n",
            "-r",
            str(path),
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
        ]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.splitlines()

    fields = ["tcp.analysis.flags", "tcp.checksum.status", "ip.checksum.status", "_ws.expert.severity"]
    rows = [line.split("\t") for line in tshark("-T", "fields", *(f"-e{field}" for field in fields))]
    assert len(rows) == 2 * (3 + 3 * 3 * 2 + 2 * 4 * 2) + 3
    for complaints, tcp_sum, ip_sum, severities in rows:
        assert (complaints, tcp_sum) == ("", "1")
        assert ip_sum in ("1", "")  # version 6 has none
        # Below a warning. A FIN is a note: "initiates the connection closing".
        assert all(int(severity) < 0x600000 for severity in severities.split(",") if severity)
    stream = "".join(tshark("-q", "-z", "follow,tcp,raw,1")[6:-1]).replace("\t", "")
    assert bytes.fromhex(stream) == (b"questionanother" + b"\xff" * 777) * 3 + long + long
