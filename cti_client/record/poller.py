"""Asks every cycler of a fleet for all its channels, once in each period. Only reads.

The cyclers' turns are spread over the period, so that not all of them answer at the same moment.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from cti_client.fleet import Fleet
from cti_client.record.clock import ClockWatch, Grid
from cti_client.record.observe import Poll
from cti_schema.enums import NeedType
from cti_schema.errors import CTIError, LoginRefused

__all__ = ["Poller"]

log: Final = logging.getLogger("cti_client.record")

_AUX: Final = NeedType.THIRD_PARTY_GET_CHANNELS_INFO_NEED_TYPE_AUX

#: A cycler that is away is not asked more often than that.
_AWAY_S: Final = 1.0


class Poller:
    """Polls a fleet.

    Args:
        fleet: the cyclers.
        rate_hz: polls per second.
        see: is given what came of each poll.
        stepped: is told by how many seconds the clock jumped, before the poll behind it is seen.
        wall: the clock.
        steady: a clock that only runs.

    Raises:
        ConfigurationError: the rate makes no sense.
    """

    def __init__(
        self,
        fleet: Fleet,
        rate_hz: float,
        see: Callable[[Poll], None],
        stepped: Callable[[float], None],
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.grid = Grid(rate_hz)
        self._fleet = fleet
        self._see = see
        self._stepped = stepped
        self._wall = wall
        self._steady = steady
        self._watch = ClockWatch(wall(), steady())
        self._serials: dict[str, str] = {}
        self._refused: dict[str, LoginRefused] = {}

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            LoginRefused: every cycler refused the login.
        """
        async with asyncio.TaskGroup() as group:
            for place, name in enumerate(self._fleet.names):
                turn_s = self.grid.period_s * place / len(self._fleet.names)
                group.create_task(self._poll(name, turn_s), name=f"poll {name}")

    async def _poll(self, name: str, turn_s: float) -> None:
        while True:
            slot = self.grid.next(self._wall() - turn_s)
            await asyncio.sleep(slot / 1000.0 + turn_s - self._wall())
            poll = await self._ask(name, slot, turn_s)
            self._look_at_the_clock()
            self._see(poll)
            if poll.error is not None:
                if len(self._refused) == len(self._fleet.names):
                    raise self._refused[name]
                await asyncio.sleep(max(0.0, _AWAY_S - self.grid.period_s))

    async def _ask(self, name: str, slot: int, turn_s: float) -> Poll:
        began = self._steady()
        try:
            cycler = await self._fleet.cycler(name)
            self._serials[name] = cycler.serial_number
            began = self._steady()
            readings = await cycler.channels(extra=_AUX)
        except CTIError as error:
            if isinstance(error, LoginRefused):
                self._refused[name] = error
            return self._poll_of(name, slot, turn_s, began, error=str(error))
        return self._poll_of(name, slot, turn_s, began, readings=readings)

    def _poll_of(self, name: str, slot: int, turn_s: float, began: float, **rest: Any) -> Poll:
        now_s = self._wall()
        return Poll(
            name,
            self._serials.get(name, ""),
            slot,
            round(now_s * 1000.0),
            latency_s=round(self._steady() - began, 6),
            late_s=now_s - slot / 1000.0 - turn_s,
            **rest,
        )

    def _look_at_the_clock(self) -> None:
        step_s = self._watch.look(self._wall(), self._steady())
        if step_s:
            self._stepped(step_s)
