"""Progress off a terminal: a line an orbit, with what is known."""

from __future__ import annotations

import io

from rich.console import Console

from flightsw.messages.base import Message
from flightsw.messages.health import Mode
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.thermal import ThermalStatus
from flightsw.node.run import Progress
from flightsw.record.progress import OrbitLines
from tests.record.logs import infer, mode, power

ORBIT_S = 100.0
LATEST: dict[str, Message] = {
    "power.status": power(soc=0.6123),
    "infer.status": infer(items_done=123456),
    "health.mode": mode(Mode.PAYLOAD),
    "thermal.status": ThermalStatus(11.0, 64.25, 80.0, 0.2, 0.0, battery_heater_on=False),
    "sensor.thermal": ThermalSensors(64.0, 30.0, 20.0, 18.75, 10.0, 40.0),
}


def lines(latest: dict[str, Message]) -> list[str]:
    out = io.StringIO()
    on_progress = OrbitLines(ORBIT_S, Console(file=out))
    for tick in range(0, 1001, 30):
        on_progress(Progress(tick, 1000, 1.0, tick / 500, 0, latest))
    return out.getvalue().splitlines()


def test_there_is_one_line_an_orbit() -> None:
    told = lines(LATEST)
    assert len(told) == 9
    assert told[0] == (
        "orbit   1.2  t      120 s  mode PAYLOAD  soc 0.612  chip 64.2 degC  battery 18.8 degC  cap 12.0 W  "
        "inferences 123456"
    )


def test_before_the_first_messages_there_are_dashes() -> None:
    told = lines({})
    assert len(told) == 9
    assert "None" not in told[0]
    assert "soc -  chip -" in told[0]
