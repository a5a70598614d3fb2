"""Serves the console: one page about one run, on this machine, until Ctrl-C.

The pages are NiceGUI's, whose scripts and fonts come in its package: nothing is loaded from a network. Everything
passes the `Guard` first. A run that the console started itself is ended in order with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from flightsw.errors import ConfigError
from flightsw.live.browser.guard import Guard, is_loopback
from flightsw.live.browser.page import Page
from flightsw.live.browser.session import Session

FOLLOW_S = 0.2
BUSY_S = 0.01
"""between two looks while there is more than one look takes in"""


def serve(
    run_dir: Path,
    host: str,
    port: int,
    tell: Callable[[str], None],
    beside: contextlib.AbstractContextManager[object] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigError: no such address or port.

    `tell` is given the address, once. `beside` is entered when all is ready, and left when it is over.
    """
    try:
        import uvicorn
        from fastapi import FastAPI
        from nicegui import ui
    except ModuleNotFoundError as error:
        raise ConfigError(f"console: needs {error.name}: pip install 'flightsw[console]'") from None
    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    with listening(host, port) as listener:
        port = int(listener.getsockname()[1])
        session = Session(run_dir)
        app = FastAPI(lifespan=_following(session), docs_url=None, redoc_url=None, openapi_url=None)

        def console(*, dark: bool = True) -> None:
            Page(session).build(dark=dark)

        ui.page("/", title=f"flightsw {run_dir.name}")(console)
        ui.run_with(app, show_welcome_message=False, tailwind=False, dark=True)
        guarded = Guard(app, host, port, token)
        config = uvicorn.Config(guarded, log_level="error", access_log=False, ws="websockets-sansio", lifespan="on")
        shown = f"[{host}]" if ":" in host else host
        server = uvicorn.Server(config)
        logging.getLogger("nicegui").addFilter(_is_news)
        for number in (signal.SIGINT, signal.SIGTERM):  # until the server hears them itself; it raises them again after
            signal.signal(number, lambda _number, _frame: setattr(server, "should_exit", True))
        try:
            with beside or contextlib.nullcontext():
                tell(f"http://{shown}:{port}/" + ("" if token is None else f"?token={token}"))
                server.run(sockets=[listener])
        finally:
            session.close()


@contextlib.contextmanager
def listening(host: str, port: int) -> Any:
    """A socket that listens there; port 0: any that is free. Raises ConfigError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()  # whoever is told the address may come at once
        except OSError as error:
            raise ConfigError(f"host = {host}, port = {port}: can't listen there: {error.strerror or error}") from None
        yield listener
    finally:
        listener.close()


def _is_news(record: logging.LogRecord) -> bool:
    """On a busy machine pages that are still open when it ends are no error."""
    return not record.getMessage().startswith("Could not cancel")


def _following(session: Session) -> Callable[[Any], Any]:
    """While the server is up, the session follows its run."""

    async def follow() -> None:
        while True:
            count = session.follow()
            await asyncio.sleep(BUSY_S if count else FOLLOW_S)

    def tell(task: asyncio.Task[None]) -> None:
        """It ends by itself only when something is wrong with us: the page says so."""
        if not task.cancelled() and (error := task.exception()) is not None:
            session.error = f"{type(error).__name__}: {error}"

    @contextlib.asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        task = asyncio.create_task(follow())
        task.add_done_callback(tell)
        yield
        task.cancel()

    return lifespan
