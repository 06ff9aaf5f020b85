"""Packets to TCP segments: every link layer, and every packet that is no segment."""

from __future__ import annotations

import struct
from collections import Counter

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.capture import Endpoint, Packet, Segment, Segments
from cti_client.capture.links import ACK, DAMAGED, FRAGMENT, NOT_IP, NOT_TCP, PSH
from tests.effort import times

from .test_capture_support import CLIENT, CLIENT6, SERVER, SERVER6, ethernet, ipv4, ipv6

SEGMENT4 = Segment(1.5, CLIENT, SERVER, 1000, PSH | ACK, b"data", 77, 0)
SEGMENT6 = Segment(1.5, CLIENT6, SERVER6, 1000, PSH | ACK, b"data", 77, 0)


def segment(linktype: int, data: bytes) -> Segment | str:
    """The segment, or the reason why there is none."""
    segments = Segments()
    got = segments.segment(Packet(1.5, linktype, data))
    assert (got is None) == (segments.skipped.total() == 1)
    return got or next(iter(segments.skipped))


def sll(kind: int) -> bytes:
    return struct.pack(">HHH8sH", 0, 772, 6, bytes(8), kind)


def sll2(kind: int) -> bytes:
    return struct.pack(">HHIHBB8s", kind, 0, 1, 772, 0, 6, bytes(8))


VLAN = b"\x81\x00\x00\x05"
QINQ = b"\x88\xa8\x00\x07" + VLAN

LINKS = [
    ("ethernet", 1, ethernet(b"")[:-2], lambda kind: struct.pack(">H", kind)),
    ("vlan", 1, ethernet(b"", tags=VLAN)[:-2], lambda kind: struct.pack(">H", kind)),
    ("qinq", 1, ethernet(b"", tags=QINQ)[:-2], lambda kind: struct.pack(">H", kind)),
    (
        "three tags",
        1,
        ethernet(b"", tags=b"\x91\x00\x00\x01" + QINQ)[:-2],
        lambda kind: struct.pack(">H", kind),
    ),
    ("sll", 113, b"", sll),
    ("sll vlan", 113, sll(0x8100) + b"\x00\x05", lambda kind: struct.pack(">H", kind)),
    ("sll2", 276, b"", sll2),
    ("sll2 qinq", 276, sll2(0x88A8) + b"\x00\x07\x81\x00\x00\x05", lambda kind: struct.pack(">H", kind)),
    *((f"raw {number}", number, b"", lambda kind: b"") for number in (12, 14, 101)),
]


@pytest.mark.parametrize(
    ("linktype", "front", "kind"), [row[1:] for row in LINKS], ids=[row[0] for row in LINKS]
)
def test_link_layers(linktype: int, front: bytes, kind) -> None:  # type: ignore[no-untyped-def]
    assert segment(linktype, front + kind(0x0800) + ipv4()) == SEGMENT4
    assert segment(linktype, front + kind(0x86DD) + ipv6()) == SEGMENT6


def test_raw_of_one_ip_version() -> None:
    assert segment(228, ipv4()) == SEGMENT4
    assert segment(229, ipv6()) == SEGMENT6


@pytest.mark.parametrize("linktype", [0, 108])
@pytest.mark.parametrize("order", "<>")
def test_loopback_of_every_system_in_both_byte_orders(linktype: int, order: str) -> None:
    assert segment(linktype, struct.pack(order + "I", 2) + ipv4()) == SEGMENT4
    for family in (10, 23, 24, 28, 30):
        assert segment(linktype, struct.pack(order + "I", family) + ipv6()) == SEGMENT6
    assert segment(linktype, struct.pack(order + "I", 7) + ipv4()) == NOT_IP


def test_the_same_as_dpkt_reads() -> None:
    parsed = dpkt.ethernet.Ethernet(ethernet(ipv4(b"payload", opts=b"\x94\x04\x00\x00", hl=6)))
    got = segment(1, bytes(parsed))
    assert isinstance(got, Segment)
    assert (got.source.port, got.sequence, got.payload) == (
        parsed.data.data.sport,
        parsed.data.data.seq,
        b"payload",
    )


# IP


def test_ipv4_options() -> None:
    assert segment(101, ipv4(opts=b"\x94\x04\x00\x00" * 10, hl=15)) == SEGMENT4


def test_padding_behind_the_ip_packet_is_no_payload() -> None:
    assert segment(1, ethernet(ipv4(b"")) + bytes(6)) == SEGMENT4._replace(payload=b"")
    assert segment(1, ethernet(ipv6(b"d"), 0x86DD) + b"\xaa" * 40) == SEGMENT6._replace(payload=b"d")


def test_ip_length_zero_means_up_to_the_end_of_the_packet() -> None:
    packet = bytearray(ipv4())
    packet[2:4] = bytes(2)
    assert segment(101, bytes(packet)) == SEGMENT4
    packet = bytearray(ipv6())
    packet[4:6] = bytes(2)
    assert segment(101, bytes(packet)) == SEGMENT6


def test_fragments_behind_the_first_are_counted() -> None:
    assert segment(101, ipv4(_flags_offset=0x2000)) == SEGMENT4
    assert segment(101, ipv4(_flags_offset=0x4000)) == SEGMENT4
    assert segment(101, ipv4(_flags_offset=0x0001)) == FRAGMENT
    for offset, expected in ((0x0001, SEGMENT6), (0x0008, FRAGMENT)):
        header = struct.pack(">BBHI", 6, 0, offset, 99)
        assert segment(101, ipv6(next_header=44, extensions=header)) == expected


HOP = b"\x2b\x00\x05\x02\x00\x00\x01\x00"  # then routing
ROUTING = b"\x3c\x02" + bytes(22)  # then destination options, 24 bytes
DESTINATION = b"\x33\x01" + bytes(14)  # then authentication, 16 bytes
AUTHENTICATION = b"\x06\x04" + bytes(22)  # then TCP; its unit is 4 bytes: (4 + 2) * 4


def test_ipv6_extension_headers() -> None:
    assert (
        segment(101, ipv6(next_header=0, extensions=HOP + ROUTING + DESTINATION + AUTHENTICATION)) == SEGMENT6
    )
    assert segment(101, ipv6(next_header=43, extensions=ROUTING + DESTINATION + AUTHENTICATION)) == SEGMENT6
    assert segment(101, ipv6(next_header=51, extensions=AUTHENTICATION)) == SEGMENT6


# TCP


def test_tcp_options_are_no_payload() -> None:
    tcp = dpkt.tcp.TCP(sport=50000, dport=9031, seq=1000, ack=77, flags=PSH | ACK, data=b"data")
    tcp.opts = b"\x01\x01\x08\x0a" + bytes(8)
    tcp.off = 8
    packet = dpkt.ip.IP(src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02", p=6, data=tcp)
    assert segment(101, bytes(packet)) == SEGMENT4


@pytest.mark.parametrize("kept", range(5))
def test_what_the_snap_length_cut_is_missing(kept: int) -> None:
    whole = ethernet(ipv4())
    expected = SEGMENT4._replace(payload=b"data"[:kept], missing=4 - kept)
    assert segment(1, whole[: len(whole) - 4 + kept]) == expected


def test_snap_length_within_the_tcp_options() -> None:
    tcp = dpkt.tcp.TCP(sport=50000, dport=9031, seq=1000, ack=77, flags=PSH | ACK, data=b"data")
    tcp.opts, tcp.off = bytes(12), 8
    packet = bytes(dpkt.ip.IP(src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02", p=6, data=tcp))
    assert segment(101, packet[:44]) == SEGMENT4._replace(payload=b"", missing=4)


def test_endpoint_as_text() -> None:
    assert str(Endpoint("192.0.2.1", 9031)) == "192.0.2.1:9031"
    assert str(SERVER6) == "[2001:db8::2]:9031"
    assert str(Endpoint("::1", 9031)) == "[::1]:9031"


# what is no segment


def test_other_traffic_is_counted_apart_from_damage() -> None:
    segments = Segments()
    udp = bytes(dpkt.ip.IP(src=bytes(4), dst=bytes(4), p=17, data=dpkt.udp.UDP(data=b"x")))
    damaged = bytearray(ipv4())
    damaged[32] = 0x40  # a TCP header of 16 bytes
    too_long = bytearray(ipv4())
    too_long[32] = 0xF0  # a TCP header longer than the packet
    short_ip = bytearray(ipv4())
    short_ip[0] = 0x44
    for linktype, data in [
        (1, ethernet(b"\x00\x01\x08\x00", kind=0x0806)),
        (1, ethernet(udp)),
        (101, ipv6(next_header=59)),
        (101, ipv6(next_header=58)),
        (101, b"\x00garbage"),
        (1, ethernet(b"\x90" + ipv4()[1:])),
        (101, bytes(damaged)),
        (101, bytes(too_long)),
        (101, bytes(short_ip)),
        (101, b""),
        (1, ethernet(ipv4()[:30])),
        (105, b"wireless"),
        (105, b"wireless again"),
    ]:
        assert segments.segment(Packet(0.0, linktype, data)) is None
    assert segments.skipped == Counter(
        {NOT_IP: 2, NOT_TCP: 3, DAMAGED: 6, "link type 105, which is not supported": 2}
    )


WHOLE = [
    (1, ethernet(ipv4(), tags=QINQ)),
    (1, ethernet(ipv6(next_header=0, extensions=HOP + ROUTING + DESTINATION + AUTHENTICATION), 0x86DD)),
    (113, sll(0x0800) + ipv4()),
    (276, sll2(0x8100) + b"\x00\x05\x08\x00" + ipv4()),
    (0, b"\x1e\x00\x00\x00" + ipv6()),
]


@pytest.mark.parametrize(("linktype", "data"), WHOLE, ids=["qinq", "ipv6", "sll", "sll2 vlan", "loopback"])
def test_packets_cut_at_every_byte(linktype: int, data: bytes) -> None:
    payload = len(data) - 4
    for size in range(len(data)):
        got = segment(linktype, data[:size])
        if size >= payload - 6:  # the window, the checksum and the urgent pointer are not needed
            assert isinstance(got, Segment)
            assert (got.payload, got.missing) == (data[payload:size], min(4, len(data) - size))
        else:
            assert got in (DAMAGED, NOT_IP)


@settings(deadline=None, max_examples=times(75))
@given(
    st.sampled_from(WHOLE), st.dictionaries(st.integers(0, 120), st.integers(0, 255), max_size=6), st.binary()
)
def test_damaged_packets_are_segments_or_counted(
    whole: tuple[int, bytes], changes: dict[int, int], tail: bytes
) -> None:
    data = bytearray(whole[1] + tail)
    for at, value in changes.items():
        data[at % len(data)] = value
    got = segment(whole[0], bytes(data))
    if isinstance(got, Segment):
        assert got.payload in bytes(data)
        assert 0 <= got.missing <= 0xFFFF


@settings(deadline=None, max_examples=times(75))
@given(st.sampled_from([0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 65535]), st.binary(max_size=120))
def test_any_bytes_are_segments_or_counted(linktype: int, data: bytes) -> None:
    got = segment(linktype, data)
    assert isinstance(got, str) or got.payload in data
