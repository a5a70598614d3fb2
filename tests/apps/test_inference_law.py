"""Payload law: stale caps are safe, the board is switched with regard for its boot, a tripped board is revived."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference import law
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.ladder import Rung, ladder_of
from flightsw.devices.accelerator import Telemetry
from flightsw.devices.profiles import load_profile
from flightsw.messages.health import Mode
from flightsw.messages.inference import Binding

SILICON = load_profile("orin-nano").silicon()
CONFIG = InferenceConfig(dwell_ticks=2, gate_ticks=20, revive_ticks=30, grant_stale_ticks=3)
LADDER = ladder_of([Rung("only", 48.0, 0.9)], 0, SILICON, CONFIG.batch_scenes)
UP = Telemetry(True, True, 0, 50.0, False, 5.0)
DOWN = Telemetry(False, False, 0, None, False, 0.3)


def inputs(power_w: float | None = 40.0, thermal_w: float | None = 40.0, **other) -> law.Inputs:
    fields = {
        "mode": Mode.PAYLOAD,
        "enabled": True,
        "telemetry": UP,
        "waiting": 10**6,
        "arriving_per_s": 1.0,
        **other,
    }
    return law.Inputs(power_cap_w=power_w, thermal_cap_w=thermal_w, **fields)


def run(state: law.State, given_inputs: law.Inputs, ticks: int = 1) -> tuple[law.State, law.Outputs]:
    for _ in range(ticks):
        state, outputs = law.step(state, given_inputs, SILICON, LADDER, CONFIG)
    return state, outputs


@pytest.mark.parametrize(
    ("power_w", "thermal_w", "binding"), [(None, 40.0, Binding.POWER), (40.0, None, Binding.THERMAL)]
)
def test_a_cap_that_is_heard_no_more_grows_stale_and_work_stops(power_w, thermal_w, binding):
    state, outputs = run(law.State(), inputs(), 10)
    assert outputs.decision.work
    state, outputs = run(state, inputs(power_w, thermal_w), CONFIG.grant_stale_ticks)
    assert outputs.decision.work, "a cap of a few ticks' age still counts"
    state, outputs = run(state, inputs(power_w, thermal_w))
    assert (outputs.stale, outputs.decision.work, outputs.decision.mode) == (True, False, 0)
    assert (outputs.decision.granted_w, outputs.decision.binding) == (0.0, binding)
    state, outputs = run(state, inputs(), 2)
    assert (outputs.stale, outputs.decision.work) == (False, True)


def test_without_any_cap_ever_heard_the_device_stays_off():
    _, outputs = run(law.State(), inputs(None, None, telemetry=DOWN), 50)
    assert (outputs.power_on, outputs.decision.work, outputs.stale) == (False, False, False)


@pytest.mark.parametrize(
    ("mode", "power_on", "work"),
    [
        (Mode.BOOT, False, False),
        (Mode.SAFE, False, False),
        (Mode.STANDBY, False, False),
        (Mode.NOMINAL, True, False),
        (Mode.PAYLOAD, True, True),
    ],
)
def test_the_node_s_mode_says_whether_the_device_is_on_and_whether_it_works(mode, power_on, work):
    _, outputs = run(law.State(), inputs(mode=mode), 10)
    assert (outputs.power_on, outputs.decision.work) == (power_on, work)
    assert (outputs.decision.binding is Binding.COMMANDED) == (not work)


def test_ground_s_word_keeps_the_device_off():
    _, outputs = run(law.State(), inputs(enabled=False), 10)
    assert (outputs.power_on, outputs.decision.work) == (False, False)


def test_the_device_boots_only_when_its_boot_fits_the_caps():
    too_little_w = SILICON.boot_w
    state, outputs = run(law.State(), inputs(too_little_w, telemetry=DOWN), 10)
    assert outputs.power_on is False
    assert outputs.decision.binding is Binding.POWER
    _, outputs = run(state, inputs(too_little_w + 5.0, telemetry=DOWN))
    assert outputs.power_on is True


def test_the_device_is_gated_only_after_its_idling_has_not_fitted_for_long():
    state, outputs = run(law.State(), inputs(), 5)
    assert outputs.power_on
    state, outputs = run(state, inputs(1.0), CONFIG.gate_ticks - 1)
    assert outputs.power_on, "a short dip is no reason for a boot"
    state, outputs = run(state, inputs(1.0))
    assert outputs.power_on is False


def test_a_board_that_has_tripped_is_switched_off_and_on_again():
    state, _ = run(law.State(), inputs(), 5)
    wanted = []
    for _ in range(3 * CONFIG.revive_ticks):
        state, outputs = run(state, inputs(telemetry=DOWN))
        wanted.append(outputs.power_on)
    assert wanted.count(False) == pytest.approx(3, abs=1)
    assert wanted.index(False) == CONFIG.revive_ticks - 1


def test_a_restarted_application_leaves_a_board_that_is_up_alone():
    _, outputs = run(law.State(), inputs(5.0))
    assert outputs.power_on is True
    _, outputs = run(law.State(), inputs(5.0, telemetry=DOWN))
    assert outputs.power_on is False


@settings(max_examples=60, deadline=None)
@given(
    heard=st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(0.0, 40.0)),
            st.one_of(st.none(), st.floats(0.0, 40.0)),
            st.sampled_from([UP, DOWN]),
            st.sampled_from(list(Mode)),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_whatever_is_heard_work_is_let_through_only_inside_both_caps_and_in_payload_mode(heard):
    state = law.State()
    for power_w, thermal_w, telemetry, mode in heard:
        state, outputs = run(state, inputs(power_w, thermal_w, telemetry=telemetry, mode=mode))
        decision = outputs.decision
        if decision.work:
            assert mode is Mode.PAYLOAD
            assert decision.predicted_w <= decision.granted_w
        assert decision.granted_w <= min(state.power_cap.cap_w, state.thermal_cap.cap_w)
