"""One connection in memory: bytes in, bytes out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema import Direction, Message, Problem, decode, encode
from cti_schema.derive.defaults import default, default_reply
from cti_schema.enums import GetChannelType, LoginResult, StartResult
from cti_schema.errors import DeclarationError, EncodeError
from cti_schema.message import Request
from cti_schema.messages.connect import Connect, ConnectFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo, GetChannelsInfoFeedback
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback, GetSerialResult
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable
from cti_schema.messages.start_schedule import StartSchedule
from cti_schema.messages.start_schedule_vls import StartScheduleVls
from cti_schema.messages.stop_schedule import StopSchedule
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.registry import registry
from cti_schema.wire.frame import build_frame
from spoofer import Connection, Device, Session, reply_to
from spoofer.behaviour.numbers import signed
from spoofer.replies import _BEHAVIOURS, refined
from tests.effort import times
from tests.spoofer.helpers import CHANNEL_INFO, Clock, ask, frames, logged_in, messages, one, vectors

REQUESTS = [message for message in registry() if message.spec.direction is Direction.REQUEST]


@pytest.fixture
def connection() -> Connection:
    return Connection(Device(clock=Clock()))


def channel_info(index: int) -> bytes:
    return encode(GetChannelsInfo(channel_index=index))


def test_the_recorded_channel_request(connection: Connection) -> None:
    (feedback,) = messages(connection.receive(CHANNEL_INFO))
    assert isinstance(feedback, GetChannelsInfoFeedback)
    assert [channel.channel_index for channel in feedback.channels] == [13]


def test_a_feedback_byte_by_byte(connection: Connection) -> None:
    # Length: the whole frame. Code of the feedback. Index 3, result 18, 101 reserved bytes, checksum.
    logged = logged_in(Device(clock=Clock()))
    reply = logged.receive(encode(StopSchedule(channel_index=3)))
    head = bytes.fromhex("dddddddddddddd11 80000000 010013bb 00000000 03000000 12")
    assert reply == head + bytes(101) + (sum(head) % 65536).to_bytes(2, "little")


def test_four_requests_in_one_piece_get_four_answers_in_order(connection: Connection) -> None:
    data = channel_info(2) + encode(GetSerialNumber()) + encode(Connect(set_kick_out=1)) + channel_info(5)
    first, second, third, fourth = messages(connection.receive(data))
    assert isinstance(first, GetChannelsInfoFeedback)
    assert first.channels[0].channel_index == 2
    assert isinstance(second, GetSerialNumberFeedback)
    assert second.serial_number == 100001
    assert isinstance(third, ConnectFeedback)
    assert (third.set_kick_out, third.connect_result) == (1, 0)
    assert isinstance(fourth, GetChannelsInfoFeedback)
    assert fourth.channels[0].channel_index == 5


@pytest.mark.parametrize("cut", range(1, len(CHANNEL_INFO)))
def test_a_request_split_anywhere(cut: int) -> None:
    whole = Connection(Device(clock=Clock())).receive(CHANNEL_INFO)
    assert len(messages(whole)) == 1
    split = Connection(Device(clock=Clock()))
    assert split.receive(CHANNEL_INFO[:cut]) == b""
    assert split.receive(CHANNEL_INFO[cut:]) == whole


def test_byte_by_byte(connection: Connection) -> None:
    answers = [connection.receive(bytes([byte])) for byte in CHANNEL_INFO * 2]
    assert [bool(one) for one in answers].count(True) == 2
    assert answers[len(CHANNEL_INFO) - 1] == answers[-1] != b""


@pytest.mark.parametrize("garbage", [b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\xdd" * 5, b"\xdd" * 40, bytes(100)])
def test_garbage_in_front_of_a_request(connection: Connection, garbage: bytes) -> None:
    (feedback,) = messages(connection.receive(garbage + CHANNEL_INFO))
    assert isinstance(feedback, GetChannelsInfoFeedback)


def test_a_wrong_checksum_is_dropped_and_the_next_frame_answered(connection: Connection) -> None:
    bad = CHANNEL_INFO[:-1] + bytes([CHANNEL_INFO[-1] ^ 1])
    (feedback,) = messages(connection.receive(bad + channel_info(4)))
    assert isinstance(feedback, GetChannelsInfoFeedback)
    assert feedback.channels[0].channel_index == 4
    assert (connection.received, connection.dropped) == (2, 1)


def test_a_request_with_a_length_counted_as_in_a_feedback_is_dropped(connection: Connection) -> None:
    body = encode(GetSerialNumber())[20:-2]
    bad = build_frame(GetSerialNumber.spec.code, body, Direction.FEEDBACK)
    assert connection.receive(bad + channel_info(1)) == connection.receive(channel_info(1))
    assert connection.dropped == 1


def test_surplus_bytes_are_accepted(connection: Connection) -> None:
    body = encode(GetSerialNumber())[20:-2]
    plain = connection.receive(encode(GetSerialNumber()))
    for surplus in (bytes(148), b"x"):
        frame = build_frame(GetSerialNumber.spec.code, body + surplus, Direction.REQUEST)
        assert connection.receive(frame) == plain


def test_an_unknown_code(connection: Connection) -> None:
    frame = build_frame(0x12345678, b"abc", Direction.REQUEST, 7)
    (feedback,) = messages(connection.receive(frame))
    assert feedback == UnknownCommandFeedback(command=0x12345678, extended_command=7)
    reply = connection.receive(frame)
    head = bytes.fromhex("dddddddddddddd11 9e000000 111111bb 00000000 78563412 07000000")
    assert reply == head + bytes(128) + (sum(head) % 65536).to_bytes(2, "little")


def test_a_feedback_sent_as_a_request_is_an_unknown_command(connection: Connection) -> None:
    code = LoginFeedback.spec.code
    (feedback,) = messages(connection.receive(build_frame(code, bytes(100), Direction.REQUEST)))
    assert feedback == UnknownCommandFeedback(command=code, extended_command=0)


@pytest.mark.parametrize("request_class", [StartSchedule, StopSchedule, Login, GetChannelsInfo])
def test_a_cut_body_is_not_carried_out(request_class: type[Request[Any]]) -> None:
    device = Device(clock=Clock())
    connection = logged_in(device)
    code = request_class.spec.code
    (feedback,) = messages(connection.receive(build_frame(code, b"\1", Direction.REQUEST)))
    assert feedback == UnknownCommandFeedback(command=code, extended_command=0)


def test_a_channel_list_shorter_than_its_count_starts_nothing() -> None:
    device = Device(clock=Clock())
    connection = logged_in(device)
    device.assign(0, "any")
    body = encode(StartSchedule(test_name="a", channel_indices=[0]))[20:-2]
    body = body[:144] + (3).to_bytes(4, "little") + body[148:]
    (feedback,) = messages(connection.receive(build_frame(0xBB320004, body, Direction.REQUEST)))
    assert feedback == UnknownCommandFeedback(command=0xBB320004, extended_command=0)
    assert device.start([0], "a") == [StartResult.SUCCESS]


# --- every request of the registry ---------------------------------------------------------------


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda one: one.spec.name)
def test_every_request_is_answered(request_class: type[Request[Any]]) -> None:
    connection = logged_in(Device(channels=3, clock=Clock()))
    request = default(request_class)
    replies = ask(connection, request)
    spec = request_class.spec
    assert replies
    if request_class in _BEHAVIOURS:
        assert all(type(reply) in spec.feedbacks for reply in replies)
    elif not spec.feedbacks:
        assert replies == [UnknownCommandFeedback(command=spec.code, extended_command=0)]
    else:
        assert replies == default_reply(request, channel_count=3)


def test_recorded_requests_are_answered() -> None:
    """Every recorded request is understood, and answered with the code that the facts name."""
    for vector in [*vectors("requests.json"), *vectors("modern.json")]:
        if vector["direction"] != "request" or vector.get("kind", "wellformed") != "wellformed":
            continue
        connection = logged_in(Device(clock=Clock()))
        frame = bytes.fromhex(vector["hex"])
        request = decode(frame, "request")
        replies = messages(connection.receive(frame))
        assert connection.dropped == 0
        assert replies, vector["id"]
        if type(request) in _BEHAVIOURS:
            assert {type(reply) for reply in replies} <= set(request.spec.feedbacks), vector["id"]
        for reply in replies:
            assert not isinstance(reply, UnknownCommandFeedback) or not request.spec.feedbacks, vector["id"]


def test_answers_that_an_echo_does_not_fit_in_are_unknown_commands(connection: Connection) -> None:
    for request_class in REQUESTS:
        values = {}
        for kind in request_class.spec.values:
            if kind.name in request_class.spec.echo.values() and isinstance(
                getattr(default(request_class), kind.name), int
            ):
                values[kind.name] = 2**32 - 1
        try:
            frame = encode(default(request_class, **values))
        except EncodeError:
            continue  # the field itself is too small for that value
        assert messages(connection.receive(frame))


def test_a_behaviour_is_registered_once() -> None:
    with pytest.raises(DeclarationError, match="login is answered by a behaviour already"):

        @reply_to(Login)
        def again(device: Device, session: Session, request: Login) -> list[Any]:
            return []


def test_refined_takes_the_fields_that_both_have() -> None:
    class Values:
        serial_number = 5
        other = 6

    feedback = refined(GetSerialNumberFeedback, Values(), result=GetSerialResult.ERROR)
    assert feedback == GetSerialNumberFeedback(serial_number=5, result=GetSerialResult.ERROR)


def test_signed() -> None:
    assert [signed(index) for index in (0, 2**31 - 1, 2**31, 2**32 - 1, -1)] == [
        0,
        2**31 - 1,
        -(2**31),
        -1,
        -1,
    ]


# --- anything at all -----------------------------------------------------------------------------

_CODES = sorted({message.spec.code for message in REQUESTS})


@settings(max_examples=times(75), deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_arbitrary_bytes(pieces: list[bytes]) -> None:
    connection = Connection(Device(channels=2, clock=Clock()))
    for piece in pieces:
        frames(connection.receive(piece))


@settings(max_examples=times(75), deadline=None)
@given(st.sampled_from(_CODES), st.binary(max_size=600), st.booleans())
def test_arbitrary_bodies(code: int, body: bytes, login: bool) -> None:
    device = Device(channels=2, clock=Clock())
    connection = logged_in(device) if login else Connection(device)
    reply = connection.receive(build_frame(code, body, Direction.REQUEST))
    assert messages(reply)
    assert connection.dropped == 0


@settings(max_examples=times(25), deadline=None)
@given(st.text(max_size=80), st.text(max_size=210))
def test_any_name_can_be_read_back(test_name: str, schedule_name: str) -> None:
    device = Device(channels=1, clock=Clock())
    connection = logged_in(device)
    if not device.assign(0, schedule_name).is_success:
        schedule_name = "any"
        device.assign(0, schedule_name)
    (started,) = ask(connection, StartScheduleVls(test_name=test_name, channel_indices=[0]))
    (channel,) = one(connection, GetChannelsInfo(channel_index=0)).channels
    assert channel.schedule_name == schedule_name
    if started.result.is_success:
        assert channel.test_name == test_name.split("\0")[0]


# --- journal and log -----------------------------------------------------------------------------


def test_the_journal_sees_requests_feedbacks_and_problems() -> None:
    seen: list[tuple[Direction, str, list[str], str]] = []

    def on_message(direction: Direction, message: Message, problems: Sequence[Problem], peer: str) -> None:
        seen.append((direction, message.spec.name, [one.kind for one in problems], peer))

    connection = Connection(Device(clock=Clock()), peer="10.0.0.1:5", on_message=on_message)
    connection.receive(CHANNEL_INFO + CHANNEL_INFO[:-1] + b"\1" + build_frame(1, b"", Direction.REQUEST))
    assert seen == [
        (Direction.REQUEST, "get_channels_info", [], "10.0.0.1:5"),
        (Direction.FEEDBACK, "get_channels_info_feedback", [], "10.0.0.1:5"),
        (Direction.REQUEST, "get_channels_info", ["checksum"], "10.0.0.1:5"),
        (Direction.REQUEST, "unknown", ["unknown_command"], "10.0.0.1:5"),
        (Direction.FEEDBACK, "unknown_command_feedback", [], "10.0.0.1:5"),
    ]


def test_no_password_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="spoofer")
    connection = Connection(Device(clock=Clock(), users={"ann": "geheim"}), peer="me")
    assert one(connection, Login(username="ann", password="Geheim")).result is LoginResult.FAILED
    assert one(connection, Login(username="ann", password="geheim")).result is LoginResult.SUCCESS
    frame = encode(Login(username="ann", password="geheim"))
    connection.receive(frame[:-1] + b"\1")
    connection.receive(build_frame(Login.spec.code, frame[20:60], Direction.REQUEST))
    assert "login" in caplog.text
    assert "eheim" not in caplog.text


def test_replies_are_worked_out_when_they_are_asked_for() -> None:
    clock = Clock()
    device = Device(channels=1, clock=clock)
    connection = logged_in(device)
    device.assign(0, "any")
    device.start([0], "a")
    found = connection.replies(channel_info(0) * 2)
    times = []
    for reply in found:
        (feedback,) = messages(reply)
        assert isinstance(feedback, GetChannelsInfoFeedback)
        times.append(feedback.channels[0].test_time_s)
        clock.now += 5.0
    assert times == [0.0, 5.0]


@pytest.mark.parametrize("selection", [GetChannelType.RUNNING, GetChannelType.UNSAFE])
def test_a_single_channel_is_not_selected(connection: Connection, selection: GetChannelType) -> None:
    feedback = one(connection, GetChannelsInfo(channel_index=1, channel_selection=selection))
    assert [channel.channel_index for channel in feedback.channels] == [1]


def test_set_meta_variable_of_another_type() -> None:
    device = Device(clock=Clock())
    connection = logged_in(device)
    device.assign(0, "any")
    device.start([0], "a")
    for odd in ({"meta_variable_type": 2}, {"value_type": 0}):
        request = default(SetMetaVariable, meta_variable_code=52, value=1.5, **odd)
        assert one(connection, request).result.label == "failed"
