"""Events of a capture to messages: who is who, what is missing, what is no CTI."""

from __future__ import annotations

import random

from cti_client.capture import Connection, Endpoint
from cti_client.dump.conversation import Conversations, Entry, Heard, Link, Missed
from cti_schema.message import Direction
from tests.dump.support import (
    AT,
    CLIENT,
    CONNECTION,
    LOGIN,
    REFUSED,
    SERVER,
    START,
    STARTED,
    UNKNOWN,
    chunk,
    closed,
    gap,
    talk,
)  # fmt: skip


def names(entries: list[Entry]) -> list[str]:
    return [
        entry.decoded.message.spec.name if isinstance(entry, Heard) else f"{entry.what} {entry.length}"
        for entry in entries
    ]


def test_time_connection_and_number() -> None:
    first, second = talk(
        chunk(CLIENT, START[:30]), chunk(CLIENT, START[30:], AT + 1), chunk(SERVER, STARTED, AT + 2)
    )
    link = Link(1, CLIENT, SERVER)
    assert (first.time, first.link, first.direction) == (AT + 1, link, Direction.REQUEST)
    assert (second.time, second.link, second.direction) == (AT + 2, link, Direction.FEEDBACK)
    assert isinstance(first, Heard)
    assert isinstance(second, Heard)
    assert (first.number, second.number) == (1, 2)


def test_client_is_who_sends_requests_whatever_the_capture_says() -> None:
    turned = Connection(1, SERVER, CLIENT)
    for events in ([(CLIENT, START)], [(SERVER, STARTED), (CLIENT, START)]):
        entries = talk(*(chunk(sender, data, connection=turned) for sender, data in events))
        assert {entry.link for entry in entries} == {Link(1, CLIENT, SERVER)}


def test_any_split_gives_the_same() -> None:
    stream = START + LOGIN + START
    spread = random.Random(1)
    for _ in range(50):
        at, events = 0, []
        while at < len(stream):
            step = spread.randint(1, 60)
            events.append(chunk(CLIENT, stream[at : at + step]))
            at += step
        assert names(talk(*events, closed())) == ["start_schedule", "login", "start_schedule"]


def test_connections_do_not_mix() -> None:
    other = Connection(2, Endpoint("10.0.0.3", 50000), SERVER)
    entries = talk(
        chunk(CLIENT, START[:30]),
        chunk(other.client, LOGIN, connection=other),
        chunk(CLIENT, START[30:]),
        closed(other),
        closed(),
    )
    assert names(entries) == ["login", "start_schedule"]
    assert [entry.link.number for entry in entries if entry.link] == [2, 1]


def test_other_traffic_says_nothing() -> None:
    assert talk(chunk(CLIENT, b"GET / HTTP/1.1\r\n\r\n" * 100), gap(SERVER, 5), closed()) == []


def test_token_on_any_port() -> None:
    odd = Connection(7, CLIENT, Endpoint("10.0.0.9", 80))
    assert names(talk(chunk(odd.server, STARTED, connection=odd))) == ["start_schedule_feedback"]


def test_port_chooses_and_forces() -> None:
    odd = Connection(7, CLIENT, Endpoint("10.0.0.9", 80))
    events = [chunk(odd.server, STARTED, connection=odd), chunk(CLIENT, b"abc"), closed(), closed(odd)]
    assert names(talk(*events)) == ["start_schedule_feedback"]
    assert names(talk(*events, port=80)) == ["start_schedule_feedback"]
    # Nothing is seen of CTI on 9031, but the user says that it is.
    (stray,) = talk(*events, port=9031)
    assert stray == Missed("stray", 3, Direction.REQUEST, AT + 9, Link(1, CLIENT, SERVER))


def test_gap_is_told_and_the_next_frame_is_found() -> None:
    entries = talk(
        chunk(SERVER, STARTED),
        chunk(SERVER, STARTED[:50]),
        gap(SERVER, 40),
        chunk(SERVER, STARTED[90:] + REFUSED, AT + 2),
    )
    assert names(entries) == [
        "start_schedule_feedback",
        "start_schedule_feedback",
        "gap 40",
        "start_schedule_feedback",
    ]
    cut, missed, last = entries[1:]
    assert isinstance(cut, Heard)
    assert [problem.kind for problem in cut.decoded.problems][:1] == ["incomplete"]
    assert missed == Missed("gap", 40, Direction.FEEDBACK, AT + 1, Link(1, CLIENT, SERVER))
    assert isinstance(last, Heard)
    assert [(problem.kind, problem.found) for problem in last.decoded.problems] == [
        ("stray", len(STARTED) - 90)
    ]
    assert last.decoded.message.result == 21  # type: ignore[attr-defined]


def test_gap_before_anything_is_known_waits() -> None:
    entries = talk(gap(CLIENT, 10), gap(CLIENT, 5), chunk(CLIENT, START))
    assert names(entries) == ["gap 15", "start_schedule"]
    assert entries[0].link == Link(1, CLIENT, SERVER)


def test_start_in_the_middle_of_a_frame() -> None:
    (entry,) = talk(chunk(SERVER, STARTED[40:] + REFUSED))
    assert isinstance(entry, Heard)
    assert [(one.kind, one.found) for one in entry.decoded.problems] == [("stray", len(STARTED) - 40)]


def test_stray_bytes_and_half_a_frame_at_the_end() -> None:
    entries = talk(chunk(CLIENT, START + b"abc"), chunk(SERVER, STARTED[:60]), closed())
    assert names(entries) == ["start_schedule", "stray 3", "start_schedule_feedback"]
    assert entries[1] == Missed("stray", 3, Direction.REQUEST, AT + 9, Link(1, CLIENT, SERVER))


def test_unknown_command_takes_the_direction_of_its_sender() -> None:
    entries = talk(chunk(CLIENT, START), chunk(SERVER, UNKNOWN[:-1] + b"\x99"), closed())
    assert names(entries) == ["start_schedule", "unknown"]
    assert entries[1].direction is Direction.FEEDBACK


def test_nothing_is_kept_of_what_is_over() -> None:
    conversations = Conversations()
    for number in range(1, 200):
        connection = Connection(number, CLIENT, SERVER)
        assert list(conversations.feed(chunk(CLIENT, b"x" * 1000, connection=connection))) == []
        assert list(conversations.feed(closed(connection))) == []
    assert conversations._talks == {}
    for _ in range(100):
        assert list(conversations.feed(chunk(CLIENT, b"x" * 10_000, connection=CONNECTION))) == []
    (talk_,) = conversations._talks.values()
    assert max(side.buffer.pending for side in talk_.sides.values()) < 8
