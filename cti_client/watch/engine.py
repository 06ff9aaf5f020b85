"""Which rules fire and clear, from polls and times that are given. No I/O, no clock of its own.

A rule is in one of two states for each channel (or, for ``no reading``, each cycler): at rest or fired. It
fires when its condition holds, and is at rest again when the condition to clear holds and its own does not.
An event has no state: it fires whenever it happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from cti_client.readings import Reading
from cti_client.record.observe import Poll, is_running
from cti_client.watch.alert import Alert, State
from cti_client.watch.conditions import TEST_ENDED
from cti_client.watch.fields import Value
from cti_client.watch.nodes import Memory, Moment
from cti_client.watch.rules import Rule
from cti_client.watch.wording import fired, over, silent
from cti_schema.enums import ChannelStatus

__all__ = ["Alert", "Engine"]

#: A pause between two polls that is longer, and longer than three times the one before, breaks what lasts.
_PAUSE_MS: Final = 5000

#: Readings that come closer together may be pieces of one answer, as they are in captures.
_PIECES_MS: Final = 1000


@dataclass(slots=True)
class _Watched:
    """A rule on one channel."""

    memory: Memory = field(default_factory=dict)
    active: Alert | None = None


@dataclass(slots=True)
class _Channel:
    """What was seen of a channel."""

    status: ChannelStatus
    test: str
    running: bool
    watched: dict[str, _Watched] = field(default_factory=dict)


@dataclass(slots=True)
class _Cycler:
    """What was seen of a cycler.

    Attributes:
        rules: those about its channels.
        silences: those about itself.
        skew_ms: what the clock was set by, back is above zero.
        latest: the latest time that was heard of.
        heard: when there was a reading last, or when watching began.
        period: between two polls, as it was last.
    """

    name: str
    rules: list[Rule]
    silences: list[Rule]
    skew_ms: int = 0
    latest: int | None = None
    heard: int | None = None
    answered: bool = False
    period: int = 0
    serial_number: str = ""
    error: str = ""
    channels: dict[int, _Channel] = field(default_factory=dict)
    silent: dict[str, Alert] = field(default_factory=dict)

    def at(self, time: int) -> int:
        """Return a time on a clock that only runs."""
        now = time + self.skew_ms
        if self.latest is not None and now < self.latest:
            self.skew_ms += self.latest - now
            now = self.latest
        self.latest = now
        if self.heard is None:
            self.heard = now
        return now

    def forget(self) -> None:
        """Forget since when something holds, and earlier values."""
        for channel in self.channels.values():
            for watched in channel.watched.values():
                watched.memory.clear()


class Engine:
    """Applies rules to polls.

    Args:
        rules: what to look for.
        cyclers: names of the cyclers that are watched. Others may come.
    """

    def __init__(self, rules: Sequence[Rule], cyclers: Sequence[str]) -> None:
        self._rules = tuple(rules)
        self._cyclers: dict[str, _Cycler] = {}
        for name in cyclers:
            self._cycler(name)

    def see(self, poll: Poll) -> list[Alert]:
        """Return what a poll changes: alerts that fire, and such that are over.

        Times of a cycler's polls that run backwards are taken as a clock that was set back.
        """
        cycler = self._cycler(poll.cycler)
        now = cycler.at(poll.time)
        if poll.error is not None or not poll.readings:
            cycler.error = poll.error or "no channels"
            cycler.forget()
            return list(_silence(cycler, now, poll.time))
        alerts: list[Alert] = []
        if cycler.serial_number and poll.serial_number != cycler.serial_number:
            alerts += _another_cycler(cycler, poll)
        assert cycler.heard is not None
        pause = now - cycler.heard
        if cycler.answered and pause > max(_PAUSE_MS, 3 * cycler.period):
            cycler.forget()
        if pause >= _PIECES_MS:
            cycler.period = pause
        cycler.heard, cycler.answered = now, True
        cycler.serial_number, cycler.error = poll.serial_number, ""
        for rule in cycler.silences:
            active = cycler.silent.pop(rule.name, None)
            if active is not None:
                alerts.append(replace(active, time=poll.time, state="cleared", values={}, text=over(active)))
        for reading in poll.readings:
            alerts += _channel(cycler, now, poll, reading)
        return alerts

    def tick(self, now_ms: int) -> list[Alert]:
        """Return the alerts that fire because no poll came.

        Args:
            now_ms: the time, in milliseconds since 1970, UTC.
        """
        alerts: list[Alert] = []
        for cycler in self._cyclers.values():
            alerts += _silence(cycler, cycler.at(now_ms), now_ms)
        return alerts

    @property
    def due(self) -> int | None:
        """When `tick` would have something to tell, if no poll comes before; ``None`` for never."""
        times = [
            cycler.heard + rule.when.silence_ms - cycler.skew_ms
            for cycler in self._cyclers.values()
            for rule in cycler.silences
            if cycler.heard is not None
            and rule.when.silence_ms is not None
            and rule.name not in cycler.silent
        ]
        return min(times, default=None)

    def clock_stepped(self, step_s: float) -> None:
        """Take it that the clock was set, and that no time has passed in that.

        Args:
            step_s: by how many seconds; forward is above zero.
        """
        for cycler in self._cyclers.values():
            cycler.skew_ms -= round(step_s * 1000.0)

    @property
    def active(self) -> list[Alert]:
        """The alerts that have fired and are not over, the oldest first."""
        found = [alert for cycler in self._cyclers.values() for alert in _active(cycler)]
        return sorted(found, key=lambda alert: alert.time)

    def _cycler(self, name: str) -> _Cycler:
        if name not in self._cyclers:
            rules = [rule for rule in self._rules if rule.is_about(name)]
            self._cyclers[name] = _Cycler(
                name,
                [rule for rule in rules if rule.when.silence_ms is None],
                [rule for rule in rules if rule.when.silence_ms is not None],
            )
        return self._cyclers[name]


def _active(cycler: _Cycler) -> Iterator[Alert]:
    yield from cycler.silent.values()
    for channel in cycler.channels.values():
        for watched in channel.watched.values():
            if watched.active is not None:
                yield watched.active


def _silence(cycler: _Cycler, now: int, time: int) -> Iterator[Alert]:
    """Yield the alerts that fire because a cycler has not answered."""
    assert cycler.heard is not None
    for rule in cycler.silences:
        assert rule.when.silence_ms is not None
        if rule.name not in cycler.silent and now - cycler.heard >= rule.when.silence_ms:
            seconds = (now - cycler.heard) / 1000.0
            text = silent(rule.name, cycler.name, seconds, cycler.answered, cycler.error)
            alert = Alert(
                rule.name, cycler.name, None, "", time, "fired", rule.severity, rule.when.text,
                {"no_reading_s": seconds}, text,
            )  # fmt: skip
            cycler.silent[rule.name] = alert
            yield alert


def _another_cycler(cycler: _Cycler, poll: Poll) -> Iterator[Alert]:
    """Yield that what was known of the channels is over: they are those of another cycler."""
    for channel in cycler.channels.values():
        for watched in channel.watched.values():
            if watched.active is not None:
                yield _over(watched.active, poll.time, {}, "another cycler answers now")
    cycler.channels.clear()


def _channel(cycler: _Cycler, now: int, poll: Poll, reading: Reading) -> Iterator[Alert]:
    """Yield what a reading changes."""
    running = is_running(reading)
    channel = cycler.channels.get(reading.channel)
    ended = ""
    events: frozenset[str] = frozenset()
    if channel is None:
        channel = cycler.channels[reading.channel] = _Channel(reading.status, reading.test_name, running)
    else:
        events = frozenset(_events(channel, reading, running))
        if TEST_ENDED in events:
            ended = channel.test
        if reading.test_name != channel.test:  # what was measured before was another test's
            for watched in channel.watched.values():
                watched.memory.clear()
        channel.status, channel.test, channel.running = reading.status, reading.test_name, running
    moment = Moment(now, poll, reading, events)
    for rule in cycler.rules:
        if rule.is_about_channel(reading.channel):
            test = ended if ended and rule.when.names_event(TEST_ENDED) else reading.test_name
            watched = channel.watched.setdefault(rule.name, _Watched())
            yield from _apply(rule, watched, moment, test)


def _events(channel: _Channel, reading: Reading, running: bool) -> Iterator[str]:
    same = channel.test == reading.test_name
    if channel.running and not (running and same):
        yield TEST_ENDED
    if running and not (channel.running and same):
        yield "test started"
    if channel.status != reading.status:
        yield "status changed"


def _apply(rule: Rule, watched: _Watched, moment: Moment, test: str) -> Iterator[Alert]:
    """Yield what a reading changes for one rule."""
    active, time = watched.active, moment.poll.time
    if not rule.is_about_test(test):
        watched.memory.clear()
        watched.active = None
        if active is not None:
            yield _over(active, time, {}, f"the test is now {test!r}" if test else "no test is there now")
        return
    moment.memory = watched.memory
    holds = rule.when.node.holds(moment)
    clears = None if rule.clear is None else rule.clear.holds(moment)  # asked each time: it may remember
    if active is None:
        if holds is True:
            alert = _fired(rule, moment, test)
            watched.active = None if rule.when.momentary else alert
            yield alert
    elif holds is not True:
        if rule.clear is None:
            clears = rule.when.node.holds(moment, now=True) is False
        if clears is True:
            watched.active = None
            yield _over(replace(active, test_name=test), time, _values(rule, moment))


def _values(rule: Rule, moment: Moment) -> dict[str, Value]:
    return {measured.name: measured.value(moment) for measured in rule.when.measured}


def _fired(rule: Rule, moment: Moment, test: str) -> Alert:
    values = _values(rule, moment)
    alert = Alert(
        rule.name, moment.poll.cycler, moment.reading.channel, test, moment.poll.time, "fired",
        rule.severity, rule.when.text, values,
    )  # fmt: skip
    ended = moment.reading if rule.when.momentary else None
    return replace(alert, text=fired(alert, ended))


def _over(active: Alert, time: int, values: dict[str, Value], why: str = "") -> Alert:
    state: State = "cleared"
    alert = replace(active, time=time, state=state, values=values)
    return replace(alert, text=over(alert, why))
