"""A log of a few ticks with everything in it that live views show, and views of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console

from flightsw.bus.log import LogHeader
from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.live.facts import Facts, facts_of
from flightsw.live.state import LiveState
from flightsw.live.terminal.panels import frame
from flightsw.live.terminal.picture import Picture
from flightsw.messages.base import Message
from flightsw.messages.comms import TcRequest, TcStage, TcVerification
from flightsw.messages.health import BusEvent, BusEventKind, Event, Mode, Severity
from flightsw.messages.plant import LclState, LinkSensors, PowerSensors, ThermalSensors
from flightsw.messages.thermal import ThermalStatus
from flightsw.node.processes import process_table
from flightsw.node.run import log_header
from flightsw.node.scenario import load_scenario
from tests.record.logs import comms, device, entry, infer, mode, power, record, truth


@cache
def default_header() -> LogHeader:
    scenario = load_scenario("cubesat-6u-orin-nano")
    return log_header(scenario, process_table(scenario))


def full_tick(tick: int = 120, *more: tuple[str, Message], **given: Any) -> TickRecord:
    """A tick in which everybody speaks; `given` replaces fields of power's status."""
    sensors = PowerSensors(15.0, -0.5, 18.0, 31.5, (7.0, 0.0, 0.0, 20.0), (LclState.ON,) * 4, brownout=False)
    messages: Sequence[tuple[str, Message]] = [
        ("sensor.power", sensors),
        ("sensor.thermal", ThermalSensors(64.5, 43.75, 24.625, 19.94, 25.75, 16.69)),
        ("sensor.link", LinkSensors(1, 12.3, 25e6)),
        ("hw.device", device(power_w=20.25)),
        ("truth.plant", truth()),
        ("power.status", power(**({"soc": 0.7123, "battery_power_w": -3.2, "array_power_w": 31.5} | given))),
        ("thermal.status", ThermalStatus(11.0, 64.5, 65.0, 0.2, 0.0, battery_heater_on=False)),
        ("infer.status", infer(items_done=123456, queue_items=4648)),
        ("comms.status", comms(in_pass=True, station=1, rate_bps=25e6, queue_bytes=329_960_352)),
        ("health.mode", mode(Mode.PAYLOAD, 3)),
        *more,
    ]
    return record(tick, messages)


def eventful_tick(tick: int) -> TickRecord:
    """A telecommand comes in and is done, an application is lost, an event is told."""
    request = TcRequest(7, "power.set_reserve", {"soc": 0.35})
    messages: Sequence[tuple[str, Message]] = [
        ("bus.event", BusEvent(BusEventKind.APP_LOST, "thermal", 0)),
        ("tc.verification", TcVerification(7, "power.set_reserve", TcStage.ACCEPTED, None)),
        ("tc.verification", TcVerification(7, "power.set_reserve", TcStage.FAILED, "too low")),
        ("event.health", Event(Severity.WARNING_HI, "limit.crossed", {"signal": "power.soc", "value": 0.2345})),
    ]
    return record(tick, messages, inputs=[(MESSAGE, entry("tc.request", request))])


def state_of(*records: TickRecord) -> LiveState:
    state = LiveState(default_header())
    state.feed_all(records)
    return state


def facts(tmp_path: Path) -> Facts:
    return facts_of(default_header(), tmp_path)


def shown(picture: Picture, columns: int = 80, rows: int = 24, **options: Any) -> list[str]:
    """The lines of a frame, as they come to a terminal."""
    out = io.StringIO()
    console = Console(file=out, width=columns, height=rows, **({"color_system": None} | options))
    console.print(frame(picture, columns, rows), end="")
    return out.getvalue().splitlines()
