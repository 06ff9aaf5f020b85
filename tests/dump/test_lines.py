"""One line per message: exact texts of small cases."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from cti_client.dump.conversation import Link, Missed
from cti_client.dump.lines import connection_line, entry_line, safe, summary
from cti_client.dump.paint import colour
from cti_client.dump.times import clock
from cti_schema.derive.defaults import default
from cti_schema.kinds import Scalar
from cti_schema.message import Direction
from cti_schema.registry import registry
from cti_schema.wire.frame import build_frame
from tests.dump.support import (
    AT,
    CLIENT,
    LOGIN,
    REFUSED,
    SERVER,
    START,
    STARTED,
    UNKNOWN,
    chunk,
    gap,
    heard,
    number,
    talk,
    text,
)  # fmt: skip
from tests.schema.support import ROOT, load


def test_conversation() -> None:
    entries = talk(
        chunk(CLIENT, LOGIN), chunk(CLIENT, START), chunk(SERVER, REFUSED, AT + 0.5), gap(SERVER, 7)
    )
    assert [entry_line(entry) for entry in entries] == [
        '    1  22:13:20.250000   1  -> login                       username="ann"  password=***',
        '    2  22:13:20.250000   1  -> start_schedule              test_name="a\\x1b[2J"  channel_indices=[4, 0]',  # noqa: E501
        "    3  22:13:20.750000   1  <- start_schedule_feedback     channel_index=4  result=no_schedule_assigned  ! control command answered with an error  (to 2 after 500 ms)",  # noqa: E501
        "       22:13:21.250000   1  <- ! gap: 7 bytes are missing in the capture",
    ]


def test_frames_without_time_and_connection() -> None:
    assert entry_line(heard(STARTED)) == (
        "    1  <- start_schedule_feedback     channel_index=4  result=success"
    )
    assert entry_line(heard(UNKNOWN)) == (
        "    1  <- unknown 0x12345678          body=010203  ! no feedback is declared for the code 0x12345678"
    )
    stray = Missed("stray", 3)
    assert entry_line(stray) == "       -- ! stray: 3 bytes at the end belong to no frame"


def test_problems_stand_behind_the_fields() -> None:
    late = STARTED[:-2] + b"\0\0" + STARTED[-2:]
    assert entry_line(heard(late)).endswith(
        "result=success  ! the checksum stands 2 bytes behind the place where the length 128 puts it"
    )
    unknown = build_frame(0xBB230004, number(4) + b"\x63" + bytes(101), Direction.FEEDBACK)
    assert entry_line(heard(unknown)).endswith("result=unknown_99  ! result: 99 is no value of StartResult")


def test_many_problems_are_counted() -> None:
    frame = STARTED[:24] + b"\x63" + STARTED[25:60]
    entry = heard(frame)
    assert len(entry.decoded.problems) == 3
    entry.decoded.problems.extend(entry.decoded.problems[:2])
    assert entry_line(entry).endswith("  ! 2 more problems")


def test_zone() -> None:
    assert clock(AT) == "22:13:20.250000"
    assert clock(AT, timezone(timedelta(hours=2))) == "00:13:20.250000"


def test_connection() -> None:
    assert (
        connection_line(Link(3, CLIENT, SERVER))
        == "connection 3: client 10.0.0.2:50000, server 10.0.0.9:9031"
    )


def test_secrets() -> None:
    assert "s3cret" not in entry_line(heard(LOGIN))
    assert entry_line(heard(LOGIN), secrets=True).endswith('username="ann"  password="s3cret"')


def test_colours_do_not_change_the_text() -> None:
    for frame in (LOGIN, START, REFUSED, UNKNOWN, STARTED[:-2] + b"\0\0"):
        marked = entry_line(heard(frame), paint=lambda role, text: f"<{text}>" if role == "problem" else text)
        assert marked.replace("<", "").replace(">", "") == entry_line(heard(frame)).replace("<", "").replace(
            ">", ""
        )
    assert "\x1b[31mno_schedule_assigned\x1b[0m" in entry_line(heard(REFUSED), paint=colour)
    assert "\x1b[32msuccess\x1b[0m" in entry_line(heard(STARTED), paint=colour)


def test_a_measured_channel() -> None:
    message = registry().by_name("get_channels_info_feedback")
    kind = message.spec.field("channels")
    assert kind is not None
    channel = default(
        kind.item.record, channel_index=0, voltage_v=3.7, current_a=-1.25, schedule_name="a.sdx"
    )  # type: ignore[attr-defined]
    other = default(kind.item.record, channel_index=1)  # type: ignore[attr-defined]
    assert summary(default(message, channels=[channel])) == [
        (
            "channels",
            '[{channel_index=0, status=idle, schedule_name="a.sdx", voltage_v=3.7 V, current_a=-1.25 A}]',
            "",
        )
    ]
    (shown,) = summary(default(message, channels=[channel, other, other]))
    assert shown[1].endswith("current_a=-1.25 A}, ... 2 more]")


def test_flags_are_named_shortly() -> None:
    message = registry().by_name("get_channels_info")
    frame = build_frame(
        0xEEAB0003, number(3, 2) + number(1, 2) + number(0x80000500) + bytes(32), Direction.REQUEST
    )
    assert summary(heard(frame).decoded.message) == [
        ("channel_index", "3", ""),
        ("aux_options", "bms|aux|0x80000000", ""),
    ]
    assert isinstance(message.spec.field("aux_options"), Scalar)


def test_long_values_are_shortened() -> None:
    frame = build_frame(
        0xBB320004,
        text("x" * 50, 72) + number(20) + b"".join(number(one, 2) for one in range(20)),
        Direction.REQUEST,
    )
    assert summary(heard(frame).decoded.message) == [
        ("test_name", '"' + "x" * 40 + '"...', ""),
        ("channel_indices", "[0, 1, 2, 3, 4, 5, 6, 7, ... 12 more]", ""),
    ]


def test_a_message_of_zeros_is_not_silent() -> None:
    connect = registry().by_name("connect_feedback")
    assert summary(default(connect)) != []


@pytest.mark.parametrize("vector", load(ROOT / "tests" / "vectors"), ids=lambda vector: vector.id)
def test_every_vector_is_one_printable_line(vector) -> None:  # type: ignore[no-untyped-def]
    entry = heard(vector.frame)
    line = entry_line(entry)
    assert line.isprintable()
    assert len(summary(entry.decoded.message)) <= 7
    assert entry.decoded.message.spec.name in line


def test_safe() -> None:
    assert safe("a\x1b\n\u202eß") == "a\\x1b\\n\\u202eß"
