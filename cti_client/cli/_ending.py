"""Ctrl-C, and whoever ends a service, end a command in order: what is open is closed first.

Also where Ctrl-C is ignored, as in a script's background. A second Ctrl-C ends it at once.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

__all__ = ["ending", "run_until_ended", "told_to_end"]


@contextmanager
def ending(stop: Callable[[], object]) -> Iterator[None]:
    """Call a function, once, when the process is told to end."""
    # Not loop.add_signal_handler, which Windows has not. Ctrl-Break is SIGBREAK and exists only there.
    numbers = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGBREAK", None)]
    before: dict[int, Any] = {}

    def told(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    for number in numbers:
        if number is not None:
            before[number] = signal.signal(number, told)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_to_end() -> Iterator[asyncio.Event]:
    """Give an event of the running loop that is set when the process is told to end."""
    import asyncio

    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    with ending(lambda: loop.call_soon_threadsafe(told.set)):
        yield told


def run_until_ended(work: Coroutine[Any, Any, None]) -> None:
    """Run in a loop of its own until it ends, or the process is told to end: then it is cancelled."""
    import asyncio
    from contextlib import suppress

    async def main() -> None:
        with told_to_end() as told:
            working = asyncio.create_task(work)
            waiting = asyncio.create_task(told.wait())
            await asyncio.wait([working, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            working.cancel()  # does nothing where it ended by itself: then its error is raised
            with suppress(asyncio.CancelledError):
                await working

    with suppress(KeyboardInterrupt):
        asyncio.run(main())
