"""`cti decode`: whatever form the frames come in, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cti_schema.message import Direction
from cti_schema.wire.frame import build_frame
from tests.cli.running import Run, process, run_fixture  # noqa: F401
from tests.schema.support import ROOT, load

STOP = build_frame(0xBB310001, (4).to_bytes(4, "little") + bytes(102), Direction.REQUEST)
LOGIN = build_frame(0xEEAB0001, b"ann".ljust(32, b"\0") + b"s3cret".ljust(32, b"\0"), Direction.REQUEST)
STOP_JSON = (
    '{"message": "stop_schedule", "direction": "request", "code": "0xBB310001", '
    '"fields": {"channel_index": 4, "stop_all": 0}}'
)


@pytest.mark.parametrize(
    "given",
    [
        STOP,
        STOP.hex(),
        STOP.hex().upper() + "\n",
        STOP.hex(" ") + "\r\n",
        ":".join(f"{byte:02x}" for byte in STOP),
        ", ".join(f"0x{byte:02X}" for byte in STOP),
        "# a comment: dddddddddddddd11\n\n" + STOP.hex() + "  # and one behind it\n",
        "\n".join(STOP.hex()[at : at + 60] for at in range(0, 2 * len(STOP), 60)),
        b"\xef\xbb\xbf" + STOP.hex().encode(),
        STOP.hex().encode("utf-16"),
    ],
    ids=["raw", "hex", "upper", "spaces", "colons", "0x", "comments", "wrapped", "bom", "utf16"],
)
def test_every_form(run: Run, given: bytes | str) -> None:
    ran = run("decode", stdin=given)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [STOP_JSON]


def test_several_frames_in_a_line_and_in_lines(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "frames"
    file.write_text(STOP.hex() + LOGIN.hex() + "\n" + STOP.hex())
    ran = run("decode", file)
    assert [json.loads(line)["message"] for line in ran.lines] == ["stop_schedule", "login", "stop_schedule"]
    file.write_bytes(STOP + LOGIN + STOP)
    assert run("decode", file).lines == ran.lines


def test_secrets_are_data_unless_hidden(run: Run) -> None:
    assert json.loads(run("decode", stdin=LOGIN).text)["fields"] == {"username": "ann", "password": "s3cret"}
    ran = run("decode", "--hide-secrets", stdin=LOGIN)
    assert json.loads(ran.text)["fields"] == {"username": "ann", "password": "***"}
    assert b"s3cret".hex() not in ran.text


def test_direction(run: Run) -> None:
    frame = build_frame(0x12345678, b"\1\2", Direction.FEEDBACK)
    assert json.loads(run("decode", stdin=frame).text)["direction"] == "feedback"
    frame = build_frame(0xBB310001, b"", Direction.FEEDBACK)
    shape = json.loads(run("decode", "--direction", "feedback", stdin=frame).text)
    assert (shape["message"], shape["direction"]) == ("unknown", "feedback")
    assert [problem["kind"] for problem in shape["problems"]] == ["unknown_command"]
    assert run("decode", "--direction", "sideways", stdin=frame).code == 2


def test_wrong_checksum_is_a_problem_and_no_error(run: Run) -> None:
    ran = run("decode", stdin=STOP[:-2] + b"\0\1")
    assert ran.code == 0
    (problem,) = json.loads(ran.text)["problems"]
    assert (problem["kind"], problem["offset"], problem["found"]) == ("checksum", 126, "0x0100")


def test_stray_bytes_between_frames(run: Run) -> None:
    ran = run("decode", stdin=STOP + b"abc" + STOP)
    assert ran.code == 0
    assert "problems" not in json.loads(ran.lines[0])
    (problem,) = json.loads(ran.lines[1])["problems"]
    assert (problem["kind"], problem["offset"], problem["found"]) == ("stray", -3, 3)


def test_stray_bytes_at_the_end(run: Run) -> None:
    ran = run("decode", stdin=STOP + b"abc")
    assert ran.lines == [STOP_JSON]
    assert ran.code == 1
    assert ran.err == (
        "Error: standard input: the last 3 bytes are no whole frame: "
        "one starts with dddddddddddddd11 and has at least 22 bytes\n"
    )


def test_half_a_frame_at_the_end(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "half.bin"
    file.write_bytes(STOP + LOGIN[:60])
    ran = run("decode", file)
    assert (ran.code, ran.lines) == (1, [STOP_JSON])
    assert (
        ran.err
        == f"Error: {file}, offset 128: half a frame: the frame has 86 bytes by its length, there are 60\n"
    )


def test_half_a_frame_in_hex_loses_nothing_around_it(run: Run) -> None:
    ran = run("decode", stdin=f"{STOP.hex()}\n{LOGIN.hex()[:120]}\n{STOP.hex()}\n")
    assert (ran.code, ran.lines) == (1, [STOP_JSON, STOP_JSON])
    assert ran.err.startswith("Error: standard input, line 2: half a frame: ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "standard input: empty"),
        ("# nothing\n", "standard input: there is no frame in it"),
        (
            STOP.hex() + "\n" + STOP.hex() + "f",
            "standard input, line 2: 257 hex digits; two make a byte, so one",
        ),
        (STOP.hex() + "\nhello", "standard input, line 2: column 1: 'h' is no hex digit"),
        (STOP.hex() + "\n0xdd 0xzz", "standard input, line 2: column 8: 'z' is no hex digit"),
        (STOP.hex() + "\n\nabcd", "standard input: the last 2 bytes (line 3) are no whole frame"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "standard input: a capture file; use cti dump --json"),
    ],
    ids=["empty", "no frame", "odd", "no hex", "column", "leftover", "capture"],
)
def test_bad_input_is_one_sentence(run: Run, given: str | bytes, said: str) -> None:
    ran = run("decode", stdin=given)
    assert ran.code == 1
    assert ran.err.startswith(f"Error: {said}")
    assert ran.err.count("\n") == 1
    # What was good before it is written all the same.
    assert ran.lines == ([STOP_JSON] if str(given).startswith(STOP.hex()) else [])


def test_unreadable(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    ran = run("decode", missing)
    assert (ran.code, ran.err) == (1, f"Error: {missing}: No such file or directory\n")


def test_characters_that_the_output_does_not_have(run: Run) -> None:
    frame = build_frame(0xBB320004, "Ω".encode("utf-16-le").ljust(144, b"\0") + bytes(4), Direction.REQUEST)
    assert '"test_name": "Ω"' in run("decode", stdin=frame).text
    assert '"test_name": "\\u03a9"' in run("decode", stdin=frame, encoding="ascii").out.decode("ascii")


def test_lone_surrogates_are_escaped(run: Run) -> None:
    text = '{"Username":"\\ud800","Password":"x"}'.encode("utf-16-le")
    frame = build_frame(0xEEAB0011, (len(text) // 2).to_bytes(4, "little") + text, Direction.REQUEST)
    ran = run("decode", stdin=frame)
    assert (ran.code, ran.err) == (0, "")
    assert run("encode", stdin=ran.out).text == frame.hex() + "\n"


def test_decode_then_encode_gives_every_vector_back(run: Run) -> None:
    frames = [vector.frame for vector in load(ROOT / "tests" / "vectors")]
    assert len(frames) > 200
    text = "".join(frame.hex() + "\n" for frame in frames)
    decoded = run("decode", stdin=text)
    assert (decoded.code, decoded.err, len(decoded.lines)) == (0, "", len(frames))
    encoded = run("encode", stdin=decoded.out)
    assert (encoded.code, encoded.err) == (0, "")
    assert encoded.text == text
    assert run("encode", "--raw", stdin=run("decode", stdin=b"".join(frames)).out).out == b"".join(frames)


def test_in_a_pipe() -> None:
    ran = process("decode", stdin=STOP)
    assert (ran.code, ran.lines, ran.err) == (0, [STOP_JSON], "")
