"""Setting a variable of a running test again and again, and leaving nothing unattended.

One rule: whatever ends a loop - its own end, an error, too long a gap - ends in the safe state that was
chosen for it: a safe value, or the channel stopped. A channel that runs another test by then is left alone:
that test is not the loop's to stop.

What is decided here, without sockets and without waiting, `cti_client.closed_loop` and its twin do.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Final

from cti_client.calls import read, stop
from cti_client.peer import Call, ChannelPeer, valid_timeout
from cti_client.readings import Reading
from cti_client.resolving import runs
from cti_client.variables import set_mv, set_mvs_time_sensitive, time_sensitive, user_variable
from cti_schema.enums import ChannelStatus
from cti_schema.errors import (
    ClosedLoopError,
    ConfigurationError,
    CTIError,
    LimitError,
    LoopLate,
    NotRunning,
    ResultError,
)
from cti_schema.messages.set_meta_variables_time_sensitive import TimeSensitiveSetMvResult
from cti_schema.messages.stop_schedule import StopResult

__all__ = ["LoopCore", "Rule"]

log: Final = logging.getLogger("cti_client.loop_core")

#: Makes the next value of a reading; ``None`` ends the loop.
Rule = Callable[[Reading], float | None]

#: The time-sensitive command wants about that much time after each success (manual 1.2.0).
_LEAST_PERIOD_S: Final = 0.01


class LoopCore:
    """What a closed loop may do, and when it must not go on.

    Args:
        channel: the channel.
        variable: the user variable, by number or name.
        limits: least and greatest value that may be set.
        test_name: the test that the loop is for; by default the one that runs when the loop begins.
        period_s: seconds from one round to the next.
        deadline_s: the longest gap between two values. After it the safe state is brought about; where the
            cycler has the time-sensitive command, its watchdog stops the channel then too.
        safe_value: is set at the end; ``None`` stops the channel.
        log: with the time-sensitive command, write each value to the cycler's database.

    Attributes:
        test_name: the test that the loop is for.
        watchdog: the cycler watches the gaps too.
        rounds: how many readings there were.
        overruns: how many rounds began late, because the one before took longer than a period.

    Raises:
        ConfigurationError: something of it makes no sense.
    """

    def __init__(
        self,
        channel: ChannelPeer,
        variable: int | str,
        *,
        limits: tuple[float, float],
        test_name: str | None = None,
        period_s: float = 0.1,
        deadline_s: float = 1.0,
        safe_value: float | None = None,
        log: bool = False,
    ) -> None:
        self.channel = channel
        self._code = user_variable(variable)
        self._limits = _limits(limits)
        self._period_s = valid_timeout(period_s)
        self._deadline_s = valid_timeout(deadline_s)
        if not _LEAST_PERIOD_S <= self._period_s < self._deadline_s:
            raise ConfigurationError(
                f"a period of {period_s:g} s does not go with a deadline of {deadline_s:g} s: it must be at "
                f"least {_LEAST_PERIOD_S:g} s, and shorter than the deadline"
            )
        if safe_value is not None:
            try:
                self._check_value(safe_value)
            except LimitError as error:
                raise ConfigurationError(f"safe_value: {error}") from None
        self._safe_value = safe_value
        self._log = log
        self.test_name = test_name or ""
        self.watchdog = False
        self.rounds = 0
        self.overruns = 0
        self._next_at = -math.inf
        self._set_at = -math.inf
        self._unanswered = False  # a value was sent, and no answer came
        self._over: ClosedLoopError | None = None

    @property
    def late_at(self) -> float:
        """When the next value must have been set, on the cycler's clock."""
        return self._set_at + self._deadline_s

    @property
    def over(self) -> bool:
        """Whether the loop has come to its end."""
        return self._over is not None

    def beginning(self) -> Call[None]:
        """See that the test runs.

        Raises:
            NotRunning: it does not.
        """
        peer = self.channel.cycler
        reading = yield from read(self.channel, timeout_s=self._deadline_s)
        self.test_name = self.test_name or reading.test_name
        self._check_reading(reading)
        self.watchdog = time_sensitive(peer)
        self._next_at = self._set_at = peer.clock()

    def pause_s(self) -> float:
        """Return how long to wait before the next round, and count it as late where it should have begun."""
        now = self.channel.cycler.clock()
        if now > self._next_at + self._period_s:
            self.overruns += 1
            self._next_at = now
        return max(self._next_at - now, 0.0)

    def looking(self) -> Call[Reading | None]:
        """Read the channel, and return the reading, or ``None`` after the test has come to its own end.

        Raises:
            NotRunning: the channel does something else than the test.
            LoopLate: the last value was set too long ago.
        """
        self._check_late()
        self._next_at += self._period_s
        reading = yield from read(self.channel, timeout_s=self._left_s())
        if reading.test_name == self.test_name and reading.status is ChannelStatus.FINISHED:
            self._over = NotRunning(f"the test {self.test_name!r} has come to its end")
            return None
        self._check_reading(reading)
        self.rounds += 1
        return reading

    def setting(self, value: float) -> Call[None]:
        """Set the variable. Every round needs it, also where the value stays as it is.

        Args:
            value: the new value.

        Raises:
            LimitError: it is outside of the limits, or no finite number; nothing was sent.
            NotRunning: the channel does not run any more.
            LoopLate: the last value was set too long ago; nothing was sent.
            OutcomeUnknown: no answer came in time.
            ResultError: the cycler refused.
        """
        self._check_value(value)
        self._check_late()
        yield from self._send(value, self._deadline_s, self._left_s())
        self._set_at = self.channel.cycler.clock()

    def late(self) -> LoopLate | None:
        """Return the error if the last value was set too long ago and the loop is not over yet."""
        gap = self.channel.cycler.clock() - self._set_at
        if self._over is not None or gap < self._deadline_s:
            return None
        return LoopLate(
            f"channel {self.channel.number}: no value of {self._code.label} was set for {gap:.3g} s; "
            f"{self._deadline_s:g} s are allowed"
        )

    def handing_over(self, error: ClosedLoopError | None = None) -> Call[None]:
        """Bring about the safe state, once.

        Args:
            error: why, if the loop is to be over with it.

        Raises:
            ClientError: it is not known to be there.
        """
        if self._over is not None:
            return
        self._over = error or ClosedLoopError("the loop has ended")
        channel = self.channel
        try:
            reading = yield from read(channel, timeout_s=self._deadline_s)
        except CTIError as unread:
            log.warning("%r could not be read before its loop ended: %s", channel, unread)
        else:
            if reading.test_name != self.test_name or not runs(reading.status):
                return
        # Behind a value without an answer a second one could not be told apart: only a stop can be sent.
        if self._safe_value is not None and not self._unanswered:
            try:
                yield from self._send(self._safe_value, 0.0, self._deadline_s)
                return
            except CTIError as unset:
                log.warning("%r: the safe value could not be set, it is stopped: %s", channel, unset)
        try:
            yield from stop(channel)
        except ResultError as refused:
            if refused.result != StopResult.NOT_RUNNING:
                raise

    def handing_over_if_late(self) -> Call[None]:
        """Bring about the safe state where the last value was set too long ago."""
        # A value may have been set while this call waited for its turn.
        error = self.late()
        if error is not None:
            log.error("%s", error)
            yield from self.handing_over(error)

    def not_safe(self, failed: CTIError, error: BaseException | None) -> None:
        """Say that the safe state is not known to be there, also at the error that ended the loop."""
        log.error("%r: the safe state is not known to be there: %s", self.channel, failed)
        if error is not None:
            error.add_note(f"The safe state is not known to be there: {failed}")

    def _send(self, value: float, watchdog_s: float, timeout_s: float) -> Call[None]:
        self._unanswered = True
        try:
            yield from self._sent(value, watchdog_s, timeout_s)
        except (ResultError, NotRunning):
            self._unanswered = False
            raise
        self._unanswered = False

    def _sent(self, value: float, watchdog_s: float, timeout_s: float) -> Call[None]:
        if not self.watchdog:
            yield from set_mv(self.channel, self._code.label, value, timeout_s)
            return
        answer = yield from set_mvs_time_sensitive(
            self.channel,
            {self._code.label: value},
            watchdog_s=watchdog_s,
            log=self._log,
            timeout_s=timeout_s,
        )
        if answer.result == TimeSensitiveSetMvResult.SUCCESS_NOTRUNNING:
            self._end(NotRunning(f"channel {self.channel.number} is {answer.control_status.label}"))

    def _left_s(self) -> float:
        return max(self.late_at - self.channel.cycler.clock(), 0.001)

    def _check_late(self) -> None:
        if self._over is not None:
            raise self._over
        error = self.late()
        if error is not None:
            raise error

    def _check_value(self, value: float) -> None:
        least, most = self._limits
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not least <= value <= most:
            raise LimitError(
                f"channel {self.channel.number}: {value!r} was not set: {self._code.label} may be "
                f"{least:g} to {most:g} in this loop"
            )

    def _check_reading(self, reading: Reading) -> None:
        where = f"channel {reading.channel}"
        if reading.comm_failure:
            raise NotRunning(f"{where}: the cycler cannot reach the channel")
        if reading.test_name != self.test_name:
            self._end(NotRunning(f"{where} has the test {reading.test_name!r}, not {self.test_name!r}"))
        if not runs(reading.status):
            self._end(NotRunning(f"{where} does not run {self.test_name!r}: it is {reading.status.label}"))

    def _end(self, error: NotRunning) -> None:
        """The channel is not the loop's any more: nothing is left to be brought about."""
        self._over = error
        raise error


def _limits(limits: tuple[float, float]) -> tuple[float, float]:
    try:
        least, most = (float(one) for one in limits)
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"limits: {limits!r} are no two numbers, the least and the greatest"
        ) from None
    if not (math.isfinite(least) and math.isfinite(most) and least <= most):
        raise ConfigurationError(f"limits: {least!r} to {most!r} is no range of finite numbers")
    return least, most
