"""The chip's diode against its power: how far the power must swing, how long the diode may stand still."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.health.heat import ChipHeat, heat_step

SAMPLES = 30


def stuck(*runs: tuple[float | None, float | None, int], heat: ChipHeat = ChipHeat()) -> list[bool]:  # noqa: B008  # frozen
    """Whether the diode is taken for stuck after each sample of (diode, power, how often)."""
    said = []
    for chip_c, rail_w, samples in runs:
        for _ in range(samples):
            heat = heat_step(heat, chip_c, rail_w, SAMPLES)
            said.append(heat.stuck)
    return said


@pytest.mark.parametrize(
    ("before_w", "after_w", "sample"),
    [
        (10.0, 2.0, 8),  # 2 + 8 (7/8)^8 = 4.75, the first mean below a half of 10
        (10.0, 0.0, 6),  # 10 (7/8)^6 = 4.49
        (2.0, 10.0, 3),  # 10 - 8 (7/8)^3 = 4.64, the first mean of which 2 is less than a half
    ],
)
def test_a_diode_is_stuck_as_soon_as_its_mean_power_has_swung_by_half_of_the_highest(
    before_w: float, after_w: float, sample: int
) -> None:
    said = stuck((50.0, before_w, 60), (50.0, after_w, 60))
    assert said.index(True) == 60 + sample - 1
    assert all(said[60 + sample - 1 :]), "and remains so"


@pytest.mark.parametrize(("before_w", "after_w"), [(10.0, 5.0), (10.0, 6.0), (5.0, 9.9), (7.0, 7.0), (0.0, 0.0)])
def test_a_lesser_swing_tells_nothing_of_a_diode_that_stands_still(before_w: float, after_w: float) -> None:
    assert not any(stuck((50.0, before_w, 60), (50.0, after_w, 200)))


def test_a_blip_of_work_is_no_swing() -> None:
    assert not any(stuck((50.0, 10.0, 60), (50.0, 0.0, 5), (50.0, 10.0, 60)))


def test_the_highest_mean_is_remembered_for_the_next_swing() -> None:
    assert not any(stuck((49.0, 20.0, 60), (50.0, 20.0, 1), (50.0, 11.0, 60), (51.0, 11.0, 1), (51.0, 2.0, 90)))


def test_a_diode_may_stand_still_for_so_long_while_its_power_swings() -> None:
    said = stuck((49.0, 10.0, 1), (50.0, 10.0, 1), (50.0, 0.0, 40))
    assert said.index(True) == 1 + SAMPLES


def test_a_diode_that_moves_is_alive_and_the_swing_is_measured_from_there() -> None:
    said = stuck((50.0, 10.0, 60), (50.0, 0.0, 60), (50.5, 0.0, 60), (50.5, 8.0, 10))
    assert said[119]
    assert not any(said[120:180])
    assert said[-1], "from the 0 W of its last move, not from the 10 W of an earlier one"


@pytest.mark.parametrize(("chip_c", "rail_w"), [(None, 0.0), (50.0, None), (None, None)])
def test_a_missing_reading_is_no_sample(chip_c: float | None, rail_w: float | None) -> None:
    assert not any(stuck((chip_c, rail_w, 60))), "nothing is stuck that was never read"
    gap = stuck((50.0, 10.0, 60), (50.0, 2.0, 7), (chip_c, rail_w, 60), (50.0, 2.0, 1))
    assert gap == [False] * 127 + [True]


@given(
    st.lists(st.tuples(st.integers(50, 51).map(float), st.integers(0, 20).map(float), st.integers(1, 40)), max_size=6)
)
def test_shares_alone_count_so_that_a_chip_of_milliwatts_is_judged_alike(runs: list[tuple[float, float, int]]) -> None:
    assert stuck(*[(chip_c, rail_w / 1024.0, samples) for chip_c, rail_w, samples in runs]) == stuck(*runs)
