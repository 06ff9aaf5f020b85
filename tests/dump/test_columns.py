"""Rows of a table: what each kind of value is written as, and what is hidden."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from cti_client.dump.columns import Columns, csv_line
from cti_client.dump.conversation import Answer, Heard
from cti_client.dump.times import Times
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.errors import UnknownNameError
from cti_schema.message import Direction
from cti_schema.registry import registry
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import build_frame


def message(name: str, **values: Any) -> Heard:
    return Heard(7, inspect(encode(default(registry().by_name(name), **values)), spans=False), 12.5)


def reading(index: int, **values: Any) -> Any:
    layout: Any = registry().by_name("get_channels_info_feedback").spec.field("channels")
    return default(layout.item.record, channel_index=index, **values)


READ = message(
    "get_channels_info_feedback",
    channels=[reading(2, voltage_v=3.7, status=4), reading(5, voltage_v=math.nan, current_a=-0.1)],
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("channel", "3,6"),
        ("channel_index", "2,5"),
        ("voltage_v", "3.7,nan"),  # as many digits as single precision has
        ("channels[1].current_a", "-0.1"),
        ("status", "rest,idle"),
        ("channels", "{...},{...}"),
        ("message", "get_channels_info_feedback"),
        ("frame", "7"),
        ("time", "12.500000"),
        ("result", ""),
        ("username", ""),
        ("problem", ""),
    ],
)
def test_values(name: str, text: str) -> None:
    assert Columns([name]).row(READ) == [text]


def test_times() -> None:
    assert Columns(["time"], times=Times("utc")).row(READ) == ["1970-01-01T00:00:12.500000Z"]
    answered = replace(READ, answer=Answer("answer", READ, 0.012000083923339844))
    assert Columns(["response_time", "response_to"]).row(answered) == ["0.012", "7"]


def test_what_is_secret() -> None:
    login = message("login", username="ann", password="s3cret")
    assert Columns(["username", "password"]).row(login) == ["ann", "***"]
    assert Columns(["login.password"]).row(login) == ["***"]
    assert Columns(["password"], secrets=True).row(login) == ["s3cret"]
    # The code of a login in the other direction: nobody knows what it is, but it may be a password.
    odd = Heard(
        1, inspect(build_frame(0xEEAB0001, b"s3cret", Direction.FEEDBACK), Direction.FEEDBACK, spans=False)
    )
    assert Columns(["body"]).row(odd) == ["***"]
    assert Columns(["body"], secrets=True).row(odd) == [b"s3cret".hex()]


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="voltage_v"):
        Columns(["voltage_w"])


def test_csv() -> None:
    assert csv_line(['a "b"', "1,2", "", "ü\n"]) == '"a ""b""","1,2",,"ü\n"'
