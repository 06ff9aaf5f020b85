"""A thread with a bounded queue in front of something that may be slow or fail: who puts never waits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from cti_schema.errors import ConfigurationError

__all__ = ["Worker"]

T = TypeVar("T")

#: What may wait; what comes then is dropped, and counted.
_MOST_WAITING: Final = 1000

#: Seconds before the second try; each further one waits twice as long.
_FIRST_PAUSE_S: Final = 1.0


class Worker(Generic[T]):
    """Hands items on, one after the other, in a thread of its own.

    Args:
        name: for people.
        act: takes an item. `OSError` means that it may work later, anything else that it will not.
        say: is told in a sentence when it begins to fail, and when it works again.
        attempts: how often an item is tried.
        most: how many may wait.
        first_pause_s: seconds before the second try.

    Attributes:
        name: for people.
        done: items that were taken.
        dropped: items that were not.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[T], None],
        say: Callable[[str], None],
        *,
        attempts: int = 1,
        most: int = _MOST_WAITING,
        first_pause_s: float = _FIRST_PAUSE_S,
    ) -> None:
        self.name = name
        self.done = 0
        self.dropped = 0
        self._act = act
        self._say = say
        self._attempts = attempts
        self._most = most
        self._first_pause_s = first_pause_s
        self._items: deque[T] = deque()
        self._busy = False
        self._failing = False
        self._told = 0
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"to {name}", daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Take an item to be handed on, or drop it if too many wait. Never waits."""
        with self._changed:
            full = len(self._items) >= self._most
            if full:
                self.dropped += 1
            else:
                self._items.append(item)
                self._changed.notify()
        if full and self.dropped == self._told + 1:
            self._say(f"{self.name}: {self._most} wait already, what comes now is dropped")

    def finish(self) -> None:
        """Begin to hand on what waits, each item in one try."""
        with self._changed:
            self._closing.set()
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Hand on what waits, each item in one try, and stop; what then still waits is dropped."""
        self.finish()
        self._thread.join(timeout_s)
        with self._changed:
            self.dropped += len(self._items) + self._busy
            self._items.clear()
            self._busy = False

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._closing.is_set())
                if not self._items:
                    return
                item = self._items.popleft()
                self._busy = True
            done = self._hand_on(item)
            with self._changed:
                if self._busy:  # else it was counted as dropped: `close` did not wait any longer
                    self.done += done
                    self.dropped += not done
                    self._busy = False
            if done:
                self._works()

    def _hand_on(self, item: T) -> bool:
        pause_s = self._first_pause_s
        for attempt in range(1, self._attempts + 1):
            try:
                self._act(item)
            except Exception as error:  # whatever goes wrong here must harm nobody else
                final = not isinstance(error, OSError) or attempt == self._attempts
                self._fails(error, final)
                if final or self._closing.wait(pause_s):
                    return False
                pause_s *= 2.0
            else:
                return True
        return False

    def _fails(self, error: Exception, final: bool) -> None:
        if self._failing:
            return
        self._failing = True
        known = isinstance(error, (OSError, ConfigurationError))
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        self._say(f"{self.name}: {reason}" + ("" if final else "; it is tried again"))

    def _works(self) -> None:
        if not self._failing and self.dropped == self._told:
            return
        self._failing = False
        missed, self._told = self.dropped - self._told, self.dropped
        self._say(f"{self.name}: works again" + (f"; {missed} dropped meanwhile" if missed else ""))
