"""Which readings are to be believed, from what they say of each other. Pure; called by `fdir` every SAMPLE_TICKS.

| reading | judged by |
| --- | --- |
| both battery thermometers | range, stuck (see `gauges`), and each other (see `voting`) |
| chip | range, the power that heats it (see `heat`), and the device's own diode |
| battery voltage | range, stuck |
| battery current | stuck, and what the loads account for (see `balance`) |
| array power | the same, and what there can be in shadow |
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from flightsw.apps.health.balance import Balance, Flows, balance_step
from flightsw.apps.health.gauges import Gauge, gauge_step, is_bad, is_still
from flightsw.apps.health.heat import ChipHeat, heat_step
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig
from flightsw.apps.health.voting import Vote, vote_step
from flightsw.messages.health import SensorValidity

SAMPLE_TICKS = 10
SIGNALS = (
    "sensor.thermal.battery_c",
    "sensor.power.battery_c",
    "sensor.power.battery_voltage_v",
    "sensor.power.battery_current_a",
    "sensor.thermal.chip_c",
    "sensor.power.array_power_w",
)
BATTERY, BATTERY_OWN, VOLTAGE, CURRENT, CHIP, ARRAY = range(len(SIGNALS))
VALID = SensorValidity((), None)


class Readings(NamedTuple):
    """One sample. None: no reading."""

    battery_c: float | None
    battery_own_c: float | None
    voltage_v: float | None
    current_a: float | None
    chip_c: float | None
    array_w: float | None
    load_w: float
    payload_w: float | None
    """on its rail"""
    device_chip_c: float | None
    """the device's own diode, which inference tells while it differs"""
    dark: bool
    """the Sun sensor and the forecast say shadow"""


class Sensors(msgspec.Struct, frozen=True, gc=False):
    """State of all."""

    gauges: tuple[Gauge, ...] = (Gauge(),) * ARRAY
    """of the signals but the array's, in their order"""
    vote: Vote = Vote()
    heat: ChipHeat = ChipHeat()
    balance: Balance = Balance()
    diodes_apart: int = 0
    """samples in a row"""


def sensors_step(before: Sensors, now: Readings, config: PlausibilityConfig, dt_s: float) -> Sensors:
    """After one sample."""
    battery = config.battery_low_c, config.battery_high_c
    ranges = (
        battery,
        battery,
        (config.voltage_low_v, math.inf),
        (-math.inf, math.inf),
        (config.chip_low_c, config.chip_high_c),
    )
    gauges = tuple(
        [
            gauge_step(gauge, value, low, high)
            for gauge, value, (low, high) in zip(before.gauges, now[:ARRAY], ranges, strict=True)
        ]
    )
    pair = (
        None if gauges[BATTERY].odd else now.battery_c,
        None if gauges[BATTERY_OWN].odd else now.battery_own_c,
    )
    volts, amps = None if gauges[VOLTAGE].odd else now.voltage_v, now.current_a
    flows = Flows(
        now.array_w,
        None if volts is None or amps is None else volts * amps,
        now.load_w,
        now.dark,
        is_still(gauges[CURRENT], config.persistence - 1),
    )
    return Sensors(
        gauges,
        vote_step(before.vote, pair, config.battery_apart_k, config.persistence),
        heat_step(before.heat, now.chip_c, now.payload_w, config.stuck_samples),
        balance_step(before.balance, flows, config, SAMPLE_TICKS * dt_s),
        _diodes(before.diodes_apart, now, config),
    )


def _diodes(apart: int, now: Readings, config: PlausibilityConfig) -> int:
    """No word of the device's means that both agree; of one that was voted out, that the device is off."""
    if now.device_chip_c is None or now.chip_c is None:
        return apart if apart >= config.persistence else 0
    if abs(now.device_chip_c - now.chip_c) <= config.chip_apart_k:
        return 0
    return min(config.persistence, apart + 1)


def validity(sensors: Sensors, now: Readings, config: PlausibilityConfig) -> SensorValidity:
    """What is not to be believed, and the battery's temperature by what is left."""
    bad = [is_bad(gauge, config.persistence, config.stuck_samples) for gauge in sensors.gauges[:CHIP]]
    apart = max(sensors.gauges[CHIP].odd, sensors.diodes_apart)
    bad.append(apart >= config.persistence or sensors.heat.stuck)
    out = sensors.vote.out
    if out is not None and not bad[BATTERY_OWN if out == BATTERY else BATTERY]:
        bad[out] = True
    bad[CURRENT] = bad[CURRENT] or sensors.balance.current_bad
    bad.append(sensors.balance.array_bad and not bad[CURRENT] and not bad[VOLTAGE])
    battery_c = None
    if bad[BATTERY] is not bad[BATTERY_OWN]:
        battery_c = now.battery_own_c if bad[BATTERY] else now.battery_c
    return SensorValidity(tuple([name for name, is_out in zip(SIGNALS, bad, strict=True) if is_out]), battery_c)
