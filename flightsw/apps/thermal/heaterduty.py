"""The battery heater by time-proportional control: a PI sets the share of each period that it is on. Pure.

    duty = clip(integral + gain (set - battery), 0, 1),   integral' = gain / reset time (set - battery)

The set point is the middle of the hysteresis thresholds, so that both laws hold the same battery alike. The integral
stands still while the duty is clipped and the error pushes further out, as that of the chip's cap does (Astrom &
Hagglund, Advanced PID Control, sec. 3.5). One on and one off a period: the switch's wear is bounded by design.
Called by `law` where `heater_law = "duty"`.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.thermal.config import ThermalConfig


class Duty(msgspec.Struct, frozen=True, gc=False):
    """Where in its period the heater is."""

    integral: float = 0.0
    phase_ticks: int = 0
    on_ticks: int = 0
    """of this period"""


COLD_START = Duty()


def duty_step(
    duty: Duty, battery_c: float | None, missing_ticks: int, config: ThermalConfig, dt_s: float, *, survival: bool
) -> tuple[bool, Duty]:
    """(wanted state, duty) of one tick. Blind, the last period is repeated for `blind_ticks`; then it is off."""
    if battery_c is None and missing_ticks > config.blind_ticks:
        return False, Duty(duty.integral)
    period_ticks = max(1, round(config.heater_period_s / dt_s))
    if duty.phase_ticks == 0 and battery_c is not None:
        share, integral = share_of_period(duty.integral, battery_c, config, survival=survival)
        duty = Duty(integral, 0, round(share * period_ticks))
    return duty.phase_ticks < duty.on_ticks, Duty(duty.integral, (duty.phase_ticks + 1) % period_ticks, duty.on_ticks)


def share_of_period(integral: float, battery_c: float, config: ThermalConfig, *, survival: bool) -> tuple[float, float]:
    """(share, integral) for the coming period."""
    low_c, high_c = (
        (config.survival_on_c, config.survival_off_c) if survival else (config.heater_on_c, config.heater_off_c)
    )
    too_cold_k = 0.5 * (low_c + high_c) - battery_c
    wanted = integral + config.heater_gain_per_k * too_cold_k
    if 0.0 <= wanted <= 1.0:
        integral += config.heater_gain_per_k * too_cold_k * config.heater_period_s / config.heater_reset_s
        integral = min(1.0, max(0.0, integral))
    return min(1.0, max(0.0, wanted)), integral
