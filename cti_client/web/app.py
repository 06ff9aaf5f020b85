"""The page's routes. They only read what a `Monitor` and a file know; none does anything.

docs/web.md describes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cti_client.web.guard import Guard
from cti_client.web.monitor import Monitor
from cti_client.web.recorded import Recorded

__all__ = ["application"]

#: What the page is made of, with its type. A system's own table may have others, which no browser takes.
_STATIC: Final = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "parts.js": "text/javascript",
    "overview.js": "text/javascript",
    "channel.js": "text/javascript",
    "curves.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "vendor/uPlot.iife.min.js": "text/javascript",
    "vendor/uPlot.min.css": "text/css",
    "vendor/LICENSE": "text/plain",
}

#: No number beyond it comes from us: larger ones are refused before they are used.
_LARGEST: Final = 2**53


def application(
    monitor: Monitor,
    *,
    recorded: Recorded | None = None,
    token: str | None = None,
    local: bool = True,
    port: int = 0,
) -> Starlette:
    """Return the page as an ASGI application.

    Args:
        monitor: what it shows. It is asked in the event loop, which is where polls are to be given to it.
        recorded: a file with older points.
        token: what a request has to bring; see `Guard`.
        local: take only requests that name this computer itself.
        port: where the page is served.
    """

    async def overview(request: Request) -> Response:
        return _json(monitor.overview(_integer(request, "since")))

    async def series(request: Request) -> Response:
        cycler, channel = request.query_params.get("cycler", ""), _integer(request, "channel")
        since = _integer(request, "since")
        found = monitor.series(cycler, channel, since)
        if found is None:
            raise HTTPException(404, f"there is no channel {channel} of a cycler {cycler!r}")
        if recorded is not None and since == 0 and found["reading"]["running"]:
            await _add_older(recorded, found, channel)
        return _json(found)

    async def events(request: Request) -> Response:
        channel = _integer(request, "channel")
        cycler = request.query_params.get("cycler")
        return _json(monitor.events_of(_integer(request, "since"), cycler, channel or None))

    async def alerts(request: Request) -> Response:
        return _json(monitor.alerts(_integer(request, "since")))

    async def health(request: Request) -> Response:
        return _json(monitor.health())

    routes = [
        Route("/api/overview", overview),
        Route("/api/series", series),
        Route("/api/events", events),
        Route("/api/alerts", alerts),
        Route("/api/health", health),
        Route("/", _file("index.html", "text/html")),
        *(Route(f"/static/{name}", _file(name, kind)) for name, kind in _STATIC.items()),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, token=token, local=local, port=port),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4),
        ],
        exception_handlers={HTTPException: _refused},
    )


async def _add_older(recorded: Recorded, found: dict[str, Any], channel: int) -> None:
    """Put older points of the running test, from a file, before those from memory."""
    points: dict[str, list[Any]] = found["points"]
    before = points["time"][0] if points["time"] else found["time"]
    try:
        older = await run_in_threadpool(
            recorded.points, found["serial_number"], channel, found["test"]["test_name"], before
        )
    except OSError as error:
        found["problem"] = str(error)
        return
    for name, column in points.items():
        column[:0] = older[name]
    if older["time"]:
        found["test"]["seen_since"] = older["time"][0]


def _integer(request: Request, name: str) -> int:
    """Return a whole number of the query, 0 where it is missing."""
    text = request.query_params.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 17 and int(text) <= _LARGEST):
        raise HTTPException(400, f"{name}: not a whole number")
    return int(text)


def _json(found: Mapping[str, Any], status: int = 200) -> Response:
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A text of the cycler may have half a character.
    body = text.encode(errors="replace")
    return Response(body, status, {"Cache-Control": "no-store"}, "application/json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json({"error": error.detail}, error.status_code)


def _file(name: str, kind: str) -> Callable[[Request], Any]:
    body = files("cti_client.web").joinpath("static", *name.split("/")).read_bytes()

    async def answer(request: Request) -> Response:
        return Response(body, headers={"Cache-Control": "no-cache"}, media_type=kind)

    return answer
