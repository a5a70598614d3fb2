"""The chip's cap when the prediction lacks a thermistor: the best of what is left, never a leap upwards. Pure.

| readings | the cap |
| --- | --- |
| chip | by the PI (see `chipcap`), which takes over at the cap in force |
| board, no chip | what leaves a chip on this board `MARGIN_K` below its limit at rest |
| neither | the least |

Without the chip's diode the cap follows from the way between chip and board alone: a chip settles on its board within
seconds, so at rest is as good as now. The margin covers the ramp of a board that warms up meanwhile. The cap rises by
no more than `RISE_W_S`, so that a reading that comes and goes makes no chatter. Called by `predictive`.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.thermal.chipcap import chip_cap, stepped_down
from flightsw.apps.thermal.config import ThermalConfig

MARGIN_K = 5.0
"""below the limit, for a chip that is only modelled: the model's way from chip to board is good to 20 %, of 25 K"""
RISE_W_S = 0.5


class Fallback(msgspec.Struct, frozen=True, gc=False):
    """The cap in force, and the PI's integral while it decides."""

    cap_w: float = 0.0
    integral_w: float | None = None
    """None: the PI has not taken over"""


def cap_without_model(
    before: Fallback,
    chip_c: float | None,
    board_c: float | None,
    limit_c: float,
    chip_board_w_k: float,
    config: ThermalConfig,
    dt_s: float,
) -> Fallback:
    """After one tick with these readings; `chip_board_w_k`: conductance between chip and board."""
    most_w = before.cap_w + RISE_W_S * dt_s
    if chip_c is not None:
        start_w = before.cap_w - config.gain_w_k * (limit_c - chip_c)
        integral_w = start_w if before.integral_w is None else before.integral_w
        cap_w, integral_w = chip_cap(integral_w, chip_c, limit_c, config, dt_s)
        return Fallback(cap_w, integral_w)
    if board_c is not None:
        wanted_w = chip_board_w_k * (limit_c - MARGIN_K - board_c)
        return Fallback(stepped_down(min(wanted_w, most_w), config))
    return Fallback(config.cap_min_w)
