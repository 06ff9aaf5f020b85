"""Readings of a fleet into sinks: polls -> rows -> spool -> one pump for each sink.

::

    sinks = [open_sink("readings.sqlite")]
    with Logger(fleet, sinks, Path("readings.spool")) as logger:
        await logger.run()
"""

from __future__ import annotations

import platform
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cti_client.fleet import Fleet
from cti_client.record.observe import Observer, Poll
from cti_client.record.poller import Poller
from cti_client.record.pump import Pump
from cti_client.record.sinks import Sink
from cti_client.record.spool import Entry, Spool
from cti_schema.errors import ConfigurationError

__all__ = ["SPOOL_SIZE", "Logger", "SinkState"]

#: Bytes that the spool holds, where nothing else is said.
SPOOL_SIZE: Final = 1_000_000_000

#: What waits in memory while the spool's disk cannot be written: polls at most.
_MOST_IN_MEMORY: Final = 10_000

#: How long the spool's disk is left alone after it could not be written.
_REST_S: Final = 1.0

#: Polls whose lateness is remembered.
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class SinkState:
    """How a sink is doing.

    Attributes:
        name: its name.
        written: readings that it has got from this logger.
        waiting: readings that wait for it in the spool.
        lost: readings that it never gets, because the spool was full.
        error: why it fails, or ``None``.
    """

    name: str
    written: int
    waiting: int
    lost: int
    error: str | None


class Logger:
    """Logs the readings of a fleet.

    Use it in a ``with`` statement: at its end everything is written that can be.

    Args:
        fleet: the cyclers.
        sinks: where the readings go; they are closed with the logger.
        spool: file for what waits.
        rate_hz: polls per second.
        spool_size: bytes that may wait.
        say: is told in a sentence what happens: cyclers and sinks that go and come back, clock steps.
        on_poll: is given every poll, in the event loop.
        wall: the clock.

    Attributes:
        polls: the latest poll of each cycler.
        readings: how many readings there were.

    Raises:
        ConfigurationError: the rate makes no sense, two sinks are the same, or the spool cannot be used.
    """

    def __init__(
        self,
        fleet: Fleet,
        sinks: Sequence[Sink],
        spool: Path,
        *,
        rate_hz: float = 1.0,
        spool_size: int = SPOOL_SIZE,
        say: Callable[[str], None] = lambda sentence: None,
        on_poll: Callable[[Poll], None] = lambda poll: None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        names = [sink.name for sink in sinks]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"{name} is given twice")
        self.polls: dict[str, Poll] = {}
        self.readings = 0
        self._say = say
        self._on_poll = on_poll
        self._wall = wall
        self._poller = Poller(fleet, rate_hz, self._see, self._stepped, wall=wall)
        self._spool = Spool(spool, spool_size, names)
        for name in self._spool.absent:
            say(f"{spool}: {self._spool.waiting(name)} readings wait for {name}, which is no target now")
        period_ms = 1000.0 * self._poller.grid.period_s
        self._observers = {
            name: Observer(name, period_ms, self._spool.state(name)) for name in fleet.names
        }  # fmt: skip
        self._lateness: deque[float] = deque(maxlen=_REMEMBERED)
        self._entries: queue.Queue[Entry | None] = queue.Queue(_MOST_IN_MEMORY)
        self._forgotten = 0
        self._writer = threading.Thread(target=self._fill_spool, name="into the spool", daemon=True)
        self._pumps = [Pump(self._spool, sink, say) for sink in sinks]
        self._writer.start()
        for pump in self._pumps:
            pump.start()

    @property
    def spool(self) -> Spool:
        """What waits."""
        return self._spool

    @property
    def sinks(self) -> list[SinkState]:
        """How each sink is doing."""
        return [
            SinkState(
                pump.sink.name, pump.written, pump.waiting, self._spool.lost(pump.sink.name), pump.error
            )
            for pump in self._pumps
        ]

    def lateness_s(self, share: float) -> float:
        """Return how late answers came at most, behind their turn, in a share of the latest polls."""
        late = sorted(self._lateness)
        return late[min(len(late) - 1, int(share * len(late)))] if late else 0.0

    def forget_lateness(self) -> None:
        """Begin anew with what `lateness_s` tells."""
        self._lateness.clear()

    async def run(self) -> None:
        """Log until cancelled.

        Raises:
            LoginRefused: every cycler refused the login.
        """
        try:
            await self._poller.run()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what can be written, and close all. What a sink does not take stays in the spool."""
        for name, observer in self._observers.items():
            self._put(Entry(observer.last_rows(), cycler=name))
        self._entries.put(None)
        self._writer.join(timeout_s)
        ended = [pump.close(timeout_s) for pump in self._pumps]
        if all(ended) and not self._writer.is_alive():  # else the process ends it
            self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- in the event loop: nothing here waits for a disk -------------------------------------------

    def _see(self, poll: Poll) -> None:
        before = self.polls.get(poll.cycler)
        self.polls[poll.cycler] = poll
        if poll.error is None:
            self.readings += len(poll.readings)
            self._lateness.append(poll.late_s)
            if before is None or before.error is not None:
                self._say(f"{poll.cycler}: {len(poll.readings)} channels")
        elif before is None or before.error is None:
            self._say(f"{poll.cycler}: {poll.error}")
        observer = self._observers[poll.cycler]
        batch = observer.see(poll)
        if batch:
            entry = Entry(batch, poll.cycler, poll.serial_number, poll.slot, observer.state)
            self._put(entry)
        self._on_poll(poll)

    def _stepped(self, step_s: float) -> None:
        self._say(f"the clock was set {'forward' if step_s > 0 else 'back'} by {abs(step_s):.3f} s")
        for observer in self._observers.values():
            observer.clock_stepped()
        row = (platform.node(), round(self._wall() * 1000.0), round(step_s, 3))
        self._put(Entry({"clock_steps": [row]}))

    def _put(self, entry: Entry) -> None:
        try:
            self._entries.put_nowait(entry)
        except queue.Full:
            self._forgotten += 1
            if self._forgotten == 1:
                self._say("the spool's disk cannot be written and memory is full: readings are lost")

    # --- in a thread ---------------------------------------------------------------------------------

    def _fill_spool(self) -> None:
        failed = False
        while True:
            entries = [self._entries.get()]
            while len(entries) < _MOST_IN_MEMORY and not self._entries.empty():
                entries.append(self._entries.get_nowait())
            ending = None in entries
            wanted = [entry for entry in entries if entry is not None]
            while wanted:
                try:
                    self._spool.put(wanted)
                except OSError as error:
                    if not failed:
                        self._say(f"{error}; readings wait in memory")
                        failed = True
                    if ending:
                        return
                    time.sleep(_REST_S)
                else:
                    if failed:
                        self._say(f"spool {self._spool.file}: works again")
                        failed = False
                    wanted = []
            if ending:
                return
