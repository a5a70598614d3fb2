"""`python -m tests.live.pictures`: the pictures of docs/console.md, made anew of a run that is flown for them.

Needs the extra `console`, chromium and chromium-driver. Run by `make pictures`.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from flightsw.bus.logreader import LogReader
from flightsw.cli import main
from flightsw.live.facts import facts_of
from flightsw.live.remote import Pace
from flightsw.live.state import LiveState
from flightsw.live.terminal.panels import frame
from flightsw.live.terminal.picture import Picture
from tests.live.browser.webdriver import Browser

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
FAULT = ("sensor_bias", "sensor.thermal.battery_c", "60", "10min")
TERMINAL_TICK = 2300
"""in the first eclipse"""
SPEED_X = 1634.0


def terminal(run_dir: Path, page: Path) -> None:
    """The terminal's view of one moment."""
    reader = LogReader(run_dir)
    state = LiveState(reader.header)
    state.feed_all(islice(reader.ticks(), TERMINAL_TICK))
    console = Console(width=80, height=24, record=True, force_terminal=True, file=io.StringIO())
    console.print(frame(Picture(facts_of(reader.header, run_dir), state, Pace(), SPEED_X), 80, 24), end="")
    svg = console.export_svg(title="flightsw run", theme=DIMMED_MONOKAI)
    page.write_text(f"<!doctype html><meta charset=utf-8><body style='margin:0'>{svg}")


def served(*args: str) -> tuple[subprocess.Popen[str], str]:
    """A console, and its address."""
    command = [sys.executable, "-c", "import sys; from flightsw.cli import main; sys.exit(main())", "console", *args]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, next(line.split()[-1] for line in process.stdout if line.startswith("console at"))


def over(browser: Browser, run_dir: Path) -> None:
    """The console of a run that is over, in the dark."""
    process, address = served(str(run_dir))
    browser.open(address)
    browser.until(lambda: "completed" in browser.text(".at-state"))
    browser.until(lambda: browser.script("return document.querySelectorAll('canvas').length") == 7)
    browser.small_picture(FOLDER / "console-dark.webp")
    process.terminate()
    process.wait()


def broken(browser: Browser, run_dir: Path) -> None:
    """The console of a live run into which a fault was injected, in daylight."""
    flown = ("--run", "cubesat-6u-orin-nano", "--execute", "none", "--speed", "500", "--duration", "2orbits")
    process, address = served(*flown, "--out", str(run_dir))
    kind, field, offset, lasts = FAULT
    browser.open(f"{address}?dark=false")
    browser.until(lambda: "T+ 1:0" in browser.text(".at-time"))
    browser.click(".at-fault-tab")
    browser.fill(".at-fault-name input", kind)
    browser.until(lambda: browser.text(".q-menu .q-item") == kind)
    browser.click(".q-menu .q-item")
    for name, text in (("field", field), ("offset", offset), ("lasts", lasts)):
        browser.fill(f".at-fault-{name} input, input.at-fault-{name}", text)
    browser.click(".at-fault-send")
    browser.until(lambda: "mode.changed before=SAFE" in browser.text(".at-events"))
    browser.click(".at-pause")
    browser.until(lambda: "paused" in browser.text(".at-state"))
    browser.small_picture(FOLDER / "console-light.webp")
    process.terminate()
    process.wait()


def make() -> None:
    """All three."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        run_dir, page = Path(scratch) / "run", Path(scratch) / "terminal.html"
        assert main(["run", "--in-process", "--execute", "none", "--out", str(run_dir)]) == 0
        terminal(run_dir, page)
        with Browser(1440, 1100) as browser:
            browser.open(page.as_uri())
            box = browser.script(
                "let b = document.querySelector('svg').getBoundingClientRect(); return [b.width, b.height]"
            )
            browser.small_picture(FOLDER / "terminal.webp", tuple(box), across=900)
            over(browser, run_dir)
            broken(browser, Path(scratch) / "broken")


if __name__ == "__main__":
    make()
