"""The console's tables of figures, and its lists, as HTML: with units, coloured by their limits, everything escaped.

Pure: what the log says in, markup out. What a figure's class (`warning`, `alarm`, `unknown`) looks like is `style`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, NamedTuple

from flightsw.live.browser.session import Order
from flightsw.live.facts import Facts
from flightsw.live.limits import Level
from flightsw.live.state import Happening, LiveState
from flightsw.live.text import UNKNOWN, amount, clock, data_rate, data_size, number
from flightsw.messages.health import Severity

EVENTS_SHOWN = 200
_SEVERITY_CLASS = {
    Severity.COMMAND: "command",
    Severity.WARNING_LO: "warning",
    Severity.WARNING_HI: "alarm",
    Severity.FATAL: "alarm",
}
_STAGE_CLASS = {
    "refused": "warning",
    "rejected": "warning",
    "failed": "warning",
    "waiting": "unknown",
    "sent": "unknown",
}
BOUND = {
    "NONE": "nothing binds",
    "POWER": "power binds",
    "THERMAL": "heat binds",
    "COMMANDED": "kept off",
    "DEVICE": "device not ready",
}


class Row(NamedTuple):
    """A line of a table."""

    label: str
    text: str
    level: Level = Level.PLAIN
    signal: str = ""
    """where it stands in the log, for whoever looks it up"""


def table(rows: Iterable[Row]) -> str:
    """Label and figure, side by side."""
    body = "".join(
        f'<tr><th>{escape(row.label)}</th><td class="{row.level.value}" data-signal="{escape(row.signal)}">'
        f"{escape(row.text)}{_mark(row.level)}</td></tr>"
        for row in rows
    )
    return f'<table class="figures">{body}</table>'


def _mark(level: Level) -> str:
    return {Level.WARNING: " !", Level.ALARM: " !!"}.get(level, "")


def power(facts: Facts, state: LiveState) -> list[Row]:
    """Charge, flows, eclipse, shedding."""
    status, sensors = state.message("power.status"), state.message("sensor.power")
    soc, battery_w, load_w = status.get("soc"), status.get("battery_power_w"), sensors.get("load_power_w")
    flow = "" if battery_w is None else ", discharging" if battery_w > 0.0 else ", charging"
    shed = status.get("load_shed_level")
    return [
        Row("charge", number(soc, "%"), facts.limits_of("power.status", "soc").level(soc), "power.status.soc"),
        Row("reserve", number(status.get("reserve_soc"), "%", 0)),
        Row("battery", f"{number(sensors.get('battery_voltage_v'), 'V', 2)}{flow} {number(_size(battery_w), 'W')}"),
        Row("array", number(status.get("array_power_w"), "W"), signal="power.status.array_power_w"),
        Row("loads", number(None if load_w is None else sum(load_w), "W")),
        Row("eclipse", _eclipse(status)),
        Row("shed", UNKNOWN if shed is None else f"up to tier {shed}" if shed else "nothing", _shed(shed, facts)),
    ]


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _shed(level: int | None, facts: Facts) -> Level:
    if not level:
        return Level.PLAIN
    return Level.ALARM if level >= facts.top_shed_tier else Level.WARNING


def _eclipse(status: dict[str, Any]) -> str:
    left_s = status.get("eclipse_left_s")
    if status.get("in_eclipse"):
        return f"in eclipse, {clock(left_s)} left"
    in_s = status.get("eclipse_in_s")
    return UNKNOWN if not status else "none ahead" if in_s is None else f"in {clock(in_s)}, for {clock(left_s)}"


def thermal(facts: Facts, state: LiveState) -> list[Row]:
    """Every thermistor, and what the controller makes of them."""
    sensors, status = state.message("sensor.thermal"), state.message("thermal.status")
    rows = []
    for name, value in sensors.items():
        if value is not None:
            level = facts.limits_of("sensor.thermal", name).level(value)
            rows.append(Row(name.removesuffix("_c"), number(value, "°C"), level, f"sensor.thermal.{name}"))
    heater = status.get("battery_heater_on")
    return [
        *rows,
        Row("chip held to", number(status.get("chip_limit_c"), "°C", 0)),
        Row("throttle", number(status.get("throttle_level"), "%", 0)),
        Row("heater", UNKNOWN if heater is None else "on" if heater else "off"),
    ]


def inference(facts: Facts, state: LiveState, rate_per_s: float | None) -> list[Row]:
    """Queue, device, caps, work."""
    status, device = state.message("infer.status"), state.message("hw.device")
    mode, dropped = status.get("mode"), status.get("items_dropped")
    name = UNKNOWN if mode is None else facts.power_modes[mode] if mode < len(facts.power_modes) else f"mode {mode}"
    if status and not status["power_on"]:
        name = "off"
    return [
        Row("queue", f"{amount(status.get('queue_items'))} scenes", signal="infer.status.queue_items"),
        Row("throughput", number(rate_per_s, "scenes/s", 2)),
        Row("device", f"{name}, draws {number(device.get('power_w'), 'W')}"),
        Row("power cap", number(state.value("power.status", "compute_cap_w"), "W")),
        Row("heat cap", number(state.value("thermal.status", "chip_cap_w"), "W")),
        Row("work", f"{number(status.get('busy_fraction'), '%', 0)} busy, {BOUND.get(status.get('binding', ''), '-')}"),
        Row("done", f"{amount(status.get('items_done'))} scenes", signal="infer.status.items_done"),
        Row("dropped", f"{amount(dropped)} scenes", Level.WARNING if dropped else Level.PLAIN),
    ]


def link(facts: Facts, state: LiveState) -> list[Row]:
    """Contact, store, telecommands, applications that are silent."""
    comms, sensors, mode = state.message("comms.status"), state.message("sensor.link"), state.message("health.mode")
    station = comms.get("station")
    contact = UNKNOWN if not comms else "none"
    if comms.get("in_pass") and station is not None:
        name = facts.stations[station] if station < len(facts.stations) else f"station {station}"
        contact = f"{name}, {number(sensors.get('elevation_deg'), '°', 0)}, {data_rate(comms.get('rate_bps'))}"
    silent, refused = ", ".join(mode.get("silent", ())), comms.get("tc_rejected")
    return [
        Row("contact", contact),
        Row("stored", data_size(comms.get("queue_bytes"))),
        Row("sent", data_size(comms.get("sent_bytes"))),
        Row("commands", f"{amount(comms.get('tc_accepted'))} accepted, {amount(refused)} refused"),
        Row("mode because", str(mode.get("reason", UNKNOWN))),
        Row("silent", silent or "nobody", Level.ALARM if silent else Level.PLAIN),
    ]


def events(happenings: Sequence[Happening], dt_s: float) -> str:
    """The newest first."""
    rows = "".join(
        f'<tr class="{_SEVERITY_CLASS.get(one.severity, "plain")}"><td>{clock(one.tick * dt_s)}</td>'
        f"<td>{escape(one.source)}</td><td>{escape(one.severity.name)}</td><td>{escape(one.text)}</td></tr>"
        for one in list(happenings)[: -EVENTS_SHOWN - 1 : -1]
    )
    return f'<table class="events">{rows}</table>'


def orders(given: Sequence[Order]) -> str:
    """What was asked, and what came of it."""
    if not given:
        return '<p class="unknown">Nothing was asked of this run yet.</p>'
    rows = "".join(
        f'<tr class="{_STAGE_CLASS.get(one.stage, "plain")}"><td>{escape(one.stage)}</td>'
        f"<td>{'' if one.tick is None else f'tick {one.tick}'}</td>"
        f"<td>{escape(one.what)}{f'<br><em>{escape(one.reason)}</em>' if one.reason else ''}</td></tr>"
        for one in given
    )
    return f'<table class="orders">{rows}</table>'
