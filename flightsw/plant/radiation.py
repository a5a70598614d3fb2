"""Single-event effects on the payload computer: upsets, latch-up, functional interrupts.

Upsets of its memory are Poisson, at a background rate times a multiplier inside the South Atlantic Anomaly. A latch-up
(SEL) draws `sel_w` beside, stops the device and holds until its rail is cycled; a functional interrupt (SEFI) stops it
until it is reset, by switching it off and on or by its rail. An unpowered device takes none of them.

    P(n in dt) = exp(-r dt) (r dt)^n / n!,   r = rate * (multiplier where in the anomaly)

The rates are those outside the anomaly. Of a source's figure, which is the mean over an orbit as a rule, that is the
part figure / (1 + (multiplier - 1) share), with the share of time that the orbit spends in the anomaly's box (see
`sky`): about 0.15 at 420 km and 51.6 deg, 0.10 Sun-synchronous at 550 km. With a multiplier of 20 that is a quarter
and a third.

Orbit means for a memory without error correction: 7e-8 to 2e-6 upsets a bit and day in the ISS's orbit, 4e-7 for
commercial SRAM on Alsat-1; 100 MB of weights take 56 to 323 a day. For a TPU v6e: silent corruption once in 14.4-20
rad, a SEFI of the chip once in 5 krad, of its host once in 400-450 rad; some 150 rad a year in a dawn-dusk LEO behind
shielding (Suncatcher paper, arXiv 2511.19468, and the sources there).

Draws are by tick from named streams, so that nothing shifts when a process is rebuilt. Called by the plant process.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.streams import Stream

DAY_S = 86400.0
ADDRESS_BITS = 62
MOST_EXPECTED = 20.0
"""Upsets in one tick: a device with more is lost, and its inbox would be nothing else."""
MOST_UPSETS = 128
"""Told in one tick; the chance of more is below 1e-50 at what may be expected."""


class RadiationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rates of a powered device outside the South Atlantic Anomaly. The defaults are none."""

    upsets_per_day: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """of its whole memory, outside the anomaly: an orbit's mean over 1 + (saa_multiplier - 1) share of time inside"""
    sel_per_day: Annotated[float, Meta(ge=0.0, le=1e3)] = 0.0
    sefi_per_day: Annotated[float, Meta(ge=0.0, le=1e3)] = 0.0
    saa_multiplier: Annotated[float, Meta(ge=1.0, le=1e4)] = 20.0
    """of all three inside the anomaly (estimate: most upsets of low orbits fall there, in 10 to 15 % of the time)"""
    sel_w: Annotated[float, Meta(ge=0.0, le=1e5)] = 5.0
    """drawn by a latched device beside what it draws anyhow (estimate: an ampere on a 5 V rail)"""


def check_rates(config: RadiationConfig, dt_s: float) -> None:
    """Raises ConfigError where one tick would expect more upsets than can be told."""
    expected = config.upsets_per_day * config.saa_multiplier * dt_s / DAY_S
    if expected > MOST_EXPECTED:
        raise ConfigError(
            f"radiation.upsets_per_day = {config.upsets_per_day}: {expected:.4g} expected in a tick of {dt_s} s inside "
            f"the anomaly: must be at most {MOST_EXPECTED:.0f}"
        )


class RadiationState(msgspec.Struct, frozen=True, gc=False):
    """What a device has caught and still holds."""

    sel: bool = False
    sefi: bool = False

    @property
    def stopped(self) -> bool:
        """The device does nothing until somebody helps it."""
        return self.sel or self.sefi


WELL = RadiationState()
NO_UPSETS: tuple[int, ...] = ()


class Radiation:
    """The environment's law for one configuration, seed and step length."""

    def __init__(self, config: RadiationConfig, seed: int, dt_s: float) -> None:
        check_rates(config, dt_s)
        self.config = config
        self._uniforms = Stream(seed, "plant.radiation", 3)
        self._addresses = Stream(seed, "plant.radiation.address", 1)
        share = dt_s / DAY_S
        rates = (config.upsets_per_day * share, config.sel_per_day * share, config.sefi_per_day * share)
        # By place: outside the anomaly, inside. The chance of none, of each effect, in a tick.
        self._expected = (rates[0], rates[0] * config.saa_multiplier)
        self._none = [tuple(math.exp(-rate * factor) for rate in rates) for factor in (1.0, config.saa_multiplier)]
        self.quiet = max(rates) == 0.0
        """nothing can happen"""

    def step(
        self, tick: int, state: RadiationState, *, in_saa: bool, rail_on: bool, powered: bool, power_on: bool
    ) -> tuple[RadiationState, tuple[int, ...]]:
        """(state after the tick, addresses of the bits that flipped in it). `powered`: the device runs or boots;
        `power_on`: it is asked to."""
        if not rail_on:
            return WELL, NO_UPSETS
        if state.sefi and not power_on:
            state = RadiationState(state.sel)
        if not powered or self.quiet:
            return state, NO_UPSETS
        upset, latch, interrupt = self._uniforms.uniforms(tick)
        no_upset, no_latch, no_interrupt = self._none[in_saa]
        if latch >= no_latch or interrupt >= no_interrupt:
            state = RadiationState(state.sel or latch >= no_latch, state.sefi or interrupt >= no_interrupt)
        if upset < no_upset:
            return state, NO_UPSETS
        count = _poisson(upset, self._expected[in_saa])
        drawn = self._addresses.generator(tick).integers(0, 1 << ADDRESS_BITS, count)
        return state, tuple(int(address) for address in drawn)


def _poisson(uniform: float, expected: float) -> int:
    """The count that a uniform draw stands for, by inversion."""
    count, term = 0, math.exp(-expected)
    total = term
    while uniform >= total and count < MOST_UPSETS:
        count += 1
        term *= expected / count
        total += term
    return count
