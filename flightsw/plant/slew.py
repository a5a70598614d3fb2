"""The slew law: how long a turn about the eigenaxis takes, and how far it has come.

Rest to rest with a limit on the rate and one on the acceleration: accelerate, coast, decelerate; a small turn has no
coast (bang-bang). With theta the turn, w the rate, a the acceleration (Wie, Space Vehicle Dynamics and Control, 2nd
ed., sec. 7.2-7.3; Wertz & Larson, SMAD, 3rd ed., sec. 11.1):

    theta <= w^2 / a:  t = 2 sqrt(theta / a);      else  t = theta / w + w / a

Called by the attitude model. Assumptions: one rate and one acceleration about every axis; no flexible modes, no
wheel saturation; what remains of them goes into `settle_s`.
"""

from __future__ import annotations

import math

from flightsw.plant.attitude_config import SlewConfig


def _ramp_s(config: SlewConfig, angle_deg: float) -> float:
    """Time of acceleration, and of deceleration."""
    to_full_rate_s = config.rate_deg_s / config.acceleration_deg_s2
    return min(to_full_rate_s, math.sqrt(angle_deg / config.acceleration_deg_s2))


def turn_time_s(config: SlewConfig, angle_deg: float) -> float:
    """Time of a turn, rest to rest, without settling; 0 for no turn."""
    if angle_deg <= 0.0:
        return 0.0
    ramp_s = _ramp_s(config, angle_deg)
    return angle_deg / (config.acceleration_deg_s2 * ramp_s) + ramp_s


def slew_time_s(config: SlewConfig, angle_deg: float) -> float:
    """Time of a slew, settling included; 0 for no turn."""
    return turn_time_s(config, angle_deg) + config.settle_s if angle_deg > 0.0 else 0.0


def remaining_deg(config: SlewConfig, angle_deg: float, elapsed_s: float) -> float:
    """What is left of a turn of `angle_deg`, from all of it at 0 to exactly 0 at `turn_time_s` and after."""
    left_s = turn_time_s(config, angle_deg) - elapsed_s
    if left_s <= 0.0:
        return 0.0
    acceleration, ramp_s = config.acceleration_deg_s2, _ramp_s(config, angle_deg)
    if elapsed_s <= ramp_s:
        return angle_deg - 0.5 * acceleration * elapsed_s * elapsed_s
    if left_s <= ramp_s:
        return 0.5 * acceleration * left_s * left_s
    return angle_deg - acceleration * ramp_s * (elapsed_s - 0.5 * ramp_s)
