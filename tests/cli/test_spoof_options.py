"""The options of `cti spoof`: scenarios, the journal, recording and replaying, personalities and limits."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cti_client import Cycler
from cti_client.capture import CaptureReader, CaptureWriter, Chunk, Endpoint
from cti_client.cli.spoof import command
from cti_client.dump.scenario import read_recorded
from cti_schema import FrameBuffer, decode, encode
from cti_schema.enums import CtiVersion
from cti_schema.errors import LoginRefused
from cti_schema.messages.get_serial_number import GetSerialNumber
from cti_schema.messages.login import Login
from cti_schema.messages.stop_schedule import StopResult, StopSchedule, StopScheduleFeedback
from spoofer.connection import MAX_FRAME
from spoofer.server import MAX_BYTES_BEFORE_LOGIN, MAX_CONNECTIONS
from tests.cli.running import Run, run_fixture  # noqa: F401
from tests.cli.test_spoof import POSIX, spoof

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"

ASK = encode(GetSerialNumber())


def converse(port: int, data: bytes) -> bytes:
    """Send bytes, and return everything that comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while more := client.recv(65536):
            answer += more
    return answer


# --- which cycler ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "version"),
    [("mitsx-8", CtiVersion.MITS_X_8), ("0x01001001", CtiVersion.MITS_X_SPTT), ("1", CtiVersion.CTI_PRO8)],
)
def test_personality(name: str, version: CtiVersion) -> None:
    with spoof("--personality", name) as (_, port), Cycler("127.0.0.1", port) as cycler:
        assert cycler.login("a", "b").version == version


def test_both_ports(run: Run) -> None:
    with spoof("--files-port", "0") as (process, port):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("files on 127.0.0.1:")
        second = int(line.rpartition(":")[2])
        assert second != port
        assert converse(second, ASK) == converse(port, ASK)
        ran = run("spoof", "--port", "0", "--files-port", str(second))
        expected = (
            f"Error: 127.0.0.1:{second} is in use already: choose another --port, or 0 for a free one\n"
        )
        assert (ran.code, ran.err) == (1, expected)


def test_a_scenario_and_options_that_go_before_it(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text(
        '[device]\nchannels = 5\nserial_number = 4711\n[users.anna]\npassword = "word"\n'
        '[[readings]]\nchannel = 2\nvoltage_v = 4.125\n[[faults]]\nkind = "duplicate"\ncommand = "login"\n',
        encoding="utf-8",
    )
    with spoof("--scenario", str(file), "--channels", "3") as (process, port):
        with Cycler("127.0.0.1", port) as cycler, pytest.raises(LoginRefused):
            cycler.login("anna", "wrong")
        login = encode(Login(username="anna", password="word"))
        assert len(FrameBuffer("feedback").feed(converse(port, login))) == 2
        with Cycler("127.0.0.1", port) as cycler:
            assert cycler.login("anna", "word").channel_count == 3
            assert cycler.channels()[1].voltage_v == 4.125
        process.kill()
        _, err = process.communicate()
        assert err == "Only anna logs in. Ctrl-C stops it.\n"


def test_the_limits_are_those_of_the_server() -> None:
    defaults = {option.name: option.default for option in command.params}
    assert defaults["max_connections"] == MAX_CONNECTIONS
    assert defaults["max_frame"] == MAX_FRAME
    assert defaults["max_bytes_before_login"] == MAX_BYTES_BEFORE_LOGIN


def test_a_limit_is_used() -> None:
    with spoof("--max-connections", "1") as (_, port), socket.create_connection(("127.0.0.1", port)) as first:
        first.sendall(ASK)
        assert first.recv(1)
        second = socket.create_connection(("127.0.0.1", port), timeout=20)
        with second, suppress(ConnectionResetError):
            assert second.recv(1) == b""


# --- what was wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (["--personality", "mitsx-44"], 2,
         "--personality: unknown personality 'mitsx-44'; did you mean 'mitsx-4'?"),
        (["--personality", "-1"], 2, "personality: -1 is no version: it is from 0 to 4294967295"),
        (["--speed", "0"], 2, "Invalid value for '--speed': 0 is not above zero."),
        (["--speed", "nan"], 2, "Invalid value for '--speed': nan is not a finite number."),
        (["--seed", "x"], 2, "Invalid value for '--seed': 'x' is not a valid integer."),
        (["--files-port", "65536"], 2,
         "Invalid value for '--files-port': 65536 is not in the range 0<=x<=65535."),
        (["--max-connections", "0"], 2, "Invalid value for '--max-connections': 0 is not in the range x>=1."),
        (["--folder", "nowhere"], 2, "Invalid value for '--folder': Directory 'nowhere' does not exist."),
        (["--scenario", "nowhere"], 2, "Invalid value for '--scenario': File 'nowhere' does not exist."),
        (["--replay", "nowhere"], 2, "Invalid value for '--replay': File 'nowhere' does not exist."),
        (["--journal", "nowhere/file"], 1, "nowhere/file: No such file or directory"),
        (["--record", "nowhere/file"], 1, "nowhere/file: No such file or directory"),
        (["--replay", "plain.toml"], 2, "plain.toml: no recorded answers in it; [[replies]] are needed"),
        (["--scenario", "wrong.toml"], 2,
         "wrong.toml, line 2, device.channels: 0 is not a whole number from 1 to 2048"),
        (["--replay", "wrong.toml"], 2,
         "wrong.toml, line 2, device.channels: 0 is not a whole number from 1 to 2048"),
        (["--replay", "text.txt"], 2, "text.txt, line 1: this is no TOML: "),
        (["--replay", "empty.pcapng"], 1, "empty.pcapng: no CTI request in it that could be answered"),
    ],
)  # fmt: skip
def test_what_cannot_be(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, error: str
) -> None:
    (tmp_path / "plain.toml").write_text("[device]\nchannels = 3\n", encoding="utf-8")
    (tmp_path / "wrong.toml").write_text("[device]\nchannels = 0\n", encoding="utf-8")
    (tmp_path / "text.txt").write_text("Dear Sir or Madam\n", encoding="utf-8")
    CaptureWriter(tmp_path / "empty.pcapng").close()
    monkeypatch.chdir(tmp_path)
    ran = run("spoof", "--port", "0", *options)
    assert (ran.code, ran.text) == (code, "")
    assert ran.err.splitlines()[-1].startswith(f"Error: {error}")
    assert "Traceback" not in ran.err


# --- journal and record ---------------------------------------------------------------------------------


def test_the_journal_has_everything_but_passwords(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    with spoof("--journal", str(file)) as (process, port):
        converse(port, encode(Login(username="anna", password="very-secret")) + ASK + b"rubbish")
        process.kill()  # every line is there all the same
        process.wait()
    text = file.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert "very-secret" not in text
    told = [(line["event"], line.get("message")) for line in lines]
    assert told[:5] == [
        ("connected", None),
        ("request", "login"),
        ("feedback", "login_feedback"),
        ("request", "get_serial_number"),
        ("feedback", "get_serial_number_feedback"),
    ]
    assert ("dropped", None) in told
    assert lines[1]["fields"] == {"username": "anna", "password": "***"}


def test_a_killed_spoofer_leaves_a_capture_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "run.pcapng"
    asked = encode(Login(username="anna", password="word")) + ASK
    with spoof("--record", str(file)) as (process, port):
        answered = converse(port, asked)
        with socket.create_connection(("127.0.0.1", port)) as open_one:
            open_one.sendall(ASK)
            open_one.recv(1)
            process.kill()
            process.wait()
    reader = CaptureReader(file)
    sent: dict[tuple[int, bool], bytes] = {}
    for event in reader:
        if isinstance(event, Chunk):
            key = event.connection.number, event.sender == event.connection.client
            sent[key] = sent.get(key, b"") + event.data
            assert event.connection.server.port == port
    assert reader.notes == []
    assert sent[1, True] == asked
    assert sent[1, False] == answered
    assert sent[2, True] == ASK
    assert sent[2, False] == FrameBuffer("feedback").feed(answered)[-1]


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_the_record_is_one_for_dump_and_for_wireshark(run: Run, tmp_path: Path, number: int) -> None:
    file = tmp_path / "run.pcapng"
    with spoof("--record", str(file)) as (process, port):
        converse(port, ASK + ASK)
        process.send_signal(number)
        assert process.wait(20) == 0
    ran = run("dump", "--json", str(file))
    names = [json.loads(line)["message"] for line in ran.lines]
    assert sorted(names) == ["get_serial_number"] * 2 + ["get_serial_number_feedback"] * 2
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not there")
    # Only what is wrong with the TCP: nothing.
    wrong = subprocess.run(
        [tshark, "-r", str(file), "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
         "-Y", "tcp.analysis.flags or tcp.checksum.status == 0 or ip.checksum.status == 0 or _ws.malformed"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert wrong.stdout == ""
    data = subprocess.run(
        [tshark, "-r", str(file), "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.payload"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ASK.hex() in data.stdout.replace("\n", "")


# --- replay ---------------------------------------------------------------------------------------------


def test_recorded_dumped_replayed(run: Run, tmp_path: Path) -> None:
    """A run with its own history is played again by a cycler that has none."""
    file, toml = tmp_path / "run.pcapng", tmp_path / "run.toml"
    asked = [
        encode(Login(username="anna", password="very-secret")),
        ASK,
        encode(StopSchedule(channel_index=1)),
        encode(StopSchedule(channel_index=0, stop_all=1)),
        ASK,
    ]
    with spoof("--record", str(file), "--channels", "3", "--personality", "mitsx-4", "--seed", "9") as (
        _,
        port,
    ):
        answered = converse(port, b"".join(asked))
    ran = run("scenario", file)
    assert (ran.code, ran.err) == (0, "")
    toml.write_bytes(ran.out)
    assert b"very-secret".hex() not in ran.text
    ran = run("scenario", "--check", toml)
    assert (ran.code, ran.text) == (0, f"{toml}: 5 replies\n")
    for source in (file, toml):
        with spoof("--replay", str(source), "--channels", "16") as (_, port):
            assert converse(port, b"".join(asked)) == answered, source
            # Other words in the password are the same request; another channel was not recorded.
            login = encode(Login(username="anna", password="another"))
            frames = [bytes(frame) for frame in FrameBuffer("feedback").feed(answered)]
            assert converse(port, login + asked[3]) == frames[0] + b"".join(frames[3:6])
            (feedback,) = FrameBuffer("feedback").feed(converse(port, encode(StopSchedule(channel_index=9))))
            refused = StopScheduleFeedback(channel_index=9, result=StopResult.ERROR)
            assert decode(feedback, "feedback") == refused


def test_a_real_conversation_is_replayed(tmp_path: Path) -> None:
    capture = CAPTURES / "vendor_client_real_feedbacks.pcapng"
    if not capture.is_file():
        pytest.skip("the recorded captures are not there")
    recorded = read_recorded(capture)
    with spoof("--replay", str(capture)) as (_, port):
        for start in (0, 5):
            part = recorded.exchanges[start : start + 5]
            asked = b"".join(one.request for one in part)
            expected = []
            turns: dict[bytes, int] = {}
            for one in part:
                same = [other for other in recorded.exchanges if other.request == one.request]
                turn = turns.setdefault(one.request, 0)
                turns[one.request] += 1
                expected += same[min(turn, len(same) - 1)].feedbacks
            assert converse(port, asked) == b"".join(expected)


def test_an_unanswered_request_stays_unanswered(tmp_path: Path) -> None:
    file = tmp_path / "one.pcapng"
    with CaptureWriter(file) as writer:
        line = writer.connection(Endpoint("192.0.2.1", 5000), Endpoint("192.0.2.2", 9031), 1.7e9)
        line.client_sent(ASK, 1.7e9)
        line.close(1.7e9 + 20.0)
    with spoof("--replay", str(file)) as (_, port):
        assert converse(port, ASK) == b""


def test_the_recorder_gives_up_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cti_client.cli._recorder import Recorder
    from cti_schema import Direction

    recorder = Recorder(str(tmp_path / "run.pcapng"), lambda: ("127.0.0.1", 9031))
    recorder(("192.0.2.1", 5000), Direction.REQUEST, ASK)
    assert recorder._writer is not None

    def full(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    recorder._writer._write = full  # type: ignore[method-assign]
    recorder(("192.0.2.1", 5000), Direction.FEEDBACK, ASK)
    recorder(("192.0.2.1", 5000), Direction.FEEDBACK, ASK)
    recorder.close()
    file = tmp_path / "run.pcapng"
    assert capsys.readouterr().err == f"Warning: {file} is recorded no further: No space left on device\n"
    assert [event.data for event in CaptureReader(file) if isinstance(event, Chunk)] == [ASK]


def test_help_is_fast_and_names_every_option() -> None:
    """The help needs no spoofer: it is not imported for it."""
    code = (
        "import sys; from cti_client.cli import cti; "
        "cti(['spoof', '--help'], standalone_mode=False); print('spoofer' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.endswith("False\n")
    for option in (
        "--personality", "--files-port", "--folder", "--scenario", "--journal", "--record", "--replay",
        "--speed", "--seed", "--channels", "--max-connections", "--max-frame", "--max-bytes-before-login",
        "--user",
    ):  # fmt: skip
        assert option in done.stdout
