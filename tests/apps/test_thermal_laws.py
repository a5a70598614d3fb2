"""The chip's laws that a scenario may choose: what all of them must do, and what each promises alone."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.thermal.allocator import allocated, controlled, gains_for
from flightsw.apps.thermal.chipmodel import ChipPath, response
from flightsw.apps.thermal.config import ThermalConfig
from flightsw.apps.thermal.degraded import MARGIN_K, RISE_W_S
from flightsw.apps.thermal.hysteresis import HysteresisThermalLaw
from flightsw.apps.thermal.interface import Inputs, StandardThermalLaw, State, ThermalCriticalData
from flightsw.apps.thermal.laws import SHIPPED
from flightsw.apps.thermal.powerallocator import AllocatorState
from flightsw.apps.thermal.predictive import TRIM_MAX_K, PredictiveState, PredictiveThermalLaw, trimmed
from flightsw.apps.thermal.stepwise import stepped_cap
from flightsw.errors import ConfigError
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.node.laws import law_of

CONFIG = ThermalConfig(chip_limit_c=65.0, cap_min_w=5.0, cap_max_w=33.0, gain_w_k=0.35, integral_w_k_s=0.003)
BELOW_CHIP_K = 0.35
"""a board stands between chip and sink: so much of the way down"""

names = pytest.mark.parametrize("name", sorted(SHIPPED))


def law_called(name: str, **told: object) -> StandardThermalLaw:
    found = law_of("thermal", ThermalConfig(law=name, law_config=told))
    assert isinstance(found, StandardThermalLaw)
    return found


def readings(chip_c: float | None, sink_c: float = 15.0) -> Inputs:
    """A chip of this temperature on a board and a sink that fit it."""
    board_c = None if chip_c is None else chip_c - BELOW_CHIP_K * (chip_c - sink_c)
    return Inputs(chip_c, 20.0, ThermalSensors(chip_c, board_c, 20.0, 20.0, sink_c, 0.0))


def caps(law: StandardThermalLaw, temperatures_c: list[float | None]) -> list[float]:
    state, out = law.initial(CONFIG), []
    for chip_c in temperatures_c:
        state, outputs = law.step(state, readings(chip_c), CONFIG, 1.0)
        out.append(outputs.chip_cap_w)
    return out


class Chip:
    """A chip on a board on a radiator, the radiator losing heat to a fixed sky."""

    def __init__(self, path: ChipPath, *, sky_w: float = 8.0) -> None:
        self.path, self.sky_w = path, sky_w
        self.chip_c, self.board_c, self.sink_c = 20.0, 20.0, 10.0

    def draw(self, watts: float) -> None:
        """A second of this power, in steps of 0.05 s."""
        path, structure_c = self.path, 20.0
        for _ in range(20):
            up_w = path.chip_board_w_k * (self.chip_c - self.board_c)
            out_w = path.board_sink_w_k * (self.board_c - self.sink_c)
            aside_w = path.board_structure_w_k * (self.board_c - structure_c)
            lost_w = path.sink_structure_w_k * (self.sink_c - structure_c) + path.radiation_w_k * (self.sink_c - 15.0)
            self.chip_c += 0.05 * (watts - up_w) / path.chip_j_k
            self.board_c += 0.05 * (up_w - out_w - aside_w) / path.board_j_k
            self.sink_c += 0.05 * (out_w - lost_w - self.sky_w) / path.sink_j_k

    @property
    def inputs(self) -> Inputs:
        sensors = ThermalSensors(self.chip_c, self.board_c, 20.0, 20.0, self.sink_c, 0.0)
        return Inputs(self.chip_c, 20.0, sensors)


def closed_loop(law: StandardThermalLaw, seconds: int = 5000) -> tuple[list[float], list[float]]:
    """(chip, cap) a second apart, with a device that draws all it may and commands that act two ticks late."""
    chip, state = Chip(ChipPath()), law.initial(CONFIG)
    chip_c, cap_w, late = [], [], [0.0, 0.0]
    for _ in range(seconds):
        state, outputs = law.step(state, chip.inputs, CONFIG, 1.0)
        late.append(min(30.0, outputs.chip_cap_w))
        chip.draw(late.pop(0))
        chip_c.append(chip.chip_c)
        cap_w.append(outputs.chip_cap_w)
    return chip_c, cap_w


@names
@given(st.lists(st.one_of(st.none(), st.floats(-60.0, 130.0)), min_size=1, max_size=40))
def test_every_laws_cap_stays_within_the_devices_range(name: str, temperatures_c: list[float | None]) -> None:
    law = law_called(name)
    state = law.initial(CONFIG)
    for chip_c in temperatures_c:
        state, outputs = law.step(state, readings(chip_c), CONFIG, 1.0)
        assert CONFIG.cap_min_w <= outputs.chip_cap_w <= CONFIG.cap_max_w
        assert 0.0 <= outputs.throttle_level <= 1.0


@names
@given(st.lists(st.floats(20.0, 90.0), max_size=30), st.floats(0.0, 110.0), st.floats(0.0, 110.0))
def test_no_law_grants_a_hotter_chip_more(name: str, past_c: list[float], a_c: float, b_c: float) -> None:
    law = law_called(name)
    state = law.initial(CONFIG)
    for chip_c in past_c:
        state, _ = law.step(state, readings(chip_c), CONFIG, 1.0)
    cool, hot = sorted((a_c, b_c))
    more, less = (law.step(state, readings(chip_c), CONFIG, 1.0)[1].chip_cap_w for chip_c in (cool, hot))
    assert less <= more


@names
def test_every_law_answers_a_step_over_the_limit_and_goes_on_until_it_has_taken_most(name: str) -> None:
    out = caps(law_called(name), [40.0] * 60 + [75.0 + 0.001 * second for second in range(2400)])
    assert out[59] == CONFIG.cap_max_w
    assert out[65] < out[59]
    assert out[-1] < 0.5 * CONFIG.cap_max_w
    assert all(late <= early + 0.101 for early, late in pairwise(out[60:])), "but for what an observer learns"


@names
def test_no_law_winds_up_over_a_long_hot_spell(name: str) -> None:
    for spell in (600, 6000):
        out = caps(
            law_called(name),
            [80.0 + 0.005 * second for second in range(spell)] + [40.0 - 0.01 * second for second in range(180)],
        )
        assert out[spell - 1] == CONFIG.cap_min_w
        assert out[-1] > 0.8 * CONFIG.cap_max_w, f"most is back three minutes after {spell} s of heat"


@names
def test_no_law_winds_up_over_a_long_cold_spell(name: str) -> None:
    short, long = (caps(law_called(name), [20.0] * spell + [75.0] * 60) for spell in (60, 6000))
    assert short[-60:] == long[-60:]
    assert long[-1] < long[0]


@names
def test_every_law_takes_a_missing_chip_temperature_for_a_hot_one(name: str) -> None:
    law = law_called(name)
    blind = caps(law, [40.0] * 30 + [None] * 60)
    assert blind[29] == CONFIG.cap_max_w
    assert blind[-1] < 0.6 * CONFIG.cap_max_w


@names
def test_every_law_moves_with_the_limit_that_ground_sets(name: str) -> None:
    law = law_called(name)
    lowered = law.with_limit(law.initial(CONFIG), 45.0, CONFIG)
    assert isinstance(lowered, State)
    state, least_w = lowered, CONFIG.cap_max_w
    for _ in range(300):
        state, outputs = law.step(state, readings(55.0), CONFIG, 1.0)
        least_w = min(least_w, outputs.chip_cap_w)
    assert min(caps(law, [45.0] * 300)) == CONFIG.cap_max_w
    assert least_w < 0.9 * CONFIG.cap_max_w


@names
def test_every_law_goes_on_after_a_restart_as_if_there_had_been_none(name: str) -> None:
    law = law_called(name)
    state = law.initial(CONFIG)
    for second in range(600):
        state, outputs = law.step(state, readings(60.0 + second % 12), CONFIG, 1.0)
    stored = law.stored(state, ThermalCriticalData(state.chip_limit_c, state.integral_w, state.heater_on))
    again, outputs_again = law.step(law.restored(law.initial(CONFIG), stored), readings(66.0), CONFIG, 1.0)
    _, outputs = law.step(state, readings(66.0), CONFIG, 1.0)
    step_w = (CONFIG.cap_max_w - CONFIG.cap_min_w) / 8
    assert abs(outputs_again.chip_cap_w - outputs.chip_cap_w) <= (step_w if name == "step-wise" else 0.3)
    assert again.integral_w == pytest.approx(state.integral_w, abs=step_w)


@names
def test_every_law_holds_a_chip_on_a_board_and_a_radiator(name: str) -> None:
    chip_c, cap_w = closed_loop(law_called(name))
    assert min(cap_w) < 30.0, "the limit was met"
    assert max(chip_c[3000:]) < CONFIG.chip_limit_c + 2.0
    assert max(chip_c[3000:]) > CONFIG.chip_limit_c - 15.0


def test_the_predictive_law_reaches_the_limit_and_does_not_overshoot_it_where_the_pi_does() -> None:
    ours_c, _ = closed_loop(law_called("predictive"))
    theirs_c, _ = closed_loop(law_called("pi"))
    assert max(theirs_c) > CONFIG.chip_limit_c + 2.0
    assert CONFIG.chip_limit_c - 0.5 < max(ours_c) <= CONFIG.chip_limit_c + 0.05
    assert min(ours_c[2000:]) > CONFIG.chip_limit_c - 0.5, "and stays there"


@pytest.mark.parametrize("error", [0.8, 1.25])
def test_a_wrong_on_board_model_is_made_good_by_the_trim(error: float) -> None:
    path = ChipPath()
    wrong = msgspec.structs.replace(path, chip_board_w_k=path.chip_board_w_k * error)
    chip_c, _ = closed_loop(law_called("predictive", path=msgspec.to_builtins(wrong)))
    assert max(chip_c[2500:]) < CONFIG.chip_limit_c + 0.6
    assert max(chip_c[2500:]) > CONFIG.chip_limit_c - 6.0


@given(st.floats(0.0, 5.0), st.lists(st.floats(-20.0, 20.0), max_size=200))
def test_the_trim_stays_within_its_range_and_comes_back(trim_k: float, above_k: list[float]) -> None:
    own = PredictiveThermalLaw.Config()
    for one in above_k:
        before, trim_k = trim_k, trimmed(trim_k, one, own, 1.0)
        assert 0.0 <= trim_k <= TRIM_MAX_K
        assert (trim_k >= before) if one > 0.0 else (trim_k <= before)


@pytest.mark.parametrize("after_s", [1.0, 20.0, 300.0, 1800.0])
def test_the_on_board_model_says_what_integrating_it_gives(after_s: float) -> None:
    path = ChipPath(radiation_w_k=0.0)
    chip, chip_model = Chip(path, sky_w=3.0), response(path, after_s)
    chip.chip_c, chip.board_c = 50.0, 40.0
    expected_c = (
        chip_model.of_chip * 50.0
        + chip_model.of_board * 40.0
        + chip_model.of_sink * 10.0
        + chip_model.of_structure * 20.0
        + chip_model.of_heat_k_w * -3.0
        + chip_model.of_power_k_w * 18.0
    )
    for _ in range(round(after_s)):
        chip.draw(18.0)
    assert chip.chip_c == pytest.approx(expected_c, abs=0.1)


@given(st.floats(1.0, 3000.0))
def test_a_uniformly_warmer_spacecraft_has_a_chip_warmer_by_as_much(after_s: float) -> None:
    one = response(ChipPath(), after_s)
    assert one.of_chip + one.of_board + one.of_sink + one.of_structure == pytest.approx(1.0, abs=1e-9)
    assert one.of_power_k_w > 0.0
    assert one.of_heat_k_w >= 0.0


def status(*, in_eclipse: bool, starts_in_s: float, lasts_s: float, shed: int = 0) -> PowerStatus:
    return PowerStatus(0.7, 0.02, 0.0, 30.0, shed, 20.0, 0.5, in_eclipse, starts_in_s, lasts_s, None)


def test_a_coming_shadow_raises_a_long_horizons_cap_and_a_coming_sunrise_lowers_it() -> None:
    law = law_called("predictive", horizon_s=1200.0, sun_w=10.0)

    def cap_w(power: PowerStatus) -> float:
        state = law.initial(CONFIG)
        seen = readings(35.0)
        inputs = msgspec.structs.replace(seen, power=power)
        return law.step(state, inputs, CONFIG, 1.0)[1].chip_cap_w

    far = cap_w(status(in_eclipse=False, starts_in_s=3000.0, lasts_s=2000.0))
    near = cap_w(status(in_eclipse=False, starts_in_s=200.0, lasts_s=2000.0))
    dark = cap_w(status(in_eclipse=True, starts_in_s=0.0, lasts_s=2000.0))
    dawn = cap_w(status(in_eclipse=True, starts_in_s=0.0, lasts_s=100.0))
    assert near > far + 0.5
    assert dawn < dark - 0.5


def test_entering_the_shadow_is_no_news_to_the_observer() -> None:
    law = law_called("predictive", sun_w=4.0)
    state = law.initial(CONFIG)
    for dark in (False, True):
        inputs = msgspec.structs.replace(readings(50.0), power=status(in_eclipse=dark, starts_in_s=0.0, lasts_s=99.0))
        state, _ = law.step(state, inputs, CONFIG, 1.0)
        assert isinstance(state, PredictiveState)
        assert state.sink is not None
        heat_w = state.sink.heat_w if not dark else state.sink.heat_w + 4.0
    first = law.step(law.initial(CONFIG), readings(50.0), CONFIG, 1.0)[0]
    assert isinstance(first, PredictiveState)
    assert first.sink is not None
    assert heat_w == pytest.approx(first.sink.heat_w, abs=0.2)


def test_hysteresis_trips_releases_and_does_neither_between() -> None:
    law = law_called("hysteresis", trip_below_limit_k=2.0, release_below_limit_k=10.0, low_w=12.0)
    assert caps(law, [62.9, 63.0, 56.0, 55.1, 54.9, 60.0]) == [33.0, 12.0, 12.0, 12.0, 33.0, 33.0]


def test_a_release_above_the_trip_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"release_below_limit_k = 2\.0: must be above trip_below_limit_k = 3\.0"):
        HysteresisThermalLaw.Config(trip_below_limit_k=3.0, release_below_limit_k=2.0)
    with pytest.raises(ConfigError, match="must be above trip_below_limit_k"):
        HysteresisThermalLaw.Config(trip_below_limit_k=3.0, release_below_limit_k=3.0)


def test_step_wise_moves_by_one_step_a_poll_and_stands_still_when_the_trend_turns() -> None:
    step_w = 3.5
    assert stepped_cap(33.0, 66.0, 65.0, 65.0, CONFIG, 8) == 33.0 - step_w, "above and warmer"
    assert stepped_cap(29.5, 66.0, 67.0, 65.0, CONFIG, 8) == 29.5, "above and cooler"
    assert stepped_cap(29.5, 64.0, 66.0, 65.0, CONFIG, 8) == 33.0, "below and cooler"
    assert stepped_cap(29.5, 64.0, 63.0, 65.0, CONFIG, 8) == 29.5, "below and warmer"
    out = caps(law_called("step-wise", poll_s=10.0), [70.0 + 0.1 * second for second in range(40)])
    assert [out[at] - out[at + 10] for at in (0, 10, 20)] == [step_w] * 3


@given(st.integers(-40_000, 150_000), st.integers(-40_000, 150_000), st.integers(-(10**10), 10**10))
def test_the_allocator_is_monotone_and_clamped(a_mc: int, b_mc: int, integral: int) -> None:
    gains = gains_for(10_000, 70_000, 85_000, 25_000)
    cool, hot = sorted((a_mc, b_mc))
    more, less = controlled(integral, cool, gains)[0], controlled(integral, hot, gains)[0]
    assert 0 <= less <= more + 1, "to a milliwatt of rounding"
    assert more <= 25_000


def test_the_allocator_forgets_below_its_switch_on_temperature_and_its_sum_is_bounded() -> None:
    gains = gains_for(10_000, 70_000, 85_000, 25_000)
    integral = 0
    for _ in range(100_000):
        _, integral = allocated(integral, 95_000, gains)
    assert abs(gains.k_i_frac * integral >> 20) <= gains.max_mw
    assert allocated(integral, 80_000, gains)[0] == 0, "the kernel's wind-up: cool again, and still nothing granted"
    assert allocated(integral, 69_999, gains) == (25_000, 0)


def test_the_allocator_polls_and_holds_between() -> None:
    law = law_called("power-allocator", poll_s=5.0)
    state, seen = law.initial(CONFIG), []
    for second in range(15):
        state, outputs = law.step(state, readings(60.0 + second), CONFIG, 1.0)
        seen.append(outputs.chip_cap_w)
    assert isinstance(state, AllocatorState)
    assert seen[0:5] == [seen[0]] * 5
    assert seen[5] < seen[4]
    assert len(set(seen)) == 3


def test_the_allocator_sums_up_what_it_reads_and_nothing_while_it_reads_nothing() -> None:
    law = law_called("power-allocator", poll_s=1.0)
    state, sums, caps_w = law.initial(CONFIG), [], []
    for chip_c in (66.0, 66.0, 66.0, None, None, 66.0):
        state, outputs = law.step(state, readings(chip_c), CONFIG, 1.0)
        assert isinstance(state, AllocatorState)
        sums.append(state.integral)
        caps_w.append(outputs.chip_cap_w)
    assert sums[0] > sums[1] > sums[2], "a degree above its limit, it takes more and more back"
    assert caps_w[0] > caps_w[1] > caps_w[2]
    assert sums[3] == sums[4] == sums[2]
    assert sums[5] < sums[2]


def degraded_loop(without: str, seconds: int = 4000, lost_s: int = 1500) -> tuple[list[float], list[float]]:
    """(chip, cap) of the predictive law that loses a thermistor, or all of them ("all"), under way."""
    law, chip = law_called("predictive"), Chip(ChipPath())
    state = law.initial(CONFIG)
    chip_c, cap_w, late = [], [], [0.0, 0.0]
    for second in range(seconds):
        inputs = chip.inputs
        if second >= lost_s:
            names = ("chip_c", "board_c", "radiator_c", "bus_c") if without == "all" else (without,)
            assert inputs.sensors is not None
            sensors = msgspec.structs.replace(inputs.sensors, **dict.fromkeys(names))
            inputs = msgspec.structs.replace(inputs, sensors=sensors, chip_c=sensors.chip_c)
        state, outputs = law.step(state, inputs, CONFIG, 1.0)
        late.append(min(30.0, outputs.chip_cap_w))
        chip.draw(late.pop(0))
        chip_c.append(chip.chip_c)
        cap_w.append(outputs.chip_cap_w)
    return chip_c, cap_w


@pytest.mark.parametrize("without", ["board_c", "radiator_c", "bus_c"])
def test_without_a_thermistor_beside_the_chips_the_predictive_law_goes_on_as_a_pi_from_the_cap_in_force(
    without: str,
) -> None:
    chip_c, cap_w = degraded_loop(without)
    assert cap_w[1499] > CONFIG.cap_min_w + 5.0
    assert abs(cap_w[1500] - cap_w[1499]) < 0.2, "no leap"
    assert max(chip_c) < CONFIG.chip_limit_c + 1.0
    assert min(cap_w[1500:]) > 0.8 * cap_w[1499], "and nearly all of it stays granted"


def test_without_the_chips_diode_it_goes_by_the_board_and_stays_below_the_limit() -> None:
    chip_c, cap_w = degraded_loop("chip_c")
    assert max(chip_c) < CONFIG.chip_limit_c + 0.1
    assert chip_c[-1] == pytest.approx(CONFIG.chip_limit_c - MARGIN_K, abs=1.0)
    assert min(cap_w[1500:]) > CONFIG.cap_min_w + 5.0
    assert max(late - early for early, late in pairwise(cap_w[1500:])) <= RISE_W_S + 0.05


def test_without_any_thermistor_it_grants_the_least() -> None:
    _, cap_w = degraded_loop("all", 1600)
    assert set(cap_w[1500:]) == {CONFIG.cap_min_w}


def test_as_shipped_the_step_wise_law_polls_every_five_seconds() -> None:
    out = caps(law_called("step-wise"), [80.0 + 0.01 * second for second in range(40)])
    moved = [second for second, (early, late) in enumerate(pairwise(out)) if late != early]
    assert len(moved) >= 6
    assert {late - early for early, late in pairwise(moved)} == {5}


@pytest.mark.parametrize(
    ("field", "allowed", "refused"),
    [
        ("chip_board_w_k", (1e-3, 0.05, 1e6), (0.0, 1.05e6)),
        ("board_structure_w_k", (0.0, 0.05, 1e6), (-1e-3, 1.05e6)),
    ],
)
def test_conductances_of_the_on_board_model_have_their_range(
    field: str, allowed: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    for value in allowed:
        assert msgspec.convert({field: value}, ChipPath) == msgspec.structs.replace(ChipPath(), **{field: value})
    for value in refused:
        with pytest.raises(msgspec.ValidationError, match=field):
            msgspec.convert({field: value}, ChipPath)


def test_a_thermistor_that_leaps_is_not_believed_and_the_cap_goes_on_without_it() -> None:
    law, chip = law_called("predictive"), Chip(ChipPath())
    state, late, cap_w = law.initial(CONFIG), [0.0, 0.0], []
    for second in range(3000):
        inputs = chip.inputs
        if second >= 1500:
            assert inputs.sensors is not None
            noisy = msgspec.structs.replace(
                inputs.sensors, board_c=inputs.sensors.board_c + 50.0 * (second * 7919 % 3 - 1)
            )
            inputs = msgspec.structs.replace(inputs, sensors=noisy)
        state, outputs = law.step(state, inputs, CONFIG, 1.0)
        late.append(min(30.0, outputs.chip_cap_w))
        chip.draw(late.pop(0))
        cap_w.append(outputs.chip_cap_w)
        assert chip.chip_c < CONFIG.chip_limit_c + 1.0
    assert min(cap_w[1500:]) > 0.8 * cap_w[1499]
