"""Progress: fits a terminal, shows what is known, and never starts a thread."""

from __future__ import annotations

import io
import re
import threading

from rich.console import Console

from flightsw.messages.base import Message
from flightsw.messages.health import Mode
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.thermal import ThermalStatus
from flightsw.node.run import Progress
from flightsw.record.progress import open_progress
from tests.record.logs import infer, mode, power

ORBIT_S = 100.0
LATEST: dict[str, Message] = {
    "power.status": power(soc=0.6123),
    "infer.status": infer(items_done=123456),
    "health.mode": mode(Mode.PAYLOAD),
    "thermal.status": ThermalStatus(11.0, 64.25, 80.0, 0.2, 0.0, battery_heater_on=False),
    "sensor.thermal": ThermalSensors(64.0, 30.0, 20.0, 18.75, 10.0, 40.0),
}


def progress(tick: int, latest: dict[str, Message]) -> Progress:
    return Progress(tick, 1000, 1.0, tick / 500, 0, latest)


def test_off_a_terminal_there_is_one_line_an_orbit() -> None:
    out = io.StringIO()
    with open_progress("toy", ORBIT_S, Console(file=out)) as on_progress:
        assert on_progress is not None
        for tick in range(0, 1001, 30):
            on_progress(progress(tick, LATEST))
    lines = out.getvalue().splitlines()
    assert len(lines) == 9
    assert lines[0].startswith("orbit   1.2  t      120 s  mode PAYLOAD  soc 0.612  chip 64.2 degC  battery 18.8 degC")


def test_on_a_terminal_the_panel_fits_80_by_24_and_starts_no_thread() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24, color_system=None)
    threads = threading.active_count()
    with open_progress("toy", ORBIT_S, console) as on_progress:
        assert on_progress is not None
        on_progress(progress(500, LATEST))
        assert threading.active_count() == threads
        panel = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).splitlines()
    assert 8 <= len(panel) <= 24
    assert max(len(line) for line in panel) <= 80
    text = "\n".join(panel)
    for figure in (
        "PAYLOAD",
        "0.612",
        "64.2 degC",
        "18.8 degC",
        "12.0 W",
        "11.0 W",
        "123456",
        "500 x real time",
        "20%",
    ):
        assert figure in text


def test_before_the_first_messages_there_are_dashes() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24, color_system=None)
    with open_progress("toy", ORBIT_S, console) as on_progress:
        assert on_progress is not None
        on_progress(progress(0, {}))
    assert "None" not in out.getvalue()
    assert "soc -" in out.getvalue()


def test_quiet_is_quiet() -> None:
    out = io.StringIO()
    with open_progress("toy", ORBIT_S, Console(file=out), quiet=True) as on_progress:
        assert on_progress is None
    assert out.getvalue() == ""
