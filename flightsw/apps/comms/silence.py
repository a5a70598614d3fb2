"""Is the radio deaf? A station that stands high enough, by what navigation says, and is not heard.

Ground sees a dead transmitter; a dead receiver, or a station that never points, the node alone can tell apart from
an orbit without passes. Elevations are over a sphere, good to half a degree at the horizon, where nothing is expected
yet: a pass counts from `MARGIN_DEG` above the station's mask on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from flightsw.messages.health import Event, Severity
from flightsw.messages.plant import NavSensors

EARTH_RADIUS_KM = 6371.0
"""mean (IUGG)"""
MARGIN_DEG = 5.0
LOOK_S = 10.0
"""between two looks at where the stations are"""


class StationRow(msgspec.Struct, frozen=True, gc=False):
    """A ground station, as the node knows it."""

    name: str
    latitude_deg: float
    longitude_deg: float
    mask_deg: float
    """elevation below which there is no contact"""


class State(msgspec.Struct, frozen=True, gc=False):
    """What is carried from tick to tick."""

    expected: int | None = None
    """the station that stands highest above where it must be heard; None: none does"""
    silent_s: float = 0.0
    """for so long it should have been heard"""
    told: bool = False


def elevation_deg(station: StationRow, fix: NavSensors) -> float:
    """Where the satellite stands in the station's sky."""
    radius_km = math.hypot(*fix.position_km)
    here, there = math.radians(fix.latitude_deg), math.radians(station.latitude_deg)
    apart = math.radians(fix.longitude_deg - station.longitude_deg)
    cos_arc = math.sin(here) * math.sin(there) + math.cos(here) * math.cos(there) * math.cos(apart)
    sin_arc = math.sqrt(max(0.0, 1.0 - cos_arc * cos_arc))
    return math.degrees(math.atan2(cos_arc - EARTH_RADIUS_KM / radius_km, sin_arc))


def expected_station(stations: Sequence[StationRow], fix: NavSensors) -> int | None:
    """The place of the station that must be heard most surely; None: none must."""
    margins = [elevation_deg(station, fix) - station.mask_deg for station in stations]
    highest = max(range(len(margins)), key=margins.__getitem__, default=None)
    return highest if highest is not None and margins[highest] >= MARGIN_DEG else None


def step(state: State, expected: int | None, *, heard: bool, wait_s: float, dt_s: float) -> tuple[State, bool | None]:
    """One tick. The second value: True: it has been silent for too long, from now on; False: it was, and is over; None:
    neither. `heard`: a carrier of any station; `expected`: the station that should be."""
    if heard:
        return State(expected), False if state.told else None
    if expected is None:
        return State(None, 0.0, state.told), None  # nothing can be learnt below the horizon
    silent_s = state.silent_s + dt_s
    deaf = silent_s >= wait_s and not state.told
    return State(expected, silent_s, state.told or deaf), True if deaf else None


class Listener:
    """Watches over the passes of one spacecraft; what it knows is new after a restart."""

    def __init__(self, stations: Sequence[StationRow], dt_s: float) -> None:
        self._stations = stations
        self._dt_s = dt_s
        self._state = State()
        self._unlooked_s = LOOK_S

    def step(self, fix: NavSensors | None, *, heard: bool, wait_s: float) -> list[Event]:
        """One tick: what is to be told. `fix`: the tick's, where there is one."""
        expected = self._state.expected
        self._unlooked_s += self._dt_s
        if fix is not None and self._unlooked_s >= LOOK_S:
            self._unlooked_s = 0.0
            expected = expected_station(self._stations, fix)
        elif self._unlooked_s >= 2.0 * LOOK_S:
            expected = None  # nobody knows where the node is
        self._state, deaf = step(self._state, expected, heard=heard, wait_s=wait_s, dt_s=self._dt_s)
        if deaf is None:
            return []
        if not deaf:
            return [Event(Severity.ACTIVITY_HI, "link.heard", {})]
        assert expected is not None
        name, silent_s = station_name(self._stations, expected), round(self._state.silent_s, 3)
        return [Event(Severity.WARNING_LO, "link.silent", {"station": name, "silent_s": silent_s})]


def station_name(stations: Sequence[StationRow], number: int) -> str:
    """By the number that the radio gives."""
    return stations[number].name if number < len(stations) else str(number)
