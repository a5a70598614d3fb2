"""The on-board model against squared matrices, the prediction against it, the power allocator in whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.thermal.allocator import FRAC_BITS, Gains, allocated, controlled, gains_for
from flightsw.apps.thermal.chipmodel import ChipPath, Response, response
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.degraded import Fallback
from flightsw.apps.thermal.hysteresis import HysteresisThermalLaw
from flightsw.apps.thermal.interface import Inputs, StandardThermalLaw, State, ThermalCriticalData
from flightsw.apps.thermal.law import with_limit
from flightsw.apps.thermal.laws import SHIPPED
from flightsw.apps.thermal.powerallocator import AllocatorState, PowerAllocatorThermalLaw
from flightsw.apps.thermal.predictive import (
    PredictiveState,
    PredictiveThermalLaw,
    Sink,
    most_power,
    observed,
    trimmed,
)
from flightsw.apps.thermal.seen import DOUBT_TICKS, Seen
from flightsw.apps.thermal.stepwise import StepWiseThermalLaw
from flightsw.errors import ConfigError
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.node.laws import law_of

CONFIG = ThermalConfig(chip_limit_c=65.0, cap_min_w=5.0, cap_max_w=33.0)
PATH = ChipPath()
SEEN = Seen(chip_c=50.0, board_c=40.0, sink_c=20.0, structure_c=15.0)

conductances = st.floats(0.05, 3.0)
paths = st.builds(
    ChipPath,
    chip_j_k=st.floats(2.0, 50.0),
    board_j_k=st.floats(50.0, 500.0),
    sink_j_k=st.floats(100.0, 2000.0),
    chip_board_w_k=conductances,
    board_sink_w_k=conductances,
    board_structure_w_k=conductances | st.just(0.0),
    sink_structure_w_k=conductances | st.just(0.0),
    radiation_w_k=conductances | st.just(0.0),
)


def squared(path: ChipPath, after_s: float) -> Response:
    """The same by a very short step of the three balances, doubled again and again."""
    rates = np.zeros((7, 7))  # chip, board, sink, the sink as it is now, structure, heat, power

    def flows(node: int, other: int, w_k: float, j_k: float) -> None:
        rates[node, other] += w_k / j_k
        rates[node, node] -= w_k / j_k

    flows(0, 1, path.chip_board_w_k, path.chip_j_k)
    flows(1, 0, path.chip_board_w_k, path.board_j_k)
    flows(1, 2, path.board_sink_w_k, path.board_j_k)
    flows(1, 4, path.board_structure_w_k, path.board_j_k)
    flows(2, 1, path.board_sink_w_k, path.sink_j_k)
    flows(2, 3, path.radiation_w_k, path.sink_j_k)
    flows(2, 4, path.sink_structure_w_k, path.sink_j_k)
    rates[2, 5], rates[0, 6] = 1.0 / path.sink_j_k, 1.0 / path.chip_j_k
    step = rates * after_s / 2**24
    total = np.eye(7) + step + step @ step / 2.0
    for _ in range(24):
        total = total @ total
    chip, board, sink, now, structure, heat, power = total[0]
    return Response(after_s, chip, board, sink + now, structure, heat, power)


@given(paths, st.floats(0.1, 1800.0))
@settings(max_examples=60)
def test_the_response_of_any_path_is_that_of_its_balances(path: ChipPath, after_s: float) -> None:
    ours, theirs = response(path, after_s), squared(path, after_s)
    for name in Response.__struct_fields__:
        assert getattr(ours, name) == pytest.approx(getattr(theirs, name), rel=2e-5, abs=1e-6), name


def at(after_s: float, sun: tuple[float, float] | None, sink: Sink, power_w: float) -> float:
    """The chip after a constant power, by the response and the mean of the heat."""
    one, sun_w = response(PATH, after_s), 6.0
    heats_w = []
    for step in range(2000):
        time_s = (step + 0.5) * after_s / 2000
        dark = not sink.sunlit if sun is None else sun[0] <= time_s < sun[1]
        heats_w.append(sink.heat_w + (sun_w * (sink.sunlit is dark) * (-1.0 if dark else 1.0)))
    return (
        one.of_chip * SEEN.chip_c
        + one.of_board * SEEN.board_c
        + one.of_sink * sink.sink_c
        + one.of_structure * SEEN.structure_c
        + one.of_heat_k_w * sum(heats_w) / len(heats_w)
        + one.of_power_k_w * power_w
    )


OWN = PredictiveThermalLaw.Config(horizon_s=1000.0, sun_w=6.0)


@pytest.mark.parametrize(
    ("sunlit", "shadow"),
    [
        (True, None),
        (False, None),
        (True, (5000.0, 7000.0)),
        (True, (400.0, 2400.0)),
        (True, (100.0, 500.0)),
        (False, (0.0, 2000.0)),
        (False, (0.0, 300.0)),
    ],
)
def test_the_power_that_is_granted_takes_the_chip_to_its_aim_at_the_worst_of_the_times_and_nowhere_above(
    sunlit: bool, shadow: tuple[float, float] | None
) -> None:
    sink = Sink(20.0, 4.0, sunlit)
    ahead = tuple(response(PATH, after_s) for after_s in (15.0, 500.0, 1000.0))
    power_w = most_power(64.0, SEEN, sink, shadow, ahead, OWN)
    ends_c = [at(after_s, shadow, sink, power_w) for after_s in (15.0, 500.0, 1000.0)]
    assert max(ends_c) == pytest.approx(64.0, abs=0.02)


def status(*, dark: bool, starts_in_s: float | None = None, lasts_s: float = 0.0) -> PowerStatus:
    return PowerStatus(0.7, 0.02, 0.0, 30.0, 0, 20.0, 0.5, dark, starts_in_s, lasts_s, None)


def test_the_observer_begins_in_balance_and_stays_there() -> None:
    own = PredictiveThermalLaw.Config()
    begun = observed(None, SEEN, None, own, 1.0)
    assert begun == Sink(20.0, pytest.approx(0.5 * (20.0 - 15.0) - 1.0 * (40.0 - 20.0)), True)  # type: ignore[arg-type]
    assert observed(None, SEEN, status(dark=True), own, 1.0).sunlit is False
    after = observed(begun, SEEN, None, own, 1.0)
    assert (after.sink_c, after.heat_w, after.sunlit) == (pytest.approx(20.0), pytest.approx(-17.5), True)


@pytest.mark.parametrize(("was", "dark", "change_w"), [(True, True, -3.0), (False, False, 3.0), (True, False, 0.0)])
def test_the_observer_is_told_of_every_entry_into_light_and_shadow(was: bool, dark: bool, change_w: float) -> None:
    own = PredictiveThermalLaw.Config(sun_w=3.0)
    after = observed(Sink(20.0, -17.5, was), SEEN, status(dark=dark), own, 1.0)
    assert (after.heat_w, after.sunlit) == (pytest.approx(-17.5 + change_w), not dark)
    assert after.sink_c == pytest.approx(20.0 + change_w / 700.0)
    assert observed(Sink(20.0, -17.5, was), SEEN, None, own, 1.0).sunlit is was, "no word: as it was"


@pytest.mark.parametrize(("dt_s", "share"), [(0.5, 0.05), (1.0, 0.1), (4.0, 0.4), (20.0, 0.5)])
def test_the_observer_follows_what_is_measured(dt_s: float, share: float) -> None:
    own = PredictiveThermalLaw.Config(observer_s=10.0)
    warmer = replace(SEEN, sink_c=21.0)
    after = observed(Sink(20.0, -17.5, True), warmer, None, own, dt_s)
    assert after.sink_c == pytest.approx(20.0 + 2.0 * share)
    assert after.heat_w == pytest.approx(-17.5 + share * share * 700.0 / dt_s)


@pytest.mark.parametrize(
    ("trim_k", "above_k", "dt_s", "after_k"),
    [
        (1.0, 2.4, 1.0, 1.02),
        (1.0, 2.4, 5.0, 1.1),
        (1.0, 0.06, 120.0, 1.06),
        (1.0, 0.0, 12.0, 0.99),
        (1.0, -30.0, 12.0, 0.99),
        (4.99, 12.0, 1.0, 5.0),
        (0.001, -1.0, 120.0, 0.0),
    ],
)
def test_the_trim_grows_with_the_excess_and_comes_back_ten_times_slower(
    trim_k: float, above_k: float, dt_s: float, after_k: float
) -> None:
    own = PredictiveThermalLaw.Config(trim_s=120.0)
    assert trimmed(trim_k, above_k, own, dt_s) == pytest.approx(after_k)


def readings(chip_c: float = 50.0, board_c: float | None = 40.0) -> Inputs:
    sensors = ThermalSensors(chip_c, board_c, None, None, None, None)
    return Inputs(chip_c, 20.0, replace(sensors, bus_c=15.0, radiator_c=20.0))


def predictive(**told: float) -> PredictiveThermalLaw:
    return PredictiveThermalLaw(PredictiveThermalLaw.Config(**told))  # type: ignore[arg-type]


@pytest.mark.parametrize(("horizon_s", "times_s"), [(15.0, (15.0,)), (20.0, (15.0, 20.0)), (80.0, (15.0, 40.0, 80.0))])
def test_the_law_looks_at_the_nearest_time_the_middle_and_the_horizon(
    horizon_s: float, times_s: tuple[float, ...]
) -> None:
    law = predictive(horizon_s=horizon_s, margin_k=0.5)
    state, outputs = law.step(law.initial(CONFIG), readings(60.0), CONFIG, 1.0)
    ahead = tuple(response(PATH, after_s) for after_s in times_s)
    seen = replace(SEEN, chip_c=60.0)
    sink = observed(None, seen, None, PredictiveThermalLaw.Config(), 1.0)
    wanted_w = most_power(65.0 - 0.5, seen, sink, None, ahead, PredictiveThermalLaw.Config())
    assert 5.0 < wanted_w < 33.0
    assert wanted_w - 0.05 < outputs.chip_cap_w <= wanted_w
    assert isinstance(state, PredictiveState)
    assert state.fallback == Fallback(outputs.chip_cap_w)


def test_the_trim_lowers_the_aim_is_kept_in_watts_and_comes_back_within_its_range() -> None:
    law = predictive()
    worth_k_w = response(PATH, 20.0).of_power_k_w
    start = replace(law.initial(CONFIG), trim_k=3.0)
    trimmed_state, outputs = law.step(start, readings(60.0), CONFIG, 1.0)
    _, untrimmed = law.step(law.initial(CONFIG), readings(60.0), CONFIG, 1.0)
    assert untrimmed.chip_cap_w - outputs.chip_cap_w == pytest.approx(3.0 / worth_k_w, abs=0.06)
    assert trimmed_state.integral_w == pytest.approx(-3.0 / worth_k_w, rel=1e-3)
    for kept_w, trim_k in ((-2.0 / worth_k_w, 2.0), (-99.0, 5.0), (1.0, 0.0), (0.0, 0.0)):
        after = law.restored(law.initial(CONFIG), ThermalCriticalData(61.0, kept_w, True))
        assert isinstance(after, PredictiveState)
        assert after.trim_k == pytest.approx(trim_k)
        assert (after.chip_limit_c, after.heater_on) == (61.0, True)


def test_in_doubt_the_model_is_left_alone_and_taken_up_again_after_a_minute() -> None:
    law = predictive()
    state, _ = law.step(law.initial(CONFIG), readings(), CONFIG, 1.0)
    without_sink = []
    for second in range(DOUBT_TICKS + 5):
        state, _ = law.step(state, readings(board_c=80.0 if second == 0 else 40.0), CONFIG, 1.0)
        assert isinstance(state, PredictiveState)
        without_sink.append(state.sink is None)
    assert without_sink == [True] * (DOUBT_TICKS + 1) + [False] * 4


def test_a_cold_start_has_learned_nothing() -> None:
    state = predictive().initial(CONFIG)
    assert (state.integral_w, state.heater_on, state.chip_limit_c, state.trim_k) == (0.0, False, 65.0, 0.0)
    assert (state.sink, state.last, state.doubt_ticks, state.fallback) == (None, None, 0, Fallback(0.0, None))


GAINS = gains_for(10_000, 70_000, 85_000, 25_000)


def test_the_gains_are_those_that_the_kernel_estimates() -> None:
    assert Gains(10_000, 70_000, 85_000, 25_000, k_po_frac=682, k_pu_frac=1365, k_i_frac=10) == GAINS
    assert (GAINS.integral_cutoff_mc, FRAC_BITS) == (0, 10)


@pytest.mark.parametrize(
    ("integral", "chip_mc", "power_mw", "after"),
    [
        (0, 85_000, 10_000, 0),
        (0, 80_000, 16_665, 0),
        (0, 90_000, 6_621, -5_120_000),
        (-100_000_000, 80_000, 15_711, -100_000_000),
        (100_000_000, 80_000, 17_618, 100_000_000),
        (-100_000_000, 90_000, 5_667, -105_120_000),
        (0, 40_000, 25_000, 0),
        (0, 120_000, 0, -35_840_000),
        (-(2**41), 86_000, 0, -(2**41)),
        (2**41, 86_000, 25_000, 2**41),
    ],
)
def test_the_controller_in_whole_numbers(integral: int, chip_mc: int, power_mw: int, after: int) -> None:
    assert controlled(integral, chip_mc, GAINS) == (power_mw, after)


@pytest.mark.parametrize(("chip_mc", "summed"), [(83_000, False), (83_001, True), (86_000, True)])
def test_the_sum_grows_only_below_the_cut_off(chip_mc: int, summed: bool) -> None:
    gains = replace(GAINS, integral_cutoff_mc=2_000)
    assert (controlled(0, chip_mc, gains)[1] != 0) is summed


@pytest.mark.parametrize(("integral", "grows"), [(-2_621_440_000 + 1024 * 1001, True), (-2_621_440_000 + 1024, False)])
def test_the_sum_grows_no_further_than_the_maximum_is_worth(integral: int, grows: bool) -> None:
    assert (10 * 2_621_440_000) >> 10 == 25_000 << 10
    assert (controlled(integral, 86_000, GAINS)[1] < integral) is grows


def test_the_governor_sleeps_below_its_switch_on_temperature_and_not_at_it() -> None:
    assert allocated(-777, 69_999, GAINS) == (25_000, 0)
    assert allocated(-777, 70_000, GAINS) == controlled(-777, 70_000, GAINS)
    assert allocated(-777, 70_000, GAINS)[1] == -777


def allocator(**told: float) -> PowerAllocatorThermalLaw:
    return PowerAllocatorThermalLaw(PowerAllocatorThermalLaw.Config(**told))  # type: ignore[arg-type]


def test_the_law_asks_with_the_scenarios_figures_in_thousandths() -> None:
    law = allocator(sustainable_w=17.5004, switch_on_below_limit_k=12.25)
    assert law.gains(64.5, CONFIG) == gains_for(17_500, 52_250, 64_500, 33_000)
    assert allocator().gains(65.0, CONFIG) == gains_for(18_000, 50_000, 65_000, 33_000)


@pytest.mark.parametrize(("poll_s", "dt_s", "apart"), [(5.0, 1.0, 5), (2.0, 0.5, 4), (1.0, 1.0, 1), (0.1, 1.0, 1)])
def test_the_allocator_polls_in_the_first_tick_and_every_poll_later(poll_s: float, dt_s: float, apart: int) -> None:
    law = allocator(poll_s=poll_s)
    state: State = law.initial(CONFIG)
    polled, last_mw = [], -1
    for tick in range(13):
        state, _ = law.step(state, Inputs(62.0 + 0.2 * tick, 20.0), CONFIG, dt_s)
        assert isinstance(state, AllocatorState)
        polled += [tick] if state.power_mw != last_mw else []
        last_mw = state.power_mw
    assert polled == list(range(0, 13, apart))


def test_the_allocators_cap_is_its_power_within_the_devices_range_and_its_sum_is_kept_as_watts() -> None:
    law = allocator()
    for chip_c in (20.0, 55.0, 60.0, 66.0, 69.25, 100.0):
        state, outputs = law.step(law.initial(CONFIG), Inputs(chip_c, 20.0), CONFIG, 1.0)
        power_mw, integral = allocated(0, round(chip_c * 1000), law.gains(65.0, CONFIG))
        assert outputs.chip_cap_w == min(33.0, max(5.0, power_mw / 1000))
        assert state.integral_w == pytest.approx(integral * 10.0 / 2**20 / 1000.0)
        assert isinstance(state, AllocatorState)
        again = law.restored(law.initial(CONFIG), ThermalCriticalData(65.0, state.integral_w, False))
        assert isinstance(again, AllocatorState)
        assert again.integral == state.integral == integral
    finer = replace(CONFIG, cap_max_w=32.9996)
    assert law.step(law.initial(finer), Inputs(20.0, 20.0), finer, 1.0)[1].chip_cap_w == 32.9996


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_law_counts_ticks_without_a_chip_and_starts_with_the_heater_off(name: str) -> None:
    law = law_of("thermal", ThermalConfig(law=name))
    assert isinstance(law, StandardThermalLaw)
    state = law.initial(CONFIG)
    assert (state.heater_on, state.chip_limit_c) == (False, 65.0)
    counts = []
    for chip_c in (40.0, None, None, 40.0, None):
        state, _ = law.step(state, Inputs(chip_c, 20.0), CONFIG, 1.0)
        counts.append((state.chip_missing_ticks, state.battery_missing_ticks))
    assert [chip for chip, _ in counts] == [0, 1, 2, 0, 1]
    assert {battery for _, battery in counts} == {0}


@pytest.mark.parametrize(("limit_c", "taken"), [(95.0, True), (95.1, False), (40.0, True)])
def test_ground_may_set_any_limit_up_to_the_highest(limit_c: float, taken: bool) -> None:
    state = StandardThermalLaw().initial(CONFIG)
    after = with_limit(state, limit_c, CONFIG)
    assert after == (replace(state, chip_limit_c=limit_c) if taken else "limit_c = 95.1: must be at most 95.0")


def test_the_trips_of_a_governor_stand_below_the_limit_that_ground_set() -> None:
    law = StepWiseThermalLaw(StepWiseThermalLaw.Config(trip_below_limit_k=3.0))
    for chip_c, cap_w in ((61.9, 33.0), (62.0, 33.0 - 28.0 / 8)):
        assert law.step(law.initial(CONFIG), Inputs(chip_c, 20.0), CONFIG, 1.0)[1].chip_cap_w == cap_w
    with pytest.raises(ConfigError, match="must be above"):
        HysteresisThermalLaw.Config(trip_below_limit_k=3.0, release_below_limit_k=3.0)
