"""Moves what waits in the spool into one sink, in a thread of its own. A sink that fails is tried again.

No sink waits for another. A sink has a batch when its `write` has returned; until then it gets it again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from cti_client.record.sinks import Sink
from cti_client.record.spool import Spool
from cti_client.record.tables import Batch, rows_in

__all__ = ["Pump"]

log: Final = logging.getLogger("cti_client.record")

#: How long a sink that failed is left alone: at first, and at most.
_FIRST_S: Final = 0.25
_LONGEST_S: Final = 10.0


class Pump:
    """Moves batches into a sink until it is closed.

    Args:
        spool: where they come from.
        sink: where they go.
        say: is told in a sentence when the sink fails, and when it is back.

    Attributes:
        written: readings that the sink has got.
        error: why the last attempt failed, or ``None``.
    """

    def __init__(self, spool: Spool, sink: Sink, say: Callable[[str], None]) -> None:
        self.sink = sink
        self.written = 0
        self.error: str | None = None
        self._spool = spool
        self._say = say
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"into {sink.name}", daemon=True)

    @property
    def waiting(self) -> int:
        """Readings that wait for the sink."""
        return self._spool.waiting(self.sink.name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Write what waits, once, and end. False if the sink does not come back from writing in time."""
        self._ending.set()
        with self._spool.news:
            self._spool.news.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        rest_s = _FIRST_S
        while True:
            self._gather()
            ending = self._ending.is_set()
            if self._move():
                rest_s = _FIRST_S
            elif not ending:
                self._ending.wait(rest_s)
                rest_s = min(2 * rest_s, _LONGEST_S)
            if ending:
                break
        try:
            self.sink.close()
        except Exception as error:
            self._failed(error)

    def _gather(self) -> None:
        """Wait until something is there for the sink, and for so long as it wants more at a time."""
        with self._spool.news:
            while not self._ending.is_set() and self._spool.next(self.sink.name) is None:
                self._spool.news.wait()
        if self.sink.every_s and self.error is None:
            self._ending.wait(self.sink.every_s)

    def _move(self) -> bool:
        """Write what waits; tell whether that worked."""
        name = self.sink.name
        until = self._spool.next(name)
        if until is None:
            return True
        count = 0

        def counted() -> Iterator[Batch]:
            nonlocal count
            for batch in self._spool.batches(name, until):
                count += rows_in(batch)
                yield batch

        began = time.monotonic()
        try:
            self.sink.write(counted())
            self._spool.done(name, until)
        except Exception as error:  # of whatever library the sink uses: it must not stop the others
            self._failed(error)
            return False
        self.written += count
        log.debug("%s: %d readings in %.3f s", name, count, time.monotonic() - began)
        if self.error is not None:
            self.error = None
            self._say(f"{name}: works again")
        return True

    def _failed(self, error: Exception) -> None:
        sentence = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if self.error is None:
            self._say(f"{self.sink.name}: {sentence}; readings wait in the spool")
        self.error = sentence
        log.debug("%s failed", self.sink.name, exc_info=error)
