"""Polls a fleet and serves the page, in one event loop, until it is cancelled.

However many look at the page, a cycler is asked once in each period.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from cti_client.fleet import Fleet
from cti_client.record.poller import Poller
from cti_client.web.monitor import Monitor
from cti_client.web.recorded import Recorded
from cti_schema.errors import ConfigurationError

try:
    import uvicorn

    from cti_client.web.app import application
except ImportError as error:
    if error.name is not None and error.name.partition(".")[0] not in ("starlette", "uvicorn"):
        raise
    raise ConfigurationError('the page needs Starlette and uvicorn: pip install "cti-toolkit[web]"') from None

if TYPE_CHECKING:
    from cti_client.watch.rules import Rule

__all__ = ["Page", "listen"]

#: Requests that are served at a time; others are turned away. A browser has six connections.
_MOST_REQUESTS: Final = 200

#: How long an answer under way may take when the page ends.
_END_S: Final = 1

_TICK_S: Final = 1.0


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Args:
        address: name or address of this computer.
        port: TCP port; 0 picks a free one.

    Raises:
        ConfigurationError: the port is in use, or this computer has no such address.
    """
    listening: socket.socket | None = None
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        listening = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it would let two programs have one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except OSError as error:
        if listening is not None:
            listening.close()
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        raise ConfigurationError(f"cannot show the page at {where}: {error.strerror or error}") from None
    return listening


class Page:
    """The page of a fleet.

    Args:
        fleet: the cyclers.
        rate_hz: polls per second.
        rules: alert rules; ``None`` where there are none.
        recorded: a file with older points.

    Attributes:
        monitor: what is shown.

    Raises:
        ConfigurationError: the rate makes no sense.
    """

    def __init__(
        self,
        fleet: Fleet,
        rate_hz: float = 1.0,
        rules: list[Rule] | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        self._fleet = fleet
        self._recorded = recorded
        self._poller = Poller(fleet, rate_hz, self._see, self._stepped)
        engine = None
        if rules is not None:
            from cti_client.watch.engine import Engine

            engine = Engine(rules, fleet.names)
        self.monitor = Monitor(fleet.names, self._poller.grid.period_s, _now(), engine)

    async def run(self, listening: socket.socket, *, token: str | None, local: bool) -> None:
        """Poll and serve until cancelled.

        Args:
            listening: where the page is asked for; is closed at the end.
            token: what every request has to bring, or ``None``.
            local: take only requests that name this computer itself.

        Raises:
            LoginRefused: every cycler refused the login.
        """
        app = application(
            self.monitor,
            recorded=self._recorded,
            token=token,
            local=local,
            port=listening.getsockname()[1],
        )
        server = _Server(
            uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                lifespan="off",
                ws="none",
                proxy_headers=False,
                server_header=False,
                limit_concurrency=_MOST_REQUESTS,
                timeout_graceful_shutdown=_END_S,
            )
        )
        work = [
            asyncio.create_task(server.serve(sockets=[listening]), name="page"),
            asyncio.create_task(self._poller.run(), name="polls"),
            asyncio.create_task(self._tick(), name="ticks"),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            server.should_exit = True
            for task in work[1:]:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            listening.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self.monitor.tick(_now())

    def _see(self, poll: Any) -> None:
        self.monitor.see(poll)

    def _stepped(self, step_s: float) -> None:
        self.monitor.stepped(step_s, _now())


class _Server(uvicorn.Server):
    """A server that leaves Ctrl-C to the one who started it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _now() -> int:
    return round(time.time() * 1000.0)
