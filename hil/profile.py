"""Writes what a calibration found as a device profile that the emulator flies, and as a report.

A profile's figure says where it is from: calibrated, with its uncertainty, or taken over from the profile of a like
device, which nobody measured here (boot, gating, trips). Called by `flightsw hil calibrate`.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import msgspec

from flightsw.devices.models import ModelCard
from flightsw.devices.profiles import DeviceProfile, load_profile
from flightsw.errors import ConfigError
from flightsw.node.tomlfile import to_toml
from hil.calibration import Calibration, ClockLevel
from hil.fit import Estimate
from hil.plot import Series, chart

TAKEN_OVER = ("gated_w", "boot_w", "boot_s", "throttle_hysteresis_k", "throttle_c", "shutdown_c")
APART_W = 1e-3
"""modes must ascend in what they draw at work"""


def profile_table(found: Calibration, card: ModelCard, like: DeviceProfile, name: str, how: str) -> dict[str, Any]:
    """The profile as a table. `how`: measured or modelled, for its sources. Raises ConfigError: no power was found."""
    levels = [level for level in found.levels if level.power is not None]
    if not levels:
        raise ConfigError(f"no power at any clock: {found.levels[0].power_unfit}: a profile can't be made of this")
    source = f"calibrated on the board in {found.seconds:.0f} s, {how}"
    per_mhz = min(_dynamic_w(level) / level.clock_mhz for level in levels)
    top, floor = levels[-1], levels[0]
    modes = _modes(levels, per_mhz, source)
    per_item = found.latency.per_item_s_mhz
    rate = card.work_gop / per_item.value
    return {
        "name": name,
        "description": f"calibrated like {like.name}; {how}",
        "modes": modes,
        "dvfs": [
            {"clock_mhz": clock_mhz, "volts": 1.0, "source": "not measured: one, so that power goes with the clock"}
            for clock_mhz in (0.5 * floor.clock_mhz, top.clock_mhz)
        ],
        "switched_w_per_mhz_v2": _figure(per_mhz, f"{source}: least dynamic power over clock of all modes"),
        "leakage_w": _figure(0.0, f"{source}: part of each mode's idle power, not told apart"),
        "leakage_per_k": _figure(0.0, "not told apart from idle power"),
        "leakage_reference_c": _figure(like.leakage_reference_c.value, "without meaning where nothing leaks"),
        "launch_s": _figure(found.latency.launch_s.value, f"{source}: {_plus_minus(found.latency.launch_s, 's')}"),
        "gop_per_s_mhz": _figure(
            rate, f"{source}: {card.name} at {per_item.value:.4g} s MHz an item, {_share(per_item)}"
        ),
        "throttle_clock_mhz": _figure(floor.clock_mhz, f"{source}: the lowest clock tried"),
        **{
            figure: msgspec.to_builtins(getattr(like, figure))
            | {"source": f"not measured here, taken over from {like.name}: {getattr(like, figure).source}"}
            for figure in TAKEN_OVER
        },
    }


def _modes(levels: list[ClockLevel], per_mhz: float, source: str) -> list[dict[str, Any]]:
    modes: list[dict[str, Any]] = []
    least_w = 0.0
    for level in levels:
        assert level.power is not None
        base_w = max(0.0, level.power.idle_w.value)
        working_w = max(base_w + _dynamic_w(level), least_w + APART_W)
        least_w = working_w
        power = level.power
        modes.append(
            {
                "name": f"CLOCK{round(100 * level.share)}",
                "cap_w": _rounded(working_w),
                "clock_mhz": _rounded(level.clock_mhz),
                "base_w": _rounded(base_w),
                "host_w": _rounded(max(0.0, working_w - base_w - per_mhz * level.clock_mhz)),
                "source": f"{source}: idle {_plus_minus(power.idle_w, 'W')}, work {_plus_minus(power.dynamic_w, 'W')}",
            }
        )
    return modes


def write_profile(table: dict[str, Any], path: Path) -> DeviceProfile:
    """Write it, and read it back as the emulator will. Raises ConfigError."""
    try:
        path.write_text("# Written by `flightsw hil calibrate`; its report lies beside it.\n\n" + to_toml(table))
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror}") from None
    return load_profile(str(path))


def report_lines(found: Calibration, how: str) -> list[str]:
    """For people."""
    lines = [f"calibrated in {found.seconds:.0f} s; power {how}; uncertainties for a coverage factor of 2"]
    if how != "measured":
        lines.append(
            "no sensor gave the power: these watts give back the model's own line, and all work on the machine"
        )
    for level in found.levels:
        latency = ", ".join(
            f"batch of {size} {1e3 * took_s:.3g} ms" for size, took_s in sorted(level.latency_s.items())
        )
        if level.power is None:
            lines.append(f"clock {level.clock_mhz:.0f} MHz: {latency}; power: {level.power_unfit}")
            continue
        power = level.power
        lines.append(
            f"clock {level.clock_mhz:.0f} MHz: idle {_plus_minus(power.idle_w, 'W')}, work "
            f"{_plus_minus(power.dynamic_w, 'W')} on top; {latency}"
        )
        if power.dynamic_w.value <= power.dynamic_w.uncertainty:
            lines.append("its work isn't told from nothing: is the machine at rest otherwise, the step long enough?")
    launch, per_item = found.latency.launch_s, found.latency.per_item_s_mhz
    lines.append(f"latency: launch {_plus_minus(launch, 's')}, an item {_plus_minus(per_item, 's MHz')}")
    if found.heat is None:
        lines.append(f"heat: not found: {found.heat_unfit}")
        return lines
    heat = found.heat
    taus = ", ".join(f"{tau:.3g} s ({share:.0%})" for tau, share in zip(heat.taus_s, heat.shares, strict=True))
    lines.append(
        f"heat: ambient {_plus_minus(heat.ambient_c, 'degC')}, {_plus_minus(heat.resistance_k_w, 'K/W')}, "
        f"time constants {taus}; residual {heat.residual_k:.2g} K"
    )
    for level in found.levels:
        if level.power is not None:
            steady = heat.steady_c(level.power.at(1.0))
            lines.append(f"at work at {level.clock_mhz:.0f} MHz the chip settles at {_plus_minus(steady, 'degC')}")
    return lines


def report_page(found: Calibration, how: str) -> str:
    """The same as a page, with what was observed and what was fitted."""
    seen = found.observations
    begin_s = seen[0].t_s
    powered = [one for one in seen if one.power_w is not None]
    warm = [one for one in seen if one.chip_c is not None and one.power_w is not None]
    power = [Series("observed", [p.busy for p in powered], [p.power_w or 0.0 for p in powered], dots=True)]
    power += [
        Series(f"{level.clock_mhz:.0f} MHz", [0.0, 1.0], [level.power.at(0.0), level.power.at(1.0)])
        for level in found.levels
        if level.power is not None
    ]
    heat = [Series("observed", [w.t_s - begin_s for w in warm], [w.chip_c or 0.0 for w in warm], dots=True)]
    if found.heat is not None:
        heat.append(Series("fitted", [w.t_s - begin_s for w in warm], found.heat.fitted_c.tolist()))
    charts = [
        chart(title, x_label, y_label, series)
        for title, x_label, y_label, series in (
            ("Power over load", "share of the time at work", "W", power),
            ("Chip over time", "s", "degC", heat),
            ("Latency", "scenes a batch", "ms", _latencies(found)),
        )
        if any(len(one.x) for one in series)
    ]
    text = escape("\n".join(report_lines(found, how)))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Calibration</title>'
        '<body style="max-width:60rem;margin:2rem auto;font-family:sans-serif">'
        f"<h1>Calibration</h1><pre>{text}</pre>{''.join(charts)}</body></html>\n"
    )


def _latencies(found: Calibration) -> list[Series]:
    """Observed, and as the profile has it at each clock."""
    launch_s, per_item_s_mhz = found.latency.launch_s.value, found.latency.per_item_s_mhz.value
    seen = [(size, took_s) for level in found.levels for size, took_s in sorted(level.latency_s.items())]
    series = [Series("observed", [float(size) for size, _ in seen], [1e3 * took_s for _, took_s in seen], dots=True)]
    for level in found.levels:
        sizes = [float(size) for size in sorted(level.latency_s)]
        fitted = [1e3 * (launch_s + per_item_s_mhz * size / level.clock_mhz) for size in sizes]
        series.append(Series(f"{level.clock_mhz:.0f} MHz", sizes, fitted))
    return series


def _dynamic_w(level: ClockLevel) -> float:
    assert level.power is not None
    return max(0.0, level.power.dynamic_w.value)


def _figure(value: float, source: str) -> dict[str, Any]:
    return {"value": _rounded(value), "source": source}


def _rounded(value: float) -> float:
    """To seven digits, and nothing where nothing is meant."""
    return 0.0 if abs(value) < 1e-12 else float(f"{value:.7g}")


def _plus_minus(estimate: Estimate, unit: str) -> str:
    return f"{estimate.value:.4g} +- {estimate.uncertainty:.2g} {unit}"


def _share(estimate: Estimate) -> str:
    return f"+- {100.0 * estimate.uncertainty / abs(estimate.value):.1f} %"
