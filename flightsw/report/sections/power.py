"""Power: array, loads by consumer, battery, state of charge with shed tiers, switches and limiters."""

from __future__ import annotations

import numpy as np

from flightsw.report.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALETTE,
    RED,
    Limit,
    Line,
    Panel,
    Part,
    Row,
    Section,
    Strip,
)
from flightsw.report.rundata import RunData
from flightsw.report.sections.strips import flag_row, levels_row, states_row

SIGNALS = (
    "truth.plant.array_available_w",
    "truth.plant.array_used_w",
    "truth.plant.battery_power_w",
    "truth.plant.load_power_w",
    "truth.plant.soc",
    "truth.plant.battery_voltage_v",
    "power.status.soc",
    "power.status.reserve_soc",
    "power.status.load_shed_level",
    "power.status.compute_cap_w",
    "power.switches.load_on",
    "sensor.power.lcl_state",
    "sensor.power.brownout",
)


def section(data: RunData) -> Section:
    """Power."""
    panels = (_array(data), _loads(data), _soc(data), _voltage(data))
    parts: list[Part] = [panel for panel in panels if panel is not None]
    rows = [
        levels_row(data, "power.status.load_shed_level", "shed tier", "nothing shed"),
        *_switches(data),
        flag_row(data, "sensor.power.brownout", "brown-out", RED),
    ]
    parts.insert(
        3, Strip("shedding", "Load shedding, switches and limiters", tuple(row for row in rows if row is not None))
    )
    return Section("power", "Power", tuple(parts))


def _array(data: RunData) -> Panel | None:
    wanted = (("available", SIGNALS[0], ORANGE, True), ("used", SIGNALS[1], ORANGE, False))
    lines = [
        Line(f"array {label}", values, color, faint=faint, dashed=faint)
        for label, name, color, faint in wanted
        if (values := data.get(name)) is not None
    ]
    battery = data.get(SIGNALS[2])
    if battery is not None:
        lines.append(Line("battery, + discharging", battery, BLUE))
    return Panel("array", "Array and battery", "W", tuple(lines), height=170) if lines else None


def _loads(data: RunData) -> Panel | None:
    lines = [
        Line(name, values, PALETTE[place % len(PALETTE)])
        for place, name in enumerate(data.elements.loads)
        if (values := data.get(f"truth.plant.load_power_w[{place}]")) is not None
    ]
    title = "Load by consumer, stacked means"
    return Panel("loads", title, "W", tuple(lines), stacked=True, height=170) if lines else None


def _soc(data: RunData) -> Panel | None:
    lines = []
    for label, name, color, dashed in (
        ("truth", "truth.plant.soc", GREEN, False),
        ("estimate on board", "power.status.soc", BLUE, True),
        ("reserve", "power.status.reserve_soc", GREY, True),
    ):
        values = data.get(name)
        if values is not None:
            lines.append(Line(label, values, color, dashed=dashed, step=label == "reserve", faint=label == "reserve"))
    tiers = data.setting("apps.power.shed_soc", ())
    limits = [Limit(float(soc), f"shed tier {tier}") for tier, soc in enumerate(tiers, 1)]
    safe = data.setting("apps.health.safe_soc")
    limits += [] if safe is None else [Limit(float(safe), "SAFE")]
    return Panel("soc", "State of charge", "", tuple(lines), tuple(limits), height=170) if lines else None


def _voltage(data: RunData) -> Panel | None:
    values = data.get("truth.plant.battery_voltage_v")
    if values is None:
        return None
    battery = None if data.plant is None else data.plant.plant.battery
    limits = (
        ()
        if battery is None
        else (
            Limit(battery.charge_limit_v, "charge limit"),
            *((Limit(battery.cutoff_v, "cut-off"),) if battery.cutoff_v > 0.0 else ()),
        )
    )
    return Panel("voltage", "Battery voltage", "V", (Line("truth", values, BLUE),), limits, height=100)


def _switches(data: RunData) -> list[Row | None]:
    """Each load that was ever off, or whose limiter wasn't simply on."""
    rows: list[Row | None] = []
    for place, name in enumerate(data.elements.loads):
        on, state = data.get(f"power.switches.load_on[{place}]"), data.get(f"sensor.power.lcl_state[{place}]")
        if on is not None and np.any(on == 0.0):
            rows.append(flag_row(data, f"power.switches.load_on[{place}]", f"{name} on", GREEN))
        if state is not None and np.any(state > 1.0):
            rows.append(states_row(data, f"sensor.power.lcl_state[{place}]", f"{name} LCL"))
    return rows
