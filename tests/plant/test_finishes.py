"""Finishes: figures in range, ageing in one direction, linear in between."""

from __future__ import annotations

import pytest

from flightsw.plant.finishes import FINISHES, Finish


@pytest.mark.parametrize("finish", Finish)
def test_every_finish_has_figures_between_nought_and_one_and_never_whitens(finish) -> None:
    (a0, e0), (a1, e1) = FINISHES[finish].at(0.0), FINISHES[finish].at(1.0)
    assert 0.0 < a0 <= a1 < 1.0
    assert 0.0 < e0 <= e1 < 1.0
    assert FINISHES[finish].at(0.5) == pytest.approx((0.5 * (a0 + a1), 0.5 * (e0 + e1)))


def test_the_figures_that_designs_are_made_with() -> None:
    assert FINISHES[Finish.WHITE_PAINT].at(0.0) == (0.20, 0.88)
    assert FINISHES[Finish.WHITE_PAINT].at(1.0) == pytest.approx((0.40, 0.88))
    assert FINISHES[Finish.OSR].at(0.0) == (0.08, 0.80)
    assert [FINISHES[Finish.MLI].at(age)[1] for age in (0.0, 1.0)] == pytest.approx([0.02, 0.05])


def test_a_blanket_lets_little_sunlight_in() -> None:
    assert all(0.005 < FINISHES[Finish.MLI].at(age)[0] < 0.05 for age in (0.0, 1.0))
