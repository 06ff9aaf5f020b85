"""The verdicts: what was sent and what came back in, what is wrong with the server out."""

from __future__ import annotations

import pytest

from cti_schema import Message, encode
from cti_schema.derive.defaults import default
from cti_schema.messages.get_channels_info import Channel, GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback, GetSerialResult
from cti_schema.messages.get_server_software_version import (
    GetServerSoftwareVersion,
    GetServerSoftwareVersionFeedback,
)
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.wire.buffer import FrameBuffer
from spoofer.fuzz.case import Expect, Part
from spoofer.fuzz.failure import Kind
from spoofer.fuzz.oracle import Heard, judge
from spoofer.fuzz.stale import Traffic, stale

SERIAL = default(GetSerialNumber)
SERIAL_ANSWER = default(GetSerialNumberFeedback, serial_number=7)
VERSION = default(GetServerSoftwareVersion)
VERSION_ANSWER = default(GetServerSoftwareVersionFeedback)


def part(message: Message, expect: Expect = Expect.ANSWER) -> Part:
    return Part(encode(message), expect, message)


def verdict(parts: list[Part], answers: list[Message], *, ended: str = "", late: bool = False) -> Kind | None:
    data = b"".join(map(encode, answers))
    failure = judge(parts, Heard(data, ended, fence=True, late=late), 16)
    return None if failure is None else failure.kind


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([SERIAL_ANSWER, VERSION_ANSWER], None),
        ([default(UnknownCommandFeedback, command=GetSerialNumber.spec.code), VERSION_ANSWER], None),
        ([VERSION_ANSWER], Kind.MISSING),
        ([SERIAL_ANSWER, SERIAL_ANSWER, VERSION_ANSWER], Kind.TWICE),
        ([SERIAL_ANSWER, default(StopScheduleFeedback), VERSION_ANSWER], Kind.WRONG),
        ([default(UnknownCommandFeedback, command=1), VERSION_ANSWER], Kind.MISSING),
    ],
)
def test_one_request_gets_one_answer(answers: list[Message], kind: Kind | None) -> None:
    assert verdict([part(SERIAL), part(VERSION)], answers) == kind


def test_an_answer_for_another_channel() -> None:
    parts = [part(default(StopSchedule, channel_index=3)), part(VERSION)]
    assert verdict(parts, [default(StopScheduleFeedback, channel_index=3), VERSION_ANSWER]) is None
    assert verdict(parts, [default(StopScheduleFeedback, channel_index=2), VERSION_ANSWER]) is Kind.WRONG


def test_a_read_names_other_channels_than_those_asked_for() -> None:
    parts = [part(default(GetChannelsInfo, channel_index=3)), part(VERSION)]

    def read(*indices: int) -> Message:
        return GetChannelsInfoFeedback(channels=[default(Channel, channel_index=index) for index in indices])

    assert verdict(parts, [read(3), VERSION_ANSWER]) is None
    assert verdict(parts, [read(2), VERSION_ANSWER]) is Kind.WRONG
    assert verdict(parts, [read(*range(16)), VERSION_ANSWER]) is None  # some cyclers answer so


def test_every_channel_listed_is_answered() -> None:
    parts = [part(StartSchedule(test_name="a", channel_indices=[1, 2])), part(VERSION)]
    answers = [default(StartScheduleFeedback, channel_index=index) for index in (1, 2)]
    assert verdict(parts, [*answers, VERSION_ANSWER]) is None
    assert verdict(parts, [answers[0], VERSION_ANSWER]) is Kind.MISSING
    assert verdict(parts, [default(StartScheduleFeedback, channel_index=-1), VERSION_ANSWER]) is None


def test_what_must_be_refused_must_not_succeed() -> None:
    parts = [part(SERIAL, Expect.REFUSAL), part(VERSION)]
    refused = default(GetSerialNumberFeedback, result=GetSerialResult.ERROR)
    unknown = default(UnknownCommandFeedback, command=GetSerialNumber.spec.code)
    assert verdict(parts, [VERSION_ANSWER]) is None
    assert verdict(parts, [refused, VERSION_ANSWER]) is None
    assert verdict(parts, [unknown, VERSION_ANSWER]) is None
    assert verdict(parts, [], ended="closed") is None
    assert verdict(parts, [SERIAL_ANSWER, VERSION_ANSWER]) is Kind.ACCEPTED


def test_a_refused_request_does_not_take_the_answer_of_the_next_one() -> None:
    parts = [part(SERIAL, Expect.REFUSAL), part(SERIAL), part(VERSION)]
    assert verdict(parts, [SERIAL_ANSWER, VERSION_ANSWER]) is None
    assert verdict(parts, [SERIAL_ANSWER, SERIAL_ANSWER, VERSION_ANSWER]) is Kind.ACCEPTED


def test_the_end_of_a_connection_excuses_what_is_behind_something_bad() -> None:
    assert verdict([part(SERIAL), part(VERSION)], [], ended="closed") is Kind.MISSING
    parts = [part(SERIAL), Part(b"?", Expect.REFUSAL), part(VERSION)]
    assert verdict(parts, [SERIAL_ANSWER], ended="closed") is None
    assert verdict(parts, [], ended="closed") is Kind.MISSING
    assert verdict(parts, [], ended="reset") is None  # a reset throws unread answers away


def test_silence_is_a_hang() -> None:
    assert verdict([part(SERIAL), part(VERSION)], [], late=True) is Kind.HANG


def test_answers_that_are_no_sound_frames() -> None:
    good = encode(SERIAL_ANSWER)
    bad = good[:-1] + bytes([good[-1] ^ 1])
    for data in (bad + encode(VERSION_ANSWER), b"??" + good + encode(VERSION_ANSWER), good + b"\xdd\xdd"):
        failure = judge([part(SERIAL), part(VERSION)], Heard(data, fence=True), 16)
        assert failure is not None
        assert failure.kind is Kind.MALFORMED


def test_many_answers_are_laid_beside_many_requests_quickly() -> None:
    listed = list(range(16)) * 200
    parts = [part(StartSchedule(test_name="a", channel_indices=listed)), part(VERSION)]
    answers: list[Message] = [default(StartScheduleFeedback, channel_index=index) for index in listed]
    assert verdict(parts, [*answers, VERSION_ANSWER]) is None


def test_bytes_of_earlier_traffic_in_unused_places() -> None:
    clean = encode(SERIAL_ANSWER)
    answer = bytearray(clean)
    secret = b"a text of somebody"
    answer[40 : 40 + len(secret)] = secret
    frame = bytes(answer[:-2]) + (sum(answer[:-2]) & 0xFFFF).to_bytes(2, "little")
    frames = FrameBuffer("feedback").feed(frame)
    earlier = Traffic()
    assert stale(frames, [], earlier) is None  # nobody sent it
    earlier.add([b"1234" + secret + b"5678"], answers=False)
    failure = stale(frames, [], earlier)
    assert failure is not None
    assert failure.kind is Kind.STALE
    assert "get_serial_number_feedback.reserved" in failure.explanation
    assert stale(FrameBuffer("feedback").feed(clean), [], earlier) is None
    # A server that repeats the request's own bytes, or always fills a place so, keeps nothing.
    assert stale(frames, [Part(b"12" + secret, Expect.ANSWER, SERIAL)], earlier) is None
    other = stale(frames, [Part(b"12" + secret, Expect.ANSWER, VERSION)], Traffic())
    assert other is not None
    same_place = Traffic()
    same_place.add([frame], answers=True)
    assert stale(frames, [], same_place) is None
