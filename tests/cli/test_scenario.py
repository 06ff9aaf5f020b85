"""`cti scenario`: captures become scenarios, and scenarios are checked."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cti_client.capture import CaptureWriter, Endpoint
from cti_client.dump.scenario import read_recorded
from cti_schema import decode, encode
from cti_schema.derive.defaults import default_reply
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.get_start_data import GetStartData
from cti_schema.messages.login import Login
from cti_schema.messages.login_json import LoginJson
from cti_schema.messages.stop_schedule import StopSchedule
from tests.cli.running import Run, run_fixture  # noqa: F401

LOGIN = Login(username="anna", password="very-secret")
LOGIN_JSON = LoginJson(username="anna", password="very-secret")
ASK = GetSerialNumber()
OTHER = GetStartData(channel_indices=[])
STOP_ALL = StopSchedule(channel_index=0, stop_all=1)


def frames(request: object, channels: int = 3) -> list[bytes]:
    return [encode(one) for one in default_reply(request, channel_count=channels)]  # type: ignore[arg-type]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Two clients at a time; a damaged request; a feedback that nobody asked for; a stop of all channels."""
    file = tmp_path / "run.pcapng"
    now = 1.7e9
    with CaptureWriter(file) as writer:
        server = Endpoint("192.0.2.9", 9031)
        one = writer.connection(Endpoint("192.0.2.1", 5000), server, now)
        two = writer.connection(Endpoint("192.0.2.2", 5000), server, now)
        one.client_sent(encode(LOGIN), now)
        two.client_sent(encode(LOGIN_JSON) + encode(ASK), now)
        two.server_sent(b"".join(frames(LOGIN_JSON) + frames(ASK)), now + 0.1)
        one.server_sent(b"".join(frames(LOGIN)), now + 0.2)
        one.server_sent(b"".join(frames(ASK)), now + 0.3)
        one.client_sent(encode(OTHER)[:-1] + b"\xff", now + 0.4)
        one.client_sent(encode(STOP_ALL), now + 0.5)
        one.server_sent(b"".join(frames(STOP_ALL)), now + 0.6)
    return file


def test_what_was_answered_is_found(capture: Path) -> None:
    found = read_recorded(capture)
    names = [one.name for one in found.exchanges]
    assert names == ["login", "login_json", "get_serial_number", "stop_schedule"]
    assert [len(one.feedbacks) for one in found.exchanges] == [1, 1, 1, 3]
    assert found.exchanges[2].request == encode(ASK)
    assert found.exchanges[3].feedbacks == frames(STOP_ALL)
    assert (found.damaged, found.unsolicited, found.notes) == (1, 1, [])


def test_no_secret_is_in_it(capture: Path) -> None:
    for one, name in zip(read_recorded(capture).exchanges, ("anna", "anna"), strict=False):
        message = decode(one.request, "request")
        assert (getattr(message, "username"), getattr(message, "password")) == (name, "***")  # noqa: B009
        for encoding in ("ascii", "utf-16-le"):
            assert "very-secret".encode(encoding) not in one.request


def test_the_text_has_the_same_as_the_data(run: Run, capture: Path) -> None:
    ran = run("scenario", capture)
    assert ran.code == 0
    assert ran.err == (
        f"Note: {capture}: damaged requests left out: 1\nNote: {capture}: unsolicited feedbacks left out: 1\n"
    )
    assert tomllib.loads(ran.text) == read_recorded(capture).data()
    assert [line for line in ran.lines if line.startswith("# ")][1:] == [
        "# login", "# login_json", "# get_serial_number", "# stop_schedule",
    ]  # fmt: skip
    assert run("scenario", "-", stdin=capture.read_bytes()).text == ran.text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "only a cycler"),
        ('[users.anna]\npassword = "x"\n[[faults]]\nkind = "drop"\n[[readings]]\nvoltage_v = 1\n'
         '[[events]]\nat_s = 0\nwhat = "clear"\n[[faults]]\nkind = "delay"\n',
         "1 users, 1 events, 1 readings, 2 faults"),
    ],
)  # fmt: skip
def test_a_good_scenario(run: Run, tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(text, encoding="utf-8")
    ran = run("scenario", "--check", file)
    assert (ran.code, ran.text, ran.err) == (0, f"{file}: {sentence}\n", "")


def test_what_cannot_be(run: Run, tmp_path: Path) -> None:
    wrong, plain = tmp_path / "wrong.toml", tmp_path / "plain.txt"
    wrong.write_text('[[faults]]\n\nkind = "dorp"\n', encoding="utf-8")
    plain.write_text("Dear Sir or Madam\n", encoding="utf-8")
    ran = run("scenario", "--check", wrong)
    assert (ran.code, ran.text) == (2, "")
    expected = f"Error: {wrong}, line 3, faults[0].kind: unknown kind 'dorp'; did you mean 'drop'? "
    assert ran.err.startswith(expected)
    ran = run("scenario", plain)
    assert (ran.code, ran.text) == (1, "")
    assert ran.err.startswith(f"Error: {plain}")
    assert run("scenario", tmp_path / "nowhere").code == 1
    ran = run("scenario", "--check", "--port", "9031", wrong)
    assert ran.err == "Error: --port is for captures, --check for scenarios: give one of them\n"
