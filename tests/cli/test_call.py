"""`cti call`: any request from the words of a command line, and its feedback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cti_client.cli import _common, _values
from cti_schema.derive.jsonform import encode_json, from_json
from cti_schema.errors import EncodeError
from cti_schema.registry import registry
from spoofer import Phase, running
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import Run, run_fixture  # noqa: F401


def fields(name: str, *words: str) -> dict[str, Any]:
    return _values.fields(registry().by_name(name).spec, words)


def test_a_query_as_a_tree(run: Run, cycler: Emulated) -> None:
    ran = run("call", "get_serial_number", *cycler.at)
    assert (ran.code, ran.err) == (0, "")
    assert ran.text == (
        "get_serial_number_feedback\n"
        "  offset  length  bytes               field\n"
        "       0       8  dddddddddddddd11    token\n"
        "       8       4  80000000            length = 128  (frame of 128 bytes)\n"
        "      12       4  010043bb            code = 0xBB430001  (get_serial_number_feedback)\n"
        "      16       4  00000000            extended_code = 0\n"
        "      20       4  a1860100            serial_number = 100001\n"
        "      24       1  00                  result = 0  (success)\n"
        "      25     101  0000000000000000..  reserved  (zero)\n"
        "     126       2  c308                checksum = 0x08C3\n"
    )


def test_a_query_as_json(run: Run, cycler: Emulated) -> None:
    ran = run("call", "get_channels_info", "channel_index=2", "aux_options=0x700", "--json", *cycler.at)
    (line,) = ran.lines
    shape = json.loads(line)
    assert (ran.code, shape["message"]) == (0, "get_channels_info_feedback")
    assert [channel["channel_index"] for channel in shape["fields"]["channels"]] == [2]
    (request,) = cycler.requests
    assert (request.channel_index, int(request.aux_options)) == (2, 0x700)  # type: ignore[attr-defined]
    assert request.channel_selection == 1  # type: ignore[attr-defined]  # the declared default


def test_each_feedback_has_a_line(run: Run, cycler: Emulated) -> None:
    cycler.device.assign(0, "a")
    cycler.device.assign(1, "a")
    ran = run("call", "start_schedule", "test_name=x", "channel_indices=[0,1]", "--yes", "--json", *cycler.at)
    assert (ran.code, ran.err) == (0, "")
    shapes = [json.loads(line) for line in ran.lines]
    assert [shape["fields"] for shape in shapes] == [
        {"channel_index": 0, "result": 0},
        {"channel_index": 1, "result": 0},
    ]


def test_a_control_request_is_asked_for(run: Run, cycler: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["call", "stop_schedule", "channel_index=1", *cycler.at]
    told = f"stop_schedule changes something at 127.0.0.1:{cycler.port}:\n  channel_index  1 (channel 2)\n"
    ran = run(*words)
    assert ran.err == f"{told}Error: nobody can be asked here: give --yes to send stop_schedule\n"
    assert (ran.code, ran.text, cycler.seen) == (2, "", [])

    monkeypatch.setattr(_common, "somebody_is_there", lambda: True)
    ran = run(*words, stdin="\n")  # no is what nothing means
    assert (ran.code, ran.text, cycler.seen) == (1, "", [])
    assert ran.err.startswith(f"{told}Really send stop_schedule? [y/N]: ")

    cycler.device.assign(1, "a")
    cycler.device.start([1], "x")
    assert run(*words, stdin="y\n").code == 0
    channel = cycler.device.channel(1)
    assert channel is not None
    assert channel.phase is Phase.IDLE


def test_a_question_names_channels_as_people_do_and_flags_by_meaning(run: Run, cycler: Emulated) -> None:
    ran = run("call", "start_schedule", "test_name=x", "channel_indices=[0,1,2,7]", *cycler.at)
    assert ran.err.splitlines()[1:3] == [
        '  test_name        "x"',
        "  channel_indices  [0, 1, 2, 7] (channels 1-3,8)",
    ]
    ran = run("call", "stop_schedule", "channel_index=0", "stop_all=1", *cycler.at)
    assert ran.err.splitlines()[1:3] == [
        "  channel_index  0 (channel 1)",
        "  stop_all       1 (all channels)",
    ]


def test_a_refusal_is_shown_and_is_a_failure(run: Run, cycler: Emulated) -> None:
    ran = run("call", "stop_schedule", "channel_index=1", "--yes", "--json", *cycler.at)
    assert json.loads(ran.text)["fields"] == {"channel_index": 1, "result": 18}
    assert ran.code == 1
    assert ran.err.startswith("Error: channel 2: stop_schedule was refused: ")
    assert ran.err.endswith("(result 18, not_running)\n")


def test_a_command_that_the_cycler_does_not_know(run: Run, cycler: Emulated) -> None:
    ran = run("call", "reset_local_database", "--yes", *cycler.at)
    error = "the cycler does not know the command reset_local_database (0xBB310009)"
    assert (ran.code, ran.text, ran.err) == (1, "", f"Error: {error}\n")


@pytest.mark.parametrize("name", ["login", "login_json"])
def test_a_login_logs_in_by_itself(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "secret-word")
    with running(users={"anna": "secret-word"}) as spoofer:
        ran = run("call", name, "username=anna", "--json", "--port", str(spoofer.port))
        assert (ran.code, json.loads(ran.text)["fields"]["result"]) == (0, 1)
        refused = run("call", name, "username=otto", "--json", "--port", str(spoofer.port))
    assert (refused.code, json.loads(refused.text)["fields"]["result"]) == (1, 2)
    assert "secret-word" not in ran.text + ran.err + refused.text + refused.err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["stop_schedul"], "unknown request 'stop_schedul'; did you mean 'stop_schedule'?"),
        (
            ["stop_schedule_feedback"],
            "stop_schedule_feedback is a feedback, which only a cycler sends; it answers stop_schedule",
        ),
        (
            ["stop_schedule"],
            "stop_schedule needs channel_index=..., zero-based channel: see `cti messages stop_schedule`",
        ),
        (
            ["stop_schedule", "chanel_index=1"],
            "unknown field of stop_schedule 'chanel_index'; did you mean 'channel_index'? "
            "(see `cti messages stop_schedule`)",
        ),
        (
            ["stop_schedule", "channel_index"],
            "'channel_index' is not of the form field=value (see `cti messages stop_schedule`)",
        ),
        (
            ["stop_schedule", "channel_index=1", "channel_index=2"],
            "channel_index: the field is given twice (see `cti messages stop_schedule`)",
        ),
        (
            ["stop_schedule", "channel_index=-1"],
            "channel_index: -1 is outside 0 to 4294967295 (u32) (see `cti messages stop_schedule`)",
        ),
        (
            ["login", "username=a", "password=b"],
            "password is never an argument, which others could see: set CTI_PASSWORD",
        ),
        (["login", "username=a"], "no password: set CTI_PASSWORD"),
    ],
)
def test_words_that_make_no_request(run: Run, cycler: Emulated, words: list[str], error: str) -> None:
    ran = run("call", *words, "--yes", *cycler.at)
    assert (ran.code, ran.text, ran.err) == (2, "", f"Error: {error}\n")
    assert cycler.seen == []


def test_values_by_the_kind_of_their_field() -> None:
    mv = fields("set_meta_variable", "channel_index=0x1F", "meta_variable_code=mv_ud1", "value=-1e-3")
    assert mv == {
        "channel_index": 31,
        "meta_variable_type": 1,
        "meta_variable_code": "mv_ud1",
        "value_type": 1,
        "value": -0.001,
    }
    assert fields("set_meta_variable", "value=nan")["value"] == "nan"
    assert fields("set_meta_variable", "value=nan:7fa00000")["value"] == "nan:7fa00000"
    # Whatever stands behind the first equals sign is the value.
    assert fields("start_schedule", "test_name=a=b", "channel_indices=[0, 1]") == {
        "test_name": "a=b",
        "channel_indices": [0, 1],
    }
    assert fields("upload_file", "data=00ff")["data"] == "00ff"


def test_values_of_json_members() -> None:
    login = fields(
        "login_json_feedback", "result=success", "location=null", "channel_indices=[1]", "channel_count=0x10"
    )
    assert (login["result"], login["location"]) == ("success", "null")
    assert (login["channel_indices"], login["channel_count"]) == ([1], 16)
    assert login["nickname"] is None
    message = from_json({"message": "login_json_feedback", "fields": login})
    assert (message.result, message.channel_indices) == (1, [1])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "word", "path", "reason"),
    [
        (
            "stop_schedule",
            "channel_index=",
            "channel_index",
            "a whole number like 5 or 0x5 is needed, not ''",
        ),
        (
            "stop_schedule",
            "channel_index=1.5",
            "channel_index",
            "a whole number like 5 or 0x5 is needed, not '1.5'",
        ),
        ("set_meta_variable", "value=half", "value", "a number is needed, not 'half'"),
        (
            "start_schedule",
            "channel_indices=[NaN]",
            "channel_indices",
            "JSON like [0, 1] is needed, not '[NaN]': NaN is no JSON",
        ),
    ],
)
def test_values_that_do_not_fit(name: str, word: str, path: str, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        fields(name, word)
    assert (caught.value.path, caught.value.reason) == (path, reason)


def test_every_request_without_needed_fields_encodes() -> None:
    """What the declared defaults alone make is a whole request, or a field is named as missing."""
    whole = 0
    for message in registry():
        made = fields(message.spec.name)
        if message.spec.direction == "request" and not _values.missing(message.spec, made):
            assert encode_json({"message": message.spec.name, "fields": made})[:8].hex() == "dddddddddddddd11"
            whole += 1
    assert whole > 5
