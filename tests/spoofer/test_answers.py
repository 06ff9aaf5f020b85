"""Every request of the registry, to every personality: the feedbacks of its declaration, and how many."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti_schema import Message, UnknownMessage, encode, messages
from cti_schema.derive.defaults import default, feedback_of
from cti_schema.derive.strategies import messages as drawn
from cti_schema.message import CONTROL, Direction, Record, Request
from cti_schema.messages.get_channels_info_ex import GetChannelsInfoExFeedback
from cti_schema.messages.login import Login
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.registry import registry
from spoofer import Connection, Device
from spoofer.personality import PERSONALITIES
from tests.effort import times
from tests.spoofer.helpers import Clock, ask, logged_in, one

REQUESTS = [message for message in messages() if issubclass(message, Request)]
KNOWN = [message for message in REQUESTS if message.spec.feedbacks]
CHANNELS = 3


def device(personality: str = "pro8") -> Device:
    return Device(channels=CHANNELS, clock=Clock(), personality=personality)


def expected_count(request: Message, twice: bool) -> range:
    """Return how many feedbacks the declaration allows."""
    answers = request.spec.answers
    if answers.how == "per_channel":
        count = len(getattr(request, answers.field)) or 1
    elif answers.how == "per_channel_if":
        count = CHANNELS if getattr(request, answers.field) else 1
    elif answers.how == "pieces":
        return range(1, 100)
    else:
        count = 2 if answers.how == "once_or_twice" and twice else 1
    return range(count, count + 1)


def check(request: Any, feedbacks: list[Any], *, twice: bool = False) -> None:
    """Check number, classes and echo of what answers a request."""
    spec = request.spec
    assert len(feedbacks) in expected_count(request, twice), spec.name
    wanted = feedback_of(request)
    second = feedbacks[1:] if spec.answers.how == "once_or_twice" else []
    assert {type(one) for one in feedbacks if not any(one is other for other in second)} == {wanted}
    assert [type(one) for one in second] == [GetChannelsInfoExFeedback] * len(second)
    for answer_field, request_field in spec.echo.items():
        sent = getattr(request, request_field)
        got = [getattr(one, answer_field) for one in feedbacks]
        if isinstance(sent, list):
            items = [getattr(item, answer_field) if isinstance(item, Record) else item for item in sent]
            assert [value % 2**32 for value in got] == [value % 2**32 for value in items or [-1]]
        elif spec.answers.how == "per_channel_if" and len(got) > 1:
            assert got == list(range(CHANNELS))
        elif answer_field == "channel_index":
            assert [value % 2**32 for value in got] == [sent % 2**32] * len(got)
        else:
            assert got == [sent] * len(got)


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_every_request_gets_its_declared_feedback(personality: str) -> None:
    emulated = device(personality)
    twice = emulated.personality.answers_twice
    for request_class in KNOWN:
        for connection in (logged_in(emulated), Connection(emulated)):
            request = default(request_class)
            check(request, ask(connection, request), twice=twice)
            connection.close()


@pytest.mark.parametrize("name", [message.spec.name for message in KNOWN])
@settings(max_examples=times(5), deadline=None)
@given(data=st.data())
def test_any_values_are_answered(name: str, data: st.DataObject) -> None:
    request_class: Any = registry().by_name(name)
    emulated = device(data.draw(st.sampled_from(["pro7", "pro8", "mitsx-4", "mitsx-sptt"])))
    connection = Connection(emulated)
    if request_class is not Login and data.draw(st.booleans()):
        one(connection, Login(username="ann", password="secret"))
    for index in range(CHANNELS):
        if data.draw(st.booleans()):
            emulated.assign(index, "any")
            emulated.start([index], f"test {index}")
    request = data.draw(drawn(request_class))
    check(request, ask(connection, request), twice=emulated.personality.answers_twice)
    # Whatever it was, everybody can still read everything.
    for reading in ("get_channels_info", "get_channels_info_vls", "get_channels_info_json", "get_start_data"):
        read: Any = registry().by_name(reading)
        assert type(one(connection, default(read))) is feedback_of(default(read))
    connection.close()


@pytest.mark.parametrize("request_class", [one for one in REQUESTS if not one.spec.feedbacks])
def test_commands_known_by_their_number_alone_are_unknown(request_class: type[Message]) -> None:
    feedback = one(logged_in(device()), default(request_class))
    assert feedback == UnknownCommandFeedback(command=request_class.spec.code, extended_command=0)


def test_an_unknown_code_is_told_back() -> None:
    request = UnknownMessage(code=0x12345678, direction=Direction.REQUEST, body=b"abc")
    assert one(logged_in(device()), request).command == 0x12345678


def test_control_without_the_right_changes_nothing() -> None:
    """No default request of any kind is a success for a client that did not log in, where it can say so."""
    emulated = device()
    emulated.assign(0, "any")
    before = emulated.readings()
    connection = Connection(emulated)
    for request_class in KNOWN:
        if request_class.spec.effect is not CONTROL:
            continue
        for feedback in ask(connection, default(request_class)):
            for name in ("result", "error"):
                result = getattr(feedback, name, None)
                assert result is None or not result.is_success, (request_class.spec.name, result)
    assert emulated.readings() == before
    assert emulated.equipment.barcodes == {}
    assert list(emulated.messages) == []


def test_the_feedback_has_the_code_of_the_table() -> None:
    """Codes that follow no pattern (framing.md, section 5)."""
    table = {
        "check_file": 0xBB350004,
        "convert_test_object": 0xBB360002,
        "get_channels_info_ex": 0xBB370002,
        "update_parameters": 0xBB870002,
        "get_channels_info_sptt": 0xEEBA0013,
        "assign_file": 0xBB320001,
        "get_server_software_version": 0xBBCC0001,
        "set_meta_variables_time_sensitive": 0xBBCC0201,
        "start_schedule_ex": 0xBB230004,
        "resume_schedule_ex": 0xBB130002,
        "resume_by_meta_variables": 0xCD310006,
    }
    connection = logged_in(device())
    for name, code in table.items():
        request_class: Any = registry().by_name(name)
        assert ask(connection, default(request_class))[0].spec.code == code, name
    minimalist = connection.receive(encode(default(registry().by_name("get_meta_variables"), version=0x0201)))
    assert minimalist[12:16] == (0xEEBC0002).to_bytes(4, "little")
