"""Answers in a prepared frame: always the bytes that encoding them gives."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema import decode, encode
from cti_schema.derive.defaults import default
from cti_schema.enums import AuxGroup, GetChannelType, NeedType
from cti_schema.errors import EncodeError
from cti_schema.message import Message
from cti_schema.messages.assign_file import AssignFileKind
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.get_channels_info_simple import GetChannelsInfoSimple
from cti_schema.messages.get_channels_info_vls import GetChannelsInfoVls
from spoofer import Connection, Device, Journal
from spoofer.personality import PERSONALITIES
from spoofer.replies import Session, answer, unknown_command
from spoofer.serving import patching
from spoofer.serving.patching import Patches, Shown
from tests.spoofer.helpers import Clock

#: What is asked for besides: auxiliaries; these and the values from the buses.
AUX, EVERYTHING = NeedType(0x400), NeedType(0x700)
REQUESTS: list[Message] = [
    *(GetChannelsInfo(channel_index=index, aux_options=AUX) for index in (-1, 0, 3)),
    GetChannelsInfo(channel_index=-1, aux_options=EVERYTHING),
    GetChannelsInfo(channel_index=-1, channel_selection=GetChannelType.RUNNING),
    GetChannelsInfoVls(channel_index=-1, aux_options=EVERYTHING),
    GetChannelsInfoVls(channel_index=1),
    GetChannelsInfoSimple(channel_index=-1),
    GetChannelsInfoSimple(channel_index=2),
]


def encoded(device: Device, request: Message) -> bytes:
    """Return the answer as it is without anything prepared."""
    try:
        return b"".join([encode(feedback) for feedback in answer(device, Session(), request)])
    except EncodeError:
        return encode(unknown_command(request))


@pytest.fixture(name="written")
def written_fixture(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Prepare frames at once; returns the frames that were written so."""
    monkeypatch.setattr(patching, "WORTH", 1)
    written: list[bytes] = []
    frame = Patches.frame

    def kept(self: Patches, request: bytes, shown: Shown) -> bytes | None:
        found = frame(self, request, shown)
        written.extend([] if found is None else [found])
        return found

    monkeypatch.setattr(Patches, "frame", kept)
    return written


def running(personality: str = "pro8", channels: int = 4, **more: Any) -> tuple[Clock, Device]:
    clock = Clock()
    device = Device(channels=channels, personality=personality, clock=clock, **more)
    for index in range(channels - 1):
        device.assign(index, "any")
    device.start(range(channels - 1), "a test")
    return clock, device


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_every_personality(personality: str, written: list[bytes]) -> None:
    clock, device = running(
        personality, parallel=[[1, 2]], aux={AuxGroup.T: 2, AuxGroup.AUX_V: 1, AuxGroup.DO: 1}
    )
    connection = Connection(device)
    for seconds in (0.0, 0.5, 1.0, 0.25):
        clock.now += seconds
        for request in REQUESTS:
            assert connection.receive(encode(request)) == encoded(device, request)
    assert len(written) >= 2 * len(REQUESTS)


changes = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([0.001, 0.02, 1.0, 59.0, 4000.0])),
    st.tuples(
        st.just("override"),
        st.integers(0, 3),
        st.sampled_from(["voltage_v", "test_time_s", "temperature_degc"]),
        st.one_of(st.none(), st.integers(-5, 5), st.floats(width=32), st.sampled_from([1e300, -1e39])),
    ),
    st.tuples(st.sampled_from(["trip", "lose", "stop", "can", "rename"]), st.integers(0, 3)),
)  # fmt: skip


@given(
    st.sampled_from(sorted(PERSONALITIES)),
    st.lists(changes, max_size=12),
    st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3),
)
@settings(max_examples=25, deadline=None)
def test_whatever_happens_to_the_device(
    personality: str, happens: list[tuple[Any, ...]], asked: list[Message]
) -> None:
    clock, device = running(personality, speed=10.0)
    connection = Connection(device)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patching, "WORTH", 1)
        for what, *how in [("wait", 0.02), ("wait", 0.02), *happens]:
            match what:
                case "wait":
                    clock.now += how[0]
                case "override":
                    device.override(*how)
                case "trip":
                    device.trip(how[0])
                case "lose":
                    device.lose(how[0])
                case "stop":
                    device.stop(how[0])
                case "can":
                    channel = device.channel(how[0])
                    assert channel is not None
                    channel.files[AssignFileKind.CANBMS] = "signals.can"
                    device.changed()
                case "rename":
                    channel = device.channel(how[0])
                    assert channel is not None
                    channel.barcode = f"一{clock.now}"
            for request in asked:
                assert connection.receive(encode(request)) == encoded(device, request)


def test_a_frame_is_prepared_when_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, device = running()
    request = encode(GetChannelsInfo(channel_index=0))
    encodes: list[Message] = []

    def counted(message: Message) -> bytes:
        encodes.append(message)
        return encode(message)

    monkeypatch.setattr("spoofer.connection.encode", counted)
    connection = Connection(device)
    answers = []
    for _ in range(patching.WORTH + 10):
        clock.now += 0.02
        answers.append(connection.receive(request))
    assert len(encodes) == patching.WORTH
    times = [decode(one).channels[0].test_time_s for one in answers]  # type: ignore[attr-defined]
    assert all(before < after for before, after in pairwise(times))


def test_the_journal_has_them(written: list[bytes]) -> None:
    journal = Journal()
    clock, device = running()
    connection = Connection(device, journal=journal)
    request = encode(GetChannelsInfo(channel_index=0))
    answers = []
    for _ in range(5):
        clock.now += 0.02
        answers += [connection.receive(request), connection.receive(request)]
    assert written
    told = [encode(entry.message) for entry in journal.entries("feedback") if entry.message]
    assert told == answers


def test_what_is_prepared_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patching, "WORTH", 1)
    patches = Patches()

    def shown(count: int, value: float) -> Shown:
        def make() -> GetChannelsInfoFeedback:
            return GetChannelsInfoFeedback(channels=[default(Channel, channel_index=0)] * count)

        paths = [f"channels[{index}].voltage_v" for index in range(count)]
        return Shown(make, count, [value] * count, lambda: paths)

    for number in range(600):
        patches.frame(number.to_bytes(2, "big"), shown(1, 0.0))
    assert len(patches._watched) == 512
    monkeypatch.setattr(patching, "_MOST_PREPARED", 100)
    for number in range(60):
        request = number.to_bytes(2, "big")
        patches.frame(request, shown(3, 1.0))
        assert patches.frame(request, shown(3, 2.0)) is not None
        assert sum(watched.size for watched in patches._watched.values()) == patches._prepared <= 100
    large = patching.MOST_VALUES + 1
    assert [patches.frame(b"large", shown(large, 0.0)) for _ in range(3)] == [None] * 3
