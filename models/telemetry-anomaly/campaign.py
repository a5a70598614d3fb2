"""Which flights the telemetry network is trained, tuned and measured on. No seed is in two of the sets, and the
test's season is in neither of the others.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap

import numpy as np
from faults import Fault
from flights import Flight, fly

SEASONS = (
    "2026-01-03T10:00:00Z",
    "2026-02-14T21:30:00Z",
    "2026-03-20T04:00:00Z",
    "2026-06-21T13:00:00Z",
    "2026-07-05T18:20:00Z",
    "2026-09-23T07:40:00Z",
    "2026-12-01T01:10:00Z",
)
HELD_OUT_SEASON = "2026-04-26T16:00:00Z"
CASES = (None, "hot-eol", None, "cold-bol", None, "hot-bol", None, "cold-eol")
"""every second flight as the scenario has it"""

TRAINING = tuple(
    Flight(
        100 + place,
        SEASONS[place % len(SEASONS)],
        CASES[place % len(CASES)],
        orbits=8.0,
        operated=place % 3 == 1,
        initial_soc=(0.62, 0.70, 0.58, 0.78)[place % 4],
    )
    for place in range(28)
)
VALIDATION = tuple(
    Flight(200 + place, SEASONS[(2 * place) % len(SEASONS)], CASES[place % len(CASES)], operated=place % 4 == 3)
    for place in range(8)
)
HELD_OUT_SEEDS = tuple(Flight(9001 + place, SEASONS[(3 * place) % len(SEASONS)], CASES[place]) for place in range(4))
HELD_OUT_SEASONS = tuple(Flight(9011 + place, HELD_OUT_SEASON, CASES[place]) for place in range(4))

FAULT_ORBITS = 4.0
FAULTS = (
    ("current sensor biased by 0.3 A", "bias", "sensor.power.battery_current_a", 0.3),
    ("current sensor stuck", "stuck", "sensor.power.battery_current_a", 0.0),
    ("voltage sensor biased by 0.3 V", "bias", "sensor.power.battery_voltage_v", 0.3),
    ("voltage sensor drifting by 0.2 V an hour", "drift", "sensor.power.battery_voltage_v", 0.2 / 3600.0),
    ("array power sensor stuck", "stuck", "sensor.power.array_power_w", 0.0),
    ("chip sensor stuck", "stuck", "sensor.thermal.chip_c", 0.0),
    ("board thermistor biased by 5 K", "bias", "sensor.thermal.board_c", 5.0),
    ("bus thermistor drifting by 4 K an hour", "drift", "sensor.thermal.bus_c", 4.0 / 3600.0),
    ("battery thermistor biased by 3 K", "bias", "sensor.thermal.battery_c", 3.0),
    ("radiator thermistor stuck", "stuck", "sensor.thermal.radiator_c", 0.0),
    ("battery heater stuck on", "heater", "on", 0.0),
    ("radiator's emissivity down by half", "radiator", "radiator", 0.5),
    ("one of five array strings lost", "string", "array.string", 1.0),
    ("two of five array strings lost", "string", "array.string", 2.0),
)
"""(what, kind, target, size)"""
FAULT_SEEDS = (9101, 9102, 9103)


def fault_flights() -> list[tuple[Flight, Fault]]:
    """Every fault at three times of different flights, after one orbit and a half at the earliest."""
    flights = []
    for place, (_, kind, target, size) in enumerate(FAULTS):
        for seed in FAULT_SEEDS:
            at_s = 9000.0 + 137.0 * ((place * 31 + seed) % 40)
            flights.append((Flight(seed, SEASONS[seed % len(SEASONS)], orbits=FAULT_ORBITS), Fault(kind, target, size, at_s)))
    return flights


def fly_all(flights: Sequence[tuple[Flight, Fault | None]]) -> list[np.ndarray]:
    """In order, on every processor that there is."""
    workers = min(len(flights), os.cpu_count() or 1)
    if workers == 1:
        return list(starmap(fly, flights))
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(fly, *zip(*flights, strict=True)))
