"""A real Chromium without a window, driven over the W3C WebDriver protocol by what Python brings along.

Needs Debian's `chromium` and `chromium-driver`. Elements are found by CSS selectors; the console's own marks are those
that its page sets. Waits until something is so, never for a time.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

GUARD_S = 30.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def is_there() -> bool:
    """Chromium and its driver are installed."""
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    """One window of the given size."""

    def __init__(self, width: int = 1440, height: int = 1000) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="flightsw-browser-")
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            if "successfully on port" in line:
                port = line.strip().rstrip(".").rpartition(" ")[2]
                self._url = f"http://127.0.0.1:{port}/session"
                break
        flags = [*FLAGS, f"--user-data-dir={self._profile.name}", f"--window-size={width},{height}"]
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": flags}}
        wanted["goog:loggingPrefs"] = {"browser": "ALL"}
        self._session = self._call("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if method == "GET" else json.dumps(body or {}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=GUARD_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def _ask(self, path: str, body: Any) -> Any:
        return self._call("POST", f"/{self._session}{path}", body)

    def open(self, address: str) -> None:
        """Go there; what an earlier page complained of is forgotten."""
        self._ask("/url", {"url": "about:blank"})
        self.complaints()
        self._ask("/url", {"url": address})

    def script(self, code: str, *args: Any) -> Any:
        """What a piece of JavaScript returns."""
        return self._ask("/execute/sync", {"script": code, "args": list(args)})

    def click(self, selector: str) -> None:
        """As with a mouse."""
        self._ask(f"/element/{self._find(selector)}/click", {})

    def fill(self, selector: str, text: str) -> None:
        """Replace what stands in a field, as with a keyboard."""
        element = self._find(selector)
        self._ask(f"/element/{element}/click", {})
        self._ask(f"/element/{element}/value", {"text": "\ue009a\ue000" + text})  # Ctrl-A, and let go of it

    def press(self, selector: str, key: str) -> None:
        """One key."""
        self._ask(f"/element/{self._find(selector)}/value", {"text": key})

    def _find(self, selector: str) -> str:
        """As soon as it is there and to be seen."""

        def seen() -> Any:
            found = self._ask("/element", {"using": "css selector", "value": selector})[_ELEMENT]
            return found if self._call("GET", f"/{self._session}/element/{found}/displayed") else None

        return str(self.until(seen, f"no {selector} on the page"))

    def text(self, selector: str) -> str:
        """What an element shows; empty: it isn't there."""
        found = self.script("let e = document.querySelector(arguments[0]); return e ? e.innerText : ''", selector)
        return str(found)

    def until(self, what: Callable[[], Any], why: str = "") -> Any:
        """Ask again until it is so; what it said then."""
        end_s = time.monotonic() + GUARD_S
        while True:
            try:
                said = what()
            except AssertionError:  # not there yet
                said = None
            if said:
                return said
            assert time.monotonic() < end_s, why or "it was never so"

    def picture(self, path: Path) -> None:
        """What the window shows, as a PNG."""
        path.write_bytes(base64.b64decode(self._call("GET", f"/{self._session}/screenshot")))

    def small_picture(self, path: Path, size: tuple[float, float] | None = None, across: int = 1080) -> None:
        """What the window shows, or so much of it, as a WebP so many dots across."""
        width, height = size or self.script("return [innerWidth, innerHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": across / width}
        wanted = {"format": "webp", "quality": 80, "clip": clip}
        found = self._ask("/goog/cdp/execute", {"cmd": "Page.captureScreenshot", "params": wanted})
        path.write_bytes(base64.b64decode(found["data"]))

    def complaints(self) -> list[str]:
        """What the browser holds against the page: scripts and policy, not the sockets of pages that were left."""
        said = [f"{one['level']} {one['message']}" for one in self._ask("/se/log", {"type": "browser"})]
        return [one for one in said if "WebSocket" not in one and "socket.io" not in one]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._call("DELETE", f"/{self._session}")
        finally:
            self._driver.terminate()
            self._driver.wait(GUARD_S)
            assert self._driver.stdout is not None
            self._driver.stdout.close()
            self._profile.cleanup()
