"""`cti demo`: everything from one command, the same in every run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cti_client.capture import CaptureReader
from cti_client.dump import Conversations, Heard
from tests.cli.cycler import no_credentials  # noqa: F401
from tests.cli.running import Run, run_fixture  # noqa: F401


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Run in an empty folder, without the waits that are there for people."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return tmp_path


def without_times(lines: list[str]) -> list[str]:
    text = re.sub(r"\d\d:\d\d:\d\d\.\d{6}", "TIME", "\n".join(lines))
    text = re.sub(r"after [\d.]+ (s|ms|us)", "after SOME TIME", text)
    return re.sub(r"127\.0\.0\.1:\d+", "ADDRESS", text).splitlines()


def test_in_a_pipe(run: Run, here: Path) -> None:
    ran = run("demo")
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.text
    lines = without_times(ran.lines)
    assert lines[:6] == [
        "An emulated cycler with 8 channels listens on ADDRESS.",
        "Its time runs 2400 times as fast as ours.",
        "Logged in to the cycler with the serial number 100001.",
        "Assigned charge-discharge.sdx to the channels 1-4.",
        'Started the test "demo-1" on the channels 1-2; "demo-2" follows on channel 3.',
        "",
    ]
    assert sum(line.startswith("Channel  Status") for line in lines) == 5
    at = lines.index("Set the user variable mv_ud1 of channel 3 to 0.5.")
    rows = [line.split() for line in lines[:at] if re.match(" +[0-9]  ", line)]
    assert [row[0] for row in rows] == ["1", "2", "1", "2", *["1", "2", "3"] * 3]
    assert {row[1] for row in rows} == {"charge", "discharge"}
    assert lines[at + 1 : at + 5] == [
        "Stopped the tests.",
        "",
        "This is what went over the wire, where channel_index counts from 0:",
        '    1  TIME   1  -> login                       username="demo"  password=***',
    ]
    assert lines[-5:] == [
        "",
        "What next:",
        "  cti dump -v cti-demo.pcapng  every field of these messages: offset, bytes, value, meaning",
        "  cti spoof                    a cycler for your own programs; in another terminal: cti status",
        "  cti messages                 all messages that it knows",
    ]
    assert lines[-6] == f"Recorded in {here / 'cti-demo.pcapng'}"


def test_the_recording_holds_the_conversation(run: Run, here: Path) -> None:
    run("demo")
    conversations = Conversations()
    entries = [
        entry for event in CaptureReader(here / "cti-demo.pcapng") for entry in conversations.feed(event)
    ]
    assert all(isinstance(entry, Heard) and not entry.decoded.problems for entry in entries)
    names = [entry.decoded.message.spec.name for entry in entries if isinstance(entry, Heard)]
    requests = [name for name in names if not name.endswith("_feedback")]
    assert requests == [
        "login",
        *["assign_schedule"] * 4,
        "start_schedule",
        *["get_channels_info"] * 2,
        "start_schedule",
        *["get_channels_info"] * 3,
        "set_meta_variable",
        *["stop_schedule"] * 3,
    ]
    # Each request is answered; the first start was for two channels.
    assert len(names) == 2 * len(requests) + 1


def test_every_run_shows_the_same(run: Run) -> None:
    first, second = (without_times(run("demo").lines)[:-7] for _ in range(2))
    assert first == second


def test_nobodys_file_is_overwritten(run: Run, here: Path) -> None:
    (here / "cti-demo.pcapng").write_text("mine")
    ran = run("demo")
    assert (here / "cti-demo.pcapng").read_text() == "mine"
    assert f"Recorded in {here / 'cti-demo-2.pcapng'}" in ran.lines
    assert "  cti dump -v cti-demo-2.pcapng  " in ran.text


def test_where_nothing_can_be_written_it_is_a_temporary_file(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = here / "temporary files"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(elsewhere))
    monkeypatch.setattr("pathlib.Path.cwd", lambda: here / "not there")
    ran = run("demo")
    file = elsewhere / "cti-demo.pcapng"
    assert f"Recorded in {file}" in ran.lines
    assert f'cti dump -v "{file}"' in ran.text
    assert file.stat().st_size > 10_000


def test_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ran = run("demo", terminal=True)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", ran.text)
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b[1A" in ran.text  # the table is drawn in place
    dump = [line for line in plain.splitlines() if re.match(r" +\d+  \d\d:", line)]
    assert len(dump) > 20
    assert max(map(len, dump)) <= 120
