"""The journal: what it remembers, what it writes, what it hides, and how one waits for it."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cti_schema import Problem, decode, encode
from cti_schema.message import Direction, UnknownMessage
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login
from spoofer.journal import EVENTS, Entry, Journal

LOGIN = Login(username="anna", password="very-secret")
ASK = GetSerialNumber()


def test_an_entry_has_the_json_shape_of_its_message_and_the_rest_beside_it() -> None:
    journal = Journal()
    before = time.time()
    problem = Problem("checksum", "the checksum is wrong", "", 84, "0x0001", "0x0002")
    journal.write("request", connection=3, peer="127.0.0.1:4", message=LOGIN, problems=[problem], size=86)
    (entry,) = journal.entries()
    shape = entry.as_json()
    assert before <= shape.pop("time") <= time.time()
    assert shape.pop("monotonic_s") <= time.monotonic()
    assert shape == {
        "number": 1,
        "event": "request",
        "connection": 3,
        "peer": "127.0.0.1:4",
        "size": 86,
        "message": "login",
        "direction": "request",
        "code": "0xEEAB0001",
        "fields": {"username": "anna", "password": "***"},
        "problems": [
            {"kind": "checksum", "path": "", "offset": 84, "expected": "0x0001", "found": "0x0002",
             "message": "the checksum is wrong"},
        ],
    }  # fmt: skip


def test_what_is_not_known_is_left_out() -> None:
    journal = Journal()
    journal.write("refused", peer="a:1", reason="1024 connections are open")
    journal.write("fault", message=ASK, faults=("drop", "delay"))
    first, second = (entry.as_json() for entry in journal.entries())
    assert set(first) == {"number", "time", "monotonic_s", "event", "peer", "reason"}
    assert second["faults"] == ["drop", "delay"]
    assert second["message"] == "get_serial_number"


def test_secrets_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    cut = encode(LOGIN)[:-10]
    with Journal(path) as journal:
        journal.write("request", message=LOGIN)
        journal.write("request", message=decode(cut, "request", strict=False).message)
        body = encode(LOGIN)[20:-2]
        same_code = UnknownMessage(code=Login.spec.code, direction=Direction.FEEDBACK, body=body)
        journal.write("request", message=same_code)
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") == 3
    assert "very-secret" not in text
    assert b"very-secret".hex() not in text


def test_the_file_is_complete_and_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, most=2)
    for number in range(5):
        journal.write("request", connection=number, message=ASK)
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert [line["connection"] for line in lines if "connection" in line] == list(range(1, number + 1))
        assert len(lines) == number + 1
    assert [entry.number for entry in journal.entries()] == [4, 5]
    journal.close()
    journal.close()
    journal.write("request", message=ASK)  # is remembered, and not written
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5
    assert journal.last == 6


def test_any_text_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.write("error", reason="\ud800 line\u2028separator \n é")
    (line,) = path.read_bytes().splitlines()
    assert json.loads(line)["reason"] == "\ud800 line\u2028separator \n é"


def test_memory_is_bounded_by_number_and_by_bytes() -> None:
    journal = Journal(most=3, most_bytes=100)
    for _ in range(5):
        journal.write("request", message=ASK, size=10)
    assert [entry.number for entry in journal.entries()] == [3, 4, 5]
    journal.write("request", message=ASK, size=85)
    assert [entry.number for entry in journal.entries()] == [5, 6]
    journal.write("request", message=ASK, size=101)
    assert journal.entries() == []
    assert journal.count() == 7


def test_only_counting() -> None:
    journal = Journal(most=0)
    for _ in range(3):
        journal.write("request", message=ASK)
    journal.write("request", message=LOGIN)
    journal.write("closed")
    assert journal.entries() == []
    assert journal.count() == 5
    assert journal.count("request") == 4
    assert journal.count("request", "get_serial_number") == 3
    assert journal.count(message="login") == 1
    assert journal.count("dropped") == 0


def test_asking_for_entries() -> None:
    journal = Journal()
    journal.write("connected", connection=1)
    journal.write("request", connection=1, message=ASK)
    journal.write("request", connection=2, message=LOGIN)
    journal.write("fault", connection=2, message=LOGIN, faults=("drop",))

    def numbers(*args: Any, **kwargs: Any) -> list[int]:
        return [entry.number for entry in journal.entries(*args, **kwargs)]

    assert numbers() == [1, 2, 3, 4]
    assert numbers("request") == [2, 3]
    assert numbers(message="login") == [3, 4]
    assert numbers(event="request", message="login") == [3]
    assert numbers(connection=1) == [1, 2]
    assert numbers(fault="drop") == [4]
    assert numbers(since=2) == [3, 4]
    assert [entry.name for entry in journal.entries()] == ["", "get_serial_number", "login", "login"]


def test_waiting_for_what_is_there_and_for_what_comes() -> None:
    journal = Journal()
    journal.write("request", message=ASK)
    assert journal.wait_for("request", "get_serial_number").number == 1

    found: list[Entry] = []
    waiting = threading.Thread(target=lambda: found.append(journal.wait_for("request", count=3)))
    waiting.start()
    journal.write("request", message=LOGIN)
    journal.write("feedback")
    journal.write("request", message=ASK)
    waiting.join(10)
    assert [entry.number for entry in found] == [4]


def test_waiting_for_what_does_not_come() -> None:
    journal = Journal()
    journal.write("request", message=ASK)
    with pytest.raises(TimeoutError, match=r"1 of 2 request get_serial_number within 0\.01 s"):
        journal.wait_for("request", "get_serial_number", count=2, timeout_s=0.01)
    with pytest.raises(TimeoutError, match=r"0 of 1 entries within 0 s"):
        journal.wait_for(since=journal.last, timeout_s=0)


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-folder"):
        Journal(tmp_path / "no-folder" / "journal.jsonl")


def test_a_file_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        closed = False

        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            pass

        def close(self) -> None:
            self.closed = True

    journal = Journal(tmp_path / "journal.jsonl")
    assert journal._file is not None
    journal._file.close()
    journal._file = full = Full()  # type: ignore[assignment]
    journal.write("request", message=ASK)
    journal.write("request", message=ASK)
    assert full.closed
    assert len(journal.entries()) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "the journal is not written any more: No space left on device"
    ]


def test_every_event_has_words() -> None:
    assert " ".join(EVENTS) == "connected refused request feedback fault dropped closed error"
    assert all(EVENTS.values())
