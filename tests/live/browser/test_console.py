"""The console in a real Chromium, by clicking: what it shows is what the log says, and what it asks is done."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.live.state import LiveState
from flightsw.live.text import number
from flightsw.node.replay import replay_run
from flightsw.record.folder import read_manifest
from tests.live.browser.webdriver import Browser, is_there

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_spec("nicegui") is None, reason="the extra `console` isn't installed: make test-console"),
    pytest.mark.skipif(not is_there(), reason="no Chromium: install chromium and chromium-driver"),
]

START = [sys.executable, "-c", "import sys; from flightsw.cli import main; sys.exit(main())", "console"]
FLOWN = ("--run", "cubesat-6u-orin-nano", "--execute", "none", "--duration", "3000s", "--speed", "20", "--port", "0")
ENTER = "\ue007"


class Served:
    """A console, and where it says that it is."""

    def __init__(self, *args: str) -> None:
        self.process = subprocess.Popen([*START, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = next(line.split()[-1] for line in self.process.stdout if line.startswith("console at"))

    def end(self) -> tuple[int, str]:
        """In order; exit code, and what it had to complain of."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60.0)
        return self.process.returncode, errors


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as one:
        yield one


def seconds(browser: Browser) -> int:
    found = re.search(r"T\+ (\d+):(\d\d):(\d\d)", browser.text(".at-time"))
    assert found
    hours, minutes, rest = map(int, found.groups())
    return 3600 * hours + 60 * minutes + rest


def choose(browser: Browser, field: str, text: str) -> None:
    """Of a list: what is typed filters it, and Enter takes the first."""
    browser.fill(f".{field} input", text)
    browser.until(lambda: browser.text(".q-menu .q-item") == text, f"no {text} in the list")
    browser.click(".q-menu .q-item")
    browser.until(lambda: not browser.text(".q-menu"))


def state_at(run_dir: Path, tick: int) -> LiveState:
    reader = LogReader(run_dir)
    state = LiveState(reader.header)
    for record in reader.ticks():
        state.feed(record)
        if record.tick == tick:
            break
    return state


@pytest.mark.long
def test_a_run_is_watched_commanded_broken_paused_and_stepped(browser: Browser, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    served = Served(*FLOWN, "--out", str(run_dir))
    try:
        browser.open(served.address)
        browser.until(lambda: browser.text(".at-mode") == "PAYLOAD")
        browser.until(lambda: browser.script("return document.querySelectorAll('canvas').length") == 7)

        browser.click(".at-pause")
        browser.until(lambda: "paused" in browser.text(".at-state"))
        browser.until(lambda: browser.text(".at-pause") == "go on")
        held = browser.until(lambda: seconds(browser))
        browser.click(".at-step")
        browser.until(lambda: seconds(browser) == held + 1)
        state = state_at(run_dir, held)
        shown = browser.script(
            "return Object.fromEntries([...document.querySelectorAll('td[data-signal]')]"
            ".filter(e => e.dataset.signal).map(e => [e.dataset.signal, e.innerText]))"
        )
        assert shown["power.status.soc"] == number(state.value("power.status", "soc"), "%")
        assert shown["power.status.array_power_w"] == number(state.value("power.status", "array_power_w"), "W")
        assert shown["sensor.thermal.chip_c"] == number(state.value("sensor.thermal", "chip_c"), "°C")
        assert shown["infer.status.items_done"] == f"{state.value('infer.status', 'items_done'):,} scenes"

        browser.click(".at-fault-tab")
        choose(browser, "at-fault-name", "crash")
        browser.fill("input.at-fault-process, .at-fault-process input", "thermal")
        browser.click(".at-fault-send")
        browser.until(lambda: f"tick {held + 1}" in browser.text(".at-orders"), "the fault was not taken")
        assert "waiting" in browser.text(".at-orders")
        browser.click(".at-pause")
        browser.until(lambda: "APP_LOST process=thermal" in browser.text(".at-events"))
        browser.until(
            lambda: re.search(r"over\s+tick \d+\s+crash", browser.text(".at-orders")), "it struck, and is over"
        )
        browser.until(lambda: "REJOIN process=thermal" in browser.text(".at-events"))
        assert "perturbed" in browser.text(".at-state")

        browser.click(".at-fault-tab")
        choose(browser, "at-fault-name", "hang")
        browser.fill("input.at-fault-process, .at-fault-process input", "nobody")
        browser.click(".at-fault-send")
        browser.until(lambda: "process = 'nobody': must be one of" in browser.text(".at-orders"))

        choose(browser, "at-fault-name", "link_loss")
        browser.fill(".at-fault-lasts input, input.at-fault-lasts", "120s")
        browser.click(".at-fault-send")
        browser.until(lambda: "acting" in browser.text(".at-orders"))
        browser.until(lambda: re.search(r"over\s+tick \d+\s+link_loss", browser.text(".at-orders")), "it never ended")

        browser.click(".at-command-tab")
        choose(browser, "at-command-name", "health.set_mode")
        browser.click(".at-command-mode")
        browser.until(lambda: "STANDBY" in browser.text(".q-menu"))
        browser.script("[...document.querySelectorAll('.q-menu .q-item')].find(e => e.innerText == 'STANDBY').click()")
        browser.until(lambda: not browser.text(".q-menu"))
        browser.click(".at-command-send")
        browser.until(lambda: browser.text(".at-mode") == "STANDBY")
        browser.until(lambda: "completed" in browser.text(".at-orders"))
        assert browser.complaints() == []
    finally:
        code, errors = served.end()
    assert (code, errors) == (0, "")
    manifest = read_manifest(run_dir)
    assert (manifest.outcome, manifest.perturbed, manifest.lost) == ("interrupted", True, ("thermal",))
    assert replay_run(run_dir).same


def test_a_run_that_is_over_is_opened_and_looked_back_on(browser: Browser, tmp_path: Path) -> None:
    from flightsw.cli import main

    run_dir = tmp_path / "run"
    assert (
        main(["run", "--in-process", "--execute", "none", "--duration", "1orbits", "--json", "--out", str(run_dir)])
        == 0
    )
    served = Served(str(run_dir), "--port", "0")
    try:
        browser.open(served.address)
        browser.until(lambda: "completed" in browser.text(".at-state"))
        assert browser.script("return document.querySelector('.at-pause').disabled") is True
        end = browser.until(lambda: seconds(browser))
        assert end == read_manifest(run_dir).ticks
        browser.click(".at-scrub")  # in its middle
        browser.until(lambda: "looking back" in browser.text(".at-state"))
        middle = browser.until(lambda: 0.4 * end < seconds(browser) < 0.6 * end and seconds(browser))
        shown = browser.script("return document.querySelector('td[data-signal=\"power.status.soc\"]').innerText")
        assert shown == number(state_at(run_dir, middle - 1).value("power.status", "soc"), "%")
        browser.click(".at-newest")
        browser.until(lambda: seconds(browser) == end)
        assert browser.complaints() == []
    finally:
        assert served.end() == (0, "")


def test_off_loopback_the_token_opens_the_door_once_and_for_all(browser: Browser, tmp_path: Path) -> None:
    from flightsw.cli import main

    run_dir = tmp_path / "run"
    assert main(["run", "--in-process", "--execute", "none", "--duration", "60s", "--json", "--out", str(run_dir)]) == 0
    served = Served(str(run_dir), "--port", "0", "--host", "0.0.0.0")
    try:
        address, _, token = served.address.partition("?token=")
        assert len(token) >= 32
        address = address.replace("0.0.0.0", "127.0.0.1")
        browser.open(address)
        assert "needs its token" in browser.text("body")
        browser.open(f"{address}?token={token}")
        browser.until(lambda: "completed" in browser.text(".at-state"))
        assert browser.script("return location.search") == ""
        assert token not in json.dumps(browser.script("return document.cookie"))
        browser.open(address)
        browser.until(lambda: "completed" in browser.text(".at-state"))
        assert not [path for path in run_dir.iterdir() if token.encode() in path.read_bytes()]
    finally:
        assert served.end() == (0, "")
