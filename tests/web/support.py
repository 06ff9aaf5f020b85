"""Asks the page: its application directly, or a real server in a thread."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cti_client.fleet import Fleet
from cti_client.readings import Reading
from cti_client.record import Poll
from cti_client.web.monitor import Monitor
from cti_client.web.recorded import Recorded
from cti_client.web.serving import Page, listen
from tests.record.support import AT, poll

__all__ = ["AT", "Answered", "Shown", "ask", "monitor_of", "poll", "shown", "until"]


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_constant=lambda name: pytest_fails(name))


def pytest_fails(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def ask(
    app: Any,
    target: str,
    method: str = "GET",
    host: str | None = "127.0.0.1:8080",
    **headers: str,
) -> Answered:
    """Ask an application, without a server."""
    parts = urlsplit(target)
    given = {"host": host, **headers}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
        "root_path": "", "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8080),
        "headers": [
            (name.replace("_", "-").encode(), value.encode())
            for name, value in given.items()
            if value is not None
        ],
    }  # fmt: skip
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    start, *bodies = messages
    found = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answered(start["status"], found, b"".join(body.get("body", b"") for body in bodies))


def monitor_of(*readings: Reading, seconds: int = 1, engine: Any = None) -> Monitor:
    """Return a monitor of one cycler that has seen readings for some seconds."""
    monitor = Monitor(["north"], 1.0, AT, engine)
    for second in range(seconds):
        monitor.see(poll(second, *readings))
    return monitor


class Shown:
    """A page that is shown.

    Attributes:
        port: where.
        page: it.
        loop: where it runs.
    """

    def __init__(self, page: Page, port: int) -> None:
        self.page = page
        self.port = port
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def polls(self) -> int:
        return self.page.monitor.polls


@contextmanager
def shown(
    cyclers: Fleet,
    rate_hz: float = 20.0,
    token: str | None = None,
    local: bool = True,
    rules: Any = None,
    recorded: Recorded | None = None,
) -> Iterator[Shown]:
    """Show a fleet on a free port while the block runs; what it fails with is raised at its end."""
    listening = listen("127.0.0.1", 0)
    running = Shown(Page(cyclers, rate_hz, rules, recorded), listening.getsockname()[1])
    started = threading.Event()
    failed: list[BaseException] = []
    task: list[asyncio.Task[None]] = []

    async def main() -> None:
        running.loop = asyncio.get_running_loop()
        async with cyclers:
            task.append(asyncio.create_task(running.page.run(listening, token=token, local=local)))
            started.set()
            try:
                await task[0]
            except asyncio.CancelledError:
                pass
            except Exception as error:
                failed.append(error)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        assert started.wait(10.0)
        yield running
    finally:
        assert running.loop is not None
        if thread.is_alive():
            running.loop.call_soon_threadsafe(task[0].cancel)
        thread.join(10.0)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.02)


def away(second: int, why: str = "no connection", cycler: str = "north") -> Poll:
    """Return a poll that failed."""
    return poll(second, cycler=cycler, error=why)
