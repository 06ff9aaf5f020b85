"""The hex view: exact rows, and one colour for the bytes of one field."""

from __future__ import annotations

import re

import pytest

from cti_client.dump.hexview import hex_lines
from cti_client.dump.paint import colour
from cti_schema.derive.tree import tree
from cti_schema.message import Direction
from cti_schema.wire.codec import inspect
from cti_schema.wire.frame import build_frame
from tests.dump.support import LOGIN, STARTED, UNKNOWN


def rows(frame: bytes, *, secrets: bool = False, painted: bool = False) -> list[str]:
    nodes = tree(inspect(frame), secrets=secrets)
    return list(hex_lines(frame, nodes, paint=colour) if painted else hex_lines(frame, nodes))


def test_rows_that_repeat_are_left_out() -> None:
    assert rows(STARTED) == [
        "0000  dd dd dd dd dd dd dd 11  80 00 00 00 04 00 23 bb  ..............#.  token, length, code",
        "0010  00 00 00 00 04 00 00 00  00 00 00 00 00 00 00 00  ................"
        "  extended_code, channel_index, result, reserved",
        "0020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................",
        "*",
        f"0070  00 00 00 00 00 00 00 00  00 00 00 00 00 00 {STARTED[-2:].hex(' ')}  "
        f"..............{_shown(STARTED[-2:])}  checksum",
    ]


def _shown(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


@pytest.mark.parametrize("size", range(20))
def test_the_columns_stand_below_each_other(size: int) -> None:
    frame = build_frame(0x12345678, bytes([0x41]) * size, Direction.FEEDBACK)
    for row in rows(frame):
        if row != "*":
            assert re.fullmatch(r"[0-9a-f]{4}  ([0-9a-f]{2}| |  ){8}.*", row)
            assert row[54:56] == "  "
            assert row[56] != " "


def test_each_field_has_one_colour_and_its_name_has_it_too() -> None:
    first = rows(UNKNOWN, painted=True)[0]
    assert first == (
        "\x1b[2m0000\x1b[0m  \x1b[36mdd dd dd dd dd dd dd 11\x1b[0m  \x1b[33m19 00 00 00\x1b[0m "
        "\x1b[32m78 56 34 12\x1b[0m  \x1b[36m........\x1b[0m\x1b[33m....\x1b[0m\x1b[32mxV4.\x1b[0m  "
        "\x1b[36mtoken\x1b[0m, \x1b[33mlength\x1b[0m, \x1b[32mcode\x1b[0m"
    )
    for frame in (LOGIN, STARTED, UNKNOWN):
        assert [re.sub(r"\x1b\[\d+m", "", row) for row in rows(frame, painted=True)] == rows(frame)


def test_hidden_bytes_do_not_tell_whether_they_are_equal() -> None:
    bodies = [b"ann".ljust(32, b"\0") + password.ljust(32, b"\0") for password in (b"", b"a", b"a" * 32)]
    shown = [rows(build_frame(0xEEAB0001, body, Direction.REQUEST)) for body in bodies]
    assert len({tuple(row for row in one if "checksum" not in row) for one in shown}) == 1
    assert "61 61 61 61" in "".join(rows(build_frame(0xEEAB0001, bodies[2], Direction.REQUEST), secrets=True))
