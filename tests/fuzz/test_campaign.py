"""Campaigns: planted bugs are found, reproducers stand alone, a run can be ended and resumed."""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from cti_schema import Direction, decode
from spoofer import running
from spoofer.fuzz.case import Case, Expect
from spoofer.fuzz.coverage import Grid
from spoofer.fuzz.exchange import Stage
from spoofer.fuzz.finder import Finder
from spoofer.fuzz.memory import Memory
from spoofer.fuzz.minimise import minimise, size_of
from spoofer.fuzz.mutations import cases
from spoofer.fuzz.own import OwnServer
from spoofer.fuzz.report import Finding, Report
from spoofer.fuzz.reproducer import source
from spoofer.fuzz.target import Target
from tests.cli.running import Run
from tests.cli.running import run_fixture as run_fixture
from tests.fuzz.planted import PLANTED, planted

#: What finds each planted bug with seed 0: the command and the mutation. The numbers of cases change with
#: every message that joins, so they are not written here; the first few of a pair are tried.
FOUND_BY = {
    "off_by_one_count": ("start_schedule", "split"),
    "missing_length_check": ("get_start_data", "body_cut"),
    "wrong_checksum_accepted": ("get_serial_number", "wrong_checksum"),
    "stale_buffer_reuse": ("get_resume_data", "out_of_order"),
    "hang_on_zero_length": ("get_serial_number", "length_zero"),
    "crash_on_invalid_utf16": ("new_folder", "text_lone_surrogate"),
    "cross_channel_answer": ("jump_channel", "twice"),
    "double_answer": ("get_serial_number", "garbage_before"),
    "unbounded_buffer": ("get_serial_number", "garbage_flood"),
    "lost_answer_when_merged": ("get_serial_number", "merged"),
}

#: Cases of a pair that are tried.
MOST = 12


def some_cases(name: str) -> Iterator[Case]:
    """Yield the first cases of the pair that finds a planted bug."""
    return islice(cases(0, Direction.REQUEST, only=FOUND_BY[name], control=True), MOST)


@contextmanager
def target(name: str = "good") -> Iterator[Target]:
    """Give a spoofer with a planted bug, greeted."""
    if name == "crash_on_invalid_utf16":  # it ends its process
        command = [sys.executable, "-m", "tests.fuzz.planted", name, "--worker", "--port", "0"]
        with OwnServer(command) as own:
            found = Target(own.host, own.port, deadline_s=1.0)
            found.greet()
            yield found
        return
    with planted(name), running() as spoofer:
        found = Target(spoofer.host, spoofer.port, deadline_s=0.5)
        found.greet()
        yield found


def kind_of(where: Target, case: Case) -> str:
    """Play a case, and return the kind of its failure."""
    stage = Stage(where)
    try:
        failure = stage.play(case).failure
        return "" if failure is None else failure.kind.text
    finally:
        stage.close()


@pytest.mark.parametrize("name", [name for name in PLANTED if name != "unbounded_buffer"])
def test_a_planted_bug_is_found_and_its_reproducer_stands_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = PLANTED[name][1]
    with target(name) as buggy:
        found = next(
            ((one, kind) for one in some_cases(name) if (kind := kind_of(buggy, one)) in kinds), None
        )
        assert found is not None
        case, kind = found
        file = write(tmp_path, case, kind, buggy)
    with target(name) as buggy, pytest.raises((AssertionError, OSError)):
        reproduce(file, buggy, monkeypatch)
    with target() as good:
        assert kind_of(good, case) == ""
        reproduce(file, good, monkeypatch)


def write(folder: Path, case: Case, kind: str, where: Target) -> Path:
    """Write the reproducer of a case."""
    sizes = [size_of(case)] * 2
    finding = Finding(
        "it", kind, case.message, case.mutation, case.field, case.detail, "why", 0, case.number, sizes
    )
    file = folder / "test_it.py"
    file.write_text(source(finding, case, where), encoding="utf-8")
    return file


def reproduce(file: Path, where: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a reproducer in this process; nothing of the campaign is needed for it."""
    monkeypatch.setenv("CTI_PORT", str(where.port))
    monkeypatch.setenv("CTI_TIMEOUT", str(where.deadline_s))
    assert "spoofer" not in file.read_text(encoding="utf-8").partition('"""\n\nfrom')[2]
    runpy.run_path(str(file))["test_it"]()


def test_memory_that_grows_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.fuzz import planted as module

    pytest.importorskip("psutil")
    case = next(some_cases("unbounded_buffer"))
    try:
        with target("unbounded_buffer") as buggy:
            failure = Memory(buggy, os.getpid()).flood(case)
        assert failure is not None
        assert failure.kind.text == "memory_growth"
    finally:
        module._KEPT.clear()


def test_a_case_is_made_small() -> None:
    """The smallest case that still sends a wrong checksum is one part, with no byte that is not needed."""
    case = next(some_cases("wrong_checksum_accepted"))

    def fails(one: Case) -> bool:
        return any(part.expect is Expect.REFUSAL for step in one.steps for part in step.parts)

    small = minimise(case, fails, tries=1000)
    (part,) = (part for step in small.steps for part in step.parts)
    assert size_of(small) < size_of(case)
    kinds = {problem.kind for problem in decode(part.data, Direction.REQUEST, strict=False).problems}
    assert "checksum" in kinds
    assert not any(part.data[20:-2])
    assert b"".join(small.steps[0].segments) == part.data


# --- the command ------------------------------------------------------------------------------------


@pytest.fixture(name="there")
def there_fixture() -> Iterator[int]:
    """The port of a spoofer without a bug."""
    with running() as spoofer:
        yield spoofer.port


def test_a_campaign_is_written_down_and_resumed(run: Run, there: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("fuzz", "--port", there, "--out", out, "--cases", 15)
    first = run(*options, "--only", "get_serial_number", "--seed", 5)
    assert (first.code, first.err) == (0, "")
    assert "0 findings" in first.text
    assert "get_serial_number  " in first.text
    report = Report.load(out)
    assert (report.cases, report.runs, report.seed, report.only) == (15, 1, 5, ["get_serial_number"])
    assert sum(report.coverage["get_serial_number"].values()) == 15
    assert "15 cases" in (out / "report.txt").read_text(encoding="utf-8")

    again = run(*options)
    assert again.code == 2
    assert "--resume" in again.err
    assert run(*options, "--resume", "--seed", 6).code == 2
    assert run(*options, "--resume").code == 0
    resumed = Report.load(out)
    assert (resumed.cases, resumed.runs, resumed.seed) == (30, 2, 5)
    assert resumed.next_case > report.next_case
    assert sorted(path.name for path in out.iterdir()) == ["report.json", "report.txt"]


def test_what_is_found_is_written(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with target("double_answer") as buggy:
        ran = run(
            "fuzz", "--port", buggy.port, "--out", out, "--cases", 3, "--timeout", 0.5,
            "--only", "get_serial_number", "--only", "garbage_before",
        )  # fmt: skip
    assert ran.code == 1
    (finding,) = Report.load(out).findings
    assert (finding.kind, finding.message) == ("answer_twice", "get_serial_number")
    assert finding.minimised[1] < finding.minimised[0]
    assert finding.line() in ran.text
    assert finding.files == [f"test_{finding.name}.py", f"{finding.name}.pcapng"]
    shown = run("dump", out / finding.files[1])
    assert "duplicate" in shown.text
    assert shown.text.count("login_feedback") >= 1
    lines = (out / "report.txt").read_text(encoding="utf-8")
    assert finding.name in lines
    assert "!" in lines


def test_a_server_that_stays_away_is_a_finding(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spoofer.fuzz.finder.RETURN_S", 0.2)
    out = tmp_path / "out"
    with target("crash_on_invalid_utf16") as buggy:
        ran = run(
            "fuzz", "--port", buggy.port, "--out", out, "--cases", 50, "--timeout", 1,
            "--only", "new_folder", "--only", "text_lone_surrogate",
        )  # fmt: skip
    assert ran.code == 1
    report = Report.load(out)
    (finding,) = report.findings
    assert finding.kind == "crash"
    assert report.ended.endswith("is gone, and does not come back")
    assert [(out / name).exists() for name in finding.files] == [True, True]


def test_our_own_server_is_started_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.planted", "good", "--worker", "--port", "0"]
    with OwnServer(command) as own:
        where = Target(own.host, own.port)
        where.greet()
        memory = Memory(where, own.pid)
        finder = Finder(
            where, Report("", 0), tmp_path, print, lambda: None,
            memory=memory, own=own, write_capture=None, stop=lambda: False,
        )  # fmt: skip
        case = next(some_cases("double_answer"))
        before = own.pid
        own.close()
        finder.come_back()
        assert own.pid != before
        assert finder.play(case).failure is None
        finder.close()


def test_no_password_is_written(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    (tmp_path / "passwords").write_text("")
    monkeypatch.setenv("CTI_PASSWORD", "sEcrEt-0815")
    with target("double_answer") as buggy:
        ran = run(
            "fuzz", "--port", buggy.port, "--out", out, "--cases", 1, "--timeout", 0.5, "--user", "somebody",
            "--only", "get_serial_number", "--only", "garbage_before",
        )  # fmt: skip
    assert ran.code == 1
    written = b"".join(path.read_bytes() for path in out.iterdir())
    assert b"somebody" in written
    assert b"sEcrEt-0815" not in written


def test_an_interrupted_campaign_keeps_what_it_has(there: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "cti_client.cli", "fuzz", "--port", str(there), "--out", str(out)]
    with subprocess.Popen([*command, "--time", "60"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("fuzzing 127.0.0.1")
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait() == 0
    assert "ended: it was told to stop" in rest
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["ended"] == "it was told to stop"


def test_a_spoofer_of_its_own_is_started(run: Run, tmp_path: Path) -> None:
    ran = run("fuzz", "--out", tmp_path / "out", "--cases", 3, "--only", "get_serial_number")
    assert (ran.code, ran.err) == (0, "")
    assert "fuzzing a spoofer of its own" in ran.text


# --- bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["192.0.2.1", "0.0.0.0"])
def test_other_computers_are_refused(run: Run, tmp_path: Path, host: str) -> None:
    ran = run("fuzz", "--host", host, "--out", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "--i-own-this-server" in ran.err
    assert not (tmp_path / "out").exists()


def test_control_needs_a_permission_of_its_own(
    run: Run, there: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spoofer.fuzz.target.is_loopback", lambda host: False)
    monkeypatch.setenv("CTI_PASSWORD", "")
    out = tmp_path / "out"
    options = ("fuzz", "--port", there, "--user", "cti", "--i-own-this-server", "--cases", 5, "--out", out)
    refused = run(*options, "--only", "start_schedule")
    assert refused.code == 2
    assert "--allow-control" in refused.err
    assert run(*options, "--only", "get_serial_number").code == 0
    assert Report.load(out).control is False
    allowed = run(*options, "--resume", "--allow-control")
    assert allowed.code == 0
    assert Report.load(out).control is True


def test_an_unknown_name_is_refused(run: Run, there: int, tmp_path: Path) -> None:
    ran = run("fuzz", "--port", there, "--only", "get_serial_numbr", "--out", tmp_path / "out")
    assert ran.code != 0
    assert "did you mean 'get_serial_number'" in ran.err


def test_nothing_to_resume(run: Run, there: int, tmp_path: Path) -> None:
    ran = run("fuzz", "--port", there, "--resume", "--out", tmp_path / "out")
    assert ran.code == 2
    assert "no campaign to resume" in ran.err


@contextmanager
def listener(answer: bytes | None, *, close: bool) -> Iterator[int]:
    """Give a port where somebody listens who is no cycler."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    kept.append(connection)
                    if answer is not None:
                        connection.recv(10)
                        connection.sendall(answer)
                    if close:
                        connection.close()
            except OSError:
                pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in kept:
                connection.close()


def refusal(run: Run, port: int, tmp_path: Path) -> str:
    """Return the sentence that a server is refused with before anything is written."""
    ran = run("fuzz", "--port", port, "--timeout", 0.2, "--out", tmp_path / "out")
    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
    return ran.err


def test_a_server_that_is_not_there(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert f"no server at 127.0.0.1:{port}" in refusal(run, port, tmp_path)


def test_a_server_that_closes_at_once(run: Run, tmp_path: Path) -> None:
    with listener(None, close=True) as port:
        assert "closes the connection at once" in refusal(run, port, tmp_path)


def test_a_server_that_does_not_speak_cti(run: Run, tmp_path: Path) -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n", close=True) as port:
        assert "does not speak CTI: it sent b'HTTP/1.1 400" in refusal(run, port, tmp_path)


def test_a_server_that_says_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoofer.fuzz.target.FIRST_ANSWER_S", 0.2)
    with listener(None, close=False) as port:
        assert "does not answer a login" in refusal(run, port, tmp_path)


def test_a_login_that_is_refused(run: Run, tmp_path: Path) -> None:
    with running(users={"somebody": "secret"}) as spoofer:
        assert "does not log 'cti' in" in refusal(run, spoofer.port, tmp_path)


def test_the_table_has_a_cell_for_each_pair() -> None:
    report = Report("somewhere", 0)
    report.count("b", "y")
    for _ in range(10):
        report.count("a", "x")
    grid = Grid([("a", "x"), ("a", "y"), ("b", "y")])
    assert list(grid.lines(report))[:3] == ["   ab", "a  +.", "b   1"]
