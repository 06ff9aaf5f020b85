"""What a client is made to do in these tests: its calls, what each may send, and whose data it may return.

Every command carries a number that no other one carries, where it has a place for one, so that its bytes tell
which call sent them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cti_client.details import Barcode
from cti_schema import Direction, FrameBuffer, decode, messages
from cti_schema.derive.defaults import default
from cti_schema.errors import (
    CommandUnsupported,
    ConfigurationError,
    CTIError,
    OutcomeUnknown,
    ResultError,
)
from cti_schema.message import CONTROL, Request
from spoofer import Device

__all__ = ["CALLS", "ENDS", "REQUESTS", "Call", "Watched", "mark", "marked", "together"]


def mark(channel: int) -> float:
    """Return the number by which the data of a one-based channel are known; single precision holds it."""
    return 4096.0 + channel


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a client.

    Attributes:
        name: what it is called here.
        act: called with the cycler, a one-based channel and a number that comes but once; begins the call.
        controls: most control requests that it may send.
        told: names the one-based channels that what it returned is about, by their numbers in it.
        marks: the same by the data in it, where they are what the device said; see `marked`.
        every: it is about all channels.
    """

    name: str
    act: Callable[[Any, int, int], Any]
    controls: int = 0
    told: Callable[[Any], set[int]] = lambda found: set()
    marks: Callable[[Any], set[int]] = lambda found: set()
    every: bool = False


def _of_reading(found: Any) -> set[int]:
    return {found.channel, found.raw.channel_index + 1}


def _of_number(value: float) -> set[int]:
    """The channel whose mark a number is; none where it is no mark."""
    channel = value - mark(0)
    return {int(channel)} if 1 <= channel < mark(0) and channel == int(channel) else set()


def _of_readings(found: list[Any]) -> set[int]:
    # A reading that names two channels is of none.
    return {one.channel if _of_reading(one) == {one.channel} else 0 for one in found}


def _marks_of_readings(found: list[Any]) -> set[int]:
    return {one.channel if _of_number(one.current_a) <= {one.channel} else 0 for one in found}


def _of_barcode(found: Barcode) -> set[int]:
    number = found.barcode.removeprefix("cell ")
    return {int(number)} if number.isdecimal() else set()


def _of_feedback(found: Any) -> set[int]:
    # A feedback may leave the channel out: one of the documents has -1 there.
    return {found.channel_index + 1} - {0}


def _of_outcomes(found: list[Any]) -> set[int]:
    return {one.channel for one in found}


def _both(channel: int) -> list[int]:
    return sorted({channel, 1})


_ALL: tuple[Call, ...] = (
    Call("read", lambda c, n, u: c.channel(n).read(), told=_of_reading,
         marks=lambda found: _of_number(found.current_a)),
    Call("channels", lambda c, n, u: c.channels(), 0, _of_readings, _marks_of_readings, True),
    Call("get_mvs", lambda c, n, u: c.channel(n).get_mvs(["mv_ud1", "pv_current"]),
         marks=lambda found: _of_number(found["pv_current"])),
    Call("barcode", lambda c, n, u: c.channel(n).barcode(), marks=_of_barcode),
    Call("serial_number", lambda c, n, u: c.read_serial_number()),
    Call("software_version", lambda c, n, u: c.software_version()),
    Call("start_data", lambda c, n, u: c.start_data([n]), told=set),
    Call("resume_data", lambda c, n, u: c.resume_data([n]), told=set),
    Call("browse", lambda c, n, u: c.browse()),
    Call("assign", lambda c, n, u: c.channel(n).assign(f"{u}.sdx"), 1, _of_feedback),
    Call("start", lambda c, n, u: c.channel(n).start(f"test {u}"), 1, lambda found: {found.channel}),
    Call("stop", lambda c, n, u: c.channel(n).stop(), 1, _of_feedback),
    Call("resume", lambda c, n, u: c.channel(n).resume(), 1, _of_feedback),
    Call("continue", lambda c, n, u: c.channel(n).continue_(), 1, _of_feedback),
    Call("jump", lambda c, n, u: c.channel(n).jump(1 + u), 1, _of_feedback),
    Call("set_mv", lambda c, n, u: c.channel(n).set_mv(1, float(u)), 1, _of_feedback),
    Call("update_mvs", lambda c, n, u: c.channel(n).update_mvs({2: float(u)}), 1, _of_feedback),
    Call("time_sensitive", lambda c, n, u: c.channel(n).set_mvs_time_sensitive({3: float(u)}), 1,
         lambda found: {found.channel_index + 1}),
    Call("assign_barcode", lambda c, n, u: c.channel(n).assign_barcode(f"cell {n}", str(u)), 1),
    Call("log_interval", lambda c, n, u: c.set_log_interval(0.1 + u / 2**20), 1),
    Call("start two", lambda c, n, u: c.start(_both(n), f"test {u}"), 1, _of_outcomes, every=True),
    Call("stop two", lambda c, n, u: c.stop(_both(n)), 2, _of_outcomes, every=True),
    Call("assign two", lambda c, n, u: c.assign(_both(n), f"{u}.sdx"), 2, _of_outcomes, every=True),
    Call("stop all", lambda c, n, u: c.stop_all(), 1, _of_outcomes, every=True),
)  # fmt: skip

#: Every call, by name.
CALLS: dict[str, Call] = {one.name: one for one in _ALL}


def _asked(request: type[Request[Any]]) -> Call:
    """Return the call that sends a request as it is, about the channel where it has a place for one."""

    def act(cycler: Any, channel: int, number: int) -> Any:
        about = {} if request.spec.field("channel_index") is None else {"channel_index": channel - 1}
        return cycler.request_all(default(request, **about))

    def told(found: list[Any]) -> set[int]:
        return {one.channel_index + 1 for one in found} - {0} if about_one else set()

    # One request, and each of its feedbacks, is about one channel.
    answers = [one for one in request.spec.feedbacks if one.spec.field("channel_index") is not None]
    about_one = bool(answers) and request.spec.echo.get("channel_index") == "channel_index"
    return Call(request.spec.name, act, int(request.spec.effect is CONTROL), told)


#: Every declared request, sent as it is.
REQUESTS: dict[str, Call] = {
    one.spec.name: _asked(one)  # type: ignore[arg-type]
    for one in messages()
    if one.spec.direction is Direction.REQUEST
}

#: How a control request may end that was sent: with its answer, or without knowing.
ENDS = (OutcomeUnknown, ResultError, CommandUnsupported)


@dataclass
class Watched:
    """What a client sent, told by its tap, and what its calls came to; checked as they end.

    Attributes:
        sent: control requests that the client wrote, by their bytes, with how often.
        allowed: most control requests that its calls may have sent.
        ended: what the calls came to: names of errors, ``ok`` for none.
        misled: the cycler may have said that it has fewer channels than it has.
    """

    channels: int
    sent: Counter[bytes] = field(default_factory=Counter)
    allowed: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    misled: bool = False
    _number: int = 0
    _frames: FrameBuffer = field(default_factory=lambda: FrameBuffer(Direction.REQUEST))

    def tap(self, direction: Direction, data: bytes) -> None:
        """Take what the client sends; its ``tap``."""
        if direction is Direction.REQUEST:
            for frame in self._frames.feed(data):
                if decode(frame, Direction.REQUEST).spec.effect is CONTROL:
                    self.sent[bytes(frame)] += 1

    def number(self) -> int:
        """Return a number that comes but once."""
        self._number += 1
        return self._number

    def ends(self, call: Call, channel: int, act: Callable[[], Any]) -> tuple[Any, int]:
        """Run a call alone, and return what it returned or raised, and how many control requests it sent."""
        before = self.sent.total()
        self.allowed += call.controls
        try:
            found = act()
        except Exception as error:
            found = error
        return found, self.sent.total() - before

    def check(
        self, call: Call, channel: int, found: Any, sent: int | None = None, *, true: bool = True
    ) -> None:
        """Check what a call came to.

        Args:
            call: the call.
            channel: the one-based channel that it was about.
            found: what it returned or raised.
            sent: control requests that it sent, where that is known: where no other ran beside it.
            true: the data are what the device said.
        """
        self.ended[type(found).__name__ if isinstance(found, BaseException) else "ok"] += 1
        if isinstance(found, BaseException):
            assert isinstance(found, CTIError), repr(found)
            # Of a user's bad input there is none here.
            assert self.misled or not isinstance(found, ConfigurationError), repr(found)
        else:
            # A broken answer may name more channels than there are, up to the most that there can be.
            most = self.channels if true and not self.misled else 2048
            about = set(range(1, most + 1)) if call.every else {channel}
            assert call.told(found) <= about, (call.name, channel, found)
            assert not true or call.marks(found) <= about, (call.name, channel, found)
        if isinstance(found, OutcomeUnknown):
            assert found.request.spec.effect is CONTROL
            assert found.request.spec.name in str(found)
        if sent is not None and call.controls == 1:
            assert sent <= 1, (call.name, sent)
            if isinstance(found, BaseException):
                assert isinstance(found, ENDS) if sent else not isinstance(found, OutcomeUnknown), (
                    call.name, found,
                )  # fmt: skip
        if call.controls == 0:
            assert not isinstance(found, OutcomeUnknown)
            assert not sent

    def once(self, delivered: Counter[bytes]) -> None:
        """Check that no control request came more often than it was sent, nor was sent without a call."""
        assert self.sent.total() <= self.allowed
        # Where a call's number is among them, its bytes come but once.
        more = [decode(one, Direction.REQUEST) for one in delivered - self.sent]
        assert not more, f"these came more often than they were sent: {more}"


async def together(begin: list[Callable[[], Any]], clock: Callable[[], float]) -> tuple[list[Any], float]:
    """Run calls at the same time; return what each returned or raised, and the seconds since the last began.

    One that comes back first lets time pass before the next one begins. And of two connections with a clock
    in common each lets the time pass up to its own deadline: all have ended by the last one.
    """
    began = [clock()]

    async def one(act: Callable[[], Any]) -> Any:
        began.append(clock())
        try:
            return await act()
        except Exception as error:
            return error

    found = await asyncio.gather(*map(one, begin))
    return found, clock() - max(began)


def marked(device: Device) -> Device:
    """Return the device, made so that all data of a channel tell which it is, and its voltage since when."""
    for index in range(device.channel_count):
        channel = device.channel(index)
        channel.overrides["current_a"] = mark(index + 1)
        channel.overrides["voltage_v"] = lambda now: now
        channel.barcode = f"cell {index + 1}"
    return device
