"""Fleets: cyclers know nothing of each other, and a plan is carried out once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cti_client.aio import Cycler
from cti_client.credentials import Credentials, Secret
from cti_client.fleet import Fleet, Place
from cti_client.plan import Planned
from cti_client.starting import Report, State, Step, carry_out, rehearse
from cti_schema import encode
from cti_schema.derive.defaults import default
from cti_schema.enums import CtiVersion
from cti_schema.errors import (
    ConfigurationError,
    ConnectError,
    DifferentCycler,
    LoginRefused,
    OutcomeUnknown,
    ResponseTimeout,
    ResultError,
)
from cti_schema.messages.assign_barcode import AssignBarcodeFeedback, BarcodeOutcome
from cti_schema.messages.login import LoginFeedback
from spoofer import Device, Phase, running
from tests.client.peers import hang_up, reset, right, scripted, silence


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CTI_PASSWORD", raising=False)


@contextmanager
def silent() -> Iterator[int]:
    """A port where connections are taken and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed() -> int:
    """A port where nothing listens."""
    with silent() as port:
        return port


def fleet(timeout_s: float = 10.0, **ports: int) -> Fleet:
    """Return a fleet of local cyclers by their ports; everybody is called lab."""
    places = [Place(name, "127.0.0.1", port, "lab") for name, port in ports.items()]
    return Fleet(places, {name: Secret("sesame") for name in ports}, timeout_s=timeout_s)


def run(asked: Fleet, act: Callable[[Fleet], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with asked:
            return await act(asked)

    return asyncio.run(main())


def test_the_status_of_all(tmp_path: Path) -> None:
    with running(Device(2)) as north, running(Device(3)) as south:
        found = run(fleet(north=north.port, south=south.port), lambda asked: asked.status())
    assert list(found) == ["north", "south"]
    assert [[one.channel for one in answer.result()] for answer in found.values()] == [[1, 2], [1, 2, 3]]


def test_a_dead_cycler_delays_nobody() -> None:
    with silent() as dead, running(Device(1)) as alive:
        asked = fleet(timeout_s=3600.0, dead=dead, closed=closed(), alive=alive.port)

        async def first_two(asked: Fleet) -> list[Any]:
            found = []
            async for answer in asked.each(lambda name, cycler: cycler.channels()):
                found.append(answer)
                if len(found) == 2:
                    break  # the third would take an hour
            return found

        answers = {answer.cycler: answer for answer in run(asked, first_two)}
    assert answers.keys() == {"closed", "alive"}
    assert [one.channel for one in answers["alive"].result()] == [1]
    assert isinstance(answers["closed"].error, ConnectError)
    with pytest.raises(ConnectError):
        answers["closed"].result()


def test_each_error_stays_with_its_cycler() -> None:
    with (
        silent() as dead,
        running(Device(1), users={"lab": "other"}) as strict,
        scripted(silence) as mute,
        running(Device(1)) as alive,
    ):
        asked = fleet(
            timeout_s=0.3, dead=dead, closed=closed(), strict=strict.port, mute=mute.port, alive=alive.port
        )
        found = run(asked, lambda asked: asked.status())
    errors = {name: type(answer.error) for name, answer in found.items()}
    assert errors == {
        "dead": ResponseTimeout,
        "closed": ConnectError,
        "strict": LoginRefused,
        "mute": ResponseTimeout,
        "alive": type(None),
    }


def test_a_refused_login_is_not_tried_again() -> None:
    logins = []
    with running(
        Device(1), users={"lab": "other"}, on_message=lambda way, one, *_: logins.append(one)
    ) as strict:

        async def twice(asked: Fleet) -> list[str]:
            answers = [(await asked.status())["north"] for _ in range(3)]
            return [str(answer.error) for answer in answers]

        found = run(fleet(north=strict.port), twice)
    assert len(set(found)) == 1
    assert "refused the login of 'lab'" in found[0]
    assert len(logins) == 2  # one request, one feedback


def test_a_lost_connection_is_made_again_with_a_login() -> None:
    with scripted(hang_up) as peer:

        async def twice(asked: Fleet) -> list[bool]:
            return [(await asked.status())["north"].ok for _ in range(2)]

        assert run(fleet(north=peer.port), twice) == [False, True]
        assert [one.spec.name for one in peer.received] == ["login", "get_channels_info"] * 2
        assert peer.connections == 2


def greeting(serial_number: str) -> bytes:
    return encode(default(LoginFeedback, version=1, channel_count=16, serial_number=serial_number))


def test_another_cycler_at_the_same_address() -> None:
    with scripted(hang_up) as peer:

        async def twice(asked: Fleet) -> tuple[Any, Any]:
            peer.login_answer = greeting("A1")
            first = await asked.status()
            peer.login_answer = greeting("B2")
            return first["north"], (await asked.status())["north"]

        _, second = run(fleet(north=peer.port), twice)
        assert isinstance(second.error, DifferentCycler)
        assert (second.error.expected, second.error.found) == ("A1", "B2")
        assert peer.names() == ["get_channels_info"]


def test_names_and_logins_are_checked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    north = Place("north", "h", 1, "lab")
    for places, passwords, error in (
        ([north, north], {"north": Secret("x")}, "two cyclers are called 'north'"),
        ([Place("north", "h")], {"north": Secret("x")}, "north: no user name"),
        ([north], {}, "north: no password of 'lab'"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            Fleet(places, passwords)
        assert str(caught.value) == error
    with pytest.raises(ConfigurationError) as caught:
        run(fleet(north=1), lambda asked: asked.cycler("nort"))
    assert str(caught.value) == "unknown cycler 'nort'; did you mean 'north'?"
    file = tmp_path / "lab.toml"
    file.write_text('[[cycler]]\nname = "north"\nhost = "h"\nuser = "lab"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no password of 'lab'"):
        Fleet.load(file, Credentials())
    monkeypatch.setenv("CTI_PASSWORD", "sesame")
    loaded = Fleet.load(file)
    assert loaded.names == ["north"]
    assert "sesame" not in repr(loaded) + str(vars(loaded))


def test_one_trace_of_many_conversations(tmp_path: Path) -> None:
    from cti_client.capture import CaptureReader
    from cti_client.dump import Conversations

    file = tmp_path / "trace.pcapng"
    with running(Device(1)) as north, running(Device(1)) as south:
        places = [Place(name, "127.0.0.1", one.port, "lab") for name, one in (("n", north), ("s", south))]
        asked = Fleet(places, {name: Secret("sesame") for name in "ns"}, trace=file)
        run(asked, lambda asked: asked.status())
    conversations = Conversations()
    heard = [
        (entry.link.server.port, entry.decoded.message.spec.name)
        for event in CaptureReader(file)
        for entry in conversations.feed(event)
    ]
    names = ["login", "login_feedback", "get_channels_info", "get_channels_info_feedback"]
    assert sorted(heard) == sorted((one.port, name) for one in (north, south) for name in names)
    assert b"sesame" not in file.read_bytes()


# A plan.


def planned(cycler: str, channel: int, test_name: str = "t", barcode: str = "") -> Planned:
    return Planned(cycler, channel, "cycle.sdx", test_name, barcode, f"tests.csv, line {channel + 1}")


def carried_out(asked: Fleet, *rows: Planned) -> list[Report]:
    reports = [Report(row) for row in rows]
    run(asked, lambda asked: carry_out(asked, reports))
    return reports


def states(reports: list[Report]) -> list[tuple[str, int, State, Step | None]]:
    return [(one.planned.cycler, one.planned.channel, one.state, one.step) for one in reports]


def started(device: Device) -> dict[int, tuple[str, str]]:
    """Return schedule and test of the channels that run."""
    channels = {index + 1: device.channel(index) for index in range(4)}
    return {
        number: (channel.schedule_name, channel.test_name)
        for number, channel in channels.items()
        if channel is not None and channel.phase is Phase.RUNNING
    }


def test_a_plan_on_two_cyclers() -> None:
    north, south = Device(4, clock=lambda: 0.0), Device(4, clock=lambda: 0.0)
    with running(north) as one, running(south) as other:
        reports = carried_out(
            fleet(north=one.port, south=other.port),
            planned("north", 1, "a"),
            planned("south", 2, "a"),
            planned("north", 3, "b"),
            planned("north", 4, "a"),
        )
    assert states(reports) == [
        (report.planned.cycler, report.planned.channel, State.STARTED, Step.START) for report in reports
    ]
    assert all(report.ok for report in reports)
    assert started(north) == {1: ("cycle.sdx", "a"), 3: ("cycle.sdx", "b"), 4: ("cycle.sdx", "a")}
    assert started(south) == {2: ("cycle.sdx", "a")}


def assigned(request: Any, _: object) -> bytes:
    """The answer to a barcode."""
    item = default(BarcodeOutcome, global_index=request.entries[0].global_index)
    return encode(AssignBarcodeFeedback(channel_type=request.channel_type, items=[item]))


def test_channels_of_one_test_are_started_in_one_request_after_all_were_assigned() -> None:
    with scripted(right, assigned) as peer:
        rows = [planned("north", 1, "a", "X-1"), planned("north", 2, "b"), planned("north", 3, "a")]
        reports = carried_out(fleet(north=peer.port), *rows)
        assert all(report.ok for report in reports)
        assert peer.names() == [
            "assign_schedule",
            "assign_barcode",
            "assign_schedule",
            "assign_schedule",
            "start_schedule",
            "start_schedule",
        ]
        starts = [one for one in peer.received if one.spec.name == "start_schedule"]
        assert [(one.test_name, one.channel_indices) for one in starts] == [  # type: ignore[attr-defined]
            ("a", [0, 2]),
            ("b", [1]),
        ]


def test_a_refused_step_ends_the_channel_and_no_other() -> None:
    device = Device(4, clock=lambda: 0.0)
    device.assign(1, "other.sdx")
    device.start([1], "before")
    with running(device) as spoofer:
        rows = [planned("north", 1), planned("north", 2), planned("north", 3)]
        reports = carried_out(fleet(north=spoofer.port), *rows)
    assert states(reports) == [
        ("north", 1, State.STARTED, Step.START),
        ("north", 2, State.REFUSED, Step.ASSIGN),
        ("north", 3, State.STARTED, Step.START),
    ]
    assert isinstance(reports[1].error, ResultError)
    assert started(device)[2] == ("other.sdx", "before")


def test_an_unknown_outcome_ends_the_channel_and_nothing_is_sent_twice() -> None:
    # The connection dies in the first assignment: what comes after it was never sent.
    with scripted(hang_up) as peer:
        reports = carried_out(fleet(north=peer.port), planned("north", 1), planned("north", 2, "u"))
        assert states(reports) == [
            ("north", 1, State.UNKNOWN, Step.ASSIGN),
            ("north", 2, State.FAILED, Step.ASSIGN),
        ]
        assert isinstance(reports[0].error, OutcomeUnknown)
        assert peer.names() == ["assign_schedule"]
        assert peer.connections == 1


@pytest.mark.parametrize("end", [hang_up, reset, silence])
def test_an_unknown_start(end: Any) -> None:
    with scripted(right, right, end) as peer:
        asked = fleet(timeout_s=0.3, north=peer.port)
        reports = carried_out(asked, planned("north", 1), planned("north", 2))
        assert states(reports) == [("north", number, State.UNKNOWN, Step.START) for number in (1, 2)]
        assert peer.names() == ["assign_schedule"] * 2 + ["start_schedule"]


def test_a_silent_assignment_leaves_the_others_alone() -> None:
    with scripted(silence, right, right) as peer:
        asked = fleet(timeout_s=0.3, north=peer.port)
        reports = carried_out(asked, planned("north", 1), planned("north", 2))
        assert [report.state for report in reports] == [State.UNKNOWN, State.STARTED]
        assert peer.names() == ["assign_schedule"] * 2 + ["start_schedule"]


def test_a_dead_cycler_in_a_plan() -> None:
    device = Device(4, clock=lambda: 0.0)
    with silent() as dead, running(device) as alive:
        asked = fleet(timeout_s=0.3, dead=dead, closed=closed(), alive=alive.port)
        reports = carried_out(asked, planned("dead", 1), planned("closed", 1), planned("alive", 1))
    assert states(reports) == [
        ("dead", 1, State.FAILED, None),
        ("closed", 1, State.FAILED, None),
        ("alive", 1, State.STARTED, Step.START),
    ]


def test_what_does_not_fit_a_cycler_is_refused_before_anything_is_sent_to_it() -> None:
    seen = []
    with running(Device(4), on_message=lambda way, one, *_: seen.append(one.spec.name)) as spoofer:
        reports = carried_out(fleet(north=spoofer.port), planned("north", 1), planned("north", 5))
    assert states(reports) == [("north", 1, State.FAILED, None), ("north", 5, State.FAILED, None)]
    assert {str(report.error) for report in reports} == {
        "tests.csv, line 6: there is no channel 5: the cycler has the channels 1 to 4"
    }
    assert seen == ["login", "login_feedback"]


def test_what_was_sent_is_known_after_a_cancellation() -> None:
    with scripted(right, silence) as peer:
        reports = [Report(planned("north", 1, "a", "X")), Report(planned("north", 2))]

        async def main() -> None:
            async with fleet(north=peer.port) as asked:
                task = asyncio.create_task(carry_out(asked, reports))
                await asyncio.to_thread(peer.heard, 2)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(main())
        assert states(reports) == [
            ("north", 1, State.SENT, Step.BARCODE),
            ("north", 2, State.WAITING, None),
        ]


@pytest.mark.parametrize(
    ("version", "sent"),
    [
        (CtiVersion.CTI_PRO7, ["assign_schedule", "start_schedule"]),
        (CtiVersion.CTI_PRO8, ["assign_schedule", "assign_barcode", "start_schedule"]),
        (CtiVersion.MITS_X_5, ["assign_schedule", "assign_barcode", "start_schedule_vls"]),
        (CtiVersion.MITS_X_SPTT, ["assign_schedule", "assign_barcode_json", "start_schedule"]),
    ],
)
def test_a_rehearsal_has_the_variants_of_the_version(version: CtiVersion, sent: list[str]) -> None:
    requests = [request for _, _, request in rehearse([planned("north", 3, "t", "X-1")], version, 4)]
    assert [request.spec.name for request in requests] == sent
    with_it = "X-1" if len(sent) == 2 else ""  # it travels once
    assert (requests[0].channel_index, requests[0].barcode) == (2, with_it)


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (
            Planned("n", 1, "s" * 201, "t", "", "tests.csv, line 2"),
            "tests.csv, line 2, column schedule: the text has 201 units, the field 200",
        ),
        (
            Planned("n", 1, "s", "t" * 73, "", "tests.csv, line 2"),
            "tests.csv, line 2, column test name: the text has 73 units, the field 72",
        ),
        (
            Planned("n", 1, "s", "t", "b" * 73, "tests.csv, line 2"),
            "tests.csv, line 2, column barcode: the text has 73 units, the field 72",
        ),
    ],
)
def test_texts_that_do_not_fit(row: Planned, error: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        list(rehearse([row], CtiVersion.CTI_PRO8, 4))
    assert str(caught.value) == error


def test_a_fleet_gives_its_cyclers() -> None:
    async def serial_number(asked: Fleet) -> tuple[str, bool]:
        cycler = await asked.cycler("north")
        assert isinstance(cycler, Cycler)
        return cycler.serial_number, cycler is await asked.cycler("north")

    with running(Device(1)) as spoofer:
        number, same = run(fleet(north=spoofer.port), serial_number)
    assert number
    assert same
