"""`cti serve` as a user runs it: what it says, and mistakes in one sentence before anything starts."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cti_client.web.serving import listen
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import ROOT, Run, run_fixture  # noqa: F401
from tests.web.support import until


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "cti_client.cli", "serve", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env={"PYTHONPATH": str(ROOT), **environment}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def answer(port: int, target: str, token: str = "") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
    try:
        connection.request("GET", target, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_until_it_is_ended(cycler: Emulated, number: signal.Signals) -> None:
    arguments = ["--host", "127.0.0.1", "--cycler-port", str(cycler.port), "--port", "0", "--rate", "20"]
    with serving(*arguments) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.fullmatch(r"showing 1 cycler at http://127\.0\.0\.1:(\d+)/\n", first)
        assert found is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=10.0)

        def overview() -> list[dict[str, object]]:
            connection.request("GET", "/api/overview")
            (one,) = json.loads(connection.getresponse().read())["cyclers"]
            return one["channels"]

        assert len(until(overview)) == 4
        process.send_signal(number)  # while somebody is still connected
        rest, errors = process.communicate(timeout=30.0)
        connection.close()
    assert (process.returncode, rest, errors) == (0, "", "")
    assert set(cycler.seen) <= {"get_serial_number", "get_channels_info"}


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process there")
def test_where_others_can_reach_it_a_token_is_made_and_shown_once(cycler: Emulated) -> None:
    with serving("--cycler-port", str(cycler.port), "--bind", "0.0.0.0", "--port", "0") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.fullmatch(r"showing 1 cycler at http://[^/]+:(\d+)/\?token=([\w-]{32})\n", first)
        assert found is not None
        port, token = int(found[1]), found[2]
        assert answer(port, "/") == 401
        assert answer(port, f"/?token={token}x") == 401
        assert answer(port, f"/?token={token}") == 200
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30.0)
    assert token not in rest + errors
    assert errors == "Warning: others can reach this page; what it sends is not encrypted.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C cannot be sent to one process there")
@pytest.mark.parametrize("bind", ["127.0.0.1", "0.0.0.0"])
def test_a_token_of_the_users_own_is_never_shown(cycler: Emulated, bind: str) -> None:
    arguments = ["--cycler-port", str(cycler.port), "--bind", bind, "--port", "0"]
    with serving(*arguments, CTI_WEB_TOKEN="hidden-and-mine") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.search(r":(\d+)/\n", first)
        assert found is not None
        assert answer(int(found[1]), "/") == 401
        assert answer(int(found[1]), "/", "hidden-and-mine") == 200
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30.0)
    assert "hidden" not in first + rest + errors
    assert "CTI_WEB_TOKEN" in errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rate", "1000"], "rate: 1000 Hz is not above 0 and at most 100"),
        (["--rules", "missing.toml"], "missing.toml: No such file or directory"),
        (["--rules", "rules.toml"], "rules.toml, line 3: "),
        (["--readings", "missing.sqlite"], "missing.sqlite: no such file; `cti log` writes one"),
        (["--readings", "rules.toml"], "rules.toml: file is not a database"),
        (["--fleet", "lab.toml"], "lab.toml, line 6: another cycler is called 'north' too"),
        (["--bind", "192.0.2.1"], "cannot show the page at 192.0.2.1:8080: "),
        (["--bind", "no such name"], "cannot show the page at no such name:8080: "),
        (["--host", "cycler.example", "--port", "0"], "no user name"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    entry = '[[cycler]]\nname = "north"\nhost = "{}"\n'
    Path("lab.toml").write_text(entry.format("a") + "\n" + entry.format("b"))
    Path("rules.toml").write_text('[[rule]]\nname = "hot"\nwhen = "temprature_t1_degc > 45"\n')
    ran = run("serve", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)
    assert sentence in ran.err


def test_a_port_in_use(run: Run) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ran = run("serve", "--port", str(port))
    assert (ran.code, ran.out) == (2, b"")
    assert re.fullmatch(rf"Error: cannot show the page at 127\.0\.0\.1:{port}: .*in use\n", ran.err)


def test_an_empty_token(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTI_WEB_TOKEN", " ")
    ran = run("serve")
    assert (ran.code, ran.err) == (2, "Error: CTI_WEB_TOKEN is empty: set a token, or unset it\n")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_extra(run: Run, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == package or name.startswith("cti_client.web"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    ran = run("serve")
    assert (ran.code, ran.err) == (
        2,
        'Error: the page needs Starlette and uvicorn: pip install "cti-toolkit[web]"\n',
    )


def test_options_of_one_cycler_do_not_stand_beside_a_fleet(run: Run) -> None:
    ran = run("serve", "--fleet", "lab.toml", "--cycler-port", "9031")
    assert ran.code == 2
    assert "--cycler-port is about one cycler, --fleet about those of its file" in ran.err


def test_a_refused_login_ends_it(run: Run) -> None:
    from spoofer import Device, User, running

    with running(Device(2), users={"a": User("b")}) as spoofer:
        ran = run("serve", "--cycler-port", str(spoofer.port), "--port", "0")
    assert ran.code == 1
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
