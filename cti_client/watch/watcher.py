"""Polls of a fleet through the rules to the senders, and to the channel that a rule stops. Decides nothing.

::

    rules, document = read_rule_file("rules.toml")
    async with fleet:
        with Watcher(fleet, rules, senders(...), say=print) as watcher:
            await watcher.run()
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from cti_client.fleet import Fleet
from cti_client.record.clock import ClockWatch
from cti_client.record.observe import Poll
from cti_client.record.poller import Poller
from cti_client.watch.alert import Alert
from cti_client.watch.engine import Engine
from cti_client.watch.rules import Rule
from cti_client.watch.senders import Sender
from cti_client.watch.stopping import stop, told
from cti_client.watch.worker import Worker

__all__ = ["Watcher"]

#: How often it is looked whether a reading is missing, in seconds.
_TICK_S: Final = 0.5

#: How long it is waited at the end for what is on its way, in seconds.
_END_S: Final = 10.0

_NOT_ALLOWED: Final = "; the channel is not stopped, because --allow-stop was not given"


class Watcher:
    """Watches a fleet.

    Use it in a ``with`` statement: at its end, what waits for senders is sent where that works at once.

    Args:
        fleet: the cyclers.
        rules: what to look for.
        senders: who is told, by the names that the rules have.
        rate_hz: polls per second.
        allow_stop: rules that say so stop their channel.
        say: is told in a sentence what happens: cyclers that go and come back, senders that fail.
        wall: the clock.
        steady: a clock that only runs.

    Attributes:
        engine: what has fired.
        fired: how many alerts have fired.

    Raises:
        ConfigurationError: the rate makes no sense.
    """

    def __init__(
        self,
        fleet: Fleet,
        rules: Sequence[Rule],
        senders: Mapping[str, Sender],
        *,
        rate_hz: float = 1.0,
        allow_stop: bool = False,
        say: Callable[[str], None] = lambda sentence: None,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = Engine(rules, fleet.names)
        self.fired = 0
        self._fleet = fleet
        self._rules = {rule.name: rule for rule in rules}
        self._allow_stop = allow_stop
        self._say = say
        self._wall = wall
        self._steady = steady
        self._clock = ClockWatch(wall(), steady())
        self._poller = Poller(fleet, rate_hz, self._see, self._stepped, wall=wall, steady=steady)
        self._errors: dict[str, str | None] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        used = {name for rule in rules for name in rule.send}
        self._workers = {
            name: Worker(name, sender.send, say, attempts=sender.attempts)
            for name, sender in senders.items()
            if name in used
        }

    @property
    def workers(self) -> list[Worker[Alert]]:
        """What hands the alerts on, with the counts of what was told and what was dropped."""
        return list(self._workers.values())

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            LoginRefused: every cycler refused the login.
        """
        tasks = [asyncio.create_task(self._poller.run()), asyncio.create_task(self._tick())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._stopping:
                await asyncio.wait(self._stopping, timeout=_END_S)

    def close(self, timeout_s: float = _END_S) -> None:
        """Send what waits, each alert in one try; what then still waits is dropped."""
        end = time.monotonic() + timeout_s
        for worker in self._workers.values():
            worker.finish()
        for worker in self._workers.values():
            worker.close(max(0.0, end - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- in the event loop: nothing here waits ------------------------------------------------------

    def _see(self, poll: Poll) -> None:
        before = self._errors.get(poll.cycler, "")
        if poll.error is not None and not before:
            self._say(f"{poll.cycler}: {poll.error}")
        elif poll.error is None and before is not None:
            self._say(f"{poll.cycler}: {len(poll.readings)} channels")
        self._errors[poll.cycler] = poll.error
        self._look_at_the_clock()
        self._tell(self.engine.see(poll))

    async def _tick(self) -> None:
        while True:
            self._look_at_the_clock()
            self._tell(self.engine.tick(self._now_ms()))
            await asyncio.sleep(_TICK_S)

    def _stepped(self, step_s: float) -> None:
        self._say(f"the clock was set {'forward' if step_s > 0 else 'back'} by {abs(step_s):.3f} s")

    def _look_at_the_clock(self) -> None:
        step_s = self._clock.look(self._wall(), self._steady())
        if step_s:
            self.engine.clock_stepped(step_s)

    def _now_ms(self) -> int:
        return round(self._wall() * 1000.0)

    def _tell(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            stops = alert.state == "fired" and self._rules[alert.rule].stop
            if stops and not self._allow_stop:
                alert = replace(alert, text=alert.text + _NOT_ALLOWED)
            self.fired += alert.state == "fired"
            self._send(alert)
            if stops and self._allow_stop:
                task = asyncio.create_task(self._stop(alert))
                self._stopping.add(task)
                task.add_done_callback(self._stopping.discard)

    def _send(self, alert: Alert) -> None:
        for name in dict.fromkeys(self._rules[alert.rule].send):
            self._workers[name].put(alert)

    async def _stop(self, alert: Alert) -> None:
        try:
            state, text = await stop(self._fleet, alert)
        except (asyncio.CancelledError, Exception) as error:
            reason = str(error) or "watching ended before there was an answer"
            sentence = f"whether it was stopped is not known: {reason}"
            self._send(told(alert, self._now_ms(), "stop not known", sentence))
            raise
        self._send(told(alert, self._now_ms(), state, text))
