"""The chip's cap by prediction: the most power that, held from now on, keeps the chip within its limit. Pure.

Asked at several times ahead, the least answer counts. A short horizon, asked anew every tick, is the schedule that
takes the chip to its limit and holds it there, since a chip settles in seconds: the most compute. A long one sees the
board and the sink fill up and the coming shadow, and gives one even cap: the fewest switches. Either way the cap is
down before the chip is warm: no overshoot, and no integral to wind up. What the model leaves out is learned, slowly:
the heat that the sink takes in (an observer on its thermistor, told of every entry into sunlight and shadow), and a
trim of the limit by what the chip exceeds it. Memory through a restart: the trim, kept as `integral_w` in the watts
that it takes away. What it does without one of its thermistors stands in `degraded`. See `chipmodel`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.apps.thermal.chipcap import stepped_down
from flightsw.apps.thermal.chipmodel import ChipPath, Response, response
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.degraded import Fallback, cap_without_model
from flightsw.apps.thermal.interface import Inputs, Outputs, StandardThermalLaw, State, ThermalCriticalData
from flightsw.apps.thermal.law import completed, restored
from flightsw.apps.thermal.seen import Seen, doubted, seen_now
from flightsw.messages.power import PowerStatus

NEAR_S = 15.0
"""the nearest time ahead: three of a chip's time constants, past the latency of the loop"""
TRIM_MAX_K = 5.0


class Sink(msgspec.Struct, frozen=True, gc=False):
    """The observer: the sink as filtered, the heat that it takes in from outside less what it radiates."""

    sink_c: float
    heat_w: float
    sunlit: bool


class PredictiveState(State, frozen=True, gc=False):
    """With what was learned."""

    trim_k: float = 0.0
    sink: Sink | None = None
    fallback: Fallback = Fallback()
    """what the law goes on with when a thermistor is lost"""
    last: Seen | None = None
    doubt_ticks: int = 0
    """until the thermistors are believed again"""


class PredictiveThermalLaw(StandardThermalLaw):
    """`[apps.thermal] law = "predictive"`."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The on-board model, and how far it looks ahead."""

        path: ChipPath = ChipPath()
        horizon_s: Annotated[float, Meta(ge=NEAR_S, le=7200.0)] = 20.0
        """how long the cap must hold; by a sweep in the default scenario: the shorter, the more compute"""
        sun_w: Annotated[float, Meta(ge=-1e6, le=1e6)] = 3.0
        """heat that the sink takes in sunlight over that in shadow: albedo on 0.05 m2 of white paint"""
        margin_k: Annotated[float, Meta(ge=0.0, le=20.0)] = 0.1
        """kept from the limit, of the order of a thermistor's noise; the trim does the rest"""
        observer_s: Annotated[float, Meta(ge=1.0, le=1e5)] = 90.0
        """time constant of the observer: above the thermistor's noise, below the sink's own"""
        trim_s: Annotated[float, Meta(ge=1.0, le=1e6)] = 120.0
        """a chip 1 K over its limit lowers the aim by 1 K in so long, and it comes back ten times slower"""

    def __init__(self, own: Config) -> None:
        self._own = own
        times_s = sorted({NEAR_S, max(NEAR_S, 0.5 * own.horizon_s), own.horizon_s})
        self._ahead = tuple(response(own.path, after_s) for after_s in times_s)

    def initial(self, config: ThermalConfig) -> PredictiveState:
        """Nothing learned."""
        return PredictiveState(0.0, False, config.chip_limit_c)

    def step(self, state: State, inputs: Inputs, config: ThermalConfig, dt_s: float) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, PredictiveState), "made by `initial`"
        seen = seen_now(inputs.sensors)
        state = replace(state, last=seen, doubt_ticks=doubted(state.doubt_ticks, seen, state.last))
        if seen is None or state.doubt_ticks > 0:
            board_c = None if inputs.sensors is None else inputs.sensors.board_c
            fallback = cap_without_model(
                state.fallback, inputs.chip_c, board_c, state.chip_limit_c, self._own.path.chip_board_w_k, config, dt_s
            )
            state = replace(state, sink=None, fallback=fallback)
        else:
            sink = observed(state.sink, seen, inputs.power, self._own, dt_s)
            trim_k = trimmed(state.trim_k, seen.chip_c - state.chip_limit_c, self._own, dt_s)
            aim_c = state.chip_limit_c - self._own.margin_k - trim_k
            wanted_w = most_power(aim_c, seen, sink, _shadow(inputs.power), self._ahead, self._own)
            state = replace(state, sink=sink, trim_k=trim_k, fallback=Fallback(stepped_down(wanted_w, config)))
        return completed(state, inputs, config, dt_s, state.fallback.cap_w, -state.trim_k / self._worth_k_w)

    def restored(self, state: State, stored: ThermalCriticalData) -> State:
        """The trim is taken back from its worth."""
        after = restored(state, stored)
        assert isinstance(after, PredictiveState), "as it was"
        return replace(after, trim_k=min(TRIM_MAX_K, max(0.0, -stored.integral_w * self._worth_k_w)))

    @property
    def _worth_k_w(self) -> float:
        return self._ahead[-1].of_power_k_w


def most_power(
    aim_c: float,
    seen: Seen,
    sink: Sink,
    shadow: tuple[float, float] | None,
    ahead: tuple[Response, ...],
    own: PredictiveThermalLaw.Config,
) -> float:
    """The most constant power that leaves the chip at most at `aim_c` at every time ahead. `shadow`: (begins, ends) in
    s from now."""
    return min(
        [
            (
                aim_c
                - one.of_chip * seen.chip_c
                - one.of_board * seen.board_c
                - one.of_sink * sink.sink_c
                - one.of_structure * seen.structure_c
                - one.of_heat_k_w * _mean_heat_w(sink, shadow, one.after_s, own.sun_w)
            )
            / one.of_power_k_w
            for one in ahead
        ]
    )


def _mean_heat_w(sink: Sink, shadow: tuple[float, float] | None, after_s: float, sun_w: float) -> float:
    """Heat into the sink over the time ahead: as now, less or more the Sun where light changes within it."""
    if shadow is None:
        return sink.heat_w
    begins_s, ends_s = shadow
    dark_s = max(0.0, min(ends_s, after_s) - begins_s)
    change_s = dark_s if sink.sunlit else dark_s - after_s
    return sink.heat_w - sun_w * change_s / after_s


def observed(
    before: Sink | None, seen: Seen, power: PowerStatus | None, own: PredictiveThermalLaw.Config, dt_s: float
) -> Sink:
    """The observer after one tick; critically damped."""
    sunlit = (before is None or before.sunlit) if power is None else not power.in_eclipse
    path, measured_c = own.path, seen.sink_c
    if before is None:
        balance_w = path.board_sink_w_k * (seen.board_c - measured_c)
        return Sink(measured_c, path.sink_structure_w_k * (measured_c - seen.structure_c) - balance_w, sunlit)
    heat_w = before.heat_w + own.sun_w * (sunlit - before.sunlit)
    sink_c = before.sink_c
    flow_w = (
        path.board_sink_w_k * (seen.board_c - sink_c) - path.sink_structure_w_k * (sink_c - seen.structure_c) + heat_w
    )
    error_k, share = measured_c - sink_c, min(0.5, dt_s / own.observer_s)
    sink_c += flow_w * dt_s / path.sink_j_k + 2.0 * share * error_k
    return Sink(sink_c, heat_w + share * share * error_k * path.sink_j_k / dt_s, sunlit)


def trimmed(trim_k: float, above_k: float, own: PredictiveThermalLaw.Config, dt_s: float) -> float:
    """The trim after one tick with the chip so far above its limit."""
    rate = above_k if above_k > 0.0 else -0.1
    return min(TRIM_MAX_K, max(0.0, trim_k + rate * dt_s / own.trim_s))


def _shadow(power: PowerStatus | None) -> tuple[float, float] | None:
    if power is None or power.eclipse_in_s is None:
        return None
    return power.eclipse_in_s, power.eclipse_in_s + power.eclipse_left_s
