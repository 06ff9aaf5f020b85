"""What cyclers refuse is told as a problem of the message that says so."""

from __future__ import annotations

from typing import Any

import pytest

from cti_client.dump.conversation import Heard
from cti_client.dump.filters import parse
from cti_client.dump.findings import KINDS
from cti_client.dump.jsonlines import entry_json
from cti_client.dump.lines import entry_line
from cti_client.dump.selection import odd
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect


def heard(name: str, **values: Any) -> Heard:
    return Heard(1, inspect(encode(default(registry().by_name(name), **values)), spans=False))


@pytest.mark.parametrize(
    ("entry", "kind", "path", "offset", "told"),
    [
        (heard("login_feedback", result=2), "login_refused", "result", 20, "no permission, not logged in"),
        (heard("login_json_feedback", result=2), "login_refused", "result", 20,
         "no permission, not logged in"),
        (heard("start_schedule_feedback", result=0x15), "control_error", "result", 24,
         "no schedule assigned to the channel"),
        (heard("get_serial_number_feedback", result=16), "query_error", "result", 24, "error"),
        (heard("unknown_command_feedback", command=0xBB310001), "control_error", "command", 20,
         "the cycler does not know stop_schedule"),
        (heard("unknown_command_feedback", command=0xEEAB0001), "query_error", "command", 20,
         "the cycler does not know login"),
        (heard("unknown_command_feedback", command=0x12345678), "query_error", "command", 20,
         "the cycler does not know 0x12345678"),
    ],
)  # fmt: skip
def test_what_is_told(entry: Heard, kind: str, path: str, offset: int, told: str) -> None:
    (problem,) = entry.problems
    assert (problem.kind, problem.path) == (kind, path)
    assert problem.message == f"{KINDS[kind]}: {told}"
    if entry.decoded.message.spec.form == "binary":
        assert problem.offset == offset
    assert entry.decoded.problems == []  # nothing is wrong with the frame
    assert odd(entry)
    assert parse(f"problem == {kind}")(entry)
    assert f"  ! {KINDS[kind]}" in entry_line(entry)
    assert [one["kind"] for one in entry_json(entry)["problems"]] == [kind]


@pytest.mark.parametrize(
    "entry",
    [
        heard("login_feedback", result=1),
        heard("login_feedback", result=3),  # logged in before
        heard("start_schedule_feedback", result=0),
        heard("get_serial_number"),  # a request says nothing of a result
    ],
)
def test_what_is_fine(entry: Heard) -> None:
    assert entry.problems == []
    assert not odd(entry)
    assert "problems" not in entry_json(entry)


def test_a_value_that_is_not_known_is_told_as_that_alone() -> None:
    frame = bytearray(encode(default(registry().by_name("start_schedule_feedback"))))
    frame[24] = 99
    frame[-2:] = (sum(frame[:-2]) & 0xFFFF).to_bytes(2, "little")
    assert [one.kind for one in Heard(1, inspect(bytes(frame), spans=False)).problems] == ["enum"]


def test_each_refusal_in_a_list_has_its_place() -> None:
    item = registry().by_name("assign_file_feedback").spec.field("channel_results").item.record  # type: ignore[union-attr]
    entry = heard(
        "assign_file_feedback",
        channel_results=[default(item), default(item, channel_index=4, result=1)],
    )
    assert [(one.kind, one.path) for one in entry.problems] == [
        ("control_error", "channel_results[1].result")
    ]
