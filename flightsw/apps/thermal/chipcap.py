"""The chip's power cap: PI on the distance to the limit, with conditional anti-windup. Pure; called by `law`.

    cap = clip(integral + gain (limit - chip)),   integral' = ki (limit - chip)

The integral stands still while the cap is clipped and the error pushes further out (Astrom & Hagglund, Advanced PID
Control, sec. 3.5), and while there is no reading: a temperature that is only assumed sets the cap, it teaches nothing.
"""

from __future__ import annotations

from flightsw.apps.thermal.config import ThermalConfig

STEPS_PER_W = 20.0
"""the cap is published in steps of 0.05 W, rounded down"""


def chip_cap(
    integral_w: float, chip_c: float | None, limit_c: float, config: ThermalConfig, dt_s: float
) -> tuple[float, float]:
    """(cap, integral) for a chip of this temperature; None: no reading, it is taken to be hot."""
    below_limit_k = limit_c - (config.hot_assumption_c if chip_c is None else chip_c)
    wanted_w = integral_w + config.gain_w_k * below_limit_k
    pushes_out = (wanted_w > config.cap_max_w and below_limit_k > 0.0) or (
        wanted_w < config.cap_min_w and below_limit_k < 0.0
    )
    if chip_c is not None and not pushes_out:
        integral_w += config.integral_w_k_s * below_limit_k * dt_s
        integral_w = min(config.cap_max_w, max(config.cap_min_w, integral_w))
    return stepped_down(wanted_w, config), integral_w


def stepped_down(wanted_w: float, config: ThermalConfig) -> float:
    """The cap as it is published, within its range."""
    cap_w = min(config.cap_max_w, wanted_w)
    return max(config.cap_min_w, int(cap_w * STEPS_PER_W + 1e-9) / STEPS_PER_W)


def throttle_level(cap_w: float, config: ThermalConfig) -> float:
    """0: the cap is at its maximum; 1: at its minimum."""
    return min(1.0, max(0.0, (config.cap_max_w - cap_w) / (config.cap_max_w - config.cap_min_w)))
