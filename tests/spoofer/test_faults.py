"""What each fault does to an answer, byte by byte, and when it happens. No sockets."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from cti_schema import decode, encode
from cti_schema.derive.defaults import default
from cti_schema.enums import ChannelStatus, StartResult
from cti_schema.errors import ScenarioError
from cti_schema.message import Message
from cti_schema.messages.assign_file import AssignFile, AssignFileResult
from cti_schema.messages.get_serial_number import (
    GetSerialNumber,
    GetSerialNumberFeedback,
    GetSerialResult,
)
from cti_schema.messages.login import Login
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.stop_schedule import StopResult, StopSchedule, StopScheduleFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.messages.update_parameters import UpdateParameters
from cti_schema.registry import registry
from cti_schema.wire.frame import checksum
from spoofer.acts import Act, End, Later, Send, Wait
from spoofer.device import Device
from spoofer.faulting.fault import KEYS, Fault
from spoofer.faulting.fault_kinds import ANSWERS, DEVICE, KINDS, WIRE
from spoofer.faults import ConnectionFaults, Faults
from tests.spoofer.helpers import Clock

ASK = GetSerialNumber()
ANSWER = GetSerialNumberFeedback(serial_number=7, result=GetSerialResult.SUCCESS)
FRAME = encode(ANSWER)
assert len(FRAME) == 128

STOP_ALL = StopSchedule(channel_index=0, stop_all=1)
STOPS = [StopScheduleFeedback(channel_index=index, result=StopResult.SUCCESS) for index in range(3)]
THREE = [encode(stop) for stop in STOPS]
A, B, C = THREE


def meet(
    faults: ConnectionFaults,
    request: Message = ASK,
    frames: Sequence[bytes] = (FRAME,),
    feedbacks: Sequence[Message] = (),
    now: float = 0.0,
) -> list[Act] | None:
    acts = faults.disturb(request, frames, feedbacks=feedbacks, now=now, channel_count=3)
    return None if acts is None else list(acts)


def acts_of(kind: str, **values: Any) -> list[Act] | None:
    """Return what a fault does to the answer of one frame."""
    return meet(Faults([Fault(kind, **values)], seed=1).for_connection())


def sent(acts: list[Act] | None) -> list[bytes]:
    assert acts is not None
    return [act.data for act in acts if isinstance(act, (Send, Later))]


# --- each kind ------------------------------------------------------------------------------------


EXACT: list[tuple[str, dict[str, Any], list[Act]]] = [
    ("delay", {"seconds": 0.25}, [Wait(0.25), Send(FRAME)]),
    ("jitter", {"least_s": 0.5, "most_s": 0.5}, [Wait(0.5), Send(FRAME)]),
    ("stale", {}, [Later(11.0, FRAME)]),
    ("stale", {"seconds": 3}, [Later(3, FRAME)]),
    ("split", {"sizes": [8, 4], "pause_s": 0.5},
     [Send(FRAME[:8]), Wait(0.5), Send(FRAME[8:12]), Wait(0.5), Send(FRAME[12:])]),
    ("split", {"sizes": [8, 10_000], "pause_s": 0}, [Send(FRAME[:8]), Send(FRAME[8:])]),
    ("dribble", {"size": 64, "pause_s": 0.25}, [Send(FRAME[:64]), Wait(0.25), Send(FRAME[64:])]),
    ("drop", {}, []),
    ("duplicate", {}, [Send(FRAME), Send(FRAME)]),
    ("duplicate", {"times": 3}, [Send(FRAME)] * 3),
    ("truncated", {"by": 5}, [Send(FRAME[:-5])]),
    ("truncated", {"by": 10_000}, [Send(FRAME[:1])]),
    ("garbage_before", {"data": "0102"}, [Send(b"\x01\x02" + FRAME)]),
    ("garbage_after", {"data": "0102"}, [Send(FRAME + b"\x01\x02")]),
    ("reset", {}, [End(reset=True)]),
    ("reset", {"after_bytes": 5}, [Send(FRAME[:5]), End(reset=True)]),
    ("silent", {}, []),
    ("slow_close", {"seconds": 2.0}, [Send(FRAME), Wait(2.0), End(reset=False)]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "acts"), EXACT)
def test_what_a_fault_does(kind: str, values: dict[str, Any], acts: list[Act]) -> None:
    assert acts_of(kind, **values) == acts


def test_jitter_is_within_its_bounds_and_not_always_the_same() -> None:
    faults = Faults([Fault("jitter", least_s=0.1, most_s=0.3)]).for_connection()
    waits = []
    for _ in range(20):
        acts = meet(faults)
        assert acts is not None
        wait = acts[0]
        assert isinstance(wait, Wait)
        waits.append(wait.seconds)
    assert all(0.1 <= wait <= 0.3 for wait in waits)
    assert len(set(waits)) > 10


@pytest.mark.parametrize("pieces", [2, 5, 1000])
def test_split_where_chance_wants(pieces: int) -> None:
    acts = acts_of("split", pieces=pieces, pause_s=0.0)
    assert len(sent(acts)) == min(pieces, len(FRAME))
    assert b"".join(sent(acts)) == FRAME
    assert all(sent(acts))


def test_dribble_comes_byte_by_byte() -> None:
    acts = acts_of("dribble")
    assert sent(acts) == [bytes([byte]) for byte in FRAME]
    assert acts is not None
    assert acts.count(Wait(0.001)) == len(FRAME) - 1


def test_a_wrong_checksum_is_the_only_thing_that_is_wrong() -> None:
    for seed in range(20):
        ((data,),) = (sent(meet(Faults([Fault("wrong_checksum")], seed).for_connection())),)
        assert data[:-2] == FRAME[:-2]
        problems = decode(data, "feedback", strict=False).problems
        assert [problem.kind for problem in problems] == ["checksum"]


def test_a_wrong_length_is_the_only_thing_that_is_wrong() -> None:
    (data,) = sent(acts_of("wrong_length"))
    length = struct.unpack_from("<I", data, 8)[0]
    assert length == len(FRAME) - 12
    assert (data[:8], data[12:-2]) == (FRAME[:8], FRAME[12:-2])
    assert struct.unpack("<H", data[-2:])[0] == checksum(data[:-2])
    (problem,) = decode(data, "feedback", strict=False).problems
    assert problem.kind == "length"


def test_a_truncated_frame_can_be_a_whole_one_of_a_shorter_body() -> None:
    (data,) = sent(acts_of("truncated", by=4, repaired=True))
    assert len(data) == len(FRAME) - 4
    assert data[12:-2] == FRAME[12:-6]
    decoded = decode(data, "feedback", strict=False)
    assert decoded.header.problems == []
    assert {problem.kind for problem in decoded.problems} == {"truncated"}
    # However much is taken away, a frame with no body at all is left.
    (data,) = sent(acts_of("truncated", by=10_000, repaired=True))
    assert len(data) == 22
    assert decode(data, "feedback", strict=False).header.problems == []


def test_where_chance_cuts_something_is_missing_and_something_there() -> None:
    lengths = {len(sent(meet(Faults([Fault("truncated")], s).for_connection()))[0]) for s in range(30)}
    assert all(1 <= length < len(FRAME) for length in lengths)
    assert len(lengths) > 5


@pytest.mark.parametrize(
    ("kind", "garbage"), [("garbage_before", slice(0, 12)), ("garbage_after", slice(-12, None))]
)
def test_garbage_that_chance_makes_is_no_token(kind: str, garbage: slice) -> None:
    (data,) = sent(acts_of(kind, size=12))
    assert len(data) == len(FRAME) + 12
    assert FRAME in data
    assert 0xDD not in data[garbage]


def test_reorder_always_makes_another_order() -> None:
    orders = set()
    for seed in range(20):
        faults = Faults([Fault("reorder")], seed).for_connection()
        orders.add(tuple(sent(meet(faults, STOP_ALL, THREE))))
    assert (A, B, C) not in orders
    assert all(sorted(order) == sorted(THREE) for order in orders)
    assert len(orders) > 2


def test_one_feedback_has_no_order() -> None:
    faults = Faults()
    rule = faults.add("reorder", count=1)
    there = faults.for_connection()
    assert meet(there) is None
    assert not there.applied
    # It has not happened, so it is still to come.
    assert faults.happened(rule) == 0
    assert meet(there, STOP_ALL, THREE) is not None
    assert list(there.applied) == ["reorder"]


def test_merge_holds_an_answer_back_until_the_next_one() -> None:
    there = Faults([Fault("merge")]).for_connection()
    assert meet(there) == []
    assert list(there.applied) == ["merge"]
    assert not there.idle
    assert meet(there, STOP_ALL, THREE) == [Send(FRAME + A + B + C)]
    assert not there.applied
    assert meet(there) == []


def test_what_was_held_back_comes_even_if_the_fault_has_gone() -> None:
    faults = Faults([merge := Fault("merge")])
    there = faults.for_connection()
    assert meet(there) == []
    faults.remove(merge)
    assert not there.idle
    assert meet(there, STOP_ALL, [A]) == [Send(FRAME + A)]
    assert there.idle


def test_an_answer_comes_behind_the_next_one() -> None:
    there = Faults([Fault("reorder", next=True)]).for_connection()
    assert meet(there) == []
    assert meet(there, STOP_ALL, [A]) == [Send(A), Send(FRAME)]


def test_a_silent_connection_is_silent_for_ever() -> None:
    faults = Faults([Fault("silent", count=1)])
    there, other = faults.for_connection("a"), faults.for_connection("b")
    assert meet(there) == []
    faults.clear()
    assert not there.idle
    assert meet(there, STOP_ALL, THREE) == []
    assert list(there.applied) == ["silent"]
    assert other.idle
    assert meet(other) is None


def test_faults_act_one_after_the_other_in_the_order_in_which_they_stand() -> None:
    faults = [Fault("duplicate"), Fault("garbage_after", data="00"), Fault("delay", seconds=1.0)]
    there = Faults(faults).for_connection()
    assert meet(there) == [Wait(1.0), Send(FRAME + b"\0"), Send(FRAME + b"\0")]
    assert list(there.applied) == ["duplicate", "garbage_after", "delay"]
    there = Faults([faults[1], faults[0]]).for_connection()
    assert meet(there) == [Send(FRAME + b"\0")] * 2
    there = Faults([Fault("truncated", by=5), Fault("slow_close", seconds=0)]).for_connection()
    assert meet(there) == [Send(FRAME[:-5]), Wait(0), End()]


# --- other answers ----------------------------------------------------------------------------------


def replaced(kind: str, request: Message, device: Device) -> Sequence[Any] | None:
    return Faults([Fault(kind)]).for_connection().replace(request, device, 5)


def test_unknown_command() -> None:
    (feedback,) = replaced("unknown_command", ASK, Device(channels=2)) or ()
    assert feedback == UnknownCommandFeedback(command=GetSerialNumber.spec.code, extended_command=5)


def test_busy_has_the_result_that_the_enumeration_has_for_it() -> None:
    start = StartSchedule(test_name="a", channel_indices=[1, 0])
    assert replaced("busy", start, Device(channels=2)) == [
        StartScheduleFeedback(channel_index=1, result=StartResult.ERROR),
        StartScheduleFeedback(channel_index=0, result=StartResult.ERROR),
    ]
    stops = replaced("busy", STOP_ALL, Device(channels=2))
    assert stops == [StopScheduleFeedback(channel_index=i, result=StopResult.ERROR) for i in range(2)]
    assert replaced("busy", Login(username="a", password="b"), Device()) is None


def test_busy_is_told_channel_by_channel_where_the_answer_has_a_list() -> None:
    request = AssignFile(
        channel_count=2, file_name="x.sdx", for_all_channels=0, file_type=0, channel_indices=[3, 1]
    )
    (feedback,) = replaced("busy", request, Device()) or ()
    told = [(one.channel_index, one.result) for one in feedback.channel_results]
    assert told == [(3, AssignFileResult.ERROR), (1, AssignFileResult.ERROR)]


def test_every_busy_answer_can_be_sent() -> None:
    device, refused = Device(channels=2), set()
    for request in registry():
        if request.spec.direction == "request":
            feedbacks = replaced("busy", default(request), device)
            if feedbacks is not None:
                refused.add(request.spec.name)
                for feedback in feedbacks:
                    assert decode(encode(feedback), "feedback") == feedback
    assert {"start_schedule", "stop_schedule", "assign_schedule", "jump_channel"} <= refused
    assert "login" not in refused
    assert "get_channels_info" not in refused


def test_busy_for_all_channels_names_them_all() -> None:
    request = default(UpdateParameters, for_all_channels=1)
    (feedback,) = replaced("busy", request, Device(channels=2)) or ()
    assert feedback.result.label == "error"
    assert feedback.channel_count == 2
    assert [one.channel_index for one in feedback.channel_results] == [0, 1]
    assert decode(encode(feedback), "feedback") == feedback


# --- what happens to channels -----------------------------------------------------------------------


@pytest.fixture
def device() -> Device:
    """Three channels, of which the first two run a test."""
    device = Device(channels=3, clock=Clock())
    for index in range(2):
        device.assign(index, "x.sdx")
    assert [result.label for result in device.start([0, 1], "test")] == ["success", "success"]
    return device


def statuses(device: Device) -> list[str]:
    return [reading.status.label for reading in device.readings()]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("unsafe", ChannelStatus.UNSAFE), ("test_ends", ChannelStatus.FINISHED), ("pause", ChannelStatus.PAUSE)],
)
def test_what_happens_to_the_channel_of_the_request(device: Device, kind: str, shown: ChannelStatus) -> None:
    before = statuses(device)
    there = Faults([Fault(kind)]).for_connection()
    assert there.replace(StopSchedule(channel_index=1), device) is None
    assert list(there.applied) == [kind]
    assert statuses(device) == [before[0], shown.label, before[2]]
    # The names are kept until the answer was sent, for the journal.
    assert there.disturb(ASK, [FRAME]) is None
    assert list(there.applied) == [kind]


def test_a_channel_that_cannot_be_reached(device: Device) -> None:
    Faults([Fault("comm_failure", channel=3)]).for_connection().replace(STOP_ALL, device)
    assert [reading.comm_failure for reading in device.readings()] == [0, 0, 1]


def test_a_request_about_no_channel_strikes_one_by_chance(device: Device) -> None:
    struck = set()
    for seed in range(20):
        device = Device(channels=3)
        Faults([Fault("unsafe")], seed).for_connection().replace(ASK, device)
        (index,) = [i for i, status in enumerate(statuses(device)) if status == "unsafe"]
        struck.add(index)
    assert struck == {0, 1, 2}


def test_a_channel_that_there_is_not_is_left_alone(device: Device) -> None:
    faults = Faults()
    fault = faults.add("unsafe")
    there = faults.for_connection()
    assert there.replace(StopSchedule(channel_index=4000), Device(channels=1)) is None
    assert faults.happened(fault) in (0, 1)
    assert faults.add("unsafe", channel=9) in faults
    assert there.replace(StopSchedule(channel_index=0), Device(channels=1)) is None
    assert list(there.applied) == ["unsafe"]


# --- when -------------------------------------------------------------------------------------------


def times(condition: Callable[[ConnectionFaults], object], faults: Faults, count: int = 10) -> list[int]:
    """Return at which of several requests something happens."""
    there = faults.for_connection()
    return [number for number in range(count) if condition(there)]


def test_by_command() -> None:
    there = Faults([Fault("drop", command="get_serial_number")]).for_connection()
    assert meet(there, STOP_ALL, THREE) is None
    assert meet(there) == []


def test_after_and_count() -> None:
    assert times(meet_any, Faults([Fault("drop", after=3, count=2)])) == [3, 4]
    assert times(meet_any, Faults([Fault("drop", count=0)])) == []


def meet_any(there: ConnectionFaults) -> bool:
    return meet(there) is not None


def test_probability_is_seeded() -> None:
    def run(seed: int) -> list[int]:
        return times(meet_any, Faults([Fault("drop", probability=0.3)], seed), 200)

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 < len(run(1)) < 90
    assert times(meet_any, Faults([Fault("drop", probability=0.0)])) == []


def test_another_rule_does_not_change_what_chance_makes_of_one() -> None:
    rare = Fault("drop", probability=0.3)
    alone = times(meet_any, Faults([rare]), 100)
    beside = Faults([rare, Fault("delay", command="login", probability=0.5)])
    assert times(meet_any, beside, 100) == alone


def test_until() -> None:
    there = Faults([Fault("drop", until_s=60.0)]).for_connection()
    assert meet(there, now=59.9) == []
    assert meet(there, now=60.0) is None


def test_the_count_is_that_of_all_connections() -> None:
    faults = Faults([Fault("drop", count=1)])
    first, second = faults.for_connection(), faults.for_connection()
    assert meet(first) == []
    assert meet(second) is None


def test_by_channel_of_the_request() -> None:
    there = Faults([Fault("drop", channel=2)]).for_connection()
    assert meet(there) is None  # about no channel
    assert meet(there, StopSchedule(channel_index=0), [A]) is None
    assert meet(there, StopSchedule(channel_index=1), [B]) == []
    assert meet(there, StartSchedule(test_name="a", channel_indices=[0, 1]), [A]) == []


def test_of_several_feedbacks_those_about_the_channel() -> None:
    there = Faults([Fault("wrong_checksum", channel=2)]).for_connection()
    acts = meet(there, STOP_ALL, THREE, STOPS)
    assert acts is not None
    assert [acts[0], acts[2]] == [Send(A), Send(C)]
    assert acts[1] != Send(B)
    there = Faults([Fault("stale", channel=3, seconds=5.0)]).for_connection()
    assert meet(there, STOP_ALL, THREE, STOPS) == [Send(A), Send(B), Later(5.0, C)]


def test_faults_come_and_go_while_a_connection_is_open() -> None:
    faults = Faults()
    there = faults.for_connection()
    assert there.idle
    assert not faults
    drop = faults.add("drop")
    assert not there.idle
    assert (list(faults), len(faults)) == ([drop], 1)
    assert meet(there) == []
    assert faults.happened(drop) == 1
    faults.remove(drop)
    assert there.idle
    assert meet(there) is None
    assert faults.happened(drop) == 0
    with pytest.raises(ValueError, match=r"Fault\('drop'\) is not there"):
        faults.remove(drop)


# --- a fault is data ----------------------------------------------------------------------------------


def test_a_fault_says_what_it_is_and_does_not_change() -> None:
    fault = Fault("delay", seconds=2.5, command="login", probability=0.5)
    assert repr(fault) == "Fault('delay', command='login', probability=0.5, seconds=2.5)"
    assert dict(fault.values) == {"seconds": 2.5}
    assert (fault.channel, fault.count, fault.after, fault.until_s) == (None, None, 0, None)
    with pytest.raises(AttributeError):
        fault.command = "any"  # type: ignore[misc]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "dealy"}, "kind: unknown kind 'dealy'; did you mean 'delay'? allowed are delay, jitter, "),
    ({"kind": "delay", "second": 1},
     "second: unknown key 'second'; did you mean 'seconds'? allowed are kind, "),
    ({"kind": "delay", "seconds": -1}, "seconds: -1 is not a number from 0 to 86400 (s)"),
    ({"kind": "delay", "seconds": True}, "seconds: True is not a number from 0 to 86400 (s)"),
    ({"kind": "delay", "seconds": float("nan")}, "seconds: nan is not a number from 0 to 86400 (s)"),
    ({"kind": "drop", "command": "start_schedul"},
     "command: unknown request 'start_schedul'; did you mean 'start_schedule'? allowed are 'any' and "),
    ({"kind": "drop", "command": "login_feedback"},
     "command: 'login_feedback' is a feedback; allowed are 'any' and "),
    ({"kind": "drop", "channel": 0}, "channel: 0 is not a whole number not below 1"),
    ({"kind": "drop", "channel": 1.5}, "channel: 1.5 is not a whole number not below 1"),
    ({"kind": "drop", "probability": 1.1}, "probability: 1.1 is not a number from 0 to 1"),
    ({"kind": "drop", "seconds": 1}, "seconds: unknown key 'seconds'; allowed are kind, command, "),
    ({"kind": "split", "sizes": []}, "sizes: [] is not a list of whole numbers above zero (bytes)"),
    ({"kind": "split", "sizes": [3, 0]}, "sizes: [3, 0] is not a list of whole numbers above zero (bytes)"),
    ({"kind": "garbage_after", "data": "0g"}, "data: '0g' is not bytes as a hex text"),
    ({"kind": 5}, "kind: 5 is not one of delay, jitter, "),
]  # fmt: skip


@pytest.mark.parametrize(("table", "text"), WRONG)
def test_a_wrong_fault_is_named(table: dict[str, Any], text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Fault(**table)
    assert str(caught.value).startswith(text)
    with pytest.raises(ScenarioError):
        Faults().add(**table)


def test_the_kinds_are_those_of_the_table_and_each_has_words() -> None:
    assert {*WIRE, *ANSWERS, *DEVICE} == set(KINDS)
    assert len(KINDS) == len(WIRE) + len(ANSWERS) + len(DEVICE)
    when = {key.name for key in KEYS}
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.doc.endswith(".")
        assert not when & {key.name for key in kind.keys}
        assert all(key.doc for key in kind.keys)


def test_any_mixture_of_faults_only_ever_makes_acts() -> None:
    """A thousand answers with everything that can go wrong at a time: nothing fails, nothing is stuck."""
    chance = random.Random(5)
    names = [name for name in WIRE if name != "silent"]
    for seed in range(200):
        some = [Fault(chance.choice(names), probability=0.7) for _ in range(4)]
        there = Faults(some, seed).for_connection()
        for _ in range(5):
            acts = meet(there, STOP_ALL, THREE, STOPS)
            assert acts is None or all(isinstance(act, (Send, Wait, Later, End)) for act in acts)
        assert len(there.held) <= 1
