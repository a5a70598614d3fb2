"""The ids of the events that the shipped node tells, by who tells them.

Events are declared by their message (`messages.health.Event`); this is the list of what may stand in its `id`, so that
a requirement that names an event can't be wrong unseen. A test holds it to the code.
"""

from __future__ import annotations

from flightsw.messages.topics import BUS

TABLE_ACTIVATED = "table.activated"
"""Told by whoever owns the table."""

EVENT_IDS: dict[str, tuple[str, ...]] = {
    BUS: ("APP_LOST", "REJOIN", "LOCKED_OUT"),
    "plant": (
        "eclipse.entry",
        "eclipse.exit",
        "brownout.begin",
        "brownout.end",
        "undervoltage",
        "undervoltage.end",
        "radiation.upset",
        "radiation.sel",
        "radiation.sel_cleared",
        "radiation.sefi",
        "radiation.sefi_cleared",
        "device.throttled",
        "device.shutdown",
        "lcl.tripped",
    ),
    "power": (
        "load.shed",
        "load.restored",
        "battery_readings.lost",
        "battery_readings.back",
        "battery_voltage.apart",
        "battery_voltage.fits",
        "power_readings.spiky",
        "power_readings.smooth",
        "array.weak",
        "lcl.locked_out",
        "lcl.tripped",
        "lcl.closed",
        "rail.cycled",
        TABLE_ACTIVATED,
    ),
    "thermal": (
        "heater.on",
        "heater.off",
        "chip_temperature.lost",
        "chip_temperature.back",
        "battery_temperature.lost",
        "battery_temperature.back",
        TABLE_ACTIVATED,
    ),
    "inference": (
        "power_mode.changed",
        "device.on",
        "device.off",
        "device.ready",
        "device.lost",
        "device.throttled",
        "queue.full",
        "caps.stale",
        "caps.back",
        TABLE_ACTIVATED,
    ),
    "comms": ("pass.start", "pass.end", "store.full", TABLE_ACTIVATED),
    "health": (
        "mode.changed",
        "limit.crossed",
        "heartbeat.overdue",
        "heartbeat.back",
        "app.lost",
        "app.rejoined",
        "app.locked_out",
        "recovery.step",
        "recovery.over",
        "sensor.invalid",
        "sensor.valid",
        "anomaly.detected",
        "anomaly.cleared",
        "sequence.started",
        "sequence.completed",
        "sequence.stopped",
        "sequence.not_started",
        "sequence.step_failed",
        "sequence.step_unconfirmed",
        "clock.jump",
        "clock.correlated",
        "clock.stepped",
        "clock.gnss_rejected",
        "clock.gnss_back",
        TABLE_ACTIVATED,
    ),
}
"""Source -> ids. Those of the bus are the kinds of its own message."""
