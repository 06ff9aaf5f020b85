"""TCP as it is in life, from segments to messages: the right ones, and the right named problems."""

from __future__ import annotations

import itertools
import json
import random
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_client.capture import Segment, TcpStreams
from cti_client.capture.links import ACK, FIN, PSH, SYN
from cti_client.dump.conversation import Conversations, Entry, Heard, Missed, Unanswered
from cti_client.dump.jsonlines import entry_json
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.registry import registry
from tests.dump.support import AT, CLIENT, SERVER

ISN = 0xFFFF_FF80  # the sequence numbers wrap around inside the first frames


def stop(index: int) -> bytes:
    return encode(default(registry().by_name("stop_schedule"), channel_index=index))


def stopped(index: int) -> bytes:
    return encode(default(registry().by_name("stop_schedule_feedback"), channel_index=index))


SIZE = len(stop(0))
STREAM = stop(1) + stop(2) + stop(3)


def segment(start: int, data: bytes, *, at: float = 0.0, isn: int = ISN, flags: int = PSH | ACK) -> Segment:
    """A segment of the client whose first byte is that of its stream at a place."""
    return Segment(AT + at, CLIENT, SERVER, (isn + 1 + start) % 2**32, flags, data, 1, 0)


def syn(isn: int = ISN) -> Segment:
    return Segment(AT, CLIENT, SERVER, isn, SYN, b"", 0, 0)


def cut(stream: bytes, size: int) -> list[Segment]:
    return [segment(start, stream[start : start + size]) for start in range(0, len(stream), size)]


def entries(segments: Iterable[Segment], streams: TcpStreams | None = None) -> list[Entry]:
    streams = streams or TcpStreams()
    conversations = Conversations()
    events = (event for one in segments for event in streams.feed(one))
    found = [entry for event in events for entry in conversations.feed(event)]
    return found + [entry for event in streams.close() for entry in conversations.feed(event)]


def told(segments: Iterable[Segment], streams: TcpStreams | None = None) -> list[str]:
    """Each message by its channel, with its problems, and each run of bytes that is none, in short."""
    found = []
    for entry in entries(segments, streams):
        if isinstance(entry, Heard):
            kinds = "".join(f" {problem.kind}" for problem in entry.problems)
            found.append(f"{getattr(entry.decoded.message, 'channel_index', None)}{kinds}")
        elif isinstance(entry, Missed):
            found.append(f"{entry.what} {entry.length}")
    return found


def test_every_order_of_six_segments() -> None:
    pieces = cut(STREAM, len(STREAM) // 6 + 1)
    assert len(pieces) == 6
    for order in itertools.permutations(pieces):
        streams = TcpStreams()
        assert told([syn(), *order], streams) == ["1", "2", "3"]
        assert streams.notes == []


@pytest.mark.parametrize("overlap", [1, 40, 90])
def test_every_order_of_overlapping_segments_with_equal_bytes(overlap: int) -> None:
    step = len(STREAM) // 5 + 1
    pieces = [segment(at, STREAM[max(0, at - 0) : at + step + overlap]) for at in range(0, len(STREAM), step)]
    assert len(pieces) == 5
    for order in itertools.permutations(pieces):
        streams = TcpStreams()
        assert told([syn(), *order, *order], streams) == ["1", "2", "3"]
        assert streams.notes == []


def test_overlaps_with_different_bytes_are_named_and_the_first_bytes_count() -> None:
    other = stop(9) + stop(8) + stop(7)
    for order in itertools.permutations(range(3)):
        first = [segment(SIZE * number, STREAM[SIZE * number :][:SIZE]) for number in order]
        again = [segment(SIZE * number, other[SIZE * number :][:SIZE]) for number in order]
        streams = TcpStreams()
        assert told([syn(), *first, *again], streams) == ["1", "2", "3"]
        assert streams.notes == ["TCP: 3 segments repeat bytes with other values; the first are used"]


def test_different_bytes_in_the_middle_of_a_frame_make_its_checksum_wrong() -> None:
    """What comes first counts, byte by byte: a frame of two versions is none of them."""
    # The channel stands in the bytes 20 to 23: the first version of it comes with what is before.
    front, back = segment(0, stop(1)[:21]), segment(10, stop(7)[10:])
    streams = TcpStreams()
    assert told([syn(), front, back, segment(SIZE, stop(2))], streams) == ["1 checksum", "2"]
    assert streams.notes != []


@pytest.mark.parametrize("size", [16, 50, SIZE - 1, SIZE, SIZE + 1, 200])
def test_each_segment_may_be_lost(size: int) -> None:
    pieces = cut(STREAM, size)
    for lost, piece in enumerate(pieces[:-1]):
        rest = [one for number, one in enumerate(pieces) if number != lost]
        start, stop_ = lost * size, lost * size + len(piece.payload)
        streams = TcpStreams()
        found = told([syn(), *rest], streams)
        assert found.count(f"gap {len(piece.payload)}") == 1
        assert streams.notes == [f"TCP: {len(piece.payload)} bytes are missing, in 1 places"]
        whole = [str(n + 1) for n in range(3) if (n + 1) * SIZE <= start]
        assert found[: len(whole)] == whole
        # The next whole frame is found, with the rest of the cut one in front of it.
        following = [n for n in range(3) if n * SIZE >= stop_]
        if following:
            stray = following[0] * SIZE - stop_
            resumed = [f"{n + 1}" for n in following]
            resumed[0] += " stray" if stray else ""
            assert found[-len(resumed) :] == resumed
        cut_frame = start % SIZE
        if cut_frame >= 20:
            assert any("incomplete" in one for one in found)


def test_a_gap_is_told_between_the_messages_around_it() -> None:
    pieces = cut(STREAM, SIZE)
    lost = [syn(), pieces[0], pieces[2]]
    assert told(lost) == ["1", f"gap {SIZE}", "3"]
    shape = [entry_json(entry) for entry in entries(lost) if isinstance(entry, Missed)]
    assert [(one["gap"], one["direction"], one["connection"]) for one in shape] == [(SIZE, "request", 1)]


@pytest.mark.parametrize("offset", [*range(1, SIZE, 5), SIZE - 1])
def test_the_capture_starts_in_the_middle_of_a_frame(offset: int) -> None:
    found = told([segment(offset, STREAM[offset:])])
    assert found == ["2 stray", "3"]


def test_the_ports_are_used_again() -> None:
    second = 12345
    found = entries(
        [
            syn(), segment(0, stop(1)), syn(second), segment(0, stop(2), isn=second),
            Segment(AT + 1, SERVER, CLIENT, 1, PSH | ACK, stopped(2), 1, 0),
        ]
    )  # fmt: skip
    requests = [one for one in found if isinstance(one, Heard) and one.answer is None]
    assert [one.link.number for one in requests if one.link] == [1, 2]
    overdue = [one for one in found if isinstance(one, Unanswered)]
    assert [one.request.number for one in overdue] == [1]
    answered = next(one for one in found if isinstance(one, Heard) and one.answer is not None)
    assert answered.answer is not None
    assert answered.answer.request is requests[1]


def test_half_open_ends() -> None:
    fin = segment(SIZE, b"", flags=FIN | ACK)
    answer = Segment(AT + 1, SERVER, CLIENT, 1, PSH | ACK, stopped(1), (ISN + SIZE + 2) % 2**32, 0)
    found = entries([syn(), segment(0, stop(1)), fin, answer])
    (heard,) = (one for one in found if isinstance(one, Heard) and one.answer is not None)
    assert heard.answer is not None
    assert heard.answer.kind == "answer"


@pytest.mark.parametrize("way", ["client", "server"])
def test_one_direction_alone_was_captured(way: str) -> None:
    server = [Segment(AT, SERVER, CLIENT, 1 + at * SIZE, PSH | ACK, stopped(at), 1, 0) for at in range(3)]
    found = entries(server if way == "server" else [segment(0, STREAM)])
    heard = [one for one in found if isinstance(one, Heard)]
    assert len(heard) == 3
    assert {(one.link.client, one.link.server) for one in heard if one.link} == {(CLIENT, SERVER)}
    kinds = [one.answer.kind if one.answer else "" for one in heard]
    assert kinds == (["unsolicited"] * 3 if way == "server" else [""] * 3)


def frames(source: random.Random) -> Iterator[tuple[bytes, int]]:
    for _ in range(source.randint(1, 6)):
        index = source.randint(0, 200)
        yield stop(index), index


@given(st.integers(0, 2**32), st.integers(0, 2**32 - 1))
def test_any_cut_any_order_any_repetition(seed: int, isn: int) -> None:
    source = random.Random(seed)
    pairs = list(frames(source))
    stream = b"".join(frame for frame, _ in pairs)
    pieces = []
    at = 0
    while at < len(stream):
        size = source.randint(1, 150)
        pieces.append(segment(at, stream[at : at + size], isn=isn))
        at += max(1, size - source.choice([0, 0, 5, 50]))
    pieces += source.choices(pieces, k=source.randint(0, 5))
    source.shuffle(pieces)
    assert told([syn(isn), *pieces]) == [str(index) for _, index in pairs]


def endless(packets: int) -> Iterator[Segment]:
    """What never ends: good frames, garbage, lost segments, new connections, requests without answers."""
    garbage = random.Random(1).randbytes(300)
    huge = stop(0)[:8] + b"\xff\x0f\0\0" + stop(0)[12:]  # a frame of 4 kB that never comes
    sequences = [0] * 20
    for number in range(packets):
        side = number % 20
        port = 1000 + side
        if number % 10 == 9:
            port = 2000 + number  # a connection of one segment that never ends
        end = CLIENT._replace(port=port)
        data = (stop(number % 50), stop(3), garbage, huge, garbage * 2, b"x", stop(4))[number % 7]
        yield Segment(AT + number / 100, end, SERVER, sequences[side], PSH | ACK, data, 1, 0)
        sequences[side] += len(data) + (50 if number % 11 == 0 else 0)  # lost
        yield Segment(AT + number / 100, SERVER, end, 1, ACK, b"", sequences[side], 0)


def test_memory_is_bounded_on_endless_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may wait is bounded by numbers that are made small here, so that they are reached early."""
    monkeypatch.setattr("cti_client.capture.streams.MAX_CONNECTIONS", 100)
    monkeypatch.setattr("cti_client.dump.answers._WAITING", 16)

    def peak(packets: int) -> tuple[int, int]:
        streams, conversations = TcpStreams(), Conversations()
        tracemalloc.start()
        entries = 0
        for one in endless(packets):
            for event in streams.feed(one):
                for entry in conversations.feed(event):
                    entries += isinstance(entry, (Heard, Missed, Unanswered))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, entries

    (few, _), (many, entries) = peak(2_000), peak(8_000)
    assert entries > 2000
    assert many < 1.25 * few


def shapes(segments: Iterable[Segment]) -> list[Any]:
    return [json.loads(json.dumps(entry_json(entry))) for entry in entries(segments)]


def test_other_protocols_and_cti_on_one_port() -> None:
    """A connection that turns out to be CTI late is one from its first frame on."""
    head = b"GET / HTTP/1.1\r\n\r\n"
    assert told([syn(), segment(0, head), segment(len(head), stop(1))]) == ["1 stray"]
    (found,) = (
        one for one in shapes([syn(), segment(0, head), segment(len(head), stop(1))]) if "fields" in one
    )
    assert found["problems"][0]["found"] == len(head)
