"""A channel's number is never off by one, and never means all channels by accident."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti_client.channels import channel_of, format_channels, index_of, parse_channels
from cti_schema.errors import ConfigurationError


@pytest.mark.parametrize("channel", [0, -1, -5, True, False, 1.0, "1", None])
def test_what_is_no_channel_is_refused(channel: Any) -> None:
    with pytest.raises(ConfigurationError) as error:
        index_of(channel)
    assert isinstance(error.value, ValueError)
    assert "counted from 1" in str(error.value) or "whole number from 1" in str(error.value)


def test_an_index_is_one_less() -> None:
    assert [index_of(1), index_of(16, 16)] == [0, 15]
    assert [channel_of(0), channel_of(15)] == [1, 16]
    with pytest.raises(ConfigurationError, match=r"no channel 17: the cycler has the channels 1 to 16"):
        index_of(17, 16)
    with pytest.raises(ConfigurationError, match="no channels"):
        index_of(1, 0)
    with pytest.raises(ConfigurationError, match="-1 is no single channel"):
        channel_of(-1)


@given(st.integers(1, 65535))
def test_there_and_back(channel: int) -> None:
    assert channel_of(index_of(channel)) == channel


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("1-8,12", [1, 2, 3, 4, 5, 6, 7, 8, 12]),
        (" 3 , 1 - 2,2", [1, 2, 3]),
        ("16", [16]),
        ("all", list(range(1, 17))),
        ("ALL", list(range(1, 17))),
    ],
)
def test_texts_that_name_channels(text: str, channels: list[int]) -> None:
    assert parse_channels(text, 16) == channels


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no channels"),
        ("0", "no channel 0"),
        ("-1", "names no channels"),
        ("*", "names no channels"),
        ("1-", "names no channels"),
        ("1,,2", "names no channels"),
        ("all,1", "names no channels"),
        ("0-3", "no channel 0"),
        ("8-17", "no channel 17"),
        ("5-3", "write 3-5"),
        ("1-999999999", "no channel 999999999"),
        ("²", "names no channels"),
    ],
)
def test_texts_that_do_not(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        parse_channels(text, 16)


@given(st.sets(st.integers(1, 40), min_size=1))
def test_a_written_list_reads_back(channels: set[int]) -> None:
    assert parse_channels(format_channels(channels), 40) == sorted(channels)


def test_a_list_is_written_short() -> None:
    assert format_channels([8, 3, 1, 2, 10, 11]) == "1-3,8,10-11"
