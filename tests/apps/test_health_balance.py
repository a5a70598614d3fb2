"""The power balance: which residual is blamed on which sensor, in the Sun, in penumbra and deep in shadow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.health.balance import DEEP_S, Balance, Flows, balance_step
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig

CONFIG = PlausibilityConfig(persistence=5, balance_fraction=0.25, dark_array_fraction=0.05)
SUN = Flows(30.0, -10.0, 20.0, dark=False, current_still=False)
SHADOW = Flows(0.0, 20.0, 20.0, dark=True, current_still=False)
OFF_SUN = replace(SUN, battery_w=0.0)
OFF_SHADOW = replace(SHADOW, battery_w=40.0)
DEEP = [SHADOW] * 7
"""of 10 s each"""


def judged(*flows: Flows, sample_s: float = 10.0) -> list[str]:
    """Whom the balance blames after each sample."""
    balance, said = Balance(), []
    for now in flows:
        balance = balance_step(balance, now, CONFIG, sample_s)
        said.append(" ".join(["current"] * balance.current_bad + ["array"] * balance.array_bad))
    return said


def test_a_balance_that_closes_blames_nobody_at_any_time() -> None:
    assert set(judged(*[SUN] * 30, *[SHADOW] * 30, *[SUN] * 30)) == {""}


@pytest.mark.parametrize("still", [False, True])
def test_in_the_sun_a_residual_is_blamed_in_the_sample_that_completes_the_persistence(*, still: bool) -> None:
    off = replace(OFF_SUN, current_still=still)
    assert judged(*[off] * 6) == [""] * 4 + ["current" if still else "array"] * 2


def test_a_residual_that_pauses_is_counted_anew() -> None:
    assert judged(*[OFF_SUN] * 4, SUN, *[OFF_SUN] * 5) == [""] * 9 + ["array"]


@pytest.mark.parametrize(
    ("before", "after"), [([OFF_SUN] * 4, [OFF_SHADOW] * 4), ([OFF_SHADOW] * 4, [OFF_SUN] * 4)], ids=["sets", "rises"]
)
def test_a_residual_in_another_light_is_another_one(before: list[Flows], after: list[Flows]) -> None:
    assert set(judged(*before, *after)) == {""}


def test_a_residual_after_sunrise_is_given_its_whole_persistence() -> None:
    assert judged(*[OFF_SHADOW] * 3, *[OFF_SUN] * 5) == [""] * 7 + ["array"]


def test_an_array_in_doubt_is_cleared_by_a_balance_that_closes() -> None:
    assert judged(*[OFF_SUN] * 5, SUN, SUN)[4:] == ["array", "", ""]


def test_a_still_current_that_was_blamed_in_the_sun_stays_so_until_a_shadow_tells() -> None:
    still = replace(OFF_SUN, current_still=True)
    said = judged(*[still] * 5, *[SUN] * 5, *DEEP)
    assert said[4:] == ["current"] * 12 + [""]


def test_a_current_that_is_blamed_clears_the_array_of_the_same_residual() -> None:
    said = judged(*[OFF_SUN] * 5, *[replace(OFF_SUN, current_still=True)] * 2)
    assert said[4:] == ["array", "current", "current"]


@pytest.mark.parametrize("flow", [replace(OFF_SUN, array_w=None), replace(OFF_SUN, battery_w=None)])
def test_in_the_sun_a_missing_reading_leaves_no_residual(flow: Flows) -> None:
    assert set(judged(*[flow] * 10)) == {""}


def test_in_penumbra_nothing_is_judged_and_what_was_said_stands() -> None:
    assert set(judged(*[replace(OFF_SHADOW, array_w=30.0)] * 6)) == {""}
    assert set(judged(*[OFF_SUN] * 5, *[replace(OFF_SHADOW, array_w=30.0)] * 6)[4:]) == {"array"}
    blamed = [replace(OFF_SUN, current_still=True)] * 5
    assert set(judged(*blamed, *[SHADOW] * 6)[4:]) == {"current"}


def test_deep_in_shadow_is_later_than_a_minute_after_sunset() -> None:
    said = judged(*[OFF_SHADOW] * 70, sample_s=1.0)
    assert said.index("current") + 1 == DEEP_S + 1 == 61
    assert judged(SUN, *[OFF_SHADOW] * 70, sample_s=1.0).index("current") == 61


def test_the_depth_of_a_shadow_is_counted_from_its_own_sunset() -> None:
    assert set(judged(*[SHADOW] * 5, SUN, *[OFF_SHADOW] * 6)) == {""}


@pytest.mark.parametrize(("battery_w", "word"), [(25.0, ""), (25.01, "current"), (15.0, ""), (14.99, "current")])
def test_deep_in_shadow_a_residual_beyond_its_share_of_the_load_is_the_currents(battery_w: float, word: str) -> None:
    assert judged(*DEEP, *[replace(SHADOW, battery_w=battery_w)] * 5)[-1] == word


def test_deep_in_shadow_a_current_is_cleared_by_a_balance_that_closes_and_not_by_a_missing_reading() -> None:
    blamed = [*DEEP, *[OFF_SHADOW] * 5]
    said = judged(*blamed, *[replace(SHADOW, battery_w=None)] * 3, SHADOW)
    assert said[-5:] == ["current"] * 4 + [""]
    assert set(judged(*DEEP, *[replace(SHADOW, battery_w=None)] * 9)) == {""}


@pytest.mark.parametrize(("array_w", "word"), [(1.0, ""), (1.4, ""), (1.6, "array"), (30.0, "array")])
def test_deep_in_shadow_more_than_a_trace_of_the_highest_array_power_is_no_light(array_w: float, word: str) -> None:
    assert judged(SUN, *[replace(SHADOW, array_w=array_w)] * 11) == [""] * 11 + [word]


def test_power_that_pauses_in_shadow_is_counted_anew() -> None:
    lit = replace(SHADOW, array_w=5.0)
    assert judged(SUN, *DEEP, *[lit] * 4, SHADOW, *[lit] * 5) == [""] * 17 + ["array"]


def test_power_in_shadow_is_given_its_persistence_also_where_one_sample_is_longer_than_penumbra() -> None:
    assert judged(*[replace(SHADOW, array_w=5.0)] * 5, sample_s=100.0) == [""] * 4 + ["array"]


def test_an_array_blamed_in_the_sun_that_still_shines_in_shadow_is_never_believed_in_between() -> None:
    stuck = replace(SHADOW, array_w=30.0)
    assert set(judged(*[OFF_SUN] * 5, *[stuck] * 20)[4:]) == {"array"}
    assert judged(*[OFF_SUN] * 5, *[SHADOW] * 7)[4:] == ["array"] * 7 + [""], "a dark one is cleared deep in shadow"


@pytest.mark.parametrize("array_w", [0.0, None])
def test_an_array_without_power_is_dark_also_where_none_was_ever_seen(array_w: float | None) -> None:
    assert set(judged(*[replace(SHADOW, array_w=array_w)] * 30)) == {""}


FORGOTTEN = 511
"""samples until 100 W are less than 60: 0.999 ** 511 = 0.5997"""


def test_the_highest_load_is_forgotten_slowly() -> None:
    high, low = replace(SUN, load_w=100.0, battery_w=70.0), replace(SUN, load_w=20.0, battery_w=5.0)
    said = judged(high, *[low] * 600)  # a residual of 15 W: a quarter of 60 W
    assert said.index("array") == FORGOTTEN + CONFIG.persistence - 1


def test_the_highest_array_power_is_forgotten_slowly() -> None:
    said = judged(replace(SUN, array_w=100.0, battery_w=-80.0), *[replace(SHADOW, array_w=3.0)] * 600)
    assert said.index("array") == FORGOTTEN + CONFIG.persistence - 1, "3 W: a twentieth of 60 W"


flows = st.builds(
    Flows,
    array_w=st.none() | st.integers(0, 60).map(float),
    battery_w=st.none() | st.integers(-40, 40).map(float),
    load_w=st.integers(0, 40).map(float),
    dark=st.booleans(),
    current_still=st.booleans(),
)


@given(st.lists(st.tuples(flows, st.integers(1, 15)), max_size=8))
def test_shares_alone_count_so_that_a_node_a_thousand_times_smaller_is_judged_alike(
    runs: list[tuple[Flows, int]],
) -> None:
    def small(power_w: float | None) -> float | None:
        return None if power_w is None else power_w / 1024.0

    shown = [now for now, samples in runs for _ in range(samples)]
    tiny = [
        replace(now, array_w=small(now.array_w), battery_w=small(now.battery_w), load_w=now.load_w / 1024.0)
        for now in shown
    ]
    assert judged(*tiny) == judged(*shown)
