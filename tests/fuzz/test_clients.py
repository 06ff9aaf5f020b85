"""Clients, dump and proxy against broken answers: a sample of `python -m tests.fuzz.clients`."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cti_client import Cycler
from cti_schema import decode, encode
from cti_schema.derive.defaults import default
from cti_schema.errors import ConfigurationError, CTIError, UnknownNameError
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.registry import registry
from spoofer import Device, Journal, VirtualClock, linked
from spoofer.acts import Send, Wait
from spoofer.faulting.fault import Fault
from spoofer.fuzz.mutations import MUTATIONS
from spoofer.fuzz.playing import Played, Playing
from tests.fuzz import clients
from tests.fuzz.calls import REQUESTS, Call
from tests.fuzz.rounds import InMemory, OnSockets

ASK, ANSWER = GetSerialNumber(), default(GetSerialNumberFeedback)


@pytest.mark.parametrize("number", range(12))
def test_in_memory(number: int, tmp_path: Path) -> None:
    tally = InMemory(number, tmp_path, recorded=number % 10 == 0).run(15)
    assert tally["calls"] == 15
    assert tally["feedbacks"] > 0


@pytest.mark.parametrize("number", [1, 2, 4])
def test_on_sockets_through_the_proxy(number: int, tmp_path: Path) -> None:
    tally = OnSockets(number, tmp_path).run(8)
    assert tally["frames"] > 8


def test_the_sample_has_every_kind(tmp_path: Path) -> None:
    rounds = [clients.make(number, tmp_path) for number in range(40)]
    assert {(type(one), one.waits) for one in rounds} == {
        (kind, waits) for kind in (InMemory, OnSockets) for waits in (False, True)
    }
    assert {one.trace is None for one in rounds} == {False, True}


def test_memory_stays_small_whatever_a_count_says(tmp_path: Path) -> None:
    """Counts and lengths of thousands of millions cost nothing: neither in a frame nor in the login."""
    huge = tuple(name for name in MUTATIONS if name.startswith(("count", "length", "list")))
    InMemory(3, tmp_path, recorded=False).run(15)  # what is imported and cached is not meant
    tracemalloc.start()
    try:
        for number in range(6):
            InMemory(number, tmp_path, only=huge, recorded=False).run(10)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


# --- what plays the cycler ------------------------------------------------------------------------


def played(playing: Playing, count: int, ask: Any = ASK, answer: Any = ANSWER) -> list[Any]:
    """Return what becomes of so many feedbacks."""
    return [playing.breaks(ask, answer) for _ in range(count)]


def test_the_seed_and_the_number_decide() -> None:
    first, again, other = Playing(7, rate=0.5), Playing(7, rate=0.5), Playing(8, rate=0.5)
    found = played(first, 200)
    assert found == played(again, 200)
    assert found != played(other, 200)
    assert 60 < sum(one is not None for one in found) < 140
    assert first.counts.total() == len(first.played) == sum(one is not None for one in found)
    assert first.feedbacks == 200
    # The number of one makes it again, and nothing else.
    number = first.played[-1].number
    alone = Playing(7, case=number)
    rest = played(alone, 200)
    assert rest[number - 1] == found[number - 1]
    assert [one for one in rest if one is not None] == [found[number - 1]]
    assert alone.played[0] == first.played[-1]


def test_each_is_told_by_its_name() -> None:
    told: list[Played] = []
    playing = Playing(1, rate=1.0, only=["wrong_checksum"], told=told.append)
    (broken,) = played(playing, 1)
    assert broken is not None
    name, (frame,) = broken
    assert name == "wrong_checksum"
    assert frame[:-2] == encode(ANSWER)[:-2]
    assert frame[-2:] != encode(ANSWER)[-2:]
    (one,) = told
    assert (one.seed, one.number, one.request, one.feedback, one.mutation) == (
        1, 1, "get_serial_number", "get_serial_number_feedback", "wrong_checksum",
    )  # fmt: skip
    assert str(one).startswith("1: get_serial_number: get_serial_number_feedback: wrong_checksum: ")


def test_only_some() -> None:
    stop, stopped = StopSchedule(channel_index=0), default(StopScheduleFeedback)
    playing = Playing(rate=1.0, only=["stop_*", "length_*"])
    assert not any(played(playing, 20))
    assert all(played(playing, 20, stop, stopped))
    assert {name.partition("_")[0] for name in playing.counts} == {"length"}
    assert not any(played(Playing(rate=0.0), 50))


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"rate": 1.5}, ConfigurationError, "1.5 is not from 0 to 1"),
        ({"rate": float("nan")}, ConfigurationError, "nan is not from 0 to 1"),
        ({"only": ["wrong_cheksum"]}, UnknownNameError, "did you mean 'wrong_checksum'"),
        ({"only": ["nothing*"]}, UnknownNameError, "nothing"),
        ({"case": 0}, ConfigurationError, "feedbacks are numbered from 1"),
    ],
)
def test_bad_input(wrong: dict[str, Any], error: type[CTIError], says: str) -> None:
    with pytest.raises(error, match=says):
        Playing(**wrong)


def asks(mutation: str) -> list[Call]:
    """Return the calls whose answers have something that can be broken so, in a mixed order."""
    applies = MUTATIONS[mutation].applies_to
    answers = {name: registry().by_name(name).spec.feedbacks for name in REQUESTS}
    found = [call for name, call in REQUESTS.items() if any(map(applies, answers[name]))]
    return Random(mutation).sample(found, len(found))


@pytest.mark.parametrize("name", [name for name, one in MUTATIONS.items() if not one.requests_only])
def test_every_mutation_is_played(name: str) -> None:
    calls = asks(name)
    if not calls:
        pytest.skip("no feedback has anything that can be broken so")
    playing = Playing(5, rate=1.0, only=[name])
    journal = Journal()
    clock = VirtualClock()
    home = linked(Device(channels=2, clock=clock), faults=playing, journal=journal, clock=clock)
    with Cycler("memory", connector=home, timeout_s=1.0) as cycler:
        for call in calls:
            if playing.counts.total() == 2:
                break
            if not cycler.connected:
                cycler.connect()
            with suppress(CTIError):
                call.act(cycler, 1, 1)
    assert set(playing.counts) == {name}
    assert journal.count("fault") > 0
    assert {kind for entry in journal.entries("fault") for kind in entry.faults} == {name}


def test_pieces_come_apart_and_other_faults_go_on() -> None:
    playing = Playing(rate=1.0, only=["split_everywhere"])
    acts = playing.for_connection().disturb(ASK, [encode(ANSWER)], feedbacks=[ANSWER])
    assert acts is not None
    sent = [act.data for act in acts if isinstance(act, Send)]
    assert b"".join(sent) == encode(ANSWER)
    assert len(acts) == 2 * len(sent) - 1
    assert all(isinstance(act, Wait) for act in acts[1::2])
    decode(b"".join(sent))
    connection = Playing(rate=1.0, only=["wrong_checksum"], faults=[Fault("drop")]).for_connection()
    assert connection.disturb(ASK, [encode(ANSWER)], feedbacks=[ANSWER]) == []
    assert connection.applied == ("wrong_checksum", "drop")
    assert not connection.idle


# --- the long run ---------------------------------------------------------------------------------


def test_the_run_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    class Short(InMemory):
        def run(self, calls: int) -> Any:
            made.append(self.playing.seed)
            if self.playing.seed == 12:
                raise KeyError("a defect")
            return super().run(2)

    monkeypatch.setattr(clients, "make", lambda number, folder: Short(number, folder, recorded=False))
    state = tmp_path / "state.json"
    clients.campaign(state, 10.0, 10, most=2)
    found = clients.campaign(state, 10.0, 0, most=3)
    assert made == [10, 11, 12, 13, 14]
    assert json.loads(state.read_text(encoding="utf-8"))["next"] == 15
    text = clients.report(found)
    assert "5 rounds, 8 calls" in text
    assert "failures: 1\n  round 12: KeyError: 'a defect' (test_clients.py:" in text
    # A process that ended within a round tells so the next time.
    clients.keep(state, found | {"running": 99})
    assert clients.load(state, 0)["failures"][-1] == {"round": 99, "what": "it was not brought to an end"}
    assert clients.load(state, 0)["next"] == 100
