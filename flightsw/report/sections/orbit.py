"""Where it flew: the ground track with day and night, the South Atlantic Anomaly, stations, and where inference ran."""

from __future__ import annotations

import numpy as np

from flightsw.messages.plant import IN_ECLIPSE
from flightsw.plant.sky import SAA_LATITUDE_DEG, SAA_LONGITUDE_DEG, in_south_atlantic_anomaly
from flightsw.report.drawing import OLIVE, FloatArray, Line, Panel, Part, Section, Track
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import counted, note, number, pairs

SIGNALS = (
    "truth.plant.latitude_deg",
    "truth.plant.longitude_deg",
    "truth.plant.altitude_km",
    "truth.plant.beta_deg",
    "truth.plant.sunlit_fraction",
    "truth.plant.attitude_error_deg",
    "infer.status.busy_fraction",
    "comms.status.in_pass",
)


def section(data: RunData) -> Section:
    """Orbit."""
    latitude, longitude = data.get(SIGNALS[0]), data.get(SIGNALS[1])
    if latitude is None or longitude is None:
        return Section("orbit", "Orbit", (note("The log has no position."),))
    parts: list[Part] = [_track(data, latitude, longitude), _figures(data, latitude, longitude)]
    error = data.get("truth.plant.attitude_error_deg")
    if error is not None:
        line = Line("between the body and its commanded attitude", error, OLIVE)
        parts.append(Panel("attitude", "Attitude error", "deg", (line,), floor=0.0, height=90))
    return Section("orbit", "Orbit", tuple(parts))


def _track(data: RunData, latitude: FloatArray, longitude: FloatArray) -> Track:
    lit, busy, in_pass = (data.get(name) for name in (SIGNALS[4], SIGNALS[6], SIGNALS[7]))
    no = np.zeros(len(latitude), dtype=np.bool_)
    stations = () if data.plant is None else data.plant.plant.stations
    return Track(
        key="track",
        title="Ground track",
        latitude_deg=latitude,
        longitude_deg=longitude,
        sunlit=~no if lit is None else lit >= IN_ECLIPSE,
        worked=no if busy is None else busy > 0.0,
        in_pass=no if in_pass is None else in_pass > 0.0,
        stations=tuple((one.name, one.latitude_deg, one.longitude_deg) for one in stations),
        saa_deg=(*SAA_LATITUDE_DEG, *SAA_LONGITUDE_DEG),
    )


def _figures(data: RunData, latitude: FloatArray, longitude: FloatArray) -> Part:
    dark_s = sum(end - begin for begin, end in data.eclipses())
    altitude, beta = data.get("truth.plant.altitude_km"), data.get("truth.plant.beta_deg")
    saa_min = None
    if altitude is not None:
        inside = in_south_atlantic_anomaly(latitude, longitude, altitude)
        saa_min = float(np.sum(inside)) * data.columns.dt_s / 60.0
    period_s = None if data.plant is None else data.plant.plant.orbit_period_s
    rows = [
        ("orbit", number(None if period_s is None else period_s / 60.0, 1, "min")),
        ("orbits flown", number(None if not period_s else data.end_s / period_s, 2)),
        ("altitude", _range(altitude, "km")),
        ("beta", _range(beta, "deg")),
        ("in eclipse", f"{number(dark_s / 60.0, 1, 'min')} in {counted(len(data.eclipses()), 'stretch', 'stretches')}"),
        ("in the South Atlantic Anomaly", number(saa_min, 1, "min")),
    ]
    return pairs(rows, "orbit-figures")


def _range(values: FloatArray | None, unit: str) -> str:
    if values is None:
        return number(None)
    return f"{number(float(np.nanmin(values)), 1)} to {number(float(np.nanmax(values)), 1, unit)}"
