"""Which readings are to be believed, from what they say of each other. Pure; called by `app` every SAMPLE_TICKS.

| reading | judged by |
| --- | --- |
| both battery thermometers | range, stuck, and each other (see `voting`) |
| chip | range |
| battery voltage | range, stuck |
| battery current | stuck; deep in shadow, where the array gives nothing: loads that the battery can't account for |
| array power | power deep in shadow; in the Sun, what loads and battery don't account for |

array + battery = loads / efficiency, so that a residual beyond any loss belongs to a sensor. In shadow it is the
current's; in the Sun it is taken for the array's, until the next shadow tells.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from flightsw.apps.health.gauges import Gauge, gauge_step, is_bad
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig
from flightsw.apps.health.voting import Vote, vote_step
from flightsw.messages.health import SensorValidity

SAMPLE_TICKS = 10
BATTERY, BATTERY_OWN, CHIP = "sensor.thermal.battery_c", "sensor.power.battery_c", "sensor.thermal.chip_c"
VOLTAGE, CURRENT = "sensor.power.battery_voltage_v", "sensor.power.battery_current_a"
ARRAY = "sensor.power.array_power_w"
SIGNALS = (BATTERY, BATTERY_OWN, CHIP, VOLTAGE, CURRENT)
"""of the gauges, in their order"""
WIDE = 1e9
DEEP_S = 60.0
"""into and out of the shadow: penumbra, the forecast's error, and the sensors' latency lie within"""
HIGHEST_DECAY = 0.999
"""of the highest load and array power, a sample: half is forgotten in two hours of ticks of a second"""
VALID = SensorValidity((), None)


class Readings(NamedTuple):
    """One sample. None: no reading."""

    battery_c: float | None
    battery_own_c: float | None
    chip_c: float | None
    voltage_v: float | None
    current_a: float | None
    array_w: float | None
    load_w: float
    dark: bool
    """the Sun sensor and the forecast say shadow"""


class Sensors(msgspec.Struct, frozen=True, gc=False):
    """State of all."""

    gauges: tuple[Gauge, ...] = (Gauge(),) * len(SIGNALS)
    vote: Vote = Vote()
    load_w: float = 0.0
    """highest, slowly forgotten"""
    array_w: float = 0.0
    dark_samples: int = 0
    unaccounted: int = 0
    """samples in a row with a residual"""
    lit: int = 0
    """samples in a row of array power in shadow"""
    current_bad: bool = False
    array_bad: bool = False


def sensors_step(before: Sensors, now: Readings, config: PlausibilityConfig, dt_s: float) -> Sensors:
    """After one sample."""
    values = (now.battery_c, now.battery_own_c, now.chip_c, now.voltage_v, now.current_a)
    ranges = (
        (config.battery_low_c, config.battery_high_c),
        (config.battery_low_c, config.battery_high_c),
        (config.chip_low_c, config.chip_high_c),
        (config.voltage_low_v, WIDE),
        (-WIDE, WIDE),
    )
    gauges = tuple(
        [
            gauge_step(gauge, value, low, high)
            for gauge, value, (low, high) in zip(before.gauges, values, ranges, strict=True)
        ]
    )
    pair = (None if gauges[0].odd else now.battery_c, None if gauges[1].odd else now.battery_own_c)
    vote = vote_step(before.vote, pair, config.battery_apart_k, config.persistence)
    load_w = max(now.load_w, before.load_w * HIGHEST_DECAY)
    array_w = max(now.array_w or 0.0, before.array_w * HIGHEST_DECAY)
    dark_samples = before.dark_samples + 1 if now.dark else 0
    deep = dark_samples * SAMPLE_TICKS * dt_s > DEEP_S
    lit = before.lit + 1 if deep and (now.array_w or 0.0) > config.dark_array_fraction * array_w else 0
    residual_w = _residual_w(now)
    over = residual_w is not None and abs(residual_w) > config.balance_fraction * load_w
    unaccounted = before.unaccounted + 1 if over and now.dark is (before.dark_samples > 0) else int(over)
    return Sensors(
        gauges,
        vote,
        load_w,
        array_w,
        dark_samples,
        unaccounted,
        lit,
        unaccounted >= config.persistence if deep and residual_w is not None else before.current_bad,
        _array_bad(before, lit, unaccounted, config, dark=now.dark, deep=deep),
    )


def validity(sensors: Sensors, now: Readings, config: PlausibilityConfig) -> SensorValidity:
    """What is not to be believed, and the battery's temperature by what is left."""
    bad = [is_bad(gauge, config.persistence, config.stuck_samples) for gauge in sensors.gauges]
    if sensors.vote.out is not None and not bad[1 - sensors.vote.out]:
        bad[sensors.vote.out] = True
    bad[4] = bad[4] or sensors.current_bad
    if True not in bad and not sensors.array_bad:
        return VALID
    names = [name for name, is_out in zip(SIGNALS, bad, strict=True) if is_out]
    if sensors.array_bad:
        names.append(ARRAY)
    battery_c = None
    if bad[0] is not bad[1]:
        battery_c = now.battery_own_c if bad[0] else now.battery_c
    return SensorValidity(tuple(names), battery_c)


def _residual_w(now: Readings) -> float | None:
    """What the loads and the battery don't account for; in shadow the array gives nothing, whatever its sensor says."""
    if now.voltage_v is None or now.current_a is None:
        return None
    array_w = 0.0 if now.dark else now.array_w
    return None if array_w is None else array_w + now.voltage_v * now.current_a - now.load_w


def _array_bad(
    before: Sensors, lit: int, unaccounted: int, config: PlausibilityConfig, *, dark: bool, deep: bool
) -> bool:
    if dark:
        return lit >= config.persistence or (before.array_bad and (lit > 0 or not deep))
    return unaccounted >= config.persistence and not before.current_bad
