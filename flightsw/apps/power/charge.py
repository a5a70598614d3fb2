"""Charge control: the charger's set points, by the battery's temperature, its voltage's sanity, ground's word. Pure.

| battery | share of the charging current |
| --- | --- |
| below `charge_cold_c` (0 C) | none: lithium would plate |
| up to 10 C | a ramp from `charge_cold_share` to all |
| up to 45 C | all |
| up to `charge_hot_c` (60 C) | half |
| above | none |
| no reading | as cold as it gets while charging: `charge_cold_share` |

The JEITA guideline (2007) in its usual form for lithium-ion. The voltage is that of a full pack, less what a shorted
cell has taken away (`packwatch`). The hardware's own limits stay beneath: this only ever takes away. The charger's loop
(constant current, constant voltage) is hardware's; these are its set points, in coarse steps, so that they are sent
rarely. Called by `law`.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.packwatch import PackWatch

WARM_C, HOT_C = 10.0, 45.0
HOT_SHARE = 0.5
STEPS = 20
"""of the whole current: 5 %, above the thermometer's noise on the ramp"""
VOLT_STEPS = 10.0
"""to a volt"""


class Charge(msgspec.Struct, frozen=True, gc=False):
    """Set points of the charger."""

    limit_a: float
    limit_v: float


def charge_of(battery_c: float | None, pack: PackWatch, commanded_a: float | None, config: PowerConfig) -> Charge:
    """What the charger may do now. `commanded_a`: ground's limit; None: there is none."""
    most_a = full_charge_a(config)
    if commanded_a is not None:
        most_a = min(most_a, commanded_a)
    limit_v = config.ocv_v[-1]
    if pack.apart and pack.apart_v < 0.0:
        limit_v = int((limit_v + pack.apart_v) * VOLT_STEPS) / VOLT_STEPS
    return Charge(most_a * share_at(battery_c, config), max(0.0, limit_v))


def full_charge_a(config: PowerConfig) -> float:
    """The charger's current in a battery that is neither cold nor hot."""
    return 0.5 * config.capacity_ah if config.charge_limit_a is None else config.charge_limit_a


def share_at(battery_c: float | None, config: PowerConfig) -> float:
    """Of the charging current, at this temperature."""
    cold_c, cold_share = config.charge_cold_c, config.charge_cold_share
    if battery_c is None:
        return cold_share
    if battery_c < cold_c or battery_c > config.charge_hot_c:
        return 0.0
    if battery_c > HOT_C:
        return HOT_SHARE
    ramp = min(1.0, (battery_c - cold_c) / (WARM_C - cold_c))
    return int((cold_share + (1.0 - cold_share) * ramp) * STEPS) / STEPS
