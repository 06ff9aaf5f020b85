"""A closed loop for asyncio: what `cti_client.loop_core` decides, done by the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cti_client.loop_core import LoopCore, Rule
from cti_client.peer import Call, T
from cti_client.readings import Reading
from cti_schema.errors import CTIError

if TYPE_CHECKING:
    from cti_client.aio import Cycler

__all__ = ["ClosedLoop"]


class ClosedLoop(LoopCore):
    """A closed loop on a channel; made by `Channel.closed_loop`, which says what the arguments are.

    ::

        async with channel.closed_loop("mv_ud1", limits=(0.0, 5.0), safe_value=0.0) as loop:
            async for reading in loop:                     # ten times a second
                await loop.set(rule(reading.voltage_v))    # in every round

    The block begins only on a channel that runs. When it is left, in whatever way, the safe state is brought
    about, unless the test has ended or is another one. A task watches the gaps in the meantime; it cannot
    do so while the program keeps the event loop from running.
    """

    async def __aenter__(self) -> Self:
        await self._run(self.beginning())
        self._watcher = None if self._cycler._own_clock is not None else asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher is not None:
            if not self.over:
                self._watcher.cancel()
            await asyncio.wait([self._watcher])
        try:
            await self._run(self.handing_over())
        except CTIError as failed:
            self.not_safe(failed, error)
            if error is None:
                raise

    async def __aiter__(self) -> AsyncIterator[Reading]:
        """Give a reading every period, until the test has come to its own end."""
        while True:
            pause_s = self.pause_s()
            if self._cycler._own_clock is not None:
                self._cycler._own_clock.sleep(pause_s)
                pause_s = 0.0
            await asyncio.sleep(pause_s)
            reading = await self._run(self.looking())
            if reading is None:
                return
            yield reading

    async def set(self, value: float) -> None:
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
        await self._run(self.setting(value))

    async def run(self, rule: Rule) -> None:
        """Set what a rule makes of each reading, until it returns ``None`` or the test has ended.

        Args:
            rule: makes a value of a reading.

        Raises:
            ClientError: as for `set`.
        """
        async for reading in self:
            value = rule(reading)
            if value is None:
                return
            await self.set(value)

    @property
    def _cycler(self) -> Cycler:
        return self.channel.cycler  # type: ignore[return-value]

    async def _run(self, call: Call[T]) -> T:
        return await self._cycler._run(call)

    async def _watch(self) -> None:
        """Bring about the safe state when the last value was set too long ago."""
        while not self.over:
            await asyncio.sleep(max(self.late_at - self._cycler.clock(), 0.001))
            if self.late() is None:
                continue
            try:
                await self._run(self.handing_over_if_late())
            except CTIError as failed:
                self.not_safe(failed, None)
