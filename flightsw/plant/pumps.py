"""Pumps at part of their speed: flow goes with the speed, power with its third power (affinity laws). Pure.

    P / P_full = 0.1 + 0.9 n^3,   mdot = n mdot_full,   G = mdot cp (1 - exp(-UA / (mdot cp)))

A tenth of the power is the motor's electronics (estimate). UA is taken not to change with the flow, which is true of
a wall or a panel that governs it. Source: White, Fluid Mechanics, ch. 11.5. Read by the spacecraft and by the ledger.
"""

from __future__ import annotations

import math

from flightsw.plant.thermal_config import LoopConfig

ELECTRONICS_SHARE = 0.1


def power_share(speed: float) -> float:
    """Of its full power, at this speed (0 to 1)."""
    return ELECTRONICS_SHARE + (1.0 - ELECTRONICS_SHARE) * speed**3


def speed_of(share: float) -> float:
    """The speed at which a pump draws this share of its full power; 0: it draws nothing."""
    if share <= 0.0:
        return 0.0
    return float(min(1.0, max(0.0, (share - ELECTRONICS_SHARE) / (1.0 - ELECTRONICS_SHARE)) ** (1.0 / 3.0)))


def opening_of(loop: LoopConfig, speed: float) -> float:
    """The loop's conductance at this speed, as a share of that at full speed."""
    if speed <= 0.0:
        return 0.0
    units = loop.ua_w_k / (loop.flow_kg_s * loop.cp_j_kg_k)
    return speed * math.expm1(-units / speed) / math.expm1(-units)
