"""Who may look, and how: only reading, only with the token where there is one, and what a browser may load.

Stands before everything else. It never looks into an answer.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard", "is_local_name"]

#: With every answer. The page loads nothing from elsewhere, runs no script within it, and stands in no frame.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; object-src 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_REALM: Final = {"WWW-Authenticate": 'Bearer realm="cti serve"'}


class Guard:
    """Lets through what may come through.

    Args:
        app: what stands behind.
        token: what every request has to bring: as ``?token=`` once, then the browser keeps it in a cookie, or
            as ``Authorization: Bearer``. ``None`` asks for none.
        local: take only requests that name this computer itself, as a page of another name that was turned
            to this address (DNS rebinding) does not.
        port: of the page: pages on other ports have cookies of their own.
    """

    def __init__(self, app: ASGIApp, *, token: str | None, local: bool, port: int) -> None:
        self._app = app
        self._token = token
        self._local = local
        self._cookie = f"cti_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        set_cookie: str | None = None

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if set_cookie is not None:
                    headers.append("Set-Cookie", set_cookie)
            await send(message)

        headers = Headers(scope=scope)
        refusal: PlainTextResponse | None = None
        if scope["method"] not in ("GET", "HEAD"):
            allowed = {"Allow": "GET, HEAD"}
            refusal = PlainTextResponse("This page only shows; it takes no orders.\n", 405, allowed)
        elif self._local and not is_local_name(headers.get("host", "")):
            refusal = PlainTextResponse("Open it as http://localhost, on the computer where it runs.\n", 400)
        elif self._token is not None:
            given = QueryParams(scope["query_string"]).get("token")
            if given is not None:
                if _same(given, self._token):
                    set_cookie = f"{self._cookie}={_kept(self._token)}; Path=/; HttpOnly; SameSite=Strict"
                else:
                    refusal = PlainTextResponse("The token is wrong.\n", 401, _REALM)
            elif not self._knows(headers):
                refusal = PlainTextResponse(
                    "A token is needed: open the address that `cti serve` showed when it was started.\n",
                    401,
                    _REALM,
                )
        return await (refusal or self._app)(scope, receive, guarded)

    def _knows(self, headers: Headers) -> bool:
        assert self._token is not None
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return _same(bearer.strip(), self._token)
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and _same(cookie.value, _kept(self._token))


def is_local_name(host: str) -> bool:
    """Tell whether the header ``Host`` names this computer itself, on whatever port."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        if not bracket or (port and not port[1:].isdecimal()):
            return False
    else:
        name, _, _ = host.partition(":")
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same(given: str, wanted: str) -> bool:
    """Compare without telling by the time how much is right."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _kept(token: str) -> str:
    """Return what the browser keeps: not the token itself, and only characters that a cookie may have."""
    return hashlib.sha256(token.encode()).hexdigest()
