"""A closed loop for programs without asyncio: what `cti_client.loop_core` decides, done in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cti_client.loop_core import LoopCore, Rule
from cti_client.peer import Call, T
from cti_client.readings import Reading
from cti_schema.errors import CTIError

if TYPE_CHECKING:
    from cti_client.client import Cycler

__all__ = ["ClosedLoop"]


class ClosedLoop(LoopCore):
    """A closed loop on a channel; made by `Channel.closed_loop`, which says what the arguments are.

    ::

        with channel.closed_loop("mv_ud1", limits=(0.0, 5.0), safe_value=0.0) as loop:
            for reading in loop:                     # ten times a second
                loop.set(rule(reading.voltage_v))    # in every round

    The block begins only on a channel that runs. When it is left, in whatever way, the safe state is brought
    about, unless the test has ended or is another one. A thread watches the gaps in the meantime, so that
    a program that hangs leaves the channel in its safe state too.
    """

    def __enter__(self) -> Self:
        self._run(self.beginning())
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="closed loop", daemon=True)
        if self._cycler._own_clock is None:
            self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._watcher.is_alive():
            self._watcher.join()
        try:
            self._run(self.handing_over())
        except CTIError as failed:
            self.not_safe(failed, error)
            if error is None:
                raise

    def __iter__(self) -> Iterator[Reading]:
        """Give a reading every period, until the test has come to its own end."""
        while True:
            pause_s = self.pause_s()
            if self._cycler._own_clock is None:
                time.sleep(pause_s)
            else:
                self._cycler._own_clock.sleep(pause_s)
            reading = self._run(self.looking())
            if reading is None:
                return
            yield reading

    def set(self, value: float) -> None:
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
        self._run(self.setting(value))

    def run(self, rule: Rule) -> None:
        """Set what a rule makes of each reading, until it returns ``None`` or the test has ended.

        Args:
            rule: makes a value of a reading.

        Raises:
            ClientError: as for `set`.
        """
        for reading in self:
            value = rule(reading)
            if value is None:
                return
            self.set(value)

    @property
    def _cycler(self) -> Cycler:
        return self.channel.cycler  # type: ignore[return-value]

    def _run(self, call: Call[T]) -> T:
        return self._cycler._run(call)

    def _watch(self) -> None:
        """Bring about the safe state when the last value was set too long ago, whatever the program does."""
        while not self.over and not self._done.wait(max(self.late_at - self._cycler.clock(), 0.001)):
            if self.late() is None:
                continue
            try:
                self._run(self.handing_over_if_late())
            except CTIError as failed:
                self.not_safe(failed, None)
