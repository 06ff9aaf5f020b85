"""Answers that are kept for a moment: always those that the device would give."""

from __future__ import annotations

from typing import Any

import pytest

from cti_schema import decode, encode
from cti_schema.derive.defaults import default
from cti_schema.message import QUERY, Direction, Request
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.registry import registry
from cti_schema.wire.frame import build_frame
from spoofer import Connection, Device, Faults, Journal
from spoofer.replies import is_steady
from spoofer.serving.steady import LONGEST_REQUEST, MOST_ANSWERS, MOST_BYTES, Answer, SteadyAnswers
from tests.spoofer.helpers import Clock, ask, frames, logged_in, one

READ = encode(GetChannelsInfo(channel_index=0))
STEADY = [
    message
    for message in registry()
    if message.spec.direction is Direction.REQUEST and is_steady(default(message))
]


def seconds(answer: bytes | None) -> float:
    """Return the test time of the first channel of an answer."""
    assert answer is not None
    feedback: Any = decode(answer)
    time_s: float = feedback.channels[0].test_time_s
    return time_s


def test_only_queries_are_steady() -> None:
    assert GetChannelsInfo in STEADY
    assert {message.spec.effect for message in STEADY} == {QUERY}


def test_the_same_question_in_the_same_moment_is_not_worked_out_again() -> None:
    clock = Clock()
    device = Device(channels=2, clock=clock, refresh_s=0.01)
    connection = logged_in(device)
    device.assign(0, "any")
    device.start([0], "t")
    assert connection.quick(READ) is None
    first = connection.receive(READ)
    assert connection.quick(READ) == connection.receive(READ) == first
    clock.now += 0.004  # not the next point of the grid
    assert connection.quick(READ) == first
    clock.now += 1.0
    assert connection.quick(READ) is None
    assert seconds(connection.receive(READ)) == pytest.approx(1.0)
    assert seconds(connection.quick(READ)) == pytest.approx(1.0)
    clock.now -= 0.5  # a clock that was set back: the time of the device stands
    assert seconds(connection.quick(READ)) == pytest.approx(1.0)


def test_without_a_grid_only_a_clock_that_stands_keeps_anything() -> None:
    clock = Clock()
    connection = Connection(Device(channels=2, clock=clock, refresh_s=0.0))
    connection.receive(READ)
    assert connection.quick(READ) is not None
    clock.now += 1e-6
    assert connection.quick(READ) is None


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        (lambda device: device.trip(0), "status", 8),
        (lambda device: device.lose(0), "comm_failure", 1),
        (lambda device: setattr(device.channel(0), "comm_failure", True), "comm_failure", 1),
        (lambda device: setattr(device.channel(0), "barcode", "B-1"), "barcode", "B-1"),
        (lambda device: device.override(0, "voltage_v", 3.25), "voltage_v", 3.25),
        (lambda device: device.at(0.0, lambda: device.trip(0)), "status", 8),
    ],
)
def test_a_change_is_seen_at_once(change: Any, field: str, value: Any) -> None:
    device = Device(channels=2, clock=Clock())
    connection = Connection(device)
    connection.receive(READ)
    assert connection.quick(READ) is not None
    change(device)
    (channel,) = one(connection, GetChannelsInfo(channel_index=0)).channels
    assert getattr(channel, field) == value


def test_a_request_of_another_connection_is_seen_at_once() -> None:
    device = Device(channels=2, clock=Clock())
    steady = SteadyAnswers(device)
    first, second = Connection(device, steady=steady), Connection(device, steady=steady)
    device.assign(0, "any")
    device.start([0], "t")
    before = first.receive(READ)
    assert second.quick(READ) == before
    second.session.username, second.session.has_right = "a", True
    assert ask(second, StopSchedule(channel_index=0))[0].result.is_success
    assert first.quick(READ) is None
    assert first.receive(READ) != before


@pytest.mark.parametrize("message", STEADY, ids=lambda message: message.spec.name)
def test_what_is_kept_is_what_the_device_says(message: type[Request[Any]]) -> None:
    """For someone who has logged in, and for someone who has not."""
    device = Device(channels=3, clock=Clock())
    frame = encode(default(message))
    answers = [Connection(device).receive(frame), logged_in(device).receive(frame)]
    connection = Connection(device)
    assert connection.receive(frame) == connection.receive(frame) == answers[0] == answers[1]
    assert connection.quick(frame) == answers[0]


def test_quick_takes_nothing_but_whole_requests() -> None:
    connection = Connection(Device(channels=2, clock=Clock()))
    answer = connection.receive(READ)
    assert connection.quick(READ * 2) is None
    assert connection.quick(READ[:-1]) is None
    assert connection.quick(READ[:-1] + b"\0") is None
    assert connection.receive(READ[:10]) == b""
    assert connection.quick(READ) is None  # the rest of another one is still to come
    assert connection.receive(READ[10:]) == answer
    assert connection.quick(READ) == answer


def test_stray_bytes_are_told_of_although_the_answer_is_kept() -> None:
    journal = Journal()
    connection = Connection(Device(channels=2, clock=Clock()), journal=journal)
    connection.receive(READ)
    connection.receive(b"stray" + READ)
    kinds = [[problem.kind for problem in entry.problems] for entry in journal.entries("request")]
    assert kinds == [[], ["stray"]]


def test_a_fault_that_is_added_later_meets_kept_answers() -> None:
    faults = Faults()
    connection = Connection(Device(channels=2, clock=Clock()), faults=faults)
    answer = connection.receive(READ)
    fault = faults.add("duplicate")
    assert connection.quick(READ) is None
    assert connection.receive(READ) == answer * 2
    faults.remove(fault)
    assert connection.quick(READ) == answer


def test_the_journal_has_answers_that_were_kept() -> None:
    journal = Journal()
    connection = Connection(Device(channels=2, clock=Clock()), journal=journal, number=7, peer="me")
    answer = connection.receive(READ)
    assert connection.quick(READ) == answer
    connection.receive(READ)
    assert connection.received == 3
    assert [(entry.event, entry.name, entry.connection, entry.size) for entry in journal.entries()] == [
        ("request", "get_channels_info", 7, len(READ)),
        ("feedback", "get_channels_info_feedback", 7, len(answer)),
    ] * 3


def test_what_is_kept_is_bounded() -> None:
    device = Device(channels=1, clock=Clock())
    steady = SteadyAnswers(device)
    request = GetSerialNumber()

    def put(frame: bytes, size: int) -> None:
        steady.put(frame, Answer(request, [], [], bytes(size), device.moment, device.revision))

    for number in range(MOST_ANSWERS + 10):
        put(str(number).encode(), 1)
    assert steady.get(b"9") is None
    assert steady.get(b"10") is not None
    put(b"large", MOST_BYTES // 2)
    put(b"also large", MOST_BYTES // 2)
    assert steady.get(b"10") is None
    assert steady.get(b"also large") is not None
    put(b"too large", MOST_BYTES)
    assert steady.get(b"too large") is None
    put(bytes(LONGEST_REQUEST + 1), 1)
    assert steady.get(bytes(LONGEST_REQUEST + 1)) is None


def test_ten_thousand_different_requests_need_no_more_memory_than_some() -> None:
    connection = Connection(Device(channels=1, clock=Clock()))
    for number in range(10_000):
        body = READ[20:-2] + number.to_bytes(4, "little")
        assert len(frames(connection.receive(build_frame(0xEEAB0003, body, Direction.REQUEST)))) == 1
    assert len(connection._steady._answers) <= MOST_ANSWERS
