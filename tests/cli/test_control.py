"""`cti assign`, `start`, `stop`, `set-mv`: what they do to channels, say of each, and refuse."""

from __future__ import annotations

import pytest

from cti_client.cli import _common
from cti_client.cli._control import Acting
from cti_client.client import Cycler
from cti_schema.enums import StartResult
from cti_schema.errors import OutcomeUnknown
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from spoofer import Phase
from tests.cli.cycler import Emulated, cycler_fixture, no_credentials  # noqa: F401
from tests.cli.running import Run, run_fixture  # noqa: F401


def phases(cycler: Emulated) -> list[Phase]:
    channels = [cycler.device.channel(index) for index in range(4)]
    return [channel.phase for channel in channels if channel is not None]


def test_a_test_from_begin_to_end(run: Run, cycler: Emulated) -> None:
    ran = run("assign", "1-2,4", "cycle.sdx", *cycler.at)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [f"channel {channel}: schedule 'cycle.sdx' assigned" for channel in (1, 2, 4)]

    ran = run("start", "1,4", "cell-1", *cycler.at)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == ["channel 1: test 'cell-1' started", "channel 4: test 'cell-1' started"]
    assert phases(cycler) == [Phase.RUNNING, Phase.IDLE, Phase.IDLE, Phase.RUNNING]

    ran = run("set-mv", "4", "mv_ud1", "-0.5", *cycler.at)
    assert (ran.code, ran.lines, ran.err) == (0, ["channel 4: mv_ud1 set to -0.5"], "")
    fourth = cycler.device.channel(3)
    assert fourth is not None
    assert fourth.variables == {52: -0.5}

    ran = run("stop", "1,4", *cycler.at)
    assert (ran.code, ran.lines, ran.err) == (0, ["channel 1: stopped", "channel 4: stopped"], "")
    assert phases(cycler) == [Phase.IDLE] * 4
    # One request starts both channels, as one test; nothing was sent twice.
    assert cycler.seen == [
        *["assign_schedule"] * 3,
        "start_schedule",
        "set_meta_variable",
        *["stop_schedule"] * 2,
    ]


def test_a_refusal_concerns_one_channel(run: Run, cycler: Emulated) -> None:
    cycler.device.assign(0, "cycle.sdx")
    cycler.device.assign(2, "cycle.sdx")
    ran = run("start", "1-3", "cell-1", *cycler.at)
    assert ran.code == 1
    assert ran.lines == ["channel 1: test 'cell-1' started", "channel 3: test 'cell-1' started"]
    assert ran.err == (
        "Error: channel 2: start_schedule was refused: no schedule assigned to the channel "
        "(result 21, no_schedule_assigned)\n"
    )


def test_refusals_one_by_one(run: Run, cycler: Emulated) -> None:
    cycler.device.assign(1, "cycle.sdx")
    cycler.device.start([1], "cell-1")
    ran = run("set-mv", "1-2", "1", "0.5", *cycler.at)
    assert (ran.code, ran.lines) == (1, ["channel 2: mv_ud1 set to 0.5"])
    assert ran.err.startswith("Error: channel 1: set_meta_variable was refused: ")
    assert ran.err.endswith("(result 18, channel_not_started)\n")


def test_all_is_asked_for(run: Run, cycler: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    what = f"stop the tests on all channels (1-4) of 127.0.0.1:{cycler.port}"
    ran = run("stop", "all", *cycler.at)
    assert (ran.code, ran.err) == (2, f"Error: nobody can be asked here: give --yes to {what}\n")
    monkeypatch.setattr(_common, "somebody_is_there", lambda: True)
    ran = run("stop", "all", *cycler.at, stdin="n\n")
    assert (ran.code, ran.text) == (1, "")
    assert ran.err.startswith(f"Really {what}? [y/N]: ")
    assert cycler.seen == []
    ran = run("stop", "all", *cycler.at, stdin="y\n")
    assert (ran.code, cycler.seen) == (0, ["stop_schedule"])


def test_stopping_all_is_one_request_and_idle_channels_are_no_failure(run: Run, cycler: Emulated) -> None:
    cycler.device.assign(1, "cycle.sdx")
    cycler.device.start([1], "cell-1")
    ran = run("stop", "all", "--yes", *cycler.at)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        "channel 1: was not running",
        "channel 2: stopped",
        "channel 3: was not running",
        "channel 4: was not running",
    ]
    assert cycler.seen == ["stop_schedule"]
    assert phases(cycler) == [Phase.IDLE] * 4


def test_all_of_the_other_commands(run: Run, cycler: Emulated) -> None:
    assert run("assign", "all", "cycle.sdx", "--yes", *cycler.at).code == 0
    assert run("start", "ALL", "cell-1", "--yes", *cycler.at).code == 0
    assert run("set-mv", "all", "2", "1e-3", "--yes", *cycler.at).lines == [
        f"channel {channel}: mv_ud2 set to 0.001" for channel in (1, 2, 3, 4)
    ]
    assert phases(cycler) == [Phase.RUNNING] * 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["assign", "1-2", "s" * 201], "schedule_name: the text has 201 units, the field 200"),
        # A character beyond the basic plane is two units.
        (["assign", "1", "s" * 199 + "\U0001f50b"], "schedule_name: the text has 201 units, the field 200"),
        (["start", "1", "t" * 73], "test_name: the text has 73 units, the field 72"),
        (["set-mv", "1", "1", "1e39"], "value: 1e+39 is beyond the range of f32"),
        (["set-mv", "1", "17", "1"], "17 is no user variable: give 1 to 16, or mv_ud1 to mv_ud16"),
        (["set-mv", "1", "mv_ud", "1"], "unknown user variable 'mv_ud'; did you mean 'mv_ud9'?"),
        (["stop", "0"], "there is no channel 0: channels are counted from 1"),
        (["stop", "4-5"], "there is no channel 5: the cycler has the channels 1 to 4"),
        (["stop", "1,,2"], "'' names no channels: write numbers and ranges like 1-8,12, or all"),
        (
            ["stop", "everything"],
            "'everything' names no channels: write numbers and ranges like 1-8,12, or all",
        ),
    ],
)
def test_what_makes_no_sense_is_not_sent(
    run: Run, cycler: Emulated, arguments: list[str], error: str
) -> None:
    ran = run(*arguments, *cycler.at)
    assert (ran.code, ran.text, ran.err) == (2, "", f"Error: {error}\n")
    assert cycler.seen == []


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("nan", "nan is not a finite number."),
        ("inf", "inf is not a finite number."),
        ("-inf", "-inf is not a finite number."),
        ("half", "'half' is not a valid float."),
        ("1,5", "'1,5' is not a valid float."),
    ],
)
def test_values_that_are_none(run: Run, cycler: Emulated, value: str, error: str) -> None:
    ran = run("set-mv", "1", "mv_ud1", value, *cycler.at)
    assert ran.code == 2
    assert ran.err.endswith(f"Error: Invalid value for 'VALUE': {error}\n")
    assert cycler.seen == []


def test_an_outcome_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    request = StartSchedule(test_name="a", channel_indices=[0, 1])
    answers = [
        StartScheduleFeedback(channel_index=0, result=StartResult.SUCCESS),
        StartScheduleFeedback(channel_index=2, result=StartResult.CHANNEL_RUNNING),
    ]

    def act() -> list[None]:
        raise OutcomeUnknown(request, "the connection was closed", answers)

    action = Acting(Cycler("127.0.0.1"), [1, 2, 3], everything=False)
    action.at_once(act, "started")  # type: ignore[arg-type]
    out, err = capsys.readouterr()
    assert action.failed
    assert out == "channel 1: started\n"
    assert err.splitlines() == [
        "Error: channel 2: the outcome of start_schedule is not known (the connection was closed); "
        "it was not sent again: read the channel to find out whether it took effect",
        "Error: channel 3: start_schedule was refused: channel is running or unsafe "
        "(result 18, channel_running)",
    ]
