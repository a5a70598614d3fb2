"""Who may speak to the console: the person in front of this machine, or whoever has the token.

An ASGI application around the console's own: everything, websockets too, passes here first.

- The Host header must name where the console listens, or a page of somebody else whose name was pointed here (DNS
  rebinding) could talk to it as to its own.
- What a browser sends with an Origin must come from this very console: another site can neither post nor open a socket.
- Off loopback a token is asked for: once in the address, then as a cookie that is not the token. Compared in constant
  time; never written to a log.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

COOKIE = "flightsw_console"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
CLOSED_BY_POLICY = 1008
"""of a websocket: RFC 6455, 7.4.1"""
_CONTENT_POLICY = (
    b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss:; "
    b"frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
HEADERS = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", _CONTENT_POLICY),
)
"""On every answer: nothing is loaded from elsewhere, and nobody frames it."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


def is_loopback(host: str) -> bool:
    """This machine alone can reach it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Lets through what may pass. `token`: None on loopback, where none is asked for."""

    def __init__(self, application: Asgi, host: str, port: int, token: str | None) -> None:
        if token is None and not is_loopback(host):
            raise ValueError(f"host = {host}: must have a token")
        self._application = application
        self._host = host
        self._port = port
        self._token = token
        self._cookie = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._why_not(headers)
        if refusal is None and self._token is not None and not self._knows_us(headers):
            given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
            if scope["type"] == "http" and hmac.compare_digest(given.encode(), self._token.encode()):
                await self._welcome(scope, send)
                return
            refusal = (401, "this console needs its token: open the address that it printed")
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        await self._application(scope, receive, send_guarded)

    def _why_not(self, headers: dict[str, str]) -> tuple[int, str] | None:
        """Status and reason; None: host and origin are in order."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 421, "this console isn't called that"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return 403, "another site can't use this console"
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name, port = parts.hostname or "", parts.port or 80
        except ValueError:
            return False
        if port != self._port:
            return False
        if is_loopback(self._host):
            return name in LOOPBACK_NAMES or name == self._host
        return name == self._host.lower() or name in LOOPBACK_NAMES or _is_address(name)

    def _knows_us(self, headers: dict[str, str]) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        given = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(given.encode(), self._cookie.encode())

    async def _welcome(self, scope: Scope, send: Send) -> None:
        """The token was right: from here on by cookie, at an address without it."""
        cookie = f"{COOKIE}={self._cookie}; HttpOnly; SameSite=Strict; Path=/"
        headers = [(b"location", scope["path"].encode()), (b"set-cookie", cookie.encode()), *HEADERS]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _is_address(name: str) -> bool:
    """An address can't be pointed elsewhere, as a name can."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": CLOSED_BY_POLICY, "reason": reason})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
