"""Filters: what passes, and what is said about a wrong one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_client.dump.conversation import Answer, Heard, Link
from cti_client.dump.filter_names import OWN, known_names, resolve
from cti_client.dump.filters import FilterError, parse
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelStatus
from cti_schema.message import Direction, UnknownMessage
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect
from tests.dump.support import CLIENT, SERVER, UNKNOWN
from tests.schema.support import ROOT


def message(name: str, **values: Any) -> Heard:
    frame = encode(default(registry().by_name(name), **values))
    return Heard(7, inspect(frame, spans=False), 12.5, Link(2, CLIENT, SERVER))


START = message("start_schedule", test_name="Cell 1", channel_indices=[2, 7])
REFUSED = replace(
    message("start_schedule_feedback", channel_index=2, result=0x10), answer=Answer("late", START, 0.75)
)
STARTED = message("start_schedule_feedback", channel_index=2)


def channel(index: int, **values: Any) -> Any:
    kind = registry().by_name("get_channels_info_feedback").spec.field("channels")
    return default(kind.item.record, channel_index=index, **values)  # type: ignore[union-attr]


READ = message(
    "get_channels_info_feedback",
    channels=[channel(0, voltage_v=3.5, status=ChannelStatus.REST), channel(1, voltage_v=4.25)],
)


@pytest.mark.parametrize(
    ("text", "heard", "passes"),
    [
        ("start_schedule", START, True),
        ("start_schedule", STARTED, False),
        ("start_schedule and channel == 3", START, True),
        ("start_schedule and channel == 8", START, True),
        ("start_schedule and channel == 2", START, False),
        ("channel == 1", READ, True),
        ("channel in {5, 2..3}", READ, True),
        ("channel in (5, 6)", READ, False),
        ("channel_indices == 7", START, True),
        ("test_name == 'Cell 1'", START, True),
        ("test_name == 'cell 1'", START, False),
        ("test_name contains CELL", START, True),
        ("start_schedule.test_name contains cell", START, True),
        ("start_schedule_vls.test_name contains cell", START, False),
        ("result != success", REFUSED, True),
        ("result != success", STARTED, False),
        ("result != success", START, False),
        ("not result == success", START, True),
        ("result == 0x10", REFUSED, True),
        ("voltage_v > 4.2", READ, True),
        ("voltage > 4.2", READ, True),
        ("voltage_v >= 4.25 and voltage_v < 3.6", READ, True),
        ("channels.voltage_v > 4.3", READ, False),
        ("channels[0].voltage_v > 4", READ, False),
        ("channels[1].voltage > 4", READ, True),
        ("channels[9].voltage > 4", READ, False),
        ("status == rest", READ, True),
        ("channels[0].status in {idle, charge}", READ, False),
        ("direction == request and effect == control", START, True),
        ("effect == query", START, False),
        ("message contains schedule", REFUSED, True),
        ("code == 0xBB320004", START, True),
        ("length == 174", START, True),
        ("late", REFUSED, True),
        ("late or duplicate", STARTED, False),
        ("response_time > 0.5 && response_to == 7", REFUSED, True),
        ("response_time > 0.5", STARTED, False),
        ("problem", START, False),
        ("!problem", START, True),
        ("frame == 7 and connection == 2 and time < 13", START, True),
        ("server contains 9031", START, True),
        ("channel_count == 2", START, True),
        ("NOT (channel == 3 OR result == success)", START, False),
        ("test_name", START, True),
        ("test_name", STARTED, False),
    ],
)
def test_what_passes(text: str, heard: Heard, passes: bool) -> None:
    assert parse(text)(heard) is passes


def test_problems_bytes_and_unknown_commands() -> None:
    broken = bytearray(encode(default(registry().by_name("stop_schedule"))))
    broken[-1] ^= 1
    heard = Heard(1, inspect(bytes(broken), Direction.REQUEST))
    assert parse("problem == checksum")(heard)
    assert not parse("problem == length")(heard)
    unknown = Heard(1, inspect(UNKNOWN))
    assert parse("unknown and problem == unknown_command")(unknown)
    assert isinstance(unknown.decoded.message, UnknownMessage)
    login = message("login_feedback", ip_address=b"\xc0\xa8\1\2")
    assert parse("ip_address == 'c0a80102'")(login)
    assert parse("ip_address contains 'a801'")(login)
    assert not parse("ip_address contains 'ffff'")(login)
    assert parse("response_time == nan or current_a == nan")(
        message("get_channels_info_feedback", channels=[channel(0, current_a=float("nan"))])
    )


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        (
            "start_shedule",
            0,
            "there is no message or field called start_shedule; did you mean start_schedule?",
        ),
        (
            "problem or volage_v > 3",
            11,
            "there is no message or field called volage_v; did you mean voltage_v?",
        ),
        ("result == sucess", 10, "result is never sucess; did you mean success?"),
        ("status == idel", 10, "status is never idel; did you mean idle?"),
        ("test_name > 3", 10, "test_name is a text; use ==, != or contains"),
        ("channel == x", 11, "channel is a number, x is none"),
        ("channel < x", 10, "a number is needed, not x"),
        ("login == 3", 0, "login is a message: it stands alone, or before the name of a field"),
        ("ip_address == zz", 14, "ip_address is bytes: write them as hex digits"),
        ("channel ==", 10, "the end is not expected here"),
        ("(channel == 1", 13, "the end is not expected here; possible: )"),
        ("a b", 2, "'b' is not expected here"),
        ("channel == 1 ; x", 13, "';' is not expected here"),
        ("", 0, "the end is not expected here"),
    ],
)
def test_what_is_wrong(text: str, column: int, reason: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.reason.startswith(reason)
    assert str(caught.value).endswith(f"\n  {text}\n  {' ' * column}^")


def test_deep_nesting_is_refused_or_understood() -> None:
    text = "(" * 5000 + "problem" + ")" * 5000
    try:
        found = parse(text)
    except FilterError as error:
        reason = error.reason
    else:
        reason = "" if found(START) else "nested"
    assert "nested" in reason


def test_every_name_is_known_and_resolves() -> None:
    for name in known_names():
        parse(name)
    for one in registry():
        parse(one.spec.name)
        for kind in one.spec.values:
            assert resolve(f"{one.spec.name}.{kind.name}") is not None


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        found = parse(text)
    except FilterError:
        return
    assert found(START) in (True, False)


@given(
    st.lists(
        st.sampled_from(
            ["channel", "==", "3", "and", "or", "not", "(", ")", "in", "{", "}", "..", "result", '"a"']
        ),
        max_size=12,
    )
)
def test_any_words_are_a_filter_or_a_filter_error(words: list[str]) -> None:
    try:
        found = parse(" ".join(words))
    except FilterError:
        return
    assert found(READ) in (True, False)


PAGE = ROOT / "docs" / "dump.md"


def test_the_filters_of_the_documentation_are_filters() -> None:
    block = PAGE.read_text(encoding="utf-8").partition("## Filters")[2].partition("```text\n")[2]
    filters = block.partition("```")[0].splitlines()
    assert len(filters) == 7
    for one in filters:
        assert parse(one)(START) in (True, False)


def test_the_documentation_has_every_name() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("## Filters")[2].partition("A filter that makes no")[0]
    assert [name for name in OWN if f"`{name}`" not in table] == []
