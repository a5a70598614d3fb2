"""What the EPS manager finds out about its own hardware, and what it tells the charger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.power import law, orders
from flightsw.apps.power.app import PowerApp
from flightsw.apps.power.arraywatch import SAMPLES, ArrayWatch, array_step
from flightsw.apps.power.charge import Charge, charge_of, full_charge_a, share_at
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast
from flightsw.apps.power.law import Inputs
from flightsw.apps.power.packwatch import FITS, PackWatch, ocv_of, pack_step
from flightsw.apps.power.readings import Spikes, despiked, steps_of
from flightsw.apps.power.shedding import load_table
from flightsw.apps.power.soc import SocState
from flightsw.apps.power.threshold import ThresholdPowerLaw, granted_w
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.commands import PowerSetCharge
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import Event, Mode
from flightsw.messages.plant import LclState, PowerSensors
from flightsw.messages.power import ChargeCommand, PowerCriticalData

CONFIG = PowerConfig(capacity_ah=5.2, array_peak_w=38.0, reserve_soc=0.4)
LOADS = (LoadRow("avionics", None, True), LoadRow("payload", 1, True))
READINGS = PowerSensors(15.0, -0.5, 20.0, 40.0, (8.0, 20.0), (LclState.ON,) * 2, False)
DARK = EclipseForecast(True, 0.0, 900.0, 2100.0, 5700.0)


def passed(watch: ArrayWatch, powers_w: list[float], *, watched: bool = True) -> ArrayWatch:
    """After a pass of sunlight of these samples, and the shadow behind it."""
    for array_w in [powers_w[0]] * 5 + powers_w:  # the edge is not looked at
        watch = array_step(watch, array_w, NONE_AHEAD, CONFIG, 10.0, watched=watched)
    return array_step(watch, 0.0, DARK, CONFIG, 10.0, watched=watched)


def warming(share: float = 1.0) -> list[float]:
    """A pass whose cells warm up: an eighth less within half an hour."""
    return [share * (41.0 + 6.0 * 0.99**sample) for sample in range(200)]


def test_a_lost_string_is_told_once_within_the_pass_and_the_rest_is_the_new_measure() -> None:
    watch = passed(ArrayWatch(), warming())
    assert watch.losses == 0
    lost = passed(watch, warming()[:100] + warming(0.8)[100:])
    assert lost.losses == 1
    assert passed(lost, warming(0.8)).losses == 1
    assert passed(lost, warming(0.6)).losses == 2


def test_a_string_lost_in_the_shadow_is_told_in_the_next_pass() -> None:
    lost = passed(passed(ArrayWatch(), warming()), warming(0.8))
    assert lost.losses == 1
    assert lost.expected_w == pytest.approx(41.8, abs=1.0)


def test_cells_that_warm_and_cool_and_a_lone_odd_sample_are_no_loss() -> None:
    watch = ArrayWatch()
    for _ in range(5):
        odd = warming()
        odd[50] = odd[120] = 10.0
        watch = passed(watch, odd)
    assert watch.losses == 0


def test_an_array_that_is_curtailed_or_looks_away_is_not_judged() -> None:
    watch = passed(passed(ArrayWatch(), warming()), warming(0.3), watched=False)
    assert watch.losses == 0


@given(st.floats(0.0, 0.085))
def test_less_than_its_share_is_never_told_and_more_always_is(small: float) -> None:
    before = passed(ArrayWatch(), [40.0] * 50)
    assert passed(before, [40.0 * (1.0 - small)] * 50).losses == 0
    assert passed(before, [40.0 * (0.89 - small)] * (SAMPLES + 1)).losses == 1


def fitted(soc: float, more_v: float, amps: float = 1.0, samples: int = 3, watch: PackWatch = FITS) -> PackWatch:
    volts = ocv_of(soc, CONFIG.ocv_v) - amps * CONFIG.r0_ohm + more_v
    for _ in range(samples):
        watch = pack_step(watch, soc, volts, amps, CONFIG)
    return watch


def test_a_shorted_cell_is_told_after_three_samples_and_voltage_is_believed_again_when_it_fits() -> None:
    assert not fitted(0.6, -3.7, samples=2).apart
    short = fitted(0.6, -3.7)
    assert short.apart
    assert short.apart_v == pytest.approx(-3.7)
    assert fitted(0.6, -0.4, watch=short).apart
    assert fitted(0.6, 0.1, watch=short) == FITS


@given(st.floats(0.0, 1.0), st.floats(-5.0, 5.0), st.floats(-0.35, 0.35))
def test_a_voltage_within_the_share_is_always_believed(soc: float, amps: float, more_v: float) -> None:
    assert not fitted(soc, more_v, amps).apart


def test_a_voltage_that_is_not_believed_corrects_nothing_and_lowers_the_chargers() -> None:
    table = load_table(LOADS)
    state = replace(law.initial(table, CONFIG), soc=SocState(0.6, 1e-4))
    shorted = replace(READINGS, battery_voltage_v=ocv_of(0.6, CONFIG.ocv_v) - 3.7, battery_current_a=0.0)
    for _ in range(600):
        state, outputs = law.step(state, Inputs(shorted, None, Mode.PAYLOAD), table, CONFIG, 1.0)
    assert state.pack.apart
    assert state.soc.soc == pytest.approx(0.6, abs=0.01)
    assert outputs.charge is not None
    assert outputs.charge.limit_v == pytest.approx(16.4 - 3.7, abs=0.15)


def read(values: list[PowerSensors]) -> tuple[Spikes, list[PowerSensors]]:
    spikes, out = Spikes(), []
    for one in values:
        spikes, told = despiked(spikes, one, CONFIG)
        out.append(told)
    return spikes, out


def test_a_spike_is_left_out_and_a_step_is_believed_a_tick_late() -> None:
    spike = replace(READINGS, battery_current_a=90.0, array_power_w=9000.0, load_power_w=(8.0, 4e4))
    _, told = read([READINGS, READINGS, spike, READINGS])
    assert (told[2].battery_current_a, told[2].array_power_w) == (None, None)
    assert told[2].load_power_w == READINGS.load_power_w
    assert told[2].battery_voltage_v == READINGS.battery_voltage_v
    assert told[3] == READINGS
    step = replace(READINGS, battery_current_a=12.0)
    _, told = read([READINGS, READINGS, step, step, step])
    assert [one.battery_current_a for one in told[2:]] == [None, 12.0, 12.0]


def test_spikes_that_come_again_and_again_are_told_and_it_is_told_when_they_are_over() -> None:
    spike = replace(READINGS, battery_voltage_v=2.0)
    few, _ = read([READINGS, READINGS, *([spike, *[READINGS] * 60] * 5)])
    assert not few.told
    many, _ = read([READINGS, READINGS, *([spike, READINGS, READINGS] * 6)])
    assert many.told
    over, _ = read([READINGS, READINGS, *([spike, READINGS, READINGS] * 6), *[READINGS] * 256])
    assert not over.told


@given(st.lists(st.floats(-2.0, 2.0), min_size=3, max_size=30))
def test_readings_that_change_as_loads_are_switched_are_never_left_out(changes: list[float]) -> None:
    steps = steps_of(CONFIG)
    told = [replace(READINGS, battery_current_a=0.25 * steps.amps * one) for one in changes]
    assert read(told)[1] == told


@pytest.mark.parametrize(
    ("battery_c", "share"),
    [(-0.1, 0.0), (0.0, 0.4), (5.0, 0.7), (10.0, 1.0), (45.0, 1.0), (46.0, 0.5), (60.1, 0.0), (None, 0.4)],
)
def test_the_charging_current_follows_the_batterys_temperature(battery_c: float | None, share: float) -> None:
    assert share_at(battery_c, CONFIG) == pytest.approx(share)
    assert charge_of(battery_c, FITS, None, CONFIG) == Charge(2.6 * share_at(battery_c, CONFIG), 16.4)


@given(st.floats(-40.0, 10.0), st.floats(-40.0, 10.0))
def test_up_to_ten_degrees_a_warmer_battery_is_never_charged_less(a_c: float, b_c: float) -> None:
    cold_c, warm_c = sorted((a_c, b_c))
    assert share_at(cold_c, CONFIG) <= share_at(warm_c, CONFIG)


def test_ground_limits_the_charging_current_and_not_beyond_the_chargers_own() -> None:
    app = PowerApp(CONFIG, LOADS, 1.0)
    out = app.step(Now(0, 0, 1.0), Inbox([("plant", READINGS)]))
    assert [one for one in out if isinstance(one, ChargeCommand)] == [ChargeCommand(2.6, 16.4)]
    stages, limits_a = [], []
    kept: list[PowerCriticalData] = []
    for tick in range(1, 21):
        commands = {
            1: [("comms", TcDispatch(1, PowerSetCharge(1.0)))],
            2: [("comms", TcDispatch(2, PowerSetCharge(9.0)))],
        }
        out = app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", READINGS), *commands.get(tick, [])]))
        stages += [one.stage for one in out if isinstance(one, TcReport)]
        limits_a += [one.limit_a for one in out if isinstance(one, ChargeCommand)]
        kept += [one for one in out if isinstance(one, PowerCriticalData)]
    assert stages == [TcStage.COMPLETED, TcStage.FAILED]
    assert limits_a[-1] == 1.0
    assert orders.restored(law.initial(load_table(LOADS), CONFIG), kept[-1]).charge_most_a == 1.0


def test_the_threshold_law_grants_all_or_nothing_with_a_band_between() -> None:
    own = ThresholdPowerLaw.Config()
    for above, grants, expected_w in ((0.05, True, 0.0), (0.10, True, 30.0), (0.10, False, 0.0), (0.2, False, 30.0)):
        assert granted_w(above, CONFIG, own, grants=grants) == expected_w
    with pytest.raises(ConfigError, match=r"resume_above_reserve = 0\.05: must be above stop_above_reserve"):
        ThresholdPowerLaw.Config(resume_above_reserve=0.05)


@given(st.floats(-0.5, 0.6), st.floats(-0.5, 0.6), st.booleans())
def test_the_threshold_law_never_falls_with_more_charge(a: float, b: float, grants: bool) -> None:
    own, (low, high) = ThresholdPowerLaw.Config(), sorted((a, b))
    assert granted_w(low, CONFIG, own, grants=grants) <= granted_w(high, CONFIG, own, grants=grants)


def test_a_weak_array_and_a_voltage_apart_are_events_of_the_application() -> None:
    app, told = PowerApp(CONFIG, LOADS, 1.0), []
    for tick in range(900):
        array_w = 40.0 if tick < 400 else 30.0
        seen = replace(READINGS, array_power_w=array_w, battery_voltage_v=15.0 if tick < 700 else 12.0)
        out = app.step(Now(tick, tick * 10**9, 1.0), Inbox([("plant", seen)]))
        told += [(tick, one.id) for one in out if isinstance(one, Event)]
    assert [name for _, name in told] == ["array.weak", "battery_voltage.apart"]
    assert 400 < told[0][0] < 450
    assert 700 < told[1][0] < 740
    assert full_charge_a(CONFIG) == 2.6
