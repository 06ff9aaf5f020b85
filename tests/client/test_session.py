"""The session without sockets: what completes a request, what fits none, what a deadline does."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cti_client.exchange import EventKind, Exchange
from cti_client.session import GRACE_S, Session
from cti_schema import encode
from cti_schema.derive.defaults import default, default_reply
from cti_schema.errors import (
    ClientError,
    CommandUnsupported,
    ConnectionLost,
    DecodeError,
    EncodeError,
    NotLoggedIn,
    OutcomeUnknown,
    ResponseTimeout,
)
from cti_schema.message import Direction, Request
from cti_schema.messages.assign_path import AssignPath
from cti_schema.messages.download_file import DownloadFile, DownloadFileFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_channels_info_simple import (
    Channel,
    GetChannelsInfoSimple,
    GetChannelsInfoSimpleFeedback,
)
from cti_schema.messages.get_mapping_aux import GetMappingAux
from cti_schema.messages.get_serial_number import GetSerialNumber, GetSerialNumberFeedback
from cti_schema.messages.login import Login, LoginFeedback
from cti_schema.messages.login_json import LoginJsonFeedback
from cti_schema.messages.resume_schedule import ResumeScheduleFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.start_schedule_ex import Channel as StartChannel
from cti_schema.messages.start_schedule_ex import StartScheduleEx
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.messages.unknown_command import UnknownCommandFeedback
from cti_schema.messages.update_parameters import UpdateParameters, UpdateParametersFeedback
from cti_schema.messages.upload_file import UploadFile, UploadFileFeedback
from cti_schema.wire.frame import build_frame
from tests.client.peers import CHANNELS, Clock, plain_answer, reading

STOPPED = 0xBB130001


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(clock: Clock) -> Session:
    return Session(clock)


@pytest.fixture
def logged_in(session: Session) -> Session:
    exchange, _ = session.send(Login(username="u", password="p"), 1.0)
    assert session.receive(plain_answer(exchange.request)) == []
    assert exchange.done
    return session


def stopped(index: int, result: int = 0) -> bytes:
    return encode(default(StopScheduleFeedback, channel_index=index, result=result))


def started(index: int, result: int = 0) -> bytes:
    return encode(default(StartScheduleFeedback, channel_index=index, result=result))


def unknown(code: int) -> bytes:
    return encode(default(UnknownCommandFeedback, command=code))


def begin(session: Session, request: Request[Any], timeout_s: float = 1.0) -> Exchange:
    return session.send(request, timeout_s)[0]


def kinds(session: Session, data: bytes) -> list[str]:
    return [event.kind.value for event in session.receive(data)]


# What is sent, and what is known of the cycler.


def test_the_bytes_are_those_of_the_request(session: Session) -> None:
    request = StopSchedule(channel_index=4)
    exchange, data = session.send(request, 2.0)
    assert data == encode(request)
    assert (exchange.deadline, session.next_deadline) == (1002.0, 1002.0)
    assert session.waiting == [exchange]


def test_before_a_login_nothing_is_known(session: Session) -> None:
    assert (session.logged_in, session.version, session.channel_count) == (False, 0, None)


def test_a_login_tells_version_and_channels(logged_in: Session) -> None:
    assert (logged_in.logged_in, logged_in.version, logged_in.channel_count) == (True, 1, CHANNELS)


def test_a_json_login_feedback_counts_too(session: Session) -> None:
    begin(session, Login(username="u", password="p"))
    feedback = LoginJsonFeedback(result=1, version=0x01001001, channel_count=4)
    assert kinds(session, encode(feedback)) == ["unsolicited"]
    assert (session.logged_in, session.version, session.channel_count) == (True, 0x01001001, 4)


def test_a_refused_login_tells_the_version_all_the_same(session: Session) -> None:
    begin(session, Login(username="u", password="p"))
    session.receive(encode(default(LoginFeedback, result=2, version=2, channel_count=8)))
    assert (session.logged_in, session.version, session.channel_count) == (False, 2, None)


def test_a_value_that_does_not_fit_leaves_nothing_behind(session: Session) -> None:
    with pytest.raises(EncodeError, match="test_name"):
        session.send(StartSchedule(test_name="x" * 73, channel_indices=[0]), 1.0)
    assert session.waiting == []


def test_the_tap_hears_everything_in_order() -> None:
    heard: list[tuple[Direction, bytes]] = []
    session = Session(Clock(), tap=lambda direction, data: heard.append((direction, data)))
    request = StopSchedule(channel_index=4)
    begin(session, request)
    session.receive(b"\xdd" * 3)
    assert heard == [(Direction.REQUEST, encode(request)), (Direction.FEEDBACK, b"\xdd" * 3)]


# Which feedback completes what.


def test_one_feedback_split_at_every_byte(session: Session) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    data = stopped(4)
    for position in range(len(data)):
        assert not exchange.done
        session.receive(data[position : position + 1])
    assert exchange.result()[0].channel_index == 4


def test_another_channels_feedback_is_an_event(session: Session) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    assert kinds(session, stopped(5)) == ["unsolicited"]
    assert not exchange.done
    assert kinds(session, stopped(4, 17)) == []
    assert exchange.result()[0].result == 17


def test_two_channels_answered_in_the_other_order(session: Session) -> None:
    four, five = (begin(session, StopSchedule(channel_index=index)) for index in (4, 5))
    session.receive(stopped(5, 16) + stopped(4))
    assert four.result()[0].result == 0
    assert five.result()[0].result == 16


def test_a_list_of_channels_is_answered_one_by_one(session: Session) -> None:
    exchange = begin(session, StartSchedule(test_name="a", channel_indices=[3, 7, 9]))
    assert kinds(session, started(7) + started(3, 18)) == []
    assert not exchange.done
    assert kinds(session, started(7)) == ["duplicate"]
    assert kinds(session, started(9)) == []
    assert [(one.channel_index, one.result) for one in exchange.result()] == [(7, 0), (3, 18), (9, 0)]


def test_a_start_may_be_answered_in_one_without_a_channel(session: Session) -> None:
    exchange = begin(session, StartSchedule(test_name="a", channel_indices=[3, 7]))
    assert kinds(session, started(-1)) == []
    assert [one.channel_index for one in exchange.result()] == [-1]


def test_a_start_does_not_take_a_channel_that_it_did_not_list(session: Session) -> None:
    exchange = begin(session, StartSchedule(test_name="a", channel_indices=[3]))
    assert kinds(session, started(4)) == ["unsolicited"]
    assert not exchange.done


def test_a_list_of_records_is_echoed_by_their_field(session: Session) -> None:
    asked = [default(StartChannel, channel_index=index, test_name="a", schedule_name="s") for index in (3, 7)]
    exchange = begin(session, StartScheduleEx(channels=asked))
    assert kinds(session, started(4) + started(3) + started(7)) == ["unsolicited"]
    assert [one.channel_index for one in exchange.result()] == [3, 7]


def test_stop_all_waits_for_every_channel_of_the_cycler(logged_in: Session) -> None:
    exchange = begin(logged_in, StopSchedule(channel_index=0, stop_all=1))
    logged_in.receive(b"".join(stopped(index) for index in range(CHANNELS - 1)))
    assert not exchange.done
    logged_in.receive(stopped(CHANNELS - 1))
    assert len(exchange.result()) == CHANNELS


def test_stop_all_needs_a_login(session: Session) -> None:
    with pytest.raises(NotLoggedIn, match="stop_schedule for all channels needs a login"):
        session.send(StopSchedule(channel_index=0, stop_all=1), 1.0)


def test_reading_one_channel_takes_no_other(session: Session) -> None:
    exchange = begin(session, GetChannelsInfo(channel_index=5))
    assert kinds(session, reading(4) + reading(5, 6)) == ["unsolicited", "unsolicited"]
    session.receive(reading(5))
    assert [one.channel_index for one in exchange.result()[0].channels] == [5]


def test_that_holds_for_every_request_whose_answer_lists_channels(session: Session) -> None:
    exchange = begin(session, GetChannelsInfoSimple(channel_index=5))
    answers = [
        encode(GetChannelsInfoSimpleFeedback(channels=[default(Channel, channel_index=index)]))
        for index in (4, 5)
    ]
    assert kinds(session, answers[0]) == ["unsolicited"]
    assert kinds(session, answers[1]) == []
    assert exchange.done


def test_reading_all_channels_in_one_feedback_or_many(logged_in: Session) -> None:
    exchange = begin(logged_in, GetChannelsInfo())
    logged_in.receive(reading(*range(CHANNELS)))
    assert len(exchange.result()) == 1
    exchange = begin(logged_in, GetChannelsInfo())
    assert kinds(logged_in, reading(0, 1, 2) + reading() + reading(1)) == ["duplicate"]
    assert not exchange.done
    logged_in.receive(reading(*range(3, CHANNELS)))
    assert exchange.done


def test_without_a_login_the_first_feedback_is_all(session: Session) -> None:
    exchange = begin(session, GetChannelsInfo())
    session.receive(reading(0, 1))
    assert exchange.done


def test_reading_what_runs_ends_with_the_first_feedback(logged_in: Session) -> None:
    exchange = begin(logged_in, GetChannelsInfo(channel_selection=2))
    logged_in.receive(reading())
    assert exchange.result()[0].channels == []


def piece(index: int, count: int, result: int = 1, time: float = 5.0) -> bytes:
    return encode(
        default(
            DownloadFileFeedback, download_time=time, package_index=index, package_count=count, result=result
        )
    )


def test_pieces_come_until_the_last_and_each_renews_the_deadline(session: Session, clock: Clock) -> None:
    exchange = begin(session, DownloadFile(file_path="a", download_time=5.0))
    clock.now += 0.9
    assert kinds(session, piece(0, 3, time=4.0) + piece(0, 3) + piece(0, 3)) == ["unsolicited", "duplicate"]
    clock.now += 0.9
    assert session.expire() == []
    session.receive(piece(1, 3) + piece(2, 3))
    assert [one.package_index for one in exchange.result()] == [0, 1, 2]


def test_a_refused_download_has_no_pieces(session: Session) -> None:
    exchange = begin(session, DownloadFile(file_path="a", download_time=5.0))
    session.receive(piece(0, 0, result=2))
    assert exchange.result()[0].result == 2


def test_an_old_server_answers_twice(session: Session, clock: Clock) -> None:
    request = UpdateParameters(parameters=[], channel_indices=[1])
    answer = encode(default(UpdateParametersFeedback, channel_count=0))
    exchange = begin(session, request)
    assert kinds(session, answer) == []
    assert exchange.done
    # The second answer must not be taken for the next request's: that waits for it a while.
    assert session.conflict(request) is exchange
    assert session.next_deadline == clock.now + GRACE_S
    assert kinds(session, unknown(0xBB780001)) == ["unsolicited"]
    assert kinds(session, answer) == ["duplicate"]
    assert session.conflict(request) is None


def test_a_newer_server_answers_once(session: Session, clock: Clock) -> None:
    request = UpdateParameters(parameters=[], channel_indices=[1])
    begin(session, request)
    session.receive(encode(default(UpdateParametersFeedback, channel_count=0)))
    clock.now += GRACE_S
    session.expire()
    assert session.conflict(request) is None
    assert session.next_deadline is None


def test_an_answer_that_nobody_has_described_is_one_with_a_code_that_nobody_has(session: Session) -> None:
    exchange = begin(session, AssignPath())
    assert kinds(session, stopped(1)) == ["unsolicited"]
    session.receive(build_frame(0xBB130008, b"\1", Direction.FEEDBACK))
    assert exchange.result()[0].body == b"\1"


def test_an_echo_that_the_cycler_leaves_empty_does_not_hinder(session: Session) -> None:
    request = GetMappingAux(task_id=7) if "task_id" in GetMappingAux.spec.echo else None
    assert request is not None
    exchange = begin(session, request)
    (answer,) = default_reply(request)
    answer.task_id = 0  # type: ignore[attr-defined]
    session.receive(encode(answer))
    assert exchange.done


def test_an_echo_of_another_task_does(session: Session) -> None:
    request = GetMappingAux(task_id=7)
    exchange = begin(session, request)
    (answer,) = default_reply(request)
    answer.task_id = 6  # type: ignore[attr-defined]
    assert kinds(session, encode(answer)) == ["unsolicited"]
    assert not exchange.done


def test_the_answer_to_the_piece_before_is_not_taken(session: Session) -> None:
    upload = default(UploadFile, upload_time=5.0, package_count=2, package_index=1)
    exchange = begin(session, upload)
    late = default(UploadFileFeedback, upload_time=5.0, package_count=2, package_index=0)
    assert kinds(session, encode(late)) == ["unsolicited"]
    assert not exchange.done


# The cycler does not know a command.


def test_an_unknown_command_fails_the_request_that_it_names(session: Session) -> None:
    first, second = begin(session, StopSchedule(channel_index=1)), begin(session, GetSerialNumber())
    assert kinds(session, unknown(0xBB340001)) == []
    assert not first.done
    with pytest.raises(CommandUnsupported, match="get_serial_number"):
        second.result()
    assert kinds(session, unknown(0xBB340001)) == ["unsolicited"]


def test_an_unknown_command_told_late_fails_nobody_else(session: Session, clock: Clock) -> None:
    begin(session, StopSchedule(channel_index=1))
    clock.now += 2
    session.expire()
    exchange = begin(session, StopSchedule(channel_index=2))
    assert kinds(session, unknown(0xBB310001)) == ["late"]
    assert not exchange.done


# Deadlines and the end of a connection.


def test_a_query_times_out_and_a_command_leaves_its_outcome_unknown(session: Session, clock: Clock) -> None:
    query, command = begin(session, GetSerialNumber(), 0.5), begin(session, StopSchedule(channel_index=1))
    assert session.next_deadline == 1000.5
    clock.now = 1000.5
    assert session.expire() == [query]
    with pytest.raises(ResponseTimeout, match=r"get_serial_number: no answer within 0\.5 s"):
        query.result()
    assert session.expire(1001.0) == [command]
    with pytest.raises(OutcomeUnknown, match=r"stop_schedule is not known \(no answer within 1 s\)") as error:
        command.result()
    assert error.value.request is command.request
    assert session.next_deadline is None


def test_what_came_before_the_deadline_is_told(session: Session) -> None:
    exchange = begin(session, StartSchedule(test_name="a", channel_indices=[3, 7]))
    session.receive(started(7))
    session.expire(1001.0)
    with pytest.raises(OutcomeUnknown, match="only 1 of its answers came") as error:
        exchange.result()
    assert [one.channel_index for one in error.value.feedbacks] == [7]


def test_a_late_feedback_is_an_event_and_frees_the_way(session: Session, clock: Clock) -> None:
    request = StopSchedule(channel_index=4)
    old = begin(session, request)
    clock.now += 2
    session.expire()
    assert session.conflict(request) is old
    with pytest.raises(ClientError, match="was not sent: an earlier request still waits"):
        session.send(request, 1.0)
    assert kinds(session, stopped(4)) == ["late"]
    assert session.conflict(request) is None
    new = begin(session, request)
    assert kinds(session, stopped(4)) == []
    assert new.done


def test_other_channels_need_not_wait_for_a_late_feedback(session: Session, clock: Clock) -> None:
    begin(session, StopSchedule(channel_index=4))
    clock.now += 2
    session.expire()
    exchange = begin(session, StopSchedule(channel_index=5))
    assert kinds(session, stopped(4)) == ["late"]
    assert not exchange.done


@pytest.mark.parametrize(
    ("earlier", "later", "clash"),
    [
        (
            StartSchedule(test_name="a", channel_indices=[1]),
            StartSchedule(test_name="a", channel_indices=[2]),
            1,
        ),
        (StopSchedule(channel_index=1), StopSchedule(channel_index=2), 0),
        (StopSchedule(channel_index=1, stop_all=1), StopSchedule(channel_index=2), 1),
        (GetChannelsInfo(channel_index=1), GetChannelsInfo(channel_index=2), 0),
        (GetChannelsInfo(channel_index=1), GetChannelsInfo(), 1),
        (GetSerialNumber(), GetSerialNumber(), 1),
        (GetSerialNumber(), GetChannelsInfo(), 0),
        (AssignPath(), AssignPath(), 1),
    ],
)
def test_what_could_be_taken_for_each_other(
    logged_in: Session, earlier: Request[Any], later: Request[Any], clash: int
) -> None:
    exchange = begin(logged_in, earlier)
    assert logged_in.conflict(later) is (exchange if clash else None)


def test_the_end_of_the_connection_ends_everything(session: Session) -> None:
    query, command = begin(session, GetSerialNumber()), begin(session, StopSchedule(channel_index=1))
    session.receive(stopped(1)[:30])
    assert session.connection_lost("the cycler closed the connection") == [query, command]
    with pytest.raises(ConnectionLost, match="closed the connection, 30 bytes into a frame"):
        query.result()
    with pytest.raises(OutcomeUnknown, match="stop_schedule"):
        command.result()
    with pytest.raises(ConnectionLost, match="get_serial_number was not sent: the cycler closed"):
        session.send(GetSerialNumber(), 1.0)
    assert session.connection_lost() == []


# Frames that are not what they should be.


def test_a_wrong_checksum_is_ignored_and_told_with_the_timeout(session: Session) -> None:
    exchange = begin(session, GetSerialNumber())
    good = encode(default(GetSerialNumberFeedback))
    assert kinds(session, good[:-1] + bytes([good[-1] ^ 1])) == ["bad_frame"]
    session.expire(1001.0)
    with pytest.raises(ResponseTimeout, match="and 1 frame that came cannot be trusted"):
        exchange.result()


def test_a_late_checksum_is_not_trusted_and_hinted_at_once(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    good = stopped(4)
    late = good[:-2] + b"\0\0" + good[-2:]
    with caplog.at_level(logging.WARNING, "cti_client"):
        assert kinds(session, late + late) == ["bad_frame", "bad_frame"]
    assert not exchange.done
    assert [record.message for record in caplog.records] == [
        "the peer puts its checksums behind the place where the length puts them, as a known emulator "
        "does; no cycler does so, and such frames are ignored"
    ]


def test_a_length_counted_as_in_a_request_is_not_trusted(session: Session) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    body = stopped(4)[20:-2]
    assert kinds(session, build_frame(STOPPED, body, Direction.REQUEST) + stopped(5)) == [
        "bad_frame",
        "unsolicited",
    ]
    assert not exchange.done


def test_reserved_bytes_may_be_missing(session: Session) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    session.receive(build_frame(STOPPED, bytes([4, 0, 0, 0, 0x12]), Direction.FEEDBACK))
    assert exchange.result()[0].result == 18


def test_surplus_and_stray_bytes_do_no_harm(session: Session) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    session.receive(b"junk" + build_frame(STOPPED, stopped(4)[20:-2] + b"more", Direction.FEEDBACK))
    assert exchange.result()[0].channel_index == 4


@pytest.mark.parametrize("size", [0, 3, 4])
def test_a_cut_answer_leaves_the_outcome_of_a_command_unknown(session: Session, size: int) -> None:
    exchange = begin(session, StopSchedule(channel_index=4))
    session.receive(build_frame(STOPPED, bytes([4, 0, 0, 0])[:size], Direction.FEEDBACK))
    with pytest.raises(OutcomeUnknown, match="its answer cannot be read") as error:
        exchange.result()
    assert isinstance(error.value.__cause__, DecodeError)


def test_a_cut_answer_to_a_query_is_a_decode_error(session: Session) -> None:
    exchange = begin(session, GetChannelsInfo(channel_index=5))
    session.receive(build_frame(0xEEBA0003, reading(5)[20:-90], Direction.FEEDBACK))
    with pytest.raises(DecodeError) as error:
        exchange.result()
    assert error.value.problem.kind == "count"


def test_a_cut_answer_that_could_be_two_requests_is_given_to_none(session: Session) -> None:
    four, five = (begin(session, StopSchedule(channel_index=index)) for index in (4, 5))
    assert kinds(session, build_frame(STOPPED, b"", Direction.FEEDBACK)) == ["unsolicited"]
    assert not four.done
    assert not five.done


def test_an_empty_list_that_could_be_two_requests_is_given_to_none(session: Session) -> None:
    four, five = (begin(session, GetChannelsInfo(channel_index=index)) for index in (4, 5))
    assert kinds(session, reading()) == ["unsolicited"]
    assert kinds(session, reading(5)) == []
    assert (four.done, five.done) == (False, True)
    assert kinds(session, reading()) == []
    assert four.result()[0].channels == []


def test_after_a_cut_answer_more_of_them_may_come(session: Session) -> None:
    request = StartSchedule(test_name="a", channel_indices=[3, 7])
    exchange = begin(session, request)
    session.receive(build_frame(0xBB230004, b"", Direction.FEEDBACK))
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        exchange.result()
    assert session.conflict(request) is exchange
    assert kinds(session, started(3)) == ["late"]


def test_a_duplicate_is_told_from_what_nobody_asked_for(session: Session) -> None:
    begin(session, StopSchedule(channel_index=4))
    (event,) = session.receive(stopped(4) + stopped(4))
    assert event.kind is EventKind.DUPLICATE
    assert event.text == "stop_schedule_feedback came once more"
    assert event.message == default(StopScheduleFeedback, channel_index=4)
    assert kinds(session, encode(default(ResumeScheduleFeedback))) == ["unsolicited"]


def test_no_password_is_logged(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "cti_client"):
        begin(session, Login(username="user", password="hunter2"))
        session.expire(1001.0)
        session.receive(encode(default(SetMetaVariableFeedback)))
    text = " ".join(record.getMessage() for record in caplog.records)
    assert "user" in text
    assert "hunter2" not in text


def test_the_same_variable_of_two_channels(session: Session) -> None:
    one, two = (
        begin(session, SetMetaVariable(channel_index=index, meta_variable_code=52, value=1.0))
        for index in (0, 1)
    )
    session.receive(encode(default(SetMetaVariableFeedback, channel_index=1, result=18)))
    assert (one.done, two.result()[0].result) == (False, 18)
