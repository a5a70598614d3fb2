"""Who may speak to the console: its own pages on this machine, and off loopback whoever has the token."""

from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from typing import Any

import pytest

from flightsw.live.browser.guard import COOKIE, Guard, is_loopback

PORT = 8765
TOKEN = "a-token-of-32-letters-or-more-or-so"


def guarded(host: str = "127.0.0.1", token: str | None = None) -> Guard:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"the console"})

    return Guard(application, host, PORT, token)


def ask(
    guard: Guard, kind: str = "http", query: str = "", headers: dict[str, str] | None = None, **more: str
) -> list[dict[str, Any]]:
    """What is sent back."""
    sent: list[dict[str, Any]] = []
    named = {"host": f"127.0.0.1:{PORT}"} | (headers or {}) | more
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    scope = {"type": kind, "path": "/", "query_string": query.encode(), "headers": raw}

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return sent


def status(answer: list[dict[str, Any]]) -> Any:
    return answer[0].get("status", answer[0]["type"])


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}"])
def test_this_machine_gets_in_by_each_of_its_names(host: str) -> None:
    assert status(ask(guarded(), host=host)) == 200
    assert status(ask(guarded(), "websocket", host=host, origin=f"http://{host}")) == "websocket.accept"


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil.example:{PORT}", "", "["],
)
def test_a_name_that_was_pointed_here_does_not(host: str) -> None:
    assert status(ask(guarded(), host=host)) == 421
    refused = ask(guarded(), "websocket", host=host)
    assert (refused[0]["type"], refused[0]["code"]) == ("websocket.close", 1008)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"http://localhost:{PORT}", "http://127.0.0.1:1"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_another_site_can_neither_post_nor_open_a_socket(origin: str, kind: str) -> None:
    assert status(ask(guarded(), kind, origin=origin)) in (403, "websocket.close")


def test_every_answer_keeps_the_browser_at_home() -> None:
    for answer in (ask(guarded()), ask(guarded(), origin="http://evil.example")):
        headers = dict(answer[0]["headers"])
        assert headers[b"x-frame-options"] == b"DENY"
        assert headers[b"referrer-policy"] == b"no-referrer"
        assert b"default-src 'self'" in headers[b"content-security-policy"]


def test_off_loopback_nobody_gets_in_without_the_token() -> None:
    guard = guarded("0.0.0.0", TOKEN)
    mine = {"host": f"192.0.2.7:{PORT}"}
    assert status(ask(guard, headers=mine)) == 401
    assert status(ask(guard, headers=mine, query="token=")) == 401
    assert status(ask(guard, headers=mine, query=f"token={TOKEN}x")) == 401
    assert status(ask(guard, "websocket", headers=mine, query=f"token={TOKEN}")) == "websocket.close"
    assert status(ask(guard, headers=mine, cookie=f"{COOKIE}={TOKEN}")) == 401
    assert status(ask(guard, headers=mine, cookie="; ;=x")) == 401
    assert status(ask(guard, headers={"host": f"evil.example:{PORT}"}, query=f"token={TOKEN}")) == 421


def test_the_token_is_good_for_a_cookie_that_is_not_the_token() -> None:
    guard = guarded("0.0.0.0", TOKEN)
    mine = {"host": f"192.0.2.7:{PORT}"}
    welcome = ask(guard, headers=mine, query=f"token={TOKEN}")
    assert status(welcome) == 303
    headers = dict(welcome[0]["headers"])
    assert headers[b"location"] == b"/"
    cookie = SimpleCookie(headers[b"set-cookie"].decode())[COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert TOKEN not in cookie.value
    again = {"headers": mine, "cookie": f"{COOKIE}={cookie.value}"}
    assert status(ask(guard, **again)) == 200  # type: ignore[arg-type]
    assert status(ask(guard, "websocket", **again)) == "websocket.accept"  # type: ignore[arg-type]


def test_a_host_off_loopback_must_have_a_token() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost", "0.0.0.0", "host")] == [
        *(True, True, True, True, False, False)
    ]
    with pytest.raises(ValueError, match="must have a token"):
        guarded("0.0.0.0")
