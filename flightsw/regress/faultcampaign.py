"""Random fault campaigns: several faults in one flight, and what must hold whatever happens.

The emulator never fails, both ledgers close, the state of charge stays one, and every grave word of the node has a
cause: a fault that acts, or has acted not long ago. A campaign follows from scenario and seed, and says its faults, so
that it can be flown again. Called by tests and by whoever wants to look for trouble.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from flightsw.errors import ConfigError
from flightsw.messages.health import Severity
from flightsw.node.faults import KINDS, MOMENTARY, Fault
from flightsw.node.scenario import Scenario
from flightsw.regress.faultcases import can_err, draw
from flightsw.regress.faultmatrix import SETTLED_TICKS, quiet
from flightsw.regress.faultverdicts import PLANT, monitor_of
from flightsw.regress.faultwatch import Seen, fly, readings
from flightsw.streams import philox_key

FAULTS = (2, 5)
"""least and most in one campaign"""
LASTS_TICKS = (30, 2000)
FOR_GOOD = 0.2
"""share of the faults that don't end"""
ON_CONDITION = 0.15
BY_CHANCE = 0.15
"""share of the faults that come again and again"""
PER_DAY = 100.0
TRACED_TICKS = 3000
"""after a fault: a battery that it has emptied is full again about half an orbit later"""
RESIDUAL = 1e-6
"""of the energy that went through a ledger: it closes to rounding"""


class Injected(msgspec.Struct, frozen=True):
    """One fault of a campaign, and when it acts."""

    fault: Fault
    begins: int
    """the earliest tick"""
    ends: int | None
    """the last one; None: not before the flight's end"""


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """One flown campaign."""

    seed: int
    injected: tuple[Injected, ...]
    seen: Seen
    broken: tuple[str, ...]
    """what did not hold; empty: all did"""

    def __str__(self) -> str:
        faults = "\n".join(f"  {one.fault}" for one in self.injected)
        return f"campaign of seed {self.seed}:\n{faults}\n" + "\n".join(self.broken)


def campaign(scenario: Scenario, seed: int, ticks: int) -> Campaign:
    """Draw, fly and judge the campaign of this seed."""
    scenario = msgspec.structs.replace(quiet(scenario), seed=seed, duration=f"{ticks * scenario.dt_s:g}s")
    injected = drawn(scenario, seed, ticks)
    seen = fly(msgspec.structs.replace(scenario, faults=tuple(one.fault for one in injected)), ticks)
    return Campaign(seed=seed, injected=injected, seen=seen, broken=tuple(broken_by(injected, seen)))


def drawn(scenario: Scenario, seed: int, ticks: int) -> tuple[Injected, ...]:
    """The faults of a campaign."""
    rng = np.random.Generator(np.random.Philox(key=philox_key(seed, 0, "faultcampaign")))
    erring = [field for field in readings(scenario) if can_err(field)]
    kinds, wanted = list(KINDS), int(rng.integers(FAULTS[0], FAULTS[1] + 1))
    found: list[Injected] = []
    while len(found) < wanted:
        kind = kinds[int(rng.integers(len(kinds)))]
        number = int(rng.integers(1 << 30))
        try:
            case = draw(kind, number, seed, scenario, erring, range(SETTLED_TICKS, ticks * 3 // 4))
        except ConfigError:  # this spacecraft can't have it
            continue
        found.append(_timed(case.fault, case.tick, scenario, rng))
    return tuple(found)


def _timed(fault: Fault, tick: int, scenario: Scenario, rng: np.random.Generator) -> Injected:
    """The fault with an end, mostly; and some on a condition or by chance."""
    manner, for_good = rng.random(), rng.random() < FOR_GOOD
    lasts = int(rng.integers(LASTS_TICKS[0], LASTS_TICKS[1]))
    momentary = isinstance(fault, MOMENTARY)
    lasts_text = None if momentary else f"{lasts * scenario.dt_s:g}s"
    replace = msgspec.structs.replace
    if manner < ON_CONDITION:
        return Injected(replace(fault, at=None, when="eclipse 1", lasts=lasts_text), 0, None)
    if manner < ON_CONDITION + BY_CHANCE:
        return Injected(replace(fault, at=None, per_day=PER_DAY, lasts=lasts_text), 0, None)
    if momentary:
        return Injected(fault, tick, tick)
    return Injected(fault, tick, None) if for_good else Injected(replace(fault, lasts=lasts_text), tick, tick + lasts)


def broken_by(injected: Sequence[Injected], seen: Seen) -> list[str]:
    """What does not hold of a flight."""
    if seen.error is not None:
        return [f"the emulator failed at tick {seen.ticks}: {seen.error}"]
    broken = [
        f"{name} ledger: {residual_j:.3g} J of {seen.energy_j:.3g} J are nobody's"
        for name, residual_j in (("electrical", seen.electrical_residual_j), ("thermal", seen.thermal_residual_j))
        if abs(residual_j) > RESIDUAL * seen.energy_j
    ]
    if not 0.0 <= seen.soc_min <= 1.0:
        broken.append(f"state of charge {seen.soc_min}")
    grave = [one for one in seen.told if one.source != PLANT and one.severity >= Severity.WARNING_HI]
    untraced = [one for one in grave if not _traced(one.tick, injected)]
    return [*broken, *(f"tick {one.tick}: {monitor_of(one)}: no fault is near" for one in untraced)]


def _traced(tick: int, injected: Sequence[Injected]) -> bool:
    return any(one.begins <= tick and (one.ends is None or tick <= one.ends + TRACED_TICKS) for one in injected)
