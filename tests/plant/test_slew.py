"""The slew law: the stated time against integration of its own limits, and no jump on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.plant.attitude_config import SlewConfig
from flightsw.plant.slew import remaining_deg, slew_time_s, turn_time_s

laws = st.builds(SlewConfig, rate_deg_s=st.floats(0.05, 10.0), acceleration_deg_s2=st.floats(0.01, 10.0))
angles_deg = st.floats(1e-3, 180.0)


def test_a_large_turn_coasts_and_a_small_one_is_bang_bang() -> None:
    law = SlewConfig(rate_deg_s=1.0, acceleration_deg_s2=0.1, settle_s=7.0)
    assert turn_time_s(law, 90.0) == pytest.approx(90.0 / 1.0 + 1.0 / 0.1)
    assert turn_time_s(law, 2.5) == pytest.approx(2.0 * (2.5 / 0.1) ** 0.5)
    assert turn_time_s(law, 10.0) == pytest.approx(20.0), "where the two meet"
    assert slew_time_s(law, 90.0) == pytest.approx(107.0)
    assert slew_time_s(law, 0.0) == 0.0


@given(laws, angles_deg)
def test_a_turn_starts_whole_and_ends_at_nought_in_its_time(law: SlewConfig, angle_deg: float) -> None:
    time_s = turn_time_s(law, angle_deg)
    assert remaining_deg(law, angle_deg, 0.0) == angle_deg
    assert 0.0 < remaining_deg(law, angle_deg, 0.999 * time_s) < 0.01 * angle_deg
    assert remaining_deg(law, angle_deg, time_s) == 0.0
    assert remaining_deg(law, angle_deg, 10.0 * time_s) == 0.0
    assert remaining_deg(law, angle_deg, 0.5 * time_s) == pytest.approx(0.5 * angle_deg)


@given(laws, angles_deg)
def test_a_turn_keeps_to_its_rate_and_its_acceleration(law: SlewConfig, angle_deg: float) -> None:
    step_s = turn_time_s(law, angle_deg) / 500
    left = [remaining_deg(law, angle_deg, n * step_s) for n in range(501)]
    rates = -np.diff(left) / step_s
    assert rates.max() <= law.rate_deg_s * (1.0 + 1e-6)
    assert rates.min() >= -1e-6 * law.rate_deg_s
    assert 0.0 < np.abs(np.diff(rates) / step_s).max() <= law.acceleration_deg_s2 * (1.0 + 1e-3)
