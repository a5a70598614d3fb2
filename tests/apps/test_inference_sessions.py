"""Sessions: the payload is on only within them, and the scenes of the pause are worked on in the next one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flightsw
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.sessions import in_session
from flightsw.errors import ConfigError

S = 1_000_000_000


@settings(max_examples=60)
@given(st.integers(0, 10**15))
def test_without_sessions_the_payload_may_be_on_at_any_time(t_ns: int) -> None:
    assert in_session(t_ns, InferenceConfig())


def test_a_session_lasts_from_its_start_for_its_length_and_comes_back_every_period() -> None:
    config = InferenceConfig(session_s=900.0, session_period_s=1800.0, session_start_s=300.0)
    edges_s = [0, 299, 300, 1199, 1200, 2099, 2100, 2999, 3000]
    assert [in_session(s * S, config) for s in edges_s] == [False, False, True, True, False, False, True, True, False]


def test_a_session_longer_than_its_period_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"session_s = 2000\.0: must be at most session_period_s = 1800\.0"):
        InferenceConfig(session_s=2000.0, session_period_s=1800.0)


def test_between_sessions_the_payload_is_off_and_scenes_wait() -> None:
    sessions = ["session_s=300.0", "session_period_s=600.0", "session_start_s=200.0", "execute=none"]
    overrides = ["plant.battery.initial_soc=0.8", *(f"apps.inference.{one}" for one in sessions)]
    with flightsw.node("cubesat-6u-orin-nano", overrides=overrides) as node:
        seen = []
        for at_s in (195, 495, 790, 1095):
            node.run_until(f"{at_s}s")
            seen.append((node["infer.power_on"], node["infer.items_done"], node["infer.queue_items"]))
    assert [power_on for power_on, _, _ in seen] == [False, True, False, True]
    assert seen[0][1] == 0 < seen[1][1] <= seen[2][1] < seen[3][1]
    assert seen[2][2] > seen[1][2]
