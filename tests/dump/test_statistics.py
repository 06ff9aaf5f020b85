"""Statistics: exact counts of a made conversation, percentiles within one per cent."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cti_client.capture import CaptureWriter
from cti_client.dump.statistics import Spread, Statistics
from cti_schema.message import Direction
from cti_schema.wire.codec import inspect
from tests.cli.running import Run, run_fixture  # noqa: F401
from tests.dump.support import AT, CLIENT, LOGIN, REFUSED, SERVER, START, STARTED, heard
from tests.dump.test_answers import heard as talked
from tests.dump.test_answers import stop, stopped


def test_percentiles_are_exact_to_one_per_cent() -> None:
    source = random.Random(1)
    numbers = [source.lognormvariate(-6, 2) for _ in range(20_000)]
    spread = Spread()
    for number in numbers:
        spread.add(number)
    ordered = sorted(numbers)
    for percent in (1, 50, 90, 99):
        exact = ordered[len(ordered) * percent // 100 - 1]
        assert spread.percentile(percent) == pytest.approx(exact, rel=0.011)
    assert spread.largest == spread.percentile(100) == ordered[-1]


def test_no_numbers() -> None:
    with pytest.raises(ValueError, match="no numbers"):
        Spread().percentile(50)


def test_counts() -> None:
    statistics = Statistics()
    statistics.add(
        talked(
            ("c", 0, stop(3)), ("s", 0.5, stopped(3)), ("s", 1, stopped(3)),
            ("c", 2, stop(4)), ("c", 20, stop(5)), ("s", 21.5, stopped(5)), ("s", 30, stopped(9)),
        )
    )  # fmt: skip
    shape = statistics.as_json()
    assert shape["messages"] == 7
    request = shape["commands"][1]
    assert {name: request[name] for name in ("message", "count", "unanswered", "late")} == {
        "message": "stop_schedule", "count": 3, "unanswered": 1, "late": 0,
    }  # fmt: skip
    assert request["response_s"]["max"] == pytest.approx(1.5)
    assert shape["odd"] == {"duplicate": 1, "unanswered": 1, "unsolicited": 1}
    assert shape["channels"][0] == {"channel": 4, "requests": 1, "feedbacks": 2}
    assert request["channels"] == {"4": 1, "5": 1, "6": 1}
    assert shape["commands"][0]["channels"] == {"4": 2, "6": 1, "10": 1}
    assert shape["connections"][0]["duration_s"] == 30
    assert shape["connections"][0]["messages_per_s"] == pytest.approx(7 / 30, rel=1e-3)


def test_errors_and_problems() -> None:
    broken = bytearray(STARTED)
    broken[-1] ^= 1
    statistics = Statistics()
    statistics.add([heard(REFUSED), heard(REFUSED), heard(bytes(broken))])
    shape = statistics.as_json()
    assert shape["errors"] == [
        {"message": "start_schedule_feedback", "result": "no_schedule_assigned", "code": 21, "count": 2}
    ]
    assert shape["problems"] == {"control_error": 2, "checksum": 1}


def test_memory_is_bounded_by_what_is_declared() -> None:
    from cti_client.dump.conversation import Heard
    from cti_schema.wire.frame import build_frame

    statistics = Statistics()
    for code in range(3000):
        frame = build_frame(0x10000000 + code, b"", Direction.REQUEST)
        statistics.add([Heard(1, inspect(frame, Direction.REQUEST, spans=False))])
    assert len(statistics._requests) == 1001


def test_channels_and_results_that_are_told_apart_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti_client.dump.statistics._CHANNELS", 3)
    monkeypatch.setattr("cti_client.dump.statistics._MOST", 2)
    statistics = Statistics()
    for index in range(5):
        frame = bytearray(stopped(index))
        frame[24] = 100 + index  # a result that is not known
        statistics.add([heard(bytes(frame))])
    shape = statistics.as_json()
    assert shape["channels"] == [
        {"channel": channel, "requests": 0, "feedbacks": count} for channel, count in enumerate([2, 1, 1, 1])
    ]
    assert [(one["message"], one["code"], one["count"]) for one in shape["errors"]] == [
        ("others", None, 3), ("stop_schedule_feedback", 100, 1), ("stop_schedule_feedback", 101, 1),
    ]  # fmt: skip


@pytest.fixture(name="file")
def file_fixture(tmp_path: Path) -> Path:
    file = tmp_path / "a.pcapng"
    with CaptureWriter(file) as writer:
        connection = writer.connection(CLIENT, SERVER, AT)
        connection.client_sent(LOGIN + START, AT)
        connection.server_sent(REFUSED, AT + 0.5)
        connection.close(AT + 1)
    return file


def test_the_command(run: Run, file: Path) -> None:
    shape: dict[str, Any] = json.loads(run("stats", "--json", file).text)
    assert shape["messages"] == 3
    both = json.loads(run("stats", "--json", file, file).text)
    assert both["messages"] == 6
    only = json.loads(run("stats", "--json", "-Y", "channel == 5", file).text)
    assert only["messages"] == 2
    text = run("stats", file).lines
    assert text[0] == "3 messages"
    assert "Errors" in text
    row = next(line for line in text if line.startswith("start_schedule "))
    assert row.split()[:6] == ["start_schedule", "request", "1", "172", "500", "ms"] or "500 ms" in row


def test_wrong_input(run: Run, tmp_path: Path, file: Path) -> None:
    assert run("stats", "-Y", "nothing ==", file).code == 1
    missing = run("stats", tmp_path / "missing")
    assert missing.code == 1
    assert len(missing.err.splitlines()) == 1
