"""However feedbacks are reordered, repeated, delayed or made up: no call gets another channel's data."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cti_client.exchange import Exchange
from cti_client.session import Session
from cti_schema import Direction, encode
from cti_schema.derive.defaults import default
from cti_schema.errors import CTIError
from cti_schema.message import Request
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.login import LoginFeedback
from cti_schema.messages.set_meta_variable import SetMetaVariable, SetMetaVariableFeedback
from cti_schema.messages.start_schedule import StartSchedule, StartScheduleFeedback
from cti_schema.messages.stop_schedule import StopSchedule, StopScheduleFeedback
from cti_schema.wire.frame import build_frame
from tests.client.peers import Clock, reading
from tests.effort import times

COUNT = 3

#: A request, made from a channel index, and a feedback for a channel index and a mark that tells it apart.
Pair = tuple[Any, Any]

_PAIRS: list[Pair] = [
    (
        lambda index: GetChannelsInfo(channel_index=index),
        lambda index, mark: reading(index, voltage_v=float(mark)),
    ),
    (
        lambda index: StopSchedule(channel_index=index),
        lambda index, mark: encode(default(StopScheduleFeedback, channel_index=index, result=mark)),
    ),
    (
        lambda index: SetMetaVariable(channel_index=index, meta_variable_code=52, value=1.0),
        lambda index, mark: encode(default(SetMetaVariableFeedback, channel_index=index, result=mark)),
    ),
    (
        lambda index: StartSchedule(test_name="a", channel_indices=[index]),
        lambda index, mark: encode(default(StartScheduleFeedback, channel_index=index, result=mark)),
    ),
]

_pairs = st.integers(0, len(_PAIRS) - 1)
_indices = st.integers(0, COUNT - 1)

#: What happens: a request, the answer to the request sent n-th from the end, an answer that is made up or
#: repeated, time that passes, bytes that are no frame.
_events = st.lists(
    st.one_of(
        st.tuples(st.just("send"), _pairs, _indices),
        st.tuples(st.just("answer"), st.integers(0, 7), st.just(0)),
        st.tuples(st.just("made up"), _pairs, _indices),
        st.tuples(st.just("time"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("garbage"), st.just(0), st.just(0)),
        st.tuples(st.just("cut"), _pairs, st.just(0)),
    ),
    max_size=40,
)


def _named(feedback: Any) -> set[int]:
    if hasattr(feedback, "channels"):
        return {channel.channel_index for channel in feedback.channels}
    return {feedback.channel_index}


def _asked(request: Any) -> set[int]:
    return set(getattr(request, "channel_indices", None) or [request.channel_index])


@given(_events)
def test_no_call_gets_another_channels_data(events: list[tuple[str, int, int]]) -> None:
    clock = Clock()
    session = Session(clock)
    session.receive(encode(default(LoginFeedback, channel_count=COUNT)))
    sent: list[tuple[Exchange, bytes]] = []
    for what, number, index in events:
        if what == "send":
            request = _PAIRS[number][0](index)
            if session.conflict(request) is None:
                exchange, _ = session.send(request, 1.0)
                sent.append((exchange, _PAIRS[number][1](index, 0)))
        elif what == "answer" and number < len(sent):
            session.receive(sent[-1 - number][1])
        elif what == "made up":
            session.receive(_PAIRS[number][1](index, 16))
        elif what == "time":
            clock.now += number * 0.6
            session.expire()
        elif what == "garbage":
            session.receive(b"\xdd\xdd\0garbage")
        elif what == "cut":
            code = _PAIRS[number][0](0).spec.feedbacks[0].spec.code
            session.receive(build_frame(code, b"", Direction.FEEDBACK))
    for exchange, _ in sent:
        for feedback in exchange.feedbacks:
            assert _named(feedback) == _asked(exchange.request)
            assert type(feedback) in exchange.request.spec.feedbacks
        if exchange.done and exchange.error is not None:
            assert isinstance(exchange.error, CTIError)


@given(
    st.lists(st.tuples(_pairs, _indices, st.booleans()), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=times(37))
def test_a_late_answer_is_never_a_later_requests(requests: list[tuple[int, int, bool]], random: Any) -> None:
    """A cycler that answers each request once, but some after their deadline and in any order."""
    clock = Clock()
    session = Session(clock)
    mark = 100
    late: list[bytes] = []
    for number, index, in_time in requests:
        make, answer = _PAIRS[number]
        request: Request[Any] = make(index)
        mark += 1
        if session.conflict(request) is not None:
            # What the shells do: wait for the late answers, and send only when nothing is in the way.
            random.shuffle(late)
            while late and session.conflict(request) is not None:
                session.receive(late.pop())
        exchange, _ = session.send(request, 1.0)
        mine = answer(index, mark)
        if in_time:
            random.shuffle(late)
            # Late answers to others come first, in between, and after.
            for data in [late.pop()] if late else []:
                session.receive(data)
            session.receive(mine)
            (feedback,) = exchange.result()
            values = feedback.channels[0] if hasattr(feedback, "channels") else feedback
            assert getattr(values, "voltage_v", None) == mark or getattr(values, "result", None) == mark
        else:
            clock.now += 1.0
            assert session.expire() == [exchange]
            late.append(mine)
    for data in late:
        assert [event.kind.value for event in session.receive(data)] == ["late"]


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_raise_nothing(chunks: list[bytes]) -> None:
    session = Session(Clock())
    exchange, _ = session.send(StopSchedule(channel_index=1), 1.0)
    for chunk in chunks:
        session.receive(chunk)
    assert not exchange.feedbacks
    answer = encode(default(StopScheduleFeedback, channel_index=1))
    session.connection_lost("the end")
    assert session.receive(answer) is not None
    assert exchange.done
