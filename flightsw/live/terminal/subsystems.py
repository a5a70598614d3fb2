"""The four panels of figures: power, thermal, inference, link and node. Lines of at most 36 columns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from flightsw.live.facts import Facts
from flightsw.live.limits import Level
from flightsw.live.state import LiveState
from flightsw.live.terminal.picture import Picture
from flightsw.live.terminal.words import BAR_STYLES, STYLES, bar, figure, scale
from flightsw.live.text import UNKNOWN, amount, clock, data_rate, data_size, number

_LABEL_COLUMNS = 8
_BAR_COLUMNS = 16
_ENDS_C = {"chip": (20.0, 110.0), "battery": (-20.0, 65.0)}
"""of the two scales"""
_BOUND = {
    "NONE": "nothing binds",
    "POWER": "power binds",
    "THERMAL": "heat binds",
    "COMMANDED": "kept off",
    "DEVICE": "not ready",
}


def power(picture: Picture) -> Table:
    facts, state = picture.facts, picture.state
    status, sensors = state.message("power.status"), state.message("sensor.power")
    soc = status.get("soc")
    level = facts.limits_of("power.status", "soc").level(soc)
    charge = (
        bar(soc, _BAR_COLUMNS, BAR_STYLES[level], plain=picture.plain).append(" ").append_text(figure(soc, "%", level))
    )
    battery_w, load_w = status.get("battery_power_w"), sensors.get("load_power_w")
    flow = "-" if battery_w is None else "discharging" if battery_w > 0.0 else "charging"
    battery = f"{number(sensors.get('battery_voltage_v'), 'V', 2)}, {flow} {number(_size(battery_w), 'W')}"
    return _lines(
        [
            ("charge", charge),
            ("battery", battery),
            ("array", number(status.get("array_power_w"), "W")),
            ("loads", number(None if load_w is None else sum(load_w), "W")),
            ("eclipse", _eclipse(status)),
            ("shed", _shed(status.get("load_shed_level"), facts.top_shed_tier)),
        ]
    )


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _eclipse(status: dict[str, Any]) -> Text:
    left_s = status.get("eclipse_left_s")
    if status.get("in_eclipse"):
        return Text.assemble(("in eclipse", "bold blue"), f", {clock(left_s)} left")
    in_s = status.get("eclipse_in_s")
    return Text(UNKNOWN if not status else "none ahead" if in_s is None else f"in {clock(in_s)}, for {clock(left_s)}")


def _shed(level: int | None, top: int) -> Text:
    if not level:
        return Text(UNKNOWN if level is None else "nothing")
    style = STYLES[Level.ALARM if level >= top else Level.WARNING]
    return Text(f"up to tier {level} of {top} off !", style=style)


def thermal(picture: Picture) -> Table:
    facts, state = picture.facts, picture.state
    sensors, status = state.message("sensor.thermal"), state.message("thermal.status")
    rows: list[tuple[str, Text | str]] = []
    for name in ("chip", "battery"):
        value, limits = sensors.get(f"{name}_c"), facts.limits_of("sensor.thermal", f"{name}_c")
        text = scale(value, limits, *_ENDS_C[name], _BAR_COLUMNS, plain=picture.plain).append(" ")
        rows.append((name, text.append_text(figure(value, picture.celsius, limits.level(value)))))
    for pair in (("board", "radiator"), ("bus", "array")):
        cells = []
        for name in pair:
            value, limits = sensors.get(f"{name}_c"), facts.limits_of("sensor.thermal", f"{name}_c")
            cells.append(figure(value, picture.celsius, limits.level(value)))
        cells[0].pad_right(max(0, 9 - cells[0].cell_len))
        rows.append((pair[0], cells[0].append(f"{pair[1]} ", "dim").append_text(cells[1])))
    heater = status.get("battery_heater_on")
    limit = number(status.get("chip_limit_c"), picture.celsius, 0)
    rows.append(("throttle", f"{number(status.get('throttle_level'), '%', 0)}, chip held to {limit}"))
    rows.append(("heater", UNKNOWN if heater is None else "on" if heater else "off"))
    return _lines(rows)


def inference(picture: Picture) -> Table:
    facts, state = picture.facts, picture.state
    status, device = state.message("infer.status"), state.message("hw.device")
    dropped = status.get("items_dropped")
    lost = Text(f"{amount(dropped)} dropped", style=STYLES[Level.WARNING] if dropped else "")
    binding = status.get("binding")
    return _lines(
        [
            ("queue", f"{amount(status.get('queue_items'))} scenes"),
            ("device", f"{_power_mode(status, facts)}, draws {number(device.get('power_w'), 'W')}"),
            ("caps", _caps(binding, state)),
            ("work", f"{number(status.get('busy_fraction'), '%', 0)} busy, {_BOUND.get(binding or '', UNKNOWN)}"),
            ("done", Text(f"{amount(status.get('items_done'))} scenes, ").append_text(lost)),
        ]
    )


def _power_mode(status: dict[str, Any], facts: Facts) -> str:
    mode = status.get("mode")
    if mode is None:
        return UNKNOWN
    if not status["power_on"]:
        return "off"
    return facts.power_modes[mode] if mode < len(facts.power_modes) else f"mode {mode}"


def _caps(binding: str | None, state: LiveState) -> Text:
    """Both, the one that binds in bold."""
    power_w, heat_w = state.value("power.status", "compute_cap_w"), state.value("thermal.status", "chip_cap_w")
    return Text.assemble(
        (f"power {number(power_w, 'W')}", "bold" if binding == "POWER" else ""),
        ", ",
        (f"heat {number(heat_w, 'W')}", "bold" if binding == "THERMAL" else ""),
    )


def link(picture: Picture) -> Table:
    facts, state = picture.facts, picture.state
    comms, sensors, mode = state.message("comms.status"), state.message("sensor.link"), state.message("health.mode")
    station = comms.get("station")
    if comms.get("in_pass") and station is not None:
        name = facts.stations[station] if station < len(facts.stations) else f"station {station}"
        contact = Text.assemble((name, "bold cyan"), f" {number(sensors.get('elevation_deg'), 'deg', 0)}, ")
        contact.append(data_rate(comms.get("rate_bps")))
    else:
        contact = Text("no contact" if comms else UNKNOWN)
    silent = ", ".join(mode.get("silent", ()))
    refused = comms.get("tc_rejected", 0)
    told = f"{amount(comms.get('tc_accepted'))} ok, {amount(comms.get('tc_rejected'))} refused"
    return _lines(
        [
            ("mode", f"since {clock(_since_s(mode, facts))}, {mode.get('reason', UNKNOWN)}"),
            ("contact", contact),
            ("store", f"{data_size(comms.get('queue_bytes'))}, {data_size(comms.get('sent_bytes'))} sent"),
            ("commands", Text(told, style=STYLES[Level.WARNING] if refused else "")),
            ("silent", Text(silent or "nobody", style=STYLES[Level.ALARM] if silent else "")),
        ]
    )


def _since_s(mode: dict[str, Any], facts: Facts) -> float | None:
    since_tick = mode.get("since_tick")
    return None if since_tick is None else since_tick * facts.dt_s


def _lines(rows: Sequence[tuple[str, Text | str]]) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(min_width=_LABEL_COLUMNS, style="dim", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for label, text in rows:
        grid.add_row(label, text)
    return grid
