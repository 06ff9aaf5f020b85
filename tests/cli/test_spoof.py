"""`cti spoof` as a process: its first line, its end, and why it does not begin."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cti_client import Cycler
from cti_schema.errors import LoginRefused
from tests.cli.cycler import no_credentials  # noqa: F401
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401

POSIX = pytest.mark.skipif(
    sys.platform == "win32", reason="signals between processes are another thing there"
)


@contextmanager
def spoof(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `cti spoof` on a free port, and give the process and the port of its first line."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "cti_client.cli", "spoof", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", first)
        assert match is not None, first
        yield process, int(match[1])
    finally:
        process.kill()
        process.communicate()


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_when_told_to(number: int) -> None:
    with spoof("--channels", "3") as (process, port), Cycler("127.0.0.1", port) as cycler:
        assert cycler.login("anybody", "anything").channel_count == 3
        # A client that stays connected does not keep it from ending.
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert err == "Any user and password log in. Ctrl-C stops it.\n"


def test_one_user_only() -> None:
    with (
        spoof("--user", "anna", CTI_PASSWORD="secret-word") as (process, port),
        Cycler("127.0.0.1", port) as cycler,
    ):
        with pytest.raises(LoginRefused):
            cycler.login("anna", "wrong")
        with pytest.raises(LoginRefused):
            cycler.login("otto", "secret-word")
        assert cycler.login("anna", "secret-word").result.is_success
        process.kill()
        out, err = process.communicate()
        assert "secret-word" not in out + err


@POSIX
def test_nobody_need_read_what_it_says() -> None:
    with spoof() as (process, port):
        assert process.stdout is not None
        process.stdout.close()
        with Cycler("127.0.0.1", port) as cycler:
            cycler.login("a", "b")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_port_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("spoof", "--port", str(port))
    expected = f"Error: 127.0.0.1:{port} is in use already: choose another --port, or 0 for a free one\n"
    assert (ran.code, ran.text, ran.err) == (1, "", expected)


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (["--host", "192.0.2.1"], 1, "192.0.2.1 is no address of this computer"),
        (["--host", "no-such-host.invalid"], 1, "the host 'no-such-host.invalid' is not known"),
        (["--channels", "0"], 2, "channels: 0 is not from 1 to 2048"),
        (["--channels", "2049"], 2, "channels: 2049 is not from 1 to 2048"),
        (["--user", "anna"], 2, "--user needs the user's password in CTI_PASSWORD"),
    ],
)
def test_what_cannot_be(run: Run, options: list[str], code: int, error: str) -> None:
    ran = run("spoof", "--port", "0", *options)
    assert (ran.code, ran.text, ran.err) == (code, "", f"Error: {error}\n")


def test_a_password_that_no_login_can_carry(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_PASSWORD", "p" * 33)
    ran = run("spoof", "--port", "0", "--user", "anna")
    assert (ran.code, ran.err) == (
        2,
        "Error: the password cannot be sent: CTI takes 32 ASCII characters at most\n",
    )


def test_a_port_out_of_range(run: Run) -> None:
    ran = run("spoof", "--port", "65536")
    assert ran.code == 2
    assert ran.err.endswith("Error: Invalid value for '--port': 65536 is not in the range 0<=x<=65535.\n")


@POSIX
def test_others_can_reach_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cti_client.cli", "spoof", "--host", "0.0.0.0", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on 0.0.0.0:")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert err.splitlines()[0] == "Warning: others can reach 0.0.0.0, and CTI sends passwords in clear text."
    assert process.returncode == 0
