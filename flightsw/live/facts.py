"""What doesn't change while a run goes on: whose it is, how long it is to be, what its places and numbers are called.

From the log's header and the run folder's manifest. Read by every live view.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError, LogError
from flightsw.live.limits import NO_LIMITS, Limits, limits_of
from flightsw.node.scenario import Scenario, orbit_period_s
from flightsw.record.folder import read_manifest


class Facts(msgspec.Struct, frozen=True):
    """Of one run."""

    name: str
    seed: int
    dt_s: float
    ticks: int | None
    """planned; None: nobody says"""
    orbit_s: float | None
    """None: the scenario is of another version"""
    power_modes: tuple[str, ...]
    """of the payload computer, by number"""
    stations: tuple[str, ...]
    station_places: tuple[tuple[str, float, float], ...]
    """name, latitude and longitude in degrees"""
    loads: tuple[str, ...]
    top_shed_tier: int
    """the last one that can be shed"""
    planned_inputs: int
    """telecommands of the scenario itself"""
    limits: Mapping[str, Limits]
    """by the full name of a signal"""

    def limits_of(self, topic: str, field: str) -> Limits:
        """Of one signal."""
        return self.limits.get(f"{topic}.{field}", NO_LIMITS)


def facts_of(header: LogHeader, run_dir: Path) -> Facts:
    """What a log and its folder tell; what can't be told stays out."""
    scenario = header.scenario
    plant: Mapping[str, Any] = scenario.get("plant", {})
    loads = plant.get("loads", ())
    return Facts(
        name=str(scenario.get("name", run_dir.name)),
        seed=header.seed,
        dt_s=header.dt_ns / 1e9,
        ticks=_planned_ticks(run_dir),
        orbit_s=_orbit_s(scenario),
        power_modes=_power_modes(plant),
        stations=tuple(one["name"] for one in _stations(plant)),
        station_places=tuple(
            (one["name"], one["latitude_deg"], one["longitude_deg"])
            for one in _stations(plant)
            if "latitude_deg" in one
        ),
        loads=tuple(load["name"] for load in loads),
        top_shed_tier=max([load.get("shed_tier") or 0 for load in loads], default=0),
        planned_inputs=len(scenario.get("commands", ())),
        limits=limits_of(header),
    )


def _stations(plant: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sky = plant.get("sky")
    found = plant.get("stations") or (sky.get("stations") if isinstance(sky, Mapping) else None)
    return list(found or ())


def _planned_ticks(run_dir: Path) -> int | None:
    try:
        return read_manifest(run_dir).ticks_planned
    except LogError:
        return None


def _orbit_s(scenario: dict[str, Any]) -> float | None:
    try:
        return orbit_period_s(msgspec.convert(scenario, Scenario))
    except (msgspec.ValidationError, ConfigError):
        return None


def _power_modes(plant: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        return tuple(row.name for row in load_profile(str(plant.get("profile", ""))).modes)
    except ConfigError:  # a file that is no longer where it was
        return ()
