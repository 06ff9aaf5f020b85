"""`cti messages`: what is declared, as tables and as data."""

from __future__ import annotations

import json

import pytest

from cti_client.cli.messages import one, overview, table
from cti_client.dump.paint import plain
from cti_schema.registry import registry
from tests.cli.running import Run, process, run_fixture  # noqa: F401


def test_every_message_has_a_line(run: Run) -> None:
    ran = run("messages")
    heading, *lines = ran.lines
    assert heading.split() == ["name", "code", "direction", "effect", "answers", "port", "versions"]
    assert [line.split()[0] for line in lines] == [message.spec.name for message in registry()]
    (start,) = (line for line in lines if line.startswith("start_schedule "))
    assert start == (
        f"{'start_schedule':<42}  0xBB320004  request    control  per_channel     9031  "
        "MITS Pro7: all; MITS Pro8: all; MITS 10: all"
    )


def test_one_message(run: Run) -> None:
    ran = run("messages", "start_schedule_feedback")
    assert ran.code == 0
    lines = ran.lines
    assert lines[:3] == [
        "start_schedule_feedback: feedback 0xBB230004",
        registry().by_name("start_schedule_feedback").spec.doc,
        "",
    ]
    at = lines.index("offset  size  field          type           unit  meaning")
    assert [line[:44].rstrip() for line in lines[at + 1 : at + 4]] == [
        "    20     4  channel_index  i32",
        "    24     1  result         u8",
        "    25   101  reserved       reserved[101]",
    ]
    assert "values of result" in lines
    assert "16 index channel index does not exist" in [" ".join(line.split()) for line in lines]


def test_request_says_how_it_is_answered(run: Run) -> None:
    lines = run("messages", "start_schedule").lines
    assert lines[3:7] == [
        "effect    control: changes something; never sent a second time by itself",
        "answers   one feedback, or one per channel in channel_indices",
        "feedback  start_schedule_feedback",
        "repeated  channel_index (from channel_indices)",
    ]


def test_each_enumeration_is_told_once(run: Run) -> None:
    for message in registry():
        lines = run("messages", message.spec.name).lines
        told = [line for line in lines if line.startswith("values of ")]
        assert len(told) == len(set(told)), message.spec.name


def test_unknown_name(run: Run) -> None:
    ran = run("messages", "start_shedule")
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err == "Error: unknown message 'start_shedule'; did you mean 'start_schedule'?\n"


def test_json(run: Run) -> None:
    whole = json.loads(run("messages", "--json").text)
    assert len(whole["messages"]) == len(registry())
    start = json.loads(run("messages", "start_schedule", "--json").text)
    assert start in whole["messages"]
    assert (start["code"], start["effect"]) == ("0xBB320004", "control")


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_lines_fit_a_terminal(width: int) -> None:
    declared = list(registry())
    assert max(map(len, overview(declared, width, plain))) <= max(width, 100)
    for message in declared:
        for line in one(message, width, plain):
            assert len(line) <= max(width, 100), (message.spec.name, line)


def test_table_wraps_only_where_it_is_told() -> None:
    rows = [("a", "first second third", "one two three four five six seven eight"), ("b", "x", "")]
    assert list(table(("n", "t", "m"), rows, None, plain)) == [
        "n  t                   m",
        "a  first second third  one two three four five six seven eight",
        "b  x",
    ]
    assert list(table(("n", "t", "m"), rows, 44, plain, most={1: 12})) == [
        "n  t             m",
        "a  first second  one two three four five six",
        "   third         seven eight",
        "b  x",
    ]
    assert list(table(("n", "t", "m"), rows, 40, plain)) == [
        "n  t",
        "    m",
        "a  first second third",
        "    one two three four five six seven",
        "    eight",
        "b  x",
    ]


def test_plain_in_a_pipe() -> None:
    ran = process("messages", "get_channels_info_feedback")
    assert (ran.code, ran.err) == (0, "")
    assert b"\x1b" not in ran.out
