"""A client, a cycler with faults and the time play together, as hypothesis wants; what must hold is checked.

Beside the one connection of `tests.client.test_spoofer_faults`, where each kind of fault happens alone: here
faults come together and go, with any values, at any moment, and calls run at the same time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cti_client import Cycler, Reading
from cti_client.reconnect import Reconnect
from cti_client.resolving import Resolution
from cti_schema import encode
from cti_schema.errors import ClientError, CTIError, OutcomeUnknown
from cti_schema.message import CONTROL
from cti_schema.wire.buffer import MAX_FRAME
from spoofer import Device, Fault, Faults, Journal, VirtualClock, linked
from spoofer.faulting.fault_kinds import KINDS
from spoofer.files.folder import Folder
from spoofer.tables import Key
from tests.client.peers import AwaitedCycler
from tests.fuzz.calls import CALLS, Watched, marked, together

COUNT = 3
TIMEOUT_S = 2.0

#: Most faults at a time.
MOST_FAULTS = 4

#: The clock's last digits.
BIT_S = 1e-6

#: A reading changes once in so many seconds, and single precision holds no more of them.
OLD_S = 0.05

#: Most exchanges that a session keeps: one for each request of a channel whose answer may still come.
MOST_OPEN = 64

seconds = st.sampled_from([0.0, 0.1, TIMEOUT_S - 0.1, TIMEOUT_S + 0.1, 3 * TIMEOUT_S])

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integers": st.lists(st.integers(1, 2000), min_size=1, max_size=3),
    "flag": st.booleans(),
    "text": st.text(max_size=8),
    "hex": st.binary(max_size=20).map(bytes.hex),
    "number": seconds,
}


#: When it happens.
_WHEN: dict[str, st.SearchStrategy[Any]] = {
    "channel": st.integers(1, COUNT),
    "probability": st.just(0.5),
    "count": st.integers(1, 2),
    "after": st.just(1),
}


def _value(key: Key) -> st.SearchStrategy[Any]:
    """Return what draws a value of a fault's own key."""
    if key.choices:
        return st.sampled_from(key.choices)
    if key.type == "integer":
        least = -20 if key.least is None else int(key.least)
        return st.integers(least, min(int(key.most or 40), 40))
    return _VALUES[key.type]


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Return any fault, with any values of its kind, as often and for whichever request."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    values = draw(st.fixed_dictionaries({}, optional={key.name: _value(key) for key in KINDS[kind].keys}))
    when = draw(st.fixed_dictionaries({}, optional=_WHEN))
    return Fault(kind, **values, **when)


def controls(entries: Iterable[Any]) -> Counter[bytes]:
    """Return the control requests that a journal tells of, by their bytes."""
    requests = (entry.message for entry in entries)
    return Counter(encode(one) for one in requests if one.spec.effect is CONTROL)


channels = st.integers(1, COUNT)
#: Readings tell of when they are: of them there are more.
calls = st.sampled_from([*sorted(CALLS), *["read"] * 4])

#: Any calls, or the same one for each channel.
at_once = st.lists(st.tuples(calls, channels), min_size=2, max_size=4) | calls.map(
    lambda name: [(name, channel) for channel in range(1, COUNT + 1)]
)


class Sessions(RuleBasedStateMachine):
    """A client of either kind and its cycler in memory. Time passes only where somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.journal = Journal(most=100_000, most_bytes=2**30)
        self.faults = Faults()
        self.watched = Watched(COUNT)
        self.folder = Folder()
        self.unknown: OutcomeUnknown | None = None
        self.cycler: Any = None

    @initialize(
        waits=st.booleans(),
        comes_back=st.booleans(),
        personality=st.sampled_from(["pro7", "pro8", "mitsx-4", "mitsx-7"]),
    )
    def begin(self, waits: bool, comes_back: bool, personality: str) -> None:
        device = Device(channels=COUNT, clock=self.clock, personality=personality)
        home = linked(marked(device), faults=self.faults, journal=self.journal, clock=self.clock)
        self.waits = waits
        # What cannot be told: a feedback that a cycler sends twice, the second time after the next request.
        self.repeats = device.personality.answers_twice
        options: Any = {
            "timeout_s": TIMEOUT_S,
            "reconnect": Reconnect(0.1, 0.4, random=lambda: 0.5) if comes_back else False,
            "tap": self.watched.tap,
        }
        make: Any = AwaitedCycler if waits else Cycler
        self.cycler = make("memory", 9031, connector=home.aio if waits else home, **options).__enter__()
        self.cycler.login("user", "secret")
        self.cycler.assign(range(1, COUNT + 1), "first.sdx")
        self.cycler.start(range(1, COUNT), "first")
        self.watched.allowed += COUNT + 1

    # --- what happens -----------------------------------------------------------------------------

    def goes_wrong(self, fault: Fault | None) -> None:
        if fault is not None and len(self.faults) < MOST_FAULTS:
            self.faults.add(fault)
            self.repeats |= fault.kind == "duplicate"

    @rule()
    def goes_right(self) -> None:
        self.faults.clear()

    @rule(passed=seconds)
    def time_passes(self, passed: float) -> None:
        self.clock.sleep(passed)

    @rule(name=calls, channel=channels, fault=st.none() | faults())
    def call(self, name: str, channel: int, fault: Fault | None) -> None:
        self.back()
        self.goes_wrong(fault)
        call, number = CALLS[name], self.watched.number()
        began = self.clock.now
        found, sent = self.watched.ends(call, channel, lambda: call.act(self.cycler, channel, number))
        self.watched.check(call, channel, found, sent)
        assert self.clock.now - began <= TIMEOUT_S + BIT_S
        if isinstance(found, OutcomeUnknown):
            self.unknown = found
        if isinstance(found, Reading) and not self.repeats:
            assert found.voltage_v >= began - OLD_S

    @precondition(lambda self: self.waits)
    @rule(some=at_once, fault=st.none() | faults())
    def calls_at_once(self, some: list[tuple[str, int]], fault: Fault | None) -> None:
        self.back()
        self.goes_wrong(fault)
        inner: Any = self.cycler._inner
        begin = []
        for name, channel in some:
            call, number = CALLS[name], self.watched.number()
            self.watched.allowed += call.controls
            begin.append(lambda call=call, channel=channel, number=number: call.act(inner, channel, number))
        results, took_s = self.cycler._runner.run(together(begin, self.clock))
        for (name, channel), found in zip(some, results, strict=True):
            self.watched.check(CALLS[name], channel, found)
        assert took_s <= TIMEOUT_S + BIT_S

    @precondition(lambda self: self.unknown is not None)
    @rule()
    def is_resolved(self) -> None:
        assert self.unknown is not None
        before, began = self.watched.sent.total(), self.clock.now
        try:
            found = self.unknown.resolve()
            if not isinstance(found, Resolution):
                found = self.cycler._runner.run(found)
        except ClientError:
            pass
        else:
            assert found.request is self.unknown.request
            assert {one.channel for one in found.channels} <= set(range(1, COUNT + 1))
        assert self.watched.sent.total() == before  # it only looks
        assert self.clock.now - began <= 2 * COUNT * TIMEOUT_S + BIT_S
        self.unknown = None

    def back(self) -> None:
        """Connect and log in where the connection was lost and does not come back by itself."""
        if self.cycler.connected:
            return
        self.cycler.connect()
        with suppress(CTIError):
            self.cycler.login("user", "secret")

    # --- what must hold ---------------------------------------------------------------------------

    @invariant()
    def nothing_came_twice(self) -> None:
        self.watched.once(controls(self.journal.entries("request")))

    @invariant()
    def memory_is_bounded(self) -> None:
        if self.cycler is None:
            return
        inner = getattr(self.cycler, "_inner", self.cycler)
        for one in (inner, inner._files):
            session = one._session
            if session is not None:
                assert len(session._open) <= MOST_OPEN
                assert len(session._recent) <= 32
                assert session._buffer.pending <= MAX_FRAME
                assert not session.waiting
            assert not getattr(one, "_untils", None)

    def teardown(self) -> None:
        if self.cycler is not None:
            self.cycler.__exit__(None, None, None)


TestSessions = Sessions.TestCase
TestSessions.settings = settings(stateful_step_count=15)
