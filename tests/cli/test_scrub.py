"""`cti scrub` as a command: what it says, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path

from cti_client.capture import CaptureWriter, Endpoint
from cti_schema import encode
from cti_schema.messages.login import Login
from tests.cli.running import Run, run_fixture  # noqa: F401

CLIENT, SERVER = Endpoint("192.0.2.1", 50000), Endpoint("192.0.2.2", 9031)


def capture(path: Path, data: bytes) -> None:
    with CaptureWriter(path) as writer:
        writer.connection(CLIENT, SERVER, 1.0).client_sent(data, 2.0)
        writer.connection(CLIENT, Endpoint("192.0.2.3", 80), 3.0).client_sent(b"GET /", 4.0)


def test_scrub(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    capture(source, encode(Login(username="annabel", password="geheim")) + b"rest")
    done = run("scrub", source, target)
    assert done.code == 0
    assert done.lines == [
        f"{target}: 5 packets with 1 frame; 2 fields and 0 repeated texts overwritten",
        "4 bytes that could not be understood became zero",
        "5 packets of other traffic left out",
    ]
    assert done.err == ""
    assert b"annabel" not in target.read_bytes()
    assert b"geheim" not in target.read_bytes()
    dumped = run("dump", target)
    assert "login" in dumped.text
    assert "xxxxxxx" in dumped.text


def test_what_goes_wrong(run: Run, tmp_path: Path) -> None:
    source, target = tmp_path / "in.pcapng", tmp_path / "out.pcapng"
    source.write_bytes(b"text")
    done = run("scrub", source, target)
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert "no capture file" in done.err
    capture(source, b"nothing")
    done = run("scrub", source, target)
    assert done.code == 1
    assert "no CTI in it" in done.err
    capture(source, encode(Login(username="annabel", password="geheim")))
    done = run("scrub", source, tmp_path / "none" / "out.pcapng")
    assert done.code == 1
    assert "No such file" in done.err
    assert done.err.count("\n") == 1
    assert run("scrub", tmp_path / "none", target).code == 2
    assert [item.name for item in tmp_path.iterdir()] == ["in.pcapng"]
