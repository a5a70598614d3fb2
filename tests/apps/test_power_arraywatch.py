"""The watch over the array, sample by sample: what is looked at, what counts as weak, what is remembered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flightsw.apps.power.arraywatch import ArrayWatch, array_step
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import NONE_AHEAD, EclipseForecast

CONFIG = PowerConfig(capacity_ah=5.0, array_peak_w=60.0, array_loss_share=0.25)
INSIDE = EclipseForecast(True, 0.0, 900.0, 2000.0, 6000.0)
LIT = ArrayWatch(usual_w=40.0, least_w=38.0, last_least_w=39.0, lit_s=500.0, losses=2, expected_w=80.0)


def sample(
    watch: ArrayWatch,
    array_w: float | None,
    ahead: EclipseForecast = NONE_AHEAD,
    *,
    span_s: float = 10.0,
    watched: bool = True,
) -> ArrayWatch:
    return array_step(watch, array_w, ahead, CONFIG, span_s, watched=watched)


def sunlit(starts_in_s: float) -> EclipseForecast:
    return EclipseForecast(False, starts_in_s, 2000.0, 2000.0, 6000.0)


@pytest.mark.parametrize("span_s", [1.0, 10.0])
def test_the_first_thirty_seconds_of_light_and_a_sample_are_not_looked_at(span_s: float) -> None:
    watch, lit_s = ArrayWatch(), []
    for _ in range(100):
        watch = sample(watch, 50.0, span_s=span_s)
        if watch.usual_w is None:
            lit_s.append(watch.lit_s)
    assert lit_s[-1] == 30.0
    assert watch.usual_w == 50.0
    assert watch.lit_s == 100.0 * span_s


@pytest.mark.parametrize(("starts_in_s", "looked_at"), [(39.9, False), (40.0, True), (41.0, True)])
def test_nor_are_the_last_ones_before_the_shadow(starts_in_s: float, looked_at: bool) -> None:
    after = sample(LIT, 41.2, sunlit(starts_in_s))
    assert after == (replace(LIT, usual_w=pytest.approx(40.1), lit_s=510.0) if looked_at else replace(LIT, lit_s=510.0))


def test_nor_is_a_missing_sample_or_one_of_an_array_that_looks_away() -> None:
    weak = replace(LIT, weak=2)
    assert sample(weak, None) == replace(weak, lit_s=510.0)
    assert sample(weak, 1.0, watched=False) == replace(weak, lit_s=510.0)


@pytest.mark.parametrize(("span_s", "usual_w"), [(12.0, 41.0), (60.0, 45.0), (120.0, 50.0), (480.0, 50.0)])
def test_the_usual_power_follows_slowly(span_s: float, usual_w: float) -> None:
    assert sample(LIT, 50.0, span_s=span_s).usual_w == pytest.approx(usual_w)


def test_the_least_of_the_pass_is_that_of_the_usual_power() -> None:
    watch = replace(LIT, usual_w=38.0)
    lower = sample(watch, 32.0, span_s=12.0)
    assert (lower.usual_w, lower.least_w) == (pytest.approx(37.4), pytest.approx(37.4))
    higher = sample(lower, 50.0, span_s=60.0)
    assert higher.least_w == lower.least_w
    assert higher.last_least_w == watch.last_least_w


@pytest.mark.parametrize(("usual_w", "last_w"), [(40.0, 20.0), (20.0, 40.0), (None, 40.0)])
@pytest.mark.parametrize(("array_w", "weak"), [(30.0, 0), (29.9, 1)])
def test_what_is_short_of_its_share_of_this_pass_or_the_last_is_weak(
    usual_w: float | None, last_w: float, array_w: float, weak: int
) -> None:
    watch = replace(LIT, usual_w=usual_w, last_least_w=last_w)
    assert sample(watch, array_w).weak == weak


def test_the_fourth_weak_sample_in_a_row_is_a_loss_and_what_is_left_the_measure() -> None:
    watch = LIT
    for weak in (1, 2, 3):
        watch = sample(watch, 20.0 + weak)
        assert watch == replace(LIT, lit_s=500.0 + 10.0 * weak, weak=weak)
    told = sample(watch, 25.0)
    assert told == ArrayWatch(
        usual_w=25.0, least_w=25.0, last_least_w=0.0, lit_s=540.0, weak=0, losses=3, expected_w=40.0
    )
    good = sample(watch, 39.0)
    assert (good.weak, good.losses, good.expected_w) == (0, 2, 80.0), "a good one starts the count anew"


def test_a_shadow_keeps_the_least_of_the_pass_before_it_and_the_losses() -> None:
    kept = ArrayWatch(last_least_w=38.0, losses=2, expected_w=80.0)
    assert sample(replace(LIT, weak=3), 0.0, INSIDE) == kept
    assert sample(kept, 0.0, INSIDE) == kept
    unseen = sample(kept, 50.0, watched=False)
    assert unseen.lit_s == 10.0
    assert sample(unseen, 0.0, INSIDE) == kept, "a pass that was not looked at says nothing"


def test_where_nothing_was_ever_seen_any_power_is_the_measure() -> None:
    assert sample(ArrayWatch(lit_s=100.0), 0.0) == ArrayWatch(usual_w=0.0, least_w=0.0, lit_s=110.0)
