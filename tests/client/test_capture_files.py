"""Capture files to packets: every format, every cut, everything that is no capture."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import dpkt  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.capture import Packet, read_packets, sniff
from cti_schema.errors import CaptureError
from tests.effort import times

from .test_capture_support import Pipe, block, enhanced, interface, option, pcap, section

RECORDS = [(1_700_000_000, 250_000, b"first"), (1_700_000_001, 0, b""), (1_700_000_002, 1, b"third packet")]


def packets(data: bytes, notes: list[str] | None = None) -> list[Packet]:
    return list(read_packets(io.BytesIO(data), notes))


# pcap


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B2CD34])
def test_pcap_with_microseconds(order: str, magic: int) -> None:
    assert packets(pcap(RECORDS, order=order, magic=magic, linktype=101)) == [
        Packet(1_700_000_000.25, 101, b"first"),
        Packet(1_700_000_001.0, 101, b""),
        Packet(1_700_000_002.000001, 101, b"third packet"),
    ]


@pytest.mark.parametrize("order", "<>")
def test_pcap_with_nanoseconds(order: str) -> None:
    data = pcap([(1, 500_000_000, b"x"), (2, 1, b"y")], order=order, magic=0xA1B23C4D)
    assert packets(data) == [Packet(1.5, 1, b"x"), Packet(2.000000001, 1, b"y")]


def test_pcap_link_type_without_its_frame_check_bits() -> None:
    assert packets(pcap([(1, 0, b"x")], linktype=0x14000071))[0].linktype == 0x71


def test_pcap_as_dpkt_writes_it() -> None:
    stream = io.BytesIO()
    dpkt.pcap.Writer(stream, linktype=113).writepkts([(12.5, b"abc"), (13.0, b"defg")])
    assert packets(stream.getvalue()) == [Packet(12.5, 113, b"abc"), Packet(13.0, 113, b"defg")]


def test_pcap_cut_at_every_byte() -> None:
    whole = pcap(RECORDS)
    ends = [24, 24 + 16 + 5, 24 + 16 + 5 + 16, len(whole)]
    for size in range(len(whole)):
        notes: list[str] = []
        if size < 24:
            with pytest.raises(CaptureError):
                packets(whole[:size], notes)
            continue
        got = packets(whole[:size], notes)
        assert [packet.data for packet in got] == [r[2] for r in RECORDS][
            : sum(end <= size for end in ends[1:])
        ]
        cut = ["the file is cut off inside its last packet, which is left out"]
        assert notes == ([] if size in ends else cut)


def test_pcap_record_of_absurd_length_ends_the_reading_without_allocating_it() -> None:
    data = pcap(RECORDS[:1]) + struct.pack("<IIII", 1, 1, 0xFFFFFFF0, 60) + b"rest"
    notes: list[str] = []
    tracemalloc.start()
    got = packets(data, notes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [packet.data for packet in got] == [b"first"]
    assert notes == ["damaged: a packet of 4294967280 bytes; reading stopped there"]
    assert peak < 1 << 20


# pcapng


@pytest.mark.parametrize("order", "<>")
def test_pcapng_packet_kinds(order: str) -> None:
    old = struct.pack(order + "HHIIII", 0, 9, 0, 3_000_000, 5, 5) + b"older"
    simple = struct.pack(order + "I", 6) + b"simple"
    data = section(order) + interface(101, order) + enhanced(b"new", 2_500_000, order=order)
    data += block(2, old, order) + block(3, simple, order) + block(5, b"statistics12", order)
    notes: list[str] = []
    assert packets(data, notes) == [
        Packet(2.5, 101, b"new"),
        Packet(3.0, 101, b"older"),
        Packet(3.0, 101, b"simple"),
    ]
    assert notes == ["simple packet blocks carry no time; that of the packet before is used"]


def test_simple_packet_is_as_long_as_the_snap_length_allows() -> None:
    data = section() + interface(101, snaplen=3) + block(3, struct.pack("<I", 1000) + b"abc")
    assert packets(data) == [Packet(0.0, 101, b"abc")]


@pytest.mark.parametrize(
    ("resolution", "ticks"),
    [
        (b"\x06", 1_500_000),
        (b"\x09", 1_500_000_000),
        (b"\x00", 1),
        (b"\x8a", 1536),
        (b"\x80", 1),
        (b"\xbf", 3 << 62),
    ],
)
def test_pcapng_time_resolution(resolution: bytes, ticks: int) -> None:
    data = section() + interface(1, options=option(9, resolution) + option(0, b"")) + enhanced(b"", ticks)
    assert packets(data)[0].timestamp == (1.0 if ticks == 1 else 1.5)


@pytest.mark.parametrize("order", "<>")
def test_pcapng_time_offset_behind_other_options(order: str) -> None:
    options = option(2, b"lo0", order) + option(14, struct.pack(order + "q", -10), order)
    data = section(order) + interface(1, order, options) + enhanced(b"", 12_000_000, order=order)
    assert packets(data)[0].timestamp == 2.0


def test_pcapng_every_interface_has_its_own_link_type_and_clock() -> None:
    nanoseconds = option(9, b"\x09")
    data = section() + interface(1) + interface(113, options=nanoseconds)
    data += enhanced(b"b", 4_000_000_000, 1) + enhanced(b"a", 4_000_000, 0)
    data += section(">") + interface(276, ">") + enhanced(b"c", 5_000_000, 0, ">")
    assert packets(data) == [Packet(4.0, 113, b"b"), Packet(4.0, 1, b"a"), Packet(5.0, 276, b"c")]


def test_pcapng_packet_of_an_interface_that_the_section_did_not_declare() -> None:
    data = (
        section()
        + interface()
        + enhanced(b"a")
        + section()
        + enhanced(b"lost")
        + interface()
        + enhanced(b"b")
    )
    notes: list[str] = []
    assert [packet.data for packet in packets(data, notes)] == [b"a", b"b"]
    assert notes == ["damaged: a block whose content does not fit its length; left out"]


def test_pcapng_packet_options_are_no_packet_data() -> None:
    data = section() + interface() + enhanced(b"abcde", options=option(1, b"comment") + option(0, b""))
    assert packets(data)[0].data == b"abcde"


def test_pcapng_packet_longer_than_its_block() -> None:
    body = struct.pack("<IIIII", 0, 0, 0, 100, 100) + b"short"
    notes: list[str] = []
    assert packets(section() + interface() + block(6, body) + enhanced(b"next"), notes) == [
        Packet(0.0, 1, b"next")
    ]
    assert notes == ["damaged: a block whose content does not fit its length; left out"]


def test_pcapng_as_dpkt_writes_it() -> None:
    stream = io.BytesIO()
    writer = dpkt.pcapng.Writer(stream, linktype=108)
    writer.writepkt(b"abc", ts=1.5)
    writer.writepkt(b"defgh", ts=2.25)
    assert packets(stream.getvalue()) == [Packet(1.5, 108, b"abc"), Packet(2.25, 108, b"defgh")]


def test_pcapng_cut_at_every_byte() -> None:
    parts = [section(), interface(), enhanced(b"one", 1), enhanced(b"two..", 2)]
    whole = b"".join(parts)
    ends = [sum(map(len, parts[:count])) for count in range(1, 5)]
    for size in range(len(whole)):
        notes: list[str] = []
        if size < ends[0]:
            with pytest.raises(CaptureError):
                packets(whole[:size], notes)
            continue
        got = packets(whole[:size], notes)
        assert [packet.data for packet in got] == [b"one"][: size >= ends[2]]
        cut = ["the file is cut off inside its last block, which is left out"]
        assert notes == ([] if size in ends else cut)


@pytest.mark.parametrize("size", [0, 8, 11, (16 << 20) + 4, 0xFFFFFFFC])
def test_pcapng_block_of_impossible_length_ends_the_reading(size: int) -> None:
    data = section() + interface() + enhanced(b"one") + struct.pack("<II", 6, size) + b"rest" * 10
    notes: list[str] = []
    assert [packet.data for packet in packets(data, notes)] == [b"one"]
    assert notes == [f"damaged: a pcapng block of {size} bytes; reading stopped there"]


def test_pcapng_block_whose_two_lengths_differ_ends_the_reading() -> None:
    bad = bytearray(enhanced(b"two"))
    bad[-4] ^= 4
    notes: list[str] = []
    got = packets(section() + interface() + enhanced(b"one") + bytes(bad) + enhanced(b"three"), notes)
    assert [packet.data for packet in got] == [b"one"]
    assert notes == ["damaged: the two lengths of a pcapng block differ; reading stopped there"]


def test_pcapng_second_section_with_a_damaged_start_ends_the_reading() -> None:
    bad = bytearray(section())
    bad[8] = 0
    notes: list[str] = []
    assert len(packets(section() + interface() + enhanced(b"one") + bytes(bad), notes)) == 1
    assert notes == ["damaged: a pcapng section with the byte order mark 003c2b1a"]
    with pytest.raises(CaptureError, match="its first section header is damaged"):
        packets(bytes(bad))


def test_pcapng_interfaces_are_bounded() -> None:
    notes: list[str] = []
    data = section() + interface() * 4097 + enhanced(b"last", number=4095) + enhanced(b"none", number=4096)
    assert [packet.data for packet in packets(data, notes)] == [b"last"]
    assert notes == ["damaged: a block whose content does not fit its length; left out"]


# gzip, streams, paths


@pytest.mark.parametrize("at_most", [1, 3, 1000])
def test_a_stream_that_cannot_seek_and_gives_few_bytes(at_most: int) -> None:
    expected = [Packet(1_700_000_000.25, 1, b"first")]
    for data in (pcap(RECORDS[:1]), gzip.compress(pcap(RECORDS[:1]))):
        assert list(read_packets(cast(BinaryIO, Pipe(data, at_most)))) == expected


def test_gzipped_pcapng_of_two_members_from_a_path(tmp_path: Path) -> None:
    data = section() + interface() + enhanced(b"one", 1) + enhanced(b"two", 2)
    path = tmp_path / "a.txt"  # the name does not matter
    path.write_bytes(gzip.compress(data[:50]) + gzip.compress(data[50:]))
    for source in (path, str(path)):
        assert [packet.data for packet in read_packets(source)] == [b"one", b"two"]


def test_stream_is_left_open_where_it_ends() -> None:
    stream = io.BytesIO(pcap(RECORDS))
    assert len(list(read_packets(stream))) == 3
    assert stream.tell() == len(pcap(RECORDS))


def test_gzip_cut_at_every_byte_gives_a_beginning_of_the_packets() -> None:
    whole = gzip.compress(pcap(RECORDS))
    most = refused = 0
    for size in range(2, len(whole)):
        notes: list[str] = []
        try:
            got = packets(whole[:size], notes)
        except CaptureError:
            refused = size
            continue
        assert [packet.data for packet in got] == [record[2] for record in RECORDS][: len(got)]
        assert "the gzip file is cut off; it is read as far as it goes" in notes
        most = max(most, len(got))
    assert most == 3
    assert refused < len(whole) - 8


def test_gzip_with_a_damaged_checksum_and_with_something_behind_it() -> None:
    whole = bytearray(gzip.compress(pcap(RECORDS)))
    notes: list[str] = []
    assert len(packets(bytes(whole) + b"no gzip", notes)) == 3
    assert notes == ["the gzip file is damaged (Not a gzipped file (b'no')); it is read as far as it goes"]
    whole[-8] ^= 1
    notes.clear()
    assert len(packets(bytes(whole), notes)) == 3
    assert notes[0].startswith("the gzip file is damaged (CRC check failed")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_packets(tmp_path / "none.pcap"))


# what is no capture

NO_CAPTURE = [
    (b"", "an empty file"),
    (bytes.fromhex("dddddddddddddd11") + bytes(12), "a raw CTI byte stream (it starts with the frame token)"),
    (b"dd dd dd dd dd dd dd 11 4a 00\n", "bytes written as hex text"),
    (b"0xDDDDDDDDDDDDDD114A000000" * 9, "bytes written as hex text"),
    (b"channel,voltage\n1,3.7\n", "text, which starts 'channel,voltage\\n1,3.7\\n'"),
    ("Zyklus für".encode() + b"\n" + "ü".encode() * 60, "text, which starts 'Zyklus für\\nüüüüüüüüüüüüü'"),
    ("x".encode("utf-16"), "UTF-16 text"),
    (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG image"),
    (b"PK\x03\x04" + bytes(20), "a ZIP archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd" + bytes(20), "Zstandard compressed data; decompress it first"),
    (b"\x01\x02\x03", "unknown data, which start 01 02 03"),
    (bytes(range(128, 200)), "unknown data, which start 80 81 82 83 84 85 86 87 88 89 8a 8b 8c 8d 8e 8f"),
]


@pytest.mark.parametrize(("data", "what"), NO_CAPTURE)
def test_what_is_no_capture_is_named(data: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(CaptureError) as caught:
        list(read_packets(path))
    assert str(caught.value) == f"{path}: no capture file (pcap or pcapng), but {what}"
    with pytest.raises(CaptureError) as caught:
        list(read_packets(cast(BinaryIO, Pipe(gzip.compress(data)))))
    assert str(caught.value) == f"<stdin>: no capture file (pcap or pcapng), but gzip of {what}"


def test_gzip_of_gzip_and_broken_gzip() -> None:
    with pytest.raises(CaptureError, match="but gzip of gzip"):
        packets(gzip.compress(gzip.compress(pcap(RECORDS))))
    with pytest.raises(CaptureError, match="stream: the gzip file is cut off"):
        packets(b"\x1f\x8b\x08")
    with pytest.raises(CaptureError, match="stream: the gzip file is damaged"):
        packets(b"\x1f\x8b" + b"\xff" * 20)


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (pcap([])[:4], "pcap"),
        (pcap([], order=">", magic=0xA1B23C4D), "pcap"),
        (section()[:4], "pcapng"),
        (gzip.compress(b"")[:4], "gzip"),
        (b"", "other"),
        (b"\xd4\xc3", "other"),
        (b"\xdd" * 7 + b"\x11", "other"),
    ],
)
def test_sniff(start: bytes, kind: str) -> None:
    assert sniff(start) == kind


# anything at all

HEADERS = [
    pcap([]),
    pcap([], order=">", magic=0xA1B2CD34),
    section() + interface(),
    section(">") + interface(order=">"),
]
# Random bytes hardly ever make a block; half of the pieces are blocks with random content.
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            block, st.sampled_from([1, 2, 3, 6, 0x0A0D0D0A]), st.binary(max_size=60), st.sampled_from("<>")
        ),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=times(75))
@given(st.sampled_from(HEADERS), PIECES, st.booleans())
def test_anything_behind_a_header_is_read_or_noted(header: bytes, pieces: list[bytes], packed: bool) -> None:
    data = header + b"".join(pieces)
    notes: list[str] = []
    got = packets(gzip.compress(data, 1) if packed else data, notes)
    assert sum(len(packet.data) for packet in got) <= len(data)
    assert all(packet.data in data for packet in got)


@settings(deadline=None, max_examples=times(50))
@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b\x08\x00", section()[:8], b"\xd4\xc3\xb2\xa1"])
)
def test_anything_at_all_is_read_or_refused(data: bytes, start: bytes) -> None:
    got: list[Packet] = []
    refusal = ""
    try:
        got = packets(start + data)
    except CaptureError as error:
        refusal = str(error)
    assert refusal == "" or refusal.startswith("stream: ")
    assert sum(len(packet.data) for packet in got) <= len(start + data)
