"""Faults through a real server and a real socket, and what the journal tells about them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cti_schema import FrameBuffer, Message, decode, encode
from cti_schema.message import Feedback
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.get_start_data import GetStartData
from cti_schema.messages.login import Login
from cti_schema.messages.stop_schedule import StopSchedule
from spoofer import Device, Journal, Replay, Spoofer, running
from spoofer.faulting.fault_kinds import KINDS
from spoofer.replay import Exchange

ASK = encode(GetSerialNumber())
#: Another question, with an answer of another size.
OTHER = encode(GetStartData(channel_indices=[]))


class Client:
    """A client that only moves bytes."""

    def __init__(self, spoofer: Spoofer) -> None:
        self.socket = socket.create_connection((spoofer.host, spoofer.port), timeout=10)

    def ask(self, request: Message | bytes) -> None:
        self.socket.sendall(request if isinstance(request, bytes) else encode(request))

    def take(self, size: int) -> bytes:
        """Return so many bytes."""
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            assert more, f"the connection was closed after {len(data)} of {size} bytes"
            data += more
        return data

    def rest(self) -> bytes:
        """Return all bytes up to the end of the connection."""
        data = b""
        while more := self.socket.recv(65536):
            data += more
        return data

    def nothing_comes(self, seconds: float = 0.2) -> bool:
        self.socket.settimeout(seconds)
        try:
            return not self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(10)


@contextmanager
def served(**options: Any) -> Iterator[tuple[Spoofer, Client, Journal]]:
    journal = Journal()
    with running(Device(channels=3), journal=journal, **options) as spoofer:
        client = Client(spoofer)
        with client.socket:
            yield spoofer, client, journal


def answer_to(request: bytes) -> bytes:
    with running(Device(channels=3)) as spoofer:
        client = Client(spoofer)
        with client.socket:
            client.ask(request)
            client.socket.shutdown(socket.SHUT_WR)
            return client.rest()


@pytest.fixture(scope="module")
def frame() -> bytes:
    return answer_to(ASK)


@pytest.fixture(scope="module")
def other() -> bytes:
    return answer_to(OTHER)


#: Faults that change what comes, and what comes instead of a frame.
CHANGED: list[tuple[str, dict[str, Any], Any]] = [
    ("delay", {"seconds": 0.01}, lambda frame: frame),
    ("jitter", {"most_s": 0.01}, lambda frame: frame),
    ("split", {"sizes": [1, 30], "pause_s": 0.001}, lambda frame: frame),
    ("dribble", {"size": 16}, lambda frame: frame),
    ("duplicate", {"times": 3}, lambda frame: frame * 3),
    ("wrong_length", {"by": 0x100}, None),
    ("wrong_checksum", {}, None),
    ("garbage_before", {"data": "010203"}, lambda frame: b"\1\2\3" + frame),
    ("garbage_after", {"data": "010203"}, lambda frame: frame + b"\1\2\3"),
    ("truncated", {"by": 7}, lambda frame: frame[:-7]),
    ("drop", {}, lambda frame: b""),
]


@pytest.mark.parametrize(("kind", "values", "changed"), CHANGED)
def test_what_comes_and_that_it_goes_on(
    kind: str, values: dict[str, Any], changed: Any, frame: bytes, other: bytes
) -> None:
    with served() as (spoofer, client, journal):
        spoofer.faults.add(kind, count=1, **values)
        client.ask(ASK + OTHER)
        if changed is not None:
            expected = changed(frame) + other
            assert client.take(len(expected)) == expected
        else:
            data = client.take(len(frame + other))
            assert data[len(frame) :] == other
            problems = decode(data[: len(frame)], "feedback", strict=False).problems
            assert [problem.kind for problem in problems] == [kind.removeprefix("wrong_")]
        (told,) = journal.entries("fault")
        assert (list(told.faults), told.name) == ([kind], "get_serial_number")


def test_stale_comes_behind_what_was_asked_later(frame: bytes, other: bytes) -> None:
    with served() as (spoofer, client, _):
        spoofer.faults.add("stale", command="get_serial_number", seconds=0.1)
        client.ask(ASK + OTHER)
        assert client.take(len(other + frame)) == other + frame


def test_reordered_with_the_next(frame: bytes, other: bytes) -> None:
    with served() as (spoofer, client, _):
        spoofer.faults.add("reorder", command="get_serial_number", next=True)
        client.ask(ASK)
        assert client.nothing_comes()
        client.ask(OTHER)
        assert client.take(len(other + frame)) == other + frame


def test_merged_with_the_next(frame: bytes, other: bytes) -> None:
    with served() as (spoofer, client, _):
        spoofer.faults.add("merge", count=1)
        client.ask(ASK)
        assert client.nothing_comes()
        client.ask(OTHER)
        assert client.take(len(frame + other)) == frame + other


def test_feedbacks_in_another_order() -> None:
    stop_all = encode(StopSchedule(channel_index=0, stop_all=1))
    plain = answer_to(stop_all)
    with served() as (spoofer, client, _):
        spoofer.faults.add("reorder")
        client.ask(stop_all)
        data = client.take(len(plain))
    assert data != plain
    both = [sorted(FrameBuffer("feedback").feed(one)) for one in (data, plain)]
    assert both[0] == both[1]
    assert len(both[0]) == 3


def test_reset(frame: bytes) -> None:
    with served() as (spoofer, client, journal):
        spoofer.faults.add("reset", count=1)
        client.ask(ASK)
        with pytest.raises(ConnectionResetError):
            client.socket.recv(1)
        # The others never notice.
        another = Client(spoofer)
        with another.socket:
            another.ask(ASK)
            assert another.take(len(frame)) == frame
        journal.wait_for("closed", connection=1)


def test_slow_close(frame: bytes) -> None:
    with served() as (spoofer, client, _):
        spoofer.faults.add("slow_close", seconds=0.1, count=1)
        before = time.monotonic()
        client.ask(ASK + ASK)
        assert client.rest() == frame
        assert time.monotonic() - before >= 0.1


def test_silent(frame: bytes) -> None:
    with served() as (spoofer, client, journal):
        spoofer.faults.add("silent", count=1)
        client.ask(ASK + OTHER + ASK)
        journal.wait_for("request", count=3)
        assert client.nothing_comes()
        another = Client(spoofer)
        with another.socket:
            another.ask(ASK)
            assert another.take(len(frame)) == frame


@pytest.mark.parametrize("kind", ["unknown_command", "busy"])
def test_other_answers_and_nothing_was_done(kind: str) -> None:
    with served() as (spoofer, client, journal):
        client.ask(Login(username="a", password="b"))
        journal.wait_for("feedback", "login_feedback")
        spoofer.faults.add(kind)
        client.ask(StopSchedule(channel_index=1))
        feedback = journal.wait_for("feedback", since=journal.wait_for("request", "stop_schedule").number)
        fault = journal.wait_for("fault", "stop_schedule")
        assert list(fault.faults) == [kind]
        name = {"unknown_command": "unknown_command_feedback", "busy": "stop_schedule_feedback"}[kind]
        assert feedback.name == name
        if kind == "busy":
            assert isinstance(feedback.message, Feedback)
            assert getattr(feedback.message, "result").label == "error"  # noqa: B009


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("unsafe", "unsafe"), ("comm_failure", "idle"), ("test_ends", "idle"), ("pause", "idle")],
)
def test_what_happens_to_a_channel(kind: str, shown: str, frame: bytes) -> None:
    with served() as (spoofer, client, journal):
        spoofer.faults.add(kind, channel=2, command="stop_schedule")
        client.ask(StopSchedule(channel_index=1))
        assert list(journal.wait_for("fault").faults) == [kind]
        (reading,) = spoofer.call(spoofer.device.readings, [1])
        assert reading.status.label == shown
        assert reading.comm_failure == int(kind == "comm_failure")


def test_every_kind_was_tried() -> None:
    here = {kind for kind, *_ in CHANGED} | {
        "stale", "reorder", "merge", "reset", "slow_close", "silent", "unknown_command", "busy",
        "unsafe", "comm_failure", "test_ends", "pause",
    }  # fmt: skip
    assert here == set(KINDS)


def test_the_journal_is_complete_under_faults(tmp_path: Path) -> None:
    """Every request and every fault is in the file, whatever became of the answers."""
    path = tmp_path / "journal.jsonl"
    count = 100
    with Journal(path, most=10) as journal, running(Device(channels=2), journal=journal) as spoofer:
        for kind in ("drop", "duplicate", "wrong_checksum", "garbage_before", "truncated"):
            spoofer.faults.add(kind, probability=0.3)
        client = Client(spoofer)
        with client.socket:
            client.ask(ASK * count + b"\xff" * 50)
            client.socket.shutdown(socket.SHUT_WR)
            data = client.rest()
        journal.wait_for("closed")
        happened = sum(map(spoofer.faults.happened, spoofer.faults))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    events = [line["event"] for line in lines]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert (events.count("connected"), events.count("request"), events.count("closed")) == (1, count, 1)
    assert events.count("feedback") == count
    assert events.count("dropped") == 1
    faults = [line["faults"] for line in lines if line["event"] == "fault"]
    assert sum(map(len, faults)) == happened > count
    whole = [
        one
        for one in FrameBuffer("feedback").feed(data)
        if not decode(one, "feedback", strict=False).problems
    ]
    undisturbed = count - len(faults)
    assert len(whole) >= undisturbed > 0
    assert len(journal.entries()) == 10


# --- recorded answers ---------------------------------------------------------------------------------


def serial(number: int) -> bytes:
    from cti_schema.derive.defaults import default

    return encode(default(GetSerialNumberFeedback, serial_number=number))


def test_recorded_answers_come_in_turn_and_the_last_one_again(other: bytes) -> None:
    replay = Replay([Exchange(ASK, (serial(1),)), Exchange(ASK, (serial(2), serial(3))), Exchange(ASK, ())])
    with served(replay=replay) as (spoofer, client, journal):
        client.ask(ASK + ASK + ASK + ASK + OTHER)
        expected = serial(1) + serial(2) + serial(3) + other
        assert client.take(len(expected)) == expected
        feedbacks = journal.wait_for("feedback", "get_serial_number_feedback", count=3)
        assert getattr(feedbacks.message, "serial_number") == 3  # noqa: B009
        # Every connection begins anew.
        another = Client(spoofer)
        with another.socket:
            another.ask(ASK)
            assert another.take(len(serial(1))) == serial(1)


def test_recorded_answers_can_be_disturbed() -> None:
    with served(replay=Replay([Exchange(ASK, (serial(1),))])) as (spoofer, client, _):
        spoofer.faults.add("duplicate")
        client.ask(ASK)
        assert client.take(2 * len(serial(1))) == serial(1) * 2


def test_the_device_goes_along_with_a_recorded_login() -> None:
    """Who has logged in by a recorded answer may control what was not recorded."""
    login = encode(Login(username="anna", password="***"))
    from cti_schema.derive.defaults import default

    recorded = encode(default(Login.spec.feedbacks[0], channel_count=77))
    with served(replay=Replay([Exchange(login, (recorded,))])) as (_, client, journal):
        client.ask(Login(username="anna", password="secret"))
        assert client.take(len(recorded)) == recorded
        client.ask(StopSchedule(channel_index=0))
        stopped = journal.wait_for("feedback", "stop_schedule_feedback").message
        assert getattr(stopped, "result").label == "not_running"  # noqa: B009
