"""Which feedback answers which request: by hand-made conversations, and by what is odd in them."""

from __future__ import annotations

from typing import Any

import pytest

from cti_client.capture import Chunk
from cti_client.dump.conversation import Conversations, Heard, Unanswered
from cti_client.dump.jsonlines import entry_json
from cti_client.dump.lines import duration, entry_line
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.registry import registry
from tests.dump.support import AT, CLIENT, CONNECTION, SERVER, closed


def frame(name: str, **values: Any) -> bytes:
    return encode(default(registry().by_name(name), **values))


def stop(index: int) -> bytes:
    return frame("stop_schedule", channel_index=index)


def stopped(index: int) -> bytes:
    return frame("stop_schedule_feedback", channel_index=index)


def heard(*said: tuple[str, float, bytes], timeout_s: float = 10.0, end: bool = True) -> list[Any]:
    """What is made of frames, each of the client ("c") or the server ("s") at a time."""
    conversations = Conversations(timeout_s=timeout_s)
    events: list[Any] = [
        Chunk(AT + at, CONNECTION, CLIENT if who == "c" else SERVER, data) for who, at, data in said
    ]
    return [entry for event in [*events, *([closed()] if end else [])] for entry in conversations.feed(event)]


def answers(entries: list[Any]) -> list[str]:
    """Each feedback, and each request without an answer, in short."""
    found = []
    for entry in entries:
        if isinstance(entry, Unanswered):
            found.append(f"unanswered {entry.request.number}")
        elif isinstance(entry, Heard) and entry.answer is not None:
            asked = entry.answer.request
            found.append(f"{entry.answer.kind} {asked.number}" if asked else entry.answer.kind)
    return found


def test_the_channel_tells_whose_answer_it_is() -> None:
    entries = heard(("c", 0, stop(3) + stop(4)), ("s", 0.25, stopped(4)), ("s", 0.5, stopped(3)))
    assert answers(entries) == ["answer 2", "answer 1"]
    assert [entry.answer.response_time for entry in entries[2:]] == [0.25, 0.5]


def test_equal_requests_are_answered_in_their_order() -> None:
    entries = heard(("c", 0, stop(3) * 3), ("s", 1, stopped(3) * 3))
    assert answers(entries) == ["answer 1", "answer 2", "answer 3"]


def test_one_feedback_per_channel() -> None:
    start = frame("start_schedule", test_name="a", channel_indices=[1, 2])
    done = [frame("start_schedule_feedback", channel_index=index) for index in (1, 2)]
    entries = heard(
        ("c", 0, start), ("s", 1, done[0]), ("s", 2, done[0]), ("s", 3, done[1]), ("s", 4, done[1])
    )
    assert answers(entries) == ["answer 1", "duplicate 1", "answer 1", "duplicate 1"]


def test_all_channels_are_counted_by_the_login() -> None:
    logged_in = frame("login_feedback", channel_count=3)
    everything = frame("stop_schedule", stop_all=1)
    entries = heard(
        ("c", 0, frame("login")), ("s", 0, logged_in), ("c", 0, everything),
        ("s", 1, stopped(0) + stopped(1) + stopped(2)), ("s", 2, stopped(2)),
    )  # fmt: skip
    assert answers(entries) == ["answer 1", "answer 3", "answer 3", "answer 3", "duplicate 3"]


def test_late_unanswered_and_unsolicited() -> None:
    entries = heard(
        ("s", 0, stopped(9)), ("c", 1, stop(3) + stop(4)), ("c", 20, stop(5)), ("s", 21, stopped(3)),
        ("s", 22, stopped(5)),
    )  # fmt: skip
    assert answers(entries) == ["unsolicited", "unanswered 2", "unanswered 3", "late 2", "answer 4"]
    overdue = next(entry for entry in entries if isinstance(entry, Unanswered))
    assert overdue.time == AT + 11
    assert overdue.reason == "within 10 s"


def test_the_end_of_the_connection() -> None:
    entries = heard(("c", 0, stop(3)))
    assert answers(entries) == ["unanswered 1"]
    assert entries[-1].reason == "before the connection ended"
    assert answers(heard(("c", 0, stop(3)), end=False)) == []


def test_a_command_that_is_not_known_is_an_answer() -> None:
    code = registry().by_name("stop_schedule").spec.code
    unknown = frame("unknown_command_feedback", command=code)
    entries = heard(("c", 0, stop(3)), ("s", 1, unknown), ("s", 2, unknown))
    assert answers(entries) == ["answer 1", "duplicate 1"]


def test_a_damaged_request_takes_nobodys_answer() -> None:
    damaged = bytearray(stop(3))
    damaged[-1] ^= 1
    entries = heard(("c", 0, bytes(damaged) + stop(3)), ("s", 1, stopped(3)))
    assert answers(entries) == ["answer 2"]


def test_an_answer_about_all_channels_fits_too() -> None:
    logged_in = frame("login_feedback", channel_count=3)
    layout = next(one for one in registry().by_name("get_channels_info_feedback").spec.values)
    every = [default(layout.item.record, channel_index=index) for index in range(3)]  # type: ignore[attr-defined]
    entries = heard(
        ("c", 0, frame("login")), ("s", 0, logged_in), ("c", 1, frame("get_channels_info", channel_index=1)),
        ("s", 2, frame("get_channels_info_feedback", channels=every)),
    )  # fmt: skip
    assert answers(entries) == ["answer 1", "answer 3"]


def test_requests_that_nobody_answers_are_told_and_forgotten() -> None:
    entries = heard(*(("c", number / 1000, stop(number % 50)) for number in range(3000)), end=False)
    assert answers(entries) == [f"unanswered {number}" for number in range(1, 3000 - 1024 + 1)]
    assert next(one for one in entries if isinstance(one, Unanswered)).reason == "and too many wait behind it"


def test_memory_is_bounded() -> None:
    piece = frame("upload_file", data=bytes(1 << 20))
    done = frame("upload_file_feedback")
    conversations = Conversations()
    for number in range(100):
        list(conversations.feed(Chunk(AT, CONNECTION, CLIENT, piece)))
        if number % 2:
            list(conversations.feed(Chunk(AT, CONNECTION, SERVER, done)))
    kept = next(iter(conversations._talks.values())).answers
    assert len(kept._waiting) == 2
    frames = [one.heard.decoded.frame for one in (*kept._waiting, *kept._answered)]
    assert kept._bytes == sum(map(len, frames)) < 4 << 20


def test_lines_and_json() -> None:
    entries = heard(
        ("c", 0, stop(3)),
        ("s", 0.001, stopped(3)),
        ("s", 1, stopped(3)),
        ("s", 2, stopped(7)),
        ("c", 3, stop(8)),
    )
    lines = [entry_line(entry) for entry in entries]
    assert lines[1].endswith("(to 1 after 1 ms)")
    assert lines[2].endswith("! duplicate, to 1 after 1 s")
    assert lines[3].endswith("! unsolicited")
    assert lines[5].endswith("-- ! unanswered: stop_schedule of frame 5, before the connection ended")
    shapes = [entry_json(entry) for entry in entries]
    assert shapes[1]["response_to"] == 1
    assert shapes[1]["response_time"] == pytest.approx(0.001, abs=1e-6)
    assert "answer" not in shapes[1]
    assert shapes[2]["answer"] == "duplicate"
    assert shapes[3]["answer"] == "unsolicited"
    assert shapes[5]["unanswered"] == 5
    assert shapes[5]["reason"] == "before the connection ended"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0 us"), (1.5e-5, "15 us"), (0.00125, "1.25 ms"), (2.0, "2 s"), (75.5, "75.5 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
