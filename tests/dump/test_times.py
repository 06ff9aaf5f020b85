"""Times as text: every way, and times that no calendar has."""

from __future__ import annotations

import pytest

from cti_client.dump.times import FORMATS, Times, clock
from tests.dump.support import AT


@pytest.mark.parametrize(
    ("how", "heading", "texts"),
    [
        ("utc", "",
         ["2023-11-14T22:13:20.250000Z", "2023-11-14T22:13:20.500000Z", "2023-11-14T22:13:30.250000Z"]),
        ("epoch", "", ["1700000000.250000", "1700000000.500000", "1700000010.250000"]),
        ("relative", "times in seconds since 2023-11-14 22:13:20.250000 UTC",
         ["    0.000000", "    0.250000", "   10.000000"]),
        ("delta", "times in seconds since the message before",
         ["    0.000000", "    0.250000", "    9.750000"]),
    ],
)  # fmt: skip
def test_every_way(how: str, heading: str, texts: list[str]) -> None:
    times = Times(how)
    assert times.heading(AT) == heading
    assert [times.text(AT + after) for after in (0, 0.25, 10)] == texts
    assert times.heading(AT + 11) == ""
    times.restart()
    assert times.heading(AT) == heading
    assert times.text(AT) == texts[0]


def test_a_new_day_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    times = Times("local")
    first = times.heading(AT)
    assert first.startswith("2023-11-1")
    assert ", times in " in first
    assert times.heading(AT + 1) == ""
    assert times.heading(AT + 86_400) != ""


@pytest.mark.parametrize("how", FORMATS)
@pytest.mark.parametrize("time", [0.0, 1.8e13, 4.1e9])
def test_any_time_of_a_capture_can_be_written(how: str, time: float) -> None:
    times = Times(how)
    times.heading(time)
    assert times.text(time).strip()
    assert clock(1.8e13) == "18000000000000.000000"
