"""TCP segments to bytes in order: order, overlap, loss, wrap-around, reuse, bounds."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.capture import (
    Chunk,
    Closed,
    Connection,
    Endpoint,
    Event,
    Gap,
    Segment,
    TcpStreams,
    reassembly,
    streams,
)
from cti_client.capture.links import ACK, FIN, PSH, RST, SYN
from tests.effort import times

from .test_capture_support import CLIENT, SERVER, Talk

FIRST = Connection(1, CLIENT, SERVER)
SECOND = Connection(2, CLIENT, SERVER)


def run(segments: list[Segment], tcp: TcpStreams | None = None) -> list[Event]:
    tcp = tcp or TcpStreams()
    return [event for segment in segments for event in tcp.feed(segment)] + tcp.close()


def sent(events: list[Event], sender: Endpoint = CLIENT) -> list[bytes | int]:
    """What one side sent: bytes, and numbers for gaps."""
    out: list[bytes | int] = []
    for event in events:
        if isinstance(event, Chunk) and event.sender == sender:
            out.append(event.data)
        elif isinstance(event, Gap) and event.sender == sender:
            out.append(event.length)
    return out


def data(sequence: int, payload: bytes, time: float = 0.0, ack: int = 5001, missing: int = 0) -> Segment:
    """A data segment of the client with any sequence number."""
    return Segment(time, CLIENT, SERVER, sequence & 0xFFFFFFFF, PSH | ACK, payload, ack, missing)


def ack(number: int, time: float = 0.0) -> Segment:
    """An acknowledgment of the server."""
    return Segment(time, SERVER, CLIENT, 5001, ACK, b"", number & 0xFFFFFFFF)


# in order


def test_a_whole_connection() -> None:
    talk = Talk()
    segments = [
        *talk.handshake(),
        talk.segment(CLIENT, b"question"),
        talk.segment(SERVER, b"answer"),
        talk.segment(CLIENT, flags=FIN | ACK),
        talk.segment(SERVER, flags=FIN | ACK),
        talk.segment(CLIENT, flags=ACK),
    ]
    assert run(segments) == [
        Chunk(104.0, FIRST, CLIENT, b"question"),
        Chunk(105.0, FIRST, SERVER, b"answer"),
        Closed(107.0, FIRST, "closed"),
    ]


def test_the_server_may_go_on_when_the_client_has_finished() -> None:
    talk = Talk()
    segments = [*talk.handshake(), talk.segment(CLIENT, b"q", FIN | ACK), talk.segment(SERVER, b"a")]
    segments.append(talk.segment(SERVER, b"b", FIN | PSH | ACK))
    assert run(segments)[1:] == [
        Chunk(105.0, FIRST, SERVER, b"a"),
        Chunk(106.0, FIRST, SERVER, b"b"),
        Closed(106.0, FIRST, "closed"),
    ]


def test_data_in_the_syn() -> None:
    talk = Talk()
    assert sent(run([talk.segment(CLIENT, b"early", SYN), talk.segment(CLIENT, b"later")])) == [
        b"early",
        b"later",
    ]


@pytest.mark.parametrize("who_first", [CLIENT, SERVER])
def test_start_in_the_middle_takes_the_higher_port_for_the_client(who_first: Endpoint) -> None:
    talk = Talk()
    other = SERVER if who_first is CLIENT else CLIENT
    tcp = TcpStreams()
    events = run(
        [talk.segment(who_first, flags=ACK), talk.segment(who_first, b"1"), talk.segment(other, b"2")], tcp
    )
    assert events[0] == Chunk(102.0, FIRST, who_first, b"1")
    assert events[1] == Chunk(103.0, FIRST, other, b"2")
    assert events[2] == Closed(103.0, FIRST, "end")
    assert tcp.server_ports == {9031}


def test_the_client_is_who_sent_the_syn_whatever_the_ports() -> None:
    high = Endpoint("192.0.2.9", 60000)
    tcp = TcpStreams()
    for segment in (
        Segment(1.0, CLIENT, high, 1, SYN, b""),
        Segment(2.0, high, SERVER, 1, SYN | ACK, b"", 2),  # the SYN of this one was not captured
    ):
        assert tcp.feed(segment) == []
    assert [event.connection for event in tcp.close()] == [
        Connection(1, CLIENT, high),
        Connection(2, SERVER, high),
    ]
    assert tcp.server_ports == {60000}


def test_connections_are_numbered_as_they_appear_and_segments_without_bytes_start_none() -> None:
    tcp = TcpStreams()
    other = Endpoint("192.0.2.3", 50000)
    assert tcp.feed(ack(1)) == []
    assert tcp.feed(Segment(0.0, CLIENT, SERVER, 1, RST, b"text of a reset")) == []
    assert tcp.feed(Segment(0.0, CLIENT, SERVER, 1, FIN | ACK, b"")) == []
    assert tcp.feed(Segment(1.0, other, SERVER, 1, ACK, b"xy"))[0].connection == Connection(1, other, SERVER)
    assert tcp.feed(data(7, b"z"))[0].connection == Connection(2, CLIENT, SERVER)


# out of order, repeated, overlapping

PIECES = [b"a", b"bc", b"def", b"ghij", b"klmno"]


@pytest.mark.parametrize("isn", [1000, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFA, 0xFFFFFFF1])
def test_every_order_of_five_segments(isn: int) -> None:
    talk = Talk(client_isn=isn)
    start = talk.handshake()
    segments = [talk.segment(CLIENT, piece) for piece in PIECES]
    for order in itertools.permutations(segments):
        tcp = TcpStreams()
        assert sent(run([*start, *order], tcp)) == PIECES
        assert tcp.notes == []


@pytest.mark.parametrize("isn", [1000, 0xFFFFFFFA])
def test_every_order_of_overlapping_segments(isn: int) -> None:
    whole = b"abcdefghijklmno"
    talk = Talk(client_isn=isn)
    start = talk.handshake()
    segments = [data(isn + 1 + a, whole[a:b]) for a, b in [(0, 5), (3, 8), (2, 11), (7, 8), (9, 15)]]
    for order in itertools.permutations(segments):
        tcp = TcpStreams()
        got = sent(run([*start, *order], tcp))
        assert b"".join(piece for piece in got if isinstance(piece, bytes)) == whole
        assert all(isinstance(piece, bytes) for piece in got)
        assert tcp.notes == []


def test_every_order_of_the_handshake_and_the_first_data() -> None:
    talk = Talk()
    segments = [*talk.handshake(), talk.segment(CLIENT, b"question"), talk.segment(SERVER, b"answer")]
    for order in itertools.permutations(segments):
        events = run(list(order))
        assert sent(events) == [b"question"]
        assert sent(events, SERVER) == [b"answer"]
        assert {event.connection for event in events} == {FIRST}


def test_the_time_is_that_at_which_the_bytes_could_be_read() -> None:
    talk = Talk()
    start = talk.handshake()
    one, two, three = (talk.segment(CLIENT, piece) for piece in (b"1", b"2", b"3"))
    late = one._replace(timestamp=200.0)
    assert [event.timestamp for event in run([*start, two, three, late])[:-1]] == [200.0, 200.0, 200.0]
    assert [event.timestamp for event in run([*start, two, three])[:-1]] == [105.0, 105.0, 106.0]


def test_retransmissions_are_silent() -> None:
    talk = Talk()
    start = talk.handshake()
    one, two = talk.segment(CLIENT, b"one"), talk.segment(CLIENT, b"two")
    tcp = TcpStreams()
    again = data(1001, b"onetwo")
    assert sent(run([*start, start[0], start[1], one, one, two, two, one, again], tcp)) == [b"one", b"two"]
    assert tcp.notes == []


def test_first_bytes_win_and_other_ones_are_noted() -> None:
    start = Talk().handshake()
    note = "TCP: 1 segments repeat bytes with other values; the first are used"
    for segments, expected in [
        ([data(1001, b"abcd"), data(1003, b"XXef")], [b"abcd", b"ef"]),  # over delivered bytes
        ([data(1003, b"cd"), data(1001, b"abXXef")], [b"ab", b"cd", b"ef"]),  # over waiting bytes
        ([data(1003, b"cd"), data(1002, b"bX"), data(1001, b"a")], [b"a", b"b", b"cd"]),
    ]:
        tcp = TcpStreams()
        assert sent(run([*start, *segments], tcp)) == expected
        assert tcp.notes == [note]


def test_keep_alive_probes_are_no_bytes() -> None:
    start = Talk().handshake()
    tcp = TcpStreams()
    probe = Segment(0.0, CLIENT, SERVER, 1004, ACK, b"\x00", 5001)
    empty = probe._replace(payload=b"")
    assert sent(run([*start, data(1001, b"abcd"), probe, empty, probe, data(1005, b"e")], tcp)) == [
        b"abcd",
        b"e",
    ]
    assert tcp.notes == []


def test_capture_that_starts_with_a_keep_alive_probe() -> None:
    probe = Segment(0.0, CLIENT, SERVER, 1004, ACK, b"\x00", 5001)
    assert sent(run([probe, ack(1005), probe, data(1005, b"e")])) == [b"e"]


@settings(deadline=None, max_examples=times(50))
@given(st.data(), st.sampled_from([1000, 0xFFFFFFF0]))
def test_any_cut_any_order_any_loss(draw: st.DataObject, isn: int) -> None:
    """Every position is delivered once: as its byte if any segment brought it, else in a gap."""
    whole = bytes(range(60))
    spans = draw.draw(st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), min_size=1, max_size=12))
    segments = [data(isn + 1 + at, whole[at : at + size]) for at, size in spans]
    tcp = TcpStreams()
    got = sent(run([*Talk(client_isn=isn).handshake(), *segments], tcp))
    covered = {at + i for at, size in spans for i in range(size)}
    position = 0
    for piece in got:
        if isinstance(piece, bytes):
            assert piece == whole[position : position + len(piece)]
            assert covered.issuperset(range(position, position + len(piece)))
            position += len(piece)
        else:
            assert covered.isdisjoint(range(position, position + piece))
            position += piece
    assert position == min(60, max(covered) + 1)
    assert not any("other values" in note for note in tcp.notes)


# lost


def test_a_lost_segment_is_a_gap_when_the_capture_ends() -> None:
    tcp = TcpStreams()
    events = run([*Talk().handshake(), data(1001, b"ab", 1.0), data(1010, b"cd", 2.0)], tcp)
    assert events == [
        Chunk(1.0, FIRST, CLIENT, b"ab"),
        Gap(2.0, FIRST, CLIENT, 7),
        Chunk(2.0, FIRST, CLIENT, b"cd"),
        Closed(2.0, FIRST, "end"),
    ]
    assert tcp.notes == ["TCP: 7 bytes are missing, in 1 places"]


def test_an_acknowledged_hole_is_given_up_after_a_little_patience() -> None:
    tcp = TcpStreams()
    for segment in [*Talk().handshake(), data(1001, b"ab"), data(1010, b"cd", 2.0), ack(1003), ack(1003)]:
        events = tcp.feed(segment)
    assert events == []
    assert tcp.feed(ack(1012)) == []
    assert tcp.feed(data(1012, b"ef", 3.0)) == []
    assert tcp.feed(ack(1014)) == [
        Gap(2.0, FIRST, CLIENT, 7),
        Chunk(2.0, FIRST, CLIENT, b"cd"),
        Chunk(3.0, FIRST, CLIENT, b"ef"),
    ]


def test_patience_is_for_one_whole_hole() -> None:
    segments = [*Talk().handshake(), data(1003, b"cd"), ack(1005), ack(1005), data(1001, b"ab")]
    # Another hole, acknowledged twice; then one of two bytes, of which only the first is acknowledged.
    segments += [data(1007, b"gh"), ack(1009), ack(1009), data(1005, b"ef")]
    segments += [data(1011, b"kl"), ack(1010), ack(1010), ack(1010), ack(1010), data(1009, b"ij")]
    assert sent(run(segments)) == [b"ab", b"cd", b"ef", b"gh", b"ij", b"kl"]


def test_an_acknowledgment_captured_before_its_data_loses_nothing() -> None:
    tcp = TcpStreams()
    segments = [*Talk().handshake(), data(1003, b"cd"), ack(1005), data(1001, b"ab"), data(1005, b"ef")]
    assert sent(run(segments, tcp)) == [b"ab", b"cd", b"ef"]


def test_acknowledged_bytes_at_the_end_that_were_never_seen() -> None:
    start = Talk().handshake()
    assert sent(run([*start, data(1001, b"ab"), ack(1013)])) == [b"ab", 10]
    # One byte more is most likely a FIN that was not captured.
    assert sent(run([*start, data(1001, b"ab"), ack(1004)])) == [b"ab"]
    fin = Segment(0.0, CLIENT, SERVER, 1013, FIN | ACK, b"", 5001)
    assert sent(run([*start, data(1001, b"ab"), fin, ack(1014)])) == [b"ab", 10]


def test_bytes_cut_by_the_snap_length_are_a_gap_at_once() -> None:
    tcp = TcpStreams()
    for segment in Talk().handshake():
        tcp.feed(segment)
    assert tcp.feed(data(1001, b"ab", 1.0, missing=8)) == [
        Chunk(1.0, FIRST, CLIENT, b"ab"),
        Gap(1.0, FIRST, CLIENT, 8),
    ]
    assert tcp.feed(data(1001, b"ab", 2.0, missing=8)) == []
    assert tcp.feed(data(1013, b"more", 3.0, missing=1)) == []
    assert tcp.feed(data(1011, b"cd", 4.0)) == [
        Chunk(4.0, FIRST, CLIENT, b"cd"),
        Chunk(4.0, FIRST, CLIENT, b"more"),
        Gap(4.0, FIRST, CLIENT, 1),
    ]


def test_a_reset_delivers_what_waits() -> None:
    reset = Segment(9.0, SERVER, CLIENT, 5001, RST | ACK, b"go away", 1003)
    assert run([*Talk().handshake(), data(1003, b"cd", 1.0), reset]) == [
        Gap(1.0, FIRST, CLIENT, 2),
        Chunk(1.0, FIRST, CLIENT, b"cd"),
        Closed(9.0, FIRST, "reset"),
    ]


def test_a_reset_and_a_fin_far_from_the_expected_number_are_ignored() -> None:
    for flags in (RST, FIN | ACK):
        odd = Segment(9.0, CLIENT, SERVER, 0x7FFFFFFF, flags, b"", 0x70000000)
        events = run([*Talk().handshake(), data(1001, b"ab"), odd, data(1003, b"cd")])
        assert sent(events) == [b"ab", b"cd"]
        assert [event.reason for event in events if isinstance(event, Closed)] == ["end"]


# the same ports again


def test_a_new_syn_is_a_new_connection() -> None:
    old, new = Talk(), Talk(client_isn=900_000, server_isn=7_000_000, time=200.0)
    segments = [*old.handshake(), old.segment(CLIENT, b"old"), *new.handshake(), new.segment(CLIENT, b"new")]
    segments += [new.segment(SERVER, b"answer")]
    assert run(segments) == [
        Chunk(104.0, FIRST, CLIENT, b"old"),
        Closed(201.0, FIRST, "replaced"),
        Chunk(204.0, SECOND, CLIENT, b"new"),
        Chunk(205.0, SECOND, SERVER, b"answer"),
        Closed(205.0, SECOND, "end"),
    ]


def closed_talk() -> list[Segment]:
    talk = Talk()
    segments = [*talk.handshake(), talk.segment(CLIENT, b"old"), talk.segment(CLIENT, flags=FIN | ACK)]
    return [*segments, talk.segment(SERVER, flags=FIN | ACK), talk.segment(CLIENT, flags=ACK)]


def test_a_new_connection_after_a_closed_one_with_and_without_its_syn() -> None:
    segments = closed_talk()
    new = Talk(client_isn=4_000_000_000, server_isn=9, time=200.0)
    handshake = new.handshake()
    question = new.segment(CLIENT, b"new")
    for seen in (handshake, handshake[1:], []):
        events = run([*segments, *seen, question])
        assert Closed(106.0, FIRST, "closed") in events
        assert Chunk(204.0, SECOND, CLIENT, b"new") in events


def test_retransmissions_after_the_end_start_nothing() -> None:
    segments = closed_talk()
    events = run([*segments, segments[1], segments[3], segments[4], segments[5], segments[6]])
    assert {event.connection for event in events} == {FIRST}
    assert sent(events) == [b"old"]


def test_data_far_from_the_expected_number_without_a_syn_is_a_new_connection() -> None:
    events = run([*Talk().handshake(), data(1001, b"old"), data(2_000_000_000, b"new")])
    assert events[:3] == [
        Chunk(0.0, FIRST, CLIENT, b"old"),
        Closed(0.0, FIRST, "replaced"),
        Chunk(0.0, SECOND, CLIENT, b"new"),
    ]


def test_data_behind_a_reset_is_not_lost() -> None:
    reset = Segment(9.0, SERVER, CLIENT, 5001, RST, b"")
    events = run([*Talk().handshake(), data(1001, b"ab"), reset, data(1001, b"ab"), data(1003, b"cd")])
    assert sent(events) == [b"ab", b"cd"]
    assert events[1:3] == [Closed(9.0, FIRST, "reset"), Chunk(0.0, SECOND, CLIENT, b"cd")]


def test_data_behind_a_reset_that_repeat_and_go_on() -> None:
    reset = Segment(9.0, SERVER, CLIENT, 5001, RST, b"")
    events = run([*Talk().handshake(), data(1001, b"ab"), reset, data(1001, b"abcd")])
    assert events[2] == Chunk(0.0, SECOND, CLIENT, b"abcd")


def test_a_new_connection_after_a_closed_one_of_which_only_the_answer_to_the_syn_was_captured() -> None:
    high = Endpoint("192.0.2.9", 60000)
    start = [Segment(1.0, CLIENT, high, 1, SYN, b""), Segment(1.0, high, CLIENT, 9, SYN | ACK, b"", 2)]
    reset = Segment(2.0, high, CLIENT, 10, RST, b"")
    answer = Segment(3.0, high, CLIENT, 700_000, SYN | ACK, b"", 2)
    late = start[1]._replace(timestamp=2.5)
    events = run([*start, reset, late, answer, Segment(4.0, high, CLIENT, 700_001, ACK, b"hello")])
    assert events[1] == Chunk(4.0, Connection(2, CLIENT, high), high, b"hello")


def test_a_connection_of_an_endpoint_with_itself() -> None:
    own = [Segment(1.0, SERVER, SERVER, 1, SYN, b""), Segment(2.0, SERVER, SERVER, 2, PSH | ACK, b"me", 2)]
    assert run(own)[0] == Chunk(2.0, Connection(1, SERVER, SERVER), SERVER, b"me")


# bounds


def test_too_many_segments_behind_a_hole() -> None:
    tcp = TcpStreams()
    events = []
    for segment in Talk().handshake():
        tcp.feed(segment)
    for i in range(reassembly.MAX_SEGMENTS):
        events += tcp.feed(data(1003 + 2 * i, b"cd"))
    assert events == []
    events = tcp.feed(data(1003 + 2 * reassembly.MAX_SEGMENTS, b"ef"))
    assert sent(events) == [2, *[b"cd"] * reassembly.MAX_SEGMENTS, b"ef"]


def test_too_many_bytes_behind_a_hole() -> None:
    tcp = TcpStreams()
    for segment in Talk().handshake():
        tcp.feed(segment)
    size = 1 << 16
    count = reassembly.MAX_DIRECTION_BYTES // size
    for i in range(count):
        assert tcp.feed(data(1010 + size * i, bytes(size))) == []
    assert sent(tcp.feed(data(1010 + size * count, b"x"))) == [9, *[bytes(size)] * count, b"x"]


def test_too_many_bytes_in_all_connections_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reassembly, "MAX_TOTAL_BYTES", 100)
    tcp = TcpStreams()
    for port in range(10):
        for at, expected in ((0, [b"x"]), (5, [])):
            segment = data(1000 + at, b"x" * (1 if at == 0 else 10))._replace(
                source=Endpoint("192.0.2.1", port + 9100)
            )
            assert [event.data for event in tcp.feed(segment) if isinstance(event, Chunk)] == expected
    eleventh = Endpoint("192.0.2.1", 9200)
    tcp.feed(data(1000, b"x")._replace(source=eleventh))
    assert sent(tcp.feed(data(1005, b"y")._replace(source=eleventh)), eleventh) == [4, b"y"]
    assert len([event for event in tcp.close() if isinstance(event, Gap)]) == 10


def test_too_many_connections_give_up_the_one_that_was_silent_longest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "MAX_CONNECTIONS", 2)
    tcp = TcpStreams()
    one, two, three = (Endpoint("192.0.2.1", port) for port in (50001, 50002, 50003))
    talk = [data(1000, b"1", 1.0)._replace(source=one), data(1000, b"2", 2.0)._replace(source=two)]
    talk += [data(1001, b"1", 3.0)._replace(source=one), data(1000, b"3", 4.0)._replace(source=three)]
    events = [event for segment in talk for event in tcp.feed(segment)]
    assert events[3:] == [
        Closed(2.0, Connection(2, two, SERVER), "evicted"),
        Chunk(4.0, Connection(3, three, SERVER), three, b"3"),
    ]
    assert tcp.notes == ["TCP: more than 2 connections at a time; 1 were given up"]
    assert [event.connection.number for event in tcp.close()] == [1, 3]


@settings(deadline=None, max_examples=times(75))
@given(
    st.lists(
        st.builds(
            lambda back, sequence, flags, payload, acknowledgment, missing: Segment(
                0.0,
                *((SERVER, CLIENT) if back else (CLIENT, SERVER)),
                sequence,
                flags,
                payload,
                acknowledgment,
                missing,
            ),
            st.booleans(),
            st.one_of(st.integers(0, 40), st.integers(2**32 - 20, 2**32 - 1), st.integers(0, 2**32 - 1)),
            st.integers(0, 255),
            st.binary(max_size=12),
            st.one_of(st.integers(0, 60), st.integers(0, 2**32 - 1)),
            st.sampled_from([0, 0, 0, 5]),
        ),
        max_size=25,
    )
)
def test_any_segments_keep_the_rules(segments: list[Segment]) -> None:
    events = run(segments)
    ended: set[int] = set()
    last: dict[tuple[int, Endpoint], float] = {}
    for event in events:
        number = event.connection.number
        assert number not in ended
        if isinstance(event, Closed):
            ended.add(number)
        else:
            assert last.get((number, event.sender), 0.0) <= event.timestamp
            last[number, event.sender] = event.timestamp
            assert event.data if isinstance(event, Chunk) else event.length > 0
    assert ended == set(range(1, len(ended) + 1))
    delivered = sum(len(event.data) for event in events if isinstance(event, Chunk))
    assert delivered <= sum(len(segment.payload) for segment in segments)
