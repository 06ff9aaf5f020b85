"""`cti encode`: JSON Lines to frames, and sentences about lines that are wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Run, run_fixture  # noqa: F401
from tests.cli.test_decode import STOP

GOOD: dict[str, Any] = {"message": "stop_schedule", "fields": {"channel_index": 4, "stop_all": 0}}


def line(**changes: Any) -> str:
    return json.dumps(GOOD | changes)


def test_hex_and_raw(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(f"{line()}\n\n{line()}\n")
    ran = run("encode", file)
    assert (ran.code, ran.text, ran.err) == (0, f"{STOP.hex()}\n" * 2, "")
    assert run("encode", "--raw", file).out == STOP * 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_windows_shells_write(run: Run, encoding: str) -> None:
    assert run("encode", stdin=line().encode(encoding)).text == STOP.hex() + "\n"


def test_names_of_values_and_missing_counts(run: Run) -> None:
    given = {
        "message": "start_schedule_feedback",
        "fields": {"channel_index": 4, "result": "no_schedule_assigned"},
    }
    frame = bytes.fromhex(run("encode", stdin=json.dumps(given)).text)
    assert (len(frame), frame[20:25]) == (128, bytes([4, 0, 0, 0, 21]))


def test_surplus_as_the_vendor_writes_it(run: Run) -> None:
    given = json.dumps({"message": "get_t_chamber_mapping", "fields": {}})
    plain = bytes.fromhex(run("encode", stdin=given).text)
    padded = bytes.fromhex(run("encode", "--surplus", stdin=given).text)
    assert len(padded) == len(plain) + 148
    assert padded[20:-2] == plain[20:-2] + bytes(148)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "no JSON, column 2: Expecting property name enclosed in double quotes"),
        ("[1]", "a JSON object is needed, not list"),
        ('{"message": NaN}', 'no JSON: NaN is not in JSON; write "nan", "inf" or "-inf"'),
        ('{"message": "login", "message": "login"}', "no JSON: the member 'message' is there twice"),
        ("[" * 100_000, "no JSON: nested too deep"),
        (line(message="stop_shedule"), "unknown message 'stop_shedule'; did you mean 'stop_schedule'?"),
        (line(feilds={}), "unknown member of a message 'feilds'; did you mean 'fields'?"),
        (
            line(fields={"chanel_index": 4, "stop_all": 0}),
            "unknown field 'chanel_index'; did you mean 'channel_index'?",
        ),
        (line(direction="feedback"), "direction: stop_schedule has the direction request, not feedback"),
        (line(fields={"channel_index": 4, "stop_all": 256}), "stop_all: "),
        (line(fields={"channel_index": "x", "stop_all": 0}), "channel_index: "),
        (
            json.dumps(
                {"message": "start_schedule", "fields": {"test_name": "a" * 73, "channel_indices": []}}
            ),
            "test_name: ",
        ),
        (
            json.dumps(
                {"message": "start_schedule", "fields": {"test_name": "a", "channel_indices": [1, -1]}}
            ),
            "channel_indices[1]: ",
        ),
    ],
)
def test_bad_line_is_one_sentence(run: Run, given: str, said: str) -> None:
    ran = run("encode", stdin=f"{line()}\n{given}\n{line()}\n")
    assert ran.code == 1
    assert ran.err.startswith(f"Error: standard input, line 2: {said}")
    assert ran.err.count("\n") == 1
    assert ran.text == STOP.hex() + "\n", (
        "the line before is written, nothing of the bad one, nothing behind it"
    )


def test_no_password_in_an_error(run: Run) -> None:
    for password in ("geheim-ü", "geheim" * 10, 12345678):
        given = json.dumps({"message": "login", "fields": {"username": "a", "password": password}})
        ran = run("encode", stdin=given)
        assert ran.code == 1
        assert ran.err == (
            "Error: standard input, line 1: password: the value (not shown) does not fit ascii[32]\n"
        )


def test_empty_binary_and_missing(run: Run, tmp_path: Path) -> None:
    assert run("encode", stdin=b" \n").err == "Error: standard input: empty\n"
    assert run("encode", stdin=b"").code == 1
    ran = run("encode", stdin=b'{"a": "\xff"}')
    assert (ran.code, ran.err) == (1, "Error: standard input, line 1 or later: no utf-8 text\n")
    missing = tmp_path / "missing"
    assert run("encode", missing).err == f"Error: {missing}: No such file or directory\n"
