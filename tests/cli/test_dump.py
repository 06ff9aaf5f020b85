"""`cti dump`: captures and files of frames, right and wrong ones."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cti_client.capture import CaptureWriter, Endpoint
from tests.cli.running import Run, process, run_fixture  # noqa: F401
from tests.dump.support import AT, CLIENT, LOGIN, REFUSED, SERVER, START, STARTED
from tests.schema.support import ROOT

CAPTURES = ROOT.parent / "shared" / "captures"
LOGIN_LINE = '    1  -> login                       username="ann"  password=***'


def capture(*, server: Endpoint = SERVER, late: bool = False) -> bytes:
    """A capture of one conversation."""
    stream = io.BytesIO()
    with CaptureWriter(stream) as writer:
        connection = writer.connection(CLIENT, server, AT)
        connection.client_sent(LOGIN + START, AT)
        connection.server_sent(STARTED[:-2] + b"\0\0" + STARTED[-2:] if late else STARTED, AT + 0.5)
        connection.close(AT + 1)
    return stream.getvalue()


@pytest.fixture(name="file")
def file_fixture(tmp_path: Path) -> Path:
    file = tmp_path / "a.pcapng"
    file.write_bytes(capture())
    return file


def fixed(text: str) -> list[str]:
    """The lines without what depends on the computer's time zone."""
    text = re.sub(r"-- \d{4}-\d\d-\d\d, times in .+", "-- DAY", text)
    return re.sub(r"\d\d:\d\d:\d\d\.", "HH:MM:SS.", text).splitlines()


def test_capture(run: Run, file: Path) -> None:
    ran = run("dump", file)
    assert (ran.code, ran.err) == (0, "")
    assert fixed(ran.text) == [
        "-- DAY",
        "-- connection 1: client 10.0.0.2:50000, server 10.0.0.9:9031",
        '    1  HH:MM:SS.250000   1  -> login                       username="ann"  password=***',
        '    2  HH:MM:SS.250000   1  -> start_schedule              test_name="a\\x1b[2J"  channel_indices=[4, 0]',  # noqa: E501
        "    3  HH:MM:SS.750000   1  <- start_schedule_feedback     channel_index=4  result=success  (to 2 after 500 ms)",  # noqa: E501
        "       HH:MM:SS.250000   1  -- ! unanswered: login of frame 1, before the connection ended",
    ]


def test_filter_and_follow(run: Run, file: Path) -> None:
    assert fixed(run("dump", "-Y", "start_schedule and channel == 5", file).text)[2:] == [
        '    2  HH:MM:SS.250000   1  -> start_schedule              test_name="a\\x1b[2J"  channel_indices=[4, 0]',  # noqa: E501
    ]
    assert run("dump", "--follow", "1", file).text == run("dump", file).text
    assert run("dump", "--follow", "2", file).lines == []
    wrong = run("dump", "-Y", "start_schedule and chanel == 3", file)
    assert (wrong.code, wrong.out) == (1, b"")
    assert wrong.err == (
        "Error: wrong filter: there is no message or field called chanel; did you mean channel?\n"
        "  start_schedule and chanel == 3\n"
        "                     ^\n"
    )


def test_tables(run: Run, file: Path) -> None:
    rows = run(
        "dump", "--csv", "-e", "frame", "-e", "message", "-e", "channel_indices", "-e", "password", file
    ).lines
    assert rows == [
        "frame,message,channel_indices,password",
        "1,login,,***",
        '2,start_schedule,"4,0",',
        "3,start_schedule_feedback,,",
    ]
    assert run("dump", "-e", "result", "-e", "response_time", file).lines == ["\t", "\t", "success\t0.5"]
    assert run("dump", "--csv", file).lines[0].startswith("frame,time,connection,direction,message,channel,")
    wrong = run("dump", "-e", "voltage_w", file)
    assert wrong.code == 1
    assert "voltage_v" in wrong.err
    assert run("dump", "--csv", "--json", file).code == 2


@pytest.mark.parametrize(
    ("how", "shown"),
    [
        (
            "utc",
            ["2023-11-14T22:13:20.250000Z", "2023-11-14T22:13:20.250000Z", "2023-11-14T22:13:20.750000Z"],
        ),
        ("epoch", ["1700000000.250000", "1700000000.250000", "1700000000.750000"]),
        ("relative", ["0.000000", "0.000000", "0.500000"]),
        ("delta", ["0.000000", "0.000000", "0.500000"]),
    ],
)
def test_times(run: Run, file: Path, how: str, shown: list[str]) -> None:
    lines = [
        line for line in run("dump", "-t", how, file).lines if re.match(r" +\d", line) and "!" not in line
    ]
    assert [line.split()[1] for line in lines] == shown


def test_hex(run: Run) -> None:
    ran = run("dump", "-x", "-", stdin=LOGIN)
    assert ran.lines == [
        LOGIN_LINE,
        "0000  dd dd dd dd dd dd dd 11  4a 00 00 00 01 00 ab ee  ........J.......  token, length, code",
        "0010  00 00 00 00 61 6e 6e 00  00 00 00 00 00 00 00 00  ....ann.........  extended_code, username",
        "0020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................",
        "0030  00 00 00 00 ** ** ** **  ** ** ** ** ** ** ** **  ....************  password",
        "0040  ** ** ** ** ** ** ** **  ** ** ** ** ** ** ** **  ****************",
        f"0050  ** ** ** ** {LOGIN[-2:].hex(' ')}{' ' * 33}****{_ascii(LOGIN[-2:])}{' ' * 12}checksum",
        "",
    ]
    assert "73 33 63 72  65 74" in run("dump", "-x", "--show-secrets", "-", stdin=LOGIN).text


def _ascii(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def test_problems_with_context(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "b.pcapng"
    with CaptureWriter(file) as writer:
        connection = writer.connection(CLIENT, SERVER, AT)
        for second in range(20):
            connection.client_sent(START, AT + second)
            connection.server_sent(REFUSED if second == 9 else STARTED, AT + second + 0.25)
        connection.close(AT + 30)
    lines = run("dump", "--problems", "-t", "relative", file).lines
    assert [line.split()[0] for line in lines if line[:5].strip().isdigit()] == ["18", "19", "20", "21", "22"]
    shapes = [json.loads(line) for line in run("dump", "--problems", "--json", file).lines]
    assert [shape["frame"] for shape in shapes] == [18, 19, 20, 21, 22]


def test_what_to_read_from_is_needed(run: Run, file: Path) -> None:
    assert run("dump").code == 2
    assert run("dump", "-i", "lo", file).code == 2


def test_live_capture_says_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = run("dump", "-i", "lo")
    assert ran.code == 1
    assert ran.err.startswith("Error: live capture needs dumpcap")


@pytest.mark.skipif(shutil.which("dumpcap") is None, reason="dumpcap is not installed")
def test_live_capture_of_an_interface_that_is_not_there(run: Run) -> None:
    ran = run("dump", "-i", "nothing0")
    assert ran.code == 1
    assert ran.err.startswith("Error: interface nothing0: ")
    assert len(ran.err.splitlines()) == 1


def test_gzip_stdin_and_any_port(run: Run, file: Path) -> None:
    expected = run("dump", file).text
    assert run("dump", "-", stdin=capture()).text == expected
    assert run("dump", "-", stdin=gzip.compress(capture())).text == expected
    odd = run("dump", "-", stdin=capture(server=Endpoint("10.0.0.9", 80)))
    assert odd.text == expected.replace(":9031", ":80")


def test_tree(run: Run, file: Path) -> None:
    lines = run("dump", "-v", file).lines
    assert lines[3] == "  offset  length  bytes               field"
    assert "      52      32                      password = ***" in lines
    assert "s3cret" not in "\n".join(lines)
    assert b"s3cret".hex() not in "\n".join(lines)
    shown = run("dump", "-v", "--show-secrets", file).lines
    assert '      52      32  7333637265740000..  password = "s3cret"' in shown


def test_json(run: Run, file: Path) -> None:
    shapes = [json.loads(line) for line in run("dump", "--json", file).lines]
    assert [shape["frame"] for shape in shapes] == [1, 2, 3]
    assert shapes[0] == {
        "frame": 1,
        "time": AT,
        "connection": 1,
        "client": "10.0.0.2:50000",
        "server": "10.0.0.9:9031",
        "message": "login",
        "direction": "request",
        "code": "0xEEAB0001",
        "fields": {"username": "ann", "password": "***"},
    }
    shown = json.loads(run("dump", "--json", "--show-secrets", file).lines[0])
    assert shown["fields"]["password"] == "s3cret"


@pytest.mark.parametrize("given", [LOGIN, LOGIN.hex().encode(), LOGIN.hex(":").encode()])
def test_raw_and_hex(run: Run, given: bytes) -> None:
    ran = run("dump", "-", stdin=given)
    assert (ran.code, ran.lines, ran.err) == (0, [LOGIN_LINE], "")


def test_broken_frames_are_shown(run: Run) -> None:
    ran = run("dump", "-", stdin=LOGIN + b"abc" + LOGIN[:40])
    assert ran.code == 0
    assert ran.lines == [
        LOGIN_LINE,
        "    2  -> login  ! 3 bytes that belong to no frame stand before it  "
        "! the frame has 86 bytes by its length, there are 40  ! username: the body ends 20 bytes into the field",  # noqa: E501
    ]
    assert run("dump", "-", stdin=LOGIN + b"abc").lines == [
        LOGIN_LINE,
        "       -- ! stray: 3 bytes at the end belong to no frame",
    ]


def test_port(run: Run, file: Path) -> None:
    assert run("dump", "--port", "9031", file).text == run("dump", file).text
    ran = run("dump", "--port", "502", file)
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err == f"Error: {file}: no CTI in it on port 502; it has TCP to the ports 9031\n"


def test_capture_without_cti(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "web.pcapng"
    with CaptureWriter(file) as writer:
        for port in (443, 80):
            connection = writer.connection(CLIENT, Endpoint("10.0.0.9", port), AT)
            connection.client_sent(b"GET / HTTP/1.1\r\n\r\n", AT)
            connection.close(AT)
    ran = run("dump", file)
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err == f"Error: {file}: no CTI in it; it has TCP to the ports 80, 443\n"


def test_truncated_capture_ends_with_a_note(run: Run, file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])
    ran = run("dump", file)
    assert ran.code == 0
    assert len(ran.lines) >= 4
    assert ran.err == f"Note: {file}: the file is cut off inside its last block, which is left out\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"", "empty"),
        (b"hello world\n", "no capture file (pcap or pcapng), but text, which starts 'hello world\\n'"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no capture file (pcap or pcapng), but a PNG image"),
        (b"0102030405", "no capture file (pcap or pcapng), but bytes written as hex text"),
        (gzip.compress(b"\x89PNG", mtime=0), "no capture file (pcap or pcapng), but gzip of a PNG image"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "a pcap file cut off inside its header: 6 of 24 bytes"),
    ],
)
def test_no_capture(run: Run, tmp_path: Path, given: bytes, said: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(given)
    ran = run("dump", file)
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err == f"Error: {file}: {said}\n"


def test_bad_hex_behind_good_frames(run: Run) -> None:
    ran = run("dump", "-", stdin=LOGIN.hex() + "\nxyz\n")
    assert (ran.code, ran.lines) == (1, [LOGIN_LINE])
    assert ran.err == "Error: standard input, line 2: column 1: 'x' is no hex digit\n"


def test_unreadable(run: Run, tmp_path: Path) -> None:
    assert run("dump", tmp_path).err == f"Error: {tmp_path}: a folder; give its files\n"
    missing = tmp_path / "missing"
    ran = run("dump", missing)
    assert (ran.code, ran.err) == (1, f"Error: {missing}: No such file or directory\n")
    assert run("dump").code == 2
    assert run("dump", "--port", "70000", missing).code == 2


def test_several_files(run: Run, file: Path, tmp_path: Path) -> None:
    other, missing = tmp_path / "b.hex", tmp_path / "missing"
    other.write_text(REFUSED.hex())
    ran = run("dump", file, missing, other)
    assert ran.code == 1
    assert ran.lines[0] == f"==> {file} <=="
    assert "channel_index=4  result=no_schedule_assigned  ! control command" in ran.lines[-1]
    assert ran.err == f"Error: {missing}: No such file or directory\n"
    shapes = [json.loads(line) for line in run("dump", "--json", file, other).lines]
    assert [shape["file"] for shape in shapes] == [str(file)] * 3 + [str(other)]


def test_colours_only_on_a_terminal(run: Run, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = run("dump", file).text
    assert "\x1b" not in plain
    coloured = run("dump", file, terminal=True).text
    assert "\x1b[36m->\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("dump", file, terminal=True).text == plain


def test_pipe_that_is_closed_early_ends_quietly(tmp_path: Path) -> None:
    file = tmp_path / "many.bin"
    file.write_bytes(LOGIN * 20_000)
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "cti_client.cli", "dump", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as dump:
        assert dump.stdout is not None
        assert dump.stderr is not None
        assert dump.stdout.readline().decode().rstrip() == LOGIN_LINE
        dump.stdout.close()
        assert dump.stderr.read() == b""
        assert dump.wait(timeout=60) == 0


needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not beside the checkout")


@needs_captures
def test_vendor_client_and_real_feedbacks(run: Run) -> None:
    shapes = [
        json.loads(line)
        for line in run("dump", "--json", CAPTURES / "vendor_client_real_feedbacks.pcapng").lines
    ]
    assert all("problems" not in shape for shape in shapes)
    sent = [shape["message"] for shape in shapes if shape["direction"] == "request"]
    answered = [shape["message"] for shape in shapes if shape["direction"] == "feedback"]
    pairs = ["get_channels_info", "set_meta_variable"] * 20
    assert sorted(sent) == sorted(
        ["login", *["get_channels_info"] * 3, "assign_schedule", "start_schedule", *pairs, "jump_channel",
         "stop_schedule"]
    )  # fmt: skip
    assert sorted(answered) == sorted(f"{name}_feedback" for name in sent if name != "jump_channel")


@needs_captures
def test_vendor_client_and_bad_emulator(run: Run) -> None:
    shapes = [
        json.loads(line)
        for line in run("dump", "--json", CAPTURES / "vendor_client_bad_emulator.pcapng").lines
    ]
    sent = [shape["message"] for shape in shapes if shape["direction"] == "request"]
    answered = [shape for shape in shapes if shape["direction"] == "feedback"]
    assert [shape["message"] for shape in answered] == [f"{name}_feedback" for name in sent]
    for shape in answered:
        (problem,) = shape["problems"]
        assert problem["kind"] == "checksum"
        assert "2 bytes behind the place" in problem["message"]
    assert len(answered) == 17


def test_in_a_pipe(file: Path) -> None:
    ran = process("dump", file)
    assert (ran.code, ran.err, len(ran.lines)) == (0, "", 6)
    assert b"\x1b" not in ran.out


def test_tables_of_several_files_tell_which(run: Run, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.hex"
    other.write_text(REFUSED.hex())
    ran = run("dump", "--csv", "-e", "frame", "-e", "result", "-e", "problem", file, other)
    assert ran.lines[0] == "file,frame,result,problem"
    assert ran.lines[-1] == f"{other},1,no_schedule_assigned,control_error"
    assert run("dump", "-e", "frame", file, other).lines[-1] == f"{other}\t1"
    assert run("dump", "--csv", tmp_path / "missing").out == b""


def test_times_of_tables(run: Run, file: Path) -> None:
    assert run("dump", "-e", "time", file).lines[-1] == "1700000000.750000"
    assert run("dump", "-e", "time", "-t", "relative", "-Y", "frame == 3", file).lines == ["0.500000"]
    assert run("dump", "-e", "time", "-t", "utc", file).lines[-1] == "2023-11-14T22:13:20.750000Z"


def test_one_conversation(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "two.pcapng"
    with CaptureWriter(file) as writer:
        for port in (50001, 50002):
            connection = writer.connection(Endpoint("10.0.0.2", port), SERVER, AT)
            connection.client_sent(LOGIN, AT + port)
            connection.close(AT + port + 1)
    lines = run("dump", "--follow", "2", file).lines
    assert [line for line in lines if "50001" in line] == []
    assert sum("-> login " in line for line in lines) == 1
    none = run("dump", "--follow", "3", file)
    assert (none.code, none.out) == (1, b"")
    assert none.err == "Error: there is no connection 3 with CTI: those with CTI are 1, 2\n"
    assert "only captures have connections" in run("dump", "--follow", "1", "-", stdin=LOGIN).err


def test_a_full_disk_is_one_sentence(file: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no device that is always full")
    for arguments in (["dump"], ["dump", "--json"], ["dump", "--csv"], ["stats"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-W", "error", "-m", "cti_client.cli", *arguments, str(file)],
                stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False,
            )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr.decode().splitlines() == ["Error: input or output: No space left on device"]


def dumpcap(folder: Path, *lines: str) -> str:
    """Make a program that stands for dumpcap, and return a PATH on which it is the first."""
    program = folder / "dumpcap"
    program.write_text("\n".join([f"#!{sys.executable}", "import sys, time", *lines, ""]))
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")


@needs_scripts
def test_live(run: Run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = dumpcap(
        tmp_path,
        f"open({str(tmp_path / 'asked')!r}, 'w').write(' '.join(sys.argv[1:]))",
        # More than a pipe holds, so that it would wait for ever if nobody read it.
        "sys.stderr.write('Capturing on something\\n' * 10_000)",
        f"sys.stdout.buffer.write(open({str(file)!r}, 'rb').read())",
    )
    monkeypatch.setenv("PATH", path)
    ran = run("dump", "-i", "eth0", "--port", "9031")
    assert (ran.code, ran.err) == (0, "")
    assert ran.text == run("dump", "--port", "9031", file).text
    assert (tmp_path / "asked").read_text() == "-q -i eth0 -f tcp port 9031 -w -"


@needs_scripts
@pytest.mark.parametrize("shown", [True, False])
def test_live_capture_that_fails(
    run: Run, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    path = dumpcap(
        tmp_path,
        f"if {shown}: sys.stdout.buffer.write(open({str(file)!r}, 'rb').read())",
        "sys.exit('Capturing on x\\ndumpcap: the network is gone')",
    )
    monkeypatch.setenv("PATH", path)
    ran = run("dump", "-i", "x")
    assert (ran.code, ran.err) == (1, "Error: interface x: the network is gone\n")
    assert ran.lines == (run("dump", file).lines if shown else [])


@needs_scripts
def test_live_capture_is_ended_by_the_user(file: Path, tmp_path: Path) -> None:
    path = dumpcap(
        tmp_path,
        f"sys.stdout.buffer.write(open({str(file)!r}, 'rb').read())",
        "sys.stdout.flush()",
        "time.sleep(60)",
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "cti_client.cli", "dump", "-i", "x"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PATH": path},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while b"start_schedule_feedback" not in process.stdout.readline():
            pass  # each line comes as soon as its message is there
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, b"")
