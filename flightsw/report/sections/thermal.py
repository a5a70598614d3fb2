"""Heat: every node with its limits, the controller's throttle, and the caps on the payload."""

from __future__ import annotations

from typing import Any

from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError
from flightsw.report.drawing import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALETTE,
    PINK,
    RED,
    Limit,
    Line,
    Panel,
    Part,
    Section,
    Strip,
)
from flightsw.report.rundata import RunData
from flightsw.report.sections.strips import flag_row

SIGNALS = (
    "truth.plant.node_c",
    "sensor.thermal.chip_c",
    "sensor.thermal.board_c",
    "sensor.thermal.bus_c",
    "sensor.thermal.battery_c",
    "sensor.thermal.radiator_c",
    "sensor.thermal.array_c",
    "thermal.status.chip_limit_c",
    "thermal.status.chip_cap_w",
    "thermal.status.throttle_level",
    "thermal.status.integral_w",
    "thermal.status.battery_heater_on",
    "power.status.compute_cap_w",
    "infer.status.granted_w",
    "hw.device.power_w",
    "hw.device.throttled",
)
AMBER = ORANGE
MOST_LINES = 6
"""of nodes without limits, in one panel"""


def section(data: RunData) -> Section:
    """Heat."""
    parts: list[Part] = []
    others: list[Line] = []
    for place, name in enumerate(data.elements.nodes):
        values = data.get(f"truth.plant.node_c[{place}]")
        if values is None:
            continue
        limits = _limits(data, name)
        if not limits and name != "chip":
            others.append(Line(name, values, PALETTE[len(others) % len(PALETTE)]))
            continue
        parts.append(_node(data, name, Line("truth", values, BLUE), limits))
    for start in range(0, len(others), MOST_LINES):
        number = f" {start // MOST_LINES + 1}" if len(others) > MOST_LINES else ""
        key = f"nodes{start // MOST_LINES or ''}"
        parts.append(
            Panel(key, f"Nodes without limits{number}", "°C", tuple(others[start : start + MOST_LINES]), height=170)
        )
    parts += [part for part in (_throttle(data), _caps(data), _switches(data)) if part is not None]
    return Section("thermal", "Thermal", tuple(parts))


def _node(data: RunData, name: str, truth: Line, limits: tuple[Limit, ...]) -> Panel:
    lines = [truth]
    measured = data.get(f"sensor.thermal.{name}_c")
    if measured is not None:
        lines.append(Line("sensor", measured, GREY, faint=True))
    limit = data.get("thermal.status.chip_limit_c") if name == "chip" else None
    if limit is not None:
        lines.append(Line("limit held by the cap", limit, RED, step=True, dashed=True))
    return Panel(f"node-{name}", f"{name.capitalize()} temperature", "°C", tuple(lines), limits, height=130)


def _limits(data: RunData, node: str) -> tuple[Limit, ...]:
    """Of watchpoints, the device's own trips, and the heater."""
    found: list[Limit] = []
    for point in data.setting("apps.health.watchpoints", ()):
        if _watches(point, node):
            found += [
                Limit(float(point[name]), name.replace("_", " "), RED if name.startswith("red") else AMBER)
                for name in ("red_low", "yellow_low", "yellow_high", "red_high")
                if point.get(name) is not None
            ]
    if node == "chip":
        found += _trips(data)
    if node == "battery":
        on_c, off_c = data.setting("apps.thermal.heater_on_c"), data.setting("apps.thermal.heater_off_c")
        found += [
            Limit(float(c), f"heater {word}", GREEN) for c, word in ((on_c, "on"), (off_c, "off")) if c is not None
        ]
    return tuple(found)


def _watches(point: dict[str, Any], node: str) -> bool:
    return str(point.get("signal", "")).rpartition(".")[2] == f"{node}_c" and str(point["signal"]).startswith("sensor")


def _trips(data: RunData) -> list[Limit]:
    profile = data.setting("plant.profile")
    try:
        silicon = load_profile(str(profile)).silicon()
    except ConfigError:
        return []
    return [Limit(silicon.throttle_c, "device throttles"), Limit(silicon.shutdown_c, "device stops")]


def _throttle(data: RunData) -> Panel | None:
    values = data.get("thermal.status.throttle_level")
    if values is None:
        return None
    line = Line("0: full power, 1: the device's least", values, PINK)
    return Panel("throttle", "Throttle level", "", (line,), floor=0.0, height=90)


def _caps(data: RunData) -> Panel | None:
    wanted = (
        ("power cap", "power.status.compute_cap_w", BLUE, True, False),
        ("thermal cap", "thermal.status.chip_cap_w", RED, True, False),
        ("granted", "infer.status.granted_w", GREY, False, True),
        ("device draws", "hw.device.power_w", GREEN, False, False),
    )
    lines = [
        Line(label, values, color, dashed=dashed, faint=faint)
        for label, name, color, dashed, faint in wanted
        if (values := data.get(name)) is not None
    ]
    return (
        Panel("caps", "Caps on the payload, and what it draws", "W", tuple(lines), floor=0.0, height=170)
        if lines
        else None
    )


def _switches(data: RunData) -> Strip | None:
    rows = [
        flag_row(data, "thermal.status.battery_heater_on", "battery heater", ORANGE),
        flag_row(data, "hw.device.throttled", "hw throttled", RED),
    ]
    kept = tuple(row for row in rows if row is not None)
    return Strip("heaters", "Heater, and throttling by the hardware itself", kept) if kept else None
