"""The estimate against a Kalman filter of two states written out in matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.soc import SocState, after_charge, at_rest, estimate

CONFIG = PowerConfig(capacity_ah=4.0, array_peak_w=38.0, ocv_v=(12.0, 14.0, 14.5, 16.5), coulombic_efficiency=0.98)


class Filter:
    """x = (charge, bias); one prediction and correction every tenth tick, charge counted in each."""

    def __init__(self, config: PowerConfig, dt_s: float) -> None:
        self.config, self.dt_s = config, dt_s
        self.x, self.p = np.zeros(2), np.diag([0.25, config.current_sigma_a**2])
        self.known, self.wait = False, 0

    def step(self, volts: float | None, amps: float | None) -> None:
        config, dt_s = self.config, self.dt_s
        if self.known and amps is not None:
            moved = (amps - self.x[1]) * dt_s / (3600.0 * config.capacity_ah)
            self.x[0] = np.clip(self.x[0] - moved * (1.0 if moved > 0.0 else config.coulombic_efficiency), 0.0, 1.0)
            if self.wait > 0:
                self.wait -= 1
                return
        self.wait = 9
        span_s = dt_s if amps is None else 10.0 * dt_s
        per_a = span_s / (3600.0 * config.capacity_ah)
        flow_a = 0.0 if amps is None else amps - self.x[1]
        if self.known and amps is None:
            self.p[0, 0] = (math.sqrt(self.p[0, 0]) + 2.0 * per_a) ** 2
        elif self.known:
            sensor = config.current_sigma_a**2
            moves = np.array([[1.0, per_a], [0.0, 1.0]])
            white = np.diag([(0.2 * per_a) ** 2 * sensor * max(1.0, 600.0 / span_s), sensor * span_s / (3.0 * 86400.0)])
            self.p = moves @ self.p @ moves.T + white
            self.p[1, 1] = min(self.p[1, 1], sensor)
        if volts is not None:
            self.correct(volts + flow_a * config.r0_ohm, 2.0 if amps is None else abs(flow_a), span_s, amps is not None)
        self.p[0, 0] = min(self.p[0, 0], 0.25)

    def correct(self, ocv_v: float, unsure_a: float, span_s: float, counted: bool) -> None:
        config = self.config
        table = np.array(config.ocv_v)
        socs = np.linspace(0.0, 1.0, len(table))
        place = min(max(int(np.searchsorted(table, ocv_v)) - 1, 0), len(table) - 2)
        slope_v = (table[place + 1] - table[place]) / (socs[1] - socs[0])
        measured = float(np.interp(ocv_v, table, socs))
        noise = ((config.ocv_sigma_v + config.ocv_sigma_ohm * unsure_a) / slope_v) ** 2
        if not self.known:
            self.known, self.x[0], self.p[0, 0] = True, measured, noise
            return
        seen = np.array([1.0, 0.0])
        gain = self.p @ seen / (self.p[0, 0] + noise * max(1.0, 600.0 / span_s))
        if counted:
            self.p = (np.eye(2) - np.outer(gain, seen)) @ self.p
            self.x += gain * (measured - self.x[0])
            self.p[1, 1] = max(0.0, self.p[1, 1])
        else:  # without a current, its bias can't be learned of
            bias, variance = self.x[1], self.p[1, 1]
            self.p = (np.eye(2) - np.outer(gain, seen)) @ self.p
            self.x += gain * (measured - self.x[0])
            self.x[1], self.p[1, 1] = bias, variance
        self.x[0] = np.clip(self.x[0], 0.0, 1.0)
        self.x[1] = np.clip(self.x[1], -3.0 * config.current_sigma_a, 3.0 * config.current_sigma_a)


stretches = st.tuples(
    st.none() | st.floats(11.0, 17.5), st.none() | st.floats(-3.0, 3.0), st.sampled_from([1, 3, 10, 50])
)


@pytest.mark.parametrize("dt_s", [0.5, 10.0, 70.0])
@settings(max_examples=50)
@given(stretched=st.lists(stretches, min_size=1, max_size=8))
def test_the_estimate_is_that_of_the_filter_in_matrices(
    dt_s: float, stretched: list[tuple[float | None, float | None, int]]
) -> None:
    state, twin = SocState(None, 0.25), Filter(CONFIG, dt_s)
    for volts, amps, ticks in stretched:
        for _ in range(ticks):
            state = estimate(state, volts, amps, CONFIG, dt_s)
            twin.step(volts, amps)
        if not twin.known:
            assert state.soc is None
            continue
        assert state.soc == pytest.approx(twin.x[0], abs=1e-9)
        assert state.bias_a == pytest.approx(twin.x[1], abs=1e-9)
        assert state.variance == pytest.approx(twin.p[0, 0], rel=1e-6)
        assert state.bias_variance == pytest.approx(twin.p[1, 1], rel=1e-6, abs=1e-9)
        assert state.covariance == pytest.approx(twin.p[0, 1], rel=1e-6, abs=1e-9)


@given(st.floats(11.0, 18.0))
def test_the_curve_is_read_as_interpolation_reads_it(volts: float) -> None:
    expected = np.interp(volts, CONFIG.ocv_v, np.linspace(0.0, 1.0, len(CONFIG.ocv_v)))
    assert at_rest(volts, CONFIG.ocv_v)[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("volts", "slope_v"), [(11.0, 6.0), (14.0, 6.0), (14.1, 1.5), (14.5, 1.5), (14.6, 6.0), (18.0, 6.0)]
)
def test_a_voltage_at_a_corner_of_the_curve_belongs_to_the_stretch_below(volts: float, slope_v: float) -> None:
    assert at_rest(volts, CONFIG.ocv_v)[1] == pytest.approx(slope_v)


@pytest.mark.parametrize(
    ("soc", "amps", "after"),
    [(0.5, 4.0, 0.4), (0.5, -4.0, 0.598), (0.5, 0.0, 0.5), (0.05, 4.0, 0.0), (0.95, -4.0, 1.0), (0.01, 0.04, 0.009)],
)
def test_charge_is_counted_within_empty_and_full(soc: float, amps: float, after: float) -> None:
    assert after_charge(soc, amps, CONFIG, 360.0) == pytest.approx(after, abs=1e-12)
