"""Whatever old, repeated, reordered or foreign feedbacks come: no call returns another channel's data."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cti_client import Cycler, Reading
from cti_client.details import Barcode
from cti_schema import Direction, FrameBuffer, decode, encode
from cti_schema.derive.defaults import default, default_reply
from cti_schema.errors import ClientError
from cti_schema.messages.get_barcode import Barcode as BarcodeRecord
from cti_schema.messages.get_barcode import GetBarcode, GetBarcodeFeedback
from cti_schema.messages.get_channels_info import GetChannelsInfo
from cti_schema.messages.get_meta_variables import GetMetaVariables, GetMetaVariablesFeedback
from cti_schema.messages.get_meta_variables import Reading as MvReading
from cti_schema.messages.login import Login, LoginFeedback
from spoofer.memory import VirtualClock
from tests.client.peers import reading

COUNT = 4


def answer(request: Any) -> bytes:
    """Return the right answer; every value in it tells the channel that it is of."""
    if isinstance(request, Login):
        return encode(default(LoginFeedback, version=1, channel_count=COUNT))
    if isinstance(request, GetChannelsInfo):
        return reading(*([request.channel_index] if request.channel_index >= 0 else range(COUNT)))
    if isinstance(request, GetMetaVariables):
        items = [
            default(MvReading, channel_index=one.channel_index, meta_variable_code=one.meta_variable_code,
                    value=float(one.channel_index))
            for one in request.entries
        ]  # fmt: skip
        return encode(GetMetaVariablesFeedback(items=items))
    if isinstance(request, GetBarcode):
        items_of = [
            default(BarcodeRecord, global_index=one.global_index, barcode=str(one.global_index))
            for one in request.entries
        ]
        return encode(default(GetBarcodeFeedback, items=items_of))
    return b"".join(encode(one) for one in default_reply(request, channel_count=COUNT))


#: Calls on a channel, and what they must return for it.
CALLS: dict[str, tuple[Any, Any]] = {
    "read": (lambda channel: channel.read(), lambda found, index: _is(found, index)),
    "stop": (lambda channel: channel.stop(), lambda found, index: found.channel_index == index),
    "set_mv": (lambda channel: channel.set_mv(1, 1.0), lambda found, index: found.channel_index == index),
    "start": (lambda channel: channel.start("t"), lambda found, index: found.channel == index + 1),
    "get_mvs": (lambda channel: channel.get_mvs([1]), lambda found, index: found == {"mv_ud1": float(index)}),
    "barcode": (lambda channel: channel.barcode(), lambda found, index: found == Barcode(str(index))),
}


def _is(found: Reading, index: int) -> bool:
    return (found.channel, found.current_a) == (index + 1, float(index))


class Muddle:
    """A link whose other end answers out of order, late, twice, and with answers to what nobody asked.

    Attributes:
        clock: its time.
    """

    def __init__(self, moves: list[tuple[str, int]]) -> None:
        self.clock = VirtualClock()
        self._frames = FrameBuffer(Direction.REQUEST)
        self._moves = deque(moves)
        self._late: list[bytes] = []
        self._old: list[bytes] = [reading(*range(COUNT))]
        self._ready: deque[bytes] = deque()

    def send(self, data: bytes, timeout_s: float) -> None:
        for frame in self._frames.feed(data):
            request = decode(frame, Direction.REQUEST)
            self._answered(answer(request), isinstance(request, Login))

    def _answered(self, data: bytes, whole: bool) -> None:
        move, number = self._moves.popleft() if self._moves and not whole else ("right", 0)
        self._old.append(data)
        if move == "late":
            self._late.append(data)
            return
        if move == "never":
            return
        if move == "old first":
            self._ready.append(self._old[number % len(self._old)])
        if move == "late first" and self._late:
            self._ready.append(self._late.pop(number % len(self._late)))
        self._ready.append(data)
        if move == "twice":
            self._ready.append(data)

    def receive(self, timeout_s: float) -> bytes:
        if self._ready:
            return self._ready.popleft()
        self.clock.sleep(timeout_s)
        raise TimeoutError

    def close(self) -> None:
        """Nothing to end."""


_moves = st.lists(
    st.tuples(
        st.sampled_from(["right", "late", "never", "old first", "late first", "twice"]), st.integers(0, 20)
    ),
    max_size=12,
)
_calls = st.lists(st.tuples(st.sampled_from(sorted(CALLS)), st.integers(0, COUNT - 1)), max_size=12)


@given(_moves, _calls)
def test_no_call_returns_another_channels_data(
    moves: list[tuple[str, int]], calls: list[tuple[str, int]]
) -> None:
    link = Muddle(moves)
    with Cycler("memory", connector=lambda *where: link, timeout_s=2.0) as cycler:
        cycler.login("user", "secret")
        for name, index in calls:
            act, right = CALLS[name]
            began = link.clock.now
            try:
                found = act(cycler.channel(index + 1))
            except ClientError:
                pass
            else:
                assert right(found, index), (name, index, found)
            assert link.clock.now - began <= 2.0 + 1e-9
            if not cycler.connected:
                link = Muddle(moves)
                cycler.connect()
                cycler.login("user", "secret")
