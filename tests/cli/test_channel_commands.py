"""`cti resume`, `continue`, `jump`, `update-mvs`, `barcode`, `allow-takeover`: what they do, and refuse."""

from __future__ import annotations

import pytest

from cti_client.cli import _common
from spoofer import Phase
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import Run, run_fixture  # noqa: F401


@pytest.fixture(autouse=True)
def running_tests(cycler: Emulated) -> None:
    """The channels 1 and 2 run a test."""
    for index in (0, 1):
        cycler.device.assign(index, "cycle.sdx")
        cycler.device.start([index], f"cell-{index}")


def phases(cycler: Emulated) -> list[Phase]:
    channels = [cycler.device.channel(index) for index in range(4)]
    return [channel.phase for channel in channels if channel is not None]


def test_resume(run: Run, cycler: Emulated) -> None:
    cycler.device.stop(0)
    cycler.device.stop(1)
    ran = run("resume", "1-3", *cycler.at)
    assert (ran.code, ran.lines) == (1, ["channel 1: resumed", "channel 2: resumed"])
    assert ran.err.startswith("Error: channel 3: resume_schedule was refused: ")
    assert phases(cycler)[:3] == [Phase.RUNNING, Phase.RUNNING, Phase.IDLE]
    assert cycler.seen == ["resume_schedule"] * 3


def test_continue(run: Run, cycler: Emulated) -> None:
    cycler.device.pause(1)
    ran = run("continue", "1,2", *cycler.at)
    assert (ran.code, ran.lines) == (1, ["channel 2: continued"])
    assert ran.err.startswith("Error: channel 1: continue_schedule was refused: ")
    assert phases(cycler)[1] is Phase.RUNNING
    assert cycler.seen == ["continue_schedule"]


def test_jump(run: Run, cycler: Emulated) -> None:
    ran = run("jump", "1,3", "2", *cycler.at)
    assert (ran.code, ran.lines) == (1, ["channel 1: jumped to step 2"])
    assert ran.err.startswith("Error: channel 3: jump_channel was refused: ")
    assert [(one.channel_index, one.step_index) for one in cycler.requests] == [  # type: ignore[attr-defined]
        (0, 2),
        (2, 2),
    ]


@pytest.mark.parametrize("step", ["0", "-1", "1.5", "first"])
def test_steps_that_are_none(run: Run, cycler: Emulated, step: str) -> None:
    ran = run("jump", "1", *(["--", step] if step.startswith("-") else [step]), *cycler.at)
    assert ran.code == 2
    assert "Error: " in ran.err
    assert cycler.seen == []


def test_update_mvs_is_one_request(run: Run, cycler: Emulated) -> None:
    ran = run("update-mvs", "1-2", "mv_ud1=4.15", "2=-0.5", *cycler.at)
    assert (ran.code, ran.err) == (0, "")
    done = "mv_ud1 set to 4.15, mv_ud2 set to -0.5"
    assert ran.lines == [f"channel 1: {done}", f"channel 2: {done}"]
    assert len(cycler.seen) == 1
    for index in (0, 1):
        channel = cycler.device.channel(index)
        assert channel is not None
        assert channel.variables == pytest.approx({52: 4.15, 53: -0.5})


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["mv_ud1"], "'mv_ud1': write a variable and a finite number, as in mv_ud1=4.15"),
        (["mv_ud1=high"], "'mv_ud1=high': write a variable and a finite number, as in mv_ud1=4.15"),
        (["1=nan"], "'1=nan': write a variable and a finite number, as in mv_ud1=4.15"),
        (["1=1", "mv_ud1=2"], "a variable is there twice: give one value for each"),
        (["17=1"], "17 is no user variable: give 1 to 16, or mv_ud1 to mv_ud16"),
        (["mv_udl=1"], "unknown user variable 'mv_udl'; did you mean 'mv_ud9'?"),
        (["1=1e39"], None),
    ],
)
def test_variables_that_make_no_sense(
    run: Run, cycler: Emulated, words: list[str], error: str | None
) -> None:
    ran = run("update-mvs", "1", *words, *cycler.at)
    assert (ran.code, ran.text, ran.err.count("\n")) == (2, "", 1)
    assert error is None or ran.err == f"Error: {error}\n"
    assert cycler.seen == []


def test_barcodes(run: Run, cycler: Emulated) -> None:
    ran = run("barcode", "4", "A-17 Ω", *cycler.at)
    assert (ran.code, ran.lines, ran.err) == (0, ["channel 4: barcode 'A-17 Ω' assigned"], "")
    ran = run("barcode", "3-4", *cycler.at)
    assert (ran.code, ran.lines, ran.err) == (0, ["channel 3: -", "channel 4: A-17 Ω"], "")
    assert cycler.seen == ["assign_barcode", "get_barcode", "get_barcode"]


def test_one_barcode_is_for_one_channel(run: Run, cycler: Emulated) -> None:
    ran = run("barcode", "3-4", "A-17", *cycler.at)
    assert (ran.code, ran.text, ran.err) == (2, "", "Error: one barcode is for one channel, not for 2\n")
    ran = run("barcode", "3", "A" * 73, *cycler.at)
    assert (ran.code, ran.text, ran.err.count("\n")) == (2, "", 1)
    assert cycler.seen == []


def test_allow_takeover(run: Run, cycler: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    what = f"ask 127.0.0.1:{cycler.port} for the control session"
    ran = run("allow-takeover", *cycler.at)
    assert (ran.code, ran.err) == (2, f"Error: nobody can be asked here: give --yes to {what}\n")
    monkeypatch.setattr(_common, "somebody_is_there", lambda: True)
    assert run("allow-takeover", *cycler.at, stdin="n\n").code == 1
    assert cycler.seen == []
    ran = run("allow-takeover", "--yes", *cycler.at)
    assert (ran.code, ran.lines) == (0, ["control session given; another client may take it over"])
    ran = run("allow-takeover", "--deny", "--yes", *cycler.at)
    assert (ran.code, ran.lines) == (0, ["control session given; another client may not take it over"])
    assert [one.set_kick_out for one in cycler.requests] == [1, 0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("command", "more", "verb"),
    [
        ("resume", [], "resume the tests on"),
        ("continue", [], "continue the tests on"),
        ("jump", ["2"], "jump to step 2 on"),
        ("update-mvs", ["1=0.5"], "set mv_ud1 on"),
        ("barcode", ["A"], "assign a barcode to"),
    ],
)
def test_all_is_asked_for(run: Run, cycler: Emulated, command: str, more: list[str], verb: str) -> None:
    ran = run(command, "all", *more, *cycler.at)
    what = f"{verb} all channels (1-4) of 127.0.0.1:{cycler.port}"
    assert (ran.code, ran.text) == (2, "")
    assert ran.err == f"Error: nobody can be asked here: give --yes to {what}\n"
    assert cycler.seen == []


#: Every command that acts on channels, with what it needs besides.
ACTING = {
    "assign": ["a.sdx"],
    "barcode": ["A"],
    "continue": [],
    "jump": ["2"],
    "resume": [],
    "set-mv": ["1", "0.5"],
    "start": ["a"],
    "stop": [],
    "update-mvs": ["1=0.5"],
}


@pytest.mark.parametrize("command", ACTING)
@pytest.mark.parametrize(
    ("channels", "error"),
    [
        ("0", "there is no channel 0: channels are counted from 1"),
        ("0-2", "there is no channel 0: channels are counted from 1"),
        ("5", "there is no channel 5: the cycler has the channels 1 to 4"),
        ("3-5", "there is no channel 5: the cycler has the channels 1 to 4"),
        ("2-1", "the range 2-1 runs backwards: write 1-2"),
        ("al", "'al' names no channels: write numbers and ranges like 1-8,12, or all"),
        ("*", "'*' names no channels: write numbers and ranges like 1-8,12, or all"),
        ("", "'' names no channels: write numbers and ranges like 1-8,12, or all"),
        ("1-999999999", None),
    ],
)
def test_channels_that_are_none(
    run: Run, cycler: Emulated, command: str, channels: str, error: str | None
) -> None:
    ran = run(command, channels, *ACTING[command], "--yes", *cycler.at)
    assert (ran.code, ran.text, ran.err.count("\n")) == (2, "", 1)
    assert error is None or ran.err == f"Error: {error}\n"
    assert cycler.seen == []


@pytest.mark.parametrize("command", ACTING)
def test_a_negative_channel_is_no_option(run: Run, cycler: Emulated, command: str) -> None:
    ran = run(command, *ACTING[command], "--yes", *cycler.at, "--", "-1")
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert cycler.seen == []
