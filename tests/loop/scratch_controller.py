"""A thermal controller as a user would write it, and four ways to get it wrong. Copied into a scratch project."""

from __future__ import annotations

from flightsw.apps.thermal.heater import heater_on
from flightsw.apps.thermal.interface import Inputs, Outputs, StandardThermalLaw, State, ThermalConfig


class ChipCap(StandardThermalLaw):
    """PI on the distance to the limit, its integral held while the cap is clipped."""

    def error_k(self, chip_c: float, limit_c: float) -> float:
        """How far the chip is below its limit."""
        return limit_c - chip_c

    def integrated_w(
        self, integral_w: float, error_k: float, wanted_w: float, config: ThermalConfig, dt_s: float
    ) -> float:
        """The integral, unless the cap is clipped and the error pushes further out."""
        if (wanted_w > config.cap_max_w and error_k > 0.0) or (wanted_w < config.cap_min_w and error_k < 0.0):
            return integral_w
        return min(config.cap_max_w, max(config.cap_min_w, integral_w + config.integral_w_k_s * error_k * dt_s))

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick."""
        error_k = self.error_k(config.hot_assumption_c if inputs.chip_c is None else inputs.chip_c, state.chip_limit_c)
        wanted_w = state.integral_w + config.gain_w_k * error_k
        cap_w = min(config.cap_max_w, max(config.cap_min_w, wanted_w))
        integral_w = state.integral_w
        if inputs.chip_c is not None:
            integral_w = self.integrated_w(integral_w, error_k, wanted_w, config, dt_s)
        missing_ticks = state.battery_missing_ticks + 1 if inputs.battery_c is None else 0
        on = heater_on(state.heater_on, inputs.battery_c, missing_ticks, config)
        chip_missing_ticks = state.chip_missing_ticks + 1 if inputs.chip_c is None else 0
        throttle = (config.cap_max_w - cap_w) / (config.cap_max_w - config.cap_min_w)
        return State(integral_w, on, state.chip_limit_c, missing_ticks, chip_missing_ticks), Outputs(
            cap_w, on, throttle
        )


class SignError(ChipCap):
    """Hotter means more."""

    def error_k(self, chip_c: float, limit_c: float) -> float:
        return chip_c - limit_c


class KelvinForCelsius(ChipCap):
    """The limit is converted, the reading isn't."""

    def error_k(self, chip_c: float, limit_c: float) -> float:
        return limit_c + 273.15 - chip_c


class NoAntiWindup(ChipCap):
    """The integral goes on while the cap is clipped."""

    def integrated_w(
        self, integral_w: float, error_k: float, wanted_w: float, config: ThermalConfig, dt_s: float
    ) -> float:
        return integral_w + config.integral_w_k_s * error_k * dt_s


class LateState(State, frozen=True):
    """Caps that wait for their turn."""

    waiting_w: tuple[float, ...] = ()


class LateCap(ChipCap):
    """The cap is applied a minute after it was worked out."""

    def initial(self, config: ThermalConfig) -> State:
        return LateState(config.cap_max_w, heater_on=False, chip_limit_c=config.chip_limit_c)

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        assert isinstance(state, LateState)
        after, now = super().step(state, inputs, config, dt_s)
        waiting_w = (*state.waiting_w, now.chip_cap_w)[-61:]
        late = Outputs(waiting_w[0], now.heater_on, now.throttle_level)
        return LateState(*(getattr(after, name) for name in State.__struct_fields__), waiting_w), late
